//! Whether a counter was reset between two histograms of a series.

use std::iter::Peekable;

use model::{Buckets, Histogram, Indexed, ResetHint, exponential_bound};

use super::combine::{Cells, same_bounds};
use super::zero::widened;

/// Tells whether there was a counter reset between `previous` and `current`.
///
/// A hint of `current` decides. Else there was one if a count is less than before, a bucket with a count is gone,
/// the resolution is higher, the zero threshold is lower, or the new threshold cuts a bucket that had a count. A
/// lower resolution, a higher threshold and other custom bounds can be had without a reset: `previous` is read as
/// if it had them. The sum does not matter, since observations may be negative. Gauges are looked at alike.
pub fn detect_reset(current: &Histogram, previous: &Histogram) -> bool {
    match current.reset_hint {
        ResetHint::Reset => return true,
        ResetHint::NoReset => return false,
        ResetHint::Unknown | ResetHint::Gauge => {}
    }
    if current.count < previous.count {
        return true;
    }
    if current.has_custom_buckets() {
        if !previous.has_custom_buckets() {
            return true;
        }
        if !same_bounds(&current.custom_values, &previous.custom_values) {
            return any_shared_bucket_fell(current, previous);
        }
    }
    if current.schema > previous.schema || current.zero_threshold < previous.zero_threshold {
        return true;
    }
    let zero = widened(previous, None, current.zero_threshold);
    if zero.threshold != current.zero_threshold || current.zero_count < zero.count {
        return true;
    }
    any_bucket_fell(current, previous, |histogram| &histogram.positive)
        || any_bucket_fell(current, previous, |histogram| &histogram.negative)
}

fn any_bucket_fell(current: &Histogram, previous: &Histogram, side: fn(&Histogram) -> &Buckets) -> bool {
    let threshold = current.zero_threshold;
    let skip = |index| {
        threshold != 0.0
            && !current.has_custom_buckets()
            && exponential_bound(index, current.schema) <= threshold
    };
    let now = Cells::new(side(current), current.schema, current.schema).after(skip);
    let before = Cells::new(side(previous), previous.schema, current.schema).after(skip);
    let mut now = now.peekable();
    for was in before {
        while now.next_if(|cell| cell.index < was.index).is_some() {}
        let count = now.next_if(|cell| cell.index == was.index).map(|cell| cell.count);
        let fell = match count {
            Some(count) => count < was.count,
            None => was.count != 0.0,
        };
        if fell {
            return true;
        }
    }
    false
}

/// Compares histograms with different custom bounds over the bounds they share.
fn any_shared_bucket_fell(current: &Histogram, previous: &Histogram) -> bool {
    let mut now = Rollup::new(current);
    let mut before = Rollup::new(previous);
    let mut others = previous.custom_values.iter().peekable();
    let shared = current.custom_values.iter().filter(|bound| {
        while others.next_if(|other| other < bound).is_some() {}
        others.next_if_eq(bound).is_some()
    });
    let mut bounds = shared.copied().chain([f64::INFINITY]);
    bounds.any(|bound| now.up_to(bound) < before.up_to(bound))
}

/// Sums up buckets from bound to bound.
struct Rollup<'a> {
    counts: Peekable<Indexed<'a>>,
    histogram: &'a Histogram,
}

impl<'a> Rollup<'a> {
    fn new(histogram: &'a Histogram) -> Self {
        Self {
            counts: histogram.positive.indexed().peekable(),
            histogram,
        }
    }

    /// Returns the observations since the bound asked for last.
    fn up_to(&mut self, bound: f64) -> f64 {
        let mut sum = 0.0;
        while let Some((_, count)) = self
            .counts
            .next_if(|(index, _)| self.histogram.bound(*index) <= bound)
        {
            sum += count;
        }
        sum
    }
}
