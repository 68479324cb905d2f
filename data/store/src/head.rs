//! The part of the store that is in memory: recent samples of all active series.
//!
//! The head is cut into [`Shard`]s by the hash of the packed labels; each is behind its own lock and knows
//! nothing of the others. A shard holds label pairs once ([`symbols`]), one fixed-size record a series, the
//! timestamps of a target once ([`timeline`]), and values as small byte buffers in a slab. Series are named by
//! their index in the shard, which stays valid within one *incarnation* of the shard.
//!
//! Two times rule what a shard takes and shows: samples before [`Shard::floor`] are backfill ([`late`]), because a
//! part that covers them is being or has been written; samples before [`Shown::from`] are in published parts and
//! are not shown, even where a chunk still holds them. `shown.from <= floor` always.

mod append;
mod census;
mod dump;
mod evict;
mod histograms;
mod late;
mod postings;
mod read;
mod series;
mod slab;
mod symbols;
mod timeline;

use hashbrown::{HashMap, HashTable};
use model::{Histogram, Labels, METRIC_NAME, Millis, PackedLabels, Rejection};

pub(crate) use census::{Census, PairCount};
pub(crate) use dump::{Dump, Restored};
pub(crate) use postings::{Postings, decode_postings};
pub(crate) use read::HeadSamples;

use crate::bytes::xxh3;
use crate::select::Index;
use append::Taken;
use late::{LateSamples, Side};
use series::{NONE, Sealed, Series};
use slab::Slab;
use symbols::Symbols;
use timeline::Timeline;

/// Samples per series after which values in the log start from zero again, so that a lost record spoils little.
const CHAIN_LENGTH: u64 = 32;

/// Encoded bytes at which a batch goes on in another log record.
const MAX_RECORD_BYTES: usize = 4 << 20;

/// One sample to be taken: a float, or a histogram with its sum.
#[derive(Clone, Copy)]
pub(crate) struct Sample<'a> {
    pub(crate) t: Millis,
    pub(crate) bits: u64,
    /// When its counting began, 0 if that is not known.
    pub(crate) start: Millis,
    pub(crate) histogram: Option<&'a Histogram>,
}

/// What a shard shows. When it differs from what it was, samples have moved to parts meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Samples before are in parts only, backfill aside.
    pub(crate) from: Millis,
    /// How often backfill has moved to parts.
    backfills: u32,
}

/// What a shard needs to know to take a row.
pub(crate) struct Terms {
    /// Last time that is taken.
    pub(crate) newest: Millis,
    /// First time that retention keeps.
    pub(crate) oldest: Millis,
    /// Time of the newest sample in the store.
    pub(crate) newest_stored: Millis,
    /// How far behind its series a sample may come.
    pub(crate) window: Millis,
    /// How many more series may be created.
    pub(crate) series_left: usize,
    /// The bound behind `series_left`, for messages.
    pub(crate) max_series: usize,
    /// Epoch of the log that new records belong to.
    pub(crate) epoch: u32,
    /// Bounds of label sets.
    pub(crate) labels: LabelLimits,
    /// How many more series may be created this minute.
    pub(crate) new_left: usize,
    /// The bound behind `new_left`, for messages.
    pub(crate) max_new: usize,
}

/// Bounds of label sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelLimits {
    pub(crate) count: usize,
    pub(crate) name_bytes: usize,
    pub(crate) value_bytes: usize,
}

impl Terms {
    /// For samples that were accepted once.
    pub(crate) const UNBOUND: Self = Self {
        newest: Millis::MAX,
        oldest: Millis::MIN,
        newest_stored: Millis::MIN,
        window: Millis::MAX,
        series_left: usize::MAX,
        max_series: usize::MAX,
        epoch: 0,
        labels: LabelLimits {
            count: usize::MAX,
            name_bytes: usize::MAX,
            value_bytes: usize::MAX,
        },
        new_left: usize::MAX,
        max_new: usize::MAX,
    };
}

/// One slice of the head.
pub(crate) struct Shard {
    id: u32,
    incarnation: u32,
    floor: Millis,
    shown: Shown,
    newest: Millis,
    oldest: Millis,
    symbols: Symbols,
    /// Pair ids of all series, one after another.
    label_ids: Vec<u32>,
    series: Vec<Series>,
    by_labels: HashTable<u32>,
    n_dead: usize,
    timelines: Vec<Option<Timeline>>,
    free_timelines: Vec<u32>,
    /// Timelines of series that come at a slower pace than their neighbours, by their last two times.
    cadences: HashMap<(Millis, Millis), u32>,
    sealed: Vec<Sealed>,
    free_sealed: Vec<u32>,
    slab: Slab,
    /// What few series have: samples out of order, histograms, start timestamps.
    sides: HashMap<u32, Box<Side>>,
    /// Samples before the floor, by series.
    backfill: HashMap<u32, LateSamples>,
    /// Backfill that is being written to a part.
    flushing: HashMap<u32, LateSamples>,
    n_backfill: usize,
    /// The series of the previous row, after which the next one is predicted.
    previous: u32,
    /// Timeline of the latest sample taken.
    neighbour: u32,
    chain: u32,
    rows_in_chain: u64,
    log: crate::wal::RecordBuilder,
    /// Labels being written, kept for its memory.
    text: String,
}

