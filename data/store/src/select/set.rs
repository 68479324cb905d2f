//! The series a selection found, merged over head and parts.
//!
//! The set remembers where each series is, not its samples. A series may move while the set is used: what
//! leaves the head is in a part published before, which the set looks up when it notices.
//!
//! Series are in the order of parts, so who reads them one after another walks through each part once. Whoever
//! reads takes a [`Reading`] for that long: a cursor for each part. Pieces of the set that are read side by side
//! have one each.

mod distinct;

use std::sync::Arc;

use hashbrown::HashMap;
use model::{
    Labels, Matcher, Millis, PackedLabels, QueryError, SampleBuffer, Selection, SeriesSet, TimeRange,
};
use parking_lot::Mutex;

use self::distinct::Distinct;
use super::merge::{merge, truncate};
use super::part::part_ids;
use super::resolve;
use crate::head::{HeadSamples, SeriesRef, Shown, hash_labels};
use crate::part::{Cursor, Pairs, Part, PartError};
use crate::store::Inner;
use crate::tombstones::{Buried, Tombstones, bury};

/// Series whose labels are copied under one hold of a shard's lock.
const SLICE: usize = 512;

struct Entry {
    labels: Labels,
    head: Option<(u32, SeriesRef)>,
}

/// Readings at rest that are kept, as many as threads read at a time.
const MAX_SPARE: usize = 8;

/// How far one of the readers of a set is.
struct Reading {
    /// Series read last.
    last: usize,
    /// By part.
    cursors: Vec<Option<Box<Cursor>>>,
    /// Where in the places the next series is, if it is read next.
    place: usize,
    buffer: SampleBuffer,
    head: HeadSamples,
}

/// See the module.
pub(crate) struct Selected {
    inner: Arc<Inner>,
    range: TimeRange,
    entries: Vec<Entry>,
    parts: Vec<Arc<Part>>,
    /// Those that nobody uses at the moment.
    readings: Mutex<Vec<Reading>>,
    /// What of the parts is deleted, as far as that could be found out.
    buried: Vec<Option<Arc<Buried>>>,
    /// `(series, part, id in the part)`, ascending.
    places: Vec<(u32, u32, u32)>,
    /// What each shard showed when the series were found.
    shown: Vec<Shown>,
    /// What was deleted when the series were found.
    tombstones: Arc<Tombstones>,
}

struct Finder<'a> {
    entries: Vec<Entry>,
    pairs: Pairs,
    series: Distinct,
    limit: usize,
    matchers: &'a [Matcher],
    tombstones: &'a Tombstones,
}

fn too_many(limit: usize) -> QueryError {
    QueryError::TooLarge {
        what: "series",
        limit,
    }
}

/// Returns the place of a series, given by the numbers of its labels, adding it if it is new.
fn place_of(
    (entries, series): (&mut Vec<Entry>, &mut Distinct),
    (pairs, numbers): (&Pairs, &[u32]),
    limit: usize,
) -> Result<u32, QueryError> {
    if let Some(at) = series.find(numbers) {
        return Ok(at);
    }
    let at = entries.len();
    if at >= limit {
        return Err(too_many(limit));
    }
    series.insert(numbers);
    pairs.join(numbers, &mut series.packed);
    let labels = PackedLabels::trusted(&series.packed).to_labels();
    entries.push(Entry { labels, head: None });
    Ok(at as u32)
}

