//! What 1.0 carries besides floats.

use model::{Buckets, CUSTOM_BUCKETS, Exemplar, Histogram, ResetHint, Span};

use super::*;
use crate::histogram::write_histogram;

pub(super) fn histogram() -> Histogram {
    Histogram {
        schema: 1,
        integer: true,
        reset_hint: ResetHint::NoReset,
        zero_threshold: 0.001,
        zero_count: 2.0,
        count: 13.0,
        sum: 18.4,
        positive: Buckets {
            spans: vec![
                Span {
                    offset: -2,
                    length: 2,
                },
                Span { offset: 3, length: 1 },
            ],
            counts: vec![1.0, 3.0, 2.0],
        },
        negative: Buckets {
            spans: vec![Span { offset: 0, length: 2 }],
            counts: vec![4.0, 1.0],
        },
        custom_values: [].into(),
    }
}

pub(super) fn custom_histogram() -> Histogram {
    Histogram {
        schema: CUSTOM_BUCKETS,
        count: 6.5,
        sum: 3.0,
        positive: Buckets {
            spans: vec![Span { offset: 0, length: 1 }, Span { offset: 1, length: 1 }],
            counts: vec![1.5, 5.0],
        },
        custom_values: [0.1, 0.5].into(),
        ..Histogram::default()
    }
}

pub(super) fn exemplar(trace: &str) -> Exemplar {
    Exemplar {
        labels: Labels::from_pairs([("trace_id", trace)]).unwrap(),
        timestamp: 11,
        value: -0.5,
    }
}

/// A batch with everything a request can carry.
pub(super) fn rich_batch() -> Batch {
    let mut batch = Batch::default();
    let pairs = |name: &'static str| [(METRIC_NAME, name), ("instance", "a:1"), ("job", "é")];
    let labels = |name| Labels::from_pairs(pairs(name)).unwrap();
    let h = batch.add_packed(labels("h").as_packed()).unwrap();
    batch.push_histogram(&h, 1, histogram());
    batch.push_histogram(&h, 2, custom_histogram());
    batch.push_exemplar(&h, exemplar("one"));
    let c = batch.add_packed(labels("c_total").as_packed()).unwrap();
    batch.push(&c, 1, 5.0);
    batch.push(&c, 2, model::stale_marker());
    batch.push_exemplar(&c, exemplar("two"));
    batch.push_exemplar(&c, exemplar(""));
    batch.describe(
        "c_total",
        Metadata {
            metric_type: MetricType::Counter,
            help: "Counts.".to_owned(),
            unit: String::new(),
        },
    );
    batch
}

pub(super) fn assert_same(read: &Batch, written: &Batch) {
    assert_eq!(rows(read), rows(written));
    assert_eq!(read.histograms(), written.histograms());
    let exemplars = |batch: &Batch| -> Vec<(Labels, Exemplar)> {
        let one = |e: &model::BatchExemplar| (batch.exemplar_labels(e).to_labels(), e.exemplar.clone());
        batch.exemplars().iter().map(one).collect()
    };
    assert_eq!(exemplars(read), exemplars(written));
    assert_eq!(read.metadata(), written.metadata());
}

#[test]
fn reads_back_histograms_exemplars_and_metadata() {
    let batch = rich_batch();
    let mut back = Batch::default();
    let decoded = decode_remote_write_v1(
        &encode_remote_write_v1(&batch),
        &DecodeLimits::default(),
        &mut DecodeScratch::default(),
        &mut back,
    )
    .unwrap();
    assert_same(&back, &batch);
    let expected = Decoded {
        series: 2,
        samples: 2,
        histograms: 2,
        exemplars: 3,
        metadata: 1,
        ..Decoded::default()
    };
    assert_eq!(decoded, expected);
}

fn histogram_message(histogram: &Histogram, timestamp: i64) -> Vec<u8> {
    let mut out = Vec::new();
    write_histogram(&mut out, histogram, (timestamp, 0));
    out
}

