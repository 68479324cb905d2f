//! Bytes to model and back: remote write, exposition text, numbers.
//!
//! Everything here is a function of its arguments; nothing keeps state between calls. Bytes from outside never
//! panic and never make the crate allocate beyond the limits given: sizes are checked before memory is taken,
//! and what cannot be used is counted and named, so that one bad series does not take the rest with it.
//!
//! - [`decode_remote_write_v1`], [`encode_remote_write_v1`]: Prometheus remote write 1.0.
//! - [`ExpositionParser`]: pages of targets, in text, OpenMetrics or protobuf.
//! - [`TextSink`]: what a collector says, as Prometheus text exposition format 0.0.4.
//! - [`format_float`]: sample values as Prometheus writes them.

mod exposition;
mod number;
mod remote_write;

pub use exposition::{
    CONTENT_TYPE_TEXT, ClassicError, ClassicHistogram, ClassicPart, Entry, ExpositionFormat,
    ExpositionParser, FormatError, NativeHistograms, ParseError, Sample, SampleValue, TextSink, format_bound,
    parse_float,
};
pub use number::{format_float, push_float, push_integer};
pub use remote_write::{
    DecodeError, DecodeLimits, DecodeScratch, Decoded, RefusalReason, RefusedSeries, decode_remote_write_v1,
    encode_remote_write_v1,
};
