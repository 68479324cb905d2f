//! Copying samples out of a shard.
//!
//! Under the shard's lock only bytes are copied; decoding comes after the lock is released.

use model::{Histogram, METRIC_NAME, Millis, SampleBuffer, TimeRange};

use super::Shard;
use super::histograms::Run;
use super::late::past::{Block, Decoded, History};
use super::late::{Late, LateSamples, Stored};
use super::series::NONE;
use crate::bytes::{Malformed, Reader};
use crate::chunk::{decode_floats, decode_stream};

enum Form {
    Sealed,
    Open { run: u16 },
}

struct Piece {
    n: usize,
    bytes: usize,
    form: Form,
}

/// Samples of one series as copied from a shard.
#[derive(Default)]
pub(crate) struct HeadSamples {
    times: Vec<Millis>,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    late: Vec<(Millis, Late)>,
    /// With the span that is wanted of each.
    past: Vec<(Block, TimeRange)>,
    runs: Vec<Run>,
    starts: Vec<(Millis, Millis)>,
    hidden: Vec<TimeRange>,
}

impl Shard {
    /// Copies the chunks of a series that may have samples in `range` and are shown. Replaces what is in `out`.
    pub(crate) fn copy_samples(&self, id: u32, range: TimeRange, out: &mut HeadSamples) {
        out.clear();
        let Some(series) = self.series.get(id as usize) else {
            return;
        };
        let start = range.start.max(self.shown.from);
        if series.last_t < start {
            return;
        }
        let mut at = series.first_sealed;
        while let Some(chunk) = self.sealed.get(at as usize) {
            if chunk.max_t >= start && chunk.min_t <= range.end {
                self.copy_times(chunk.timeline, (chunk.start, usize::from(chunk.n)), out);
                out.bytes.extend_from_slice(&chunk.values);
                let (n, bytes) = (usize::from(chunk.n), chunk.values.len());
                out.pieces.push(Piece {
                    n,
                    bytes,
                    form: Form::Sealed,
                });
            }
            at = chunk.next;
        }
        if series.n > 0 {
            let (n, bytes) = (usize::from(series.n), usize::from(series.len));
            self.copy_times(series.timeline, (series.start, n), out);
            out.bytes.extend_from_slice(self.slab.bytes(series.slot, bytes));
            out.pieces.push(Piece {
                n,
                bytes,
                form: Form::Open { run: series.run },
            });
        }
        if series.has_side
            && let Some(side) = self.sides.get(&id)
        {
            out.add_late(&side.late, TimeRange { start, ..range });
            let wanted = |run: &&Run| run.last_t >= start && run.first_t <= range.end;
            out.runs
                .extend(side.histograms.runs.iter().filter(wanted).cloned());
            out.starts.extend_from_slice(&side.starts);
            out.hidden.extend_from_slice(&side.hidden);
        }
    }

    /// Adds the backfill of a series in `range` to what was copied.
    pub(crate) fn copy_backfill(&self, id: u32, range: TimeRange, out: &mut HeadSamples) {
        for history in self.histories(id) {
            out.add_past(history, range);
        }
    }

    /// Copies the backfill of a series that is being flushed. Replaces what is in `out`.
    pub(crate) fn copy_flushing(&self, id: u32, range: TimeRange, out: &mut HeadSamples) {
        out.clear();
        for history in self.flushing_of(id) {
            out.add_past(history, range);
        }
    }

    /// Tells whether a series of a metric may have histograms.
    pub(crate) fn may_have_histograms(&self, metric: &str) -> bool {
        let Some(postings) = self.symbols.postings(METRIC_NAME, metric) else {
            return false;
        };
        let has_late = |samples: &LateSamples| samples.values().any(|late| late.histogram.is_some());
        postings.iter().any(|id| {
            let Some(series) = self.series.get(id as usize) else {
                return false;
            };
            let side = series.has_side.then(|| self.sides.get(&id)).flatten();
            series.is_histogram
                || side.is_some_and(|side| !side.histograms.runs.is_empty() || has_late(&side.late))
                || self.histories(id).any(|history| has_late(history.late()))
        })
    }

