//! `/api/v1/openapi.yaml`: this API as OpenAPI 3.1, written from one table, so that it can be held against the router.

use std::fmt::Write as _;
use std::sync::OnceLock;

use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use self::table::{Answer, ENDPOINTS, Endpoint, Kind, Parameter};
use super::about::VERSION;

pub(crate) mod table;

/// `/api/v1/openapi.yaml`.
pub(crate) async fn openapi() -> Response {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    let text = TEXT.get_or_init(|| Bytes::from(write())).clone();
    let content_type = HeaderValue::from_static("application/yaml; charset=utf-8");
    ([(CONTENT_TYPE, content_type)], text).into_response()
}

/// A line of YAML: depth in steps of two, then the text.
struct Lines(String);

impl Lines {
    fn line(&mut self, depth: usize, text: impl std::fmt::Display) {
        let written = writeln!(self.0, "{:1$}{text}", "", 2 * depth);
        debug_assert!(written.is_ok(), "strings take every write");
    }
}

fn write() -> String {
    let mut out = Lines(String::with_capacity(32 << 10));
    out.line(0, "openapi: 3.1.0");
    out.line(0, "info:");
    out.line(1, "title: Periplus");
    out.line(1, format_args!("version: {VERSION:?}"));
    out.line(0, "paths:");
    for endpoint in ENDPOINTS {
        out.line(1, format_args!("{}:", endpoint.path));
        for method in endpoint.methods {
            write_operation(&mut out, endpoint, method);
        }
    }
    write_schemas(&mut out);
    out.0
}

fn write_operation(out: &mut Lines, endpoint: &Endpoint, method: &str) {
    out.line(2, format_args!("{method}:"));
    out.line(3, format_args!("summary: {:?}", endpoint.summary));
    // Parameters of a path stay there; all others may also come as a form.
    let as_form = method == "post" && endpoint.methods.contains(&"get");
    let in_address = endpoint
        .parameters
        .iter()
        .filter(|one| !as_form || is_in_path(endpoint, one));
    let mut in_address = in_address.peekable();
    if in_address.peek().is_some() {
        out.line(3, "parameters:");
    }
    for parameter in in_address {
        let place = if is_in_path(endpoint, parameter) {
            "path"
        } else {
            "query"
        };
        out.line(4, format_args!("- name: {:?}", parameter.name));
        out.line(5, format_args!("in: {place}"));
        out.line(5, format_args!("required: {}", parameter.required));
        out.line(5, format_args!("schema: {}", schema(parameter.kind)));
    }
    if as_form {
        out.line(3, "requestBody:");
        out.line(4, "content:");
        out.line(5, "application/x-www-form-urlencoded:");
        out.line(6, "schema:");
        out.line(7, "type: object");
        out.line(7, "properties:");
        for parameter in endpoint.parameters {
            out.line(
                8,
                format_args!("{:?}: {}", parameter.name, schema(parameter.kind)),
            );
        }
    }
    out.line(3, "responses:");
    let (status, content) = match endpoint.answer {
        Answer::Data => (
            "200",
            Some(("application/json", "{$ref: '#/components/schemas/Success'}")),
        ),
        Answer::Text(content) => ("200", Some((content, "{type: string}"))),
        Answer::Nothing => ("204", None),
    };
    out.line(4, format_args!("{status:?}:"));
    out.line(5, "description: Success.");
    if let Some((content, schema)) = content {
        out.line(5, "content:");
        out.line(6, format_args!("{content}:"));
        out.line(7, format_args!("schema: {schema}"));
    }
    out.line(4, "default:");
    out.line(5, "description: What went wrong.");
    out.line(5, "content:");
    out.line(6, "application/json:");
    out.line(7, "schema: {$ref: '#/components/schemas/Error'}");
}

fn is_in_path(endpoint: &Endpoint, parameter: &Parameter) -> bool {
    endpoint.path.contains(&format!("{{{}}}", parameter.name))
}

fn schema(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "{type: string}",
        Kind::Texts => "{type: array, items: {type: string}}",
        Kind::Number => "{type: integer}",
        Kind::Flag => "{type: boolean}",
        Kind::Time => "{oneOf: [{type: string, format: date-time}, {type: number, format: unixtime}]}",
        Kind::Span => "{oneOf: [{type: string, format: duration}, {type: number}]}",
    }
}

fn write_schemas(out: &mut Lines) {
    out.line(0, "components:");
    out.line(1, "schemas:");
    out.line(2, "Success:");
    out.line(3, "type: object");
    out.line(3, "required: [status]");
    out.line(3, "properties:");
    out.line(4, "status: {type: string, enum: [success]}");
    out.line(4, "data: {}");
    out.line(4, "warnings: {type: array, items: {type: string}}");
    out.line(4, "infos: {type: array, items: {type: string}}");
    out.line(2, "Error:");
    out.line(3, "type: object");
    out.line(3, "required: [status, errorType, error]");
    out.line(3, "properties:");
    out.line(4, "status: {type: string, enum: [error]}");
    out.line(4, "errorType: {type: string}");
    out.line(4, "error: {type: string}");
    out.line(4, "hint: {type: string, description: What to do.}");
    out.line(4, "position:");
    out.line(5, "type: object");
    out.line(5, "description: Bytes of the query to blame.");
    out.line(5, "properties:");
    out.line(6, "start: {type: integer}");
    out.line(6, "end: {type: integer}");
}

#[cfg(test)]
mod tests;
