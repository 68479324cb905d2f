//! Start timestamps from `_created` series of OpenMetrics.
//!
//! The series stands somewhere among those of its metric, most often behind them. When a family begins whose kind
//! counts from a start, its lines are walked once and the starts noted under what names the metric: the labels as
//! written, without `le` or `quantile`. A page without the word `_created` never pays for it.

use hashbrown::HashMap;
use model::{MetricType, Millis};
use xxhash_rust::xxh3::Xxh3;

use super::{line, openmetrics};

const SUFFIX: &str = "_created";

/// The start timestamps of the family that is being read.
#[derive(Debug)]
pub(super) struct Created<'a> {
    page: &'a str,
    /// The page mentions `_created` at all.
    any: bool,
    family: String,
    metric_type: MetricType,
    starts: HashMap<u64, Millis>,
    scanned: bool,
}

impl<'a> Created<'a> {
    pub(super) fn new(page: &'a str) -> Self {
        Self {
            page,
            any: memchr::memmem::find(page.as_bytes(), SUFFIX.as_bytes()).is_some(),
            family: String::new(),
            metric_type: MetricType::Unknown,
            starts: HashMap::new(),
            scanned: false,
        }
    }

    /// A `TYPE` was read; what follows stands at `at`.
    pub(super) fn enter_family(&mut self, family: &str, metric_type: MetricType, at: usize) {
        if !self.any {
            return;
        }
        self.starts.clear();
        family.clone_into(&mut self.family);
        self.metric_type = metric_type;
        self.scanned = !matches!(
            metric_type,
            MetricType::Counter | MetricType::Histogram | MetricType::Summary
        );
        self.scan(at);
    }

    /// Another comment of the family was read; what follows stands at `at`.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.scan(at);
    }

    /// Returns the start timestamp of a series, 0 if none is known.
    pub(super) fn start(&self, series: &str) -> Millis {
        if self.starts.is_empty() || series_name(series).ends_with(SUFFIX) {
            return 0;
        }
        let inside = series_name(series).starts_with(self.family.as_str());
        let found = inside.then(|| self.starts.get(&self.key(series)));
        found.flatten().copied().unwrap_or(0)
    }

    /// Notes the starts among the samples from `at` to the next comment. Comments that follow the `TYPE` directly
    /// end the walk at once, and it begins again behind them.
    fn scan(&mut self, mut at: usize) {
        if self.scanned || !self.any {
            return;
        }
        let bytes = self.page.as_bytes();
        if line::byte(bytes, at) == b'#' {
            return;
        }
        self.scanned = true;
        while at < bytes.len() && line::byte(bytes, at) != b'#' {
            let end = line::line_end(bytes, at);
            let text = self.page.get(at..end).unwrap_or_default();
            let name = series_name(text);
            if name.strip_suffix(SUFFIX) == Some(self.family.as_str())
                && let Ok(found) = openmetrics::read_line(self.page, at)
            {
                let series = self.page.get(at..found.series_end).unwrap_or_default();
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "saturates; seconds to milliseconds"
                )]
                let start = (found.value * 1000.0) as Millis;
                self.starts.insert(self.key(series), start);
            }
            at = end + 1;
        }
    }

    /// Returns a hash of the labels of a series as written, without the one that parts the series of a metric.
    fn key(&self, series: &str) -> u64 {
        let mut hash = Xxh3::new();
        let own = match self.metric_type {
            MetricType::Histogram => "le",
            MetricType::Summary => "quantile",
            _ => "",
        };
        for label in labels_of(series) {
            let name = label.split('=').next().unwrap_or_default();
            if name != own {
                hash.update(label.as_bytes());
                hash.update(b",");
            }
        }
        hash.digest()
    }
}

/// Returns the metric name of a series, also if it is written within the braces.
fn series_name(series: &str) -> &str {
    if let Some(quoted) = series.strip_prefix("{\"") {
        let end = line::quoted_end(quoted.as_bytes(), 0).unwrap_or(0);
        return quoted.get(..end).unwrap_or_default();
    }
    series
        .get(..line::metric_name_end(series.as_bytes(), 0))
        .unwrap_or_default()
}

/// Iterates over the `name="value"` of a series as written; a metric name among them is left out.
fn labels_of(series: &str) -> impl Iterator<Item = &str> {
    let bytes = series.as_bytes();
    let mut at = memchr::memchr(b'{', bytes).map_or(bytes.len(), |open| open + 1);
    std::iter::from_fn(move || {
        loop {
            let start = at;
            let end = loop {
                match bytes.get(at)? {
                    b'"' => at = line::quoted_end(bytes, at + 1)? + 1,
                    b',' | b'}' => break at,
                    _ => at += 1,
                }
            };
            at = end + 1;
            let label = series.get(start..end)?;
            if label.is_empty() || label.ends_with('"') && label.starts_with('"') && !label.contains("\"=") {
                continue;
            }
            return Some(label);
        }
    })
}
