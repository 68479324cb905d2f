//! The operators `</` and `>/`: a histogram without the observations on one side of a value.

use model::{Bucket, Histogram};

use super::quantile::fraction_below;

/// Which observations are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    /// Those below the value: `</`.
    Below,
    /// Those above the value: `>/`.
    Above,
}

/// Leaves out the observations on one side of a value. A bucket in which the value lies keeps the share that
/// interpolation gives it. If anything was left out, count and sum are those of what is kept, with observations
/// taken to be in the middle of their bucket, and the histogram is compacted.
pub fn trim(histogram: &mut Histogram, value: f64, keep: Trim) {
    let cut = Cut {
        value,
        keep,
        custom: histogram.has_custom_buckets(),
    };
    let mut kept = Kept::default();
    let mut trimmed = false;
    let positive: Vec<f64> = histogram
        .positive_buckets()
        .map(|bucket| kept.bucket(&cut, &bucket, 1.0))
        .collect();
    let has_positive = std::mem::take(&mut kept.any);
    let negative: Vec<f64> = histogram
        .negative_buckets()
        .map(|bucket| kept.bucket(&cut, &bucket, -1.0))
        .collect();
    let has_negative = kept.any;
    for (buckets, counts) in [
        (&mut histogram.positive, positive),
        (&mut histogram.negative, negative),
    ] {
        trimmed |= buckets.counts.iter().zip(&counts).any(|(was, is)| was != is);
        buckets.counts = counts;
    }
    if histogram.zero_count > 0.0 {
        let zero = histogram.zero_bucket();
        let lower = if has_positive && !has_negative {
            0.0
        } else {
            zero.lower
        };
        let upper = if has_negative && !has_positive {
            0.0
        } else {
            zero.upper
        };
        let (count, middle) = cut.zero(lower, upper, zero.count);
        trimmed |= histogram.zero_count != count;
        histogram.zero_count = count;
        kept.count += count;
        kept.sum += middle * count;
    }
    if trimmed {
        histogram.integer = false;
        histogram.count = kept.count;
        histogram.sum = kept.sum;
        histogram.compact(0);
    }
}

/// What is kept so far.
#[derive(Default)]
struct Kept {
    count: f64,
    sum: f64,
    /// There was a bucket with a count.
    any: bool,
}

impl Kept {
    /// Returns what is kept of a bucket above (`sign` 1) or below (-1) zero.
    fn bucket(&mut self, cut: &Cut, bucket: &Bucket, sign: f64) -> f64 {
        if bucket.count == 0.0 {
            return bucket.count;
        }
        self.any = true;
        let (count, middle) = cut.bucket(bucket, sign);
        self.count += count;
        self.sum += middle * count;
        count
    }
}

/// Where and how to cut.
struct Cut {
    value: f64,
    keep: Trim,
    custom: bool,
}

impl Cut {
    /// Returns the count that is kept of a bucket and the middle of what is kept.
    fn bucket(&self, bucket: &Bucket, sign: f64) -> (f64, f64) {
        let (all, some) = match self.keep {
            Trim::Below => (bucket.upper <= self.value, bucket.lower < self.value),
            Trim::Above => (bucket.lower >= self.value, bucket.upper > self.value),
        };
        if all {
            return (bucket.count, self.middle(bucket.lower, bucket.upper, sign));
        }
        if !some {
            return (0.0, 0.0);
        }
        if bucket.lower == f64::NEG_INFINITY {
            return self.endless_below(bucket);
        }
        if bucket.upper == f64::INFINITY {
            return self.endless_above(bucket);
        }
        let below = bucket.count * fraction_below(bucket, self.value, self.custom);
        match self.keep {
            Trim::Below => (below, self.middle(bucket.lower, self.value, sign)),
            Trim::Above => (bucket.count - below, self.middle(self.value, bucket.upper, sign)),
        }
    }

    /// The value lies in a bucket without a lower end. If the bucket ends above zero, it is taken to begin there.
    fn endless_below(&self, bucket: &Bucket) -> (f64, f64) {
        let (value, upper) = (self.value, bucket.upper);
        let finite = upper != f64::INFINITY;
        match self.keep {
            Trim::Below if value > 0.0 && upper > 0.0 && finite => {
                (bucket.count * value / upper, value / 2.0)
            }
            Trim::Below if upper <= 0.0 => (bucket.count, value),
            Trim::Above if value >= 0.0 && upper > value && finite => {
                (bucket.count * (1.0 - value / upper), (value + upper) / 2.0)
            }
            // Nobody knows how observations are spread: all of them go.
            _ => (0.0, 0.0),
        }
    }

    /// The value lies in a bucket without an upper end.
    fn endless_above(&self, bucket: &Bucket) -> (f64, f64) {
        match self.keep {
            Trim::Above if self.value >= bucket.lower => (bucket.count, self.value),
            _ => (0.0, 0.0),
        }
    }

    /// Returns the count that is kept of a zero bucket and the middle of what is kept.
    fn zero(&self, lower: f64, upper: f64, count: f64) -> (f64, f64) {
        let (all, none) = match self.keep {
            Trim::Below => (self.value >= upper && self.value > lower, self.value <= lower),
            Trim::Above => (self.value <= lower, self.value >= upper && self.value > lower),
        };
        if none {
            return (0.0, 0.0);
        }
        if all {
            return (count, (lower + upper) / 2.0);
        }
        let (low, high) = match self.keep {
            Trim::Below => (lower, self.value),
            Trim::Above => (self.value, upper),
        };
        (count * ((high - low) / (upper - lower)), (low + high) / 2.0)
    }

    /// Returns the middle of what is kept of a bucket.
    fn middle(&self, lower: f64, upper: f64, sign: f64) -> f64 {
        match (lower.is_infinite(), upper.is_infinite()) {
            (true, true) => 0.0,
            (true, false) if upper > 0.0 => upper / 2.0,
            (true, false) => upper,
            (false, true) => lower,
            (false, false) if self.custom => (lower + upper) / 2.0,
            (false, false) => sign * (lower * upper).abs().sqrt(),
        }
    }
}
