//! Samples of times that parts hold already: *backfill*, which becomes parts of its own.
//!
//! History is sent in order for the most part, and there is much of it: floats that follow one another are kept encoded,
//! in blocks that do not overlap. What does not follow, as older samples, histograms, and samples with a start, waits
//! beside the blocks by time.

#[cfg(test)]
mod tests;

use std::ops::Bound;

use model::{Millis, Rejection, TimeRange};

use super::{Late, LateSamples, Stored};
use crate::bytes::{Malformed, Reader, put_ivarint, put_uvarint};
use crate::chunk::{Stream, TokenBuffer, decode_stream};
use crate::head::append::Taken;
use crate::head::series::NONE;
use crate::head::{Sample, Shard, Terms};

/// Samples of a block: one is decoded to find a sample in it.
const BLOCK: u16 = 240;

/// What a block takes beside its bytes.
const BLOCK_BYTES: usize = size_of::<Block>();

/// What a series takes beside its blocks and samples.
const SERIES_BYTES: usize = size_of::<(u32, History)>() + size_of::<u32>();

/// Before the change of a step in encoded times: the step stays as it is for a number of samples.
const STEADY: u8 = 0;

/// Backfill of a shard's series. They stand in the order in which they came, which is the one in which they come again.
#[derive(Default)]
pub(in crate::head) struct Past {
    series: Vec<(u32, History)>,
    /// Where a series stands, by its number; [`NONE`] if it has no backfill.
    places: Vec<u32>,
    n: usize,
    bytes: usize,
}

/// Backfill of one series.
#[derive(Default)]
pub(in crate::head) struct History {
    blocks: Vec<Block>,
    late: LateSamples,
}

/// Floats in order. The times as bytes: for each sample but the first an ivarint, by how much the time since the sample
/// before differs from the one before that; in place of zeros, [`STEADY`] and a uvarint that says how many there are.
/// Values are a stream (`chunk/stream.rs`).
#[derive(Clone)]
pub(crate) struct Block {
    first: Millis,
    last: Millis,
    step: Millis,
    /// Samples at the end whose step is that of the one before; not in the bytes.
    steady: u16,
    n: u16,
    stream: Stream,
    times: Vec<u8>,
    values: Vec<u8>,
}

/// Times and values, decoded.
#[derive(Default)]
pub(crate) struct Decoded {
    pub(crate) times: Vec<Millis>,
    pub(crate) bits: Vec<u64>,
}

impl Block {
    fn new(t: Millis, bits: u64) -> Self {
        let mut block = Self {
            first: t,
            last: t,
            step: 0,
            steady: 0,
            n: 1,
            stream: Stream::default(),
            times: Vec::new(),
            values: Vec::new(),
        };
        block.push_value(bits);
        block
    }

    fn push(&mut self, t: Millis, bits: u64) {
        let step = t.wrapping_sub(self.last);
        let change = step.wrapping_sub(self.step);
        if change == 0 {
            self.steady += 1;
        } else {
            if self.steady > 0 {
                self.times.push(STEADY);
                put_uvarint(&mut self.times, u64::from(self.steady));
                self.steady = 0;
            }
            put_ivarint(&mut self.times, change);
        }
        (self.last, self.step) = (t, step);
        self.n += 1;
        self.push_value(bits);
    }

    fn push_value(&mut self, bits: u64) {
        let mut token = TokenBuffer::default();
        self.stream.push(bits, &mut token);
        self.values.extend_from_slice(token.as_slice());
    }

    fn bytes(&self) -> usize {
        BLOCK_BYTES + self.times.len() + self.values.len()
    }

    /// Tells whether it reaches into a span.
    pub(in crate::head) fn overlaps(&self, range: TimeRange) -> bool {
        self.first <= range.end && range.start <= self.last
    }

    /// Tells whether all of it is before another one.
    pub(in crate::head) fn is_before(&self, other: &Self) -> bool {
        self.last < other.first
    }

