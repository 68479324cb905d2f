//! OpenMetrics text, versions 1.0.0 and 0.0.1.
//!
//! Exactly one space parts the words of a line, comments other than `TYPE`, `HELP` and `UNIT` do not exist, and the
//! page ends with `# EOF`. Series named `…_created` are samples like any other; besides they are the start
//! timestamps of the samples of their metric, see [`super::created`].

use std::borrow::Cow;

use model::{MetricType, Millis};

use super::created::Created;
use super::labels::{self, Dialect};
use super::{
    Entry, Exemplars, ParseError, Sample, SampleValue, SeriesLabels, TextExemplar, line, number, text,
};

const NO_EOF: &str =
    "the page does not end with # EOF: it was cut, or the exporter does not speak OpenMetrics";
const NO_START: &str = "expected a metric name, # TYPE, # HELP, # UNIT or # EOF";

/// Reads a page of OpenMetrics text.
#[derive(Debug)]
pub(super) struct OpenMetricsParser<'a> {
    page: &'a str,
    at: usize,
    metric_type: MetricType,
    ended: bool,
    created: Created<'a>,
}

impl<'a> OpenMetricsParser<'a> {
    pub(super) fn new(page: &'a str) -> Self {
        Self {
            page,
            at: 0,
            metric_type: MetricType::Unknown,
            ended: false,
            created: Created::new(page),
        }
    }

    pub(super) fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        if self.ended {
            return Ok(None);
        }
        match self.page.as_bytes().get(self.at) {
            None => Err(self.fault(self.page.len(), NO_EOF)),
            Some(b'#') => self.comment(),
            Some(_) => self.sample().map(Some),
        }
    }

    fn comment(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        let start = self.at;
        let rest = self.page.get(start..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix("# EOF") {
            if !matches!(after, "" | "\n") {
                return Err(self.fault(start, "there is more behind # EOF"));
            }
            self.ended = true;
            return Ok(None);
        }
        let word = rest.get(2..6).unwrap_or_default();
        let known = rest.starts_with("# ") && matches!(word, "TYPE" | "HELP" | "UNIT");
        if !known || rest.as_bytes().get(6) != Some(&b' ') {
            return Err(self.fault(start, NO_START));
        }
        let (family, at) = text::family_name(self.page, start + 7)
            .ok_or_else(|| self.fault(start, format!("expected a metric name behind {word}")))?;
        let end = line::line_end(self.page.as_bytes(), at);
        let text = self.page.get(at..end).unwrap_or_default();
        let text = text
            .strip_prefix(' ')
            .filter(|_| end < self.page.len())
            .ok_or_else(|| {
                self.fault(
                    start,
                    format!("expected a space and a text behind the name in {word}"),
                )
            })?;
        self.at = end + 1;
        match word {
            "TYPE" => {
                self.metric_type = open_metrics_type(text)
                    .ok_or_else(|| self.fault(start, format!("unknown metric type {text:?}")))?;
                self.created.enter_family(&family, self.metric_type, self.at);
                Ok(Some(Entry::Type {
                    family,
                    metric_type: self.metric_type,
                }))
            }
            "UNIT" => {
                let fits =
                    text.is_empty() || family.strip_suffix(text).is_some_and(|stem| stem.ends_with('_'));
                if !fits {
                    return Err(self.fault(
                        start,
                        format!("the metric name {family:?} does not end in its unit, _{text}"),
                    ));
                }
                self.created.skip_to(self.at);
                Ok(Some(Entry::Unit {
                    family,
                    unit: Cow::Borrowed(text),
                }))
            }
            _ => {
                self.created.skip_to(self.at);
                let mut help = Cow::Borrowed(text);
                if text.contains('\\') {
                    let mut unescaped = String::with_capacity(text.len());
                    labels::push_unescaped(&mut unescaped, text, &['"', '\\', 'n']);
                    help = Cow::Owned(unescaped);
                }
                Ok(Some(Entry::Help { family, help }))
            }
        }
    }

    fn sample(&mut self) -> Result<Entry<'a>, ParseError> {
        let start = self.at;
        let found = read_line(self.page, start).map_err(|reason| self.fault(start, reason))?;
        let exemplar = match found.exemplar_at {
            None => None,
            Some(at) => Some(self.exemplar(start, at)?),
        };
        let end = exemplar.as_ref().map_or(found.end, |(_, end)| *end);
        match self.page.as_bytes().get(end) {
            None => return Err(self.fault(self.page.len(), NO_EOF)),
            Some(b'\n') => {}
            Some(_) => {
                return Err(self.fault(
                    start,
                    "expected the end of the line: value, timestamp and exemplar are parted by one space each",
                ));
            }
        }
        self.at = end + 1;
        let series = self.page.get(start..found.series_end).unwrap_or_default();
        Ok(Entry::Sample(Sample {
            series,
            value: SampleValue::Float(found.value),
            timestamp: found.timestamp,
            start: self.created.start(series),
            labels: SeriesLabels::Text {
                page: self.page,
                offset: start,
                dialect: Dialect::OpenMetrics,
                metric_type: self.metric_type,
            },
            exemplars: exemplar.map_or(Exemplars::None, |(exemplar, _)| Exemplars::Text(exemplar)),
        }))
    }

    /// Reads the exemplar whose braces open at `at`, and returns where it ends.
    fn exemplar(&self, start: usize, at: usize) -> Result<(TextExemplar<'a>, usize), ParseError> {
        let page = self.page.as_bytes();
        let fault = |reason: Cow<'static, str>| self.fault(start, format!("exemplar: {reason}"));
        let braces = line::braces_end(page, at)
            .ok_or_else(|| fault("the braces with the labels do not end".into()))?;
        let labels = self.page.get(at..braces).unwrap_or_default();
        labels::each_of_exemplar(labels, &mut |_, _| {}).map_err(|reason| fault(reason.into()))?;
        let (value, end) = number_behind(self.page, braces).map_err(fault)?;
        let value = value.ok_or_else(|| fault("expected a value behind the labels".into()))?;
        let (seconds, end) = number_behind(self.page, end).map_err(fault)?;
        let timestamp = seconds
            .map(to_millis)
            .transpose()
            .map_err(|reason| fault(reason.into()))?;
        Ok((
            TextExemplar {
                labels,
                value,
                timestamp,
            },
            end,
        ))
    }

    fn fault(&self, offset: usize, reason: impl Into<Cow<'static, str>>) -> ParseError {
        ParseError::at(self.page, offset, reason)
    }
}

