//! Samples that are more than a number, and the one number that is no sample.

mod exemplar;
mod histogram;
mod stale;

pub use exemplar::{Exemplar, ExemplarRequest, SeriesExemplars};
pub use histogram::{
    Bucket, Buckets, CUSTOM_BUCKETS, ClassicError, ClassicHistogram, ClassicPart, Histogram, HistogramError,
    Indexed, MAX_SCHEMA, MAX_SENT_SCHEMA, MIN_SCHEMA, ResetHint, Span, exponential_bound,
};
pub use stale::{STALE_BITS, is_stale, stale_marker};
