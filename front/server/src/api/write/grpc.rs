//! OTLP over gRPC: one unary call, on the same port as everything else.
//!
//! A unary call of gRPC is a POST over HTTP/2 whose body is one message behind five bytes, answered by one such
//! message and trailers with the status
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>). That is all there is to it here, so a gRPC
//! library with its own server, router and code generator would be more code in the process, not less in this file.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hyper::body::Frame;
use wire::encode_otlp_response_protobuf;

use super::WriteError;
use super::otlp::{self, Compression, Encoding};
use crate::app::App;

/// The one method that is served.
pub(crate) const PATH: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

const CONTENT: HeaderValue = HeaderValue::from_static("application/grpc+proto");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// One byte that says whether the message is compressed, four with its length.
const PREFIX_BYTES: usize = 5;

/// The codes of gRPC that are answered, <https://grpc.io/docs/guides/status-codes/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Ok = 0,
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
}

/// The export call.
pub(crate) async fn export(State(app): State<Arc<App>>, request: Request) -> Response {
    let is_grpc = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    if !is_grpc {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let compression = match request.headers().get(ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Compression::None,
        Some(b"gzip") => Compression::Gzip,
        Some(other) => {
            let text = format!("encoding {:?} is not supported", String::from_utf8_lossy(other));
            return refusal(Code::Unimplemented, &text, None);
        }
    };
    let stored = otlp::store(
        app,
        request,
        (Encoding::Protobuf, move |body| unframe(body, compression)),
    )
    .await;
    match stored {
        Ok((refused, text)) => message(&encode_otlp_response_protobuf(refused, &text)),
        Err(error) => refusal(code(&error), &error.message, error.retry_after_seconds),
    }
}

/// Takes the one message out of its frame.
fn unframe(body: &[u8], compression: Compression) -> Result<(&[u8], Compression), WriteError> {
    let bad = |text: &str| WriteError::new(StatusCode::BAD_REQUEST, text);
    let (prefix, message) = body
        .split_first_chunk::<PREFIX_BYTES>()
        .ok_or_else(|| bad("body is shorter than the prefix of a message"))?;
    let [compressed, length @ ..] = *prefix;
    if usize::try_from(u32::from_be_bytes(length)) != Ok(message.len()) {
        return Err(bad("body is not one message of the length it declares"));
    }
    match compressed {
        0 => Ok((message, Compression::None)),
        1 => Ok((message, compression)),
        _ => Err(bad("message has an unknown flag")),
    }
}

fn code(error: &WriteError) -> Code {
    match error.status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        StatusCode::REQUEST_TIMEOUT => Code::Unavailable,
        StatusCode::PAYLOAD_TOO_LARGE => Code::ResourceExhausted,
        status if status.is_server_error() => Code::Internal,
        _ => Code::InvalidArgument,
    }
}

/// Answers with a status only. `retry-after` tells a sender when to come back, as OTLP asks of servers.
fn refusal(code: Code, text: &str, retry_after_seconds: Option<u32>) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, CONTENT);
    headers.insert(ACCEPTED, HeaderValue::from_static("identity,gzip"));
    headers.insert(STATUS, HeaderValue::from(code as u16));
    if let Ok(text) = HeaderValue::from_str(&percent_encode(text)) {
        headers.insert(MESSAGE, text);
    }
    if let Some(seconds) = retry_after_seconds {
        headers.insert(axum::http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Status messages are ASCII with everything else as `%XX`.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | ..=0x1f | 0x7f.. => out.push_str(&format!("%{byte:02X}")),
            plain => out.push(char::from(plain)),
        }
    }
    out
}

/// Answers with one message and the status OK.
fn message(message: &[u8]) -> Response {
    let mut frame = Vec::with_capacity(PREFIX_BYTES + message.len());
    frame.push(0);
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert(STATUS, HeaderValue::from(Code::Ok as u16));
    let body = Unary {
        frames: [
            Some(Frame::data(Bytes::from(frame))),
            Some(Frame::trailers(trailers)),
        ],
    };
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, CONTENT);
    response
        .headers_mut()
        .insert(ACCEPTED, HeaderValue::from_static("identity,gzip"));
    response
}

/// One message, then trailers.
struct Unary {
    frames: [Option<Frame<Bytes>>; 2],
}

impl hyper::body::Body for Unary {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.frames.iter_mut().find_map(Option::take);
        Poll::Ready(next.map(Ok))
    }
}

#[cfg(test)]
mod tests;
