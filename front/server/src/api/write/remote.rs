//! Receiving remote write 1.0 and 2.0.
//!
//! 204 only when every sample is on disk; 400 when some were refused, with the first reason, after the rest was
//! stored durably; 415 for another message or compression, on which a sender of 2.0 falls back; 429 and 503 with
//! `Retry-After` when it is worth trying again. Every answer to 2.0 says how much was written. Specifications:
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>,
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use wire::{
    DecodeError, DecodeLimits, Decoded, RemoteWriteVersion, decode_remote_write_v1, decode_remote_write_v2,
    negotiate_remote_write,
};

use super::gate::Workspace;
use super::{Stored, WriteError, count, describe_refusals, receive};
use crate::app::App;

/// How much a request has written: floats, histograms, exemplars.
type Written = [usize; 3];

const WRITTEN_HEADERS: [&str; 3] = [
    "x-prometheus-remote-write-samples-written",
    "x-prometheus-remote-write-histograms-written",
    "x-prometheus-remote-write-exemplars-written",
];

/// `POST /api/v1/write`.
pub(crate) async fn write(State(app): State<Arc<App>>, request: Request) -> Response {
    let version = match negotiate(request.headers()) {
        Ok(version) => version,
        Err(error) => return with_written(error.into_response(), [0; 3]),
    };
    let limits = app.config.remote_write.decode;
    let received = receive(&app, request, move |body, workspace| {
        decode(version, body, &limits, workspace)
    })
    .await;
    match received {
        Ok(stored) => {
            count(&app.metrics.remote_write.refused, refused(&stored.decoded));
            answer(&stored)
        }
        Err(error) => with_written(error.into_response(), [0; 3]),
    }
}

fn negotiate(headers: &HeaderMap) -> Result<RemoteWriteVersion, WriteError> {
    let text = |name: HeaderName| {
        let value = headers.get(name);
        value.map(|value: &HeaderValue| value.to_str().unwrap_or("?"))
    };
    negotiate_remote_write(text(CONTENT_TYPE), text(CONTENT_ENCODING))
        .map_err(|error| WriteError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()))
}

fn decode(
    version: RemoteWriteVersion,
    body: &[u8],
    limits: &DecodeLimits,
    workspace: &mut Workspace,
) -> Result<Decoded, WriteError> {
    let Workspace { scratch, batch } = workspace;
    let decoded = match version {
        RemoteWriteVersion::V1 => decode_remote_write_v1(body, limits, scratch, batch),
        RemoteWriteVersion::V2 => decode_remote_write_v2(body, limits, scratch, batch),
    };
    decoded.map_err(decode_error)
}

pub(super) fn decode_error(error: DecodeError) -> WriteError {
    let status = if error.is_too_large() {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        StatusCode::BAD_REQUEST
    };
    WriteError::new(status, model::with_causes(&error))
}

fn refused(decoded: &Decoded) -> usize {
    decoded.refused_samples + decoded.refused_histograms
}

fn answer(stored: &Stored<Decoded>) -> Response {
    let Stored {
        decoded, ingested, ..
    } = stored;
    let response = match describe(stored) {
        Some(text) => WriteError::new(StatusCode::BAD_REQUEST, text).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    };
    // The store keeps no more exemplars than there is room for; those it took are those that were decoded.
    let exemplars = ingested.exemplars.min(decoded.exemplars);
    let floats = ingested.samples.saturating_sub(ingested.histograms);
    with_written(response, [floats, ingested.histograms, exemplars])
}

fn with_written(mut response: Response, written: Written) -> Response {
    for (name, n) in WRITTEN_HEADERS.into_iter().zip(written) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from(n));
    }
    response
}

/// Says what was not stored and why, naming the first series of each cause; `None` if all was.
fn describe(stored: &Stored<Decoded>) -> Option<String> {
    let Stored {
        decoded,
        refusals,
        ingested,
    } = stored;
    let mut causes = Vec::new();
    if let Some(first) = decoded.refusals.first() {
        causes.push(match decoded.refused_series {
            0 => format!("{}: {}", first.series, first.reason),
            n => format!("{n} series refused, first {}: {}", first.series, first.reason),
        });
    }
    causes.extend(describe_refusals(refusals, ingested));
    let sent = decoded.samples + decoded.histograms + refused(decoded);
    let taken = ingested.samples;
    (!causes.is_empty()).then(|| format!("stored {taken} of {sent} samples; {}", causes.join("; ")))
}

#[cfg(test)]
mod tests;
