//! Histograms that become native ones.

use model::{Buckets, CUSTOM_BUCKETS, Histogram, MAX_SCHEMA, MIN_SCHEMA, ResetHint, Span, stale_marker};

use super::super::{ExplicitHistogram, ExponentialBuckets, ExponentialHistogram, Point, Temporality};
use super::points::to_float;
use super::{Family, OtlpRefusalReason, Translation};

/// Width of the zero bucket that OpenTelemetry does not state: nothing but zero falls below it.
const ZERO_THRESHOLD: f64 = 1e-128;
/// Gaps up to here are filled with empty buckets, because a span costs more than they do.
const MAX_FILLED_GAP: i64 = 2;

impl Translation<'_> {
    pub(super) fn add_exponential(
        &mut self,
        family: &Family<'_>,
        point: &Point<ExponentialHistogram>,
    ) -> Result<(), OtlpRefusalReason> {
        let histogram = exponential(&point.value)?;
        self.add_native(family, point, histogram)
    }

    pub(super) fn add_custom(
        &mut self,
        family: &Family<'_>,
        point: &Point<ExplicitHistogram>,
    ) -> Result<(), OtlpRefusalReason> {
        let histogram = custom(&point.value)?;
        self.add_native(family, point, histogram)
    }

    fn add_native<T>(
        &mut self,
        family: &Family<'_>,
        point: &Point<T>,
        mut histogram: Histogram,
    ) -> Result<(), OtlpRefusalReason> {
        if family.temporality == Temporality::Delta {
            histogram.reset_hint = ResetHint::Gauge;
        }
        if !point.is_stale {
            histogram.validate()?;
        }
        let labels = self.labels_of(family, point)?;
        let series = self.add_series(&labels, (&family.name, None))?;
        if point.is_stale {
            self.out.push(&series, point.timestamp, stale_marker());
            self.told.samples += 1;
        } else {
            self.out.push_histogram(&series, point.timestamp, histogram);
            self.told.histograms += 1;
        }
        self.out.set_start(point.start);
        self.add_exemplars(&series, point.exemplars.iter());
        Ok(())
    }
}

fn exponential(point: &ExponentialHistogram) -> Result<Histogram, OtlpRefusalReason> {
    if point.scale < i32::from(MIN_SCHEMA) {
        return Err(OtlpRefusalReason::Scale(point.scale));
    }
    let schema = i8::try_from(point.scale).unwrap_or(MAX_SCHEMA).min(MAX_SCHEMA);
    let finer = u32::try_from(point.scale - i32::from(schema)).unwrap_or(0);
    Ok(Histogram {
        schema,
        integer: true,
        reset_hint: ResetHint::Unknown,
        zero_threshold: if point.zero_threshold > 0.0 {
            point.zero_threshold
        } else {
            ZERO_THRESHOLD
        },
        zero_count: to_float(point.zero_count),
        count: to_float(point.count),
        sum: point.sum.unwrap_or(0.0),
        positive: side(&point.positive, finer),
        negative: side(&point.negative, finer),
        custom_values: [].into(),
    })
}

/// Bucket `i` there reaches from `base^i` to `base^(i+1)`, here to `base^i`; `finer` steps are merged.
fn side(buckets: &ExponentialBuckets, finer: u32) -> Buckets {
    let first = i64::from(buckets.offset);
    let index = |i: i64| ((first + i) >> finer.min(63)) + 1;
    lay_out((0..).zip(&buckets.counts).map(|(i, &count)| (index(i), count)))
}

fn custom(point: &ExplicitHistogram) -> Result<Histogram, OtlpRefusalReason> {
    let (counts, bounds) = (point.counts.len(), point.bounds.len());
    if counts != 0 && counts != bounds + 1 {
        return Err(OtlpRefusalReason::Bounds { counts, bounds });
    }
    // A bound of +Inf is that of the bucket behind the last bound.
    let mut bounds = point.bounds.as_slice();
    let mut observations: Vec<(i64, u64)> = (0..).zip(point.counts.iter().copied()).collect();
    if let [finite @ .., last] = bounds
        && last.is_infinite()
        && *last > 0.0
    {
        bounds = finite;
        if let Some((index, _)) = observations.last_mut() {
            *index -= 1;
        }
    }
    Ok(Histogram {
        schema: CUSTOM_BUCKETS,
        integer: true,
        count: to_float(point.count),
        sum: point.sum.unwrap_or(0.0),
        positive: lay_out(observations.into_iter()),
        custom_values: bounds.into(),
        ..Histogram::default()
    })
}

/// Lays out counts by ascending index, leaving out empty buckets where that is cheaper; counts of one index add up.
fn lay_out(counts: impl Iterator<Item = (i64, u64)>) -> Buckets {
    let mut buckets = Buckets::default();
    // One behind the last bucket.
    let mut end = 0_i64;
    let mut last = 0_u64;
    for (index, count) in counts.filter(|&(_, count)| count > 0) {
        if !buckets.counts.is_empty() && index < end {
            last = last.saturating_add(count);
            if let Some(same) = buckets.counts.last_mut() {
                *same = to_float(last);
            }
            continue;
        }
        let gap = index - end;
        match buckets.spans.last_mut() {
            Some(span) if gap <= MAX_FILLED_GAP => {
                for _ in 0..gap {
                    buckets.counts.push(0.0);
                    span.length += 1;
                }
                span.length += 1;
            }
            _ => buckets.spans.push(Span {
                // An index out of range is refused when the histogram is validated.
                offset: i32::try_from(gap).unwrap_or(i32::MAX),
                length: 1,
            }),
        }
        buckets.counts.push(to_float(count));
        last = count;
        end = index + 1;
    }
    buckets
}
