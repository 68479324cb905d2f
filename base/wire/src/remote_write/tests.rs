use model::{Labels, METRIC_NAME, Metadata};
use proptest::prelude::*;

use super::*;
use crate::DecodeError;

mod v1_more;
mod v2;

/// A length-delimited field of a hand-made message.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![(number << 3) | 2, u8::try_from(bytes.len()).unwrap()];
    out.extend_from_slice(bytes);
    out
}

fn label(name: &[u8], value: &[u8]) -> Vec<u8> {
    field(1, &[field(1, name), field(2, value)].concat())
}

fn sample(value: f64, timestamp: u8) -> Vec<u8> {
    let mut message = vec![0x09];
    message.extend_from_slice(&value.to_le_bytes());
    message.extend_from_slice(&[0x10, timestamp]);
    field(2, &message)
}

fn compressed(body: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(body).unwrap()
}

fn decode(body: &[u8]) -> (Result<Decoded, DecodeError>, Batch) {
    decode_within(body, &DecodeLimits::default())
}

fn decode_within(body: &[u8], limits: &DecodeLimits) -> (Result<Decoded, DecodeError>, Batch) {
    let mut batch = Batch::default();
    let decoded = decode_remote_write_v1(
        &compressed(body),
        limits,
        &mut DecodeScratch::default(),
        &mut batch,
    );
    (decoded, batch)
}

fn rows(batch: &Batch) -> Vec<(Labels, i64, u64)> {
    let row = |row| (batch.labels(row).to_labels(), row.timestamp, row.value.to_bits());
    batch.rows().iter().map(row).collect()
}

#[test]
fn sorts_labels_and_skips_what_it_does_not_know() {
    let series = [
        sample(1.5, 7),
        label(b"job", b"a"),
        // An unknown varint, 32-bit value, string and nested group.
        vec![0x78, 0x96, 0x01],
        vec![0x7d, 1, 2, 3, 4],
        field(14, b"later"),
        vec![0x7b, 0x0b, 0x08, 0x01, 0x0c, 0x7c],
        label(b"__name__", b"up"),
        label(b"empty", b""),
        field(3, b""),
        sample(2.5, 8),
    ]
    .concat();
    let (decoded, batch) = decode(&field(1, &series));
    let up = Labels::from_pairs([("__name__", "up"), ("job", "a")]).unwrap();
    assert_eq!(
        rows(&batch),
        [(up.clone(), 7, 1.5_f64.to_bits()), (up, 8, 2.5_f64.to_bits())]
    );
    let decoded = decoded.unwrap();
    assert_eq!((decoded.series, decoded.samples, decoded.exemplars), (1, 2, 1));
    assert_eq!(decoded.refused_series, 0);
}

#[test]
fn refuses_bad_series_and_keeps_the_rest() {
    let bad = [
        [label(b"job", b"nameless"), sample(1.0, 1)].concat(),
        [
            label(b"__name__", b"a"),
            label(b"x", b"1"),
            label(b"x", b"2"),
            sample(1.0, 1),
        ]
        .concat(),
        [label(b"__name__", b"b"), label(b"", b"1"), sample(1.0, 1)].concat(),
        [label(b"__name__", b"c"), label(b"x", b"\xff"), sample(1.0, 1)].concat(),
        [label(b"__name__", b""), sample(1.0, 1), sample(1.0, 2)].concat(),
    ];
    let good = [label(b"__name__", b"good"), sample(1.0, 1)].concat();
    let body: Vec<u8> = bad.iter().chain([&good]).flat_map(|s| field(1, s)).collect();
    let (decoded, batch) = decode(&body);
    let decoded = decoded.unwrap();
    let told: Vec<String> = decoded
        .refusals
        .iter()
        .map(|r| format!("{}: {}", r.series, r.reason))
        .collect();
    assert_eq!(
        told,
        [
            "{job=\"nameless\"}: metric name is missing",
            "{__name__=\"a\", x=\"1\", x=\"2\"}: duplicate label name \"x\"",
            "{__name__=\"b\", =\"1\"}: empty label name",
            "{__name__=\"c\", x=\"\u{fffd}\"}: label \"x\" is not valid UTF-8",
            "{__name__=\"\"}: metric name is missing",
        ]
    );
    assert_eq!((decoded.refused_series, decoded.refused_samples), (5, 6));
    assert_eq!(batch.rows().len(), 1);
}

