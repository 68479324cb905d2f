//! Instant and range queries.

pub(crate) mod batch;
pub(crate) mod catalog;
pub(crate) mod exemplars;
pub(crate) mod parsed;
pub(crate) mod stats;
mod tree;

pub(crate) use catalog::AGGREGATIONS;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use model::{Millis, Query};
use promql::ast::{Expr, ValueType};
use promql::{Annotation, Caller, EvalError, EvalParams, Limits, QueryOutput, Value};
use tokio::sync::OwnedSemaphorePermit;

use self::stats::Counting;
use super::answer::json::push_string;
use super::answer::result::ResultText;
use super::answer::{ApiError, ErrorKind, Remarks, success};
use super::names::{TRUNCATED, storage_error};
use super::params::{Params, parse_duration};
use crate::app::App;
use crate::config::QueryLimits;
use crate::limits::Tenant;
use crate::pool::{Lent, Stop};

/// A query ready to be evaluated.
struct Question {
    text: String,
    expr: Arc<Expr>,
    params: EvalParams,
    timeout: Duration,
    limit: Option<usize>,
    /// The word given for `stats`, empty for none.
    stats: String,
    tenant: Option<Arc<Tenant>>,
    threads: Lent,
    asked_at: Instant,
}

/// `/api/v1/query`: the value of an expression at one time.
pub(crate) async fn instant(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    answer(&app, instant_question(&params, &app)?).await
}

/// `/api/v1/query_range`: the values of an expression at each step.
pub(crate) async fn range(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    answer(&app, range_question(&params, &app)?).await
}

fn instant_question(params: &Params, app: &App) -> Result<Question, ApiError> {
    let time = params.time("time")?.unwrap_or_else(|| app.now());
    question(params, app, EvalParams::instant(time))
}

fn range_question(params: &Params, app: &App) -> Result<Question, ApiError> {
    let (start, end) = (params.required_time("start")?, params.required_time("end")?);
    if end < start {
        return Err(ApiError::parameter(
            "end",
            "end timestamp must not be before start time",
        ));
    }
    let step = params
        .duration("step")?
        .ok_or_else(|| ApiError::parameter("step", "cannot parse \"\" to a valid duration"))?;
    if step <= 0 {
        let text = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(ApiError::parameter("step", text));
    }
    check_resolution(&app.config.query, end.saturating_sub(start), step)?;
    let question = question(params, app, EvalParams::range(start, end, step))?;
    let value_type = question.expr.value_type();
    if !matches!(value_type, ValueType::Scalar | ValueType::InstantVector) {
        let text = format!(
            "invalid expression type \"{value_type}\" for range query, must be Scalar or instant Vector"
        );
        let span = question.expr.span;
        return Err(ApiError::parameter("query", text).position(span.start, span.end));
    }
    Ok(question)
}

/// `/api/v1/format_query`: the expression as the parser understood it.
pub(crate) async fn format(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let expr = parse(&app, params.get("query").unwrap_or(""))?;
    Ok(success(|out| push_string(out, &expr.pretty())))
}

/// `/api/v1/parse_query`: the tree of the expression.
pub(crate) async fn tree(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let expr = parse(&app, params.get("query").unwrap_or(""))?;
    Ok(success(|out| tree::push_tree(out, &expr)))
}

/// As Prometheus, refuses more steps than a graph can show, and says what to change.
fn check_resolution(limits: &QueryLimits, span: Millis, step: Millis) -> Result<(), ApiError> {
    let points = usize::try_from(span / step).unwrap_or(usize::MAX);
    if points <= limits.max_points {
        return Ok(());
    }
    let max = i64::try_from(limits.max_points.max(1)).unwrap_or(i64::MAX);
    let enough = model::format_duration((span / max / 1000 + 1).saturating_mul(1000));
    let text = format!(
        "exceeded maximum resolution of {} points per timeseries. Try decreasing the query resolution (?step=XX)",
        grouped(limits.max_points)
    );
    Err(ApiError::new(ErrorKind::BadData, text).hint(format!("a step of {enough} or more fits")))
}

/// Writes a number as Prometheus does in this text: `11,000`.
fn grouped(n: usize) -> String {
    if n < 1000 {
        n.to_string()
    } else {
        format!("{},{:03}", grouped(n / 1000), n % 1000)
    }
}

/// Reads an expression in the language that is granted.
fn parse(app: &App, text: &str) -> Result<Expr, ApiError> {
    promql::parse(text, &app.config.language.grammar).map_err(|error| {
        let answer =
            ApiError::parameter("query", error.text(text)).position(error.span.start, error.span.end);
        match error.hint {
            Some(hint) => answer.hint(hint),
            None => answer,
        }
    })
}

fn question(params: &Params, app: &App, mut eval: EvalParams) -> Result<Question, ApiError> {
    let limits = &app.config.query;
    let text = params.get("query").unwrap_or("").to_owned();
    let limit = params.limit("limit")?;
    let asked = match params.duration("timeout")? {
        None => None,
        Some(millis) if millis > 0 => u64::try_from(millis).ok(),
        Some(millis) => {
            let given = model::format_duration(millis);
            let problem = format_args!("timeout must be positive, got {given}").to_string();
            return Err(ApiError::parameter("timeout", problem));
        }
    };
    let timeout = asked.map_or(limits.timeout, |millis| {
        limits.timeout.min(Duration::from_millis(millis))
    });
    let lookback = lookback(params)?.filter(|lookback| *lookback > 0);
    eval.lookback = lookback.unwrap_or_else(|| millis(limits.lookback));
    eval.delayed_name_removal = app.config.language.delayed_name_removal;
    eval.start_timestamps = app.config.language.start_timestamps;
    eval.limits = Limits {
        max_samples: params
            .tenant()
            .and_then(|tenant| tenant.max_query_samples())
            .map_or(limits.max_samples, |own| own.min(limits.max_samples)),
        // Checked already, in the words of Prometheus; the first step is one more.
        max_points: limits.max_points.saturating_add(1),
    };
    Ok(Question {
        expr: app.parsed.find_or_parse(&text, |text| parse(app, text))?,
        text,
        params: eval,
        timeout,
        limit,
        stats: params.get("stats").unwrap_or("").to_owned(),
        tenant: params.tenant().cloned(),
        threads: app.pool.lend(),
        asked_at: Instant::now(),
    })
}

