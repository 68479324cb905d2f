//! Exposition formats, read: text 0.0.4 and 1.0.0, OpenMetrics 1.0 and 0.0.1, delimited protobuf.
//!
//! A page is read entry by entry without copying it. The text of a series is handed out as it stands on the page,
//! so that a reader which has seen it before needs not look at its labels again: a steady page costs one walk over
//! its bytes. What is behind the page's end is never read, nothing is allocated per sample, and a page that breaks
//! the format yields an error with the line and the reason.
//!
//! Behaviour is that of Prometheus (`model/textparse`): where it is more lenient than the letter of a format, so
//! are we, and where it is stricter too.
//! Formats: <https://prometheus.io/docs/instrumenting/exposition_formats/>,
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>,
//! <https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto>.

use std::borrow::Cow;

use model::{Histogram, LabelsBuilder, MetricType, Millis};

mod created;
mod format;
mod labels;
mod line;
mod number;
mod openmetrics;
mod protobuf;
mod text;

pub use format::{ExpositionFormat, FormatError};
pub use number::{format_bound, parse_float};

use self::labels::Dialect;
use self::openmetrics::OpenMetricsParser;
use self::protobuf::{ProtobufParser, SampleSource};
use self::text::TextParser;

/// Why a page cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParseError {
    /// A line breaks the format.
    #[error("line {line}: {reason}, at {excerpt:?}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong and, where it is not plain, what to do.
        reason: Cow<'static, str>,
        /// The line from its start, at most 120 bytes.
        excerpt: String,
    },
    /// A protobuf message breaks the format.
    #[error("metric family {number} {family:?}: {reason}")]
    Message {
        /// Number of the family, from 1.
        number: usize,
        /// Its name as far as it could be read.
        family: String,
        /// What is wrong.
        reason: Cow<'static, str>,
    },
}

/// Which representation of histograms is wanted of a format that has both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NativeHistograms {
    /// The classic series only.
    #[default]
    Ignored,
    /// The native histogram, and the classic series only where there is none.
    Preferred,
    /// The native histogram and the classic series.
    WithClassic,
}

/// One thing a page says.
#[derive(Debug)]
pub enum Entry<'a> {
    /// The kind of a family.
    Type {
        /// Name of the family.
        family: Cow<'a, str>,
        /// Its kind.
        metric_type: MetricType,
    },
    /// The sentence about a family.
    Help {
        /// Name of the family.
        family: Cow<'a, str>,
        /// The sentence.
        help: Cow<'a, str>,
    },
    /// The unit of a family.
    Unit {
        /// Name of the family.
        family: Cow<'a, str>,
        /// The unit.
        unit: Cow<'a, str>,
    },
    /// A sample.
    Sample(Sample<'a>),
}

/// A number or a native histogram.
#[derive(Clone, Debug, PartialEq)]
pub enum SampleValue {
    /// A number; NaN has the bits of Prometheus' normal NaN, never those of the stale marker.
    Float(f64),
    /// A native histogram.
    Histogram(Box<Histogram>),
}

/// One sample of a page.
#[derive(Debug)]
pub struct Sample<'a> {
    /// What names the series on this page: equal texts of one format name equal series. For text formats the
    /// series as written.
    pub series: &'a str,
    /// The value.
    pub value: SampleValue,
    /// Its time, if the page says it.
    pub timestamp: Option<Millis>,
    /// When its counting began, 0 if the page does not say it.
    pub start: Millis,
    labels: SeriesLabels<'a>,
    exemplars: Exemplars<'a>,
}

#[derive(Debug)]
enum SeriesLabels<'a> {
    Text {
        page: &'a str,
        offset: usize,
        dialect: Dialect,
        metric_type: MetricType,
    },
    Protobuf(SampleSource<'a>),
}

#[derive(Debug)]
enum Exemplars<'a> {
    None,
    Text(TextExemplar<'a>),
    Protobuf(&'a [protobuf::ProtoExemplar<'a>]),
}