impl Finder<'_> {
    /// Has the series that were found so far be found again by their labels.
    fn index(&mut self) {
        let mut numbers = Vec::new();
        for entry in &self.entries {
            numbers.clear();
            let pairs = entry.labels.as_packed();
            numbers.extend(pairs.pairs().map(|pair| self.pairs.intern(pair.packed())));
            self.series.insert(&numbers);
        }
    }

    /// Adds the series of a part and their places.
    fn find_in_part(
        &mut self,
        (at, part): (u32, &Part),
        places: &mut Vec<(u32, u32, u32)>,
    ) -> Result<Result<(), PartError>, QueryError> {
        let ids = match left_in_part(part, self.matchers, self.tombstones) {
            Ok(ids) => ids,
            Err(error) => return Ok(Err(error)),
        };
        let limit = self.limit;
        if ids.len() > limit {
            return Err(too_many(limit));
        }
        let (entries, series) = (&mut self.entries, &mut self.series);
        let mut failure = None;
        let read = part.label_pairs(&ids, &mut self.pairs, |pairs, id, numbers| {
            match place_of((&mut *entries, &mut *series), (pairs, numbers), limit) {
                Ok(place) => places.push((place, at, id)),
                Err(error) => failure = Some(error),
            }
        });
        failure.map_or(Ok(read), Err)
    }

    /// Adds the series of a shard; none of them is in another one.
    fn find_in_shard(&mut self, inner: &Inner, at: usize, start: Millis) -> Result<(), QueryError> {
        let (ids, incarnation) = {
            let shard = inner.shards[at].lock();
            (resolve(&mut &*shard, self.matchers)?, shard.incarnation())
        };
        let n_before = self.entries.len();
        let mut found = Vec::new();
        for slice in ids.chunks(SLICE) {
            {
                let shard = inner.shards[at].lock();
                if shard.incarnation() == incarnation {
                    shard.describe(slice, start, |series, packed| {
                        found.push((series, PackedLabels::trusted(packed).to_labels()));
                    });
                } else {
                    // Series were numbered anew meanwhile, which is rare enough to start over.
                    drop(shard);
                    self.entries.truncate(n_before);
                    return self.find_in_shard(inner, at, start);
                }
            }
            for (series, labels) in found.drain(..) {
                if !left_in_head(inner, (at, series), labels.packed(), self.tombstones)? {
                    continue;
                }
                if self.entries.len() >= self.limit {
                    return Err(too_many(self.limit));
                }
                let head = Some((at as u32, series));
                self.entries.push(Entry { labels, head });
            }
        }
        Ok(())
    }
}

/// Finds the series of a selection.
pub(crate) fn select(inner: &Arc<Inner>, selection: &Selection) -> Result<Selected, QueryError> {
    let tombstones = Arc::clone(&inner.tombstones.read());
    let mut finder = Finder {
        tombstones: &tombstones,
        entries: Vec::new(),
        pairs: Pairs::default(),
        series: Distinct::default(),
        limit: inner.config.max_query_series,
        matchers: &selection.matchers,
    };
    // The head before the parts: what moves in between is then found twice rather than never.
    let shown = inner.shards.iter().map(|shard| shard.lock().shown()).collect();
    for shard in 0..inner.shards.len() {
        finder.find_in_shard(inner, shard, selection.range.start)?;
    }
    let parts = by_age(inner.parts_in(selection.range));
    if !parts.is_empty() {
        finder.index();
    }
    let mut places = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let found = finder.find_in_part((at as u32, part), &mut places)?;
        inner.tolerate(part, found)?;
    }
    let buried = parts.iter().map(|part| part.buried(&tombstones).ok()).collect();
    let entries = in_order(finder.entries, &mut places);
    places.sort_unstable();
    Ok(Selected {
        inner: Arc::clone(inner),
        range: selection.range,
        entries,
        buried,
        readings: Mutex::default(),
        parts,
        places,
        shown,
        tombstones,
    })
}

/// Puts series in the order of parts, and what `places` say of them.
fn in_order(entries: Vec<Entry>, places: &mut [(u32, u32, u32)]) -> Vec<Entry> {
    let order = order_of(&entries);
    let mut ranks = vec![0; entries.len()];
    for (rank, at) in (0..).zip(&order) {
        ranks[*at as usize] = rank;
    }
    for place in places {
        place.0 = ranks[place.0 as usize];
    }
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    let sorted = order.iter().filter_map(|at| entries[*at as usize].take());
    sorted.collect()
}

