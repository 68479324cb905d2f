//! Where the log's records go when a store is opened.
//!
//! Deletions are done again where the log passes the position at which they were made, so that what came before is
//! gone and what came after is not.

use std::sync::Arc;

use model::{Exemplar, Metadata, Millis, PackedLabels};

use super::exemplars::ExemplarRing;
use super::metadata::MetadataTable;
use super::shard_of;
use crate::head::{Sample, Shard, Terms, hash_labels};
use crate::tombstones::Tombstone;
use crate::wal::{Captured, Decoded, Extent, NO_HANDLE, RecordSink, ReplaySide, ReplayTarget};

/// One shard, or all of them. A handle is the shard in the upper half, the series in the lower.
pub(super) struct Head {
    pub(super) shards: Vec<Shard>,
    /// Shards of the whole head.
    pub(super) n_shards: usize,
    /// Samples before are in parts.
    pub(super) floor: Millis,
    /// Backfill of epochs up to this is in parts.
    pub(super) backfilled: u64,
    epoch: u64,
    /// The floor when the epoch began.
    epoch_floor: Millis,
    extent: Extent,
    deleted: Deleted,
}

/// Deletions that are to be done again.
pub(super) struct Deleted {
    /// In the order of their positions in the log.
    list: Arc<[Tombstone]>,
    /// Those before have been done.
    next: usize,
    /// What a snapshot holds of the shard: series that it captured later are as they were then.
    captured: Captured,
}

impl Deleted {
    /// Begins with none of them done.
    pub(super) fn new(list: &Arc<[Tombstone]>, captured: Captured) -> Self {
        Self {
            list: Arc::clone(list),
            next: 0,
            captured,
        }
    }
}

impl Head {
    /// Takes shards, one by one or together.
    pub(super) fn new(
        shards: Vec<Shard>,
        n_shards: usize,
        (floor, backfilled): (Millis, u64),
        deleted: Deleted,
    ) -> Self {
        Self {
            shards,
            n_shards,
            floor,
            backfilled,
            epoch: 0,
            epoch_floor: Millis::MIN,
            extent: Extent::default(),
            deleted,
        }
    }

    /// Does the deletions that were made before a position, or all.
    fn delete_before(&mut self, position: Option<u64>) {
        let Deleted { list, next, captured } = &mut self.deleted;
        while let Some(tombstone) = list.get(*next) {
            if position.is_some_and(|position| position <= tombstone.position) {
                break;
            }
            *next += 1;
            for shard in &mut self.shards {
                shard.delete(tombstone, |id| captured.is_behind(id, tombstone.position));
            }
        }
    }
}

impl RecordSink for Head {
    fn define(&mut self, packed: &str) -> u64 {
        let Ok(labels) = PackedLabels::parse(packed) else {
            return NO_HANDLE;
        };
        let at = if self.shards.len() == 1 {
            0
        } else {
            shard_of(packed, self.n_shards)
        };
        let mut terms = Terms::UNBOUND;
        let created = self
            .shards
            .get_mut(at)
            .map(|shard| shard.ensure_series(labels, hash_labels(packed), &mut terms));
        match created {
            Some(Ok(id)) => (at as u64) << 32 | u64::from(id),
            Some(Err(_)) | None => NO_HANDLE,
        }
    }

    #[inline]
    fn sample(&mut self, handle: u64, sample: Decoded) {
        let t = sample.t;
        let is_backfill = t < self.epoch_floor;
        self.extent.note(t);
        self.extent.backfill |= is_backfill;
        let in_parts = if is_backfill {
            self.epoch <= self.backfilled
        } else {
            t < self.floor
        };
        if in_parts {
            return;
        }
        if let Some(shard) = self.shards.get_mut((handle >> 32) as usize) {
            let sample = Sample {
                t,
                bits: sample.bits,
                start: sample.start,
                histogram: sample.histogram.as_ref(),
            };
            // The lower half is the series.
            shard.replay(handle as u32, sample, is_backfill);
        }
    }
}

impl ReplayTarget for Head {
    fn begin_segment(&mut self, epoch: u64, floor: Millis) {
        (self.epoch, self.epoch_floor) = (epoch, floor);
        self.extent = Extent::default();
    }

    fn end_segment(&mut self) -> Extent {
        self.extent
    }

    #[inline]
    fn begin_record(&mut self, position: u64) {
        if self.deleted.next < self.deleted.list.len() {
            self.delete_before(Some(position));
        }
    }

    fn end(&mut self) {
        self.delete_before(None);
    }
}

/// What is not a sample.
pub(super) struct Side<'a> {
    pub(super) metadata: &'a MetadataTable,
    pub(super) exemplars: &'a mut ExemplarRing,
}

impl ReplaySide for Side<'_> {
    fn metadata(&mut self, name: &str, metadata: Metadata) {
        self.metadata.insert(name, &metadata);
    }

    fn exemplar(&mut self, series: PackedLabels<'_>, exemplar: Exemplar) {
        // The log holds what was taken, so only repetitions are refused.
        if self.exemplars.insert(series, &exemplar, Millis::MAX).is_err() {
            tracing::trace!("log exemplar is in the store already");
        }
    }
}
