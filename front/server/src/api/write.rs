//! Receiving remote write 1.0.
//!
//! The answer says what is so: 204 only when every sample is on disk; 400 when some were refused, with the first
//! reason, after the rest was stored durably; 429 and 503 with `Retry-After` when it is worth trying again.
//! Specification: <https://prometheus.io/docs/specs/prw/remote_write_spec/>.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use model::{Batch, Ingest, IngestError, Ingested};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use wire::{DecodeScratch, Decoded};

use super::params::is_length_limit;
use crate::app::App;
use crate::config::RemoteWriteLimits;

const SUPPORTED: &str = "supported is remote write 1.0: content-type \
    application/x-protobuf;proto=prometheus.WriteRequest, content-encoding snappy";
const V1_MESSAGE: &str = "prometheus.WriteRequest";
/// Unit of the budget of bytes in flight; its permits are counted in 32 bits.
const PERMIT_BYTES: usize = 1024;
/// Rows above which a batch is not kept for the next request: one large sender must not cost memory forever.
const MAX_KEPT_ROWS: usize = 16_384;
/// Bytes of decompressed request that are kept for the next one.
const MAX_KEPT_BYTES: usize = 1 << 20;

/// Bounds what is received at once.
#[derive(Debug)]
pub(crate) struct WriteGate {
    /// Compressed bytes in flight, in permits of [`PERMIT_BYTES`].
    bytes: Semaphore,
    /// Requests decoded at once.
    decoding: Arc<Semaphore>,
    /// Memory of requests done, for those to come.
    spare: Mutex<Vec<Workspace>>,
}

#[derive(Debug, Default)]
struct Workspace {
    scratch: DecodeScratch,
    batch: Batch,
}

impl WriteGate {
    /// Prepares for limits.
    pub(crate) fn new(limits: &RemoteWriteLimits) -> Self {
        Self {
            bytes: Semaphore::new(limits.max_in_flight_bytes.div_ceil(PERMIT_BYTES)),
            decoding: Arc::new(Semaphore::new(limits.max_decoding.max(1))),
            spare: Mutex::new(Vec::new()),
        }
    }

    fn take(&self) -> Workspace {
        self.spare.lock().pop().unwrap_or_default()
    }

    fn give_back(&self, mut workspace: Workspace, limits: &RemoteWriteLimits) {
        if workspace.batch.rows().len() > MAX_KEPT_ROWS {
            workspace.batch = Batch::default();
        }
        workspace.batch.clear();
        workspace.scratch.shrink_to(MAX_KEPT_BYTES);
        let mut spare = self.spare.lock();
        if spare.len() < limits.max_decoding {
            spare.push(workspace);
        }
    }
}

/// An answer that is not 204. Senders log the text.
#[derive(Debug)]
struct WriteError {
    status: StatusCode,
    message: String,
    retry_after_seconds: Option<u32>,
}

impl WriteError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            retry_after_seconds: None,
        }
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl IntoResponse for WriteError {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.message + "\n").into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// `POST /api/v1/write`.
pub(crate) async fn write(State(app): State<Arc<App>>, request: Request) -> Response {
    match receive(app, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn receive(app: Arc<App>, request: Request) -> Result<Response, WriteError> {
    check_format(request.headers())?;
    let limits = app.config.remote_write;
    let declared = hyper::body::Body::size_hint(request.body()).exact();
    let expected = declared.map_or(limits.max_body_bytes, |n| {
        usize::try_from(n).unwrap_or(usize::MAX)
    });
    let too_large = || {
        let text = format!("request body is larger than {} bytes", limits.max_body_bytes);
        WriteError::new(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    if expected > limits.max_body_bytes {
        return Err(too_large());
    }
    let permits = u32::try_from(expected.div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX);
    let _in_flight = app.writes.bytes.try_acquire_many(permits).map_err(|_| {
        WriteError::new(StatusCode::TOO_MANY_REQUESTS, "too much is being written at once").retry_after(1)
    })?;
    let collected = axum::body::to_bytes(request.into_body(), limits.max_body_bytes);
    let body = match tokio::time::timeout(limits.receive_timeout, collected).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_length_limit(&error) => return Err(too_large()),
        Ok(Err(error)) => {
            return Err(WriteError::new(
                StatusCode::BAD_REQUEST,
                format!("failed to read body: {error}"),
            ));
        }
        Err(_) => {
            return Err(WriteError::new(
                StatusCode::REQUEST_TIMEOUT,
                "body did not arrive in time",
            ));
        }
    };
    count(&app.metrics.remote_write.bytes, body.len());
    let (decoded, ingested) = decode_and_ingest(&app, body).await?;
    wait_until_durable(&app, ingested.position).await?;
    let written = &app.metrics.remote_write;
    count(&written.stored, ingested.samples);
    count(&written.refused, decoded.refused_samples + ingested.n_rejected);
    count(&written.histograms, decoded.histograms);
    count(&written.exemplars, decoded.exemplars);
    Ok(answer(&decoded, &ingested))
}

fn count(counter: &AtomicU64, n: usize) {
    counter.fetch_add(n as u64, Ordering::Relaxed);
}

/// Lets through what is, or does not say that it is not, a snappy-compressed remote write 1.0 request.
fn check_format(headers: &HeaderMap) -> Result<(), WriteError> {
    let text = |name| {
        headers
            .get(name)
            .map(|value: &HeaderValue| value.to_str().unwrap_or("?"))
    };
    let unsupported = |what: &str, found: &str| {
        let text = format!("{what} {found:?} is not supported; {SUPPORTED}");
        Err(WriteError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text))
    };
    if let Some(encoding) = text(CONTENT_ENCODING).filter(|found| !found.eq_ignore_ascii_case("snappy")) {
        return unsupported("content encoding", encoding);
    }
    let Some(content_type) = text(CONTENT_TYPE) else {
        return Ok(());
    };
    let mut parts = content_type.split(';').map(str::trim);
    let is_protobuf = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-protobuf"));
    let other_message = parts
        .filter_map(|parameter| parameter.split_once('='))
        .any(|(name, value)| name.eq_ignore_ascii_case("proto") && value.trim_matches('"') != V1_MESSAGE);
    if !is_protobuf || other_message {
        return unsupported("content type", content_type);
    }
    Ok(())
}

async fn decode_and_ingest(app: &Arc<App>, body: Bytes) -> Result<(Decoded, Ingested), WriteError> {
    let slot = Arc::clone(&app.writes.decoding)
        .acquire_owned()
        .await
        .map_err(|_closed| {
            WriteError::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping").retry_after(5)
        })?;
    let app = Arc::clone(app);
    let task = tokio::task::spawn_blocking(move || {
        let _slot = slot;
        let limits = &app.config.remote_write;
        let mut workspace = app.writes.take();
        let result = decode_into(&mut workspace, &body, limits, &*app.sources.ingest);
        app.writes.give_back(workspace, limits);
        result
    });
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "remote write failed inside");
        Err(WriteError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the server failed at this request",
        ))
    })
}