/// Returns the places of entries in the order of parts; those of the same name and hash may stand either way round.
fn order_of(entries: &[Entry]) -> Vec<u32> {
    let name_of: Vec<&str> = entries.iter().map(|entry| entry.labels.metric_name()).collect();
    let mut names = name_of.clone();
    // Most selections are for few names, so most go before the sort.
    names.dedup();
    names.sort_unstable();
    names.dedup();
    let rank_of: HashMap<&str, u32> = names.into_iter().zip(0..).collect();
    let keys = (0..).zip(entries).zip(&name_of).map(|((at, entry), name)| {
        let rank = rank_of.get(name).copied().unwrap_or(0);
        (rank, hash_labels(entry.labels.packed()), at)
    });
    let mut order: Vec<(u32, u64, u32)> = keys.collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, at)| at).collect()
}

/// Puts parts in the order in which their samples count where they overlap.
fn by_age(mut parts: Vec<Arc<Part>>) -> Vec<Arc<Part>> {
    parts.sort_by_key(|part| part.info().age());
    parts
}

/// Finds the series of a part for which all matchers hold and of which something is left.
pub(super) fn left_in_part(
    part: &Part,
    matchers: &[Matcher],
    tombstones: &Tombstones,
) -> Result<Vec<u32>, PartError> {
    let mut ids = part_ids(part, matchers)?;
    part.buried(tombstones)?.leave(&mut ids);
    Ok(ids)
}

/// Tells whether something is left of a series of the head.
pub(super) fn left_in_head(
    inner: &Inner,
    (at, series): (usize, SeriesRef),
    packed: &str,
    tombstones: &Tombstones,
) -> Result<bool, QueryError> {
    if !tombstones.hit_head() {
        return Ok(true);
    }
    if !tombstones.in_head(hash_labels(packed), packed) {
        return Ok(true);
    }
    let mut copied = HeadSamples::default();
    let range = {
        let shard = inner.shards[at].lock();
        if shard.incarnation() != series.incarnation {
            return Ok(true);
        }
        let range = shard.clip(TimeRange::ALL);
        shard.copy_samples(series.id, range, &mut copied);
        shard.copy_backfill(series.id, TimeRange::ALL, &mut copied);
        range
    };
    let mut samples = SampleBuffer::default();
    let decoded = copied.decode(range, &mut samples);
    decoded.map_err(|error| QueryError::Storage {
        what: "head".to_owned(),
        reason: error.to_string(),
    })?;
    Ok(!samples.is_empty())
}

impl SeriesSet for Selected {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn labels(&self, idx: usize) -> Labels {
        self.entries
            .get(idx)
            .map(|entry| entry.labels.clone())
            .unwrap_or_default()
    }

    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError> {
        out.clear();
        let Some(entry) = self.entries.get(idx) else {
            return Ok(());
        };
        let mut reading = self.take_reading(idx);
        let read = self.read_entry((idx, entry), &mut reading, out);
        reading.last = idx;
        let mut spare = self.readings.lock();
        if spare.len() < MAX_SPARE {
            spare.push(reading);
        }
        read
    }
}

impl Selected {
    /// Takes the reading that is nearest before a series, or makes one.
    fn take_reading(&self, idx: usize) -> Reading {
        let mut spare = self.readings.lock();
        let ahead = |reading: &Reading| idx.checked_sub(reading.last).unwrap_or(usize::MAX);
        let nearest = (0..spare.len()).min_by_key(|at| ahead(&spare[*at]));
        nearest.map_or_else(
            || Reading {
                last: idx,
                cursors: self.parts.iter().map(|_| None).collect(),
                place: 0,
                buffer: SampleBuffer::default(),
                head: HeadSamples::default(),
            },
            |at| spare.swap_remove(at),
        )
    }

