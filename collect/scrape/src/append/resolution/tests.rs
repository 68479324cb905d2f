use super::*;

fn limits(buckets: u64, factor: f64) -> Limits {
    Limits {
        histogram_buckets: buckets,
        histogram_min_factor: factor,
        ..Limits::default()
    }
}

/// Buckets that stand side by side from `first` on.
fn buckets(first: i32, counts: &[f64]) -> Buckets {
    Buckets {
        spans: vec![Span {
            offset: first,
            length: u32::try_from(counts.len()).unwrap(),
        }],
        counts: counts.to_vec(),
    }
}

fn exponential(schema: i8, positive: Buckets) -> Histogram {
    Histogram {
        schema,
        integer: true,
        count: positive.counts.iter().sum(),
        positive,
        ..Histogram::default()
    }
}

/// The pairs of Prometheus' own test of the same choice.
#[test]
fn a_factor_chooses_the_schema_that_prometheus_chooses() {
    for (factor, schema) in [
        (65536.0, -4),
        (256.0, -3),
        (16.0, -2),
        (4.0, -1),
        (2.0, 0),
        (1.4, 1),
        (1.1, 2),
        (1.09, 3),
        (1.04, 4),
        (1.02, 5),
        (1.01, 6),
        (1.005, 7),
        (1.002, 8),
        (1.0001, 8),
        (0.0, 8),
    ] {
        assert_eq!(schema_of_factor(factor), schema, "{factor}");
    }
}

#[test]
fn buckets_are_joined_until_there_are_few_enough() {
    let start = || exponential(1, buckets(1, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let mut histogram = start();
    assert!(reduce(&mut histogram, &limits(6, 0.0)));
    assert_eq!(histogram, start(), "the limit is what is allowed");

    // 1 and 2 go to 1, 3 and 4 to 2, 5 and 6 to 3.
    let mut histogram = start();
    assert!(reduce(&mut histogram, &limits(5, 0.0)));
    assert_eq!(
        (histogram.schema, histogram.positive),
        (0, buckets(1, &[3.0, 7.0, 11.0]))
    );

    // And from there 1 and 2 to 1, 3 to 2.
    let mut histogram = start();
    assert!(reduce(&mut histogram, &limits(2, 0.0)));
    assert_eq!(
        (histogram.schema, histogram.positive),
        (-1, buckets(1, &[10.0, 11.0]))
    );
}

#[test]
fn both_sides_and_gaps_count() {
    let mut histogram = exponential(
        2,
        Buckets {
            spans: vec![
                Span {
                    offset: -3,
                    length: 2,
                },
                Span { offset: 4, length: 1 },
            ],
            counts: vec![1.0, 2.0, 4.0],
        },
    );
    histogram.negative = buckets(0, &[8.0, 16.0]);
    assert!(reduce(&mut histogram, &limits(4, 0.0)));
    // -3 and -2 go to -1; 3 goes to 2; on the other side 0 goes to 0 and 1 to 1.
    let positive = Buckets {
        spans: vec![
            Span {
                offset: -1,
                length: 1,
            },
            Span { offset: 2, length: 1 },
        ],
        counts: vec![3.0, 4.0],
    };
    assert_eq!((histogram.schema, histogram.positive), (1, positive));
    assert_eq!(histogram.negative, buckets(0, &[8.0, 16.0]));
}

#[test]
fn a_factor_coarsens_and_never_refines() {
    let mut histogram = exponential(3, buckets(1, &[1.0, 1.0]));
    assert!(reduce(&mut histogram, &limits(0, 2.0)));
    assert_eq!((histogram.schema, histogram.positive), (0, buckets(1, &[2.0])));
    let mut histogram = exponential(-2, buckets(1, &[1.0]));
    assert!(reduce(&mut histogram, &limits(0, 1.1)));
    assert_eq!(histogram.schema, -2);
}

#[test]
fn what_can_not_be_reduced_is_refused() {
    // Even in the coarsest schema these two lie in buckets of their own.
    let far = Buckets {
        spans: vec![
            Span {
                offset: -1000,
                length: 1,
            },
            Span {
                offset: 2000,
                length: 1,
            },
        ],
        counts: vec![1.0, 1.0],
    };
    let mut histogram = exponential(0, far);
    assert!(!reduce(&mut histogram, &limits(1, 0.0)));
    let mut custom = Histogram {
        schema: model::CUSTOM_BUCKETS,
        ..exponential(0, buckets(0, &[1.0, 2.0]))
    };
    assert!(!reduce(&mut custom, &limits(1, 0.0)));
    assert!(
        reduce(&mut custom, &limits(2, 2.0)),
        "a factor says nothing of custom buckets"
    );
}
