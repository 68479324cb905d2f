//! The words of Periplus, and the traits by which the planes meet.
//!
//! Every other crate may know this one; this one knows none, does no I/O, reads no clock, and depends on no
//! wire format and no async runtime. A type belongs here when two planes speak of it.
//!
//! - [`Labels`], [`Matcher`]: what a series is called and how it is asked for.
//! - [`Batch`], [`Ingest`]: samples on their way up, with a receipt once they are durable.
//! - [`Query`], [`SeriesSet`], [`SampleBuffer`]: samples on their way to a reader.
//! - [`Histogram`], [`Exemplar`]: samples that are more than a number.
//! - [`RelabelRule`], [`relabel`]: rules that rewrite label sets.
//! - [`Event`], [`EventLog`]: what happened to an object, and where it is kept.
//! - [`Sink`], [`Family`]: how a collector speaks.
//! - [`Millis`], [`Clock`], [`calendar`], [`parse_duration`]: time.
//! - [`nearest`]: what a mistyped name was to be.

mod batch;
mod causes;
mod clock;
mod event;
mod labels;
mod matcher;
mod metadata;
mod nearest;
mod query;
mod relabel;
mod sample;
mod sink;

pub use batch::{
    Batch, BatchExemplar, BatchRow, BatchSeries, Ingest, IngestError, Ingested, Rejection, Repeat,
    SeriesHandle,
};
pub use causes::with_causes;
pub use clock::{Clock, Millis, calendar, format_duration, parse_duration};
pub use event::{
    Event, EventFuture, EventLog, EventLogError, EventObject, EventOwner, EventType, LastSeen, SeenEvent,
};
pub use labels::{LabelError, Labels, LabelsBuilder, MAX_LABEL_BYTES, METRIC_NAME, PackedLabels};
pub use matcher::{MatchOp, Matcher, MatcherError};
pub use metadata::{Metadata, MetricType};
pub use nearest::nearest;
pub use query::{NamesRequest, Query, QueryError, SampleBuffer, Selection, SeriesSet, TimeRange};
pub use relabel::{
    EditableLabels, NameScheme, RelabelAction, RelabelError, RelabelRule, RelabelSpec, relabel,
};
pub use sample::{
    Bucket, Buckets, CUSTOM_BUCKETS, ClassicError, ClassicHistogram, ClassicPart, Exemplar, ExemplarRequest,
    Histogram, HistogramError, Indexed, MAX_SCHEMA, MAX_SENT_SCHEMA, MIN_SCHEMA, ResetHint, STALE_BITS,
    SeriesExemplars, Span, exponential_bound, is_stale, stale_marker,
};
pub use sink::{Family, Sink};