/// A line with a sample.
pub(super) struct Line {
    pub(super) series_end: usize,
    pub(super) value: f64,
    timestamp: Option<Millis>,
    /// Where the braces of the exemplar open.
    exemplar_at: Option<usize>,
    /// Where value and timestamp end.
    end: usize,
}

/// Reads series, value and timestamp of the line that begins at `start`.
pub(super) fn read_line(page: &str, start: usize) -> Result<Line, Cow<'static, str>> {
    let bytes = page.as_bytes();
    let mut series_end = line::metric_name_end(bytes, start);
    if line::byte(bytes, series_end) == b'{' {
        series_end = line::braces_end(bytes, series_end)
            .ok_or("the braces with the labels do not end on their line")?;
    } else if series_end == start {
        return Err(NO_START.into());
    }
    let (value, mut end) = number_behind(page, series_end)?;
    let value = value.ok_or("expected a space and a value behind the series")?;
    let mut timestamp = None;
    if !is_exemplar(bytes, end) {
        let (seconds, behind) = number_behind(page, end)?;
        timestamp = seconds.map(to_millis).transpose()?;
        end = behind;
    }
    Ok(Line {
        series_end,
        value,
        timestamp,
        exemplar_at: is_exemplar(bytes, end).then_some(end + 3),
        end,
    })
}

fn is_exemplar(page: &[u8], at: usize) -> bool {
    page.get(at..).is_some_and(|rest| rest.starts_with(b" # {"))
}

/// Reads the number behind the space at `at`, and returns where it ends; `None` if there is no space and word.
fn number_behind(page: &str, at: usize) -> Result<(Option<f64>, usize), Cow<'static, str>> {
    let rest = page.as_bytes().get(at..).unwrap_or_default();
    let Some(rest) = rest.strip_prefix(b" ") else {
        return Ok((None, at));
    };
    let len = rest
        .iter()
        .position(|b| matches!(b, b' ' | b'\n'))
        .unwrap_or(rest.len());
    if len == 0 {
        return Ok((None, at));
    }
    let word = page.get(at + 1..at + 1 + len).unwrap_or_default();
    let value = number::parse_float(word).ok_or_else(|| format!("{word:?} is not a number"))?;
    Ok((Some(value), at + 1 + len))
}

/// Converts a time in seconds; parts of a millisecond are cut off.
fn to_millis(seconds: f64) -> Result<Millis, &'static str> {
    if !seconds.is_finite() {
        return Err("the timestamp is not a finite number of seconds");
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, which is out of every window of time"
    )]
    Ok((seconds * 1000.0) as Millis)
}

fn open_metrics_type(word: &str) -> Option<MetricType> {
    match MetricType::from_word(word) {
        MetricType::Unknown if word != "unknown" => None,
        known => Some(known),
    }
}
