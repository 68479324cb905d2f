//! One scrape: fetch, read, report, hand over.

use std::sync::Arc;

use model::{Batch, Millis};
use reqwest::header::{HeaderName, HeaderValue};
use wire::ExpositionFormat;

use super::report::Report;
use super::{Fetched, LastScrape, Plan, Shared, TargetState};
use crate::append::{self, Counts, Page, TargetMemory};
use crate::client::{self, Answer, FetchError, MAX_BODY, Request};
use crate::config::format_duration;
use crate::status::TargetHealth;

const TIMEOUT_HEADER: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScrapeError {
    #[error("no complete answer within {0} (scrape_timeout)")]
    Timeout(String),
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

impl ScrapeError {
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::TooLarge { .. }))
    }
}

/// Asks the target for its page.
pub(super) async fn fetch(plan: &Plan) -> Result<Answer, ScrapeError> {
    let timeout = plan.target.timeout;
    let seconds = HeaderValue::from_str(&timeout.as_secs_f64().to_string());
    let accept = client::accept(&plan.job.accept());
    let headers: Vec<_> = seconds
        .ok()
        .map(|seconds| (TIMEOUT_HEADER, seconds))
        .into_iter()
        .chain(accept)
        .collect();
    let request = Request {
        url: &plan.target.url,
        headers: &headers,
        packed: plan.job.compression,
        limit: body_limit(plan),
    };
    match tokio::time::timeout(timeout, plan.client.fetch(request)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(ScrapeError::Timeout(format_duration(timeout))),
    }
}

fn body_limit(plan: &Plan) -> u64 {
    match plan.job.limits.body_size {
        0 => MAX_BODY,
        limit => limit.min(MAX_BODY),
    }
}

/// A scrape whose answer is there.
pub(super) struct Scrape {
    pub(super) plan: Plan,
    pub(super) state: Arc<TargetState>,
    pub(super) shared: Arc<Shared>,
    pub(super) at: Millis,
    /// When it began by the clock.
    pub(super) began: Millis,
}

/// What is left of a scrape.
pub(super) struct Done {
    pub(super) memory: TargetMemory,
}

/// What came of reading the answer.
#[derive(Default)]
struct Read {
    counts: Counts,
    bytes: usize,
    too_large: bool,
    error: Option<String>,
}

/// Reads the answer and hands everything over as one batch.
pub(super) fn finish(scrape: &Scrape, fetched: Fetched, mut memory: TargetMemory) -> Done {
    let mut batch = Batch::default();
    let read = match fetched.answer {
        Ok(answer) => read(scrape, answer, &mut memory, &mut batch),
        Err(error) => {
            memory.end_all(scrape.at, &mut batch);
            Read {
                too_large: fetched.too_large,
                error: Some(error),
                ..Read::default()
            }
        }
    };
    let took = fetched.since.elapsed();
    let plan = &scrape.plan;
    #[expect(clippy::cast_precision_loss, reason = "counts of a page are exact up to 2^53")]
    let number = |n: usize| n as f64;
    let report = Report {
        values: [
            if read.error.is_none() { 1.0 } else { 0.0 },
            took.as_secs_f64(),
            number(read.counts.scraped),
            number(read.counts.kept),
            number(read.counts.added),
        ],
        extra: plan.job.extra_metrics.then(|| {
            #[expect(clippy::cast_precision_loss, reason = "limits are exact up to 2^53")]
            let limit = plan.job.limits.samples as f64;
            let bytes = if read.too_large { -1.0 } else { number(read.bytes) };
            [plan.target.timeout.as_secs_f64(), limit, bytes]
        }),
    };
    report.push(&plan.target.labels, scrape.at, &mut batch);
    scrape
        .shared
        .metrics
        .scraped(read.error.is_none(), &read.counts, read.bytes);
    hand_over(&scrape.shared, &batch);
    note(scrape, read.error, took);
    Done { memory }
}

fn note(scrape: &Scrape, error: Option<String>, took: std::time::Duration) {
    let mut last = scrape.state.last.lock();
    if let Some(error) = &error
        && last.health != TargetHealth::Down
    {
        let url = client::shown(&scrape.plan.target.url);
        tracing::info!(job = scrape.plan.job.name, %url, %error, "a target went down");
    }
    *last = LastScrape {
        at: Some(scrape.began),
        took,
        health: if error.is_none() {
            TargetHealth::Up
        } else {
            TargetHealth::Down
        },
        error: error.unwrap_or_default(),
    };
}

fn read(scrape: &Scrape, answer: Answer, memory: &mut TargetMemory, batch: &mut Batch) -> Read {
    let plan = &scrape.plan;
    let fallback = plan.job.fallback.map(crate::config::Protocol::format);
    let format = ExpositionFormat::from_content_type(answer.content_type.as_deref(), fallback);
    let body = client::unpack(answer, body_limit(plan));
    let (body, format) = match (body, format) {
        (Ok(body), Ok(format)) => (body, format),
        (Err(error), _) => {
            memory.end_all(scrape.at, batch);
            return Read {
                too_large: matches!(error, FetchError::TooLarge { .. }),
                error: Some(model::with_causes(&error)),
                ..Read::default()
            };
        }
        (Ok(body), Err(error)) => {
            memory.end_all(scrape.at, batch);
            return Read {
                bytes: body.bytes.len(),
                error: Some(error.to_string()),
                ..Read::default()
            };
        }
    };
    let bytes = body.bytes.len();
    if bytes == 0 {
        // A page without a byte says nothing, not even that it ends.
        memory.end_all(scrape.at, batch);
        return Read::default();
    }
    let page = Page {
        job: &plan.job,
        labels: &plan.target.labels,
        body: &body.bytes,
        format,
        at: scrape.at,
        now: scrape.began,
    };
    let (counts, taken) = append::append(&page, memory, &scrape.state.metadata, batch);
    Read {
        counts,
        bytes,
        too_large: false,
        error: taken.err().map(|error| model::with_causes(&error)),
    }
}

/// Ends all series of a target that is not scraped any more.
pub(super) fn end(state: &TargetState, shared: &Shared, mut memory: TargetMemory, at: Millis) {
    let plan = state.plan.lock().clone();
    let mut batch = Batch::default();
    memory.end_all(at, &mut batch);
    Report::stale(plan.job.extra_metrics).push(&plan.target.labels, at, &mut batch);
    hand_over(shared, &batch);
}

fn hand_over(shared: &Shared, batch: &Batch) {
    match shared.ingest.ingest(batch) {
        Ok(ingested) => {
            shared.metrics.stored(ingested.samples, ingested.n_rejected);
            if let Some((labels, rejection)) = ingested.rejected.first() {
                let n = ingested.n_rejected;
                tracing::debug!(n, %labels, %rejection, "samples of a scrape were refused");
            }
        }
        Err(error) => {
            shared.metrics.not_stored();
            tracing::debug!(%error, "the samples of a scrape were not stored");
        }
    }
}
