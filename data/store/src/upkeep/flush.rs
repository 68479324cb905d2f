//! From the head to parts.

use std::sync::atomic::Ordering;

use hashbrown::HashMap;
use model::{Millis, PackedLabels, SampleBuffer, TimeRange};

use super::{PartsChange, commit, write_part};
use crate::StoreError;
use crate::config::millis;
use crate::head::HeadSamples;
use crate::part::{PartInfo, PartWriter};
use crate::store::Inner;

/// Series that are evicted under one hold of a shard's lock.
const SLICE: u32 = 4096;

/// Place of a series in the order of parts, and where it is.
struct Place {
    name: u32,
    hash: u64,
    shard: u32,
    id: u32,
}

/// Writes whole ranges of the head to parts, as far as no sample of them can still come.
pub(super) fn flush(inner: &Inner) -> Result<(), StoreError> {
    let range = millis(inner.config.head_range).max(1);
    while let Some((oldest, newest)) = head_span(inner) {
        // Senders whose clocks or queues lag behind get a quarter of the range; what comes later is backfill.
        let boundary = align(newest.saturating_sub(range / 4), range);
        if oldest >= boundary || inner.is_stopping() {
            break;
        }
        let end = align(oldest, range).saturating_add(range).min(boundary);
        flush_before(inner, end)?;
    }
    Ok(())
}

/// Returns the largest multiple of `range` that is not above `t`.
pub(super) fn align(t: Millis, range: Millis) -> Millis {
    t.saturating_sub(t.rem_euclid(range))
}

fn head_span(inner: &Inner) -> Option<(Millis, Millis)> {
    let spans = inner.shards.iter().filter_map(|shard| shard.lock().span());
    spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

fn flush_before(inner: &Inner, end: Millis) -> Result<(), StoreError> {
    // The next record starts an epoch, so that this one can go with the next flush, and that samples before the
    // floor are known for backfill in it.
    inner.wal.rotate(end, || {
        for shard in &inner.shards {
            shard.lock().raise_floor(end);
        }
    });
    let range = TimeRange {
        start: Millis::MIN,
        end: end - 1,
    };
    let part = write_part(inner, (0, |info| PartInfo { floor: end, ..info }), |writer| {
        write_head(inner, (range, Backfill::LeftOut), writer)
    })?;
    commit(
        inner,
        PartsChange {
            added: part.into_iter().collect(),
            floor: Some(end),
            ..PartsChange::default()
        },
    )?;
    evict(inner, end);
    inner.counters.flushes.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Whether samples older than the head's floor are written with the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Backfill {
    Included,
    LeftOut,
}

/// Writes what the head shows in a span, without what is deleted.
pub(super) fn write_head(
    inner: &Inner,
    (range, backfill): (TimeRange, Backfill),
    writer: &mut PartWriter,
) -> Result<(), StoreError> {
    let mut copied = HeadSamples::default();
    let mut samples = SampleBuffer::default();
    for place in places(inner) {
        let (packed, range) = {
            let shard = inner.shards[place.shard as usize].lock();
            let clipped = shard.clip(range);
            shard.copy_samples(place.id, clipped, &mut copied);
            if backfill == Backfill::Included {
                shard.copy_backfill(place.id, range, &mut copied);
            }
            let range = clipped;
            (shard.packed_labels(place.id), range)
        };
        samples.clear();
        copied
            .decode(range, &mut samples)
            .map_err(|error| StoreError::Corrupt {
                path: inner.config.dir.join("wal"),
                reason: format!("samples in memory: {error}"),
            })?;
        if !samples.is_empty() {
            writer.add_series(PackedLabels::trusted(&packed), &samples)?;
        }
    }
    Ok(())
}

/// Returns all series of the head in the order of parts. Nothing of their labels is copied but metric names.
fn places(inner: &Inner) -> Vec<Place> {
    let mut names: HashMap<String, u32> = HashMap::new();
    let mut places = Vec::new();
    for (at, shard) in inner.shards.iter().enumerate() {
        shard.lock().for_each_series(|name, hash, id| {
            let next = names.len() as u32;
            let name = match names.get(name) {
                Some(known) => *known,
                None => *names.entry(name.to_owned()).or_insert(next),
            };
            places.push(Place {
                name,
                hash,
                shard: at as u32,
                id,
            });
        });
    }
    let mut ordered: Vec<(&String, u32)> = names.iter().map(|(name, at)| (name, *at)).collect();
    ordered.sort_unstable();
    let mut rank = vec![0u32; ordered.len()];
    for (i, (_, at)) in ordered.iter().enumerate() {
        rank[*at as usize] = i as u32;
    }
    places.sort_unstable_by_key(|place| (rank[place.name as usize], place.hash));
    places
}

fn evict(inner: &Inner, end: Millis) {
    let mut n_series = 0;
    for shard in &inner.shards {
        shard.lock().hide_before(end);
        let mut from = 0;
        while shard.lock().evict(from, from + SLICE) {
            from += SLICE;
        }
        let mut shard = shard.lock();
        shard.tidy();
        n_series += shard.n_series();
    }
    inner.n_series.store(n_series, Ordering::Relaxed);
}
