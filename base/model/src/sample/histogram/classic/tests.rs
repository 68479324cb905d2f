use super::*;

fn build(buckets: &[(f64, f64)], count: Option<f64>) -> Result<Histogram, ClassicError> {
    let mut classic = ClassicHistogram::default();
    for (bound, count) in buckets {
        classic.set_bucket(*bound, *count)?;
    }
    if let Some(count) = count {
        classic.set_count(count)?;
    }
    classic.set_sum(7.5)?;
    classic.to_histogram()
}

const INF: f64 = f64::INFINITY;

#[test]
fn becomes_a_native_histogram_and_back() {
    // In any order; the infinite bucket from the count.
    let histogram = build(&[(1.0, 2.0), (0.5, 0.0), (10.0, 5.0), (10.0, 99.0)], Some(6.0)).unwrap();
    assert_eq!(*histogram.custom_values, [0.5, 1.0, 10.0]);
    assert_eq!(histogram.positive.counts, [2.0, 3.0, 1.0]);
    assert_eq!(histogram.positive.spans, [Span { offset: 1, length: 3 }]);
    assert!(histogram.integer);
    assert_eq!((histogram.count, histogram.sum), (6.0, 7.5));
    let classic: Vec<_> = histogram.classic_buckets().collect();
    assert_eq!(classic, [(0.5, 0.0), (1.0, 2.0), (10.0, 5.0), (INF, 6.0)]);

    // The count from the infinite bucket; no bounds at all; counts that are no integers.
    let only_infinite = build(&[(INF, 3.0)], None).unwrap();
    assert!(only_infinite.custom_values.is_empty());
    assert_eq!(only_infinite.count, 3.0);
    assert_eq!(only_infinite.classic_buckets().collect::<Vec<_>>(), [(INF, 3.0)]);
    let only_count = build(&[], Some(3.0)).unwrap();
    assert!(only_count.is_identical(&only_infinite));
    let fractions = build(&[(1.0, 0.5), (INF, 0.5)], None).unwrap();
    assert!(!fractions.integer);
    assert_eq!(fractions.positive.counts, [0.5]);
    assert_eq!(Histogram::default().classic_buckets().count(), 0);
}

#[test]
fn says_what_is_wrong() {
    for (buckets, count, expected) in [
        (
            &[(1.0, -1.0)][..],
            None,
            "bucket count must be non-negative: le=1, count=-1",
        ),
        (&[(f64::NAN, 1.0)], None, "bucket boundary must not be NaN"),
        (&[(1.0, 1.0)], Some(-2.0), "count must be non-negative: count=-2"),
        (&[], None, "count must be provided when no buckets are present"),
        (
            &[(1.0, 1.0), (INF, 2.0)],
            Some(3.0),
            "count mismatch: count=3 != le=+Inf count=2",
        ),
        (&[(1.0, 2.0), (2.0, 1.0)], None, "count is not cumulative: 1 < 2"),
        (&[(2.0, 1.0), (1.0, 2.0)], None, "count is not cumulative: 1 < 2"),
    ] {
        assert_eq!(build(buckets, count).unwrap_err().to_string(), expected);
    }
}

#[test]
fn remembers_what_was_wrong_until_cleared() {
    let mut classic = ClassicHistogram::default();
    assert!(classic.set_bucket(1.0, -1.0).is_err());
    assert!(classic.set_count(1.0).is_err());
    assert!(classic.to_histogram().is_err());
    classic.clear();
    assert!(classic.is_empty());
    classic.set_count(1.0).unwrap();
    assert_eq!(classic.to_histogram().unwrap().count, 1.0);
}

#[test]
fn knows_the_parts_by_name() {
    assert_eq!(ClassicPart::split("x_bucket"), Some(("x", ClassicPart::Bucket)));
    assert_eq!(ClassicPart::split("x_count"), Some(("x", ClassicPart::Count)));
    assert_eq!(ClassicPart::split("x_sum"), Some(("x", ClassicPart::Sum)));
    assert_eq!(ClassicPart::split("x_created"), None);
}
