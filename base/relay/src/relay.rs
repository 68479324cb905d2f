//! The feeder's side: lanes, backpressure, acknowledgement.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::lane::{self, Queued};
use crate::ledger::Ledger;
use crate::load::{Load, Moved};
use crate::metrics::{Metrics, RelayStatus};
use crate::{Deliver, Parcel, RelayConfig};

/// How often the number of lanes is thought over.
const REVIEW_INTERVAL: Duration = Duration::from_secs(10);

/// Why a parcel was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A lane has ended before its time, which is a mistake in a [`Deliver`].
    #[error("lane {lane} of the relay has failed; restart it from the acknowledged position")]
    LaneFailed {
        /// Its number.
        lane: usize,
    },
}

/// What the feeder and the lanes share.
pub(crate) struct Shared<D> {
    pub(crate) config: RelayConfig,
    pub(crate) deliver: D,
    pub(crate) metrics: Metrics,
    ledger: Mutex<Progress>,
}

/// Parcels under way, and how far the feeder has come.
#[derive(Debug, Default)]
struct Progress {
    ledger: Ledger,
    complete: u64,
}

impl<D> Shared<D> {
    /// Notes that parcels have arrived, or never will.
    pub(crate) fn settle(&self, positions: &[u64], weight: usize) {
        let mut progress = self.ledger.lock();
        for &position in positions {
            progress.ledger.end(position);
        }
        self.publish(&progress);
        drop(progress);
        self.metrics.pending.fetch_sub(weight, Ordering::Relaxed);
    }

    fn publish(&self, progress: &Progress) {
        let acknowledged = progress.ledger.acknowledged(progress.complete);
        self.metrics.acknowledged.store(acknowledged, Ordering::Relaxed);
    }
}

/// Moves parcels in lanes; see the crate. Made and used within a tokio runtime.
pub struct Relay<T, D> {
    shared: Arc<Shared<D>>,
    lanes: Vec<Lane<T>>,
    tasks: JoinSet<()>,
    abandon: CancellationToken,
    load: Load,
    reviewed: Instant,
    seen: RelayStatus,
}

struct Lane<T> {
    queue: mpsc::Sender<Queued<T>>,
    room: Arc<Semaphore>,
}

