//! What this process counts of itself: as exposition text for scrapers, as JSON for the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use model::{Family, METRIC_NAME, MatchOp, Matcher, MetricType, Sink};

use crate::api::answer::json::{Array, Object};
use crate::api::answer::{ApiError, ErrorKind, success};
use crate::api::params::Params;
use crate::app::App;
use crate::server::report;

/// `/metrics`: everything this process counts of itself, as text exposition.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut sink = wire::TextSink::default();
    report_all(&app, &mut sink);
    let content_type = HeaderValue::from_static(wire::CONTENT_TYPE_TEXT);
    ([(CONTENT_TYPE, content_type)], sink.finish()).into_response()
}

/// `/api/v1/status/self_metrics`: the same as the JSON form of the Prometheus protobuf format.
pub(crate) async fn self_metrics(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let wanted = params.get("metric_name_pattern");
    let wanted = wanted.map(|pattern| Matcher::new(METRIC_NAME, MatchOp::Regex, pattern));
    let wanted = wanted.transpose().map_err(|error| {
        let problem = model::with_causes(&error);
        ApiError::new(
            ErrorKind::BadData,
            format!("invalid metric_name_pattern: {problem}"),
        )
    })?;
    let mut families = Families::default();
    report_all(&app, &mut families);
    Ok(success(|out| {
        let mut list = Array::new(out);
        for (name, family) in &families.0 {
            if wanted.as_ref().is_none_or(|wanted| wanted.matches(name)) {
                family.write(name, list.object());
            }
        }
    }))
}

fn report_all(app: &App, sink: &mut dyn Sink) {
    report(app, sink);
    app.sources.store.report(sink);
    if let Some(collection) = &app.sources.collection {
        collection.report(sink);
    }
    if let Some(scraping) = &app.sources.scraping {
        scraping.report(sink);
    }
    if let Some(forwarding) = &app.sources.forwarding {
        forwarding.report(sink);
    }
    if let Some(lake) = &app.sources.lake {
        lake.report(sink);
    }
    for cluster in &app.sources.clusters {
        cluster.report(sink);
    }
}

/// Families by name, with the parts of histograms and summaries together.
#[derive(Default)]
struct Families(BTreeMap<String, Whole>);

struct Whole {
    metric_type: MetricType,
    help: String,
    metrics: Vec<Metric>,
}

/// One label set of a family; `bounds` are `le` or `quantile` with their values.
#[derive(Default)]
struct Metric {
    labels: Vec<(String, String)>,
    value: f64,
    count: f64,
    bounds: Vec<(f64, f64)>,
}

impl Sink for Families {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        let (bound_label, suffixes): (&str, &[&str]) = match family.metric_type {
            MetricType::Histogram => ("le", &["_bucket", "_sum", "_count"]),
            MetricType::Summary => ("quantile", &["_sum", "_count"]),
            _ => ("", &[]),
        };
        let part = suffixes.iter().find(|suffix| family.name.ends_with(**suffix));
        let name = part
            .and_then(|suffix| family.name.strip_suffix(suffix))
            .unwrap_or(family.name);
        let whole = self.0.entry(name.to_owned()).or_insert_with(|| Whole {
            metric_type: family.metric_type,
            help: family.help.to_owned(),
            metrics: Vec::new(),
        });
        let bound = labels
            .iter()
            .find(|(name, _)| *name == bound_label)
            .map(|(_, value)| *value);
        let labels = labels
            .iter()
            .filter(|(name, value)| *name != bound_label && !value.is_empty());
        let labels: Vec<(String, String)> = labels
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let metric = if bound_label.is_empty() {
            whole.add(labels)
        } else {
            whole.find_or_add(labels)
        };
        match (part, bound) {
            (Some(&"_count"), _) => metric.count = value,
            (Some(&"_bucket"), Some(bound)) | (None, Some(bound)) => {
                metric
                    .bounds
                    .push((bound.parse().unwrap_or(f64::INFINITY), value));
            }
            _ => metric.value = value,
        }
    }
}

impl Whole {
    fn add(&mut self, labels: Vec<(String, String)>) -> &mut Metric {
        self.metrics.push_mut(Metric {
            labels,
            ..Metric::default()
        })
    }

    fn find_or_add(&mut self, labels: Vec<(String, String)>) -> &mut Metric {
        // Parts of one label set come one after another, or in the same order as before.
        match self.metrics.iter().rposition(|metric| metric.labels == labels) {
            Some(at) => &mut self.metrics[at],
            None => self.add(labels),
        }
    }

    fn write(&self, name: &str, mut out: Object<'_>) {
        let (word, key) = match self.metric_type {
            MetricType::Counter => ("COUNTER", "counter"),
            MetricType::Gauge => ("GAUGE", "gauge"),
            MetricType::Histogram => ("HISTOGRAM", "histogram"),
            MetricType::Summary => ("SUMMARY", "summary"),
            _ => ("UNTYPED", "untyped"),
        };
        out.string("name", name)
            .string("help", &self.help)
            .string("type", word);
        let mut metrics = out.array("metric");
        for metric in &self.metrics {
            metric.write(metrics.object(), key);
        }
    }
}

impl Metric {
    /// The JSON of protobuf writes 64-bit integers as strings and numbers that JSON has no word for likewise.
    fn write(&self, mut out: Object<'_>, key: &str) {
        let mut labels = out.array("label");
        for (name, value) in &self.labels {
            labels.object().string("name", name).string("value", value);
        }
        drop(labels);
        let mut body = out.object(key);
        if !matches!(key, "histogram" | "summary") {
            push_number(body.key("value"), self.value);
            return;
        }
        body.string("sampleCount", &wire::format_float(self.count));
        push_number(body.key("sampleSum"), self.value);
        let (list, bound_key, value_key) = match key {
            "histogram" => ("bucket", "upperBound", "cumulativeCount"),
            _ => ("quantile", "quantile", "value"),
        };
        let mut bounds = body.array(list);
        for &(bound, value) in &self.bounds {
            let mut entry = bounds.object();
            push_number(entry.key(bound_key), bound);
            match key {
                "histogram" => {
                    entry.string(value_key, &wire::format_float(value));
                }
                _ => push_number(entry.key(value_key), value),
            }
        }
    }
}

fn push_number(out: &mut String, value: f64) {
    if value.is_finite() {
        wire::push_float(out, value);
        return;
    }
    let word = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    crate::api::answer::json::push_string(out, word);
}

#[cfg(test)]
mod tests;
