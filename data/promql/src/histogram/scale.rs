//! Products and quotients with numbers.

use model::{Buckets, Histogram, ResetHint};

/// Multiplies everything that counts. A negative factor makes a gauge.
pub fn multiply(histogram: &mut Histogram, factor: f64) {
    for_each(histogram, |value| *value *= factor);
    if factor < 0.0 {
        histogram.reset_hint = ResetHint::Gauge;
    }
}

/// Divides everything that counts. A negative divisor makes a gauge, 0 leaves no buckets.
pub fn divide(histogram: &mut Histogram, divisor: f64) {
    if divisor == 0.0 {
        histogram.positive = Buckets::default();
        histogram.negative = Buckets::default();
    }
    for_each(histogram, |value| *value /= divisor);
    if divisor < 0.0 {
        histogram.reset_hint = ResetHint::Gauge;
    }
}

fn for_each(histogram: &mut Histogram, change: impl Fn(&mut f64)) {
    histogram.integer = false;
    change(&mut histogram.zero_count);
    change(&mut histogram.count);
    change(&mut histogram.sum);
    histogram.positive.counts.iter_mut().for_each(&change);
    histogram.negative.counts.iter_mut().for_each(&change);
}