#[test]
fn reads_metadata() {
    let message = [
        vec![0x08, 0x01],
        field(2, b"http_requests_total"),
        field(4, b"Requests."),
        field(5, b"requests"),
    ]
    .concat();
    let (decoded, batch) = decode(&[field(3, &message), field(3, b"")].concat());
    assert_eq!(decoded.unwrap().metadata, 1);
    let metadata = Metadata {
        metric_type: MetricType::Counter,
        help: "Requests.".to_owned(),
        unit: "requests".to_owned(),
    };
    assert_eq!(batch.metadata(), [("http_requests_total".to_owned(), metadata)]);
}

#[test]
fn keeps_the_bits_of_the_stale_marker() {
    let series = [label(b"__name__", b"up"), sample(model::stale_marker(), 9)].concat();
    let (_, batch) = decode(&field(1, &series));
    assert_eq!(rows(&batch)[0].2, model::STALE_BITS);
}

#[test]
fn refuses_a_bomb_before_taking_memory() {
    // A snappy header that declares 2 GiB and nothing behind it.
    let bomb = [0x80, 0x80, 0x80, 0x80, 0x08];
    let mut scratch = DecodeScratch::default();
    let error = decode_remote_write_v1(
        &bomb,
        &DecodeLimits::default(),
        &mut scratch,
        &mut Batch::default(),
    )
    .unwrap_err();
    assert_eq!(
        error,
        DecodeError::TooLarge {
            bytes: 2 << 30,
            limit: 32 << 20
        }
    );
    assert!(error.is_too_large());
    assert_eq!(scratch.decompressed.capacity(), 0);
}

#[test]
fn bounds_samples_labels_and_metadata() {
    let limits = DecodeLimits {
        max_samples: 2,
        max_labels: 2,
        max_metadata: 1,
        ..DecodeLimits::default()
    };
    let three = [
        label(b"__name__", b"a"),
        sample(1.0, 1),
        sample(1.0, 2),
        sample(1.0, 3),
    ]
    .concat();
    let (decoded, _) = decode_within(&field(1, &three), &limits);
    assert_eq!(
        decoded,
        Err(DecodeError::TooMany {
            what: "samples",
            limit: 2
        })
    );

    let wide = [
        label(b"__name__", b"a"),
        label(b"b", b"c"),
        label(b"d", b"e"),
        sample(1.0, 1),
    ]
    .concat();
    let described = field(3, &field(2, b"a"));
    let (decoded, batch) = decode_within(&[field(1, &wide), described.clone(), described].concat(), &limits);
    let decoded = decoded.unwrap();
    assert_eq!(
        decoded.refusals[0].reason,
        RefusalReason::TooManyLabels { limit: 2 }
    );
    assert_eq!((decoded.metadata, batch.metadata().len()), (1, 1));
}

#[test]
fn tells_where_bytes_are_malformed() {
    let check = |body: &[u8], expected: &str| {
        let (decoded, _) = decode(body);
        assert_eq!(decoded.unwrap_err().to_string(), expected);
    };
    check(
        b"\x0a\x05ab",
        "malformed protobuf in WriteRequest at byte 2: length reaches beyond the message",
    );
    check(
        b"\x08\x01",
        "malformed protobuf in WriteRequest at byte 0: field has the wrong wire type",
    );
    check(
        b"\x0a\x02\x08\x01",
        "malformed protobuf in TimeSeries at byte 2: field has the wrong wire type",
    );
    check(
        b"\x7b\x0c",
        "malformed protobuf in WriteRequest at byte 2: group ends under another number",
    );
    check(
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        "malformed protobuf in WriteRequest at byte 0: invalid varint",
    );
    check(
        b"\x07",
        "malformed protobuf in WriteRequest at byte 1: invalid field number",
    );
    check(
        b"\x0f",
        "malformed protobuf in WriteRequest at byte 1: invalid wire type",
    );
}

