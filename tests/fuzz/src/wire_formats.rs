//! What senders, targets and users send.

use model::{Batch, LabelsBuilder, PackedLabels};
use wire::{
    DecodeError, DecodeLimits, DecodeScratch, Decoded, DeltaHandling, DeltaTotals, Entry, ExpositionFormat,
    ExpositionParser, NativeHistograms, OtlpLimits, OtlpRequest, OtlpSettings, Promotion, ReadLimits,
    decode_otlp_json, decode_otlp_protobuf, decode_read_request, decode_remote_write_v1,
    decode_remote_write_v2,
};

/// Far above what a corpus needs, far below what a server grants.
const MAX_BYTES: usize = 1 << 20;

fn compressed(body: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(body).unwrap_or_default()
}

fn limits() -> DecodeLimits {
    DecodeLimits {
        max_decoded_bytes: MAX_BYTES,
        ..DecodeLimits::default()
    }
}

/// What a reader took must be fit to be stored.
fn assert_storable(batch: &Batch) {
    for (row, histogram) in batch.histograms() {
        assert!((*row as usize) < batch.rows().len());
        assert_eq!(histogram.validate(), Ok(()));
    }
    for row in batch.rows() {
        let labels = batch.labels(row);
        assert!(PackedLabels::parse(labels.packed()).is_ok());
        assert!(labels.get("__name__").is_some_and(|name| !name.is_empty()));
    }
}

/// What it says of the batch must be what is in it.
fn assert_written(decoded: Result<Decoded, DecodeError>, batch: &Batch) {
    let Ok(decoded) = decoded else { return };
    assert_eq!(decoded.samples + decoded.histograms, batch.rows().len());
    assert_eq!(decoded.histograms, batch.histograms().len());
    assert_eq!(decoded.exemplars, batch.exemplars().len());
    assert_eq!(decoded.metadata, batch.metadata().len());
    assert_storable(batch);
}

/// The message of remote write 1.0.
pub(crate) fn remote_write_1(bytes: &[u8]) {
    let (mut batch, mut scratch) = (Batch::default(), DecodeScratch::default());
    let decoded = decode_remote_write_v1(&compressed(bytes), &limits(), &mut scratch, &mut batch);
    assert_written(decoded, &batch);
}

/// The message of remote write 2.0.
pub(crate) fn remote_write_2(bytes: &[u8]) {
    let (mut batch, mut scratch) = (Batch::default(), DecodeScratch::default());
    let decoded = decode_remote_write_v2(&compressed(bytes), &limits(), &mut scratch, &mut batch);
    assert_written(decoded, &batch);
}

/// The frame around both, and around requests to read.
pub(crate) fn snappy(bytes: &[u8]) {
    let mut scratch = DecodeScratch::default();
    let mut batch = Batch::default();
    let decoded = decode_remote_write_v1(bytes, &limits(), &mut scratch, &mut batch);
    assert_written(decoded, &batch);
    let limits = ReadLimits::default();
    if let Ok(request) = decode_read_request(bytes, &limits) {
        assert!(request.queries.len() <= limits.max_queries);
    }
}

/// A request to read.
pub(crate) fn remote_read(bytes: &[u8]) {
    let limits = ReadLimits {
        max_matchers: 8,
        max_queries: 4,
        ..ReadLimits::default()
    };
    if let Ok(request) = decode_read_request(&compressed(bytes), &limits) {
        assert!(request.queries.len() <= 4);
        for query in &request.queries {
            assert!(query.selection.matchers.len() <= 8);
        }
    }
}

fn otlp_limits() -> OtlpLimits {
    OtlpLimits {
        max_bytes: MAX_BYTES,
        ..OtlpLimits::default()
    }
}

fn translate(request: &OtlpRequest) {
    let generous = OtlpSettings {
        promotion: Promotion::AllBut([].into()),
        explicit_histograms_as_native: true,
        promote_scope: true,
        delta: DeltaHandling::Store,
        type_and_unit_labels: true,
        ..OtlpSettings::default()
    };
    for settings in [OtlpSettings::default(), generous] {
        let mut batch = Batch::default();
        let told = request.translate(&settings, &mut batch);
        assert_eq!(told.samples + told.histograms, batch.rows().len());
        assert_eq!(told.exemplars, batch.exemplars().len());
        assert_storable(&batch);
    }
    let settings = OtlpSettings {
        delta: DeltaHandling::Accumulate,
        ..OtlpSettings::default()
    };
    let mut totals = DeltaTotals::default();
    for now in [0, 60_000] {
        let (mut request, mut batch) = (request.clone(), Batch::default());
        let refused = request.accumulate(&mut totals, now);
        let mut told = request.translate(&settings, &mut batch);
        let after = told.refused_points;
        told.refused_before(refused);
        assert!(told.refused_points >= after);
        assert_storable(&batch);
    }
}

/// A request of OpenTelemetry in protobuf.
pub(crate) fn otlp_protobuf(bytes: &[u8]) {
    if let Ok(request) = decode_otlp_protobuf(bytes, &otlp_limits()) {
        translate(&request);
    }
}

/// A request of OpenTelemetry in JSON.
pub(crate) fn otlp_json(bytes: &[u8]) {
    if let Ok(request) = decode_otlp_json(bytes, &otlp_limits()) {
        translate(&request);
    }
}

fn read_page(bytes: &[u8], format: ExpositionFormat, native: NativeHistograms) {
    let Ok(mut parser) = ExpositionParser::new(bytes, format, native) else {
        return;
    };
    let mut labels = LabelsBuilder::default();
    let mut batch = Batch::default();
    while let Ok(Some(entry)) = parser.next_entry() {
        let Entry::Sample(sample) = entry else { continue };
        if sample.labels(&mut labels).is_err() {
            continue;
        }
        if let wire::SampleValue::Histogram(histogram) = &sample.value {
            // A page may hold one whose buckets do not add up. The store judges it, and refuses it alone.
            let _storable = histogram.validate().is_ok();
        }
        if let Ok(series) = batch.add_series(&mut labels) {
            batch.push(&series, sample.timestamp.unwrap_or_default(), 0.0);
        }
        sample.each_exemplar(&mut |labels, _, _| {
            let _kept = labels.build().is_ok();
        });
    }
    for row in batch.rows() {
        assert!(PackedLabels::parse(batch.labels(row).packed()).is_ok());
    }
}

/// A page in text.
pub(crate) fn exposition_text(bytes: &[u8]) {
    read_page(bytes, ExpositionFormat::Text, NativeHistograms::Ignored);
}

/// A page in OpenMetrics.
pub(crate) fn openmetrics(bytes: &[u8]) {
    read_page(bytes, ExpositionFormat::OpenMetrics, NativeHistograms::Ignored);
}

/// A page in protobuf.
pub(crate) fn exposition_protobuf(bytes: &[u8]) {
    read_page(bytes, ExpositionFormat::Protobuf, NativeHistograms::Ignored);
    read_page(bytes, ExpositionFormat::Protobuf, NativeHistograms::WithClassic);
}

/// A query: what is read means the same when it is written again.
pub(crate) fn promql(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for options in [promql::Options::STABLE, promql::Options::EXPERIMENTAL] {
        let Ok(expr) = promql::parse(text, &options) else {
            continue;
        };
        let written = expr.to_string();
        // What is written may be longer or deeper than what is taken; it is never something else.
        if let Ok(again) = promql::parse(&written, &options) {
            assert_eq!(again.to_string(), written);
        }
    }
}
