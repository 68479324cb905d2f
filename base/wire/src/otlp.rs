//! OpenTelemetry metrics: `ExportMetricsServiceRequest` as protobuf or JSON, and how its points become samples.
//!
//! Reading and translating are two steps: [`decode_otlp_protobuf`] and [`decode_otlp_json`] give the same
//! [`OtlpRequest`], and [`OtlpRequest::translate`] puts its points into a batch by the rules of Prometheus'
//! `/api/v1/otlp` endpoint and its `otlp` configuration. The messages are read by hand like those of remote write:
//! attribute values become text as they are read, and everything that the sender chooses is bounded.
//! Specification: <https://opentelemetry.io/docs/specs/otlp/>, messages: `opentelemetry/proto/metrics/v1`.

mod accumulate;
mod json;
mod names;
mod protobuf;
mod response;
mod settings;
mod translate;
mod value;

pub use accumulate::{DeltaLimits, DeltaTotals};
pub use json::decode_otlp_json;
pub use protobuf::decode_otlp_protobuf;
pub use response::{encode_otlp_response_json, encode_otlp_response_protobuf};
pub use settings::{DeltaHandling, OtlpSettings, Promotion, TranslationStrategy};
pub use translate::{OtlpRefusal, OtlpRefusalReason, OtlpTranslated};

use model::{Exemplar, Millis};

use crate::DecodeError;

/// How large a request may be. Each limit bounds memory that the sender chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtlpLimits {
    /// Bytes of the request, decompressed.
    pub max_bytes: usize,
    /// Resources, scopes, metrics and points together.
    pub max_points: usize,
    /// Attributes of everything together.
    pub max_attributes: usize,
    /// Exemplars of all points together.
    pub max_exemplars: usize,
    /// Buckets, bounds and quantiles of one point.
    pub max_buckets: usize,
}

impl Default for OtlpLimits {
    /// 32 MiB, a million points, two million attributes, 100,000 exemplars, 16,384 buckets a point.
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_points: 1_000_000,
            max_attributes: 2_000_000,
            max_exemplars: 100_000,
            max_buckets: 16_384,
        }
    }
}

/// A request as read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OtlpRequest {
    resources: Vec<ResourceMetrics>,
}

/// Names and values as text, in the order sent.
type Attributes = Vec<(String, String)>;

#[derive(Clone, Debug, Default, PartialEq)]
struct ResourceMetrics {
    attributes: Attributes,
    scopes: Vec<ScopeMetrics>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct ScopeMetrics {
    name: String,
    version: String,
    schema_url: String,
    attributes: Attributes,
    metrics: Vec<Metric>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Metric {
    name: String,
    description: String,
    unit: String,
    data: Data,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Data {
    /// Nothing, or something unknown.
    #[default]
    None,
    Gauge(Vec<Point<f64>>),
    Sum(Vec<Point<f64>>, Temporality, Monotonic),
    Histogram(Vec<Point<ExplicitHistogram>>, Temporality),
    Exponential(Vec<Point<ExponentialHistogram>>, Temporality),
    Summary(Vec<Point<Summary>>),
}

/// Whether a sum only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Monotonic {
    Yes,
    #[default]
    No,
}

/// What a point's value is relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Temporality {
    #[default]
    Unspecified,
    Delta,
    Cumulative,
}

impl Temporality {
    fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Delta,
            2 => Self::Cumulative,
            _ => Self::Unspecified,
        }
    }
}

/// A data point: what all kinds have, and the value of its kind.
#[derive(Clone, Debug, Default, PartialEq)]
struct Point<T> {
    attributes: Attributes,
    start: Millis,
    timestamp: Millis,
    /// The source says that there is no value: the series ends here.
    is_stale: bool,
    exemplars: Vec<PointExemplar>,
    value: T,
}

/// An exemplar, or why its labels form none.
type PointExemplar = Result<Exemplar, model::LabelError>;

#[derive(Clone, Debug, Default, PartialEq)]
struct ExplicitHistogram {
    count: u64,
    sum: Option<f64>,
    /// One more than bounds, or none.
    counts: Vec<u64>,
    bounds: Vec<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct ExponentialHistogram {
    count: u64,
    sum: Option<f64>,
    scale: i32,
    zero_count: u64,
    zero_threshold: f64,
    positive: ExponentialBuckets,
    negative: ExponentialBuckets,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct ExponentialBuckets {
    offset: i32,
    counts: Vec<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Summary {
    count: u64,
    sum: f64,
    quantiles: Vec<(f64, f64)>,
}

/// Bit of `flags` that says that a point has no value.
const NO_RECORDED_VALUE: u64 = 1;

/// What of a request has been counted against its limits so far.
#[derive(Debug)]
struct Budget<'a> {
    limits: &'a OtlpLimits,
    points: usize,
    attributes: usize,
    exemplars: usize,
}

impl<'a> Budget<'a> {
    fn new(limits: &'a OtlpLimits) -> Self {
        Self {
            limits,
            points: 0,
            attributes: 0,
            exemplars: 0,
        }
    }

    fn take_point(&mut self) -> Result<(), DecodeError> {
        self.points += 1;
        within("data points", self.points, self.limits.max_points)
    }

    fn take_attribute(&mut self) -> Result<(), DecodeError> {
        self.attributes += 1;
        within("attributes", self.attributes, self.limits.max_attributes)
    }

    fn take_exemplar(&mut self) -> Result<(), DecodeError> {
        self.exemplars += 1;
        within("exemplars", self.exemplars, self.limits.max_exemplars)
    }

    fn check_buckets(&self, n: usize) -> Result<(), DecodeError> {
        within("buckets in one point", n, self.limits.max_buckets)
    }
}

fn within(what: &'static str, n: usize, limit: usize) -> Result<(), DecodeError> {
    if n > limit {
        Err(DecodeError::TooMany { what, limit })
    } else {
        Ok(())
    }
}

/// Nanoseconds since 1970 as milliseconds.
fn millis(nanoseconds: u64) -> Millis {
    // The quotient is far below 2^63.
    (nanoseconds / 1_000_000).cast_signed()
}
#[cfg(test)]
mod tests;
