//! Samples as Prometheus text exposition format 0.0.4.
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details>.

mod families;
mod parse;
mod series;

use std::collections::HashMap;

use model::{Family, MetricType, Sink};

use crate::push_float;

pub use families::{CONTENT_TYPE_FAMILIES, FamiliesWriter};
pub use parse::{
    Entry, ExpositionFormat, ExpositionParser, FormatError, NativeHistograms, ParseError, Sample,
    SampleValue, format_bound, parse_float,
};
pub use series::{CONTENT_TYPE_OPENMETRICS, SeriesFormat, SeriesText};

/// The media type of what [`TextSink::finish`] returns.
pub const CONTENT_TYPE_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A sink that writes text exposition.
///
/// Samples of a family may come in any order: each family is written once, at the place of its first sample,
/// under one `HELP` and one `TYPE`. Series of a histogram or summary (`_bucket`, `_sum`, `_count`) are grouped
/// under the family their names share.
#[derive(Debug, Default)]
pub struct TextSink {
    families: Vec<Block>,
    index: HashMap<String, usize>,
}

#[derive(Debug)]
struct Block {
    name: String,
    text: String,
}

impl TextSink {
    /// Returns the text of everything said so far.
    pub fn finish(self) -> String {
        let mut out = String::with_capacity(self.families.iter().map(|f| f.text.len()).sum());
        for family in &self.families {
            out.push_str(&family.text);
        }
        out
    }

    fn block(&mut self, family: &Family<'_>) -> &mut Block {
        let name = family_name(family);
        // Collectors speak family by family, so the last block is the likely one.
        let last_matches = self.families.last().is_some_and(|last| last.name == name);
        let idx = if last_matches {
            self.families.len() - 1
        } else if let Some(&idx) = self.index.get(name) {
            idx
        } else {
            self.index.insert(name.to_owned(), self.families.len());
            self.families.push(Block::new(name, family));
            self.families.len() - 1
        };
        &mut self.families[idx]
    }
}

impl Block {
    fn new(name: &str, family: &Family<'_>) -> Self {
        let mut text = String::with_capacity(family.help.len() + 3 * name.len() + 64);
        if !family.help.is_empty() {
            text.push_str("# HELP ");
            text.push_str(name);
            text.push(' ');
            push_escaped(&mut text, family.help, Quotes::Kept);
            text.push('\n');
        }
        text.push_str("# TYPE ");
        text.push_str(name);
        text.push(' ');
        text.push_str(type_word(family.metric_type));
        text.push('\n');
        Self {
            name: name.to_owned(),
            text,
        }
    }
}

impl Sink for TextSink {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        let text = &mut self.block(family).text;
        text.push_str(family.name);
        let mut separator = '{';
        for (name, label) in labels.iter().filter(|(_, label)| !label.is_empty()) {
            text.push(separator);
            text.push_str(name);
            text.push_str("=\"");
            push_escaped(text, label, Quotes::Escaped);
            text.push('"');
            separator = ',';
        }
        if separator == ',' {
            text.push('}');
        }
        text.push(' ');
        push_float(text, value);
        text.push('\n');
    }
}

/// The name under which `HELP` and `TYPE` are written.
fn family_name<'a>(family: &Family<'a>) -> &'a str {
    match family.metric_type {
        MetricType::Histogram | MetricType::GaugeHistogram | MetricType::Summary => {
            ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| family.name.strip_suffix(suffix))
                .unwrap_or(family.name)
        }
        _ => family.name,
    }
}

/// Format 0.0.4 knows five words; the kinds OpenMetrics added read as the nearest of them.
fn type_word(metric_type: MetricType) -> &'static str {
    match metric_type {
        MetricType::Counter => "counter",
        MetricType::Gauge | MetricType::Info | MetricType::StateSet => "gauge",
        MetricType::Histogram => "histogram",
        MetricType::Summary => "summary",
        MetricType::GaugeHistogram | MetricType::Unknown => "untyped",
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Quotes {
    Kept,
    Escaped,
}

fn push_escaped(out: &mut String, text: &str, quotes: Quotes) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes == Quotes::Escaped => out.push_str("\\\""),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests;
