//! Version 2.0, and which version a request is of. The cases are those of the receiver tests of the specification.

use proptest::prelude::*;

use super::v1_more::{assert_same, histogram, rich_batch};
use super::*;
use crate::histogram::write_histogram;
use crate::protobuf::{push_bytes, push_double, push_int, push_message, push_packed_varints};

/// A request in the making, as free to be wrong as the wire is.
#[derive(Default)]
struct Request {
    body: Vec<u8>,
}

impl Request {
    fn new(symbols: &[&str]) -> Self {
        let mut request = Self::default();
        for symbol in symbols {
            push_bytes(&mut request.body, 4, symbol.as_bytes());
        }
        request
    }

    fn series(mut self, references: &[u64], write: impl FnOnce(&mut Vec<u8>)) -> Self {
        push_message(&mut self.body, 5, |out| {
            push_packed_varints(out, 1, references.iter().copied());
            write(out);
        });
        self
    }

    fn decode(&self) -> (Result<Decoded, DecodeError>, Batch) {
        let mut batch = Batch::default();
        let decoded = decode_remote_write_v2(
            &compressed(&self.body),
            &DecodeLimits::default(),
            &mut DecodeScratch::default(),
            &mut batch,
        );
        (decoded, batch)
    }
}

fn one_sample(out: &mut Vec<u8>) {
    push_message(out, 2, |out| {
        push_double(out, 1, 1.0);
        push_int(out, 2, 7);
        push_int(out, 3, 3);
    });
}

#[test]
fn reads_back_what_it_wrote() {
    let mut batch = rich_batch();
    batch.set_start(1);
    let mut back = Batch::default();
    let decoded = decode_remote_write_v2(
        &encode_remote_write_v2(&batch),
        &DecodeLimits::default(),
        &mut DecodeScratch::default(),
        &mut back,
    )
    .unwrap();
    assert_same(&back, &batch);
    assert_eq!(back.starts(), batch.starts());
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

#[test]
fn sorts_labels_and_keeps_start_timestamps() {
    let request = Request::new(&["", "job", "a", "__name__", "up"]).series(&[1, 2, 3, 4], one_sample);
    let (decoded, batch) = request.decode();
    assert_eq!(decoded.unwrap().samples, 1);
    let up = Labels::from_pairs([("__name__", "up"), ("job", "a")]).unwrap();
    assert_eq!(rows(&batch), [(up, 7, 1.0_f64.to_bits())]);
    assert_eq!(batch.starts(), [(0, 3)]);
}

#[test]
fn takes_references_that_are_not_packed_and_symbols_that_come_last() {
    let mut body = Vec::new();
    push_message(&mut body, 5, |out| {
        push_int(out, 1, 1);
        push_int(out, 1, 2);
        one_sample(out);
    });
    for symbol in ["", "__name__", "up"] {
        push_bytes(&mut body, 4, symbol.as_bytes());
    }
    let (decoded, batch) = Request { body }.decode();
    assert_eq!(decoded.unwrap().samples, 1);
    assert_eq!(rows(&batch)[0].0.to_string(), "up");
}

#[test]
fn refuses_series_one_by_one_and_keeps_the_rest() {
    let request = Request::new(&["", "__name__", "up", "job", "x"])
        .series(&[1, 2, 3], one_sample)
        .series(&[1, 99], one_sample)
        .series(&[3, 4], one_sample)
        .series(&[1, 2, 3, 4, 3, 2], one_sample)
        .series(&[1, 2, 0, 4], one_sample)
        .series(&[], one_sample)
        .series(&[1, 0], one_sample)
        .series(&[1, 2], one_sample);
    let (decoded, batch) = request.decode();
    let decoded = decoded.unwrap();
    let told: Vec<String> = decoded
        .refusals
        .iter()
        .map(|r| format!("{}: {}", r.series, r.reason))
        .collect();
    assert_eq!(
        told,
        [
            "{__name__=\"up\"}: 3 label references do not pair up",
            "{__name__=\"?\"}: label refers to symbol 99, but there are 5",
            "{job=\"x\"}: metric name is missing",
            "{__name__=\"up\", job=\"x\", job=\"up\"}: duplicate label name \"job\"",
            "{__name__=\"up\", =\"x\"}: empty label name",
            "{}: metric name is missing",
            "{__name__=\"\"}: metric name is missing",
        ]
    );
    assert!(decoded.is_partial());
    assert_eq!((decoded.refused_series, decoded.refused_samples), (7, 7));
    assert_eq!((decoded.samples, batch.rows().len()), (1, 1));
}

#[test]
fn a_message_of_version_1_is_named() {
    let decoded = decode_remote_write_v2(
        &encode_remote_write_v1(&rich_batch()),
        &DecodeLimits::default(),
        &mut DecodeScratch::default(),
        &mut Batch::default(),
    );
    let error = decoded.unwrap_err().to_string();
    assert!(
        error.contains("prometheus.WriteRequest; send it with that"),
        "{error}"
    );
}

#[test]
fn the_first_symbol_must_be_empty() {
    for symbols in [&["__name__", "up"][..], &[]] {
        let (decoded, _) = Request::new(symbols).decode();
        assert_eq!(
            decoded.unwrap_err().to_string(),
            "invalid io.prometheus.write.v2.Request: the first symbol must be the empty string"
        );
    }
}

#[test]
fn a_version_1_request_is_not_mistaken_for_one() {
    let mut batch = Batch::default();
    let decoded = decode_remote_write_v2(
        &encode_remote_write_v1(&rich_batch()),
        &DecodeLimits::default(),
        &mut DecodeScratch::default(),
        &mut batch,
    );
    assert!(matches!(decoded, Err(DecodeError::Invalid { .. })), "{decoded:?}");
}

#[test]
fn exemplars_and_metadata_may_come_alone() {
    let exemplar = |references: &'static [u64]| {
        move |out: &mut Vec<u8>| {
            push_message(out, 4, |out| {
                push_packed_varints(out, 1, references.iter().copied());
                push_double(out, 2, 2.5);
                push_int(out, 3, 9);
            });
        }
    };
    let metadata = |out: &mut Vec<u8>| {
        push_message(out, 5, |out| {
            push_int(out, 1, 3);
            push_int(out, 3, 5);
            push_int(out, 4, 6);
        });
    };
    let symbols = ["", "__name__", "h_bucket", "trace_id", "abc", "Help.", "seconds"];
    let request = Request::new(&symbols)
        .series(&[1, 2], exemplar(&[3, 4]))
        .series(&[1, 2], metadata)
        .series(&[1, 2], metadata)
        .series(&[1, 2], exemplar(&[3]));
    let (decoded, batch) = request.decode();
    let decoded = decoded.unwrap();
    assert_eq!((decoded.exemplars, decoded.metadata), (1, 1));
    assert_eq!(batch.exemplars()[0].exemplar.labels.get("trace_id"), Some("abc"));
    let (name, described) = &batch.metadata()[0];
    assert_eq!((name.as_str(), described.unit.as_str()), ("h", "seconds"));
    assert_eq!(described.metric_type, MetricType::Histogram);
    assert_eq!(decoded.refused_exemplars, 1);
    assert_eq!(
        decoded.refusals[0].reason.to_string(),
        "exemplar: 1 label references do not pair up"
    );
}