    fn copy_times(&self, timeline: u32, (start, n): (u32, usize), out: &mut HeadSamples) {
        if let Some(Some(timeline)) = self.timelines.get(timeline as usize) {
            timeline.copy(start, n, &mut out.times);
        }
    }

    /// Returns the sample that a series has at a time, those out of order aside.
    pub(super) fn stored_in_order(&self, id: u32, t: Millis) -> Option<Stored> {
        let series = self.series.get(id as usize)?;
        // Of a series that is sent its history, the usual case.
        if series.last_t < t {
            return None;
        }
        let side = series.has_side.then(|| self.sides.get(&id)).flatten();
        let histogram = side.and_then(|side| side.histograms.at(t));
        match histogram {
            Some(histogram) => Some(Stored::Histogram(Box::new(histogram))),
            None => self.value_at(id, t).map(Stored::Float),
        }
    }

    fn value_at(&self, id: u32, t: Millis) -> Option<u64> {
        let series = self.series.get(id as usize)?;
        let mut at = series.first_sealed;
        let mut times = Vec::new();
        while at != NONE {
            let chunk = self.sealed.get(at as usize)?;
            if chunk.min_t <= t && t <= chunk.max_t {
                self.timelines.get(chunk.timeline as usize)?.as_ref()?.copy(
                    chunk.start,
                    usize::from(chunk.n),
                    &mut times,
                );
                let index = times.binary_search(&t).ok()?;
                let mut values = Vec::new();
                decode_floats(&chunk.values, usize::from(chunk.n), &mut values).ok()?;
                return values.get(index).map(|v| v.to_bits());
            }
            at = chunk.next;
        }
        let timeline = self.timelines.get(series.timeline as usize)?.as_ref()?;
        // History is asked for sample by sample: it is before all that is open.
        if series.n == 0 || timeline.lower_bound(series.start).is_some_and(|first| t < first) {
            return None;
        }
        timeline.copy(series.start, usize::from(series.n), &mut times);
        let index = times.binary_search(&t).ok()?;
        let mut values = Vec::new();
        let stream = self.slab.bytes(series.slot, usize::from(series.len));
        decode_stream((stream, series.run), usize::from(series.n), &mut values).ok()?;
        values.get(index).copied()
    }

    /// Returns the time from which samples that were copied may be shown.
    pub(crate) fn clip(&self, range: TimeRange) -> TimeRange {
        TimeRange {
            start: range.start.max(self.shown.from),
            end: range.end,
        }
    }
}

