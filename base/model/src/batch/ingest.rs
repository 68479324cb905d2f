//! Who takes samples, and what becomes of them.

use super::Batch;
use crate::{Labels, Millis};

/// Returns the setting that bounds what there is too much of.
fn label_setting(what: &str) -> &'static str {
    match what {
        "length of a label name" => "max_label_name_bytes",
        "length of a label value" => "max_label_value_bytes",
        _ => "max_labels",
    }
}

/// Why one sample was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// Older than the window in which samples may come out of order.
    #[error("sample at {timestamp} is older than the out-of-order window, which starts at {oldest}")]
    TooOld {
        /// Time of the sample.
        timestamp: Millis,
        /// First time that is still taken.
        oldest: Millis,
    },
    /// Further in the future than clocks drift.
    #[error("sample at {timestamp} is too far in the future; the last time taken is {newest}")]
    TooNew {
        /// Time of the sample.
        timestamp: Millis,
        /// Last time that is still taken.
        newest: Millis,
    },
    /// The series has a sample with another value at the same time.
    #[error("duplicate sample at {timestamp} with another value")]
    Duplicate {
        /// Time of the sample.
        timestamp: Millis,
    },
    /// The store holds as many series as it may.
    #[error("series limit of {limit} reached; raise max_series of periplus.store in the configuration file")]
    SeriesLimit {
        /// The limit.
        limit: usize,
    },
    /// A label set without a metric name, or otherwise unfit to be stored.
    #[error("invalid labels: {reason}")]
    InvalidLabels {
        /// What is wrong.
        reason: String,
    },
    /// More labels, or longer ones, than the store takes.
    #[error("labels exceed a limit: {what} is {found}, more than {limit}; raise {} of periplus.store in the configuration file",
        label_setting(.what))]
    LabelLimit {
        /// What there is too much of (`number of labels`, `length of a label name`, `length of a label value`).
        what: &'static str,
        /// How much there is.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Series are created faster than the store allows.
    #[error(
        "limit of {limit} new series a minute reached; raise max_new_series_per_minute of periplus.store in the configuration file"
    )]
    SeriesRate {
        /// The limit.
        limit: usize,
    },
    /// A native histogram that contradicts itself.
    #[error("invalid histogram: {reason}")]
    InvalidHistogram {
        /// What is wrong.
        reason: String,
    },
}

/// What became of a batch.
#[derive(Clone, Debug, Default)]
pub struct Ingested {
    /// Samples taken, exact repetitions of stored samples and histograms included.
    pub samples: usize,
    /// How many of the samples taken are histograms.
    pub histograms: usize,
    /// Exemplars taken.
    pub exemplars: usize,
    /// How many samples were refused.
    pub n_rejected: usize,
    /// The first refusals, at most ten, each with the labels of its series.
    pub rejected: Vec<(Labels, Rejection)>,
    /// Position in the log; the batch is durable once the log is durable up to it.
    pub position: u64,
}

/// Why a whole batch was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IngestError {
    /// The store can not write (disk full, failed fsync) and says so; trying again later may work.
    #[error("store does not accept samples: {reason}")]
    Unavailable {
        /// What stands in the way, for the operator.
        reason: String,
    },
    /// Too much is waiting to be written; try again later.
    #[error("store is overloaded: {waiting_bytes} bytes wait to be written")]
    Overloaded {
        /// Bytes that wait.
        waiting_bytes: usize,
    },
    /// More samples a second than the store is set to take; try again later.
    #[error(
        "limit of {limit} samples a second reached; raise max_samples_per_second of periplus.store in the configuration file"
    )]
    RateLimited {
        /// The limit.
        limit: u64,
    },
}

/// Names a series to the store that gave it, in place of its labels. It may become void at any time; who repeats with it
/// is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeriesHandle(u64);

impl SeriesHandle {
    /// Names nothing.
    pub const VOID: Self = Self(u64::MAX);

    /// Makes a handle of what a store finds a series by.
    pub const fn new(key: u64) -> Self {
        Self(key)
    }

    /// Returns what it was made of.
    pub const fn key(self) -> u64 {
        self.0
    }
}

/// One more sample for each of many series that stay as they are.
#[derive(Clone, Copy, Debug)]
pub struct Repeat<'a> {
    /// The series.
    pub series: &'a [SeriesHandle],
    /// Time of the latest sample that each must have.
    pub before: Millis,
    /// Time of the new one.
    pub timestamp: Millis,
}

/// Takes batches.
pub trait Ingest: Send + Sync {
    /// Takes a batch into memory and hands it to the log. Blocks only for locks held for microseconds.
    ///
    /// # Errors
    /// The whole batch was refused; nothing of it is stored.
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError>;

    /// As [`Ingest::ingest`], and says by which handles its series can be repeated: one a row, void where the row was
    /// refused; none at all where nothing is given to repeat.
    ///
    /// # Errors
    /// As [`Ingest::ingest`]; there are no handles then.
    fn ingest_named(&self, batch: &Batch, handles: &mut Vec<SeriesHandle>) -> Result<Ingested, IngestError> {
        handles.clear();
        self.ingest(batch)
    }

    /// Gives series one more sample, each with the value that it has, without a look at labels. The places of those
    /// that are no more, or whose latest sample is another one than at [`Repeat::before`], are put into `void`, in no
    /// order: they got nothing.
    ///
    /// # Errors
    /// All was refused; nothing of it is stored and `void` is empty.
    fn repeat(&self, repeat: Repeat<'_>, void: &mut Vec<usize>) -> Result<Ingested, IngestError> {
        void.clear();
        void.extend(0..repeat.series.len());
        Ok(Ingested::default())
    }
}
