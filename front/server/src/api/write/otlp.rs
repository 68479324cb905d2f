//! OTLP metrics over HTTP, protobuf or JSON.
//!
//! 200 with the number of points refused, if any, once the rest is on disk; a request that cannot be used at all, or
//! not now, is answered by a status with the reason in the encoding of the request, as OTLP asks of servers:
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>.

use std::io::Read as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use axum::response::Response;
use flate2::read::MultiGzDecoder;
use wire::{
    DeltaHandling, OtlpLimits, OtlpTranslated, decode_otlp_json, decode_otlp_protobuf,
    encode_otlp_response_json, encode_otlp_response_protobuf,
};

use super::gate::Workspace;
use super::remote::decode_error;
use super::{Stored, WriteError, count, describe_refusals, receive};
use crate::app::App;

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// How a request is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
}

impl Encoding {
    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        })
    }
}

/// `POST /api/v1/otlp/v1/metrics`.
pub(crate) async fn metrics(State(app): State<Arc<App>>, request: Request) -> Response {
    let (encoding, compression) = match negotiate(request.headers()) {
        Ok(found) => found,
        Err(error) => return refusal(&error, Encoding::Protobuf),
    };
    match store(app, request, (encoding, move |body| Ok((body, compression)))).await {
        Ok((refused, text)) => {
            let body = match encoding {
                Encoding::Protobuf => encode_otlp_response_protobuf(refused, &text).into(),
                Encoding::Json => Body::from(encode_otlp_response_json(refused, &text)),
            };
            let mut response = Response::new(body);
            response
                .headers_mut()
                .insert(CONTENT_TYPE, encoding.content_type());
            response
        }
        Err(error) => refusal(&error, encoding),
    }
}

fn negotiate(headers: &HeaderMap) -> Result<(Encoding, Compression), WriteError> {
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or("?"))
    };
    let unsupported = |what: &str, found: &str, supported: &str| {
        let text = format!("{what} {found:?} is not supported; send {supported}");
        WriteError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
    };
    let content_type = text(CONTENT_TYPE);
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    let encoding = match media_type.to_ascii_lowercase().as_str() {
        "application/x-protobuf" => Encoding::Protobuf,
        "application/json" => Encoding::Json,
        _ => {
            let supported = "application/x-protobuf or application/json";
            return Err(unsupported("content type", content_type, supported));
        }
    };
    let compression = match text(CONTENT_ENCODING).trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Compression::None,
        "gzip" => Compression::Gzip,
        other => return Err(unsupported("content encoding", other, "gzip or none")),
    };
    Ok((encoding, compression))
}

/// Takes a request, whose body `unpack` may take out of a frame; how many points were refused, and why.
pub(super) async fn store<F>(
    app: Arc<App>,
    request: Request,
    (encoding, unpack): (Encoding, F),
) -> Result<(usize, String), WriteError>
where
    F: for<'a> Fn(&'a [u8]) -> Result<(&'a [u8], Compression), WriteError> + Send + 'static,
{
    let shared = Arc::clone(&app);
    let stored = receive(&app, request, move |body, workspace| {
        let (message, compression) = unpack(body)?;
        decode(&shared, (message, compression, encoding), workspace)
    })
    .await?;
    count(&app.metrics.remote_write.refused, stored.decoded.refused_points);
    Ok(summarize(&stored))
}

fn decode(
    app: &App,
    (message, compression, encoding): (&[u8], Compression, Encoding),
    workspace: &mut Workspace,
) -> Result<OtlpTranslated, WriteError> {
    let limits = OtlpLimits {
        max_bytes: app.config.remote_write.decode.max_decoded_bytes,
        ..OtlpLimits::default()
    };
    let unpacked;
    let message = match compression {
        Compression::None => message,
        Compression::Gzip => {
            unpacked = gunzip(message, limits.max_bytes)?;
            &unpacked
        }
    };
    let decoded = match encoding {
        Encoding::Protobuf => decode_otlp_protobuf(message, &limits),
        Encoding::Json => decode_otlp_json(message, &limits),
    };
    let mut decoded = decoded.map_err(decode_error)?;
    let settings = app.otlp();
    if settings.delta != DeltaHandling::Accumulate {
        return Ok(decoded.translate(&settings, &mut workspace.batch));
    }
    let refused = decoded.accumulate(&mut app.deltas.lock(), app.now());
    let mut told = decoded.translate(&settings, &mut workspace.batch);
    told.refused_before(refused);
    Ok(told)
}

fn gunzip(packed: &[u8], limit: usize) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    // One byte more tells that there is more.
    let mut reader = MultiGzDecoder::new(packed).take(limit as u64 + 1);
    reader.read_to_end(&mut out).map_err(|error| {
        let text = format!("request body is not gzip: {error}");
        WriteError::new(StatusCode::BAD_REQUEST, text)
    })?;
    if out.len() > limit {
        let text = format!("request is larger than {limit} bytes decompressed");
        return Err(WriteError::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    Ok(out)
}

fn summarize(stored: &Stored<OtlpTranslated>) -> (usize, String) {
    let Stored {
        decoded,
        refusals,
        ingested,
    } = stored;
    let first = decoded.refusals.first();
    let mut causes: Vec<String> = first
        .map(|first| {
            let n = decoded.refused_points;
            format!("{n} points refused, first of {}: {}", first.metric, first.reason)
        })
        .into_iter()
        .collect();
    causes.extend(describe_refusals(refusals, ingested));
    let refused = decoded.refused_points + refusals.samples + ingested.n_rejected;
    (refused, causes.join("; "))
}

/// Answers with a `google.rpc.Status`, whose field 2 is the message.
fn refusal(error: &WriteError, encoding: Encoding) -> Response {
    let body = match encoding {
        Encoding::Json => Body::from(serde_json::json!({ "message": error.message }).to_string()),
        Encoding::Protobuf => {
            let mut out = vec![0x12];
            let mut left = error.message.len();
            while left >= 0x80 {
                out.push(u8::try_from(left & 0x7f).unwrap_or(0) | 0x80);
                left >>= 7;
            }
            out.push(u8::try_from(left).unwrap_or(0));
            out.extend_from_slice(error.message.as_bytes());
            Body::from(out)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = error.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, encoding.content_type());
    if let Some(seconds) = error.retry_after_seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
pub(super) mod tests;
