//! Brings events to the log.

use std::sync::Arc;
use std::time::Duration;

use model::{Event, EventLog};
use tokio_util::sync::CancellationToken;

use super::EventBook;
use crate::reflector::{Backoff, Timing};

/// Events handed over at once.
const BATCH: usize = 2_000;
/// Time in which more events are waited for, so that the log has few and large batches.
const GATHER: Duration = Duration::from_millis(500);
/// A cluster keeps events for an hour; some keep them for three.
const REMEMBERED_MS: i64 = 3 * 3_600_000 + 600_000;
/// Time for the last events at the end.
const LAST: Duration = Duration::from_secs(5);

/// Fills in what the cluster's objects tell about what an event is about.
pub(crate) type Enrich = Box<dyn Fn(&mut Event) + Send + Sync>;

/// Hands what waits to the log.
pub(crate) struct Flusher {
    pub(crate) book: Arc<EventBook>,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) enrich: Enrich,
    pub(crate) timing: Timing,
}

impl Flusher {
    /// Asks the log what it has already. `false` if told to stop before it could tell.
    pub(crate) async fn remember(&self, stop: &CancellationToken) -> bool {
        let mut backoff = Backoff::new(self.timing);
        loop {
            let since = self.book.now() - REMEMBERED_MS;
            let asked = self.log.last_seen(self.book.cluster(), since);
            let Some(answer) = stop.run_until_cancelled(asked).await else {
                return false;
            };
            match answer {
                Ok(last_seen) => {
                    self.book.remember(last_seen);
                    return true;
                }
                Err(error) if error.retryable() => {
                    tracing::warn!(cluster = self.book.cluster(), %error, "cannot tell which events are stored already; trying again");
                    let wait = tokio::time::sleep(backoff.next());
                    if stop.run_until_cancelled(wait).await.is_none() {
                        return false;
                    }
                }
                Err(error) => {
                    tracing::warn!(cluster = self.book.cluster(), %error, "cannot tell which events are stored already; some may be stored twice");
                    return true;
                }
            }
        }
    }

    /// Hands events over until told to stop, and then what is left.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut backoff = Backoff::new(self.timing);
        loop {
            let waited = async {
                self.book.waiting.notified().await;
                tokio::time::sleep(GATHER).await;
            };
            if stop.run_until_cancelled(waited).await.is_none() {
                break;
            }
            while let Err(wait) = self.flush(&mut backoff).await {
                if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                    break;
                }
            }
        }
        if tokio::time::timeout(LAST, self.flush(&mut backoff))
            .await
            .is_err()
        {
            tracing::warn!(
                cluster = self.book.cluster(),
                "the last events were not stored in time; they come again after the start"
            );
        }
    }

    /// Hands over what waits; on failure says how long to wait.
    async fn flush(&self, backoff: &mut Backoff) -> Result<(), Duration> {
        loop {
            let mut events = self.book.take(BATCH);
            if events.is_empty() {
                return Ok(());
            }
            for event in &mut events {
                (self.enrich)(event);
            }
            let n = events.len();
            match self.log.append(events.clone()).await {
                Ok(()) => {
                    backoff.reset();
                    self.book.handed_over(n);
                }
                Err(error) if error.retryable() => {
                    if backoff.failures() == 0 {
                        tracing::warn!(cluster = self.book.cluster(), %error, "events wait for the log");
                    }
                    self.book.put_back(events);
                    return Err(backoff.next());
                }
                Err(error) => {
                    tracing::error!(cluster = self.book.cluster(), %error, n, "events are lost");
                    self.book.refused(n);
                }
            }
        }
    }
}