    /// Returns what is left of it outside of a span.
    fn without(&self, span: TimeRange) -> Result<Option<Self>, Malformed> {
        let mut decoded = Decoded::default();
        self.decode(&mut decoded)?;
        let mut kept: Option<Self> = None;
        for (t, bits) in decoded.times.into_iter().zip(decoded.bits) {
            match &mut kept {
                _ if span.contains(t) => {}
                Some(block) => block.push(t, bits),
                None => kept = Some(Self::new(t, bits)),
            }
        }
        Ok(kept)
    }

    fn decode_times(&self, out: &mut Vec<Millis>) -> Result<(), Malformed> {
        out.clear();
        let (mut t, mut step) = (self.first, 0);
        out.push(t);
        let mut reader = Reader::new(&self.times);
        let room = |out: &Vec<Millis>| u64::from(self.n).saturating_sub(out.len() as u64);
        let steady = |n: u64, (t, step): (&mut Millis, Millis), out: &mut Vec<Millis>| {
            if n > room(out) {
                return Err(Malformed);
            }
            for _ in 0..n {
                *t = t.wrapping_add(step);
                out.push(*t);
            }
            Ok(())
        };
        while let Some(token) = reader.rest().first() {
            if *token == STEADY {
                reader.u8()?;
                steady(reader.uvarint()?, (&mut t, step), out)?;
            } else {
                step = step.wrapping_add(reader.ivarint()?);
                t = t.wrapping_add(step);
                out.push(t);
            }
        }
        steady(u64::from(self.steady), (&mut t, step), out)?;
        if out.len() == usize::from(self.n) {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// Replaces what is in `out` with the samples.
    pub(crate) fn decode(&self, out: &mut Decoded) -> Result<(), Malformed> {
        self.decode_times(&mut out.times)?;
        out.bits.clear();
        decode_stream(
            (&self.values, self.stream.run),
            usize::from(self.n),
            &mut out.bits,
        )?;
        if out.bits.len() == out.times.len() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// Appends the block to a snapshot.
    pub(in crate::head) fn put(&self, out: &mut Vec<u8>) {
        put_uvarint(out, u64::from(self.n));
        put_ivarint(out, self.first);
        put_uvarint(out, u64::from(self.steady));
        put_uvarint(out, u64::from(self.stream.run));
        for bytes in [&self.times, &self.values] {
            put_uvarint(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
    }

    /// Reads a block of a snapshot.
    fn read(reader: &mut Reader<'_>, decoded: &mut Decoded) -> Result<Self, Malformed> {
        let n = reader.number()?;
        let first = reader.ivarint()?;
        let (steady, run) = (reader.number()?, reader.number()?);
        let mut bytes = || {
            let len = reader.number()?;
            reader.bytes(len).map(<[u8]>::to_vec)
        };
        let mut block = Self {
            first,
            last: first,
            step: 0,
            steady,
            n,
            stream: Stream { last: 0, run },
            times: bytes()?,
            values: bytes()?,
        };
        block.decode(decoded)?;
        if !decoded.times.is_sorted_by(|a, b| a < b) {
            return Err(Malformed);
        }
        block.last = decoded.times.last().copied().unwrap_or(first);
        let before = decoded
            .times
            .len()
            .checked_sub(2)
            .and_then(|at| decoded.times.get(at));
        block.step = before.map_or(0, |before| block.last.wrapping_sub(*before));
        block.stream.last = decoded.bits.last().copied().unwrap_or(0);
        Ok(block)
    }
}

impl History {
    /// Reads what a snapshot has: `n` blocks, beside which there are late samples.
    pub(in crate::head) fn read(
        n: u64,
        late: LateSamples,
        reader: &mut Reader<'_>,
    ) -> Result<Self, Malformed> {
        let mut history = Self {
            blocks: Vec::new(),
            late,
        };
        let mut decoded = Decoded::default();
        for _ in 0..n {
            let block = Block::read(reader, &mut decoded)?;
            history.adopt(block, &decoded);
        }
        Ok(history)
    }

    /// The blocks, in order.
    pub(in crate::head) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// What is beside the blocks.
    pub(in crate::head) fn late(&self) -> &LateSamples {
        &self.late
    }

    /// Tells whether a float comes after all blocks.
    fn is_after(&self, t: Millis) -> bool {
        self.blocks.last().is_none_or(|block| block.last < t)
    }

    /// Adds a sample that is not there; returns by how many bytes the series has grown.
    fn push(&mut self, sample: Sample<'_>) -> usize {
        let Sample { t, bits, .. } = sample;
        if sample.histogram.is_some() || sample.start != 0 || !self.is_after(t) {
            let late = sample.to_late();
            let bytes = late.bytes();
            self.late.insert(t, late);
            return bytes;
        }
        match self.blocks.last_mut() {
            Some(block) if block.n < BLOCK => {
                let before = block.bytes();
                block.push(t, bits);
                if block.n == BLOCK {
                    block.times.shrink_to_fit();
                    block.values.shrink_to_fit();
                }
                block.bytes() - before
            }
            _ => {
                let block = Block::new(t, bits);
                let bytes = block.bytes();
                self.blocks.push(block);
                bytes
            }
        }
    }

    /// Adds a block of a snapshot; its samples were decoded.
    fn adopt(&mut self, block: Block, decoded: &Decoded) {
        if self.is_after(block.first) {
            self.blocks.push(block);
            return;
        }
        // Written while other backfill was on its way to parts.
        for (t, bits) in decoded.times.iter().zip(&decoded.bits) {
            self.late.entry(*t).or_insert(Late::of(*bits));
        }
    }

    fn n(&self) -> usize {
        let blocks = self.blocks.iter().map(|block| usize::from(block.n));
        blocks.sum::<usize>() + self.late.len()
    }

    fn bytes(&self) -> usize {
        let blocks = self.blocks.iter().map(Block::bytes).sum::<usize>();
        blocks + self.late.values().map(Late::bytes).sum::<usize>()
    }

    fn at(&self, t: Millis) -> Option<Stored> {
        if let Some(late) = self.late.get(&t) {
            return Some(late.to_stored());
        }
        if self.is_after(t) {
            return None;
        }
        let at = self.blocks.partition_point(|block| block.last < t);
        let block = self.blocks.get(at).filter(|block| block.first <= t)?;
        let mut decoded = Decoded::default();
        block.decode(&mut decoded).ok()?;
        let at = decoded.times.binary_search(&t).ok()?;
        decoded.bits.get(at).map(|bits| Stored::Float(*bits))
    }

    fn span(&self) -> Option<(Millis, Millis)> {
        let late = (self.late.first_key_value(), self.late.last_key_value());
        let late = late.0.zip(late.1).map(|(first, last)| (*first.0, *last.0));
        let blocks = self.blocks.first().zip(self.blocks.last());
        let blocks = blocks.map(|(first, last)| (first.first, last.last));
        let both = late.into_iter().chain(blocks);
        both.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Returns the time of the first sample after `t`.
    fn first_after(&self, t: Millis) -> Option<Millis> {
        let late = self.late.range((Bound::Excluded(t), Bound::Unbounded)).next();
        let at = self.blocks.partition_point(|block| block.last <= t);
        let block = self.blocks.get(at).and_then(|block| {
            if block.first > t {
                return Some(block.first);
            }
            let mut times = Vec::new();
            block.decode_times(&mut times).ok()?;
            times.get(times.partition_point(|time| *time <= t)).copied()
        });
        late.map(|late| *late.0).into_iter().chain(block).min()
    }

    /// Returns the time of the last sample in a span that is none backwards.
    pub(in crate::head) fn last_in(&self, range: TimeRange) -> Option<Millis> {
        let late = self.late.range(range.start..=range.end).next_back();
        let at = self.blocks.partition_point(|block| block.first <= range.end);
        let block = at
            .checked_sub(1)
            .and_then(|at| self.blocks.get(at))
            .filter(|block| range.start <= block.last)
            .and_then(|block| {
                if block.last <= range.end {
                    return Some(block.last);
                }
                let mut times = Vec::new();
                block.decode_times(&mut times).ok()?;
                let behind = times.partition_point(|time| *time <= range.end);
                let last = behind.checked_sub(1).and_then(|at| times.get(at)).copied();
                last.filter(|last| *last >= range.start)
            });
        late.map(|late| *late.0).into_iter().chain(block).max()
    }

    /// Removes the samples of a span.
    fn remove(&mut self, span: TimeRange) {
        self.late.retain(|t, _| !span.contains(*t));
        let mut kept = Vec::with_capacity(self.blocks.len());
        for block in self.blocks.drain(..) {
            if !block.overlaps(span) {
                kept.push(block);
                continue;
            }
            let rest = block.without(span);
            debug_assert!(rest.is_ok(), "the shard wrote the block");
            kept.extend(rest.ok().flatten());
        }
        self.blocks = kept;
    }
}

impl Past {
    fn push(&mut self, id: u32, sample: Sample<'_>) {
        let before = self.series.len();
        let grown = self.entry(id).push(sample);
        self.bytes += grown + (self.series.len() - before) * SERIES_BYTES;
        self.n += 1;
    }

    fn place(&self, id: u32) -> Option<usize> {
        let place = self.places.get(id as usize).copied();
        place.filter(|place| *place != NONE).map(|place| place as usize)
    }

    /// Returns the backfill of a series.
    pub(in crate::head) fn of(&self, id: u32) -> Option<&History> {
        let (_, history) = self.series.get(self.place(id)?)?;
        Some(history)
    }

    fn entry(&mut self, id: u32) -> &mut History {
        let place = self.place(id).unwrap_or_else(|| {
            if self.places.len() <= id as usize {
                self.places.resize(id as usize + 1, NONE);
            }
            let place = self.series.len();
            self.places[id as usize] = place as u32;
            self.series.push((id, History::default()));
            place
        });
        &mut self.series[place].1
    }

    fn take(&mut self, id: u32) -> Option<History> {
        let place = self.place(id)?;
        self.places[id as usize] = NONE;
        let (_, history) = self.series.swap_remove(place);
        if let Some((moved, _)) = self.series.get(place) {
            self.places[*moved as usize] = place as u32;
        }
        self.n -= history.n();
        self.bytes -= history.bytes() + SERIES_BYTES;
        Some(history)
    }

    fn put(&mut self, id: u32, history: History) {
        self.n += history.n();
        self.bytes += history.bytes() + SERIES_BYTES;
        *self.entry(id) = history;
    }

    /// Removes the samples of a series in a span.
    fn remove(&mut self, id: u32, span: TimeRange) {
        let Some(mut history) = self.take(id) else {
            return;
        };
        history.remove(span);
        if history.n() > 0 {
            self.put(id, history);
        }
    }

    /// Gives series the numbers that stand at their own; those with [`NONE`] are forgotten.
    pub(in crate::head) fn renumber(&mut self, numbers: &[u32]) {
        for (id, history) in std::mem::take(self).series {
            let number = numbers.get(id as usize).copied();
            if let Some(number) = number.filter(|number| *number != NONE) {
                self.put(number, history);
            }
        }
    }

    fn ids(&self) -> impl Iterator<Item = u32> {
        self.series.iter().map(|(id, _)| *id)
    }
}

impl Shard {
    /// Takes a sample of a time that parts hold.
    pub(in crate::head) fn append_backfill(
        &mut self,
        id: u32,
        sample: Sample<'_>,
        terms: &Terms,
    ) -> Result<Taken, Rejection> {
        let last_t = self.series[id as usize].last_t;
        // The window is the series' own. One of which the head knows nothing behind the floor may be sent its history:
        // a day of it takes a while, whatever others have sent meanwhile.
        let oldest = if last_t >= self.floor {
            last_t.saturating_sub(terms.window).max(terms.oldest)
        } else {
            terms.oldest
        };
        if self.holds(id, &sample, oldest)? {
            return Ok(Taken::Repeated);
        }
        self.backfill.push(id, sample);
        Ok(Taken::Backfill)
    }

    /// All backfill; what is being written comes first.
    fn pasts(&self) -> impl Iterator<Item = &Past> {
        self.flushing.iter().chain([&self.backfill])
    }

    /// All backfill, to be changed.
    pub(in crate::head) fn pasts_mut(&mut self) -> impl Iterator<Item = &mut Past> {
        self.flushing.iter_mut().chain([&mut self.backfill])
    }

    /// All backfill of a series, in that order.
    pub(in crate::head) fn histories(&self, id: u32) -> impl Iterator<Item = &History> {
        self.pasts().filter_map(move |past| past.of(id))
    }

    /// Returns the backfill of a series at a time.
    pub(in crate::head) fn backfill_at(&self, id: u32, t: Millis) -> Option<Stored> {
        self.histories(id).find_map(|history| history.at(t))
    }

    /// Tells whether a series has samples that parts of their own will hold.
    pub(crate) fn has_backfill(&self, id: u32) -> bool {
        self.histories(id).next().is_some()
    }

    /// Returns how many samples wait to become parts of their own, and what they take in memory.
    pub(crate) fn backfill(&self) -> (usize, usize) {
        self.pasts()
            .fold((0, 0), |sum, past| (sum.0 + past.n, sum.1 + past.bytes))
    }

    /// Puts all backfill aside to be flushed. It stays visible.
    pub(crate) fn begin_backfill_flush(&mut self) {
        if self.backfill.n > 0 {
            self.flushing.push(std::mem::take(&mut self.backfill));
        }
    }

    /// Returns the series with backfill to be flushed.
    pub(crate) fn flushing_series(&self) -> Vec<u32> {
        let mut ids: Vec<u32> = self.flushing.iter().flat_map(Past::ids).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Returns the series that have backfill.
    pub(in crate::head) fn backfilled_series(&self) -> impl Iterator<Item = u32> {
        self.pasts().flat_map(Past::ids)
    }

    fn flushing_histories(&self) -> impl Iterator<Item = &History> {
        let all = self.flushing.iter().flat_map(|past| &past.series);
        all.map(|(_, history)| history)
    }

    /// Returns the span of the backfill to be flushed.
    pub(crate) fn flushing_span(&self) -> Option<(Millis, Millis)> {
        let spans = self.flushing_histories().filter_map(History::span);
        spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Returns the time of the first sample after `t` among the backfill to be flushed.
    pub(crate) fn first_flushing_after(&self, t: Millis) -> Option<Millis> {
        self.flushing_histories()
            .filter_map(|history| history.first_after(t))
            .min()
    }

    /// Returns the backfill of a series that is to be flushed.
    pub(in crate::head) fn flushing_of(&self, id: u32) -> impl Iterator<Item = &History> {
        self.flushing.iter().filter_map(move |past| past.of(id))
    }

    /// Forgets the backfill that was put aside: a published part holds it.
    pub(crate) fn end_backfill_flush(&mut self) {
        self.flushing = Vec::new();
        self.shown.backfills += 1;
    }

    /// Forgets all backfill: parts hold it.
    pub(crate) fn forget_backfill(&mut self) {
        self.backfill = Past::default();
        self.flushing = Vec::new();
    }

    /// Removes the backfill of a series in a span.
    pub(in crate::head) fn remove_backfill(&mut self, id: u32, span: TimeRange) {
        self.pasts_mut().for_each(|past| past.remove(id, span));
    }

    /// Adds what a snapshot has of a series.
    pub(in crate::head) fn restore_backfill(&mut self, id: u32, history: History) {
        self.backfill.put(id, history);
    }
}
