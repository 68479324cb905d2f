//! A batch as a remote write request.

use std::collections::HashMap;

use model::{Batch, BatchExemplar, BatchRow, Histogram, Metadata, Millis, PackedLabels};

use super::metric_type_number;
use crate::histogram::write_histogram;
use crate::protobuf::{push_bytes, push_double, push_int, push_message, push_text};
use crate::snappy::compress;

mod v2;

pub use v2::encode_remote_write_v2;

/// Writes a batch as a snappy-compressed `prometheus.WriteRequest`.
///
/// Neighbouring rows that share a label set by construction become one `TimeSeries`, with the exemplars of the same
/// labels; exemplars of other series follow on their own. Start timestamps have no place in this version.
pub fn encode_remote_write_v1(batch: &Batch) -> Vec<u8> {
    let mut body = Vec::new();
    let mut exemplars = ExemplarsBySeries::new(batch);
    let mut rows = RowCursor::new(batch);
    while let Some((labels, rows)) = rows.next_series() {
        push_message(&mut body, 1, |out| {
            push_labels(out, labels);
            // Fields in order of their numbers: samples, exemplars, histograms.
            for row in rows.iter().filter(|row| row.histogram.is_none()) {
                push_message(out, 2, |out| {
                    push_double(out, 1, row.value);
                    push_int(out, 2, row.timestamp.cast_unsigned());
                });
            }
            for exemplar in exemplars.take(labels) {
                push_message(out, 3, |out| push_exemplar(out, exemplar));
            }
            for row in &rows {
                if let Some(histogram) = row.histogram {
                    push_message(out, 4, |out| write_histogram(out, histogram, (row.timestamp, 0)));
                }
            }
        });
    }
    for (labels, exemplars) in exemplars.left() {
        push_message(&mut body, 1, |out| {
            push_labels(out, labels);
            for exemplar in exemplars {
                push_message(out, 3, |out| push_exemplar(out, exemplar));
            }
        });
    }
    for (name, metadata) in batch.metadata() {
        push_message(&mut body, 3, |out| push_metadata(out, name, metadata));
    }
    compress(&body)
}

fn push_labels(out: &mut Vec<u8>, labels: PackedLabels<'_>) {
    for (name, value) in labels.iter() {
        push_message(out, 1, |out| {
            push_bytes(out, 1, name.as_bytes());
            push_bytes(out, 2, value.as_bytes());
        });
    }
}

fn push_exemplar(out: &mut Vec<u8>, exemplar: &BatchExemplar) {
    let exemplar = &exemplar.exemplar;
    push_labels(out, exemplar.labels.as_packed());
    push_double(out, 2, exemplar.value);
    push_int(out, 3, exemplar.timestamp.cast_unsigned());
}

fn push_metadata(out: &mut Vec<u8>, name: &str, metadata: &Metadata) {
    push_int(out, 1, metric_type_number(metadata.metric_type));
    push_text(out, 2, name);
    push_text(out, 4, &metadata.help);
    push_text(out, 5, &metadata.unit);
}

/// A row with what the batch keeps beside it.
#[derive(Clone, Copy, Debug)]
struct Row<'a> {
    timestamp: Millis,
    value: f64,
    start: Millis,
    histogram: Option<&'a Histogram>,
}

/// Walks the rows of a batch series by series, and its side columns with them.
struct RowCursor<'a> {
    batch: &'a Batch,
    rows: &'a [BatchRow],
    /// Number of the first of `rows`.
    row: u32,
    histograms: &'a [(u32, Histogram)],
    starts: &'a [(u32, Millis)],
}

impl<'a> RowCursor<'a> {
    fn new(batch: &'a Batch) -> Self {
        Self {
            batch,
            rows: batch.rows(),
            row: 0,
            histograms: batch.histograms(),
            starts: batch.starts(),
        }
    }

    /// Returns the rows of the next series.
    fn next_series(&mut self) -> Option<(PackedLabels<'a>, Vec<Row<'a>>)> {
        let first = self.rows.first()?;
        let n = self
            .rows
            .iter()
            .take_while(|row| Batch::same_series(first, row))
            .count();
        let (rows, rest) = self.rows.split_at(n);
        self.rows = rest;
        let labels = self.batch.labels(first);
        let rows = rows
            .iter()
            .map(|row| {
                let at = self.row;
                self.row += 1;
                Row {
                    timestamp: row.timestamp,
                    value: row.value,
                    start: pop(&mut self.starts, at).copied().unwrap_or(0),
                    histogram: pop(&mut self.histograms, at),
                }
            })
            .collect();
        Some((labels, rows))
    }
}

/// Takes the first element if it belongs to a row.
fn pop<'a, T>(column: &mut &'a [(u32, T)], row: u32) -> Option<&'a T> {
    let ((first, value), rest) = column.split_first()?;
    if *first != row {
        return None;
    }
    *column = rest;
    Some(value)
}

/// The exemplars of a batch, by the series they belong to.
struct ExemplarsBySeries<'a> {
    by_labels: HashMap<&'a str, Vec<&'a BatchExemplar>>,
    /// Labels in the order in which they first came.
    order: Vec<PackedLabels<'a>>,
}

impl<'a> ExemplarsBySeries<'a> {
    fn new(batch: &'a Batch) -> Self {
        let mut by_labels: HashMap<&str, Vec<&BatchExemplar>> = HashMap::new();
        let mut order = Vec::new();
        for exemplar in batch.exemplars() {
            let labels = batch.exemplar_labels(exemplar);
            let of_series = by_labels.entry(labels.packed()).or_default();
            if of_series.is_empty() {
                order.push(labels);
            }
            of_series.push(exemplar);
        }
        Self { by_labels, order }
    }

    fn take(&mut self, labels: PackedLabels<'_>) -> Vec<&'a BatchExemplar> {
        if self.by_labels.is_empty() {
            return Vec::new();
        }
        self.by_labels.remove(labels.packed()).unwrap_or_default()
    }

    /// Returns those that were not taken.
    fn left(mut self) -> impl Iterator<Item = (PackedLabels<'a>, Vec<&'a BatchExemplar>)> {
        let order = std::mem::take(&mut self.order);
        order
            .into_iter()
            .filter_map(move |labels| Some((labels, self.by_labels.remove(labels.packed())?)))
    }
}
