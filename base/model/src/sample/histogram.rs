//! Native histograms: one sample that holds a whole distribution.
//!
//! The data model is that of Prometheus' native histograms (<https://prometheus.io/docs/specs/native_histograms/>):
//! exponential buckets of base `2^(2^-schema)` for schemas -4 to 8, or custom bounds for [`CUSTOM_BUCKETS`].

mod bounds;
mod bucket;
mod classic;
mod display;
mod layout;
mod validate;

use std::sync::Arc;

pub use bounds::exponential_bound;
pub use bucket::{Bucket, Indexed};
pub use classic::{ClassicError, ClassicHistogram, ClassicPart};
pub use validate::HistogramError;

/// The lowest exponential schema.
pub const MIN_SCHEMA: i8 = -4;

/// The highest exponential schema; senders may use schemas up to [`MAX_SENT_SCHEMA`], to be reduced to this one.
pub const MAX_SCHEMA: i8 = 8;

/// The highest schema that may be sent. Source: Prometheus, `ExponentialSchemaMaxReserved`.
pub const MAX_SENT_SCHEMA: i8 = 52;

/// The schema of histograms whose bounds are listed in [`Histogram::custom_values`].
pub const CUSTOM_BUCKETS: i8 = -53;

/// A run of consecutive buckets that have a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Gap to the end of the span before; the first span counts from bucket index 0 and may be negative.
    pub offset: i32,
    /// Number of buckets.
    pub length: u32,
}

/// The buckets on one side of zero.
///
/// Shape: `counts` has as many elements as the lengths of `spans` add up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Where the buckets lie, in ascending order of bucket index.
    pub spans: Vec<Span>,
    /// Observations a bucket, absolute (neither cumulative nor as differences).
    pub counts: Vec<f64>,
}

/// What is known about a counter reset between a histogram and the one before it in its series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResetHint {
    /// Nothing: compare the two.
    #[default]
    Unknown,
    /// There was a reset.
    Reset,
    /// There was none.
    NoReset,
    /// The histogram is a gauge: resets have no meaning.
    Gauge,
}

/// A native histogram.
///
/// Counts are floats here even if the source counted in integers: they are exact up to 2^53, and the engine needs
/// fractions. [`Histogram::integer`] remembers which of the two the source sent, so that it can be sent on alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// -4 to 8 for exponential buckets, [`CUSTOM_BUCKETS`] for listed bounds.
    pub schema: i8,
    /// The source counts in integers.
    pub integer: bool,
    /// What is known about a counter reset before this sample.
    pub reset_hint: ResetHint,
    /// Observations with an absolute value of at most this are in the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations, NaN ones included.
    pub count: f64,
    /// Sum of the observations.
    pub sum: f64,
    /// Buckets above zero; the only ones of a histogram with custom bounds.
    pub positive: Buckets,
    /// Buckets below zero, by ascending absolute value.
    pub negative: Buckets,
    /// Upper bounds of the buckets of a [`CUSTOM_BUCKETS`] histogram, strictly ascending, +Inf left out; else empty.
    pub custom_values: Arc<[f64]>,
}

impl Histogram {
    /// Tells whether the bounds are listed.
    pub fn has_custom_buckets(&self) -> bool {
        self.schema == CUSTOM_BUCKETS
    }
}
