//! Quantiles and fractions, interpolated within a bucket.
//!
//! Observations within an exponential bucket are taken to be spread evenly on a logarithmic scale, those within the
//! zero bucket and buckets with custom bounds evenly on the linear one. A zero bucket reaches to one side only if
//! all other buckets are on that side; the first bucket with custom bounds begins at 0 if it ends above.
//!
//! NaN observations are in no bucket. They count as above all others, so quantiles are off upwards, and are told
//! by a sum that is NaN with fewer observations in buckets than in all.

use model::{Bucket, Histogram};

/// What is to be remarked about NaN observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NanNote {
    /// The quantile is NaN because it falls among NaN observations.
    Result,
    /// The quantile is higher than it would be without NaN observations.
    Skew,
}

/// Estimates the value below which a fraction `q` of the observations lies: -Inf for `q < 0`, +Inf for `q > 1`, NaN
/// without observations.
pub fn quantile(q: f64, histogram: &Histogram) -> (f64, Option<NanNote>) {
    if q < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if q > 1.0 {
        return (f64::INFINITY, None);
    }
    if histogram.count == 0.0 || q.is_nan() {
        return (f64::NAN, None);
    }
    // From the nearer end, which loses less by rounding; NaN observations leave only the lower one.
    let forward = histogram.sum.is_nan() || q < 0.5;
    let rank = if forward { q } else { 1.0 - q } * histogram.count;
    let found = if forward {
        Found::new(histogram.buckets(), rank)
    } else {
        Found::new(histogram.buckets().rev(), rank)
    };
    let bucket = match found.bounded(histogram) {
        Ok(bucket) => bucket,
        Err(value) => return (value, None),
    };
    // Rounding can make buckets add up to more than all observations.
    let up_to = if found.up_to > histogram.count {
        histogram.count
    } else {
        found.up_to
    };
    if up_to < rank {
        return if histogram.sum.is_nan() {
            (f64::NAN, Some(NanNote::Result))
        } else {
            (bucket.upper, None)
        };
    }
    let within = if forward {
        rank - (up_to - bucket.count)
    } else {
        up_to - rank
    };
    let value = interpolate(histogram, &bucket, within / bucket.count);
    let skewed = histogram.sum.is_nan() && in_buckets(histogram) < histogram.count;
    (value, skewed.then_some(NanNote::Skew))
}

/// Returns the number of observations that are in buckets.
fn in_buckets(histogram: &Histogram) -> f64 {
    histogram.buckets().map(|bucket| bucket.count).sum()
}

/// Returns the value that lies a fraction into a bucket.
fn interpolate(histogram: &Histogram, bucket: &Bucket, fraction: f64) -> f64 {
    let (lower, upper) = (bucket.lower, bucket.upper);
    if histogram.has_custom_buckets() || (lower <= 0.0 && upper >= 0.0) {
        return lower + (upper - lower) * fraction;
    }
    let log_lower = lower.abs().log2();
    let log_upper = upper.abs().log2();
    if lower > 0.0 {
        (log_lower + (log_upper - log_lower) * fraction).exp2()
    } else {
        -(log_upper + (log_lower - log_upper) * (1.0 - fraction)).exp2()
    }
}

/// The bucket in which a rank lies.
struct Found {
    bucket: Bucket,
    /// Observations up to and with the bucket.
    up_to: f64,
}

impl Found {
    fn new(buckets: impl Iterator<Item = Bucket>, rank: f64) -> Self {
        let mut found = Self {
            bucket: Bucket {
                index: 0,
                lower: 0.0,
                upper: 0.0,
                lower_inclusive: false,
                upper_inclusive: false,
                count: 0.0,
            },
            up_to: 0.0,
        };
        for bucket in buckets {
            found.bucket = bucket;
            if bucket.count == 0.0 {
                continue;
            }
            found.up_to += bucket.count;
            if found.up_to >= rank {
                break;
            }
        }
        found
    }

