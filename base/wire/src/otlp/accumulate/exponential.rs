//! Adding exponential histograms.
//!
//! Those of different scales meet at the coarser one; a sum of more than [`MAX_BUCKETS`] a side is made coarser, as in
//! the collector. Of two zero buckets the wider one counts: what lies in it in the other histogram moves into it.

use super::super::{ExponentialBuckets, ExponentialHistogram};

/// Buckets of one side of a sum.
const MAX_BUCKETS: i64 = 160;
/// Steps to a scale at which everything is in two buckets.
const MAX_STEPS: u32 = 32;

/// Adds a histogram to another; `more` is changed, too.
pub(super) fn add(sum: &mut ExponentialHistogram, more: &mut ExponentialHistogram) {
    let scale = sum.scale.min(more.scale);
    for side in [&mut *sum, &mut *more] {
        coarsen(side, side.scale.saturating_sub(scale).unsigned_abs());
        trim(&mut side.positive);
        trim(&mut side.negative);
    }
    let step = steps(&sum.positive, &more.positive).max(steps(&sum.negative, &more.negative));
    coarsen(sum, step);
    coarsen(more, step);
    // Widening takes whole buckets, whose ends are the same on both sides by now.
    let threshold = sum.zero_threshold.max(more.zero_threshold);
    let threshold = widen(sum, threshold).max(widen(more, threshold));
    widen(sum, threshold);
    widen(more, threshold);
    merge(&mut sum.positive, &more.positive);
    merge(&mut sum.negative, &more.negative);
    sum.count = sum.count.saturating_add(more.count);
    sum.zero_count = sum.zero_count.saturating_add(more.zero_count);
    sum.sum = sum.sum.zip(more.sum).map(|(a, b)| a + b);
}

/// Returns first bucket and one behind the last.
fn span(buckets: &ExponentialBuckets) -> Option<(i64, i64)> {
    let first = i64::from(buckets.offset);
    let n = i64::try_from(buckets.counts.len()).ok().filter(|n| *n > 0)?;
    Some((first, first + n))
}

/// Returns how many steps coarser two sides must be for their sum to be small enough.
fn steps(a: &ExponentialBuckets, b: &ExponentialBuckets) -> u32 {
    let (first, end) = match (span(a), span(b)) {
        (Some(a), Some(b)) => (a.0.min(b.0), a.1.max(b.1)),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return 0,
    };
    let width = |step: u32| ((end - 1) >> step) - (first >> step) + 1;
    (0..MAX_STEPS)
        .find(|step| width(*step) <= MAX_BUCKETS)
        .unwrap_or(MAX_STEPS)
}

fn coarsen(histogram: &mut ExponentialHistogram, steps: u32) {
    if steps == 0 {
        return;
    }
    histogram.scale = histogram
        .scale
        .saturating_sub(i32::try_from(steps).unwrap_or(i32::MAX));
    for buckets in [&mut histogram.positive, &mut histogram.negative] {
        let Some((first, _)) = span(buckets) else { continue };
        let place = |index: i64| index >> steps.min(63);
        let mut counts: Vec<u64> = Vec::new();
        for (index, count) in (first..).zip(&buckets.counts) {
            let at = usize::try_from(place(index) - place(first)).unwrap_or(usize::MAX);
            match counts.get_mut(at) {
                Some(known) => *known = known.saturating_add(*count),
                // Places ascend one by one.
                None => counts.push(*count),
            }
        }
        buckets.offset = i32::try_from(place(first)).unwrap_or(buckets.offset);
        buckets.counts = counts;
    }
}

/// Leaves out empty buckets at both ends.
fn trim(buckets: &mut ExponentialBuckets) {
    let used = |count: &u64| *count > 0;
    let end = buckets.counts.iter().rposition(used).map_or(0, |last| last + 1);
    buckets.counts.truncate(end);
    let first = buckets.counts.iter().position(used).unwrap_or(0);
    buckets.counts.drain(..first);
    buckets.offset = buckets.offset.saturating_add(i32::try_from(first).unwrap_or(0));
}

/// Makes the zero bucket reach at least to `threshold`, and returns how far it reaches: to the end of the bucket that
/// holds the threshold, if there is anything in that.
fn widen(histogram: &mut ExponentialHistogram, threshold: f64) -> f64 {
    if threshold <= histogram.zero_threshold || !threshold.is_finite() {
        return histogram.zero_threshold;
    }
    histogram.zero_threshold = threshold;
    // Bucket i reaches from base^i, without it, to base^(i+1), base being 2^(2^-scale).
    let per_octave = f64::from(histogram.scale).exp2();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast to an integer saturates, and so do indexes"
    )]
    let holds = (threshold.log2() * per_octave).ceil() as i64 - 1;
    let mut reaches = threshold;
    for buckets in [&mut histogram.positive, &mut histogram.negative] {
        let Some((first, _)) = span(buckets) else { continue };
        let inside = usize::try_from(holds - first + 1)
            .unwrap_or(0)
            .min(buckets.counts.len());
        if inside == 0 {
            continue;
        }
        let taken = buckets.counts.drain(..inside);
        histogram.zero_count = taken.fold(histogram.zero_count, u64::saturating_add);
        buckets.offset = buckets.offset.saturating_add(i32::try_from(inside).unwrap_or(0));
        #[expect(
            clippy::cast_precision_loss,
            reason = "indexes of finite values are far below 2^53"
        )]
        let end = ((holds + 1) as f64 / per_octave).exp2();
        reaches = reaches.max(end);
    }
    histogram.zero_threshold = reaches;
    reaches
}

/// Adds buckets of the same scale.
fn merge(sum: &mut ExponentialBuckets, more: &ExponentialBuckets) {
    let Some((more_first, more_end)) = span(more) else {
        return;
    };
    let Some((first, end)) = span(sum) else {
        sum.clone_from(more);
        return;
    };
    let (low, high) = (first.min(more_first), end.max(more_end));
    let mut counts = vec![0_u64; usize::try_from(high - low).unwrap_or(0)];
    for (start, buckets) in [(first, &sum.counts), (more_first, &more.counts)] {
        let from = usize::try_from(start - low).unwrap_or(usize::MAX);
        for (count, add) in counts.iter_mut().skip(from).zip(buckets) {
            *count = count.saturating_add(*add);
        }
    }
    sum.offset = i32::try_from(low).unwrap_or(sum.offset);
    sum.counts = counts;
}
