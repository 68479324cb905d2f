//! Growth of counters and gauges: `rate`, `increase`, `delta`, `irate`, `idelta`, `resets`, `changes`.

use model::Millis;

use crate::eval::window::notes::Notes;
use crate::eval::window::start::{self, Point};
use crate::eval::window::{Kernel, Samples, Window};

/// What kind of growth is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Growth {
    /// Per second of the range, with resets.
    Rate { seconds: f64 },
    /// Over the range, with resets.
    Increase,
    /// Over the range, of a gauge.
    Delta,
}

/// How many samples are asked together whether there is a reset among them.
const BLOCK: usize = 64;

impl Growth {
    /// Tells whether values that fall mean a new start.
    pub(super) fn is_of_counter(self) -> bool {
        self != Self::Delta
    }
}

/// Difference between the last and first sample of a window, plus what resets hid, extrapolated to the ends of
/// the window where samples come near them. Source: Prometheus documentation of `rate` and its `extrapolatedRate`.
pub(super) struct Extrapolated {
    growth: Growth,
    /// Indices of samples below their predecessor, or with a later beginning.
    resets: Vec<usize>,
    /// First reset that may lie in the current window.
    next: usize,
    /// Indices of samples whose beginning lies before their predecessor.
    overlaps: Vec<usize>,
    /// At how many steps there was one.
    overlapping_steps: usize,
}

impl Extrapolated {
    pub(super) fn new(growth: Growth) -> Self {
        Self {
            growth,
            resets: Vec::new(),
            next: 0,
            overlaps: Vec::new(),
            overlapping_steps: 0,
        }
    }

    /// Finds resets where samples say when their counting began.
    fn begin_with_starts(&mut self, samples: Samples<'_>) {
        for idx in 1..samples.values.len() {
            let (before, after) = (Point::of(samples, idx - 1), Point::of(samples, idx));
            if samples.values[idx] < samples.values[idx - 1] || start::is_reset(before, after) {
                self.resets.push(idx);
            }
            if start::overlaps(before, after.start) {
                self.overlaps.push(idx);
            }
        }
    }

    /// Returns the kind of growth.
    pub(super) fn growth(&self) -> Growth {
        self.growth
    }

    /// Returns the growth between the first and last sample of a window, with what resets hid.
    fn sampled(&mut self, window: &Window<'_>) -> f64 {
        let (first, last) = (window.from, window.to - 1);
        if self.overlaps.iter().any(|idx| *idx > first && *idx <= last) {
            self.overlapping_steps += 1;
        }
        self.between(window.samples.values, (first, last))
    }

    /// Returns the growth between two samples, with what resets hid. The first one never goes back.
    #[inline]
    pub(super) fn between(&mut self, values: &[f64], (first, last): (usize, usize)) -> f64 {
        let mut growth = values[last] - values[first];
        if self.resets.is_empty() {
            return growth;
        }
        while self.resets.get(self.next).is_some_and(|reset| *reset <= first) {
            self.next += 1;
        }
        for reset in self
            .resets
            .iter()
            .skip(self.next)
            .take_while(|reset| **reset <= last)
        {
            growth += values[reset - 1];
        }
        growth
    }
}

impl Kernel for Extrapolated {
    fn begin(&mut self, samples: Samples<'_>) {
        self.resets.clear();
        self.next = 0;
        self.overlaps.clear();
        self.overlapping_steps = 0;
        if !self.growth.is_of_counter() {
            return;
        }
        if !samples.starts.is_empty() {
            return self.begin_with_starts(samples);
        }
        // Resets are rare: blocks are first asked as a whole, which the compiler does many samples at a time.
        let values = samples.values;
        for from in (1..values.len()).step_by(BLOCK) {
            let to = values.len().min(from + BLOCK);
            let (before, after) = (&values[from - 1..to - 1], &values[from..to]);
            let falls = before
                .iter()
                .zip(after)
                .fold(0_u32, |n, (before, after)| n + u32::from(after < before));
            if falls > 0 {
                self.resets
                    .extend((from..to).filter(|i| values[*i] < values[i - 1]));
            }
        }
    }

    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        let values = window.samples.values;
        let (first, last) = (window.from, window.to - 1);
        let zero = if self.growth.is_of_counter() && !window.samples.starts.is_empty() {
            start::zero_within(window.start, Point::of(window.samples, first))
        } else {
            None
        };
        if window.len() < 2 && zero.is_none() {
            return None;
        }
        let mut growth = self.sampled(window);
        let mut extent = Extent::new(window.timestamps(), (window.start, window.end));
        if let Some(zero) = zero {
            growth += values[first];
            extent.begin_at(zero);
        } else {
            extent.limit_start();
            // A value that is larger than the growth is more than the sampled time from zero, which is out of
            // reach.
            if self.growth.is_of_counter()
                && growth > 0.0
                && values[first] >= 0.0
                && (values[first] < growth || last == first + 1)
            {
                extent.limit_to_zero(values[first] / growth);
            }
        }
        Some(growth * extent.factor(self.growth))
    }

    fn end(&mut self, notes: &mut Notes) {
        notes.overlaps += self.overlapping_steps;
    }
}

