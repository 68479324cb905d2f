use super::*;
use crate::{Histogram, Span};

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
fn walks_from_both_ends() {
    let side = buckets(&[(-2, 2), (0, 0), (3, 1), (1, 2)], &[1.0, 2.0, 3.0, 4.0, 5.0]);
    let forward: Vec<_> = side.indexed().collect();
    assert_eq!(forward, [(-2, 1.0), (-1, 2.0), (3, 3.0), (5, 4.0), (6, 5.0)]);
    let mut backward: Vec<_> = side.indexed().rev().collect();
    backward.reverse();
    assert_eq!(backward, forward);
    let mut both = side.indexed();
    assert_eq!(both.next(), Some((-2, 1.0)));
    assert_eq!(both.next_back(), Some((6, 5.0)));
    assert_eq!(both.next_back(), Some((5, 4.0)));
    assert_eq!(both.next(), Some((-1, 2.0)));
    assert_eq!(both.next_back(), Some((3, 3.0)));
    assert_eq!((both.next(), both.next_back()), (None, None));
}

#[test]
fn survives_layouts_that_make_no_sense() {
    for side in [
        buckets(&[(0, 5)], &[1.0]),
        buckets(&[(i32::MAX, u32::MAX), (i32::MIN, 9)], &[1.0, 2.0, 3.0]),
        buckets(&[], &[1.0]),
    ] {
        let histogram = Histogram {
            positive: side.clone(),
            negative: side.clone(),
            ..Histogram::default()
        };
        assert!(histogram.buckets().count() <= 2 * side.counts.len());
        assert!(histogram.buckets().rev().count() <= 2 * side.counts.len());
    }
}

#[test]
fn gives_exponential_buckets_in_ascending_order_with_their_bounds() {
    let histogram = Histogram {
        zero_threshold: 0.75,
        zero_count: 3.0,
        positive: buckets(&[(0, 2), (1, 1)], &[1.0, 2.0, 4.0]),
        negative: buckets(&[(1, 1)], &[5.0]),
        ..Histogram::default()
    };
    let all: Vec<_> = histogram
        .buckets()
        .map(|b| (b.boundaries(), b.lower, b.upper, b.count))
        .collect();
    // The lowest positive bucket is cut where the zero bucket ends.
    let expected = [
        (1, -2.0, -1.0, 5.0),
        (3, -0.75, 0.75, 3.0),
        (0, 0.75, 1.0, 1.0),
        (0, 1.0, 2.0, 2.0),
        (0, 4.0, 8.0, 4.0),
    ];
    assert_eq!(all, expected);
    let mut reversed: Vec<_> = histogram
        .buckets()
        .rev()
        .map(|b| (b.boundaries(), b.lower, b.upper, b.count))
        .collect();
    reversed.reverse();
    assert_eq!(reversed, expected);
}

#[test]
fn gives_custom_buckets_with_their_bounds() {
    let histogram = Histogram {
        schema: CUSTOM_BUCKETS,
        positive: buckets(&[(0, 1), (1, 2)], &[1.0, 2.0, 3.0]),
        custom_values: [-5.0, 0.0, 10.0].into(),
        ..Histogram::default()
    };
    let all: Vec<_> = histogram
        .buckets()
        .map(|b| (b.boundaries(), b.lower, b.upper, b.count))
        .collect();
    let expected = [
        (3, f64::NEG_INFINITY, -5.0, 1.0),
        (0, 0.0, 10.0, 2.0),
        (0, 10.0, f64::INFINITY, 3.0),
    ];
    assert_eq!(all, expected);
}
