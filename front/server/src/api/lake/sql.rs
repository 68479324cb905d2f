//! `/api/v1/sql`: an answer to a query in SQL, in the format that is asked for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderName;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::response::Response;
use lake::sql::{Answer, Format, Position};

use super::{lake, refusal};
use crate::api::answer::json::{Array, Object};
use crate::api::answer::{ApiError, ErrorKind, OPEN_SUCCESS, Remarks, close_success, json_response, success};
use crate::api::params::Params;
use crate::app::App;

/// Says in formats that have no place for it that there is more than was sent.
const NOTICE: HeaderName = HeaderName::from_static("x-periplus-notice");
const FORMATS: &str = "json, ndjson, csv and arrow";

/// What an answer is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// The envelope of this API.
    Envelope,
    /// The rows alone.
    Rows(Format, &'static str),
}

const ND_JSON: Sent = Sent::Rows(Format::NdJson, "application/x-ndjson");
const CSV: Sent = Sent::Rows(Format::Csv, "text/csv; charset=utf-8; header=present");
const ARROW: Sent = Sent::Rows(Format::Arrow, "application/vnd.apache.arrow.stream");

/// Answers a query. Formats by `format` or `Accept`: json (the envelope), ndjson, csv, arrow (an IPC stream).
pub(super) async fn sql(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let accepted = accepted(request.headers());
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let sent = match params.get("format") {
        None => accepted,
        Some("json") => Sent::Envelope,
        Some("ndjson") => ND_JSON,
        Some("csv") => CSV,
        Some("arrow") => ARROW,
        Some(other) => {
            let problem = format!("{other:?} is no format");
            return Err(ApiError::parameter("format", problem).hint(format!("formats are {FORMATS}")));
        }
    };
    let Some(query) = params.get("query") else {
        return Err(ApiError::parameter("query", "it is missing")
            .hint("as in query=SELECT reason, count(*) FROM events GROUP BY reason"));
    };
    let answer = lake(&app)?
        .sql(query)
        .await
        .map_err(|error| refusal(error, query))?;
    // Writing tens of megabytes takes a while, and this thread answers others too.
    let written = tokio::task::spawn_blocking(move || respond(&answer, sent)).await;
    written.map_err(|_panicked| ApiError::new(ErrorKind::Internal, "the server failed at this answer"))?
}

/// The tables with their columns, units and meanings.
pub(super) async fn tables(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let status = lake(&app)?.status();
    Ok(success(|out| {
        let mut tables = Array::new(out);
        for table in &status {
            let mut object = tables.object();
            object
                .string("name", table.def.name)
                .string("about", table.def.about);
            object.string("time", table.def.time);
            object
                .integer("files", table.n_files as u64)
                .integer("fileBytes", table.file_bytes);
            object.integer("rows", table.file_rows + table.memory_rows);
            object.integer("quarantinedFiles", table.n_quarantined);
            object.optional_string("setAside", table.aside.as_deref());
            let mut columns = object.array("columns");
            for column in &table.def.columns {
                let mut object = columns.object();
                object
                    .string("name", column.name)
                    .string("type", column.kind.as_str());
                if !column.unit.is_empty() {
                    object.string("unit", column.unit);
                }
                object.string("about", column.about);
            }
        }
    }))
}

/// Returns the byte of a place in a query, and its column counted in bytes from 1.
pub(super) fn byte_of(query: &str, position: Position) -> (usize, usize) {
    let (mut start, mut line) = (0, 1);
    for text in query.split_inclusive('\n') {
        if line == position.line {
            let before = usize::try_from(position.column.saturating_sub(1)).unwrap_or(usize::MAX);
            let column: usize = text.chars().take(before).map(char::len_utf8).sum();
            return (start + column, column + 1);
        }
        start += text.len();
        line += 1;
    }
    (query.len(), 1)
}

fn accepted(headers: &HeaderMap) -> Sent {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let first = accept.split([',', ';']).next().unwrap_or("").trim();
    match first {
        "application/x-ndjson" => ND_JSON,
        "text/csv" => CSV,
        "application/vnd.apache.arrow.stream" => ARROW,
        _ => Sent::Envelope,
    }
}

fn respond(answer: &Answer, sent: Sent) -> Result<Response, ApiError> {
    let failed = |error: lake::sql::AnswerError| {
        ApiError::new(ErrorKind::Execution, model::with_causes(&error))
            .hint("cast the column to a simpler type, as in column::varchar")
    };
    let Sent::Rows(format, media_type) = sent else {
        let rows = answer.encode(Format::JsonRows).map_err(failed)?;
        return Ok(envelope(answer, &rows));
    };
    let mut response = Response::new(Body::from(answer.encode(format).map_err(failed)?));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(notice) = answer.notice()
        && let Ok(notice) = HeaderValue::from_str(&notice)
    {
        headers.insert(NOTICE, notice);
    }
    Ok(response)
}

fn envelope(answer: &Answer, rows: &[u8]) -> Response {
    let mut out = String::with_capacity(rows.len() + 512);
    out.push_str(OPEN_SUCCESS);
    let mut data = Object::new(&mut out);
    let mut columns = data.array("columns");
    for (name, kind) in answer.columns() {
        columns.object().string("name", &name).string("type", &kind);
    }
    drop(columns);
    data.key("rows").push_str(&String::from_utf8_lossy(rows));
    data.number("seconds", answer.took.as_secs_f64());
    drop(data);
    let remarks = Remarks {
        warnings: answer.notice().into_iter().collect(),
        infos: Vec::new(),
    };
    close_success(&mut out, &remarks);
    json_response(Body::from(out))
}
