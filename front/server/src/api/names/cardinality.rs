//! Which metrics, labels and label pairs make the series: what an operator asks when there are too many.
//!
//! `GET /api/v1/cardinality` counts the series in memory, those of `match[]` only if it is given. `topN` bounds each
//! list (10 if not given, 1,000 at most), `focusLabel` names a label whose values are listed too, and `growth` (a
//! duration) asks how many series the listed metrics had so long ago, which costs a query for each.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use model::{METRIC_NAME, Matcher, Millis, Query};
use promql::{EvalParams, Value};
use store::Counted;

use super::{matcher_sets, storage_error};
use crate::api::answer::json::{Array, Object};
use crate::api::answer::{ApiError, ErrorKind, success};
use crate::api::params::Params;
use crate::api::query::evaluation_error;
use crate::app::App;
use crate::pool::Stop;

const DEFAULT_TOP: usize = 10;
const MAX_TOP: usize = 1000;
/// Metrics whose growth is asked for: each costs two queries.
const MAX_GROWTH: usize = 20;

/// `/api/v1/cardinality`.
pub(crate) async fn cardinality(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let top = params.limit("topN")?.unwrap_or(DEFAULT_TOP).min(MAX_TOP);
    let focus = params.get("focusLabel").map(str::to_owned);
    let mut sets = matcher_sets(&params)?;
    let matchers = sets.pop().unwrap_or_default();
    if !sets.is_empty() {
        let text = "one selector can be counted at a time";
        return Err(ApiError::parameter("match[]", text));
    }
    let ago = params.duration("growth")?;
    if ago.is_some_and(|ago| ago <= 0) {
        return Err(ApiError::parameter("growth", "must be positive"));
    }
    let store = Arc::clone(&app.sources.store);
    let query = Arc::clone(&app.sources.query);
    let now = app.now();
    let work = move |stop: &Stop| {
        let found = store
            .cardinality(top, focus.as_deref(), &matchers)
            .map_err(storage_error)?;
        let metrics = found.metrics.iter().take(MAX_GROWTH);
        let before = match ago {
            Some(ago) => metrics
                .map(|metric| Growth::measure(&*query, (&metric.name, &matchers), (now, ago), stop))
                .collect::<Result<Vec<_>, _>>()?,
            None => Vec::new(),
        };
        Ok(success(|out| {
            let mut data = Object::new(out);
            data.integer("series", found.series)
                .integer("labelPairs", found.label_pairs)
                .integer("chunks", found.chunks)
                .optional_integer("minTime", found.range.map(|range| range.start))
                .optional_integer("maxTime", found.range.map(|range| range.end));
            write_metrics(data.array("metrics"), (&found.metrics, &before), found.series);
            write_list(data.array("labels"), &found.label_values, "values");
            write_list(data.array("labelBytes"), &found.label_bytes, "bytes");
            write_list(data.array("pairs"), &found.pairs, "series");
            if let Some(label) = &focus {
                let mut one = data.object("focus");
                one.string("label", label);
                write_list(one.array("values"), &found.focus, "series");
            }
        }))
    };
    app.pool.run(app.config.query.timeout, work).await
}

fn write_list(mut list: Array<'_>, counted: &[Counted], key: &str) {
    for one in counted {
        list.object().string("name", &one.name).integer(key, one.value);
    }
}

fn write_metrics(mut list: Array<'_>, (metrics, growth): (&[Counted], &[Growth]), all: u64) {
    let mut growth = growth.iter();
    for one in metrics {
        let mut entry = list.object();
        entry
            .string("name", &one.name)
            .integer("series", one.value)
            .number("share", one.value as f64 / all.max(1) as f64);
        if let Some(growth) = growth.next() {
            entry
                .integer("before", growth.before)
                .integer("growth", growth.now - growth.before);
        }
    }
}

/// Series of a metric that had a sample lately, now and some time ago.
struct Growth {
    now: i64,
    before: i64,
}

impl Growth {
    fn measure(
        query: &dyn Query,
        (metric, matchers): (&str, &[Matcher]),
        (now, ago): (Millis, Millis),
        stop: &Stop,
    ) -> Result<Self, ApiError> {
        let mut all = vec![Matcher::equal(METRIC_NAME, metric).to_string()];
        all.extend(matchers.iter().map(|matcher| {
            // A label's name may need quotes, and a value has them.
            format!(
                "{:?}{}{:?}",
                matcher.name(),
                matcher.op().as_str(),
                matcher.value()
            )
        }));
        let text = format!("count({{{}}})", all.join(","));
        let internal = |text: String| ApiError::new(ErrorKind::Internal, text);
        let expr =
            promql::parse(&text, &promql::Options::STABLE).map_err(|error| internal(error.text(&text)))?;
        let count = |time: Millis| {
            let output = promql::evaluate(&expr, query, &EvalParams::instant(time), &|| stop.interrupt())
                .map_err(evaluation_error)?;
            #[expect(clippy::cast_possible_truncation, reason = "a count of series")]
            let count = match &output.value {
                Value::InstantVector { samples, .. } => samples.first().map_or(0, |one| one.value as i64),
                _ => 0,
            };
            Ok::<_, ApiError>(count)
        };
        Ok(Self {
            now: count(now)?,
            before: count(now - ago)?,
        })
    }
}

#[cfg(test)]
mod tests;