    fn read_entry(
        &self,
        (idx, entry): (usize, &Entry),
        reading: &mut Reading,
        out: &mut SampleBuffer,
    ) -> Result<(), QueryError> {
        let Reading {
            cursors,
            place,
            buffer,
            head: samples,
            ..
        } = reading;
        if !self.begins_at(idx, *place) {
            *place = self.places.partition_point(|place| (place.0 as usize) < idx);
        }
        let places = self.places.get(*place..).unwrap_or_default();
        for (_, part, id) in places.iter().take_while(|place| place.0 as usize == idx) {
            *place += 1;
            let at = *part as usize;
            if let (Some(part), Some(cursor)) = (self.parts.get(at), cursors.get_mut(at)) {
                let cursor = &mut **cursor.get_or_insert_default();
                let buried = self.buried.get(at).and_then(Option::as_ref);
                self.read_part((part, cursor, buried), *id, (&mut *buffer, &mut *out))?;
            }
        }
        let Some((at, series)) = entry.head else {
            return Ok(());
        };
        samples.clear();
        let (shown, range) = {
            let shard = self.inner.shards[at as usize].lock();
            if let Some(id) = shard.locate(series, &entry.labels) {
                shard.copy_samples(id, self.range, samples);
                shard.copy_backfill(id, self.range, samples);
            }
            (shard.shown(), shard.clip(self.range))
        };
        if self.shown.get(at as usize).is_some_and(|then| *then != shown) {
            self.read_newer_parts(&entry.labels, (&mut *buffer, &mut *out))?;
        }
        let append = samples.are_after(out.timestamps.last().copied(), range);
        let target = if append { &mut *out } else { &mut *buffer };
        if !append {
            target.clear();
        }
        samples
            .decode(range, target)
            .map_err(|error| QueryError::Storage {
                what: "head".to_owned(),
                reason: error.to_string(),
            })?;
        if !append {
            merge(out, buffer);
        }
        Ok(())
    }

    /// Tells whether the places of a series begin at one.
    fn begins_at(&self, idx: usize, place: usize) -> bool {
        let before = place.checked_sub(1).and_then(|before| self.places.get(before));
        let at = self.places.get(place);
        before.is_none_or(|before| (before.0 as usize) < idx) && at.is_some_and(|at| at.0 as usize >= idx)
    }

    fn read_part(
        &self,
        (part, cursor, buried): (&Arc<Part>, &mut Cursor, Option<&Arc<Buried>>),
        id: u32,
        (buffer, out): (&mut SampleBuffer, &mut SampleBuffer),
    ) -> Result<(), QueryError> {
        let deleted = match buried {
            Some(buried) => Ok(buried.of(id)),
            None => part.buried(&self.tombstones).map(|buried| buried.of(id)),
        };
        // Nothing of it is deleted and all is later than what is there: the rule, and then nothing is copied.
        let append = deleted.as_ref().is_ok_and(Vec::is_empty)
            && out
                .timestamps
                .last()
                .is_none_or(|last| *last < part.range().start);
        let target = if append { &mut *out } else { &mut *buffer };
        if !append {
            target.clear();
        }
        let kept = target.len();
        let read = deleted.and_then(|deleted| {
            cursor.samples((part, id), self.range, target)?;
            Ok(deleted)
        });
        match read {
            Ok(deleted) if !append => {
                bury(buffer, deleted);
                merge(out, buffer);
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => {
                truncate(target, kept);
                self.inner.tolerate(part, Err(error))
            }
        }
    }

    /// Reads a series from parts that were published after the series were found.
    fn read_newer_parts(
        &self,
        labels: &Labels,
        (buffer, out): (&mut SampleBuffer, &mut SampleBuffer),
    ) -> Result<(), QueryError> {
        for part in by_age(self.inner.parts_in(self.range)) {
            if self.parts.iter().any(|known| known.info().id == part.info().id) {
                continue;
            }
            match part.find(labels.packed()) {
                Ok(Some(id)) => {
                    let mut cursor = Cursor::default();
                    self.read_part((&part, &mut cursor, None), id, (&mut *buffer, &mut *out))?;
                }
                Ok(None) => {}
                Err(error) => self.inner.tolerate(&part, Err(error))?,
            }
        }
        Ok(())
    }
}
