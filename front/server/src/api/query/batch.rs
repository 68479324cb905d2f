//! Several queries in one request.
//!
//! A page of thirty small charts asks thirty small questions after each collection. Most of what each costs is
//! the way there and back, so they may come together: `POST /api/v1/query_batch` with
//! `{"queries":[{"query":"up"},{"query":"up","start":"0","end":"60","step":"5"}]}`. A question with `start` is a
//! range query, any other an instant query; parameters are those of `/api/v1/query` and `/api/v1/query_range`, as
//! strings. The answer's `data` is a list with one complete answer a question, in order, each of which may be an
//! error without harm to the others.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;

use super::{Question, instant_question, query_place, range_question};
use crate::api::answer::result::{PIECE_BYTES, ResultText};
use crate::api::answer::{ApiError, ErrorKind, OPEN_SUCCESS, json_response};
use crate::api::params::{Params, read_body};
use crate::app::App;
use crate::limits::Tenant;

/// Most questions of one batch.
const MAX_QUESTIONS: usize = 128;
const HINT: &str = r#"send {"queries":[{"query":"up"}]}"#;

/// `/api/v1/query_batch`: several queries, answered in order by one thread.
pub(crate) async fn batch(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let limits = &app.config.query;
    let tenant = request.extensions().get().cloned();
    let body = read_body(request.into_body(), limits.max_form_bytes).await?;
    let questions = questions(&body, tenant.as_ref(), &app)?;
    let query = Arc::clone(&app.sources.query);
    // The slowest decides: one question must not end the others before their time.
    let timeout = questions
        .iter()
        .flatten()
        .map(|question| question.timeout)
        .max()
        .unwrap_or(limits.timeout);
    let work = move |stop: &crate::pool::Stop| {
        let answer = |question: Result<Question, ApiError>| question.and_then(|q| q.evaluate(&*query, stop));
        let mut text = BatchText::new(questions.into_iter().map(answer));
        let first = text.next().unwrap_or_default();
        Ok((first, text))
    };
    let place = query_place(tenant.as_ref(), timeout).await?;
    let (first, text) = app.pool.run(timeout, work).await?;
    drop(place);
    if text.parts.is_empty() {
        return Ok(json_response(Body::from(first)));
    }
    let pieces = std::iter::once(first).chain(text).map(Ok::<_, Infallible>);
    Ok(json_response(Body::from_stream(stream::iter(pieces))))
}

/// Reads the questions; one that makes no sense is an error in its place.
fn questions(
    body: &[u8],
    tenant: Option<&Arc<Tenant>>,
    app: &App,
) -> Result<Vec<Result<Question, ApiError>>, ApiError> {
    let bad = |problem: String| ApiError::new(ErrorKind::BadData, problem).hint(HINT);
    let body: Value =
        serde_json::from_slice(body).map_err(|error| bad(format!("request body is not JSON: {error}")))?;
    let list = body.get("queries").and_then(Value::as_array);
    let list = list.ok_or_else(|| bad("request body has no list \"queries\"".to_owned()))?;
    if list.len() > MAX_QUESTIONS {
        return Err(bad(format!(
            "{} queries in one batch, more than {MAX_QUESTIONS}",
            list.len()
        )));
    }
    let read = |question: &Value| {
        let params = params(question, tenant)?;
        let mut question = match params.get("start") {
            Some(_) => range_question(&params, app)?,
            None => instant_question(&params, app)?,
        };
        // All values of a batch are in memory together, so they share what one query may use.
        question.params.limits.max_samples /= list.len();
        Ok(question)
    };
    Ok(list.iter().map(read).collect())
}

fn params(question: &Value, tenant: Option<&Arc<Tenant>>) -> Result<Params, ApiError> {
    let object = question.as_object();
    let object = object.ok_or_else(|| ApiError::new(ErrorKind::BadData, "query is no object").hint(HINT))?;
    let pair = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        Value::Number(number) => Ok((name.clone(), number.to_string())),
        _ => Err(ApiError::parameter(name, "must be a string or a number")),
    };
    Ok(Params::from_pairs(
        object.iter().map(pair).collect::<Result<Vec<_>, _>>()?,
        tenant.cloned(),
    ))
}

enum Part {
    Text(Bytes),
    Answer(Box<ResultText>),
}

/// The text of all answers, as an iterator over pieces of bounded size.
struct BatchText {
    parts: VecDeque<Part>,
}

impl BatchText {
    fn new(answers: impl Iterator<Item = Result<ResultText, ApiError>>) -> Self {
        let mut parts = VecDeque::from([Part::Text(Bytes::from_static(OPEN_SUCCESS.as_bytes()))]);
        for (idx, answer) in answers.enumerate() {
            parts.push_back(Part::Text(Bytes::from_static(if idx == 0 { b"[" } else { b"," })));
            parts.push_back(match answer {
                Ok(text) => Part::Answer(Box::new(text)),
                Err(error) => Part::Text(Bytes::from(error.text())),
            });
        }
        let end: &[u8] = if parts.len() == 1 { b"[]}" } else { b"]}" };
        parts.push_back(Part::Text(Bytes::from_static(end)));
        Self { parts }
    }
}

impl Iterator for BatchText {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut piece = Vec::new();
        while piece.len() < PIECE_BYTES {
            match self.parts.front_mut() {
                None => break,
                Some(Part::Text(text)) => {
                    piece.extend_from_slice(text);
                    self.parts.pop_front();
                }
                Some(Part::Answer(answer)) => match answer.next() {
                    Some(text) => piece.extend_from_slice(&text),
                    None => {
                        self.parts.pop_front();
                    }
                },
            }
        }
        (!piece.is_empty()).then(|| Bytes::from(piece))
    }
}

#[cfg(test)]
mod tests;
