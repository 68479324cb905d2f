//! Prometheus text exposition format, versions 0.0.4 and 1.0.0.
//!
//! Both versions are read alike: 1.0.0 only adds names in quotes.

use std::borrow::Cow;

use model::MetricType;

use super::labels::{self, Dialect};
use super::{Entry, Exemplars, ParseError, Sample, SampleValue, SeriesLabels, line, number};

/// Reads a page of text.
#[derive(Debug)]
pub(super) struct TextParser<'a> {
    page: &'a str,
    at: usize,
    /// What the last `TYPE` said; it decides how bounds among the labels are written.
    metric_type: MetricType,
}

impl<'a> TextParser<'a> {
    pub(super) fn new(page: &'a str) -> Self {
        Self {
            page,
            at: 0,
            metric_type: MetricType::Unknown,
        }
    }

    pub(super) fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        let page = self.page.as_bytes();
        loop {
            self.at = line::skip_blanks(page, self.at);
            match page.get(self.at) {
                None => return Ok(None),
                Some(b'\n') => self.at += 1,
                Some(b'#') => {
                    if let Some(entry) = self.comment()? {
                        return Ok(Some(entry));
                    }
                }
                Some(_) => return self.sample().map(Some),
            }
        }
    }

    /// Reads a line that begins with `#`; `None` if it says nothing.
    fn comment(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        let page = self.page.as_bytes();
        let start = self.at;
        let end = line::line_end(page, start);
        let word_at = line::skip_blanks(page, start + 1);
        let word = self.page.get(word_at..word_at + 4).unwrap_or_default();
        let after = line::skip_blanks(page, word_at + 4);
        let known = matches!(word, "HELP" | "TYPE") && word_at > start + 1 && after > word_at + 4;
        if !known {
            self.at = end + 1;
            return Ok(None);
        }
        let (family, at) = family_name(self.page, after)
            .ok_or_else(|| self.fault(start, format!("expected a metric name behind {word}")))?;
        // A family name in quotes may span lines.
        let end = line::line_end(page, at);
        let rest = self.page.get(at..end).unwrap_or_default();
        let mut text = rest.chars();
        text.next();
        let text = text.as_str();
        self.at = end + 1;
        if word == "TYPE" {
            let metric_type =
                text_type(text).ok_or_else(|| self.fault(start, format!("unknown metric type {text:?}")))?;
            self.metric_type = metric_type;
            return Ok(Some(Entry::Type { family, metric_type }));
        }
        let help = if text.contains('\\') {
            let mut unescaped = String::with_capacity(text.len());
            labels::push_unescaped(&mut unescaped, text, &['\\', 'n']);
            Cow::Owned(unescaped)
        } else {
            Cow::Borrowed(text)
        };
        Ok(Some(Entry::Help { family, help }))
    }

    fn sample(&mut self) -> Result<Entry<'a>, ParseError> {
        let page = self.page.as_bytes();
        let start = self.at;
        let name_end = line::metric_name_end(page, start);
        let mut end = name_end;
        let mut at = line::skip_blanks(page, name_end);
        if line::byte(page, at) == b'{' {
            end = line::braces_end(page, at)
                .ok_or_else(|| self.fault(start, "the braces with the labels do not end on their line"))?;
            at = line::skip_blanks(page, end);
        } else if name_end == start {
            return Err(self.fault(start, "expected a metric name, a comment or an empty line"));
        }
        let value_end = at + token_len(page, at);
        let value = self.page.get(at..value_end).unwrap_or_default();
        if value.is_empty() {
            return Err(self.fault(start, "expected a value behind the series"));
        }
        let value = number::parse_float(value)
            .ok_or_else(|| self.fault(start, format!("{value:?} is not a number")))?;
        at = line::skip_blanks(page, value_end);
        let digits = page.get(at..).unwrap_or_default();
        let n_digits = digits
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(digits.len());
        let mut timestamp = None;
        if n_digits > 0 {
            let text = self.page.get(at..at + n_digits).unwrap_or_default();
            let time = text
                .parse()
                .map_err(|_| self.fault(start, "the timestamp is beyond 64 bits of milliseconds"))?;
            timestamp = Some(time);
            at = line::skip_blanks(page, at + n_digits);
        }
        if line::byte(page, at) != b'\n' {
            return Err(self.fault(
                start,
                "expected a timestamp in whole milliseconds or the end of the line behind the value",
            ));
        }
        self.at = at + 1;
        Ok(Entry::Sample(Sample {
            series: self.page.get(start..end).unwrap_or_default(),
            value: SampleValue::Float(value),
            timestamp,
            start: 0,
            labels: SeriesLabels::Text {
                page: self.page,
                offset: start,
                dialect: Dialect::Text,
                metric_type: self.metric_type,
            },
            exemplars: Exemplars::None,
        }))
    }

    fn fault(&self, offset: usize, reason: impl Into<Cow<'static, str>>) -> ParseError {
        ParseError::at(self.page, offset, reason)
    }
}

/// Reads the name of a family, plain or in quotes, and returns where it ends.
pub(super) fn family_name(page: &str, at: usize) -> Option<(Cow<'_, str>, usize)> {
    if line::byte(page.as_bytes(), at) == b'"' {
        let end = line::quoted_end(page.as_bytes(), at + 1)?;
        let name = page.get(at + 1..end)?;
        if !name.contains('\\') {
            return Some((Cow::Borrowed(name), end + 1));
        }
        let mut unescaped = String::with_capacity(name.len());
        labels::push_unescaped(&mut unescaped, name, &['"', '\\', 'n']);
        return Some((Cow::Owned(unescaped), end + 1));
    }
    let end = line::metric_name_end(page.as_bytes(), at);
    (end > at).then(|| (Cow::Borrowed(page.get(at..end).unwrap_or_default()), end))
}

/// Returns the length of the word at `at`.
fn token_len(page: &[u8], at: usize) -> usize {
    let rest = page.get(at..).unwrap_or_default();
    let ends = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'{');
    rest.iter().position(ends).unwrap_or(rest.len())
}

fn text_type(word: &str) -> Option<MetricType> {
    Some(match word {
        "counter" => MetricType::Counter,
        "gauge" => MetricType::Gauge,
        "histogram" => MetricType::Histogram,
        "summary" => MetricType::Summary,
        "untyped" => MetricType::Unknown,
        _ => return None,
    })
}
