use std::sync::Arc;

use crate::{Buckets, CUSTOM_BUCKETS, Histogram, Span};

fn buckets(spans: &[(i32, u32)], counts: &[f64]) -> Buckets {
    Buckets {
        spans: spans
            .iter()
            .map(|&(offset, length)| Span { offset, length })
            .collect(),
        counts: counts.to_vec(),
    }
}

fn exponential() -> Histogram {
    Histogram {
        integer: true,
        zero_count: 2.0,
        count: 9.0,
        sum: 1.0,
        positive: buckets(&[(-1, 2)], &[1.0, 2.0]),
        negative: buckets(&[(3, 1), (0, 1)], &[0.0, 4.0]),
        ..Histogram::default()
    }
}

fn custom() -> Histogram {
    Histogram {
        schema: CUSTOM_BUCKETS,
        count: 3.0,
        positive: buckets(&[(0, 1), (1, 1)], &[1.0, 2.0]),
        custom_values: Arc::from([1.0, 2.0]),
        ..Histogram::default()
    }
}

#[test]
fn takes_what_is_right() {
    for histogram in [exponential(), custom(), Histogram::default()] {
        assert_eq!(histogram.validate(), Ok(()));
    }
    let mut with_nan = exponential();
    with_nan.sum = f64::NAN;
    with_nan.count = 10.0;
    assert_eq!(with_nan.validate(), Ok(()));
    let mut rounded = exponential();
    rounded.integer = false;
    rounded.count = 8.999;
    assert_eq!(rounded.validate(), Ok(()));
}

#[test]
fn says_what_is_wrong_with_exponential_buckets() {
    check(&[
        (
            exponential(),
            |h| h.schema = 9,
            "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema 9",
        ),
        (
            exponential(),
            |h| h.positive.counts.clear(),
            "positive side: spans need 2 buckets, have 0 buckets: histogram spans specify different number of buckets than provided",
        ),
        (
            exponential(),
            |h| h.negative.spans[1].offset = -1,
            "negative side: span number 2 with offset -1: histogram has a span whose offset is negative",
        ),
        (
            exponential(),
            |h| h.positive.spans[0].offset = i32::MIN,
            "positive side: span number 1 starts at bucket index -2147483648: histogram has a span whose bucket index is out of range",
        ),
        (
            exponential(),
            |h| h.negative.spans[1].offset = i32::MAX,
            "negative side: span number 2 ends at bucket index 2147483651: histogram has a span whose bucket index is out of range",
        ),
        (
            exponential(),
            |h| h.negative.counts[0] = -1.0,
            "negative side: bucket number 1 has observation count of -1: histogram has a bucket whose observation count is negative",
        ),
        (
            exponential(),
            |h| h.positive.counts[1] = -0.5,
            "positive side: bucket number 2 has observation count of -0.5: histogram has a bucket whose observation count is negative",
        ),
        (
            exponential(),
            |h| h.zero_count = -1.0,
            "zero bucket has observation count of -1: histogram has a bucket whose observation count is negative",
        ),
        (
            exponential(),
            |h| h.count = -1.0,
            "observation count is -1: histogram's observation count is negative",
        ),
        (
            exponential(),
            |h| h.count = 10.0,
            "9 observations found in buckets, but the Count field is 10: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)",
        ),
        (
            exponential(),
            |h| (h.count, h.sum) = (8.0, f64::NAN),
            "9 observations found in buckets, but the Count field is 8: histogram's observation count should be at least the number of observations found in the buckets",
        ),
        (
            exponential(),
            |h| h.custom_values = Arc::from([1.0]),
            "histogram with exponential schema must not have custom bounds",
        ),
    ]);
}

#[test]
fn says_what_is_wrong_with_custom_buckets() {
    check(&[
        (
            custom(),
            |h| h.custom_values = Arc::from([2.0, 1.0]),
            "custom buckets: previous bound is 2.000000 and current is 1.000000: histogram custom bounds must be in strictly increasing order",
        ),
        (
            custom(),
            |h| h.custom_values = Arc::from([1.0, f64::INFINITY]),
            "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite",
        ),
        (
            custom(),
            |h| h.custom_values = Arc::from([f64::NAN, 1.0]),
            "custom buckets: histogram custom bounds must not be NaN",
        ),
        (
            custom(),
            |h| h.custom_values = Arc::from([1.0]),
            "custom buckets: only 1 custom bounds defined which is insufficient to cover total span length of 3: histogram custom bounds are too few",
        ),
        (
            custom(),
            |h| h.positive.spans[0].offset = -1,
            "custom buckets: span number 1 with offset -1: histogram has a span whose offset is negative",
        ),
        (
            custom(),
            |h| h.zero_count = 1.0,
            "custom buckets: must have zero count of 0",
        ),
        (
            custom(),
            |h| h.negative = buckets(&[(0, 1)], &[1.0]),
            "custom buckets: must not have negative spans",
        ),
    ]);
}

type Case = (Histogram, fn(&mut Histogram), &'static str);

fn check(cases: &[Case]) {
    for (histogram, change, expected) in cases {
        let mut histogram = histogram.clone();
        change(&mut histogram);
        assert_eq!(histogram.validate().unwrap_err().to_string(), *expected);
    }
}
