//! One lane: parcels in order, one request under way at a time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::metrics::Metrics;
use crate::relay::Shared;
use crate::{Deliver, Outcome, Parcel};

/// Failures of one request after which a person is told, once: one or two are what networks do.
const FAILURES_TO_SAY: u32 = 5;

/// A parcel in a lane, with the room that it takes there.
pub(crate) struct Queued<T> {
    pub(crate) parcel: Parcel<T>,
    pub(crate) room: OwnedSemaphorePermit,
}

/// Parcels that become one request.
struct Gathered<T> {
    payloads: Vec<T>,
    positions: Vec<u64>,
    rooms: Vec<OwnedSemaphorePermit>,
    weight: usize,
}

/// Runs a lane until its queue is closed and empty, or `abandon` is called, which leaves what was not delivered
/// unacknowledged.
pub(crate) async fn run<T: Send + 'static, D: Deliver<T>>(
    mut queue: mpsc::Receiver<Queued<T>>,
    shared: Arc<Shared<D>>,
    abandon: CancellationToken,
) {
    let mut held = None;
    loop {
        let gathered = tokio::select! {
            biased;
            () = abandon.cancelled() => return,
            gathered = gather(&mut queue, &mut held, &shared) => gathered,
        };
        let Some(gathered) = gathered else { return };
        let delivered = abandon.run_until_cancelled(deliver(gathered, &shared)).await;
        if delivered.is_none() {
            return;
        }
    }
}

/// Gathers parcels up to the weight of a request or the deadline of the first. A parcel that is too much is held for
/// the next request. Returns nothing once the queue is closed and empty.
async fn gather<T, D>(
    queue: &mut mpsc::Receiver<Queued<T>>,
    held: &mut Option<Queued<T>>,
    shared: &Shared<D>,
) -> Option<Gathered<T>> {
    let config = &shared.config;
    let first = match held.take() {
        Some(first) => first,
        None => queue.recv().await?,
    };
    let deadline = Instant::now() + config.deadline;
    let mut gathered = Gathered {
        payloads: Vec::new(),
        positions: Vec::new(),
        rooms: Vec::new(),
        weight: 0,
    };
    gathered.add(first);
    while gathered.weight < config.max_request {
        // Closed or late: what there is goes.
        let Ok(Some(next)) = tokio::time::timeout_at(deadline, queue.recv()).await else {
            break;
        };
        if gathered.weight + next.parcel.weight > config.max_request {
            *held = Some(next);
            break;
        }
        gathered.add(next);
    }
    Some(gathered)
}

impl<T> Gathered<T> {
    fn add(&mut self, queued: Queued<T>) {
        let Parcel {
            payload,
            weight,
            position,
        } = queued.parcel;
        self.payloads.push(payload);
        self.positions.push(position);
        self.rooms.push(queued.room);
        self.weight += weight;
    }
}

/// Sends a request until it is taken or refused, then acknowledges.
async fn deliver<T, D: Deliver<T>>(gathered: Gathered<T>, shared: &Shared<D>) {
    let Gathered {
        payloads,
        positions,
        rooms,
        weight,
    } = gathered;
    let metrics = &shared.metrics;
    let start = Instant::now();
    let mut request = shared.deliver.prepare(payloads);
    let mut backoff = Backoff::new(&shared.config);
    let mut failures = 0_u32;
    loop {
        match shared.deliver.deliver(&mut request).await {
            Outcome::Delivered => {
                if failures >= FAILURES_TO_SAY {
                    tracing::info!(failures, "the receiver takes requests again");
                }
                Metrics::add(&metrics.delivered, weight);
                break;
            }
            Outcome::DeliveredInPart {
                dropped,
                reason,
                message,
            } => {
                tracing::warn!(dropped, weight, %message, "receiver refused a part of a request");
                Metrics::add(&metrics.delivered, weight.saturating_sub(dropped));
                metrics.drop_weight(reason, dropped.min(weight));
                break;
            }
            Outcome::Refused { reason, message } => {
                tracing::error!(weight, reason, %message, "receiver refused a request for good");
                metrics.drop_weight(reason, weight);
                break;
            }
            Outcome::Retry { after, message } => {
                Metrics::add(&metrics.retried, weight);
                Metrics::add(&metrics.failed_requests, 1);
                let wait = backoff.wait(after, rand::random());
                failures = failures.saturating_add(1);
                if failures == FAILURES_TO_SAY {
                    tracing::warn!(failures, %message, "the receiver does not take requests; what comes waits");
                } else {
                    tracing::debug!(weight, ?wait, %message, "request failed; trying again");
                }
                tokio::time::sleep(wait).await;
            }
        }
    }
    Metrics::add(&metrics.requests, 1);
    metrics.add_busy(start.elapsed());
    shared.settle(&positions, weight);
    drop(rooms);
}