/// An exemplar as OpenMetrics writes it; its labels were checked.
#[derive(Clone, Debug)]
struct TextExemplar<'a> {
    labels: &'a str,
    value: f64,
    timestamp: Option<Millis>,
}

impl Sample<'_> {
    /// Replaces what is in `out` by the labels of the series, the metric name among them. Upper bounds and
    /// quantiles are written as OpenMetrics writes them (`1.0`), whatever the page did.
    ///
    /// # Errors
    /// The labels break the format.
    pub fn labels(&self, out: &mut LabelsBuilder) -> Result<(), ParseError> {
        out.clear();
        match &self.labels {
            SeriesLabels::Text {
                page,
                offset,
                dialect,
                metric_type,
            } => {
                let mut add = |name: &str, value: &str| {
                    if number::is_bound(*metric_type, name) {
                        out.add(name, &number::normal_bound(value));
                    } else {
                        out.add(name, value);
                    }
                };
                labels::each(self.series, *dialect, &mut add)
                    .map_err(|reason| ParseError::at(page, *offset, reason))
            }
            SeriesLabels::Protobuf(source) => {
                source.labels(out);
                Ok(())
            }
        }
    }

    /// Calls `take` with labels, value and time (if the page says it) of each exemplar.
    pub fn each_exemplar(&self, take: &mut dyn FnMut(&mut LabelsBuilder, f64, Option<Millis>)) {
        let mut builder = LabelsBuilder::default();
        match &self.exemplars {
            Exemplars::None => {}
            Exemplars::Text(exemplar) => {
                let mut add = |name: &str, value: &str| {
                    builder.add(name, value);
                };
                let read = labels::each_of_exemplar(exemplar.labels, &mut add);
                debug_assert!(
                    read.is_ok(),
                    "the labels of an exemplar are checked when it is read"
                );
                take(&mut builder, exemplar.value, exemplar.timestamp);
            }
            Exemplars::Protobuf(exemplars) => {
                for exemplar in *exemplars {
                    builder.clear();
                    for (name, value) in &exemplar.labels {
                        builder.add(name, value);
                    }
                    take(&mut builder, exemplar.value, exemplar.timestamp);
                }
            }
        }
    }
}

impl ParseError {
    /// Names the line around `offset` of a page.
    fn at(page: &str, offset: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        line::error(page.as_bytes(), offset, reason.into())
    }
}

/// Reads one page.
#[derive(Debug)]
pub struct ExpositionParser<'a>(Parser<'a>);

#[derive(Debug)]
enum Parser<'a> {
    Text(TextParser<'a>),
    OpenMetrics(Box<OpenMetricsParser<'a>>),
    Protobuf(Box<ProtobufParser<'a>>),
}

impl<'a> ExpositionParser<'a> {
    /// Begins to read a page.
    ///
    /// # Errors
    /// A page of text is not UTF-8.
    pub fn new(
        page: &'a [u8],
        format: ExpositionFormat,
        native: NativeHistograms,
    ) -> Result<Self, ParseError> {
        let text = || {
            std::str::from_utf8(page)
                .map_err(|error| line::error(page, error.valid_up_to(), "the page is not valid UTF-8".into()))
        };
        Ok(Self(match format {
            ExpositionFormat::Text => Parser::Text(TextParser::new(text()?)),
            ExpositionFormat::OpenMetrics => Parser::OpenMetrics(Box::new(OpenMetricsParser::new(text()?))),
            ExpositionFormat::Protobuf => Parser::Protobuf(Box::new(ProtobufParser::new(page, native))),
        }))
    }

    /// Reads the next entry, `None` at the end of the page.
    ///
    /// # Errors
    /// The page breaks its format. What was read before the error is right, yet the page as a whole is not.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, ParseError> {
        match &mut self.0 {
            Parser::Text(parser) => parser.next_entry(),
            Parser::OpenMetrics(parser) => parser.next_entry(),
            Parser::Protobuf(parser) => parser.next_entry(),
        }
    }
}

#[cfg(test)]
mod tests;
