//! A batch as `io.prometheus.write.v2.Request`.

use std::collections::HashMap;

use model::{Batch, BatchExemplar, Metadata, PackedLabels};

use super::{ExemplarsBySeries, Row, RowCursor, metric_type_number};
use crate::histogram::write_histogram;
use crate::protobuf::{push_bytes, push_double, push_int, push_message, push_packed_varints};
use crate::snappy::compress;

/// Writes a batch as a snappy-compressed `io.prometheus.write.v2.Request`.
///
/// Neighbouring rows that share a label set by construction become one `TimeSeries`, or two if there are both floats
/// and histograms among them, with the exemplars of the same labels and the metadata of their family. Metadata of
/// families without a series here is left out: this version has no place for it.
pub fn encode_remote_write_v2(batch: &Batch) -> Vec<u8> {
    let mut symbols = Symbols::default();
    symbols.find("");
    let families: HashMap<&str, &Metadata> = batch.metadata().iter().map(|(n, m)| (n.as_str(), m)).collect();
    let mut series = Vec::new();
    let mut exemplars = ExemplarsBySeries::new(batch);
    let mut cursor = RowCursor::new(batch);
    while let Some((labels, rows)) = cursor.next_series() {
        let head = Head::new(&mut symbols, labels, &families);
        let (floats, histograms): (Vec<_>, Vec<_>) =
            rows.iter().partition(|row: &&Row<'_>| row.histogram.is_none());
        let mut of_series = exemplars.take(labels);
        for rows in [floats, histograms] {
            if rows.is_empty() {
                continue;
            }
            let exemplars = std::mem::take(&mut of_series);
            push_message(&mut series, 5, |out| {
                head.write(out, (&rows, &exemplars), &mut symbols);
            });
        }
    }
    for (labels, exemplars) in exemplars.left() {
        let head = Head::new(&mut symbols, labels, &families);
        push_message(&mut series, 5, |out| {
            head.write(out, (&[], &exemplars), &mut symbols)
        });
    }
    let mut body = Vec::with_capacity(series.len() + symbols.bytes);
    for symbol in &symbols.in_order {
        push_bytes(&mut body, 4, symbol.as_bytes());
    }
    body.extend_from_slice(&series);
    compress(&body)
}

/// The strings of a request, each once.
#[derive(Default)]
struct Symbols<'a> {
    references: HashMap<&'a str, u64>,
    in_order: Vec<&'a str>,
    bytes: usize,
}

impl<'a> Symbols<'a> {
    fn find(&mut self, text: &'a str) -> u64 {
        let next = self.in_order.len() as u64;
        let reference = *self.references.entry(text).or_insert(next);
        if reference == next {
            self.in_order.push(text);
            self.bytes += text.len() + 4;
        }
        reference
    }

    fn find_labels(&mut self, labels: PackedLabels<'a>) -> Vec<u64> {
        labels
            .iter()
            .flat_map(|(name, value)| [name, value])
            .map(|text| self.find(text))
            .collect()
    }
}

/// What all `TimeSeries` of one label set share.
struct Head {
    references: Vec<u64>,
    metric_type: u64,
    help: u64,
    unit: u64,
}

impl Head {
    fn new<'a>(
        symbols: &mut Symbols<'a>,
        labels: PackedLabels<'a>,
        families: &HashMap<&'a str, &'a Metadata>,
    ) -> Self {
        let metadata = find_family(labels, families);
        Self {
            references: symbols.find_labels(labels),
            metric_type: metadata.map_or(0, |m| metric_type_number(m.metric_type)),
            help: metadata.map_or(0, |m| symbols.find(&m.help)),
            unit: metadata.map_or(0, |m| symbols.find(&m.unit)),
        }
    }

    fn write<'a>(
        &self,
        out: &mut Vec<u8>,
        (rows, exemplars): (&[&Row<'_>], &[&'a BatchExemplar]),
        symbols: &mut Symbols<'a>,
    ) {
        push_packed_varints(out, 1, self.references.iter().copied());
        for row in rows {
            match row.histogram {
                None => push_message(out, 2, |out| {
                    push_double(out, 1, row.value);
                    push_int(out, 2, row.timestamp.cast_unsigned());
                    push_int(out, 3, row.start.cast_unsigned());
                }),
                Some(histogram) => push_message(out, 3, |out| {
                    write_histogram(out, histogram, (row.timestamp, row.start));
                }),
            }
        }
        for exemplar in exemplars {
            let exemplar = &exemplar.exemplar;
            let references = symbols.find_labels(exemplar.labels.as_packed());
            push_message(out, 4, |out| {
                push_packed_varints(out, 1, references.iter().copied());
                push_double(out, 2, exemplar.value);
                push_int(out, 3, exemplar.timestamp.cast_unsigned());
            });
        }
        if self.metric_type != 0 || self.help != 0 || self.unit != 0 {
            push_message(out, 5, |out| {
                push_int(out, 1, self.metric_type);
                push_int(out, 3, self.help);
                push_int(out, 4, self.unit);
            });
        }
    }
}

/// Finds what a family says about itself, by the name of one of its series.
fn find_family<'a>(
    labels: PackedLabels<'a>,
    families: &HashMap<&'a str, &'a Metadata>,
) -> Option<&'a Metadata> {
    if families.is_empty() {
        return None;
    }
    let name = labels.get(model::METRIC_NAME)?;
    let of_part = || {
        let family = ["_bucket", "_sum", "_count", "_total", "_created"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))?;
        families.get(family)
    };
    families.get(name).or_else(of_part).copied()
}
