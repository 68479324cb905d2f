//! Searching metric names, label names and label values, as Prometheus' `/api/v1/search/…`.
//!
//! The answer is lines of JSON: batches of results, then one line with the status and whether there is more.
//! Everything is found before the first line is written, as the names of a store fit in memory and a search by
//! score needs all of them anyway; the lines are then written one by one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use model::{METRIC_NAME, Metadata, Millis, NamesRequest, Query, TimeRange};

use self::score::{Algorithm, Scorer};
use super::{MAX_NAMES, matcher_sets, storage_error};
use crate::api::answer::json::Object;
use crate::api::answer::{ApiError, ErrorKind};
use crate::api::params::Params;
use crate::app::App;

mod score;

/// Where a search looks back to if it does not say.
const DEFAULT_SPAN: Millis = 3_600_000;
const DEFAULT_LIMIT: usize = 100;
/// Most results of one search.
const MAX_LIMIT: usize = 10_000;
const DEFAULT_BATCH: usize = 100;
const MAX_BATCH: usize = 1000;
/// Each word costs a look at every name.
const MAX_WORDS: usize = 32;

/// What is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    MetricNames { with_metadata: bool },
    LabelNames,
    LabelValues { label: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Ascending,
    Descending,
    BestFirst,
}

#[derive(Debug)]
struct Search {
    subject: Subject,
    request: NamesRequest,
    scorer: Scorer,
    order: Order,
    with_score: bool,
    limit: usize,
    batch: usize,
}

/// `/api/v1/search/metric_names`.
pub(crate) async fn metric_names(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let with_metadata = params.boolean("include_metadata")?.unwrap_or(false);
    answer(&app, &params, Subject::MetricNames { with_metadata }).await
}

/// `/api/v1/search/label_names`.
pub(crate) async fn label_names(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    answer(&app, &params, Subject::LabelNames).await
}

/// `/api/v1/search/label_values`.
pub(crate) async fn label_values(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let label = params.get("label").map(str::to_owned);
    let label = label.ok_or_else(|| bad_data("missing required parameter \"label\""))?;
    answer(&app, &params, Subject::LabelValues { label }).await
}

fn bad_data(text: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::BadData, text)
}

async fn answer(app: &App, params: &Params, subject: Subject) -> Result<Response, ApiError> {
    let search = Search::read(params, subject, app.now())?;
    super::run(app, move |query, _| {
        let text = search.run(query)?;
        let mut response = Response::new(Body::from(text));
        let headers = response.headers_mut();
        let lines = HeaderValue::from_static("application/x-ndjson; charset=utf-8");
        headers.insert(CONTENT_TYPE, lines);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    })
    .await
}

impl Search {
    fn read(params: &Params, subject: Subject, now: Millis) -> Result<Self, ApiError> {
        let range = TimeRange {
            start: params.time("start")?.unwrap_or(now - DEFAULT_SPAN),
            end: params.time("end")?.unwrap_or(now),
        };
        if range.end < range.start {
            return Err(bad_data("end timestamp must not be before start timestamp"));
        }
        let words: Vec<&str> = params.all("search[]").collect();
        if words.len() > MAX_WORDS {
            let n = words.len();
            return Err(bad_data(format!(
                "too many search[] terms: got {n}, maximum is {MAX_WORDS}"
            )));
        }
        let threshold = match params.get("fuzz_threshold") {
            None => 0,
            Some(text) => text
                .parse()
                .ok()
                .filter(|n: &u32| *n <= 100)
                .ok_or_else(|| bad_data(format!("invalid fuzz_threshold {text:?}: must be 0-100")))?,
        };
        let algorithm = match params.get("fuzz_alg") {
            None | Some("subsequence") => Algorithm::Subsequence,
            Some("jarowinkler") => Algorithm::JaroWinkler,
            Some(other) => {
                let text = "must be one of [subsequence jarowinkler]";
                return Err(bad_data(format!("unsupported fuzz_alg {other:?}: {text}")));
            }
        };
        let order = order(params, !words.is_empty())?;
        let limit = positive(params, "limit")?.unwrap_or(DEFAULT_LIMIT);
        if limit > MAX_LIMIT {
            return Err(bad_data(format!(
                "limit {limit} exceeds the maximum of {MAX_LIMIT}"
            )));
        }
        let batch = positive(params, "batch_size")?.unwrap_or(DEFAULT_BATCH);
        let case_sensitive = params.boolean("case_sensitive")?.unwrap_or(true);
        Ok(Self {
            scorer: Scorer::new(&words, (algorithm, f64::from(threshold) / 100.0), case_sensitive),
            request: NamesRequest {
                matcher_sets: matcher_sets(params)?,
                range,
                limit: MAX_NAMES,
            },
            with_score: params.boolean("include_score")?.unwrap_or(false),
            batch: batch.min(limit).min(MAX_BATCH),
            subject,
            order,
            limit,
        })
    }

