//! Writing slices.

use hashbrown::HashMap;
use model::Millis;

use super::{BACKFILL, Before, DEAD, HISTOGRAM, HISTORY, SIDE};
use crate::bytes::{put_ivarint, put_str, put_uvarint};
use crate::chunk::{encode_ints, put_token};
use crate::head::Shard;
use crate::head::late::past::History;
use crate::head::late::{LateSamples, Side};
use crate::head::series::Series;
use crate::wal::put_histogram;

/// Goes over a shard slice by slice.
#[derive(Default)]
pub(crate) struct Dump {
    next: u32,
    n_symbols: u32,
}

/// Timelines of a slice: number in the slice and first index used, by number in the shard.
type Timelines = HashMap<u32, (u32, u32)>;

impl Dump {
    /// Returns how many ids have been written.
    pub(crate) fn n_ids(&self) -> u32 {
        self.next
    }

    /// Appends the next slice of at most `n` ids; false if there is none.
    pub(crate) fn slice(&mut self, shard: &Shard, n: u32, out: &mut Vec<u8>) -> bool {
        let first = self.next;
        let end = first.saturating_add(n).min(shard.series.len() as u32);
        if first == end && first > 0 {
            return false;
        }
        self.next = end;
        put_uvarint(out, u64::from(first));
        put_uvarint(out, u64::from(end - first));
        let symbols = shard.symbols.texts_from(self.n_symbols);
        put_uvarint(out, symbols.len() as u64);
        for text in symbols {
            put_str(out, text);
            self.n_symbols += 1;
        }
        let series = shard.series.get(first as usize..end as usize).unwrap_or_default();
        let timelines = put_timelines(shard, series, out);
        let mut before = Before::default();
        for (id, series) in (first..end).zip(series) {
            if series.dead {
                out.push(DEAD);
            } else {
                put_series(shard, (id, series), (&timelines, &mut before), out);
            }
        }
        true
    }
}

fn put_timelines(shard: &Shard, series: &[Series], out: &mut Vec<u8>) -> Timelines {
    let mut used: Timelines = HashMap::new();
    let mut order = Vec::new();
    let mut note = |timeline: u32, start: u32| {
        let number = used.len() as u32;
        let entry = used.entry(timeline).or_insert_with(|| {
            order.push(timeline);
            (number, start)
        });
        entry.1 = entry.1.min(start);
    };
    for series in series.iter().filter(|series| !series.dead) {
        for chunk in shard.sealed_of(series) {
            note(chunk.timeline, chunk.start);
        }
        if series.n > 0 {
            note(series.timeline, series.start);
        }
    }
    put_uvarint(out, order.len() as u64);
    let mut times: Vec<Millis> = Vec::new();
    for timeline in order {
        times.clear();
        if let (Some(Some(timeline)), Some((_, first))) =
            (shard.timelines.get(timeline as usize), used.get(&timeline))
        {
            timeline.copy(*first, timeline.end().saturating_sub(*first) as usize, &mut times);
        }
        put_uvarint(out, times.len() as u64);
        encode_ints(&times, out);
    }
    used
}

fn put_series(
    shard: &Shard,
    (id, series): (u32, &Series),
    (timelines, before): (&Timelines, &mut Before),
    out: &mut Vec<u8>,
) {
    let histories: Vec<&History> = shard.histories(id).collect();
    let backfill: Vec<&LateSamples> = histories.iter().map(|history| history.late()).collect();
    let has_late = backfill.iter().any(|late| !late.is_empty());
    let n_blocks: usize = histories.iter().map(|history| history.blocks().len()).sum();
    let side = shard.sides.get(&id).filter(|_| series.has_side);
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    out.push(
        flag(series.is_histogram, HISTOGRAM)
            | flag(side.is_some(), SIDE)
            | flag(has_late, BACKFILL)
            | flag(n_blocks > 0, HISTORY),
    );
    out.extend_from_slice(&series.hash.to_le_bytes());
    put_ivarint(out, series.last_t.wrapping_sub(before.last_t));
    put_token(0, series.last, out);
    put_ivarint(out, i64::from(series.log_epoch) - i64::from(before.epoch));
    put_ivarint(out, i64::from(series.log_chain) - i64::from(before.chain));
    put_ivarint(out, i64::from(series.next) - i64::from(id));
    (before.last_t, before.epoch, before.chain) = (series.last_t, series.log_epoch, series.log_chain);
    let pairs = shard.pairs_of(series);
    put_uvarint(out, pairs.len() as u64);
    for (at, pair) in pairs.iter().enumerate() {
        put_ivarint(
            out,
            i64::from(*pair) - i64::from(before.pairs.get(at).copied().unwrap_or(0)),
        );
    }
    before.pairs.clear();
    before.pairs.extend_from_slice(pairs);
    let place = |timeline: u32, start: u32, out: &mut Vec<u8>| {
        let (number, first) = timelines.get(&timeline).copied().unwrap_or_default();
        put_uvarint(out, u64::from(number));
        put_uvarint(out, u64::from(start.saturating_sub(first)));
    };
    put_uvarint(out, shard.sealed_of(series).count() as u64);
    for chunk in shard.sealed_of(series) {
        put_uvarint(out, u64::from(chunk.n));
        place(chunk.timeline, chunk.start, out);
        put_uvarint(out, chunk.values.len() as u64);
        out.extend_from_slice(&chunk.values);
    }
    put_uvarint(out, u64::from(series.n));
    if series.n > 0 {
        place(series.timeline, series.start, out);
        put_uvarint(out, u64::from(series.run));
        put_uvarint(out, u64::from(series.len));
        out.extend_from_slice(shard.slab.bytes(series.slot, usize::from(series.len)));
    }
    if let Some(side) = side {
        put_side(side, out);
    }
    if has_late {
        put_late(&backfill, out);
    }
    if n_blocks > 0 {
        put_uvarint(out, n_blocks as u64);
        let blocks = histories.iter().flat_map(|history| history.blocks());
        blocks.for_each(|block| block.put(out));
    }
}

fn put_side(side: &Side, out: &mut Vec<u8>) {
    put_late(&[&side.late], out);
    put_uvarint(out, side.starts.len() as u64);
    for (t, start) in &side.starts {
        put_ivarint(out, *t);
        put_ivarint(out, *start);
    }
    put_uvarint(out, side.histograms.runs.len() as u64);
    for run in &side.histograms.runs {
        put_uvarint(out, u64::from(run.n));
        put_ivarint(out, run.first_t);
        put_ivarint(out, run.last_t);
        put_histogram(&run.layout.empty(), out);
        put_uvarint(out, run.bytes.len() as u64);
        out.extend_from_slice(&run.bytes);
    }
}

fn put_late(buffers: &[&LateSamples], out: &mut Vec<u8>) {
    put_uvarint(out, buffers.iter().map(|buffer| buffer.len() as u64).sum());
    for (t, late) in buffers.iter().flat_map(|buffer| buffer.iter()) {
        put_ivarint(out, *t);
        put_ivarint(out, late.start);
        match &late.histogram {
            Some(histogram) => {
                out.push(1);
                put_histogram(histogram, out);
            }
            None => {
                out.push(0);
                out.extend_from_slice(&late.bits.to_le_bytes());
            }
        }
    }
}
