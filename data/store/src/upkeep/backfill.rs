//! From backfill to parts that overlap others.
//!
//! Samples older than the head's floor gather in memory and in the log. They are written, a part for each larger
//! range of time, before the log may drop them or when they are many; readers merge, and compaction puts the
//! parts of one range together.

use std::sync::atomic::Ordering;

use model::{Millis, PackedLabels, SampleBuffer, TimeRange};

use super::flush::align;
use super::{PartsChange, commit, write_part};
use crate::StoreError;
use crate::config::millis;
use crate::head::HeadSamples;
use crate::part::{PartWriter, order};
use crate::store::Inner;

/// Bytes in memory at which backfill is flushed; two to three are a sample.
pub(crate) const FLUSH_AT: usize = 48 << 20;

/// Bytes in memory at which backfill is flushed though there is room for more, once no more of it comes.
const FLUSH_SETTLED_AT: usize = FLUSH_AT / 16;

/// How long none must have come for that.
const SETTLED_AFTER: Millis = 30_000;

/// Whatever is there is flushed when none has come for so long.
const OVER_AFTER: Millis = 3_600_000;

/// How much backfill there was in all, and when that was first seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    total: u64,
    at: Millis,
}

/// Writes backfill to parts if there is much, if it is over, or if the log could drop more without it.
pub(super) fn flush(inner: &Inner, now: Millis) -> Result<(), StoreError> {
    let (n, bytes) = inner.count_backfill();
    let floor = inner.manifest.lock().floor;
    let rest = rest(inner, now);
    let is_settled = rest >= OVER_AFTER || (rest >= SETTLED_AFTER && bytes >= FLUSH_SETTLED_AT);
    if n == 0 || (bytes < FLUSH_AT && !is_settled && !inner.wal.backfill_holds(floor)) {
        return Ok(());
    }
    let ended = inner.wal.rotate(Millis::MIN, || {
        for shard in &inner.shards {
            shard.lock().begin_backfill_flush();
        }
    });
    let spans = inner
        .shards
        .iter()
        .filter_map(|shard| shard.lock().flushing_span());
    let Some((oldest, newest)) = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) else {
        return Ok(());
    };
    let places = places(inner);
    let range = millis(inner.config.compacted_range.max(inner.config.head_range)).max(1);
    let mut added = Vec::new();
    let mut from = oldest;
    while from <= newest {
        let end = align(from, range).saturating_add(range - 1);
        let span = TimeRange { start: from, end };
        let part = write_part(inner, (0, |info| info), |writer| {
            write_series(inner, (&places, span), writer)
        })?;
        added.extend(part);
        match first_after(inner, end) {
            Some(next) => from = next,
            None => break,
        }
    }
    let change = PartsChange {
        added,
        backfilled: Some(u64::from(ended)),
        ..PartsChange::default()
    };
    commit(inner, change)?;
    for shard in &inner.shards {
        shard.lock().end_backfill_flush();
    }
    inner.count_backfill();
    inner.counters.flushes.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Returns for how long no backfill has come.
fn rest(inner: &Inner, now: Millis) -> Millis {
    let total = inner.counters.backfilled.load(Ordering::Relaxed);
    let mut seen = inner.backfill_seen.lock();
    let before = *seen.get_or_insert(Seen { total, at: now });
    if before.total != total {
        *seen = Some(Seen { total, at: now });
        return 0;
    }
    now.saturating_sub(before.at)
}

/// Returns the time of the first sample after `t` that is to be flushed.
fn first_after(inner: &Inner, t: Millis) -> Option<Millis> {
    let firsts = inner
        .shards
        .iter()
        .filter_map(|shard| shard.lock().first_flushing_after(t));
    firsts.min()
}

/// Returns `(shard, series, labels)` of all series with backfill in the order of parts.
fn places(inner: &Inner) -> Vec<(usize, u32, String)> {
    let mut places = Vec::new();
    for (at, shard) in inner.shards.iter().enumerate() {
        let shard = shard.lock();
        let ids = shard.flushing_series();
        places.extend(ids.into_iter().map(|id| (at, id, shard.packed_labels(id))));
    }
    places.sort_unstable_by(|a, b| order(&a.2, &b.2));
    places
}

fn write_series(
    inner: &Inner,
    (places, span): (&[(usize, u32, String)], TimeRange),
    writer: &mut PartWriter,
) -> Result<(), StoreError> {
    let (mut copied, mut samples) = (HeadSamples::default(), SampleBuffer::default());
    for (shard, id, packed) in places {
        inner.shards[*shard].lock().copy_flushing(*id, span, &mut copied);
        samples.clear();
        copied
            .decode(span, &mut samples)
            .map_err(|error| StoreError::Corrupt {
                path: inner.config.dir.join("wal"),
                reason: format!("samples in memory: {error}"),
            })?;
        if !samples.is_empty() {
            writer.add_series(PackedLabels::trusted(packed), &samples)?;
        }
    }
    Ok(())
}
