//! Reading slices back into an empty shard.

use std::sync::Arc;

use model::Millis;

use super::{BACKFILL, Before, DEAD, HISTOGRAM, HISTORY, SIDE};
use crate::bytes::{Malformed, Reader};
use crate::chunk::{decode_ints, read_token};
use crate::head::Shard;
use crate::head::histograms::{HistogramColumn, Layout, Run};
use crate::head::late::past::History;
use crate::head::late::{Late, LateSamples, Side};
use crate::head::series::{NONE, Sealed, Series};
use crate::head::slab::Slot;
use crate::head::timeline::MAX_TIMES;
use crate::wal::{Known, read_histogram};

/// A shard that is being read back.
pub(crate) struct Restored {
    pub(crate) shard: Shard,
    /// State of the log's refs, which are the series' ids.
    pub(crate) known: Vec<Known>,
    pairs: Vec<u32>,
    before: Before,
}

/// Timelines of a slice: number in the shard.
struct Timelines(Vec<u32>);

impl Restored {
    /// Starts with an empty shard.
    pub(crate) fn new(shard: Shard) -> Self {
        Self {
            shard,
            known: Vec::new(),
            pairs: Vec::new(),
            before: Before::default(),
        }
    }

    /// Takes the next slice.
    pub(crate) fn slice(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader::new(bytes);
        let (first, n) = (reader.number::<u32>()?, reader.number::<u32>()?);
        if first as usize != self.shard.series.len() {
            return Err(Malformed);
        }
        for _ in 0..reader.uvarint()? {
            self.shard.symbols.restore(reader.str()?).ok_or(Malformed)?;
        }
        let timelines = self.timelines(&mut reader)?;
        self.before = Before::default();
        for _ in 0..n {
            let flags = reader.u8()?;
            if flags == DEAD {
                self.skip_dead();
            } else {
                self.series(flags, &timelines, &mut reader)?;
            }
        }
        // Timelines that nothing uses after all are free.
        for at in timelines.0 {
            self.shard.release_timeline(at);
        }
        Ok(())
    }

    fn timelines(&mut self, reader: &mut Reader<'_>) -> Result<Timelines, Malformed> {
        let mut numbers = Vec::new();
        let mut times: Vec<Millis> = Vec::new();
        let mut left = MAX_TIMES_OF_SLICE;
        for _ in 0..reader.uvarint()? {
            times.clear();
            let n = reader.number::<usize>()?;
            if n == 0 || n > MAX_TIMES {
                return Err(Malformed);
            }
            left = left.checked_sub(n).ok_or(Malformed)?;
            decode_ints(reader, n, &mut times)?;
            let (first, rest) = times.split_first().ok_or(Malformed)?;
            let at = self.shard.add_timeline(*first);
            let timeline = self.shard.timelines.get_mut(at as usize).and_then(Option::as_mut);
            let timeline = timeline.ok_or(Malformed)?;
            // Held until the slice is read.
            timeline.users = 1;
            if !rest.iter().all(|t| timeline.push(*t)) {
                return Err(Malformed);
            }
            numbers.push(at);
        }
        Ok(Timelines(numbers))
    }

    fn skip_dead(&mut self) {
        let mut series = Series::new(0, 0, 0);
        series.dead = true;
        self.shard.series.push(series);
        self.shard.n_dead += 1;
        self.known.push(Known::UNKNOWN);
    }

    fn series(&mut self, flags: u8, timelines: &Timelines, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        let id = u32::try_from(self.shard.series.len()).map_err(|_| Malformed)?;
        let mut series = Series::new(reader.u64()?, 0, 0);
        series.last_t = self.before.last_t.wrapping_add(reader.ivarint()?);
        series.last = read_token(reader, 0)?;
        series.log_epoch = relative(self.before.epoch, reader.ivarint()?)?;
        series.log_chain = relative(self.before.chain, reader.ivarint()?)?;
        series.next = relative(id, reader.ivarint()?)?;
        series.is_histogram = flags & HISTOGRAM != 0;
        let before = &mut self.before;
        (before.last_t, before.epoch, before.chain) = (series.last_t, series.log_epoch, series.log_chain);
        self.pairs.clear();
        for at in 0..reader.number::<u16>()? {
            let same = before.pairs.get(usize::from(at)).copied().unwrap_or(0);
            let pair = relative(same, reader.ivarint()?)?;
            if pair as usize >= self.shard.symbols.len() {
                return Err(Malformed);
            }
            self.pairs.push(pair);
        }
        std::mem::swap(&mut self.pairs, &mut before.pairs);
        for _ in 0..reader.uvarint()? {
            self.sealed(&mut series, timelines, reader)?;
        }
        series.n = reader.number()?;
        if series.n > 0 {
            let n = series.n;
            (series.timeline, series.start) = self.place(timelines, n, reader)?;
            (series.run, series.len) = (reader.number()?, reader.number()?);
            let bytes = reader.bytes(usize::from(series.len))?;
            if !bytes.is_empty() {
                let slot = self.shard.slab.append(Slot::EMPTY, 0, bytes);
                series.slot = slot.ok_or(Malformed)?;
            }
        }
        let shard = &mut self.shard;
        let mut start = 0;
        if flags & SIDE != 0 {
            let side = read_side(reader)?;
            start = side.starts.last().map_or(0, |last| last.1);
            series.has_side = true;
            shard.sides.insert(id, Box::new(side));
        }
        if flags & (BACKFILL | HISTORY) != 0 {
            let late = if flags & BACKFILL != 0 {
                read_late(reader)?
            } else {
                LateSamples::new()
            };
            let n_blocks = if flags & HISTORY != 0 {
                reader.uvarint()?
            } else {
                0
            };
            shard.restore_backfill(id, History::read(n_blocks, late, reader)?);
        }
        self.known.push(Known {
            epoch: series.log_epoch,
            chain: series.log_chain,
            handle: u64::from(id),
            bits: series.last,
            start,
        });
        shard.restore_series(series, &self.before.pairs).ok_or(Malformed)
    }

