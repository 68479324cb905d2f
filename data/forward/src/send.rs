//! Requests: made of parcels, sent, judged by their answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{Batch, Clock};
use relay::{Deliver, Outcome};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use wire::RemoteWriteVersion;

use crate::answer::{Answer, Counts, Next, Sent, judge};
use crate::client::{Client, ClientError};
use crate::config::RemoteWriteConfig;
use crate::metrics::SendMetrics;

/// Bytes of an answer that are read: what a receiver says is for people.
const MAX_ANSWER_BYTES: usize = 4_096;

/// Sends batches to one receiver.
pub(crate) struct Sender {
    config: Arc<RemoteWriteConfig>,
    client: Client,
    clock: Arc<dyn Clock>,
    /// The receiver does not know the version of the configuration.
    fell_back: AtomicBool,
    metrics: Arc<SendMetrics>,
}

/// One request, and its bytes in the version sent last.
pub(crate) struct Request {
    batch: Batch,
    encoded: Option<(RemoteWriteVersion, Vec<u8>)>,
}

impl Sender {
    pub(crate) fn new(
        config: Arc<RemoteWriteConfig>,
        clock: Arc<dyn Clock>,
        metrics: Arc<SendMetrics>,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            client: Client::new(Arc::clone(&config))?,
            clock,
            fell_back: AtomicBool::new(false),
            metrics,
            config,
        })
    }

    /// Returns the version that is sent now.
    pub(crate) fn version(&self) -> RemoteWriteVersion {
        if self.fell_back.load(Ordering::Relaxed) {
            RemoteWriteVersion::V1
        } else {
            self.config.version
        }
    }

    async fn send(&self, version: RemoteWriteVersion, request: &mut Request) -> Result<Next, String> {
        let post = self
            .client
            .post()
            .await
            .map_err(|error| model::with_causes(&error))?;
        let body = request.encode(version);
        SendMetrics::add(&self.metrics.bytes, body.len());
        let sent = Sent {
            version,
            counts: counts(&request.batch),
            retry_on_429: self.config.retry_on_429,
            retry_on_refused_identity: self.config.retry_on_refused_identity,
            now: self.clock.now(),
        };
        let response = post
            .header(CONTENT_TYPE, HeaderValue::from_static(version.content_type()))
            .header(CONTENT_ENCODING, HeaderValue::from_static("snappy"))
            .header("X-Prometheus-Remote-Write-Version", version.version_header())
            .body(body)
            .send()
            .await
            .map_err(|error| model::with_causes(&error.without_url()))?;
        let status = response.status();
        let answer_headers = response.headers().clone();
        let answer = Answer {
            status,
            headers: &answer_headers,
            body: if status.is_success() {
                String::new()
            } else {
                read_some(response).await
            },
        };
        Ok(judge(&answer, &sent))
    }
}

/// Reads the beginning of an answer.
async fn read_some(mut response: reqwest::Response) -> String {
    let mut text = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_ANSWER_BYTES - text.len();
        text.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if text.len() == MAX_ANSWER_BYTES {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

impl Request {
    fn encode(&mut self, version: RemoteWriteVersion) -> Vec<u8> {
        if let Some((_, body)) = self.encoded.as_ref().filter(|(encoded, _)| *encoded == version) {
            return body.clone();
        }
        let body = match version {
            RemoteWriteVersion::V1 => wire::encode_remote_write_v1(&self.batch),
            RemoteWriteVersion::V2 => wire::encode_remote_write_v2(&self.batch),
        };
        self.encoded = Some((version, body.clone()));
        body
    }
}

fn counts(batch: &Batch) -> Counts {
    let histograms = batch.histograms().len();
    Counts {
        samples: batch.rows().len().saturating_sub(histograms),
        histograms,
        exemplars: batch.exemplars().len(),
    }
}

impl Deliver<Batch> for Sender {
    type Request = Request;

    fn prepare(&self, payloads: Vec<Batch>) -> Request {
        let mut payloads = payloads.into_iter();
        let mut batch = payloads.next().unwrap_or_default();
        for mut other in payloads {
            if let Err(error) = batch.append(&mut other) {
                // A request is bounded far below what a batch holds.
                tracing::error!(%error, "parcels do not fit one request");
            }
        }
        Request { batch, encoded: None }
    }

    async fn deliver(&self, request: &mut Request) -> Outcome {
        let version = self.version();
        let mut next = self.send(version, request).await;
        if let Ok(Next::FallBack(message)) = &next {
            tracing::warn!(
                receiver = %self.config.name,
                %message,
                "receiver does not know remote write 2.0; falling back to 1.0"
            );
            self.fell_back.store(true, Ordering::Relaxed);
            next = self.send(RemoteWriteVersion::V1, request).await;
        }
        match next {
            Ok(Next::Done(outcome)) => {
                if outcome == Outcome::Delivered {
                    let newest = request.batch.rows().iter().map(|row| row.timestamp).max();
                    self.metrics.note_newest_sent(newest);
                    SendMetrics::add(&self.metrics.exemplars, request.batch.exemplars().len());
                    SendMetrics::add(&self.metrics.histograms, request.batch.histograms().len());
                }
                outcome
            }
            // Version 1.0 has nothing to fall back to.
            Ok(Next::FallBack(message)) => Outcome::Refused {
                reason: "unsupported",
                message,
            },
            Err(message) => Outcome::Retry { after: None, message },
        }
    }
}
