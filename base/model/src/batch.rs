//! Samples on their way up.

mod ingest;

use std::ops::Range;

pub use self::ingest::{Ingest, IngestError, Ingested, Rejection, Repeat, SeriesHandle};
use crate::{Exemplar, Histogram, LabelError, LabelsBuilder, Metadata, Millis, PackedLabels};

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

#[cfg(test)]
mod tests;
