use std::sync::Arc;

use model::{Buckets, CUSTOM_BUCKETS, Histogram, ResetHint, SampleBuffer, Span};
use proptest::prelude::*;

use super::*;

/// Counts as sources send them: counters of integers, fractions, anything.
fn count() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (0u32..5000).prop_map(f64::from),
        1 => (0u64..1 << 53).prop_map(|n| n as f64),
    ]
}

fn any_count() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0u32..5000).prop_map(|n| f64::from(n) / 4.0),
        1 => any::<u64>().prop_map(f64::from_bits),
    ]
}

fn buckets(fractions: bool) -> impl Strategy<Value = Buckets> {
    let counts = if fractions {
        any_count().boxed()
    } else {
        count().boxed()
    };
    let span = (-3i32..4, 0u32..5).prop_map(|(offset, length)| Span { offset, length });
    (
        proptest::collection::vec(span, 0..4),
        proptest::collection::vec(counts, 20),
    )
        .prop_map(|(spans, mut counts)| {
            counts.truncate(spans.iter().map(|span| span.length as usize).sum());
            Buckets { spans, counts }
        })
}

fn hint() -> impl Strategy<Value = ResetHint> {
    prop_oneof![
        Just(ResetHint::Unknown),
        Just(ResetHint::Reset),
        Just(ResetHint::NoReset),
        Just(ResetHint::Gauge)
    ]
}

pub(crate) fn histogram() -> impl Strategy<Value = Histogram> {
    any::<bool>().prop_flat_map(|fractions| {
        let counts = if fractions {
            any_count().boxed()
        } else {
            count().boxed()
        };
        let sum = prop_oneof![any_count(), Just(f64::NAN), Just(-0.0), Just(f64::INFINITY)];
        let bounds = prop_oneof![
            Just(Vec::new()),
            Just(vec![0.005, 0.01, 0.1, 1.0, 10.0]),
            Just(vec![-1.5, 0.0, 7.0])
        ];
        let threshold = prop_oneof![Just(0.0), Just(2.938_735_877_055_719e-39), Just(1e-3)];
        let whole = (
            counts.clone(),
            counts,
            sum,
            buckets(fractions),
            buckets(fractions),
        );
        (whole, hint(), -4i8..=8, bounds, threshold).prop_map(
            move |(
                (count, zero_count, sum, positive, negative),
                reset_hint,
                schema,
                bounds,
                zero_threshold,
            )| {
                Histogram {
                    schema: if bounds.is_empty() { schema } else { CUSTOM_BUCKETS },
                    integer: !fractions,
                    reset_hint,
                    zero_threshold,
                    zero_count,
                    count,
                    sum,
                    positive,
                    negative,
                    custom_values: Arc::from(bounds),
                }
            },
        )
    })
}

#[derive(Clone, Debug)]
pub(crate) enum Sample {
    Float(u64),
    Histogram(Histogram),
    /// The histogram before with counts that went up.
    Grown(u8),
}

fn sample() -> impl Strategy<Value = Sample> {
    prop_oneof![
        2 => any::<u64>().prop_map(Sample::Float),
        2 => (0u32..100).prop_map(|n| Sample::Float(f64::from(n).to_bits())),
        1 => Just(Sample::Float(model::STALE_BITS)),
        3 => histogram().prop_map(Sample::Histogram),
        9 => any::<u8>().prop_map(Sample::Grown),
    ]
}

/// Samples of one series: floats, histograms that grow or change, markers, starts here and there.
pub(crate) fn samples() -> impl Strategy<Value = SampleBuffer> {
    let start = prop_oneof![
        3 => Just(None),
        2 => (0i64..3).prop_map(|n| Some(n * 777)),
        1 => any::<i64>().prop_map(Some)
    ];
    let row = (sample(), 1i64..40, start);
    proptest::collection::vec(row, 1..40).prop_map(|rows| {
        let mut out = SampleBuffer::default();
        let (mut t, mut last) = (1_700_000_000_000, None);
        for (sample, step, start) in rows {
            t += step * 500;
            match (sample, &mut last) {
                (Sample::Float(bits), _) => out.push(t, f64::from_bits(bits)),
                (Sample::Histogram(histogram), last) => {
                    out.push_histogram(t, histogram.clone());
                    *last = Some(histogram);
                }
                (Sample::Grown(by), Some(histogram)) => {
                    for count in histogram.positive.counts.iter_mut().chain([&mut histogram.count]) {
                        *count += f64::from(by % 8);
                    }
                    out.push_histogram(t, histogram.clone());
                }
                (Sample::Grown(by), None) => out.push(t, f64::from(by)),
            }
            if let Some(start) = start {
                out.set_start(start);
            }
        }
        out
    })
}

