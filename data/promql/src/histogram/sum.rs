//! Sums and means of many histograms, compensated.

use model::{Histogram, ResetHint};

use super::combine::{Combined, Incompatible, Sign, combine};
use super::kahan::Compensation;
use super::scale::{divide, multiply};

/// A running sum with Kahan's compensation in every field.
#[derive(Clone, Debug)]
pub struct HistogramSum {
    value: Histogram,
    /// Nothing is lost before the first addition.
    lost: Option<Compensation>,
    hints: HintsSeen,
}

impl HistogramSum {
    /// Starts with a first histogram.
    pub fn new(first: Histogram) -> Self {
        let mut hints = HintsSeen::default();
        hints.see(first.reset_hint);
        Self {
            value: Histogram {
                integer: false,
                ..first
            },
            lost: None,
            hints,
        }
    }

    /// Adds a histogram. What is remarked about hints is for all histograms so far: see
    /// [`HistogramSum::hints_collide`].
    ///
    /// # Errors
    /// Only one of the two has custom bounds; the sum is as it was.
    pub fn add(&mut self, other: &Histogram) -> Result<Combined, Incompatible> {
        self.hints.see(other.reset_hint);
        self.add_seen(other)
    }

    fn add_seen(&mut self, other: &Histogram) -> Result<Combined, Incompatible> {
        let lost = self.lost.get_or_insert_with(|| Compensation {
            positive: vec![0.0; self.value.positive.counts.len()],
            negative: vec![0.0; self.value.negative.counts.len()],
            ..Compensation::default()
        });
        combine(&mut self.value, Some(lost), other, Sign::Plus)
    }

    /// Tells whether some histogram was known to follow a counter reset and another known not to.
    pub fn hints_collide(&self) -> bool {
        self.hints.collide()
    }

    /// Returns the sum. `sum_over_time` returns it as it is; the aggregation `sum` compacts it.
    pub fn finish(self) -> Histogram {
        with_lost(self.value, self.lost)
    }

    fn divide(&mut self, divisor: f64) {
        divide(&mut self.value, divisor);
        if let Some(lost) = &mut self.lost {
            lost.for_each(|value| *value /= divisor);
        }
    }

    fn multiply(&mut self, factor: f64) {
        multiply(&mut self.value, factor);
        if let Some(lost) = &mut self.lost {
            lost.for_each(|value| *value *= factor);
        }
    }
}

/// A running mean: a compensated sum as long as nothing in it overflows, from then on an incremental mean.
#[derive(Clone, Debug)]
pub struct HistogramMean {
    /// The sum, or the mean once it is incremental.
    state: HistogramSum,
    count: f64,
    incremental: bool,
    /// At least the largest absolute value that any field of the sum can have: as long as that is far from
    /// overflowing there is no need to look, or to keep the sum of before.
    magnitude: f64,
}

/// A sum of absolute values below this overflows in none of its parts.
const FAR_FROM_OVERFLOW: f64 = f64::MAX / 16.0;

impl HistogramMean {
    /// Starts with a first histogram.
    pub fn new(first: Histogram) -> Self {
        Self {
            magnitude: magnitude(&first),
            state: HistogramSum::new(first),
            count: 1.0,
            incremental: false,
        }
    }

    /// Adds a histogram; see [`HistogramSum::add`].
    ///
    /// # Errors
    /// Only one of the two has custom bounds; the mean is no longer meaningful.
    pub fn add(&mut self, other: &Histogram) -> Result<Combined, Incompatible> {
        self.state.hints.see(other.reset_hint);
        self.count += 1.0;
        if !self.incremental {
            self.magnitude += magnitude(other);
            if self.magnitude < FAR_FROM_OVERFLOW {
                return self.state.add_seen(other);
            }
            let mut next = self.state.clone();
            let combined = next.add_seen(other)?;
            if !has_overflow(&next.value) {
                self.state = next;
                return Ok(combined);
            }
            self.incremental = true;
            self.state.divide(self.count - 1.0);
        }
        self.state.multiply((self.count - 1.0) / self.count);
        let mut share = other.clone();
        divide(&mut share, self.count);
        self.state.add_seen(&share)
    }

    /// Tells whether some histogram was known to follow a counter reset and another known not to.
    pub fn hints_collide(&self) -> bool {
        self.state.hints.collide()
    }

    /// Returns the mean. `avg_over_time` returns it as it is; the aggregation `avg` compacts it.
    pub fn finish(mut self) -> Histogram {
        if !self.incremental {
            self.state.divide(self.count);
        }
        self.state.finish()
    }
}

/// Which hints were seen.
#[derive(Clone, Copy, Debug, Default)]
struct HintsSeen {
    reset: bool,
    no_reset: bool,
}

impl HintsSeen {
    fn see(&mut self, hint: ResetHint) {
        self.reset |= hint == ResetHint::Reset;
        self.no_reset |= hint == ResetHint::NoReset;
    }

    fn collide(self) -> bool {
        self.reset && self.no_reset
    }
}

fn with_lost(mut value: Histogram, lost: Option<Compensation>) -> Histogram {
    let Some(lost) = lost else {
        return value;
    };
    value.zero_count += lost.zero_count;
    value.count += lost.count;
    value.sum += lost.sum;
    let sides = [
        (&mut value.positive, &lost.positive),
        (&mut value.negative, &lost.negative),
    ];
    for (buckets, lost) in sides {
        for (count, lost) in buckets.counts.iter_mut().zip(lost) {
            *count += lost;
        }
    }
    value
}

fn counts(histogram: &Histogram) -> impl Iterator<Item = f64> + '_ {
    let sides = histogram.positive.counts.iter().chain(&histogram.negative.counts);
    sides
        .copied()
        .chain([histogram.zero_count, histogram.count, histogram.sum])
}

fn magnitude(histogram: &Histogram) -> f64 {
    if histogram.custom_values.first() == Some(&f64::NEG_INFINITY) {
        return f64::INFINITY;
    }
    counts(histogram).map(f64::abs).sum()
}

/// Tells whether a field is infinite, an infinite custom bound included, as Prometheus looks at them.
fn has_overflow(histogram: &Histogram) -> bool {
    counts(histogram)
        .chain(histogram.custom_values.iter().copied())
        .any(f64::is_infinite)
}
