//! Remarks on a query that do not stop it.
//!
//! Texts are Prometheus's, so that alerts and people that look for them find them. A remark is made once a
//! query however many series it concerns; the place is that of the last one made.

use std::fmt;

use crate::ast::Span;
use crate::number::{format_short, format_two_digits, quote};

/// A remark, with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// What is remarked, with Prometheus's prefix.
    pub message: String,
    /// What it is about.
    pub span: Span,
    /// Present on remarks that sum up many.
    detail: Option<Detail>,
}

/// What a remark that sums up many adds to its message.
#[derive(Clone, Debug, PartialEq)]
enum Detail {
    Monotonicity(Monotonicity),
    /// How often it was made.
    Occurrences(usize),
}

impl Annotation {
    /// Returns the text of the HTTP API, which names the place in the query.
    pub fn text(&self, query: &str) -> String {
        let place = self.span.position(query);
        match &self.detail {
            Some(Detail::Monotonicity(detail)) => format!("{}, {detail} ({place})", self.message),
            Some(Detail::Occurrences(n)) if *n > 1 => {
                format!("{} ({n} occurrences) ({place})", self.message)
            }
            _ => format!("{} ({place})", self.message),
        }
    }
}

/// How far buckets had to be bent to be monotonic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Monotonicity {
    pub(crate) times: (i64, i64),
    pub(crate) buckets: (f64, f64),
    pub(crate) max_difference: f64,
    pub(crate) count: usize,
}

impl Monotonicity {
    fn add(&mut self, more: &Self) {
        self.times = (self.times.0.min(more.times.0), self.times.1.max(more.times.1));
        self.buckets = (
            self.buckets.0.min(more.buckets.0),
            self.buckets.1.max(more.buckets.1),
        );
        self.max_difference = self.max_difference.max(more.max_difference);
        self.count += more.count;
    }
}

impl fmt::Display for Monotonicity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
            format_short(self.buckets.0),
            format_short(self.buckets.1),
            format_two_digits(self.max_difference),
            self.count,
            model::calendar::format_rfc3339_seconds(self.times.0),
            model::calendar::format_rfc3339_seconds(self.times.1),
        )
    }
}

/// What was done with histograms when something remarkable was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HistogramOperation {
    Addition,
    Subtraction,
    Aggregation,
}

impl fmt::Display for HistogramOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Addition => "addition",
            Self::Subtraction => "subtraction",
            Self::Aggregation => "aggregation",
        })
    }
}

/// What observations of NaN do to an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NanEffect {
    QuantileIsNan,
    QuantileIsSkewed,
    LeftOutOfFraction,
}

/// The remarks made so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Annotations {
    warnings: Vec<Annotation>,
    infos: Vec<Annotation>,
}

impl Annotations {
    /// Returns warnings and infos in the order first made.
    pub(crate) fn into_parts(self) -> (Vec<Annotation>, Vec<Annotation>) {
        (self.warnings, self.infos)
    }

    /// Adds remarks made after these.
    pub(crate) fn append(&mut self, more: Self) {
        for remark in more.warnings {
            merge(&mut self.warnings, remark);
        }
        for remark in more.infos {
            merge(&mut self.infos, remark);
        }
    }

    fn warn(&mut self, span: Span, message: impl fmt::Display) {
        add(&mut self.warnings, span, format!("PromQL warning: {message}"));
    }

    fn info(&mut self, span: Span, message: impl fmt::Display) {
        add(&mut self.infos, span, format!("PromQL info: {message}"));
    }

    pub(crate) fn invalid_quantile(&mut self, span: Span, q: f64) {
        self.warn(
            span,
            format!(
                "quantile value should be between 0 and 1, got {}",
                format_short(q)
            ),
        );
    }

    pub(crate) fn invalid_ratio(&mut self, span: Span, ratio: f64, cap: f64) {
        let (ratio, cap) = (format_short(ratio), format_short(cap));
        self.warn(
            span,
            format!("ratio value should be between -1 and 1, got {ratio}, capping to {cap}"),
        );
    }

    pub(crate) fn invalid_integral_strategy(&mut self, span: Span, strategy: f64) {
        let strategy = format_short(strategy);
        self.warn(
            span,
            format!("strategy should be 0, 1, or 2 (default), using 2, got {strategy}"),
        );
    }

    pub(crate) fn bad_bucket_label(&mut self, span: Span, le: &str, metric: &str) {
        let metric = for_metric(metric);
        self.warn(
            span,
            format!(
                "bucket label \"le\" is missing or has a malformed value of {}{metric}",
                quote(le)
            ),
        );
    }

    pub(crate) fn sort_in_range_query(&mut self, span: Span) {
        let text = "sort is ineffective for range queries since results are always ordered by labels";
        self.warn(span, text);
    }

    pub(crate) fn possible_non_counter(&mut self, span: Span, metric: &str) {
        let text = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket";
        self.info(span, format!("{text}: {}", quote(metric)));
    }