    /// Returns the bucket with the bounds to interpolate between, or the quantile where there is nothing to
    /// interpolate.
    fn bounded(&self, histogram: &Histogram) -> Result<Bucket, f64> {
        let mut bucket = self.bucket;
        if histogram.has_custom_buckets() {
            if bucket.lower == f64::NEG_INFINITY {
                if bucket.upper <= 0.0 {
                    return Err(bucket.upper);
                }
                bucket.lower = 0.0;
            } else if bucket.upper == f64::INFINITY {
                return Err(bucket.lower);
            }
        } else if bucket.lower < 0.0 && bucket.upper > 0.0 {
            one_sided(histogram, &mut bucket);
        }
        Ok(bucket)
    }
}

/// Lets a zero bucket end at 0 on the side on which the histogram has no buckets.
fn one_sided(histogram: &Histogram, bucket: &mut Bucket) {
    match (histogram.negative.is_empty(), histogram.positive.is_empty()) {
        (true, false) => bucket.lower = 0.0,
        (false, true) => bucket.upper = 0.0,
        _ => {}
    }
}

/// Estimates which fraction of the observations lies between two values, and tells whether there are NaN
/// observations, which lie between no values. NaN without observations.
pub fn fraction(lower: f64, upper: f64, histogram: &Histogram) -> (f64, bool) {
    if histogram.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return (f64::NAN, false);
    }
    if lower >= upper {
        return (0.0, false);
    }
    let mut lower = Rank::new(lower);
    let mut upper = Rank::new(upper);
    let mut below = 0.0;
    for mut bucket in histogram.buckets() {
        if lower.rank.is_some() && upper.rank.is_some() {
            break;
        }
        let mut linear = histogram.has_custom_buckets();
        if linear {
            if bucket.lower == f64::NEG_INFINITY && bucket.upper > 0.0 {
                bucket.lower = 0.0;
            }
        } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            linear = true;
            one_sided(histogram, &mut bucket);
        }
        lower.look(&bucket, below, linear);
        upper.look(&bucket, below, linear);
        below += bucket.count;
    }
    let most = if histogram.sum.is_nan() {
        in_buckets(histogram)
    } else {
        histogram.count
    };
    let has_nans = most < histogram.count;
    let rank = |rank: Rank| {
        rank.rank
            .map_or(most, |rank| if rank > most { most } else { rank })
    };
    ((rank(upper) - rank(lower)) / histogram.count, has_nans)
}

/// How many observations lie below a value.
struct Rank {
    value: f64,
    rank: Option<f64>,
}

impl Rank {
    fn new(value: f64) -> Self {
        Self { value, rank: None }
    }

    /// Looks for the value in a bucket; `below` observations are in the buckets before.
    fn look(&mut self, bucket: &Bucket, below: f64, linear: bool) {
        if self.rank.is_some() {
            return;
        }
        if bucket.lower >= self.value {
            self.rank = Some(below);
        } else if bucket.upper > self.value {
            self.rank = Some(if linear && bucket.lower == f64::NEG_INFINITY {
                // Nothing can be said within a bucket without a lower end: all of it counts.
                bucket.count
            } else {
                below + bucket.count * fraction_below(bucket, self.value, linear)
            });
        }
    }
}

/// Returns which fraction of a bucket's width lies below a value within it.
pub(super) fn fraction_below(bucket: &Bucket, value: f64, linear: bool) -> f64 {
    if linear {
        return (value - bucket.lower) / (bucket.upper - bucket.lower);
    }
    let log_lower = bucket.lower.abs().log2();
    let log_upper = bucket.upper.abs().log2();
    let log_value = value.abs().log2();
    if value > 0.0 {
        (log_value - log_lower) / (log_upper - log_lower)
    } else {
        1.0 - (log_value - log_upper) / (log_lower - log_upper)
    }
}
