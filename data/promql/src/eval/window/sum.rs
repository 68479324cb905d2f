//! Sums over windows: `sum_over_time`, `avg_over_time`, `stddev_over_time`, `stdvar_over_time`.

use crate::eval::window::{Kernel, Samples, Window};
use crate::math::{Kahan, Mean};

/// What is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Summary {
    Sum,
    Average,
}

/// Sums and averages of windows.
///
/// Values that are all integers small enough to be added without rounding need no compensation: one pass of
/// prefix sums gives every window. Other values are added window by window, in order, with compensation, because
/// anything else rounds differently.
pub(super) struct Sums {
    summary: Summary,
    prefix: Vec<i64>,
    exact: bool,
}

impl Sums {
    pub(super) fn new(summary: Summary) -> Self {
        Self {
            summary,
            prefix: Vec::new(),
            exact: false,
        }
    }
}

/// Integers up to here have exact doubles.
const EXACT: i64 = 1 << 53;

impl Kernel for Sums {
    fn begin(&mut self, samples: Samples<'_>) {
        self.prefix.clear();
        self.prefix.push(0);
        let mut total: i64 = 0;
        let mut magnitude: i64 = 0;
        self.exact = samples.values.iter().all(|value| {
            let integer = *value as i64;
            magnitude = magnitude.saturating_add(integer.saturating_abs());
            total = total.saturating_add(integer);
            self.prefix.push(total);
            integer as f64 == *value && magnitude < EXACT
        });
    }

    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        if self.exact {
            let sum = (self.prefix[window.to] - self.prefix[window.from]) as f64;
            return Some(match self.summary {
                Summary::Sum => sum,
                Summary::Average => sum / window.len() as f64,
            });
        }
        let values = window.values();
        if self.summary == Summary::Sum {
            return Some(
                values
                    .iter()
                    .fold(Kahan::default(), |sum, value| sum.add(*value))
                    .total(),
            );
        }
        let (first, rest) = values.split_first()?;
        let mut mean = Mean::new(*first);
        rest.iter().for_each(|value| mean.add(*value));
        Some(mean.value())
    }
}

/// Population variance, by Welford's method with compensation.
pub(super) fn variance(values: &[f64]) -> f64 {
    let mut mean = Kahan::default();
    let mut squares = Kahan::default();
    let mut count = 0.0;
    for value in values {
        count += 1.0;
        let delta = value - (mean.sum + mean.compensation);
        mean = mean.add(delta / count);
        squares = squares.add(delta * (value - (mean.sum + mean.compensation)));
    }
    (squares.sum + squares.compensation) / count
}
