//! Making tombstones, and getting rid of them.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use model::{Matcher, Millis, QueryError, SampleBuffer, TimeRange};
use parking_lot::Mutex;

use super::{Tombstone, Tombstones, save, with};
use crate::StoreError;
use crate::head::{HeadSamples, Shard, hash_labels};
use crate::part::{Part, PartError};
use crate::select::part::part_ids;
use crate::select::resolve;
use crate::store::{Inner, Store};
use crate::upkeep::compact::rewrite;

/// Tombstones that may be waiting for their parts to be rewritten.
const MAX_TOMBSTONES: usize = 1024;

impl Store {
    /// Deletes the samples in `range` of all series for which all matchers of at least one set hold; returns how
    /// many series that are. Queries do not see the samples from then on, nor the series of which nothing is
    /// left; the space is given back when parts are merged, or by [`Store::clean_tombstones`]. Samples that come
    /// later are not affected, whatever their time.
    ///
    /// # Errors
    /// The deletion could not be made durable, and has not happened; or stored data cannot be read; or too many
    /// deletions wait for [`Store::clean_tombstones`].
    pub fn delete_series(&self, matcher_sets: &[Vec<Matcher>], range: TimeRange) -> Result<u64, StoreError> {
        let inner = &*self.inner;
        let mut hit = HashSet::new();
        for matchers in matcher_sets {
            head_hits(inner, (matchers, range), &mut hit)?;
        }
        let next = {
            // Held so that no part gets its number between the look at the numbers and the publication.
            let manifest = inner.manifest.lock();
            // Batches come before or after, and the log tells which.
            let epoch = inner.wal.pause();
            let position = inner.wal.position();
            let has_backfill = inner.wal.oldest_backfill().is_some()
                || inner.shards.iter().any(|shard| shard.lock().backfill().0 > 0);
            let mut more = Vec::with_capacity(matcher_sets.len());
            for matchers in matcher_sets {
                more.push(Tombstone {
                    matchers: matchers.clone(),
                    range,
                    before: manifest.next_part,
                    epoch: if has_backfill { u64::from(epoch.number) } else { 0 },
                    position,
                    head: ends(inner, (matchers, range))?,
                });
            }
            let old = Arc::clone(&inner.tombstones.read());
            let n_old = old.list.len();
            let next = with(&old, more);
            if next.list.len() > MAX_TOMBSTONES {
                return Err(StoreError::TooManyTombstones {
                    limit: MAX_TOMBSTONES,
                });
            }
            save(&*inner.disk, &inner.config.dir, &next.list)?;
            for tombstone in next.list.iter().skip(n_old) {
                for shard in &inner.shards {
                    shard.lock().delete(tombstone, |_| false);
                }
            }
            inner.count_backfill();
            *inner.tombstones.write() = Arc::clone(&next);
            next
        };
        for part in inner.parts_in(range) {
            let counted = count_hits(&part, &next, matcher_sets.len(), &mut hit);
            inner.tolerate(&part, counted).map_err(query_failure)?;
        }
        Ok(hit.len() as u64)
    }

    /// Rewrites the parts that hold deleted samples, which gives their space back.
    ///
    /// # Errors
    /// A part cannot be read or written; parts rewritten before stay so.
    pub fn clean_tombstones(&self) -> Result<(), StoreError> {
        let _upkeep = self.inner.upkeep.lock();
        clean(&self.inner)?;
        prune(&self.inner)
    }
}

fn query_failure(error: QueryError) -> StoreError {
    StoreError::Corrupt {
        path: std::path::PathBuf::from("head"),
        reason: error.to_string(),
    }
}

/// Adds the hashes of the series of the head with samples in a span.
fn head_hits(
    inner: &Inner,
    (matchers, range): (&[Matcher], TimeRange),
    hits: &mut HashSet<u64>,
) -> Result<(), StoreError> {
    for shard in &inner.shards {
        // Series are numbered anew only when many have left, which does not happen again and again.
        while !shard_hits(inner, shard, (matchers, range), hits)? {}
    }
    Ok(())
}

/// Returns up to which time each series of the head may have samples in a span, by the hash of its labels.
fn ends(
    inner: &Inner,
    (matchers, range): (&[Matcher], TimeRange),
) -> Result<HashMap<u64, Millis>, StoreError> {
    let mut ends = HashMap::new();
    for shard in &inner.shards {
        let shard = shard.lock();
        let ids = resolve(&mut &*shard, matchers).map_err(query_failure)?;
        shard.ends_in(&ids, range, |hash, end| {
            ends.insert(hash, end);
        });
    }
    Ok(ends)
}

