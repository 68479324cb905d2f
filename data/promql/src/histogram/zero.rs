//! Zero buckets of different width.

use model::Histogram;

use super::kahan::{Compensation, Running, increment};

/// Widens the zero bucket of `into` until its threshold is at least that of both histograms and cuts no bucket of
/// either. Returns the zero count that `other` would have with that threshold, and what rounding lost of it.
pub(super) fn reconcile(
    into: &mut Histogram,
    mut lost: Option<&mut Compensation>,
    other: &Histogram,
) -> (f64, f64) {
    let mut theirs = Widened {
        threshold: other.zero_threshold,
        count: other.zero_count,
        lost: 0.0,
    };
    // Both thresholds only grow, by bounds of buckets; one that is NaN has no order and is left alone.
    while theirs.threshold != into.zero_threshold {
        if into.zero_threshold > theirs.threshold {
            theirs = widened(other, None, into.zero_threshold);
        } else if theirs.threshold > into.zero_threshold {
            let ours = widened(into, lost.as_deref(), theirs.threshold);
            into.zero_count = ours.count;
            into.zero_threshold = ours.threshold;
            if let Some(lost) = lost.as_deref_mut() {
                lost.zero_count = ours.lost;
            }
            leave_out_zero(into, lost.as_deref_mut());
        } else {
            break;
        }
    }
    (theirs.count, theirs.lost)
}

/// A zero bucket after widening.
pub(super) struct Widened {
    /// The threshold asked for, or the end of a bucket with a count that it would have cut.
    pub(super) threshold: f64,
    pub(super) count: f64,
    lost: f64,
}

/// Returns the zero bucket that a histogram would have if its threshold were `threshold`, which is not below its
/// own.
pub(super) fn widened(histogram: &Histogram, lost: Option<&Compensation>, threshold: f64) -> Widened {
    let mut zero = Widened {
        threshold,
        count: histogram.zero_count,
        lost: lost.map_or(0.0, |lost| lost.zero_count),
    };
    if threshold == histogram.zero_threshold {
        return zero;
    }
    'widen: loop {
        zero.count = histogram.zero_count;
        zero.lost = lost.map_or(0.0, |lost| lost.zero_count);
        for (position, bucket) in histogram.positive_buckets().enumerate() {
            if bucket.lower >= zero.threshold {
                break;
            }
            zero.take(bucket.count, lost.map(|lost| lost.positive[position]));
            if bucket.upper > zero.threshold {
                if bucket.count != 0.0 {
                    zero.threshold = bucket.upper;
                }
                break;
            }
        }
        for (position, bucket) in histogram.negative_buckets().enumerate() {
            if bucket.upper <= -zero.threshold {
                break;
            }
            zero.take(bucket.count, lost.map(|lost| lost.negative[position]));
            if bucket.lower < -zero.threshold {
                if bucket.count == 0.0 {
                    break;
                }
                // Positive buckets were taken up to a threshold that no longer holds.
                zero.threshold = -bucket.lower;
                continue 'widen;
            }
        }
        return zero;
    }
}

impl Widened {
    fn take(&mut self, count: f64, lost: Option<f64>) {
        increment(count, &mut self.count, &mut self.lost);
        if let Some(lost) = lost {
            increment(lost, &mut self.count, &mut self.lost);
        }
    }
}

/// Leaves out the buckets that a widened zero bucket has taken in.
fn leave_out_zero(histogram: &mut Histogram, lost: Option<&mut Compensation>) {
    let threshold = histogram.zero_threshold;
    let n_positive = histogram
        .positive_buckets()
        .take_while(|bucket| bucket.lower < threshold)
        .count();
    let n_negative = histogram
        .negative_buckets()
        .take_while(|bucket| bucket.upper > -threshold)
        .count();
    let (positive_lost, negative_lost) = match lost {
        Some(lost) => (Some(&mut lost.positive), Some(&mut lost.negative)),
        None => (None, None),
    };
    let sides = [
        (&mut histogram.positive, positive_lost, n_positive),
        (&mut histogram.negative, negative_lost, n_negative),
    ];
    for (buckets, mut lost, n_taken) in sides {
        buckets
            .counts
            .iter_mut()
            .take(n_taken)
            .for_each(|count| *count = 0.0);
        if let Some(lost) = &mut lost {
            lost.iter_mut().take(n_taken).for_each(|lost| *lost = 0.0);
        }
        Running { buckets, lost }.compact();
    }
}