#[test]
fn refuses_histograms_that_contradict_themselves_one_by_one() {
    let check = |change: fn(&mut Histogram), expected: &str| {
        let mut bad = histogram();
        change(&mut bad);
        let series = [
            label(b"__name__", b"h"),
            field(4, &histogram_message(&histogram(), 1)),
            field(4, &histogram_message(&bad, 2)),
        ]
        .concat();
        let mut body = Vec::new();
        crate::protobuf::push_bytes(&mut body, 1, &series);
        let (decoded, batch) = decode(&body);
        let decoded = decoded.unwrap();
        assert_eq!(batch.histograms().len(), 1, "{expected}");
        assert_eq!((decoded.histograms, decoded.refused_histograms), (1, 1));
        assert_eq!(decoded.refusals[0].series, "{__name__=\"h\"}");
        assert_eq!(decoded.refusals[0].reason.to_string(), expected);
    };
    check(
        |h| h.count = 12.0,
        "13 observations found in buckets, but the Count field is 12: histogram's observation count should equal \
         the number of observations found in the buckets (in absence of NaN)",
    );
    check(
        |h| h.positive.spans[0].length = 7,
        "positive side: spans need 8 buckets, have 3 buckets: histogram spans specify different number of buckets \
         than provided",
    );
    check(
        |h| h.negative.spans[0].offset = i32::MAX,
        "negative side: span number 1 ends at bucket index 2147483648: histogram has a span whose bucket index is \
         out of range",
    );
    check(
        |h| h.positive.spans[1].offset = -1,
        "positive side: span number 2 with offset -1: histogram has a span whose offset is negative",
    );
    check(
        |h| h.negative.counts[1] = -1.0,
        "negative side: bucket number 2 has observation count of -1: histogram has a bucket whose observation \
         count is negative",
    );
    check(
        |h| h.schema = -5,
        "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for \
         custom buckets, got schema -5",
    );
    check(
        |h| h.custom_values = [1.0].into(),
        "histogram with exponential schema must not have custom bounds",
    );
}

#[test]
fn merges_buckets_finer_than_any_schema_stored() {
    let mut message = histogram_message(&histogram(), 1);
    // The schema once more, and this one counts: 10 is two steps finer than 8.
    message.extend_from_slice(&[4 << 3, 20]);
    let series = [label(b"__name__", b"h"), field(4, &message)].concat();
    let (decoded, batch) = decode(&field(1, &series));
    assert_eq!(decoded.unwrap().refusals, []);
    let stored = &batch.histograms()[0].1;
    assert_eq!(stored.schema, 8);
    // Buckets -2, -1 and 3 become 0, 0 and 1.
    assert_eq!(stored.positive.spans, [Span { offset: 0, length: 2 }]);
    assert_eq!(stored.positive.counts, [4.0, 2.0]);
    // Buckets 0 and 1 become 0 and 1.
    assert_eq!(stored.negative.counts, [4.0, 1.0]);
}

#[test]
fn a_stale_histogram_is_the_stale_marker() {
    let stale = Histogram {
        sum: model::stale_marker(),
        ..histogram()
    };
    let series = [label(b"__name__", b"h"), field(4, &histogram_message(&stale, 5))].concat();
    let (decoded, batch) = decode(&field(1, &series));
    let decoded = decoded.unwrap();
    assert_eq!((decoded.samples, decoded.histograms), (1, 0));
    assert_eq!(rows(&batch)[0].1, 5);
    assert_eq!(rows(&batch)[0].2, model::STALE_BITS);
}

