use super::*;
use crate::{CUSTOM_BUCKETS, Histogram};

fn buckets(spans: &[(i32, u32)], counts: &[f64]) -> Buckets {
    Buckets {
        spans: spans
            .iter()
            .map(|&(offset, length)| Span { offset, length })
            .collect(),
        counts: counts.to_vec(),
    }
}

#[test]
fn compacts() {
    type Case<'a> = (u32, (&'a [(i32, u32)], &'a [f64]), (&'a [(i32, u32)], &'a [f64]));
    let cases: [Case<'_>; 11] = [
        (0, (&[], &[]), (&[], &[])),
        (0, (&[(0, 2)], &[1.0, 2.0]), (&[(0, 2)], &[1.0, 2.0])),
        (
            0,
            (&[(-2, 1), (2, 3)], &[1.0, 3.0, 2.0, 1.0]),
            (&[(-2, 1), (2, 3)], &[1.0, 3.0, 2.0, 1.0]),
        ),
        // Empty at the ends of spans.
        (
            0,
            (&[(-4, 4), (3, 3)], &[0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0]),
            (&[(-2, 2), (3, 1)], &[1.0, 2.0, 3.0]),
        ),
        // Empty in the middle.
        (
            0,
            (&[(0, 4)], &[1.0, 0.0, 0.0, 2.0]),
            (&[(0, 1), (2, 1)], &[1.0, 2.0]),
        ),
        (
            2,
            (&[(0, 4)], &[1.0, 0.0, 0.0, 2.0]),
            (&[(0, 4)], &[1.0, 0.0, 0.0, 2.0]),
        ),
        (
            1,
            (&[(0, 4)], &[1.0, 0.0, 0.0, 2.0]),
            (&[(0, 1), (2, 1)], &[1.0, 2.0]),
        ),
        // A gap of which part is written as empty buckets.
        (
            3,
            (&[(0, 2), (1, 2)], &[1.0, 0.0, 0.0, 2.0]),
            (&[(0, 5)], &[1.0, 0.0, 0.0, 0.0, 2.0]),
        ),
        // Spans that touch, and spans of no length.
        (
            0,
            (&[(1, 1), (0, 1), (1, 0), (1, 1)], &[1.0, 2.0, 3.0]),
            (&[(1, 2), (2, 1)], &[1.0, 2.0, 3.0]),
        ),
        // Nothing left.
        (0, (&[(-1, 1), (2, 2)], &[0.0, 0.0, 0.0]), (&[], &[])),
        (5, (&[(7, 1), (0, 0)], &[0.0]), (&[], &[])),
    ];
    for (max_empty, (spans, counts), (expected_spans, expected_counts)) in cases {
        let mut side = buckets(spans, counts);
        side.compact(max_empty);
        assert_eq!(
            side,
            buckets(expected_spans, expected_counts),
            "{max_empty} {spans:?} {counts:?}"
        );
    }
}

#[test]
fn reduces_resolution() {
    let histogram = Histogram {
        schema: 2,
        positive: buckets(&[(-3, 3), (1, 4)], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
        negative: buckets(&[(100, 1)], &[9.0]),
        ..Histogram::default()
    };
    let mut reduced = histogram.clone();
    reduced.reduce_resolution(0).unwrap();
    assert_eq!(reduced.schema, 0);
    // Indexes -3..=0 become 0, 1..=4 become 1.
    assert_eq!(reduced.positive, buckets(&[(0, 2)], &[6.0, 22.0]));
    assert_eq!(reduced.negative, buckets(&[(25, 1)], &[9.0]));
    let mut sent = Histogram {
        schema: 52,
        positive: buckets(&[(i32::MAX - 1, 1)], &[1.0]),
        ..Histogram::default()
    };
    sent.reduce_resolution(8).unwrap();
    assert_eq!(sent.positive, buckets(&[(1, 1)], &[1.0]));
}

#[test]
fn keeps_what_it_cannot_reduce() {
    let custom = Histogram {
        schema: CUSTOM_BUCKETS,
        ..Histogram::default()
    };
    let broken = Histogram {
        schema: 3,
        positive: buckets(&[(0, 2)], &[1.0]),
        ..Histogram::default()
    };
    for (histogram, schema, expected) in [
        (custom, -60, "cannot reduce resolution from schema -53 to -60"),
        (
            Histogram::default(),
            1,
            "cannot reduce resolution from schema 0 to 1",
        ),
        (
            broken,
            1,
            "spans need 2 buckets, have 1 buckets: histogram spans specify different number of buckets than provided",
        ),
    ] {
        let mut reduced = histogram.clone();
        assert_eq!(
            reduced.reduce_resolution(schema).unwrap_err().to_string(),
            expected
        );
        assert_eq!(reduced, histogram);
    }
}

#[test]
fn compares_data_bit_by_bit() {
    let histogram = Histogram {
        sum: crate::stale_marker(),
        positive: buckets(&[(1, 1), (1, 1)], &[1.0, 2.0]),
        ..Histogram::default()
    };
    let with = |change: &dyn Fn(&mut Histogram)| {
        let mut other = histogram.clone();
        change(&mut other);
        histogram.is_identical(&other)
    };
    assert!(with(&|_| ()));
    assert!(with(&|h| h.integer = true));
    assert!(with(&|h| h.positive.spans = vec![
        Span { offset: 0, length: 0 },
        Span { offset: 1, length: 1 },
        Span { offset: 1, length: 1 }
    ]));
    assert!(!with(&|h| h.sum = f64::NAN));
    assert!(!with(&|h| h.count = -0.0));
    assert!(!with(&|h| h.schema = 1));
    assert!(!with(&|h| h.zero_threshold = 1.0));
    assert!(!with(&|h| h.positive = buckets(&[(1, 3)], &[1.0, 0.0, 2.0])));
    assert!(!with(&|h| h.positive.counts[1] = 3.0));
    assert!(!with(&|h| h.negative = buckets(&[(1, 1)], &[0.0])));
}