/// Everything in a buffer as bits, so that NaN equals itself.
pub(crate) fn bits(samples: &SampleBuffer) -> impl PartialEq + std::fmt::Debug + use<> {
    let floats = |column: &[f64]| column.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let histograms: Vec<_> = samples
        .histograms
        .iter()
        .map(|(row, h)| {
            let numbers = floats(&[h.zero_threshold, h.zero_count, h.count, h.sum]);
            let sides = [&h.positive, &h.negative].map(|b| (b.spans.clone(), floats(&b.counts)));
            let kind = (h.schema, h.integer, h.reset_hint);
            (*row, kind, numbers, sides, floats(&h.custom_values))
        })
        .collect();
    let mut starts = samples.starts.clone();
    if starts.iter().all(|start| *start == 0) {
        starts.clear();
    }
    (
        samples.timestamps.clone(),
        floats(&samples.values),
        starts,
        histograms,
    )
}

proptest! {
    #[test]
    fn samples_of_all_kinds_round_trip(samples in samples(), cut in 0usize..40) {
        let cut = cut.min(samples.len());
        let mut out = SampleBuffer::default();
        for rows in [0..cut, cut..samples.len()] {
            let n = rows.len();
            if n == 0 {
                continue;
            }
            let mut bytes = Vec::new();
            let kind = encode_samples(&samples, rows.clone(), &mut bytes);
            out.timestamps.extend_from_slice(&samples.timestamps[rows]);
            decode_samples(kind, &bytes, (n, &mut out)).unwrap();
        }
        prop_assert_eq!(bits(&out), bits(&samples));
    }

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), kind in 0u8..0x70, n in 0usize..200) {
        let mut out = SampleBuffer::default();
        out.timestamps.extend(0..n as i64);
        if decode_samples(kind, &bytes, (n, &mut out)).is_ok() {
            prop_assert_eq!(out.values.len(), n);
            prop_assert!(out.starts.is_empty() || out.starts.len() == n);
        }
    }

    #[test]
    fn bent_bytes_never_panic(samples in samples(), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = Vec::new();
        let kind = encode_samples(&samples, 0..samples.len(), &mut bytes);
        *at.get_mut(&mut bytes) ^= flip;
        let mut out = SampleBuffer { timestamps: samples.timestamps.clone(), ..SampleBuffer::default() };
        let len = samples.len();
        if decode_samples(kind, &bytes, (len, &mut out)).is_ok() {
            prop_assert_eq!(out.values.len(), len);
        }
    }
}

#[test]
fn a_histogram_that_contradicts_itself_is_cut() {
    let span = |offset, length| Span { offset, length };
    let mut samples = SampleBuffer::default();
    let positive = Buckets {
        spans: vec![span(0, 2), span(1, u32::MAX)],
        counts: vec![1.0, 2.0, 3.0],
    };
    let negative = Buckets {
        spans: vec![span(0, 1)],
        counts: vec![4.0, 5.0],
    };
    samples.push_histogram(
        1,
        Histogram {
            positive,
            negative,
            ..Histogram::default()
        },
    );
    let mut bytes = Vec::new();
    let kind = encode_samples(&samples, 0..1, &mut bytes);
    let mut out = SampleBuffer {
        timestamps: vec![1],
        ..SampleBuffer::default()
    };
    decode_samples(kind, &bytes, (1, &mut out)).unwrap();
    let (_, read) = &out.histograms[0];
    assert_eq!(read.positive.spans, [span(0, 2), span(1, 1)]);
    assert_eq!(read.positive.counts, [1.0, 2.0, 3.0]);
    assert_eq!(read.negative.counts, [4.0]);
}

#[test]
fn a_steady_histogram_is_small() {
    let mut samples = SampleBuffer::default();
    for i in 0..120u32 {
        let counts: Vec<f64> = (0..40).map(|b| f64::from(i * (b % 7) + (i * b) % 3)).collect();
        let positive = Buckets {
            spans: vec![Span {
                offset: -12,
                length: 40,
            }],
            counts,
        };
        let count = positive.counts.iter().sum();
        let histogram = Histogram {
            schema: 3,
            integer: true,
            count,
            sum: f64::from(i) * 17.25,
            positive,
            ..Histogram::default()
        };
        samples.push_histogram(i64::from(i) * 15_000, histogram);
    }
    let mut bytes = Vec::new();
    encode_samples(&samples, 0..120, &mut bytes);
    assert!(bytes.len() < 120 * 15, "{} bytes", bytes.len());
    // Nothing but a float costs nothing but a float.
    let mut floats = SampleBuffer::default();
    (0..120).for_each(|i| floats.push(i, 1.0));
    bytes.clear();
    assert_eq!(encode_samples(&floats, 0..120, &mut bytes), FLOATS);
    assert_eq!(bytes.len(), 9);
}