    /// Finds and writes everything.
    fn run(&self, query: &dyn Query) -> Result<String, ApiError> {
        let names = match &self.subject {
            Subject::MetricNames { .. } => query.label_values(METRIC_NAME, &self.request),
            Subject::LabelNames => query.label_names(&self.request),
            Subject::LabelValues { label } => query.label_values(label, &self.request),
        };
        let names = names.map_err(storage_error)?;
        let mut found: Vec<(f64, String)> = names
            .into_iter()
            .filter_map(|name| self.scorer.score(&name).map(|score| (score, name)))
            .collect();
        match self.order {
            Order::Ascending => {}
            Order::Descending => found.reverse(),
            // Stable, so equal scores stay in order of names.
            Order::BestFirst => found.sort_by(|a, b| b.0.total_cmp(&a.0)),
        }
        let has_more = found.len() > self.limit;
        found.truncate(self.limit);
        let mut out = String::new();
        // A first line always, also without results, as Prometheus writes.
        let empty: &[(f64, String)] = &[];
        let batches = found.chunks(self.batch.max(1));
        for batch in batches.chain(found.is_empty().then_some(empty)) {
            self.write_batch(&mut out, batch, query);
            out.push('\n');
        }
        Object::new(&mut out)
            .string("status", "success")
            .boolean("has_more", has_more);
        out.push('\n');
        Ok(out)
    }

    fn write_batch(&self, out: &mut String, batch: &[(f64, String)], query: &dyn Query) {
        let mut line = Object::new(out);
        let mut results = line.array("results");
        for (score, name) in batch {
            let mut result = results.object();
            let key = match self.subject {
                Subject::LabelValues { .. } => "value",
                Subject::MetricNames { .. } | Subject::LabelNames => "name",
            };
            result.string(key, name);
            if self.with_score {
                result.number("score", *score);
            }
            if self.subject == (Subject::MetricNames { with_metadata: true })
                && let Some(metadata) = find_metadata(query, name)
            {
                result.string("type", metadata.metric_type.as_str());
                for (key, text) in [("help", &metadata.help), ("unit", &metadata.unit)] {
                    if !text.is_empty() {
                        result.string(key, text);
                    }
                }
            }
        }
    }
}

fn order(params: &Params, has_words: bool) -> Result<Order, ApiError> {
    let (by, direction) = (params.get("sort_by"), params.get("sort_dir"));
    let order = match (by, direction) {
        (None, Some(_)) => return Err(bad_data("sort_dir is only valid when sort_by is set")),
        (Some("score"), Some(_)) => {
            return Err(bad_data("sort_dir is not supported for sort_by=score"));
        }
        (Some("score"), None) if !has_words => {
            return Err(bad_data("sort_by=score requires search[] to be set"));
        }
        (Some("score"), None) => Order::BestFirst,
        (None, None) | (Some("alpha"), None | Some("asc")) => Order::Ascending,
        (Some("alpha"), Some("dsc")) => Order::Descending,
        (Some("alpha"), Some(other)) => {
            let text = "must be \"asc\" or \"dsc\"";
            return Err(bad_data(format!("invalid sort_dir {other:?}: {text}")));
        }
        (Some(other), _) => {
            let text = "must be \"alpha\" or \"score\"";
            return Err(bad_data(format!("invalid sort_by {other:?}: {text}")));
        }
    };
    Ok(order)
}

fn positive(params: &Params, name: &str) -> Result<Option<usize>, ApiError> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let n = text.parse().ok().filter(|n| *n > 0);
    n.map(Some)
        .ok_or_else(|| bad_data(format!("invalid {name} {text:?}: must be a positive integer")))
}

/// Suffixes that series of a family add to its name, with the types that add them.
const SUFFIXES: [(&str, &[&str]); 8] = [
    ("_total", &["counter"]),
    ("_bucket", &["histogram", "gaugehistogram"]),
    ("_sum", &["histogram", "gaugehistogram", "summary"]),
    ("_count", &["histogram", "gaugehistogram", "summary"]),
    ("_gsum", &["gaugehistogram"]),
    ("_gcount", &["gaugehistogram"]),
    ("_info", &["info"]),
    ("_created", &[]),
];

/// Finds what the family of a metric says about itself: under the metric's own name, else under the name without
/// the suffix that its type adds.
fn find_metadata(query: &dyn Query, metric: &str) -> Option<Metadata> {
    let of = |name: &str| {
        query
            .metadata(Some(name))
            .into_iter()
            .map(|(_, metadata)| metadata)
    };
    if let Some(own) = of(metric).next() {
        return Some(own);
    }
    let (suffix, types) = SUFFIXES.iter().find(|(suffix, _)| metric.ends_with(suffix))?;
    let family = metric.strip_suffix(suffix)?;
    if family.ends_with(suffix) {
        return None;
    }
    of(family).find(|metadata| types.contains(&metadata.metric_type.as_str()))
}

#[cfg(test)]
mod tests;
