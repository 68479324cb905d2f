//! Prometheus remote write, 1.0 and 2.0: a snappy block around a protobuf request.
//! Specifications: <https://prometheus.io/docs/specs/prw/remote_write_spec/>,
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>.
//!
//! The readers walk the decompressed bytes once and copy only label text into the batch. Series, histograms and
//! exemplars that cannot be stored are refused one by one, counted and named, which is the partial write of 2.0; the
//! request fails as a whole only if its bytes are no request at all or are larger than the limits.

use model::{Batch, LabelError, MetricType};

use crate::HistogramFault;

mod describe;
mod encode;
mod label_packer;
mod negotiate;
mod series;
mod v1;
mod v2;

pub use encode::{encode_remote_write_v1, encode_remote_write_v2};
pub use negotiate::{
    CONTENT_TYPE_V1, CONTENT_TYPE_V2, RemoteWriteVersion, UnsupportedMediaType, negotiate_remote_write,
};
pub use v1::decode_remote_write_v1;
pub use v2::decode_remote_write_v2;

use series::SeriesScratch;

/// How many refused series are named; the rest is only counted.
const MAX_NAMED_REFUSALS: usize = 10;

/// How large a request may be. Each limit bounds memory that the sender chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes after decompression, checked against the length the block declares before memory is taken.
    pub max_decoded_bytes: usize,
    /// Samples and histograms in one request.
    pub max_samples: usize,
    /// Labels of one series; a series with more is refused.
    pub max_labels: usize,
    /// Metric families described in one request; further ones are ignored.
    pub max_metadata: usize,
    /// Exemplars in one request.
    pub max_exemplars: usize,
    /// Buckets, spans and bounds of one histogram; a histogram with more is refused.
    pub max_buckets: usize,
    /// Symbols of one 2.0 request.
    pub max_symbols: usize,
}

impl Default for DecodeLimits {
    /// 32 MiB decoded as in Prometheus, a million samples, 512 labels a series, 100,000 families, 100,000 exemplars,
    /// 16,384 buckets a histogram, a million symbols.
    fn default() -> Self {
        Self {
            max_decoded_bytes: 32 << 20,
            max_samples: 1_000_000,
            max_labels: 512,
            max_metadata: 100_000,
            max_exemplars: 100_000,
            max_buckets: 16_384,
            max_symbols: 1_000_000,
        }
    }
}

/// Why a series, or something of it, was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RefusalReason {
    /// The labels form no set.
    #[error("{0}")]
    Labels(LabelError),
    /// A label name or value is not UTF-8.
    #[error("label {0:?} is not valid UTF-8")]
    NotUtf8(String),
    /// There is no `__name__`.
    #[error("metric name is missing")]
    NoMetricName,
    /// More labels than allowed.
    #[error("series has more than {limit} labels")]
    TooManyLabels {
        /// The limit.
        limit: usize,
    },
    /// A name without a value.
    #[error("{n_refs} label references do not pair up")]
    OddReferences {
        /// How many there are.
        n_refs: usize,
    },
    /// A reference to a symbol that is not there.
    #[error("{what} refers to symbol {reference}, but there are {n_symbols}")]
    UnknownSymbol {
        /// What refers to it: `label`, `help`, `unit`, `exemplar label`.
        what: &'static str,
        /// The reference.
        reference: u32,
        /// How many symbols there are.
        n_symbols: usize,
    },
    /// A series with neither samples, histograms, exemplars nor metadata.
    #[error("series has no samples, histograms or exemplars")]
    Empty,
    /// A histogram that contradicts itself or is too large.
    #[error("{0}")]
    Histogram(#[from] HistogramFault),
    /// The labels of an exemplar form no set.
    #[error("exemplar: {0}")]
    Exemplar(Box<RefusalReason>),
}

/// A series that was refused, or refused in part.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedSeries {
    /// The labels as sent, shortened for people.
    pub series: String,
    /// What is wrong with them.
    pub reason: RefusalReason,
}

/// What was in a request. What is counted as put into the batch can still be refused by the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// Series put into the batch.
    pub series: usize,
    /// Float samples put into the batch; the stale markers of histograms are among them.
    pub samples: usize,
    /// Native histograms put into the batch.
    pub histograms: usize,
    /// Exemplars put into the batch.
    pub exemplars: usize,
    /// Metric families described.
    pub metadata: usize,
    /// Series refused whole.
    pub refused_series: usize,
    /// Float samples refused.
    pub refused_samples: usize,
    /// Native histograms refused.
    pub refused_histograms: usize,
    /// Exemplars refused.
    pub refused_exemplars: usize,
    /// The first refusals, at most ten.
    pub refusals: Vec<RefusedSeries>,
}

impl Decoded {
    /// Tells whether something was refused, which 2.0 answers with status 400 after the rest was stored.
    pub fn is_partial(&self) -> bool {
        !self.refusals.is_empty()
    }

    fn name(&mut self, reason: RefusalReason, describe: impl FnOnce() -> String) {
        if self.refusals.len() < MAX_NAMED_REFUSALS {
            self.refusals.push(RefusedSeries {
                series: describe(),
                reason,
            });
        }
    }
}

/// Memory that decoding reuses from request to request.
#[derive(Debug, Default)]
pub struct DecodeScratch {
    decompressed: Vec<u8>,
    series: SeriesScratch,
    symbols: v2::SymbolScratch,
}

impl DecodeScratch {
    /// Gives back memory beyond about `bytes`, so that one large request does not cost memory forever.
    pub fn shrink_to(&mut self, bytes: usize) {
        self.decompressed.truncate(bytes);
        self.decompressed.shrink_to(bytes);
        self.series.shrink_to(bytes);
        self.symbols.shrink_to(bytes);
    }
}

/// Numbers of the metric types in both versions, by position.
const METRIC_TYPES: [MetricType; 8] = [
    MetricType::Unknown,
    MetricType::Counter,
    MetricType::Gauge,
    MetricType::Histogram,
    MetricType::GaugeHistogram,
    MetricType::Summary,
    MetricType::Info,
    MetricType::StateSet,
];

fn metric_type(number: u64) -> MetricType {
    usize::try_from(number)
        .ok()
        .and_then(|n| METRIC_TYPES.get(n).copied())
        .unwrap_or_default()
}

fn metric_type_number(metric_type: MetricType) -> u64 {
    METRIC_TYPES.iter().position(|&t| t == metric_type).unwrap_or(0) as u64
}

/// What of a request has been counted against its limits so far.
#[derive(Debug)]
struct Counted<'a> {
    limits: &'a DecodeLimits,
    decoded: Decoded,
    out: &'a mut Batch,
}

#[cfg(test)]
mod tests;
