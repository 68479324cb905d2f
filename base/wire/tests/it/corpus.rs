//! Valid requests of every format, to be broken.

use model::{Batch, Buckets, CUSTOM_BUCKETS, Exemplar, Histogram, Labels, Metadata, MetricType, Span};

/// A batch with everything that remote write can carry.
pub(crate) fn batch() -> Batch {
    let mut batch = Batch::default();
    for i in 0..4_i32 {
        let value = "v".repeat(usize::try_from(i).unwrap() * 50);
        let labels =
            Labels::from_pairs([("__name__", format!("m{i}")), ("a", "é".to_owned()), ("b", value)]).unwrap();
        let series = batch.add_packed(labels.as_packed()).unwrap();
        for t in 0..3 {
            batch.push(&series, t, f64::from(i));
            batch.set_start(t - 1);
        }
        batch.push_histogram(&series, 10, exponential());
        batch.push_histogram(&series, 11, custom());
        batch.push_exemplar(
            &series,
            Exemplar {
                labels: Labels::from_pairs([("trace_id", "abc")]).unwrap(),
                timestamp: 5,
                value: 0.5,
            },
        );
        batch.describe(
            &format!("m{i}"),
            Metadata {
                metric_type: MetricType::Counter,
                help: "Help.".to_owned(),
                unit: "seconds".to_owned(),
            },
        );
    }
    batch
}

fn exponential() -> Histogram {
    Histogram {
        schema: 2,
        integer: true,
        zero_threshold: 0.01,
        zero_count: 1.0,
        count: 11.0,
        sum: 2.0,
        positive: Buckets {
            spans: vec![
                Span {
                    offset: -1,
                    length: 2,
                },
                Span { offset: 5, length: 1 },
            ],
            counts: vec![1.0, 2.0, 3.0],
        },
        negative: Buckets {
            spans: vec![Span { offset: 0, length: 1 }],
            counts: vec![4.0],
        },
        ..Histogram::default()
    }
}

fn custom() -> Histogram {
    Histogram {
        schema: CUSTOM_BUCKETS,
        count: 3.5,
        positive: Buckets {
            spans: vec![Span { offset: 0, length: 2 }],
            counts: vec![1.0, 2.5],
        },
        custom_values: [0.5, 1.0].into(),
        ..Histogram::default()
    }
}

/// Undoes the compression of an encoder, so that what is inside can be broken.
pub(crate) fn decompressed(body: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(body).unwrap()
}

pub(crate) fn compressed(body: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(body).unwrap()
}

/// A field of a message; lengths are below 128 in these corpora, or take two bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let len = u8::try_from(bytes.len() & 0x7f).unwrap();
    if bytes.len() < 128 {
        out.push(len);
    } else {
        out.extend([len | 0x80, u8::try_from(bytes.len() >> 7).unwrap()]);
    }
    out.extend_from_slice(bytes);
    out
}

/// A read request, decompressed: two queries with matchers and hints.
pub(crate) fn read_request() -> Vec<u8> {
    let matcher = |op: u8, name: &[u8], value: &[u8]| {
        field(3, &[vec![8, op], field(2, name), field(3, value)].concat())
    };
    let hints = field(
        4,
        &[vec![8, 15], field(2, b"rate"), field(5, b"job"), vec![48, 1]].concat(),
    );
    let query = [
        vec![8, 1, 16, 9],
        matcher(0, b"__name__", b"up"),
        matcher(2, b"job", b"a|b.*"),
        hints,
    ]
    .concat();
    [field(1, &query), field(1, &query), vec![16, 1]].concat()
}

/// An OpenTelemetry request in protobuf with every kind of metric.
pub(crate) fn otlp() -> Vec<u8> {
    let text = |text: &[u8]| field(2, &field(1, text));
    let attribute = |number: u8| field(number, &[field(1, b"key"), text(b"value")].concat());
    let nested = field(
        7,
        &[
            field(1, b"list"),
            field(2, &field(5, &field(1, &field(6, &attribute(1))))),
        ]
        .concat(),
    );
    let fixed = |number: u8, value: u64| [vec![number << 3 | 1], value.to_le_bytes().to_vec()].concat();
    let exemplar = |number: u8| {
        let parts = [fixed(2, 1_000_000), fixed(3, 0), field(5, &[7; 16]), attribute(7)];
        field(number, &parts.concat())
    };
    let time = [fixed(2, 1_000_000), fixed(3, 2_000_000_000)].concat();
    let number = [
        time.clone(),
        fixed(4, 1.5_f64.to_bits()),
        exemplar(5),
        attribute(7),
        nested,
    ]
    .concat();
    let counts = [1_u64, 2, 3].map(u64::to_le_bytes).concat();
    let bounds = [0.1_f64, 1.0].map(|bound| bound.to_bits().to_le_bytes()).concat();
    let explicit = [
        time.clone(),
        fixed(4, 6),
        fixed(5, 0),
        field(6, &counts),
        field(7, &bounds),
        exemplar(8),
        attribute(9),
    ];
    let buckets = |number: u8| field(number, &[vec![8, 3], field(2, &[1, 0, 2])].concat());
    let exponential = [
        attribute(1),
        time.clone(),
        fixed(4, 7),
        vec![48, 20],
        fixed(7, 1),
        buckets(8),
        buckets(9),
        exemplar(11),
    ];
    let quantile = field(6, &[fixed(1, 0), fixed(2, 0)].concat());
    let summary = [time, fixed(4, 1), fixed(5, 0), quantile, attribute(7)].concat();
    let metric = |number: u8, point: &[u8]| {
        let data = [field(1, point), vec![16, 2, 24, 1]].concat();
        field(
            2,
            &[field(1, b"a.b"), field(3, b"By/s"), field(number, &data)].concat(),
        )
    };
    let metrics = [
        metric(5, &number),
        metric(7, &number),
        metric(9, &explicit.concat()),
        metric(10, &exponential.concat()),
        metric(11, &summary),
    ];
    let scope = field(1, &[field(1, b"lib"), field(2, b"1"), attribute(3)].concat());
    let resource = field(1, &attribute(1));
    field(
        1,
        &[
            resource,
            field(2, &[vec![scope], metrics.to_vec()].concat().concat()),
        ]
        .concat(),
    )
}

/// The same kinds in JSON.
pub(crate) const OTLP_JSON: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":
{"stringValue":"a"}}]},"scopeMetrics":[{"scope":{"name":"l"},"metrics":[{"name":"g","gauge":{"dataPoints":[{"asInt":"1",
"timeUnixNano":"2000000","attributes":[{"key":"k","value":{"kvlistValue":{"values":[{"key":"x","value":{"arrayValue":
{"values":[{"doubleValue":0.5},{"bytesValue":"AA=="}]}}}]}}}]}]}},{"name":"h","unit":"s","histogram":
{"aggregationTemporality":2,"dataPoints":[{"count":"3","sum":1,"bucketCounts":["1","2"],"explicitBounds":[1],
"exemplars":[{"asDouble":1,"traceId":"0102"}]}]}},{"name":"e","exponentialHistogram":{"aggregationTemporality":2,
"dataPoints":[{"count":"3","scale":20,"positive":{"offset":-2,"bucketCounts":["3"]}}]}}]}]}]}"#;