#[test]
fn bounds_buckets_and_exemplars() {
    let limits = DecodeLimits {
        max_buckets: 5,
        max_exemplars: 1,
        ..DecodeLimits::default()
    };
    let series = [
        label(b"__name__", b"h"),
        field(4, &histogram_message(&histogram(), 1)),
    ]
    .concat();
    let (decoded, _) = decode_within(&field(1, &series), &limits);
    assert_eq!(
        decoded.unwrap().refusals[0].reason.to_string(),
        "histogram has more than 5 buckets, spans and bounds"
    );
    let series = [label(b"__name__", b"c"), field(3, b""), field(3, b"")].concat();
    let (decoded, _) = decode_within(&field(1, &series), &limits);
    assert_eq!(
        decoded,
        Err(DecodeError::TooMany {
            what: "exemplars",
            limit: 1
        })
    );
}

#[test]
fn packs_labels_of_every_length_alike() {
    // Around the sizes at which the packer changes its way, and those it leaves to the builder.
    for len in [1, 2, 30, 31, 32, 33, 62, 63, 126, 127, 128, 129, 300] {
        let value = "v".repeat(len);
        let labels = Labels::from_pairs([(METRIC_NAME, "m"), ("a", "x"), ("b", &value)]).unwrap();
        let mut batch = Batch::default();
        let key = batch.add_packed(labels.as_packed()).unwrap();
        batch.push(&key, 1, 1.0);
        let mut back = Batch::default();
        let decoded = decode_remote_write_v1(
            &encode_remote_write_v1(&batch),
            &DecodeLimits::default(),
            &mut DecodeScratch::default(),
            &mut back,
        );
        assert_eq!(decoded.unwrap().samples, 1);
        assert_eq!(rows(&back)[0].0, labels, "value of {len} bytes");
    }
}

#[test]
fn samples_are_read_alike_in_every_form() {
    let varint = |mut value: u64| {
        let mut out = Vec::new();
        while value >= 0x80 {
            out.push((value as u8 & 0x7f) | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
        out
    };
    let value = |value: f64| [&[0x09][..], &value.to_le_bytes()].concat();
    let time = |time: i64| [&[0x10][..], &varint(time.cast_unsigned())].concat();
    let now = 1_795_387_400_123;
    let forms = [
        ([value(1.5), time(now)].concat(), (now, 1.5)),
        ([time(now + 1), value(2.5)].concat(), (now + 1, 2.5)),
        // Zeros are left out.
        (time(now + 2), (now + 2, 0.0)),
        (value(3.5), (0, 3.5)),
        (Vec::new(), (0, 0.0)),
        ([value(f64::NAN), time(-1)].concat(), (-1, f64::NAN)),
        ([value(4.5), time(i64::MAX)].concat(), (i64::MAX, 4.5)),
        ([value(5.5), time(i64::MIN)].concat(), (i64::MIN, 5.5)),
        // More bytes than it needs.
        (
            [value(6.5), vec![0x10, 0xff, 0x80, 0x80, 0x00]].concat(),
            (127, 6.5),
        ),
        // What comes later counts; what is not known is skipped.
        ([value(7.5), time(7), time(8)].concat(), (8, 7.5)),
        ([value(8.5), time(9), vec![0x78, 0x01]].concat(), (9, 8.5)),
    ];
    let mut body = label(b"__name__", b"x");
    for (message, _) in &forms {
        body.extend(field(2, message));
    }
    // Behind another field, and with a length that is longer than it needs to be.
    body.extend([0x78, 0x01]);
    body.extend([0x12, 0x8b, 0x00]);
    body.extend([value(9.5), vec![0x10, 0x0a]].concat());
    let (decoded, batch) = decode(&[vec![0x0a], varint(body.len() as u64), body].concat());
    assert_eq!(decoded.unwrap().samples, forms.len() + 1);
    let read: Vec<(i64, u64)> = rows(&batch).iter().map(|row| (row.1, row.2)).collect();
    let expected = forms.iter().map(|(_, sample)| *sample).chain([(10, 9.5)]);
    let expected: Vec<(i64, u64)> = expected.map(|(t, value)| (t, value.to_bits())).collect();
    assert_eq!(read, expected);
}