/// How far samples reach in a range, in seconds, and how far they are to be thought to.
pub(super) struct Extent {
    sampled: f64,
    last: Millis,
    to_start: f64,
    to_end: f64,
    average: f64,
    threshold: f64,
}

impl Extent {
    /// Measures samples, at least one, in a range.
    pub(super) fn new(timestamps: &[Millis], (start, end): (Millis, Millis)) -> Self {
        let (first, last) = match timestamps {
            [first, .., last] => (*first, *last),
            [only] => (*only, *only),
            [] => (start, end),
        };
        let sampled = (last - first) as f64 / 1000.0;
        let gaps = timestamps.len().saturating_sub(1);
        let average = if gaps > 0 { sampled / gaps as f64 } else { 0.0 };
        Self {
            sampled,
            last,
            to_start: (first - start) as f64 / 1000.0,
            to_end: (end - last) as f64 / 1000.0,
            average,
            threshold: average * 1.1,
        }
    }

    /// There is a zero at a time before the first sample.
    pub(super) fn begin_at(&mut self, zero: Millis) {
        self.to_start = 0.0;
        self.sampled = (self.last - zero) as f64 / 1000.0;
    }

    /// A series whose first sample is overdue begins within the range, half an interval away.
    pub(super) fn limit_start(&mut self) {
        if self.to_start >= self.threshold {
            self.to_start = self.average / 2.0;
        }
    }

    /// A counter began at zero, so it cannot have begun earlier than its slope allows. `first` is its first value
    /// as a share of its growth.
    pub(super) fn limit_to_zero(&mut self, first: f64) {
        let to_zero = self.sampled * first;
        if to_zero < self.to_start {
            self.to_start = to_zero;
        }
    }

    /// Returns what growth between samples is to be multiplied with.
    pub(super) fn factor(mut self, growth: Growth) -> f64 {
        if self.to_end >= self.threshold {
            self.to_end = self.average / 2.0;
        }
        let mut factor = 1.0;
        if self.sampled != 0.0 {
            factor = (self.sampled + self.to_start + self.to_end) / self.sampled;
        }
        if let Growth::Rate { seconds } = growth {
            factor /= seconds;
        }
        factor
    }
}

/// Counts pairs of neighbours for which something holds.
pub(super) struct Events<F> {
    holds: F,
    /// For each sample, the number of events up to it and its predecessor.
    counts: Vec<u32>,
}

impl<F: Fn(Samples<'_>, usize) -> bool> Events<F> {
    pub(super) fn new(holds: F) -> Self {
        Self {
            holds,
            counts: Vec::new(),
        }
    }
}

impl<F: Fn(Samples<'_>, usize) -> bool> Kernel for Events<F> {
    fn begin(&mut self, samples: Samples<'_>) {
        self.counts.clear();
        self.counts.push(0);
        let mut count = 0;
        for idx in 1..samples.values.len() {
            count += u32::from((self.holds)(samples, idx));
            self.counts.push(count);
        }
    }

    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        Some(f64::from(self.counts[window.to - 1] - self.counts[window.from]))
    }
}

/// Tells whether a counter started again between a sample and the one before it.
pub(super) fn resets_at(samples: Samples<'_>, idx: usize) -> bool {
    let fell = samples.values[idx] < samples.values[idx - 1];
    fell || (!samples.starts.is_empty()
        && start::is_reset(Point::of(samples, idx - 1), Point::of(samples, idx)))
}

/// Tells whether a sample differs from the one before it.
pub(super) fn changes_at(samples: Samples<'_>, idx: usize) -> bool {
    is_change(samples.values[idx - 1], samples.values[idx])
}

pub(super) fn is_change(before: f64, after: f64) -> bool {
    after != before && !(after.is_nan() && before.is_nan())
}

/// Growth per second between the last two samples.
pub(super) fn irate(window: &Window<'_>) -> Option<f64> {
    let (before, after, seconds) = last_two(window)?;
    let reset = resets_at(window.samples, window.to - 1);
    let growth = if reset { after } else { after - before };
    Some(growth / seconds)
}

/// Difference between the last two samples.
pub(super) fn idelta(window: &Window<'_>) -> Option<f64> {
    last_two(window).map(|(before, after, _)| after - before)
}

fn last_two(window: &Window<'_>) -> Option<(f64, f64, f64)> {
    let ([.., t0, t1], [.., before, after]) = (window.timestamps(), window.values()) else {
        return None;
    };
    (t1 != t0).then(|| (*before, *after, (t1 - t0) as f64 / 1000.0))
}
