//! `rate`, `increase` and `delta` of many steps at a time.
//!
//! [`Extrapolated`] says what they are. What it computes from window to window is here computed from columns, one
//! number a step for the steps of a word of presence, so that the compiler makes several of them with one
//! instruction. Operations are the same in the same order, and so are results, to the last bit.

use crate::eval::window::counter::{Extrapolated, Growth};
use crate::eval::window::{Kernel as _, Output, Samples, SeriesKernel, Windows, after};

/// Steps of a word of presence.
const LANES: usize = 64;

/// Computes growth; samples that say when their counting began go to [`Extrapolated`] one window at a time.
pub(super) struct Extrapolation(Extrapolated);

impl Extrapolation {
    pub(super) fn new(growth: Growth) -> Self {
        Self(Extrapolated::new(growth))
    }
}

/// What a window of at least two samples is, by step. Of other steps it is something that does no harm.
struct Columns {
    /// Milliseconds from the first to the last sample.
    sampled: [f64; LANES],
    /// Milliseconds from the start of the range to the first sample.
    to_start: [f64; LANES],
    /// Milliseconds from the last sample to the end of the range.
    to_end: [f64; LANES],
    gaps: [f64; LANES],
    first: [f64; LANES],
    growth: [f64; LANES],
}

impl Columns {
    fn new() -> Self {
        Self {
            sampled: [1.0; LANES],
            to_start: [0.0; LANES],
            to_end: [0.0; LANES],
            gaps: [1.0; LANES],
            first: [0.0; LANES],
            growth: [0.0; LANES],
        }
    }

    /// Computes the growth of each step, as [`crate::eval::window::counter::Extent`] does for one.
    fn extrapolate<const COUNTER: bool>(&self, divisor: f64, values: &mut [f64]) {
        for (lane, value) in values.iter_mut().enumerate().take(LANES) {
            let (first, growth) = (self.first[lane], self.growth[lane]);
            let sampled = self.sampled[lane] / 1000.0;
            let average = sampled / self.gaps[lane];
            let (threshold, half) = (average * 1.1, average / 2.0);
            let to_start = self.to_start[lane] / 1000.0;
            let mut to_start = if to_start >= threshold { half } else { to_start };
            if COUNTER {
                let to_zero = sampled * (first / growth);
                let limits = (growth > 0.0) & (first >= 0.0) & (to_zero < to_start);
                to_start = if limits { to_zero } else { to_start };
            }
            let to_end = self.to_end[lane] / 1000.0;
            let to_end = if to_end >= threshold { half } else { to_end };
            *value = growth * ((sampled + to_start + to_end) / sampled / divisor);
        }
    }
}

impl SeriesKernel for Extrapolation {
    fn run(&mut self, samples: Samples<'_>, windows: &Windows, out: &mut Output) {
        if !samples.starts.is_empty() {
            return self.0.run(samples, windows, out);
        }
        self.0.begin(samples);
        let (divisor, counter) = match self.0.growth() {
            Growth::Rate { seconds } => (seconds, true),
            Growth::Increase => (1.0, true),
            Growth::Delta => (1.0, false),
        };
        let mut columns = Columns::new();
        let (timestamps, values) = (samples.timestamps, samples.values);
        let mut times = windows.steps.times();
        let (mut from, mut to) = (0, 0);
        let (mut from_step, mut to_step) = (0, 0);
        for (word, row) in out.present.iter_mut().zip(out.values.chunks_mut(LANES)) {
            let mut present = 0_u64;
            for (lane, time) in (0..row.len()).zip(&mut times) {
                let end = windows.at.unwrap_or(time).saturating_sub(windows.offset);
                let start = end.saturating_sub(windows.range);
                let (before_from, before_to) = (from, to);
                to = after(timestamps, (to, to_step), end);
                from = after(timestamps, (from, from_step), start).min(to);
                (from_step, to_step) = (from - before_from, to - before_to);
                if to - from < 2 {
                    continue;
                }
                let last = to - 1;
                present |= 1 << lane;
                columns.sampled[lane] = (timestamps[last] - timestamps[from]) as f64;
                columns.to_start[lane] = (timestamps[from] - start) as f64;
                columns.to_end[lane] = (end - timestamps[last]) as f64;
                columns.gaps[lane] = (last - from) as f64;
                columns.first[lane] = values[from];
                columns.growth[lane] = self.0.between(values, (from, last));
            }
            if present == 0 {
                continue;
            }
            if counter {
                columns.extrapolate::<true>(divisor, row);
            } else {
                columns.extrapolate::<false>(divisor, row);
            }
            *word |= present;
        }
    }
}
