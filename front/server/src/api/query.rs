//! Instant and range queries.

pub(crate) mod batch;
pub(crate) mod catalog;
pub(crate) mod exemplars;
pub(crate) mod parsed;
mod stats;
mod tree;

pub(crate) use catalog::AGGREGATIONS;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use model::{Millis, Query};
use promql::ast::{Expr, ValueType};
use promql::{Annotation, EvalError, EvalParams, Limits, QueryOutput, Value};

use super::answer::json::push_string;
use super::answer::result::ResultText;
use super::answer::{ApiError, ErrorKind, Remarks, success};
use super::names::{TRUNCATED, storage_error};
use super::params::{Params, parse_duration};
use crate::app::App;
use crate::config::QueryLimits;
use crate::pool::Stop;

/// What the parser accepts: all functions there are, and the stable grammar.
pub(crate) const LANGUAGE: promql::Options = promql::Options {
    experimental_functions: true,
    ..promql::Options::STABLE
};

/// A query ready to be evaluated.
struct Question {
    text: String,
    expr: Arc<Expr>,
    params: EvalParams,
    timeout: Duration,
    limit: Option<usize>,
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
    let expr = parse(params.get("query").unwrap_or(""))?;
    Ok(success(|out| push_string(out, &expr.to_string())))
}

/// `/api/v1/parse_query`: the tree of the expression.
pub(crate) async fn tree(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let expr = parse(params.get("query").unwrap_or(""))?;
    Ok(success(|out| tree::push_tree(out, &expr)))
}

/// As Prometheus, refuses more steps than a graph can show, and says what to change.
fn check_resolution(limits: &QueryLimits, span: Millis, step: Millis) -> Result<(), ApiError> {
    let points = usize::try_from(span / step).unwrap_or(usize::MAX);
    if points <= limits.max_points {
        return Ok(());
    }
    let max = i64::try_from(limits.max_points.max(1)).unwrap_or(i64::MAX);
    let enough = promql::format_duration((span / max / 1000 + 1).saturating_mul(1000));
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

fn parse(text: &str) -> Result<Expr, ApiError> {
    promql::parse(text, &LANGUAGE).map_err(|error| {
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
    let asked = params
        .duration("timeout")?
        .and_then(|millis| u64::try_from(millis).ok());
    let timeout = asked.map_or(limits.timeout, |millis| {
        limits.timeout.min(Duration::from_millis(millis))
    });
    let lookback = lookback(params)?.filter(|lookback| *lookback > 0);
    eval.lookback = lookback.unwrap_or_else(|| millis(limits.lookback));
    eval.limits = Limits {
        max_samples: limits.max_samples,
        // Checked already, in the words of Prometheus; the first step is one more.
        max_points: limits.max_points.saturating_add(1),
    };
    Ok(Question {
        expr: app.parsed.find_or_parse(&text, parse)?,
        text,
        params: eval,
        timeout,
        limit,
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
    let work = move |stop: &Stop| {
        let mut pieces = question.evaluate(&*query, stop)?;
        let first: Bytes = pieces.next().unwrap_or_default();
        Ok((first, pieces))
    };
    let (first, pieces) = app.pool.run(timeout, work).await?;
    Ok(pieces.into_response(first))
}

impl Question {
    /// Evaluates the query and returns its answer as text; to be called where CPU may be used.
    fn evaluate(self, query: &dyn Query, stop: &Stop) -> Result<ResultText, ApiError> {
        let interrupt = || stop.interrupt();
        let mut output =
            promql::evaluate(&self.expr, query, &self.params, &interrupt).map_err(evaluation_error)?;
        let mut remarks = remarks(&output, &self.text);
        if self.limit.is_some_and(|limit| truncate(&mut output.value, limit)) {
            remarks.warnings.push(TRUNCATED.to_owned());
        }
        Ok(ResultText::new(output.value, remarks))
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

fn evaluation_error(error: EvalError) -> ApiError {
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
