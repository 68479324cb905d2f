use std::sync::Arc;

use crate::{Buckets, CUSTOM_BUCKETS, Histogram, Span};

#[test]
fn writes_as_prometheus_does() {
    let side = |offset, counts: &[f64]| Buckets {
        spans: vec![Span {
            offset,
            length: counts.len() as u32,
        }],
        counts: counts.to_vec(),
    };
    let exponential = Histogram {
        zero_threshold: 0.001,
        zero_count: 2.0,
        count: 1_234_567.0,
        sum: -18.4,
        positive: side(0, &[1.5, 0.0, 4.0]),
        negative: side(1, &[3.0]),
        ..Histogram::default()
    };
    let custom = Histogram {
        schema: CUSTOM_BUCKETS,
        count: 3.0,
        sum: f64::NAN,
        positive: side(0, &[1.0, 2.0]),
        custom_values: Arc::from([0.000_01]),
        ..Histogram::default()
    };
    for (histogram, expected) in [
        (
            exponential,
            "{count:1.234567e+06, sum:-18.4, [-2,-1):3, [-0.001,0.001]:2, (0.5,1]:1.5, (2,4]:4}",
        ),
        (custom, "{count:3, sum:NaN, [-Inf,1e-05]:1, (1e-05,+Inf]:2}"),
        (Histogram::default(), "{count:0, sum:0}"),
    ] {
        assert_eq!(histogram.to_string(), expected);
    }
}
