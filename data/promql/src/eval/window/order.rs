//! Order statistics over windows: `min_over_time`, `max_over_time`, `quantile_over_time`, `mad_over_time`.

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::eval::window::{Kernel, Samples, Window};
use crate::math::{compare_nan_first, quantile_of_sorted};

/// Which end is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Min,
    Max,
}

/// Smallest or largest value of each window, NaN only if there is nothing else. A queue holds the samples that
/// can still become the extreme: each is more extreme than all behind it.
pub(super) struct Extreme {
    direction: Direction,
    queue: VecDeque<usize>,
    seen: usize,
}

impl Extreme {
    pub(super) fn new(direction: Direction) -> Self {
        Self {
            direction,
            queue: VecDeque::new(),
            seen: 0,
        }
    }
}

impl Kernel for Extreme {
    fn begin(&mut self, _samples: Samples<'_>) {
        self.queue.clear();
        self.seen = 0;
    }

    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        let values = window.samples.values;
        for i in self.seen.max(window.from)..window.to {
            let value = values[i];
            if value.is_nan() {
                continue;
            }
            let beats = |other: f64| match self.direction {
                Direction::Min => value < other,
                Direction::Max => value > other,
            };
            while self.queue.back().is_some_and(|back| beats(values[*back])) {
                self.queue.pop_back();
            }
            self.queue.push_back(i);
        }
        self.seen = window.to;
        while self.queue.front().is_some_and(|front| *front < window.from) {
            self.queue.pop_front();
        }
        Some(self.queue.front().map_or(f64::NAN, |front| values[*front]))
    }
}

/// Returns the time of the last sample that is at least as extreme as all before it.
pub(super) fn time_of(window: &Window<'_>, replaces: impl Fn(f64, f64) -> bool) -> Option<f64> {
    let mut samples = window.timestamps().iter().zip(window.values());
    let (mut time, mut best) = samples.next()?;
    for (t, value) in samples {
        if replaces(*value, *best) || best.is_nan() {
            (time, best) = (t, value);
        }
    }
    Some(*time as f64 / 1000.0)
}

/// Quantiles of windows, over values kept sorted from one window to the next.
pub(super) struct Quantile {
    /// One a step.
    q: Vec<f64>,
    sorted: Vec<f64>,
    from: usize,
    to: usize,
}

impl Quantile {
    pub(super) fn new(q: Vec<f64>) -> Self {
        Self {
            q,
            sorted: Vec::new(),
            from: 0,
            to: 0,
        }
    }

    fn slide(&mut self, window: &Window<'_>) {
        let values = window.samples.values;
        if window.from >= self.to {
            self.sorted.clear();
            self.from = window.from;
            self.to = window.from;
        }
        for value in &values[self.from..window.from] {
            let at = self
                .sorted
                .partition_point(|v| compare_nan_first(v, value) == Ordering::Less);
            self.sorted.remove(at);
        }
        for value in &values[self.to..window.to] {
            let at = self
                .sorted
                .partition_point(|v| compare_nan_first(v, value) == Ordering::Less);
            self.sorted.insert(at, *value);
        }
        self.from = window.from;
        self.to = window.to;
    }
}

impl Kernel for Quantile {
    fn begin(&mut self, _samples: Samples<'_>) {
        self.sorted.clear();
        self.from = 0;
        self.to = 0;
    }

    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        self.slide(window);
        Some(quantile_of_sorted(
            self.q.get(window.step).copied().unwrap_or(f64::NAN),
            &self.sorted,
        ))
    }
}

/// Median of the distances to the median; NaN if any value is.
#[derive(Default)]
pub(super) struct MedianDeviation {
    scratch: Vec<f64>,
}

impl Kernel for MedianDeviation {
    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        if window.values().iter().any(|value| value.is_nan()) {
            return Some(f64::NAN);
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(window.values());
        self.scratch.sort_by(compare_nan_first);
        let median = quantile_of_sorted(0.5, &self.scratch);
        self.scratch
            .iter_mut()
            .for_each(|value| *value = (*value - median).abs());
        self.scratch.sort_by(compare_nan_first);
        Some(quantile_of_sorted(0.5, &self.scratch))
    }
}
