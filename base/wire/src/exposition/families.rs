//! Stored series as delimited protobuf families: what `/federate` answers to those who read native histograms.
//!
//! Messages: `io.prometheus.client.MetricFamily` of
//! <https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto>, each behind its length
//! as a varint.

use model::{Buckets, Histogram, Labels, METRIC_NAME, Millis, ResetHint, is_stale};

use crate::protobuf::{
    push_bytes, push_fixed64, push_int, push_message, push_packed_doubles, push_sint, push_varint,
};

/// The media type of what [`FamiliesWriter::finish`] returns.
pub const CONTENT_TYPE_FAMILIES: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// Numbers of `MetricType`.
const UNTYPED: u64 = 3;
const HISTOGRAM: u64 = 4;
const GAUGE_HISTOGRAM: u64 = 5;

/// Families in the making. Series come in order of metric names; neighbours of one name and kind share a family.
#[derive(Debug, Default)]
pub struct FamiliesWriter {
    out: Vec<u8>,
    /// The family that is open: its name, its type, and its metrics so far.
    name: String,
    kind: u64,
    metrics: Vec<u8>,
    /// Labels that are written empty where a series has them not.
    empty: Vec<String>,
}

impl FamiliesWriter {
    /// Writes a label with an empty value for every series that has it not, which tells a scraper not to add its
    /// own.
    pub fn write_empty(&mut self, label: &str) {
        self.empty.push(label.to_owned());
    }

    /// Adds a float of a series, untyped as in Prometheus. Stale markers and series without a metric name are left
    /// out.
    pub fn push(&mut self, labels: &Labels, (timestamp, value): (Millis, f64)) {
        if labels.metric_name().is_empty() || is_stale(value) {
            return;
        }
        self.begin(labels.metric_name(), UNTYPED);
        self.push_metric((labels, timestamp), |out| {
            push_message(out, 5, |out| push_fixed64(out, 1, value.to_bits()));
        });
    }

    /// Adds a histogram of a series; one with listed bounds becomes a classic histogram, as scrapers know no other.
    pub fn push_histogram(&mut self, labels: &Labels, timestamp: Millis, histogram: &Histogram) {
        if labels.metric_name().is_empty() || is_stale(histogram.sum) {
            return;
        }
        let kind = match histogram.reset_hint {
            ResetHint::Gauge => GAUGE_HISTOGRAM,
            _ => HISTOGRAM,
        };
        self.begin(labels.metric_name(), kind);
        self.push_metric((labels, timestamp), |out| {
            push_message(out, 7, |out| {
                push_fixed64(out, 2, histogram.sum.to_bits());
                push_fixed64(out, 4, histogram.count.to_bits());
                if histogram.has_custom_buckets() {
                    push_classic(out, histogram);
                } else {
                    push_native(out, histogram);
                }
            });
        });
    }

    /// Returns all families.
    pub fn finish(mut self) -> Vec<u8> {
        self.close();
        self.out
    }

    fn begin(&mut self, name: &str, kind: u64) {
        if self.name != name || self.kind != kind {
            self.close();
            name.clone_into(&mut self.name);
            self.kind = kind;
        }
    }

    fn close(&mut self) {
        if self.metrics.is_empty() {
            return;
        }
        let mut head = Vec::new();
        push_bytes(&mut head, 1, self.name.as_bytes());
        push_varint(&mut head, 3 << 3);
        push_varint(&mut head, self.kind);
        push_varint(&mut self.out, (head.len() + self.metrics.len()) as u64);
        self.out.extend_from_slice(&head);
        self.out.append(&mut self.metrics);
    }

    fn push_metric(&mut self, (labels, timestamp): (&Labels, Millis), write: impl FnOnce(&mut Vec<u8>)) {
        let empty = self.empty.iter().filter(|name| labels.get(name).is_none());
        let empty = empty.map(|name| (name.as_str(), ""));
        let own = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
        push_message(&mut self.metrics, 4, |out| {
            for (name, value) in own.chain(empty) {
                push_message(out, 1, |out| {
                    push_bytes(out, 1, name.as_bytes());
                    push_bytes(out, 2, value.as_bytes());
                });
            }
            write(out);
            push_int(out, 6, timestamp.cast_unsigned());
        });
    }
}

fn push_native(out: &mut Vec<u8>, histogram: &Histogram) {
    push_sint(out, 5, i64::from(histogram.schema));
    push_fixed64(out, 6, histogram.zero_threshold.to_bits());
    push_fixed64(out, 8, histogram.zero_count.to_bits());
    push_buckets(out, &histogram.negative, (9, 11));
    push_buckets(out, &histogram.positive, (12, 14));
}

fn push_buckets(out: &mut Vec<u8>, buckets: &Buckets, (spans, counts): (u64, u64)) {
    for span in &buckets.spans {
        push_message(out, spans, |out| {
            push_sint(out, 1, i64::from(span.offset));
            push_int(out, 2, u64::from(span.length));
        });
    }
    push_packed_doubles(out, counts, &buckets.counts);
}

fn push_classic(out: &mut Vec<u8>, histogram: &Histogram) {
    for (bound, count) in histogram.classic_buckets() {
        push_message(out, 3, |out| {
            push_fixed64(out, 2, bound.to_bits());
            push_fixed64(out, 4, count.to_bits());
        });
    }
}

#[cfg(test)]
mod tests;
