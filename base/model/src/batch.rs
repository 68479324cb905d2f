//! Samples on their way up.

use std::ops::Range;

use crate::{Exemplar, Histogram, LabelError, Labels, LabelsBuilder, Metadata, Millis, PackedLabels};

/// One sample of a [`Batch`].
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRow {
    /// Where the packed labels stand in the batch's text; rows of one series may share a range.
    labels: Range<u32>,
    /// Time of the sample.
    pub timestamp: Millis,
    /// Value; the stale marker ends the series. For a histogram its sum.
    pub value: f64,
}

/// An exemplar of a [`Batch`].
#[derive(Clone, Debug, PartialEq)]
pub struct BatchExemplar {
    labels: Range<u32>,
    /// The exemplar.
    pub exemplar: Exemplar,
}

/// Samples of many series, labels packed one after another in one string.
///
/// Shape: `rows` in the order given; one scrape of a target has one row a series and one timestamp, a
/// remote-write request has several rows a series with growing timestamps. What few rows have lies beside them:
/// histograms and start timestamps by number of row, in ascending order.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    text: String,
    rows: Vec<BatchRow>,
    histograms: Vec<(u32, Histogram)>,
    starts: Vec<(u32, Millis)>,
    exemplars: Vec<BatchExemplar>,
    metadata: Vec<(String, Metadata)>,
}

/// Names the label set last added to a batch, to be shared by further rows.
#[derive(Clone, Debug)]
pub struct BatchSeries(Range<u32>);

impl Batch {
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.rows.clear();
        self.histograms.clear();
        self.starts.clear();
        self.exemplars.clear();
        self.metadata.clear();
    }

    /// Packs a label set into the batch.
    ///
    /// # Errors
    /// The labels form no set, or the batch already holds 4 GiB of labels; the batch is as it was.
    pub fn add_series(&mut self, labels: &mut LabelsBuilder) -> Result<BatchSeries, LabelError> {
        let start = self.text.len();
        labels.pack_into(&mut self.text)?;
        let range = u32::try_from(start).and_then(|s| Ok(s..u32::try_from(self.text.len())?));
        range.map(BatchSeries).map_err(|_| {
            self.text.truncate(start);
            LabelError::TooLong {
                name: "batch".to_owned(),
                bytes: start,
            }
        })
    }

    /// Adds a label set that is packed already.
    ///
    /// # Errors
    /// As [`Batch::add_series`].
    pub fn add_packed(&mut self, labels: PackedLabels<'_>) -> Result<BatchSeries, LabelError> {
        let start = self.text.len();
        let end = start + labels.packed().len();
        let (Ok(from), Ok(to)) = (u32::try_from(start), u32::try_from(end)) else {
            return Err(LabelError::TooLong {
                name: "batch".to_owned(),
                bytes: end,
            });
        };
        self.text.push_str(labels.packed());
        Ok(BatchSeries(from..to))
    }

    /// Adds a sample of a series of this batch.
    pub fn push(&mut self, series: &BatchSeries, timestamp: Millis, value: f64) {
        self.rows.push(BatchRow {
            labels: series.0.clone(),
            timestamp,
            value,
        });
    }

    /// Adds a histogram of a series of this batch. A histogram whose sum is the stale marker ends the series: push
    /// the marker as a float instead.
    pub fn push_histogram(&mut self, series: &BatchSeries, timestamp: Millis, histogram: Histogram) {
        let row = self.next_row();
        self.push(series, timestamp, histogram.sum);
        self.histograms.push((row, histogram));
    }

    /// Says when the counting began that led to the sample added last; 0, unknown, is not kept.
    pub fn set_start(&mut self, start: Millis) {
        if start != 0 && !self.rows.is_empty() {
            self.starts.push((self.next_row() - 1, start));
        }
    }

    /// Adds an exemplar to a series of this batch.
    pub fn push_exemplar(&mut self, series: &BatchSeries, exemplar: Exemplar) {
        self.exemplars.push(BatchExemplar {
            labels: series.0.clone(),
            exemplar,
        });
    }

    fn next_row(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// Adds what a metric family says about itself.
    pub fn describe(&mut self, metric: &str, metadata: Metadata) {
        self.metadata.push((metric.to_owned(), metadata));
    }

    /// Returns the samples.
    pub fn rows(&self) -> &[BatchRow] {
        &self.rows
    }

    /// Returns the labels of a row of this batch.
    pub fn labels(&self, row: &BatchRow) -> PackedLabels<'_> {
        let range = row.labels.start as usize..row.labels.end as usize;
        PackedLabels::trusted(self.text.get(range).unwrap_or(""))
    }

    /// Returns `(number of row, histogram)` of the rows that are histograms, in ascending order.
    pub fn histograms(&self) -> &[(u32, Histogram)] {
        &self.histograms
    }

    /// Returns `(number of row, start timestamp)` of the rows that have one, in ascending order.
    pub fn starts(&self) -> &[(u32, Millis)] {
        &self.starts
    }

    /// Returns the exemplars in the order given.
    pub fn exemplars(&self) -> &[BatchExemplar] {
        &self.exemplars
    }

    /// Returns the labels of the series that an exemplar of this batch belongs to.
    pub fn exemplar_labels(&self, exemplar: &BatchExemplar) -> PackedLabels<'_> {
        let range = exemplar.labels.start as usize..exemplar.labels.end as usize;
        PackedLabels::trusted(self.text.get(range).unwrap_or(""))
    }

    /// Tells whether two rows of this batch share one label set by construction (not by comparison).
    pub fn same_series(a: &BatchRow, b: &BatchRow) -> bool {
        a.labels == b.labels
    }

    /// Returns `(metric name, metadata)` in the order given.
    pub fn metadata(&self) -> &[(String, Metadata)] {
        &self.metadata
    }

    /// Moves all rows and metadata of `other` behind those of this batch.
    ///
    /// # Errors
    /// Together they would hold more than 4 GiB of labels; both are as they were.
    pub fn append(&mut self, other: &mut Self) -> Result<(), LabelError> {
        let bytes = self.text.len() + other.text.len();
        if u32::try_from(bytes).is_err() {
            return Err(LabelError::TooLong {
                name: "batch".to_owned(),
                bytes,
            });
        }
        // Both lengths fit, as their sum does.
        let shift = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let first = self.next_row();
        let moved = |labels: Range<u32>| labels.start + shift..labels.end + shift;
        self.text.push_str(&other.text);
        self.rows.extend(other.rows.drain(..).map(|row| BatchRow {
            labels: moved(row.labels),
            ..row
        }));
        self.histograms.extend(
            other
                .histograms
                .drain(..)
                .map(|(row, histogram)| (first + row, histogram)),
        );
        self.starts
            .extend(other.starts.drain(..).map(|(row, start)| (first + row, start)));
        self.exemplars
            .extend(other.exemplars.drain(..).map(|e| BatchExemplar {
                labels: moved(e.labels),
                exemplar: e.exemplar,
            }));
        self.metadata.append(&mut other.metadata);
        other.text.clear();
        Ok(())
    }
}

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

/// Takes batches.
pub trait Ingest: Send + Sync {
    /// Takes a batch into memory and hands it to the log. Blocks only for locks held for microseconds.
    ///
    /// # Errors
    /// The whole batch was refused; nothing of it is stored.
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError>;
}

#[cfg(test)]
mod tests;
