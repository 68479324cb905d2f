//! Native histograms with fewer buckets.
//!
//! One step down in schema joins each two buckets: bucket `i` goes to `ceil(i / 2)`.
//! Source: <https://prometheus.io/docs/specs/native_histograms/#schema>.

use model::{Buckets, Histogram, Span};

use crate::config::Limits;

/// The coarsest schema.
const MIN_SCHEMA: i8 = -4;
/// The finest schema.
const MAX_SCHEMA: i8 = 8;

/// Reduces the resolution until the limits hold; `false` if it can not be reduced so far.
pub(super) fn reduce(histogram: &mut Histogram, limits: &Limits) -> bool {
    let exponential = !histogram.has_custom_buckets();
    if exponential {
        let wanted = schema_of_factor(limits.histogram_min_factor);
        while histogram.schema > wanted {
            halve(histogram);
        }
    }
    let limit = usize::try_from(limits.histogram_buckets).unwrap_or(usize::MAX);
    if limit == 0 {
        return true;
    }
    while histogram.positive.counts.len() + histogram.negative.counts.len() > limit {
        if !exponential || histogram.schema <= MIN_SCHEMA {
            return false;
        }
        halve(histogram);
    }
    true
}

/// Returns the finest schema whose buckets grow at least by `factor`.
fn schema_of_factor(factor: f64) -> i8 {
    if factor <= 1.0 {
        return MAX_SCHEMA;
    }
    let schema = (-factor.log2().log2()).floor();
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the schemas there are")]
    let schema = schema.clamp(f64::from(MIN_SCHEMA), f64::from(MAX_SCHEMA)) as i8;
    schema
}

fn halve(histogram: &mut Histogram) {
    histogram.schema -= 1;
    for side in [&mut histogram.positive, &mut histogram.negative] {
        *side = halved(side);
    }
}

fn halved(buckets: &Buckets) -> Buckets {
    let mut out = Buckets::default();
    let mut counts = buckets.counts.iter();
    let mut at = 0_i64;
    // The place of the last bucket that was written.
    let mut last = i64::MIN;
    for span in &buckets.spans {
        at += i64::from(span.offset);
        for count in counts.by_ref().take(span.length as usize) {
            let place = (at + 1).div_euclid(2);
            at += 1;
            if place == last {
                if let Some(joined) = out.counts.last_mut() {
                    *joined += *count;
                }
                continue;
            }
            let gap = if last == i64::MIN { place } else { place - last - 1 };
            match out.spans.last_mut() {
                Some(open) if gap == 0 => open.length += 1,
                _ => out.spans.push(Span {
                    offset: i32::try_from(gap).unwrap_or(i32::MAX),
                    length: 1,
                }),
            }
            out.counts.push(*count);
            last = place;
        }
    }
    out
}

#[cfg(test)]
mod tests;