impl HeadSamples {
    /// Forgets what was copied, keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.times.clear();
        self.bytes.clear();
        self.pieces.clear();
        self.late.clear();
        self.past.clear();
        self.runs.clear();
        self.starts.clear();
        self.hidden.clear();
    }

    /// Tells whether there are floats in order only.
    fn is_plain(&self) -> bool {
        let only_floats = self.late.is_empty() && self.past.is_empty() && self.runs.is_empty();
        only_floats && self.starts.is_empty() && self.hidden.is_empty()
    }

    /// Tells whether all samples in `range` are after a time, as far as that is known without decoding them.
    pub(crate) fn are_after(&self, last: Option<Millis>, range: TimeRange) -> bool {
        let from = self.times.partition_point(|t| *t < range.start);
        let first = self.times.get(from);
        self.is_plain() && (last.is_none() || first.is_none_or(|first| last < Some(*first)))
    }

    /// Appends the values of all times to `out`.
    fn decode_values(&self, out: &mut Vec<f64>) -> Result<(), Malformed> {
        let kept = out.len();
        let mut bits = Vec::new();
        let mut reader = Reader::new(&self.bytes);
        for piece in &self.pieces {
            let bytes = reader.bytes(piece.bytes)?;
            match piece.form {
                Form::Sealed => decode_floats(bytes, piece.n, out)?,
                Form::Open { run } => {
                    bits.clear();
                    decode_stream((bytes, run), piece.n, &mut bits)?;
                    out.extend(bits.iter().map(|b| f64::from_bits(*b)));
                }
            }
        }
        if out.len() - kept == self.times.len() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// Appends the floats in `range` to `out`.
    fn decode_plain(&self, range: TimeRange, out: &mut SampleBuffer) -> Result<(), Malformed> {
        let kept = out.values.len();
        if let Err(error) = self.decode_values(&mut out.values) {
            out.values.truncate(kept);
            return Err(error);
        }
        let from = self.times.partition_point(|t| *t < range.start);
        let to = self.times.partition_point(|t| *t <= range.end).max(from);
        out.values.truncate(kept + to);
        out.values.drain(kept..kept + from);
        out.timestamps
            .extend_from_slice(self.times.get(from..to).unwrap_or_default());
        if !out.starts.is_empty() {
            out.starts.resize(out.timestamps.len(), 0);
        }
        Ok(())
    }

    /// Appends the samples in `range`, ascending, to `out`.
    pub(crate) fn decode(&self, range: TimeRange, out: &mut SampleBuffer) -> Result<(), Malformed> {
        if self.is_plain() {
            return self.decode_plain(range, out);
        }
        if self.is_past_in_order() {
            return self.decode_past(|t, bits| out.push(t, f64::from_bits(bits)));
        }
        let mut values = Vec::with_capacity(self.times.len());
        self.decode_values(&mut values)?;
        let from = self.times.partition_point(|t| *t < range.start);
        let to = self.times.partition_point(|t| *t <= range.end).max(from);
        let times = self.times.get(from..to).unwrap_or_default();
        let values = values.get(from..to).unwrap_or_default();
        let mut rows: Vec<Row> = times
            .iter()
            .zip(values)
            .map(|(t, value)| (*t, self.start_at(*t), Cell::Float(*value)))
            .collect();
        for run in &self.runs {
            run.decode(|t, histogram| {
                if range.contains(t) {
                    rows.push((t, self.start_at(t), Cell::Histogram(histogram)));
                }
            })?;
        }
        rows.retain(|row| !self.hidden.iter().any(|span| span.contains(row.0)));
        for (t, late) in &self.late {
            let cell = match &late.histogram {
                Some(histogram) => Cell::Histogram((**histogram).clone()),
                None => Cell::Float(f64::from_bits(late.bits)),
            };
            rows.push((*t, late.start, cell));
        }
        self.decode_past(|t, bits| {
            rows.push((t, 0, Cell::Float(f64::from_bits(bits))));
        })?;
        // What came in order stands first and stays where a time occurs twice.
        rows.sort_by_key(|row| row.0);
        rows.dedup_by_key(|row| row.0);
        for (t, start, cell) in rows {
            match cell {
                Cell::Float(value) => out.push(t, value),
                Cell::Histogram(histogram) => out.push_histogram(t, histogram),
            }
            out.set_start(start);
        }
        Ok(())
    }

    /// Tells whether there is nothing but backfill in order.
    fn is_past_in_order(&self) -> bool {
        let alone = self.pieces.is_empty() && self.late.is_empty() && self.runs.is_empty();
        alone && self.past.is_sorted_by(|a, b| a.0.is_before(&b.0))
    }

    /// Calls `each` with time and bits of the backfill, those samples aside that came out of order.
    fn decode_past(&self, mut each: impl FnMut(Millis, u64)) -> Result<(), Malformed> {
        let mut decoded = Decoded::default();
        for (block, range) in &self.past {
            block.decode(&mut decoded)?;
            for (t, bits) in decoded.times.iter().zip(&decoded.bits) {
                if range.contains(*t) {
                    each(*t, *bits);
                }
            }
        }
        Ok(())
    }

    /// Returns the start of a sample in order.
    fn start_at(&self, t: Millis) -> Millis {
        let at = self.starts.partition_point(|change| change.0 <= t);
        at.checked_sub(1)
            .and_then(|at| self.starts.get(at))
            .map_or(0, |change| change.1)
    }

    fn add_past(&mut self, history: &History, range: TimeRange) {
        let blocks = history.blocks().iter().filter(|block| block.overlaps(range));
        self.past.extend(blocks.map(|block| (block.clone(), range)));
        self.add_late(history.late(), range);
    }

    fn add_late(&mut self, samples: &LateSamples, range: TimeRange) {
        if range.start <= range.end {
            let wanted = samples.range(range.start..=range.end);
            self.late.extend(wanted.map(|(t, late)| (*t, late.clone())));
        }
    }
}

type Row = (Millis, Millis, Cell);

enum Cell {
    Float(f64),
    Histogram(Histogram),
}