/// Reads `lookback_delta`, about which Prometheus complains in words of its own.
fn lookback(params: &Params) -> Result<Option<Millis>, ApiError> {
    let Some(text) = params.get("lookback_delta") else {
        return Ok(None);
    };
    let problem =
        || format!("error parsing lookback delta duration: cannot parse {text:?} to a valid duration");
    parse_duration(text)
        .map(Some)
        .ok_or_else(|| ApiError::new(ErrorKind::BadData, problem()))
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

async fn answer(app: &App, question: Question) -> Result<Response, ApiError> {
    let query = Arc::clone(&app.sources.query);
    let timeout = question.timeout;
    let tenant = question.tenant.clone();
    let work = move |stop: &Stop| {
        let mut pieces = question.evaluate(&*query, stop)?;
        let first: Bytes = pieces.next().unwrap_or_default();
        Ok((first, pieces))
    };
    let _place = query_place(tenant.as_ref(), timeout).await?;
    let (first, pieces) = app.pool.run(timeout, work).await?;
    Ok(pieces.into_response(first))
}

/// Waits until a tenant that may run a bounded number of queries may run one more.
async fn query_place(
    tenant: Option<&Arc<Tenant>>,
    timeout: Duration,
) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
    let Some(room) = tenant.and_then(|tenant| tenant.queries.as_ref()) else {
        return Ok(None);
    };
    match tokio::time::timeout(timeout, Arc::clone(room).acquire_owned()).await {
        Ok(Ok(place)) => Ok(Some(place)),
        Ok(Err(_closed)) => Err(ApiError::new(ErrorKind::Unavailable, "the server is stopping")),
        Err(_) => Err(ApiError::new(ErrorKind::Timeout, "query timed out in query queue")
            .hint("other queries of this tenant run; raise `max_concurrent_queries` of periplus.tenants in the configuration file")),
    }
}

impl Question {
    /// Evaluates the query and returns its answer as text; to be called where CPU may be used.
    fn evaluate(self, query: &dyn Query, stop: &Stop) -> Result<ResultText, ApiError> {
        let interrupt = || stop.interrupt();
        let caller = Caller {
            interrupt: &interrupt,
            workers: &self.threads,
        };
        let evaluate = |query: &dyn Query| {
            promql::evaluate_with(&self.expr, query, &self.params, &caller).map_err(evaluation_error)
        };
        let (waited, started) = (self.asked_at.elapsed(), Instant::now());
        let (mut output, stats) = if self.stats.is_empty() {
            (evaluate(query)?, None)
        } else {
            let counting = Counting::new(query);
            let output = evaluate(&counting)?;
            let stats = counting.stats(waited, started.elapsed());
            (output, Some(stats))
        };
        let mut remarks = remarks(&output, &self.text);
        if !matches!(self.stats.as_str(), "" | "true" | "all") {
            remarks.warnings.push(format!(
                "unsupported value {:?} for parameter \"stats\": use \"true\" or \"all\"",
                self.stats
            ));
        }
        if self.limit.is_some_and(|limit| truncate(&mut output.value, limit)) {
            remarks.warnings.push(TRUNCATED.to_owned());
        }
        Ok(ResultText::new(output.value, remarks).with_stats(stats))
    }
}

fn remarks(output: &QueryOutput, text: &str) -> Remarks {
    let texts = |remarks: &[Annotation]| remarks.iter().map(|remark| remark.text(text)).collect();
    Remarks {
        warnings: texts(&output.warnings),
        infos: texts(&output.infos),
    }
}

/// Cuts a value to so many elements; true if there were more.
fn truncate(value: &mut Value, limit: usize) -> bool {
    let before = match value {
        Value::Scalar { .. } | Value::String { .. } => return false,
        Value::InstantVector { samples, .. } => {
            let before = samples.len();
            samples.truncate(limit);
            before
        }
        Value::RangeVector(series) | Value::Matrix(series) => {
            let before = series.len();
            series.truncate(limit);
            before
        }
    };
    before > limit
}

pub(crate) fn evaluation_error(error: EvalError) -> ApiError {
    match error {
        EvalError::Storage(source) => storage_error(source),
        EvalError::Cancelled => ApiError::new(ErrorKind::Canceled, error.to_string()),
        EvalError::Timeout => ApiError::new(ErrorKind::Timeout, error.to_string()),
        EvalError::TooManySamples { .. } => ApiError::new(ErrorKind::Execution, error.to_string())
            .hint("narrow the selector, or ask for a shorter range or a longer step"),
        EvalError::TooManyPoints { .. } | EvalError::Invalid { .. } => {
            ApiError::new(ErrorKind::Execution, error.to_string())
        }
    }
}

#[cfg(test)]
mod tests;
