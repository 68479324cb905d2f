//! Receiving samples, in whatever form they come: remote write 1.0 and 2.0, OTLP over HTTP and gRPC.
//!
//! All forms share one path: bounds are checked before the body is read, the body is decoded and handed to the store
//! on a thread that may work, and the answer waits until the log is durable. An answer that says "stored" is given
//! only then; one that invites to try again only where that may help.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use model::{IngestError, Ingested};

use self::gate::Workspace;
use super::params::is_length_limit;
use crate::app::App;
use crate::limits::{Exceeded, Refusals, Tenant};

pub(crate) mod gate;
pub(crate) mod grpc;
pub(crate) mod otlp;
#[cfg(test)]
pub(crate) mod raw;
pub(crate) mod remote;

/// An answer that is not a success. Senders log the text.
#[derive(Debug)]
pub(super) struct WriteError {
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

impl From<Exceeded> for WriteError {
    fn from(exceeded: Exceeded) -> Self {
        match exceeded.retry_after_seconds {
            0 => Self::new(StatusCode::PAYLOAD_TOO_LARGE, exceeded.to_string()),
            seconds => Self::new(StatusCode::TOO_MANY_REQUESTS, exceeded.to_string()).retry_after(seconds),
        }
    }
}

impl From<IngestError> for WriteError {
    fn from(error: IngestError) -> Self {
        let status = match error {
            IngestError::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            IngestError::Overloaded { .. } | IngestError::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        };
        Self::new(status, error.to_string()).retry_after(5)
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

/// What became of a request: what its decoder says of it, and what limits and store did.
#[derive(Debug)]
struct Stored<D> {
    decoded: D,
    refusals: Refusals,
    ingested: Ingested,
}

/// Reads the body of a request within all bounds, decodes it with `decode`, stores it, and waits until it is durable.
async fn receive<D: Send + 'static>(
    app: &Arc<App>,
    request: Request,
    decode: impl FnOnce(&[u8], &mut Workspace) -> Result<D, WriteError> + Send + 'static,
) -> Result<Stored<D>, WriteError> {
    let tenant: Option<Arc<Tenant>> = request.extensions().get().cloned();
    let limits = app.config.remote_write;
    let declared = hyper::body::Body::size_hint(request.body()).exact();
    let declared = declared.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    if let Some(tenant) = &tenant {
        tenant.admit_write(declared, app.now())?;
    }
    let max_bytes = tenant.as_ref().map_or(limits.max_body_bytes, |tenant| {
        tenant.max_request_bytes(limits.max_body_bytes)
    });
    let expected = declared.unwrap_or(max_bytes);
    let too_large = || {
        let text = format!("request body is larger than {max_bytes} bytes");
        WriteError::new(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    if expected > max_bytes {
        return Err(too_large());
    }
    let _in_flight = app.writes.admit(expected).ok_or_else(|| {
        WriteError::new(StatusCode::TOO_MANY_REQUESTS, "too much is being written at once").retry_after(1)
    })?;
    let collected = axum::body::to_bytes(request.into_body(), max_bytes);
    let body = match tokio::time::timeout(limits.receive_timeout, collected).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_length_limit(&error) => return Err(too_large()),
        Ok(Err(error)) => {
            let text = format!("failed to read body: {error}");
            return Err(WriteError::new(StatusCode::BAD_REQUEST, text));
        }
        Err(_) => {
            let text = "body did not arrive in time";
            return Err(WriteError::new(StatusCode::REQUEST_TIMEOUT, text));
        }
    };
    count(&app.metrics.remote_write.bytes, body.len());
    let stored = decode_and_ingest(app, (body, tenant), decode).await?;
    wait_until_durable(app, stored.ingested.position).await?;
    let written = &app.metrics.remote_write;
    count(&written.stored, stored.ingested.samples);
    count(
        &written.refused,
        stored.ingested.n_rejected + stored.refusals.samples,
    );
    count(&written.histograms, stored.ingested.histograms);
    count(&written.exemplars, stored.ingested.exemplars);
    Ok(stored)
}

fn count(counter: &AtomicU64, n: usize) {
    counter.fetch_add(n as u64, Ordering::Relaxed);
}

async fn decode_and_ingest<D: Send + 'static>(
    app: &Arc<App>,
    (body, tenant): (Bytes, Option<Arc<Tenant>>),
    decode: impl FnOnce(&[u8], &mut Workspace) -> Result<D, WriteError> + Send + 'static,
) -> Result<Stored<D>, WriteError> {
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
        let stored = decode(&body, &mut workspace).and_then(|decoded| {
            let batch = &mut workspace.batch;
            let refusals = tenant
                .map(|tenant| tenant.check_batch(batch, app.now()))
                .unwrap_or_default();
            let ingested = app.sources.ingest.ingest(batch)?;
            Ok(Stored {
                decoded,
                refusals,
                ingested,
            })
        });
        app.writes.give_back(workspace, limits);
        stored
    });
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a write failed inside");
        let text = "the server failed at this request";
        Err(WriteError::new(StatusCode::INTERNAL_SERVER_ERROR, text))
    })
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

/// Says what limits and store refused, naming the first series of each; empty if they took everything.
fn describe_refusals(refusals: &Refusals, ingested: &Ingested) -> Vec<String> {
    let mut causes = Vec::new();
    if let Some(first) = &refusals.first {
        causes.push(format!("{} samples refused, first of {first}", refusals.samples));
    }
    if let Some((labels, reason)) = ingested.rejected.first() {
        let n = ingested.n_rejected;
        causes.push(format!("{n} samples refused, first of {labels}: {reason}"));
    }
    causes
}
