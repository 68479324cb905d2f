//! Estimates from cumulative buckets.

/// Counts that differ less than this are taken to differ by rounding only.
const SMALL_DIFFERENCE: f64 = 1e-12;

/// How far counts were bent to be monotonic: the lowest and highest bound, and by how much at most.
pub(super) type Bent = (f64, f64, f64);

/// A bucket of a classic histogram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    pub(super) upper_bound: f64,
    pub(super) count: f64,
}

/// Reads a bucket's bound as Go reads floats.
pub(super) fn parse_bound(text: &str) -> Option<f64> {
    let plain = text.strip_prefix('+').unwrap_or(text);
    let bound = match plain.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "-inf" | "-infinity" => f64::NEG_INFINITY,
        number
            if number
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'-' | b'+')) =>
        {
            number.parse().ok()?
        }
        _ => return None,
    };
    (!bound.is_nan()).then_some(bound)
}

/// Sums the counts of buckets with the same bound.
fn coalesce(buckets: &mut Vec<Bucket>) {
    buckets.dedup_by(|next, kept| {
        let same = next.upper_bound == kept.upper_bound;
        if same {
            kept.count += next.count;
        }
        same
    });
}

/// Makes counts monotonic. Returns the lowest and highest bound bent, and by how much at most, unless it was
/// rounding only.
fn make_monotonic(buckets: &mut [Bucket]) -> Option<Bent> {
    let mut bent: Option<Bent> = None;
    let mut previous = buckets.first()?.count;
    for bucket in buckets.iter_mut().skip(1) {
        let count = bucket.count;
        if count == previous {
            continue;
        }
        if almost_equal(previous, count) {
            bucket.count = previous;
        } else if count < previous {
            bucket.count = previous;
            let (low, high, difference) = bent.unwrap_or((f64::INFINITY, f64::NEG_INFINITY, 0.0));
            bent = Some((
                low.min(bucket.upper_bound),
                high.max(bucket.upper_bound),
                difference.max(previous - count),
            ));
        } else {
            previous = count;
        }
    }
    bent
}

fn almost_equal(a: f64, b: f64) -> bool {
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == b || (a.is_nan() && b.is_nan()) {
        true
    } else if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        difference < SMALL_DIFFERENCE * f64::MIN_POSITIVE
    } else {
        difference / sum.min(f64::MAX) < SMALL_DIFFERENCE
    }
}

/// Estimates a quantile by linear interpolation within a bucket, as Prometheus's `BucketQuantile` does.
pub(super) fn quantile(q: f64, buckets: &mut Vec<Bucket>) -> (f64, Option<Bent>) {
    if q.is_nan() {
        return (f64::NAN, None);
    }
    if !(0.0..=1.0).contains(&q) {
        return (if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY }, None);
    }
    if buckets
        .last()
        .is_none_or(|last| last.upper_bound != f64::INFINITY)
    {
        return (f64::NAN, None);
    }
    coalesce(buckets);
    let bent = make_monotonic(buckets);
    let [.., second_last, last] = buckets.as_slice() else {
        return (f64::NAN, bent);
    };
    if last.count == 0.0 {
        return (f64::NAN, bent);
    }
    let mut rank = q * last.count;
    let n_finite = buckets.len() - 1;
    let at = buckets
        .iter()
        .take(n_finite)
        .position(|bucket| bucket.count >= rank)
        .unwrap_or(n_finite);
    let bucket = buckets[at];
    if at == n_finite {
        return (second_last.upper_bound, bent);
    }
    if at == 0 && bucket.upper_bound <= 0.0 {
        return (bucket.upper_bound, bent);
    }
    let mut start = 0.0;
    let mut count = bucket.count;
    if at > 0 {
        let below = buckets[at - 1];
        start = below.upper_bound;
        count -= below.count;
        rank -= below.count;
    }
    (start + (bucket.upper_bound - start) * (rank / count), bent)
}

/// Estimates the fraction of observations between two values by linear interpolation within buckets.
pub(super) fn fraction(low: f64, high: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if buckets
        .last()
        .is_none_or(|last| last.upper_bound != f64::INFINITY)
    {
        return f64::NAN;
    }
    coalesce(buckets);
    let total = buckets.last().map_or(0.0, |last| last.count);
    if total == 0.0 || low.is_nan() || high.is_nan() {
        return f64::NAN;
    }
    if low >= high {
        return 0.0;
    }
    (rank_of(high, buckets, total) - rank_of(low, buckets, total)) / total
}

/// Estimates how many observations are at most `value`.
fn rank_of(value: f64, buckets: &[Bucket], total: f64) -> f64 {
    let first_is_negative = buckets.first().is_some_and(|first| first.upper_bound <= 0.0);
    let mut lower = if first_is_negative { f64::NEG_INFINITY } else { 0.0 };
    let mut rank: f64 = 0.0;
    for bucket in buckets {
        if lower >= value {
            return rank.min(total);
        }
        if bucket.upper_bound > value {
            let found = if lower == f64::NEG_INFINITY {
                bucket.count
            } else {
                rank + (bucket.count - rank) * (value - lower) / (bucket.upper_bound - lower)
            };
            return if found > total { total } else { found };
        }
        rank = bucket.count;
        lower = bucket.upper_bound;
    }
    total
}
