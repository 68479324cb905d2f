//! Stored series as exposition text with timestamps: what `/federate` answers.
//!
//! Prometheus text format 0.0.4 and OpenMetrics 1.0 share their lines, but for the unit of timestamps, the names of
//! counter families and the last line. Names that are not of the classic kind are quoted inside the braces, as both
//! formats allow since UTF-8 names exist. Neither format can carry native histograms: the caller leaves them out.

use model::{Labels, METRIC_NAME, Metadata, MetricType, Millis, is_stale};

use super::{Quotes, push_escaped};
use crate::{push_float, push_integer};

/// The media type of [`SeriesFormat::OpenMetrics`].
pub const CONTENT_TYPE_OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A text format for stored series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesFormat {
    /// Prometheus text format 0.0.4; timestamps in milliseconds.
    Text,
    /// OpenMetrics 1.0; timestamps in seconds.
    OpenMetrics,
}

impl SeriesFormat {
    /// Returns the media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => super::CONTENT_TYPE_TEXT,
            Self::OpenMetrics => CONTENT_TYPE_OPENMETRICS,
        }
    }

    /// Chooses by an `Accept` header: OpenMetrics if it is named with at least the weight of the text format.
    pub fn from_accept(accept: &str) -> Self {
        let weight = |wanted: &str| {
            accept
                .split(',')
                .filter_map(|range| {
                    let mut parts = range.split(';').map(str::trim);
                    let media_type = parts.next()?;
                    let weight = parts
                        .find_map(|part| part.strip_prefix("q="))
                        .map_or(Ok(1.0), str::parse);
                    media_type
                        .eq_ignore_ascii_case(wanted)
                        .then(|| weight.unwrap_or(0.0_f64))
                })
                .fold(0.0, f64::max)
        };
        let openmetrics = weight("application/openmetrics-text");
        if openmetrics > 0.0 && openmetrics >= weight("text/plain") {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }
}

/// Text in the making. Series come in order of metric names.
#[derive(Debug)]
pub struct SeriesText {
    format: SeriesFormat,
    out: String,
    /// Name of the metric written last.
    metric: String,
    /// Labels that are written empty where a series has them not.
    empty: Vec<String>,
}

impl SeriesText {
    /// Begins.
    pub fn new(format: SeriesFormat) -> Self {
        Self {
            format,
            out: String::new(),
            metric: String::new(),
            empty: Vec::new(),
        }
    }

    /// Writes a label with an empty value for every series that has it not, which tells a scraper not to add its
    /// own.
    pub fn write_empty(&mut self, label: &str) {
        self.empty.push(label.to_owned());
    }

    /// Adds a sample of a series. Stale markers and series without a metric name are left out.
    ///
    /// `metadata` is looked at for the first series of each name. Counters and gauges say what they are; parts of
    /// histograms and summaries are single series here, so they are of unknown type, as in Prometheus.
    pub fn push(&mut self, labels: &Labels, metadata: Option<&Metadata>, (timestamp, value): (Millis, f64)) {
        let metric = labels.metric_name();
        if metric.is_empty() || is_stale(value) {
            return;
        }
        if metric != self.metric {
            self.begin_metric(metric, metadata);
        }
        self.push_series(labels);
        self.out.push(' ');
        push_float(&mut self.out, value);
        self.out.push(' ');
        match self.format {
            SeriesFormat::Text => push_integer(&mut self.out, timestamp),
            SeriesFormat::OpenMetrics => push_seconds(&mut self.out, timestamp),
        }
        self.out.push('\n');
    }

    /// Returns how many bytes were written, for a caller that sends the text in pieces by [`SeriesText::take`].
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Tells whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Takes what was written so far; the text goes on behind it.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// Returns what was written, and what ends the text.
    pub fn finish(mut self) -> String {
        if self.format == SeriesFormat::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }

    fn begin_metric(&mut self, metric: &str, metadata: Option<&Metadata>) {
        metric.clone_into(&mut self.metric);
        let (family, word) = self.family(metric, metadata);
        if let Some(help) = metadata.map(|m| m.help.as_str()).filter(|help| !help.is_empty()) {
            let quotes = match self.format {
                SeriesFormat::Text => Quotes::Kept,
                SeriesFormat::OpenMetrics => Quotes::Escaped,
            };
            self.out.push_str("# HELP ");
            push_name(&mut self.out, family);
            self.out.push(' ');
            push_escaped(&mut self.out, help, quotes);
            self.out.push('\n');
        }
        self.out.push_str("# TYPE ");
        push_name(&mut self.out, family);
        self.out.push(' ');
        self.out.push_str(word);
        self.out.push('\n');
    }

    /// The name and the type under which a metric is announced.
    fn family<'a>(&self, metric: &'a str, metadata: Option<&Metadata>) -> (&'a str, &'static str) {
        let kind = metadata.map_or(MetricType::Unknown, |m| m.metric_type);
        match (self.format, kind) {
            (_, MetricType::Gauge) => (metric, "gauge"),
            (SeriesFormat::Text, MetricType::Counter) => (metric, "counter"),
            (SeriesFormat::Text, _) => (metric, "untyped"),
            (SeriesFormat::OpenMetrics, MetricType::Counter) => metric
                .strip_suffix("_total")
                .filter(|family| !family.is_empty())
                .map_or((metric, "unknown"), |family| (family, "counter")),
            (SeriesFormat::OpenMetrics, _) => (metric, "unknown"),
        }
    }

    fn push_series(&mut self, labels: &Labels) {
        let out = &mut self.out;
        let metric = labels.metric_name();
        let mut separator = '{';
        if is_classic_metric(metric) {
            out.push_str(metric);
        } else {
            out.push('{');
            push_quoted(out, metric);
            separator = ',';
        }
        let empty = self.empty.iter().filter(|name| labels.get(name).is_none());
        let empty = empty.map(|name| (name.as_str(), ""));
        let own = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
        for (name, value) in own.chain(empty) {
            out.push(separator);
            separator = ',';
            if is_classic_label(name) {
                out.push_str(name);
            } else {
                push_quoted(out, name);
            }
            out.push('=');
            push_quoted(out, value);
        }
        if separator == ',' {
            out.push('}');
        }
    }
}

fn push_name(out: &mut String, name: &str) {
    if is_classic_metric(name) {
        out.push_str(name);
    } else {
        push_quoted(out, name);
    }
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text, Quotes::Escaped);
    out.push('"');
}

fn is_classic_metric(name: &str) -> bool {
    is_classic(name, |b| b == b':')
}

fn is_classic_label(name: &str) -> bool {
    is_classic(name, |_| false)
}

/// A letter or `_` first, then digits too.
fn is_classic(name: &str, also: fn(u8) -> bool) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || also(b))
}

fn push_seconds(out: &mut String, timestamp: Millis) {
    if timestamp < 0 {
        out.push('-');
    }
    let millis = timestamp.unsigned_abs();
    // A thousandth of 2^63 is far below 2^63.
    push_integer(out, (millis / 1000).cast_signed());
    let rest = millis % 1000;
    if rest > 0 {
        out.push('.');
        for digit in [rest / 100, rest / 10 % 10, rest % 10] {
            push_integer(out, digit.cast_signed());
        }
    }
}

#[cfg(test)]
mod tests;