fn decode_into(
    workspace: &mut Workspace,
    body: &[u8],
    limits: &RemoteWriteLimits,
    ingest: &dyn Ingest,
) -> Result<(Decoded, Ingested), WriteError> {
    let Workspace { scratch, batch } = workspace;
    let decoded = wire::decode_remote_write_v1(body, &limits.decode, scratch, batch).map_err(|error| {
        let status = if error.is_too_large() {
            StatusCode::PAYLOAD_TOO_LARGE
        } else {
            StatusCode::BAD_REQUEST
        };
        WriteError::new(status, error.to_string())
    })?;
    let ingested = ingest.ingest(batch).map_err(|error| {
        let status = match error {
            IngestError::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            IngestError::Overloaded { .. } | IngestError::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        };
        WriteError::new(status, error.to_string()).retry_after(5)
    })?;
    Ok((decoded, ingested))
}

async fn wait_until_durable(app: &App, position: u64) -> Result<(), WriteError> {
    let unavailable = |text: String| WriteError::new(StatusCode::SERVICE_UNAVAILABLE, text).retry_after(5);
    let timeout = app.config.remote_write.durable_timeout;
    match tokio::time::timeout(timeout, app.sources.store.durable(position)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(unavailable(format!("samples are not on disk: {error}"))),
        Err(_) => Err(unavailable("samples did not reach the disk in time".to_owned())),
    }
}

fn answer(decoded: &Decoded, ingested: &Ingested) -> Response {
    let mut response = match describe_refusals(decoded, ingested) {
        Some(text) => WriteError::new(StatusCode::BAD_REQUEST, text).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(
        "x-prometheus-remote-write-samples-written",
        HeaderValue::from(ingested.samples),
    );
    headers.insert(
        "x-prometheus-remote-write-histograms-written",
        HeaderValue::from(0),
    );
    headers.insert(
        "x-prometheus-remote-write-exemplars-written",
        HeaderValue::from(0),
    );
    response
}

/// Says what was not stored and why, naming the first series of each cause; `None` if all was.
fn describe_refusals(decoded: &Decoded, ingested: &Ingested) -> Option<String> {
    let mut causes = Vec::new();
    if let Some(first) = decoded.refusals.first() {
        let n = decoded.refused_series;
        causes.push(format!(
            "{n} series refused, first {}: {}",
            first.series, first.reason
        ));
    }
    if let Some((labels, reason)) = ingested.rejected.first() {
        let n = ingested.n_rejected;
        causes.push(format!("{n} samples refused, first of {labels}: {reason}"));
    }
    if decoded.histograms > 0 {
        let first = decoded.histogram_series.as_deref().unwrap_or("{}");
        let n = decoded.histograms;
        causes.push(format!(
            "{n} native histogram samples are not supported, first of {first}"
        ));
    }
    let sent = decoded.samples + decoded.refused_samples;
    let stored = ingested.samples;
    (!causes.is_empty()).then(|| format!("stored {stored} of {sent} samples; {}", causes.join("; ")))
}

#[cfg(test)]
mod tests;