/// Looks through one shard; returns false if its series were numbered anew meanwhile.
fn shard_hits(
    inner: &Inner,
    shard: &Mutex<Shard>,
    (matchers, range): (&[Matcher], TimeRange),
    hits: &mut HashSet<u64>,
) -> Result<bool, StoreError> {
    let (mut copied, mut samples) = (HeadSamples::default(), SampleBuffer::default());
    let (ids, incarnation) = {
        let shard = shard.lock();
        let ids = resolve(&mut &*shard, matchers).map_err(query_failure)?;
        (ids, shard.incarnation())
    };
    for id in ids {
        let (hash, clipped) = {
            let shard = shard.lock();
            if shard.incarnation() != incarnation {
                return Ok(false);
            }
            let clipped = shard.clip(range);
            shard.copy_samples(id, clipped, &mut copied);
            shard.copy_backfill(id, range, &mut copied);
            (hash_labels(&shard.packed_labels(id)), clipped)
        };
        samples.clear();
        let decoded = copied.decode(clipped, &mut samples);
        decoded.map_err(|error| StoreError::Corrupt {
            path: inner.config.dir.join("wal"),
            reason: format!("samples in memory: {error}"),
        })?;
        if !samples.is_empty() {
            hits.insert(hash);
        }
    }
    Ok(true)
}

/// Adds the hashes of a part's series that the last `n` tombstones hit.
fn count_hits(
    part: &Part,
    tombstones: &Tombstones,
    n: usize,
    hit: &mut HashSet<u64>,
) -> Result<(), PartError> {
    let first = tombstones.list.len().saturating_sub(n);
    for tombstone in tombstones.list.iter().skip(first) {
        let ids = part_ids(part, &tombstone.matchers)?;
        part.labels(&ids, |_, packed| {
            hit.insert(hash_labels(packed));
        })?;
    }
    Ok(())
}

/// Rewrites every part of which something is deleted.
fn clean(inner: &Inner) -> Result<(), StoreError> {
    let tombstones = Arc::clone(&inner.tombstones.read());
    let parts = Arc::clone(&inner.parts.read());
    for part in parts.iter() {
        if inner.is_stopping() {
            break;
        }
        match part.buried(&tombstones) {
            Ok(buried) if buried.is_empty() => {}
            Ok(_) => rewrite(inner, std::slice::from_ref(part))?,
            Err(error) => inner.tolerate(part, Err(error)).map_err(query_failure)?,
        }
    }
    Ok(())
}

/// Forgets tombstones that hit nothing any more.
pub(crate) fn prune(inner: &Inner) -> Result<(), StoreError> {
    if inner.tombstones.read().list.is_empty() {
        return Ok(());
    }
    let manifest = inner.manifest.lock();
    let old = Arc::clone(&inner.tombstones.read());
    let parts = Arc::clone(&inner.parts.read());
    let hits_part = |tombstone: &Tombstone| {
        let may_hit = |part: &Arc<Part>| {
            part.info().id < tombstone.before
                && part.range().overlaps(tombstone.range)
                // What cannot be told is kept.
                && !part.buried(&old).is_ok_and(|buried| buried.is_empty())
        };
        parts.iter().any(may_hit)
    };
    // Samples before the floor are in parts, and those written since have left out what was deleted. Backfill that the
    // log still holds is read back if the manifest is lost.
    let backfill = inner.wal.oldest_backfill();
    let hits_head = |tombstone: &Tombstone| {
        tombstone.epoch > manifest.backfilled
            || backfill.is_some_and(|oldest| oldest <= tombstone.epoch)
            || tombstone.head.values().any(|end| *end >= manifest.floor)
    };
    let kept: Vec<Tombstone> = old
        .list
        .iter()
        .filter(|tombstone| hits_head(tombstone) || hits_part(tombstone))
        .cloned()
        .collect();
    if kept.len() == old.list.len() {
        return Ok(());
    }
    save(&*inner.disk, &inner.config.dir, &kept)?;
    *inner.tombstones.write() = Arc::new(Tombstones {
        version: old.version + 1,
        list: kept,
    });
    Ok(())
}
