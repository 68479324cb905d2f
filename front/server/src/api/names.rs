//! Series, labels and metadata: what there is to ask for.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use model::{Labels, Matcher, Metadata, NamesRequest, Query, QueryError, Selection, TimeRange};

pub(crate) mod cardinality;
pub(crate) mod search;

use super::answer::json::{Array, Object, push_labels, push_strings};
use super::answer::{ApiError, ErrorKind, Remarks, success, success_with};
use super::params::Params;
use crate::app::App;
use crate::pool::Stop;

/// Names returned where no limit is asked for.
pub(super) const MAX_NAMES: usize = 1_000_000;
/// How often the wish to stop is looked at, in series.
const STOP_EVERY: usize = 4096;
pub(super) const TRUNCATED: &str = "results truncated due to limit";

/// `/api/v1/series`: the label sets that match.
pub(crate) async fn series(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let sets = matcher_sets(&params)?;
    if sets.is_empty() {
        return Err(ApiError::new(ErrorKind::BadData, "no match[] parameter provided"));
    }
    let (range, limit) = (params.range()?, params.limit("limit")?);
    run(&app, move |query, stop| {
        let mut found = find_series(query, sets, range, stop)?;
        let remarks = truncate(&mut found, limit);
        Ok(success_with(&remarks, |out| {
            let mut array = Array::new(out);
            for labels in &found {
                push_labels(array.element(), labels);
            }
        }))
    })
    .await
}

/// Reads a label name of the address, in which names that are no identifiers may be escaped: `U__` begins, `__` is an
/// underscore, and `_1f4a9_` a character by its code, <https://prometheus.io/docs/instrumenting/escaping_schemes/>.
/// What is not well escaped is the name itself.
fn unescape_name(name: &str) -> String {
    name.strip_prefix("U__")
        .and_then(unescape)
        .unwrap_or_else(|| name.to_owned())
}

fn unescape(mut rest: &str) -> Option<String> {
    let mut out = String::with_capacity(rest.len());
    while let Some((plain, escaped)) = rest.split_once('_') {
        out.push_str(plain);
        match escaped.strip_prefix('_') {
            Some(after) => {
                out.push('_');
                rest = after;
            }
            None => {
                let (code, after) = escaped.split_once('_')?;
                out.push(u32::from_str_radix(code, 16).ok().and_then(char::from_u32)?);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

fn find_series(
    query: &dyn Query,
    sets: Vec<Vec<Matcher>>,
    range: TimeRange,
    stop: &Stop,
) -> Result<Vec<Labels>, ApiError> {
    let mut found = Vec::new();
    for matchers in sets {
        let set = query
            .select(&Selection { matchers, range })
            .map_err(storage_error)?;
        for idx in 0..set.len() {
            if idx % STOP_EVERY == 0 && stop.interrupt().is_some() {
                return Err(ApiError::new(ErrorKind::Canceled, "request was canceled"));
            }
            found.push(set.labels(idx));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// `/api/v1/labels`: the names of labels.
pub(crate) async fn labels(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let (request, limit) = names_request(&params)?;
    run(&app, move |query, _| {
        let mut names = query.label_names(&request).map_err(storage_error)?;
        let remarks = truncate(&mut names, limit);
        Ok(success_with(&remarks, |out| push_strings(out, &names)))
    })
    .await
}

/// `/api/v1/label/{name}/values`: the values of a label.
pub(crate) async fn values(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let name = unescape_name(&name);
    if name.is_empty() {
        let problem = format!("invalid label name: {name:?}");
        return Err(ApiError::new(ErrorKind::BadData, problem));
    }
    let (request, limit) = names_request(&params)?;
    run(&app, move |query, _| {
        let mut values = query.label_values(&name, &request).map_err(storage_error)?;
        let remarks = truncate(&mut values, limit);
        Ok(success_with(&remarks, |out| push_strings(out, &values)))
    })
    .await
}

/// `/api/v1/metadata`: what metric families say about themselves.
pub(crate) async fn metadata(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    // As in Prometheus, none at all for a limit of 0, all for a negative one.
    let limit = params.signed("limit")?.and_then(|n| usize::try_from(n).ok());
    let per_metric = params
        .signed("limit_per_metric")?
        .and_then(|n| usize::try_from(n).ok());
    let limit = limit.unwrap_or(usize::MAX);
    let per_metric = per_metric.filter(|n| *n > 0).unwrap_or(usize::MAX);
    let metric = params.get("metric").map(str::to_owned);
    run(&app, move |query, _| {
        let found = query.metadata(metric.as_deref());
        Ok(success(|out| {
            let mut object = Object::new(out);
            for family in found.chunk_by(|a, b| a.0 == b.0).take(limit) {
                let Some((name, _)) = family.first() else { continue };
                let mut array = Array::new(object.key(name));
                for (_, metadata) in family.iter().take(per_metric) {
                    write_metadata(array.object(), metadata);
                }
            }
        }))
    })
    .await
}

fn write_metadata(mut object: Object<'_>, metadata: &Metadata) {
    object
        .string("type", metadata.metric_type.as_str())
        .string("unit", &metadata.unit)
        .string("help", &metadata.help);
}

/// Reads `match[]`.
pub(crate) fn matcher_sets(params: &Params) -> Result<Vec<Vec<Matcher>>, ApiError> {
    params.all("match[]").map(matcher_set).collect()
}

fn matcher_set(text: &str) -> Result<Vec<Matcher>, ApiError> {
    let matchers = promql::parse_selector(text).map_err(|error| {
        ApiError::parameter("match[]", error.text(text)).position(error.span.start, error.span.end)
    })?;
    if matchers.iter().all(Matcher::matches_empty) {
        let text = "match[] must contain at least one non-empty matcher";
        return Err(ApiError::parameter("match[]", text));
    }
    Ok(matchers)
}

/// Reads `match[]`, `start`, `end` and `limit`; asks for one name more than wanted, to know whether there is one.
fn names_request(params: &Params) -> Result<(NamesRequest, Option<usize>), ApiError> {
    let limit = params.limit("limit")?;
    let request = NamesRequest {
        matcher_sets: matcher_sets(params)?,
        range: params.range()?,
        limit: limit.map_or(MAX_NAMES, |limit| limit.saturating_add(1)),
    };
    Ok((request, limit))
}

fn truncate<T>(found: &mut Vec<T>, limit: Option<usize>) -> Remarks {
    let mut remarks = Remarks::default();
    if let Some(limit) = limit.filter(|limit| found.len() > *limit) {
        found.truncate(limit);
        remarks.warnings.push(TRUNCATED.to_owned());
    }
    remarks
}

pub(crate) async fn run(
    app: &App,
    work: impl FnOnce(&dyn Query, &Stop) -> Result<Response, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let query = Arc::clone(&app.sources.query);
    let timeout: Duration = app.config.query.timeout;
    app.pool.run(timeout, move |stop| work(&*query, stop)).await
}

/// Says why the store did not answer.
pub(crate) fn storage_error(error: QueryError) -> ApiError {
    let kind = match error {
        QueryError::TooLarge { .. } => ErrorKind::Execution,
        QueryError::Storage { .. } => ErrorKind::Internal,
    };
    ApiError::new(kind, error.to_string())
}

#[cfg(test)]
mod tests;