/// Identifies a series of a shard across lock releases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeriesRef {
    pub(crate) incarnation: u32,
    pub(crate) id: u32,
}

/// Hash by which labels are found and sharded.
pub(crate) fn hash_labels(packed: &str) -> u64 {
    xxh3(packed.as_bytes())
}

impl Shard {
    /// Creates an empty shard that takes samples from `floor` on.
    pub(crate) fn new(id: u32, floor: Millis) -> Self {
        // The smallest time stands for "no sample yet".
        let floor = floor.max(Millis::MIN + 1);
        Self {
            id,
            incarnation: 1,
            floor,
            shown: Shown {
                from: floor,
                backfills: 0,
            },
            newest: Millis::MIN,
            oldest: Millis::MAX,
            symbols: Symbols::default(),
            label_ids: Vec::new(),
            series: Vec::new(),
            by_labels: HashTable::new(),
            n_dead: 0,
            timelines: Vec::new(),
            free_timelines: Vec::new(),
            cadences: HashMap::new(),
            sealed: Vec::new(),
            free_sealed: Vec::new(),
            slab: Slab::default(),
            sides: HashMap::new(),
            backfill: HashMap::new(),
            flushing: HashMap::new(),
            n_backfill: 0,
            previous: NONE,
            neighbour: NONE,
            chain: 1,
            rows_in_chain: 0,
            log: crate::wal::RecordBuilder::default(),
            text: String::new(),
        }
    }

    /// Returns the number of series.
    pub(crate) fn n_series(&self) -> usize {
        self.series.len() - self.n_dead
    }

    /// Returns what the shard shows.
    pub(crate) fn shown(&self) -> Shown {
        self.shown
    }

    /// Returns the span of all samples taken that are not in parts, `None` if there are none.
    pub(crate) fn span(&self) -> Option<(Millis, Millis)> {
        (self.oldest <= self.newest).then_some((self.oldest, self.newest))
    }

    /// Takes samples before `floor` as backfill from now on.
    pub(crate) fn raise_floor(&mut self, floor: Millis) {
        self.floor = self.floor.max(floor);
    }

