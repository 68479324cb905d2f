//! The part of the store that is in memory: recent samples of all active series.
//!
//! The head is cut into [`Shard`]s by the hash of the packed labels; each is behind its own lock and knows
//! nothing of the others. A shard holds label pairs once ([`symbols`]), one fixed-size record a series, the
//! timestamps of a target once ([`timeline`]), and values as small byte buffers in a slab. Series are named by
//! their index in the shard, which stays valid within one *incarnation* of the shard.
//!
//! Two times rule what a shard takes and shows: samples before [`Shard::floor`] are backfill ([`late::past`]), because a
//! part that covers them is being or has been written; samples before [`Shown::from`] are in published parts and
//! are not shown, even where a chunk still holds them. `shown.from <= floor` always.

mod append;
mod delete;
mod dump;
mod evict;
mod histograms;
mod index;
mod late;
mod read;
mod series;
mod slab;
mod take;
mod timeline;

use hashbrown::{HashMap, HashTable};
use model::{Labels, METRIC_NAME, Millis, PackedLabels, Rejection};

pub(crate) use dump::{Dump, Restored};
pub(crate) use index::{Census, PairCount, Postings, decode_postings};
pub(crate) use read::HeadSamples;
pub(crate) use take::{LabelLimits, Sample, Terms, shard_of_handle};

use crate::bytes::xxh3;
use index::Symbols;
use late::Side;
use late::past::Past;
use series::{NONE, Sealed, Series};
use slab::Slab;
use timeline::Timeline;

/// What a shard shows. When it differs from what it was, samples have moved to parts meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Samples before are in parts only, backfill aside.
    pub(crate) from: Millis,
    /// How often backfill has moved to parts.
    backfills: u32,
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
    /// Samples before the floor.
    backfill: Past,
    /// Backfill that is being written to a part, and what could not be written before.
    flushing: Vec<Past>,
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
            backfill: Past::default(),
            flushing: Vec::new(),
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
        let mut packed = String::new();
        for id in ids {
            let alive = self
                .series
                .get(*id as usize)
                .is_some_and(|s| !s.dead && (s.last_t >= start || self.has_backfill(*id)));
            if alive {
                packed.clear();
                self.write_labels(*id, &mut packed);
                each(
                    SeriesRef {
                        incarnation: self.incarnation,
                        id: *id,
                    },
                    &packed,
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
}
