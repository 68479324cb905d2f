//! The series a selection found, merged over head and parts.
//!
//! The set remembers where each series is, not its samples. A series may move while the set is used: what
//! leaves the head is in a part published before, which the set looks up when it notices.

use std::sync::Arc;

use hashbrown::HashTable;
use model::{
    Labels, Matcher, Millis, PackedLabels, QueryError, SampleBuffer, Selection, SeriesSet, TimeRange,
};

use super::merge::{merge, truncate};
use super::part::part_ids;
use super::resolve;
use crate::head::{HeadSamples, SeriesRef, Shown, hash_labels};
use crate::part::{Part, PartError};
use crate::store::Inner;
use crate::tombstones::{Tombstones, bury};

/// Series whose labels are copied under one hold of a shard's lock.
const SLICE: usize = 512;

struct Entry {
    labels: Labels,
    head: Option<(u32, SeriesRef)>,
}

/// See the module.
pub(crate) struct Selected {
    inner: Arc<Inner>,
    range: TimeRange,
    entries: Vec<Entry>,
    parts: Vec<Arc<Part>>,
    /// `(series, part, id in the part)`, ascending.
    places: Vec<(u32, u32, u32)>,
    /// What each shard showed when the series were found.
    shown: Vec<Shown>,
    /// What was deleted when the series were found.
    tombstones: Arc<Tombstones>,
}

struct Finder<'a> {
    entries: Vec<Entry>,
    by_labels: HashTable<u32>,
    limit: usize,
    matchers: &'a [Matcher],
    tombstones: &'a Tombstones,
}

impl Finder<'_> {
    fn entry(&mut self, packed: &str) -> Result<u32, QueryError> {
        let hash = hash_labels(packed);
        let same = |at: &u32| self.entries[*at as usize].labels.packed() == packed;
        if let Some(at) = self.by_labels.find(hash, same) {
            return Ok(*at);
        }
        if self.entries.len() >= self.limit {
            return Err(QueryError::TooLarge {
                what: "series",
                limit: self.limit,
            });
        }
        let at = self.entries.len() as u32;
        let labels = PackedLabels::trusted(packed).to_labels();
        self.entries.push(Entry { labels, head: None });
        let entries = &self.entries;
        self.by_labels
            .insert_unique(hash, at, |at| hash_labels(entries[*at as usize].labels.packed()));
        Ok(at)
    }

    fn find_in_shard(&mut self, inner: &Inner, at: usize, start: Millis) -> Result<(), QueryError> {
        let (ids, incarnation) = {
            let shard = inner.shards[at].lock();
            (resolve(&mut &*shard, self.matchers)?, shard.incarnation())
        };
        for slice in ids.chunks(SLICE) {
            let mut found = Vec::with_capacity(slice.len());
            {
                let shard = inner.shards[at].lock();
                if shard.incarnation() == incarnation {
                    shard.describe(slice, start, |series, packed| {
                        found.push((series, packed.to_owned()))
                    });
                } else {
                    // Series were numbered anew meanwhile, which is rare enough to start over.
                    drop(shard);
                    return self.find_in_shard(inner, at, start);
                }
            }
            for (series, packed) in found {
                if !left_in_head(inner, (at, series), &packed, self.tombstones)? {
                    continue;
                }
                let entry = self.entry(&packed)?;
                self.entries[entry as usize].head = Some((at as u32, series));
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
        by_labels: HashTable::new(),
        limit: inner.config.max_query_series,
        matchers: &selection.matchers,
    };
    // The head before the parts: what moves in between is then found twice rather than never.
    let shown = inner.shards.iter().map(|shard| shard.lock().shown()).collect();
    for shard in 0..inner.shards.len() {
        finder.find_in_shard(inner, shard, selection.range.start)?;
    }
    let parts = by_age(inner.parts_in(selection.range));
    let mut places = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let mut failure = None;
        let found = left_in_part(part, &selection.matchers, &tombstones).and_then(|ids| {
            if ids.len() > finder.limit {
                failure = Some(QueryError::TooLarge {
                    what: "series",
                    limit: finder.limit,
                });
                return Ok(());
            }
            part.labels(&ids, |id, packed| match finder.entry(packed) {
                Ok(series) => places.push((series, at as u32, id)),
                Err(error) => failure = Some(error),
            })
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        inner.tolerate(part, found)?;
    }
    places.sort_unstable();
    Ok(Selected {
        inner: Arc::clone(inner),
        range: selection.range,
        entries: finder.entries,
        parts,
        places,
        shown,
        tombstones,
    })
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
        let mut buffer = SampleBuffer::default();
        let from = self.places.partition_point(|place| (place.0 as usize) < idx);
        for (_, part, id) in self
            .places
            .iter()
            .skip(from)
            .take_while(|place| place.0 as usize == idx)
        {
            let Some(part) = self.parts.get(*part as usize) else {
                continue;
            };
            self.read_part(part, *id, (&mut buffer, out))?;
        }
        let Some((at, series)) = entry.head else {
            return Ok(());
        };
        let mut samples = HeadSamples::default();
        let (shown, range) = {
            let shard = self.inner.shards[at as usize].lock();
            if let Some(id) = shard.locate(series, &entry.labels) {
                shard.copy_samples(id, self.range, &mut samples);
                shard.copy_backfill(id, self.range, &mut samples);
            }
            (shard.shown(), shard.clip(self.range))
        };
        if self.shown.get(at as usize).is_some_and(|then| *then != shown) {
            self.read_newer_parts(&entry.labels, (&mut buffer, out))?;
        }
        buffer.clear();
        samples
            .decode(range, &mut buffer)
            .map_err(|error| QueryError::Storage {
                what: "head".to_owned(),
                reason: error.to_string(),
            })?;
        merge(out, &buffer);
        Ok(())
    }
}

impl Selected {
    fn read_part(
        &self,
        part: &Arc<Part>,
        id: u32,
        (buffer, out): (&mut SampleBuffer, &mut SampleBuffer),
    ) -> Result<(), QueryError> {
        let deleted = part.buried(&self.tombstones).map(|buried| buried.of(id));
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
            part.samples(id, self.range, target)?;
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
                Ok(Some(id)) => self.read_part(&part, id, (&mut *buffer, &mut *out))?,
                Ok(None) => {}
                Err(error) => self.inner.tolerate(&part, Err(error))?,
            }
        }
        Ok(())
    }
}