#[test]
fn refuses_what_is_no_snappy_block() {
    let mut batch = Batch::default();
    let mut scratch = DecodeScratch::default();
    let limits = DecodeLimits::default();
    let empty = decode_remote_write_v1(b"", &limits, &mut scratch, &mut batch);
    assert_eq!(empty, Err(DecodeError::Empty));
    let garbage = decode_remote_write_v1(b"\x10garbage", &limits, &mut scratch, &mut batch);
    assert!(matches!(garbage, Err(DecodeError::Snappy(_))), "{garbage:?}");
}

fn series_strategy() -> impl Strategy<Value = (Labels, Vec<(i64, u64)>)> {
    let pairs = proptest::collection::btree_map("[a-zé]{1,6}", "\\PC{1,12}", 0..6);
    let samples = proptest::collection::vec((any::<i64>(), any::<u64>()), 1..5);
    (pairs, "[a-z_:]{1,10}", samples).prop_map(|(mut pairs, name, samples)| {
        pairs.insert(METRIC_NAME.to_owned(), name);
        (Labels::from_pairs(pairs).unwrap(), samples)
    })
}

proptest! {
    #[test]
    fn reads_back_what_it_wrote(
        series in proptest::collection::vec(series_strategy(), 0..6),
        described in proptest::collection::vec(("[a-z]{1,8}", "\\PC{0,12}", 0..8_usize), 0..3),
    ) {
        let mut batch = Batch::default();
        for (labels, samples) in &series {
            let key = batch.add_packed(labels.as_packed()).unwrap();
            for &(timestamp, bits) in samples {
                batch.push(&key, timestamp, f64::from_bits(bits));
            }
        }
        for (name, help, kind) in described {
            let metadata = Metadata { metric_type: METRIC_TYPES[kind], help, unit: String::new() };
            batch.describe(&name, metadata);
        }
        let mut back = Batch::default();
        let decoded = decode_remote_write_v1(
            &encode_remote_write_v1(&batch),
            &DecodeLimits::default(),
            &mut DecodeScratch::default(),
            &mut back,
        ).unwrap();
        prop_assert_eq!(decoded.refused_series, 0);
        prop_assert_eq!(rows(&back), rows(&batch));
        prop_assert_eq!(back.metadata(), batch.metadata());
    }

    #[test]
    fn never_panics_on_any_bytes(body in proptest::collection::vec(any::<u8>(), 0..256)) {
        let (decoded, batch) = decode(&body);
        prop_assert!(decoded.is_err() || decoded.unwrap().samples == batch.rows().len());
        // The same bytes as the compressed block itself.
        let mut out = Batch::default();
        let raw = decode_remote_write_v1(&body, &DecodeLimits::default(), &mut DecodeScratch::default(), &mut out);
        prop_assert!(raw.is_err() || raw.unwrap().samples == out.rows().len());
    }

    #[test]
    fn never_panics_on_a_broken_request(
        (labels, samples) in series_strategy(),
        flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
    ) {
        let mut batch = Batch::default();
        let key = batch.add_packed(labels.as_packed()).unwrap();
        for (timestamp, bits) in samples {
            batch.push(&key, timestamp, f64::from_bits(bits));
        }
        let mut body = snap::raw::Decoder::new().decompress_vec(&encode_remote_write_v1(&batch)).unwrap();
        for (at, value) in flips {
            let len = body.len();
            body[at % len] = value;
        }
        let (decoded, out) = decode(&body);
        prop_assert!(decoded.is_err() || decoded.unwrap().samples == out.rows().len());
    }
}
