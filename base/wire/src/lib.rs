//! Bytes to model and back: remote write, exposition text, numbers.
//!
//! Everything here is a function of its arguments; nothing keeps state between calls. Bytes from outside never
//! panic and never make the crate allocate beyond the limits given: sizes are checked before memory is taken,
//! and what cannot be used is counted and named, so that one bad series does not take the rest with it.
//!
//! - [`negotiate_remote_write`], [`decode_remote_write_v1`], [`decode_remote_write_v2`],
//!   [`encode_remote_write_v1`], [`encode_remote_write_v2`]: Prometheus remote write 1.0 and 2.0.
//! - [`decode_read_request`], [`SamplesResponse`], [`push_chunked_series`]: Prometheus remote read.
//! - [`decode_otlp_protobuf`], [`decode_otlp_json`], [`OtlpRequest::translate`],
//!   [`OtlpRequest::accumulate`]: OpenTelemetry metrics.
//! - [`ExpositionParser`]: pages of targets, in text, OpenMetrics or protobuf.
//! - [`TextSink`]: what a collector says, as Prometheus text exposition format 0.0.4.
//! - [`SeriesText`]: stored series with their timestamps as text, what `/federate` answers.
//! - [`format_float`]: sample values as Prometheus writes them.

mod error;
mod exposition;
mod histogram;
mod number;
mod otlp;
mod protobuf;
mod remote_read;
mod remote_write;
mod snappy;

pub use error::DecodeError;
pub use exposition::{
    CONTENT_TYPE_FAMILIES, CONTENT_TYPE_OPENMETRICS, CONTENT_TYPE_TEXT, Entry, ExpositionFormat,
    ExpositionParser, FamiliesWriter, FormatError, NativeHistograms, ParseError, Sample, SampleValue,
    SeriesFormat, SeriesText, TextSink, format_bound, parse_float,
};
pub use histogram::HistogramFault;
pub use number::{format_float, push_float, push_integer};
pub use otlp::{
    DeltaHandling, DeltaLimits, DeltaTotals, OtlpLimits, OtlpRefusal, OtlpRefusalReason, OtlpRequest,
    OtlpSettings, OtlpTranslated, Promotion, TranslationStrategy, decode_otlp_json, decode_otlp_protobuf,
    encode_otlp_response_json, encode_otlp_response_protobuf,
};
pub use remote_read::{
    CONTENT_TYPE_CHUNKS, CONTENT_TYPE_SAMPLES, ReadForm, ReadHints, ReadLimits, ReadQuery, ReadRequest,
    SamplesResponse, decode_read_request, push_chunked_series,
};
pub use remote_write::{
    CONTENT_TYPE_V1, CONTENT_TYPE_V2, DecodeLimits, DecodeScratch, Decoded, RefusalReason, RefusedSeries,
    RemoteWriteVersion, UnsupportedMediaType, decode_remote_write_v1, decode_remote_write_v2,
    encode_remote_write_v1, encode_remote_write_v2, negotiate_remote_write,
};
