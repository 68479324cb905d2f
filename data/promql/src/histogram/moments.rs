//! Mean and variance of the observations.

use model::Histogram;

use super::kahan::increment;

/// Returns the mean of the observations: sum by count.
pub fn average(histogram: &Histogram) -> f64 {
    histogram.sum / histogram.count
}

/// Estimates the variance of the observations; the standard deviation is its square root. The observations of a
/// bucket are taken to be in its middle: 0 for the zero bucket, the geometric mean of the bounds of an exponential
/// bucket, the arithmetic mean of custom bounds.
pub fn variance(histogram: &Histogram) -> f64 {
    let mean = average(histogram);
    let (mut sum, mut lost) = (0.0, 0.0);
    for bucket in histogram.buckets().filter(|bucket| bucket.count != 0.0) {
        let middle = if histogram.has_custom_buckets() {
            (bucket.upper + bucket.lower) / 2.0
        } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            0.0
        } else {
            let middle = (bucket.upper * bucket.lower).sqrt();
            if bucket.upper < 0.0 { -middle } else { middle }
        };
        let distance = middle - mean;
        increment(bucket.count * distance * distance, &mut sum, &mut lost);
    }
    (sum + lost) / histogram.count
}