impl<T: Send + 'static, D: Deliver<T>> Relay<T, D> {
    /// Begins with the fewest lanes.
    pub fn new(config: RelayConfig, deliver: D) -> Self {
        let shared = Arc::new(Shared {
            config: config.settled(),
            deliver,
            metrics: Metrics::default(),
            ledger: Mutex::default(),
        });
        let mut relay = Self {
            lanes: Vec::new(),
            tasks: JoinSet::new(),
            abandon: CancellationToken::new(),
            load: Load::new(Instant::now()),
            reviewed: Instant::now(),
            seen: RelayStatus::default(),
            shared,
        };
        let lanes = relay.shared.config.min_lanes;
        relay.open_lanes(lanes);
        relay
    }

    /// Returns how many lanes there are. The feeder chooses the lane of a parcel, the same for what must stay in
    /// order, as long as the number does not change; it changes in [`Relay::review`] only.
    pub fn n_lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Returns who moves requests the last step.
    pub fn deliver(&self) -> &D {
        &self.shared.deliver
    }

    /// Hands over a parcel, waiting for room in its lane (modulo the number of lanes).
    ///
    /// # Errors
    /// The lane has failed. Parcels that it held are not acknowledged.
    pub async fn push(&mut self, lane: usize, parcel: Parcel<T>) -> Result<(), RelayError> {
        let lane = lane % self.lanes.len().max(1);
        let failed = || RelayError::LaneFailed { lane };
        let Lane { queue, room } = self.lanes.get(lane).ok_or_else(failed)?;
        let weight = parcel.weight;
        // More than all the room there is takes all of it.
        let permits = u32::try_from(weight.clamp(1, self.shared.config.capacity)).unwrap_or(u32::MAX);
        let acquired = Arc::clone(room).acquire_many_owned(permits).await;
        let room = acquired.map_err(|_closed| failed())?;
        self.shared.ledger.lock().ledger.begin(parcel.position);
        self.shared.metrics.pending.fetch_add(weight, Ordering::Relaxed);
        Metrics::add(&self.shared.metrics.received, weight);
        let sent = queue.send(Queued { parcel, room }).await;
        sent.map_err(|_closed| failed())
    }

    /// Says that everything up to a position has been pushed, or needs no pushing. Only then it can be acknowledged.
    pub fn complete(&mut self, position: u64) {
        let mut progress = self.shared.ledger.lock();
        progress.complete = progress.complete.max(position);
        progress.ledger.pass(position);
        self.shared.publish(&progress);
    }

    /// Returns the last position up to which everything was taken or refused.
    pub fn acknowledged(&self) -> u64 {
        self.shared.metrics.acknowledged.load(Ordering::Relaxed)
    }

    /// Says where the relay stands.
    pub fn status(&self) -> RelayStatus {
        self.shared.metrics.status()
    }

    /// Returns a handle that says where the relay stands after it was moved away.
    pub fn watch(&self) -> impl Fn() -> RelayStatus + Send + Sync + use<T, D> {
        let shared = Arc::clone(&self.shared);
        move || shared.metrics.status()
    }

    /// Thinks over the number of lanes now and then, given the weight that still waits in the log. A change waits
    /// until all lanes are empty, so that nothing is overtaken.
    pub async fn review(&mut self, backlog: u64) {
        let now = Instant::now();
        if now.duration_since(self.reviewed) < REVIEW_INTERVAL {
            return;
        }
        self.reviewed = now;
        let status = self.status();
        let dropped = |status: &RelayStatus| status.dropped.iter().map(|(_, n)| n).sum::<u64>();
        let sent = |status: &RelayStatus| status.delivered + dropped(status);
        let moved = Moved {
            received: status.received - self.seen.received,
            sent: sent(&status) - sent(&self.seen),
            busy: status.busy.saturating_sub(self.seen.busy),
        };
        self.seen = status;
        self.load.take(moved, now);
        let config = &self.shared.config;
        let (min, max) = (config.min_lanes, config.max_lanes);
        let lanes = self.load.lanes(self.lanes.len(), backlog, (min, max));
        self.shared.metrics.wanted_lanes.store(lanes, Ordering::Relaxed);
        if lanes != self.lanes.len() {
            tracing::info!(
                from = self.lanes.len(),
                to = lanes,
                "the number of lanes of a relay changes"
            );
            self.drain().await;
            self.open_lanes(lanes);
        }
    }

    /// Delivers what there is for up to `patience`, then leaves the rest unacknowledged. Returns where the relay
    /// stands at the end.
    pub async fn stop(mut self, patience: Duration) -> RelayStatus {
        let drained = tokio::time::timeout(patience, self.drain()).await;
        if drained.is_err() {
            self.abandon.cancel();
            self.drain().await;
        }
        self.status()
    }

    /// Closes the lanes and waits until they are empty.
    async fn drain(&mut self) {
        self.lanes.clear();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a lane of a relay failed");
            }
        }
    }

    fn open_lanes(&mut self, n: usize) {
        let capacity = self.shared.config.capacity;
        for _ in 0..n {
            // The room bounds the weight; a parcel weighs one at least, so the queue cannot be full before.
            let (queue, receiver) = mpsc::channel(capacity.min(Semaphore::MAX_PERMITS));
            let room = Arc::new(Semaphore::new(capacity.min(Semaphore::MAX_PERMITS)));
            self.tasks.spawn(lane::run(
                receiver,
                Arc::clone(&self.shared),
                self.abandon.clone(),
            ));
            self.lanes.push(Lane { queue, room });
        }
        self.shared.metrics.lanes.store(n, Ordering::Relaxed);
        self.shared.metrics.wanted_lanes.store(n, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
