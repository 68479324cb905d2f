//! Growth of counters and gauges: `rate`, `increase`, `delta`, `irate`, `idelta`, `resets`, `changes`.

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
    /// Indices of samples below their predecessor.
    resets: Vec<usize>,
    /// First reset that may lie in the current window.
    next: usize,
}

impl Extrapolated {
    pub(super) fn new(growth: Growth) -> Self {
        Self {
            growth,
            resets: Vec::new(),
            next: 0,
        }
    }
}

impl Kernel for Extrapolated {
    fn begin(&mut self, samples: Samples<'_>) {
        self.resets.clear();
        self.next = 0;
        if !self.growth.is_of_counter() {
            return;
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
        if window.len() < 2 {
            return None;
        }
        let Samples { timestamps, values } = window.samples;
        let (first, last) = (window.from, window.to - 1);
        let mut growth = values[last] - values[first];
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
        let sampled = (timestamps[last] - timestamps[first]) as f64 / 1000.0;
        let mut to_start = (timestamps[first] - window.start) as f64 / 1000.0;
        let mut to_end = (window.end - timestamps[last]) as f64 / 1000.0;
        let average = sampled / (window.len() - 1) as f64;
        // A series whose next sample is overdue begins or ends within the window, half an interval away.
        let threshold = average * 1.1;
        if to_start >= threshold {
            to_start = average / 2.0;
        }
        if self.growth.is_of_counter()
            && growth > 0.0
            && values[first] >= 0.0
            && (values[first] < growth || window.len() == 2)
        {
            // A counter began at zero, so it cannot have begun earlier than its slope allows. A value that is
            // larger than the growth is more than the sampled time from zero, which is out of reach.
            let to_zero = sampled * (values[first] / growth);
            if to_zero < to_start {
                to_start = to_zero;
            }
        }
        if to_end >= threshold {
            to_end = average / 2.0;
        }
        let mut factor = 1.0;
        if sampled != 0.0 {
            factor = (sampled + to_start + to_end) / sampled;
        }
        if let Growth::Rate { seconds } = self.growth {
            factor /= seconds;
        }
        Some(growth * factor)
    }
}

/// Counts pairs of neighbours for which something holds.
pub(super) struct Events<F> {
    holds: F,
    /// For each sample, the number of events up to it and its predecessor.
    counts: Vec<u32>,
}

impl<F: Fn(f64, f64) -> bool> Events<F> {
    pub(super) fn new(holds: F) -> Self {
        Self {
            holds,
            counts: Vec::new(),
        }
    }
}

impl<F: Fn(f64, f64) -> bool> Kernel for Events<F> {
    fn begin(&mut self, samples: Samples<'_>) {
        self.counts.clear();
        self.counts.push(0);
        let mut count = 0;
        for pair in samples.values.windows(2) {
            count += u32::from((self.holds)(pair[0], pair[1]));
            self.counts.push(count);
        }
    }

    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        Some(f64::from(self.counts[window.to - 1] - self.counts[window.from]))
    }
}

pub(super) fn is_reset(before: f64, after: f64) -> bool {
    after < before
}

pub(super) fn is_change(before: f64, after: f64) -> bool {
    after != before && !(after.is_nan() && before.is_nan())
}

/// Growth per second between the last two samples.
pub(super) fn irate(window: &Window<'_>) -> Option<f64> {
    let (before, after, seconds) = last_two(window)?;
    let growth = if after < before { after } else { after - before };
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