#[test]
fn refuses_metadata_that_refers_to_nothing() {
    let request = Request::new(&["", "__name__", "up"]).series(&[1, 2], |out| {
        one_sample(out);
        push_message(out, 5, |out| push_int(out, 3, 77));
    });
    let (decoded, batch) = request.decode();
    let decoded = decoded.unwrap();
    assert_eq!((decoded.samples, batch.metadata().len()), (1, 0));
    assert_eq!(
        decoded.refusals[0].reason.to_string(),
        "help refers to symbol 77, but there are 3"
    );
}

#[test]
fn a_bad_histogram_does_not_take_the_good_one_with_it() {
    let request = Request::new(&["", "__name__", "h"]).series(&[1, 2], |out| {
        let bad = model::Histogram {
            count: 99.0,
            ..histogram()
        };
        push_message(out, 3, |out| write_histogram(out, &bad, (1, 0)));
        push_message(out, 3, |out| write_histogram(out, &histogram(), (2, 1)));
    });
    let (decoded, batch) = request.decode();
    let decoded = decoded.unwrap();
    assert_eq!((decoded.histograms, decoded.refused_histograms), (1, 1));
    assert_eq!(batch.starts(), [(0, 1)]);
}

#[test]
fn bounds_symbols() {
    let limits = DecodeLimits {
        max_symbols: 2,
        ..DecodeLimits::default()
    };
    let request = Request::new(&["", "a", "b"]);
    let decoded = decode_remote_write_v2(
        &compressed(&request.body),
        &limits,
        &mut DecodeScratch::default(),
        &mut Batch::default(),
    );
    assert_eq!(
        decoded,
        Err(DecodeError::TooMany {
            what: "symbols",
            limit: 2
        })
    );
}

#[test]
fn tells_versions_apart() {
    let check = |content_type: Option<&str>, encoding: Option<&str>, expected: &str| {
        let told = match negotiate_remote_write(content_type, encoding) {
            Ok(version) => version.version_header().to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(told, expected);
    };
    check(None, None, "0.1.0");
    check(Some("application/x-protobuf"), Some("snappy"), "0.1.0");
    check(Some(CONTENT_TYPE_V1), Some("SNAPPY"), "0.1.0");
    check(Some(CONTENT_TYPE_V2), Some("snappy"), "2.0.0");
    check(
        Some("Application/X-Protobuf ; Proto=\"io.prometheus.write.v2.Request\""),
        None,
        "2.0.0",
    );
    check(
        Some("application/x-protobuf;proto=other"),
        None,
        "message \"other\" is not supported; send \
         application/x-protobuf;proto=io.prometheus.write.v2.Request or \
         application/x-protobuf;proto=prometheus.WriteRequest",
    );
    check(
        Some("application/json"),
        Some("snappy"),
        "content type \"application/json\" is not supported; send \
         application/x-protobuf;proto=io.prometheus.write.v2.Request or \
         application/x-protobuf;proto=prometheus.WriteRequest",
    );
    check(
        Some(CONTENT_TYPE_V2),
        Some("gzip"),
        "content encoding \"gzip\" is not supported; send snappy",
    );
}

proptest! {
    #[test]
    fn reads_back_any_floats(series in proptest::collection::vec(series_strategy(), 0..6)) {
        let mut batch = Batch::default();
        for (labels, samples) in &series {
            let key = batch.add_packed(labels.as_packed()).unwrap();
            for &(timestamp, bits) in samples {
                batch.push(&key, timestamp, f64::from_bits(bits));
                batch.set_start(timestamp.wrapping_sub(5));
            }
        }
        let mut back = Batch::default();
        let decoded = decode_remote_write_v2(
            &encode_remote_write_v2(&batch),
            &DecodeLimits::default(),
            &mut DecodeScratch::default(),
            &mut back,
        ).unwrap();
        prop_assert_eq!(decoded.refusals, vec![]);
        prop_assert_eq!(rows(&back), rows(&batch));
        prop_assert_eq!(back.starts(), batch.starts());
    }
}
