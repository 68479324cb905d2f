//! Copying samples out of a shard.
//!
//! Under the shard's lock only bytes are copied; decoding comes after the lock is released.

use model::{Millis, SampleBuffer, TimeRange};

use super::Shard;
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
    late: Vec<(Millis, u64)>,
}

impl Shard {
    /// Copies the chunks of a series that may have samples in `range` and are shown. Replaces what is in `out`.
    pub(crate) fn copy_samples(&self, id: u32, range: TimeRange, out: &mut HeadSamples) {
        out.times.clear();
        out.bytes.clear();
        out.pieces.clear();
        out.late.clear();
        let Some(series) = self.series.get(id as usize) else {
            return;
        };
        let start = range.start.max(self.shown_from);
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
        if let Some(late) = self.late.get(&id) {
            let wanted = |t: Millis| start <= t && t <= range.end;
            out.late.extend(late.iter().filter(|sample| wanted(sample.0)));
        }
    }

    fn copy_times(&self, timeline: u32, (start, n): (u32, usize), out: &mut HeadSamples) {
        if let Some(Some(timeline)) = self.timelines.get(timeline as usize) {
            timeline.copy(start, n, &mut out.times);
        }
    }

    /// Returns the value that a series has at a time, late samples aside.
    pub(super) fn value_at(&self, id: u32, t: Millis) -> Option<u64> {
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
        timeline.copy(series.start, usize::from(series.n), &mut times);
        let index = times.binary_search(&t).ok()?;
        let mut values = Vec::new();
        let stream = self.slab.bytes(series.slot, usize::from(series.len));
        decode_stream(stream, series.run, &mut values).ok()?;
        values.get(index).copied()
    }

    /// Returns the time from which samples that were copied may be shown.
    pub(crate) fn clip(&self, range: TimeRange) -> TimeRange {
        TimeRange {
            start: range.start.max(self.shown_from),
            end: range.end,
        }
    }
}

impl HeadSamples {
    /// Appends the samples in `range`, ascending, to `out`.
    pub(crate) fn decode(&self, range: TimeRange, out: &mut SampleBuffer) -> Result<(), Malformed> {
        let mut values = Vec::with_capacity(self.times.len());
        let mut bits = Vec::new();
        let mut reader = Reader::new(&self.bytes);
        for piece in &self.pieces {
            let bytes = reader.bytes(piece.bytes)?;
            match piece.form {
                Form::Sealed => decode_floats(bytes, piece.n, &mut values)?,
                Form::Open { run } => {
                    bits.clear();
                    decode_stream(bytes, run, &mut bits)?;
                    values.extend(bits.iter().map(|b| f64::from_bits(*b)));
                }
            }
        }
        if values.len() != self.times.len() {
            return Err(Malformed);
        }
        let mut late = self.late.iter().peekable();
        for (t, value) in self
            .times
            .iter()
            .zip(&values)
            .filter(|(t, _)| range.contains(**t))
        {
            while let Some((late_t, late_bits)) = late.next_if(|sample| sample.0 < *t) {
                out.push(*late_t, f64::from_bits(*late_bits));
            }
            out.push(*t, *value);
        }
        for (t, late_bits) in late {
            out.push(*t, f64::from_bits(*late_bits));
        }
        Ok(())
    }
}