    fn sealed(
        &mut self,
        series: &mut Series,
        timelines: &Timelines,
        reader: &mut Reader<'_>,
    ) -> Result<(), Malformed> {
        let n = reader.number()?;
        let (timeline, start) = self.place(timelines, n, reader)?;
        let len = reader.number()?;
        let mut times = Vec::new();
        if let Some(Some(timeline)) = self.shard.timelines.get(timeline as usize) {
            timeline.copy(start, usize::from(n), &mut times);
        }
        let (Some(min_t), Some(max_t)) = (times.first().copied(), times.last().copied()) else {
            return Err(Malformed);
        };
        self.shard.link_sealed(
            series,
            Sealed {
                min_t,
                max_t,
                values: reader.bytes(len)?.into(),
                timeline,
                start,
                next: NONE,
                n,
            },
        );
        Ok(())
    }

    /// Reads where a chunk's times are and takes one use of that timeline.
    fn place(
        &mut self,
        timelines: &Timelines,
        n: u16,
        reader: &mut Reader<'_>,
    ) -> Result<(u32, u32), Malformed> {
        let (number, start) = (reader.number::<usize>()?, reader.number::<u32>()?);
        let at = *timelines.0.get(number).ok_or(Malformed)?;
        let timeline = self.shard.timelines.get_mut(at as usize).and_then(Option::as_mut);
        let timeline = timeline.ok_or(Malformed)?;
        if start
            .checked_add(u32::from(n))
            .is_none_or(|end| end > timeline.end())
        {
            return Err(Malformed);
        }
        timeline.users += 1;
        Ok((at, start))
    }
}

/// Times of all timelines of a slice at most. Regular ones take no bytes that would bound them.
const MAX_TIMES_OF_SLICE: usize = 1 << 28;

fn relative(before: u32, difference: i64) -> Result<u32, Malformed> {
    let number = i64::from(before).checked_add(difference).ok_or(Malformed)?;
    u32::try_from(number).map_err(|_| Malformed)
}

fn read_side(reader: &mut Reader<'_>) -> Result<Side, Malformed> {
    let late = read_late(reader)?;
    let mut starts = Vec::new();
    for _ in 0..reader.uvarint()? {
        starts.push((reader.ivarint()?, reader.ivarint()?));
    }
    let mut histograms = HistogramColumn::default();
    for _ in 0..reader.uvarint()? {
        let n = reader.number()?;
        let (first_t, last_t) = (reader.ivarint()?, reader.ivarint()?);
        let layout = Arc::new(Layout::of(&read_histogram(reader)?));
        let len = reader.number()?;
        histograms.runs.push(Run {
            layout,
            n,
            first_t,
            last_t,
            bytes: reader.bytes(len)?.to_vec(),
        });
    }
    if let Some(run) = histograms.runs.last() {
        histograms.last = run.last_numbers()?;
    }
    Ok(Side {
        late,
        starts,
        histograms,
        hidden: Vec::new(),
    })
}

fn read_late(reader: &mut Reader<'_>) -> Result<LateSamples, Malformed> {
    let mut samples = LateSamples::new();
    for _ in 0..reader.uvarint()? {
        let (t, start) = (reader.ivarint()?, reader.ivarint()?);
        let late = if reader.u8()? == 1 {
            let histogram = read_histogram(reader)?;
            Late {
                bits: histogram.sum.to_bits(),
                start,
                histogram: Some(Box::new(histogram)),
            }
        } else {
            Late {
                bits: reader.u64()?,
                start,
                histogram: None,
            }
        };
        samples.insert(t, late);
    }
    Ok(samples)
}

impl Shard {
    /// Adds a series whose state is known.
    fn restore_series(&mut self, mut series: Series, pairs: &[u32]) -> Option<()> {
        let id = u32::try_from(self.series.len()).ok()?;
        series.labels_at = u32::try_from(self.label_ids.len()).ok()?;
        series.n_labels = u16::try_from(pairs.len()).ok()?;
        self.label_ids.extend_from_slice(pairs);
        for pair in pairs {
            self.symbols.note(*pair, id);
        }
        let hash = series.hash;
        self.series.push(series);
        let all = &self.series;
        self.by_labels
            .insert_unique(hash, id, |id| all[*id as usize].hash);
        Some(())
    }
}

#[cfg(test)]
mod tests;