    /// Takes one row. The labels' hash, if it is not given, is computed only for series that were not predicted.
    pub(crate) fn take_row(
        &mut self,
        (labels, hash): (PackedLabels<'_>, Option<u64>),
        sample: Sample<'_>,
        terms: &mut Terms,
    ) -> Result<(), Rejection> {
        let predicted = self.predicted(labels);
        let previous = std::mem::replace(&mut self.previous, NONE);
        if sample.t > terms.newest {
            return Err(Rejection::TooNew {
                timestamp: sample.t,
                newest: terms.newest,
            });
        }
        let id = match predicted {
            Some(id) => id,
            None => {
                let id = self.ensure_series(
                    labels,
                    hash.unwrap_or_else(|| hash_labels(labels.packed())),
                    terms,
                )?;
                if let Some(previous) = self.series.get_mut(previous as usize) {
                    previous.next = id;
                }
                id
            }
        };
        self.previous = id;
        self.take_sample(id, sample, terms)
    }

    /// Takes a further sample of the series of the row before; false if there was no such row.
    pub(crate) fn take_next(&mut self, sample: Sample<'_>, terms: &Terms) -> Result<bool, Rejection> {
        if self.previous == NONE {
            return Ok(false);
        }
        if sample.t > terms.newest {
            return Err(Rejection::TooNew {
                timestamp: sample.t,
                newest: terms.newest,
            });
        }
        self.take_sample(self.previous, sample, terms).map(|()| true)
    }

    /// Ends the run of rows that predict one another.
    pub(crate) fn end_batch(&mut self) {
        self.previous = NONE;
    }

    fn take_sample(&mut self, id: u32, sample: Sample<'_>, terms: &Terms) -> Result<(), Rejection> {
        let Sample {
            t,
            bits,
            start,
            histogram,
        } = sample;
        let series = &self.series[id as usize];
        let before = series.last;
        let start_before = if series.has_side {
            self.current_start(id)
        } else {
            0
        };
        let taken = self.append(id, sample, terms)?;
        if matches!(taken, Taken::Repeated) {
            return Ok(());
        }
        let series = &mut self.series[id as usize];
        if series.log_epoch != terms.epoch {
            series.log_epoch = terms.epoch;
            series.log_chain = 0;
            self.define(id);
        }
        let series = &mut self.series[id as usize];
        if let Some(histogram) = histogram {
            if matches!(taken, Taken::InOrder) {
                series.log_chain = 0;
            }
            self.log.histogram(id, t, (histogram, start));
        } else if !matches!(taken, Taken::InOrder) {
            self.log.late(id, t, (bits, start));
        } else if series.log_chain == self.chain {
            self.log.chained(id, t, (before, bits));
            if start != start_before {
                self.log.change_start(start);
            }
        } else {
            series.log_chain = self.chain;
            self.log.absolute(id, t, (bits, start));
        }
        if matches!(taken, Taken::Backfill) {
            self.log.note_backfill();
        }
        Ok(())
    }

    fn define(&mut self, id: u32) {
        let mut packed = std::mem::take(&mut self.text);
        packed.clear();
        self.write_labels(id, &mut packed);
        self.log.define(id, &packed);
        self.text = packed;
    }

    /// Takes a sample that is in the log already. The log knows that it was accepted once, so it is bound by
    /// nothing. With `as_backfill` it was older than the head's floor then.
    pub(crate) fn replay(&mut self, id: u32, sample: Sample<'_>, as_backfill: bool) {
        let terms = Terms::UNBOUND;
        let result = if as_backfill {
            self.append_backfill(id, sample, &terms)
        } else {
            self.append(id, sample, &terms)
        };
        // Refusals are repetitions.
        if result.is_err() {
            tracing::trace!(t = sample.t, "log sample is in the store already");
        }
    }

    /// Returns the encoded rows since the last call if there are any, or only if they are many.
    pub(crate) fn take_record(&mut self, only_large: bool) -> Option<crate::wal::Payload> {
        if self.log.is_empty() || (only_large && self.log.len() < MAX_RECORD_BYTES) {
            return None;
        }
        let header = [self.id, self.incarnation, self.chain];
        self.rows_in_chain += self.log.n_rows();
        if self.rows_in_chain >= CHAIN_LENGTH * self.n_series() as u64 {
            self.rows_in_chain = 0;
            self.chain = self.chain.wrapping_add(1).max(1);
        }
        Some(self.log.finish(header))
    }

    /// Finds the series that followed the previous one last time, if it has these labels.
    #[inline]
    fn predicted(&self, labels: PackedLabels<'_>) -> Option<u32> {
        let id = self.series.get(self.previous as usize)?.next;
        let series = self.series.get(id as usize)?;
        (!series.dead && self.has_labels(series, labels.packed())).then_some(id)
    }

    #[inline]
    fn has_labels(&self, series: &Series, packed: &str) -> bool {
        let mut rest = packed.as_bytes();
        for pair in self.pairs_of(series) {
            match rest.strip_prefix(self.symbols.text(*pair).as_bytes()) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }

    fn pairs_of(&self, series: &Series) -> &[u32] {
        let start = series.labels_at as usize;
        self.label_ids
            .get(start..start + usize::from(series.n_labels))
            .unwrap_or_default()
    }

    /// Finds a series by its labels.
    pub(crate) fn find(&self, packed: &str, hash: u64) -> Option<u32> {
        let same = |id: &u32| {
            let series = &self.series[*id as usize];
            series.hash == hash && self.has_labels(series, packed)
        };
        self.by_labels.find(hash, same).copied()
    }

    /// Returns a series that may have moved since the reference was taken.
    pub(crate) fn locate(&self, series: SeriesRef, labels: &Labels) -> Option<u32> {
        if series.incarnation == self.incarnation {
            let dead = self.series.get(series.id as usize).is_none_or(|s| s.dead);
            // A series that left may have come back under another number.
            if !dead {
                return Some(series.id);
            }
        }
        self.find(labels.packed(), hash_labels(labels.packed()))
    }

    /// Finds or creates a series.
    pub(crate) fn ensure_series(
        &mut self,
        labels: PackedLabels<'_>,
        hash: u64,
        terms: &mut Terms,
    ) -> Result<u32, Rejection> {
        match self.find(labels.packed(), hash) {
            Some(id) => Ok(id),
            None => self.create(labels, hash, terms),
        }
    }

    fn create(&mut self, labels: PackedLabels<'_>, hash: u64, terms: &mut Terms) -> Result<u32, Rejection> {
        if labels.get(METRIC_NAME).is_none_or(str::is_empty) {
            return Err(Rejection::InvalidLabels {
                reason: "no metric name".to_owned(),
            });
        }
        terms.labels.check(labels)?;
        let full = Rejection::SeriesLimit {
            limit: terms.max_series,
        };
        if terms.series_left == 0 {
            return Err(full);
        }
        if terms.new_left == 0 {
            return Err(Rejection::SeriesRate { limit: terms.max_new });
        }
        terms.series_left -= 1;
        terms.new_left -= 1;
        let start = self.label_ids.len();
        let interned = self.symbols.intern(labels, &mut self.label_ids);
        let ids = (
            u32::try_from(start),
            u16::try_from(self.label_ids.len() - start),
            u32::try_from(self.series.len()),
        );
        let (Some(()), (Ok(labels_at), Ok(n_labels), Ok(id))) = (interned, ids) else {
            self.label_ids.truncate(start);
            return Err(full);
        };
        for at in start..self.label_ids.len() {
            self.symbols.note(self.label_ids[at], id);
        }
        self.series.push(Series::new(hash, labels_at, n_labels));
        let series = &self.series;
        self.by_labels
            .insert_unique(hash, id, |id| series[*id as usize].hash);
        Ok(id)
    }

    /// Returns the packed labels of a series.
    pub(crate) fn packed_labels(&self, id: u32) -> String {
        let mut packed = String::new();
        self.write_labels(id, &mut packed);
        packed
    }

    fn write_labels(&self, id: u32, out: &mut String) {
        if let Some(series) = self.series.get(id as usize) {
            for pair in self.pairs_of(series) {
                out.push_str(self.symbols.text(*pair));
            }
        }
    }

    /// Appends the labels of those series that are alive and have a sample at or after `start`.
    pub(crate) fn describe(&self, ids: &[u32], start: Millis, mut each: impl FnMut(SeriesRef, &str)) {
        for id in ids {
            let alive = self
                .series
                .get(*id as usize)
                .is_some_and(|s| !s.dead && (s.last_t >= start || self.has_backfill(*id)));
            if alive {
                each(
                    SeriesRef {
                        incarnation: self.incarnation,
                        id: *id,
                    },
                    &self.packed_labels(*id),
                );
            }
        }
    }

    /// Returns the current incarnation.
    pub(crate) fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// Takes up the numbering of a shard that was read back.
    pub(crate) fn set_incarnation(&mut self, incarnation: u32) {
        self.incarnation = incarnation;
    }

    fn is_alive(&self, id: u32) -> bool {
        self.series.get(id as usize).is_some_and(|s| !s.dead)
    }

    /// Calls `each` with all names that a living series has.
    pub(crate) fn label_names(&self, mut each: impl FnMut(&str)) {
        for (name, mut postings) in self.symbols.names() {
            if postings.any(|p| p.iter().any(|id| self.is_alive(id))) {
                each(name);
            }
        }
    }

    /// Calls `each` with all values of a name that a living series has.
    pub(crate) fn label_values(&self, name: &str, mut each: impl FnMut(&str)) {
        self.symbols.scan(name, |value, postings| {
            if postings.iter().any(|id| self.is_alive(id)) {
                each(value);
            }
        });
    }

    /// Calls `each` with `(metric name, hash, id)` of every series.
    pub(crate) fn for_each_series(&self, mut each: impl FnMut(&str, u64, u32)) {
        for (id, series) in self.series.iter().enumerate().filter(|(_, s)| !s.dead) {
            let name = self.pairs_of(series).iter().find_map(|pair| {
                let (name, value) = PackedLabels::trusted(self.symbols.text(*pair)).iter().next()?;
                (name == METRIC_NAME).then_some(value)
            });
            each(name.unwrap_or(""), series.hash, id as u32);
        }
    }
}

impl LabelLimits {
    fn check(self, labels: PackedLabels<'_>) -> Result<(), Rejection> {
        let exceeded = |what, found, limit| Err(Rejection::LabelLimit { what, found, limit });
        let mut count = 0;
        for (name, value) in labels.iter() {
            count += 1;
            if name.len() > self.name_bytes {
                return exceeded("length of a label name", name.len(), self.name_bytes);
            }
            if value.len() > self.value_bytes {
                return exceeded("length of a label value", value.len(), self.value_bytes);
            }
        }
        if count > self.count {
            return exceeded("number of labels", count, self.count);
        }
        Ok(())
    }
}

impl Index for &Shard {
    fn all(&mut self, out: &mut Vec<u32>) -> Result<(), model::QueryError> {
        out.extend((0..self.series.len() as u32).filter(|id| self.is_alive(*id)));
        Ok(())
    }

    fn equal(&mut self, name: &str, value: &str, out: &mut Vec<u32>) -> Result<(), model::QueryError> {
        if let Some(postings) = self.symbols.postings(name, value) {
            out.extend(postings.iter());
        }
        Ok(())
    }

    fn scan(
        &mut self,
        name: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        out: &mut Vec<u32>,
    ) -> Result<(), model::QueryError> {
        self.symbols.scan(name, |value, postings| {
            if keep(value) {
                out.extend(postings.iter());
            }
        });
        Ok(())
    }
}