    pub(crate) fn incompatible_types(&mut self, span: Span, operator: &str, (left, right): (&str, &str)) {
        let text = "incompatible sample types encountered for binary operator";
        self.info(
            span,
            format!("{text} {}: {left} {operator} {right}", quote(operator)),
        );
    }

    pub(crate) fn incompatible_buckets(&mut self, span: Span, operator: &str) {
        let text = "incompatible bucket layout encountered for binary operator";
        self.warn(span, format!("{text} {operator}"));
    }

    pub(crate) fn mixed_floats_histograms(&mut self, span: Span, metric: &str) {
        let text = "encountered a mix of histograms and floats for metric name";
        self.warn(span, format!("{text} {}", quote(metric)));
    }

    pub(crate) fn mixed_aggregation(&mut self, span: Span) {
        self.warn(span, "encountered a mix of histograms and floats for aggregation");
    }

    pub(crate) fn mixed_classic_native(&mut self, span: Span, metric: &str) {
        let text = "vector contains a mix of classic and native histograms";
        self.warn(span, format!("{text}{}", for_metric(metric)));
    }

    pub(crate) fn mixed_schemas(&mut self, span: Span, metric: &str) {
        let text =
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";
        self.warn(span, format!("{text} {}", quote(metric)));
    }

    pub(crate) fn histogram_not_counter(&mut self, span: Span, metric: &str) {
        let text = "this native histogram metric is not a counter:";
        self.warn(span, format!("{text} {}", quote(metric)));
    }

    pub(crate) fn histogram_not_gauge(&mut self, span: Span, metric: &str) {
        let text = "this native histogram metric is not a gauge:";
        self.warn(span, format!("{text} {}", quote(metric)));
    }

    pub(crate) fn histograms_ignored_in_range(&mut self, span: Span, metric: &str) {
        let text = "ignored histograms in a range containing both floats and histograms for metric name";
        self.info(span, format!("{text} {}", quote(metric)));
    }

    pub(crate) fn histogram_ignored(&mut self, span: Span, aggregation: &str) {
        self.info(span, format!("ignored histogram in {aggregation} aggregation"));
    }

    pub(crate) fn reset_collision(&mut self, span: Span, operation: HistogramOperation) {
        let text = "conflicting counter resets during histogram";
        self.warn(span, format!("{text} {operation}"));
    }

    pub(crate) fn reconciled_bounds(&mut self, span: Span, operation: HistogramOperation) {
        let text = "mismatched custom buckets were reconciled during";
        self.info(span, format!("{text} {operation}"));
    }

    pub(crate) fn nan_observations(&mut self, span: Span, metric: &str, effect: NanEffect) {
        let text = match effect {
            NanEffect::QuantileIsNan => "input to histogram_quantile has NaN observations, result is NaN",
            NanEffect::QuantileIsSkewed => {
                "input to histogram_quantile has NaN observations, result is skewed higher"
            }
            NanEffect::LeftOutOfFraction => {
                "input to histogram_fraction has NaN observations, which are excluded from all fractions"
            }
        };
        self.info(span, format!("{text}{}", for_metric(metric)));
    }

    pub(crate) fn start_overlap(&mut self, span: Span, metric: &str, occurrences: usize) {
        let message = format!(
            "PromQL warning: sample has start time that overlaps with previous sample timestamp for metric {}",
            quote(metric)
        );
        let detail = Some(Detail::Occurrences(occurrences));
        merge(
            &mut self.warnings,
            Annotation {
                message,
                span,
                detail,
            },
        );
    }

    pub(crate) fn forced_monotonicity(&mut self, span: Span, metric: &str, detail: Monotonicity) {
        let message = format!(
            "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see \
             https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){}",
            for_metric(metric)
        );
        let detail = Some(Detail::Monotonicity(detail));
        merge(
            &mut self.infos,
            Annotation {
                message,
                span,
                detail,
            },
        );
    }
}

fn for_metric(metric: &str) -> String {
    if metric.is_empty() {
        String::new()
    } else {
        format!(" for metric name {}", quote(metric))
    }
}

fn add(known: &mut Vec<Annotation>, span: Span, message: String) {
    let detail = None;
    merge(
        known,
        Annotation {
            message,
            span,
            detail,
        },
    );
}

/// Adds a remark, or its place and detail to those of the same one.
fn merge(all: &mut Vec<Annotation>, remark: Annotation) {
    let Some(known) = all.iter_mut().find(|known| known.message == remark.message) else {
        all.push(remark);
        return;
    };
    known.span = remark.span;
    match (&mut known.detail, remark.detail) {
        (Some(Detail::Occurrences(sum)), Some(Detail::Occurrences(n))) => *sum += n,
        (Some(Detail::Monotonicity(sum)), Some(Detail::Monotonicity(more))) => sum.add(&more),
        _ => {}
    }
}
