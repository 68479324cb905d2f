//! Asks again and again, beside the keys, so that neither waits for the other.

use std::convert::Infallible;
use std::time::Duration;

use service::{TaskError, Tasks};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::questions;
use super::snapshot::Snapshot;
use crate::client::{Client, ClientError};

/// Looks at a machine, one every interval.
pub(super) struct Feed {
    snapshots: mpsc::Receiver<Result<Snapshot, ClientError>>,
    paused: watch::Sender<bool>,
    tasks: Tasks,
}

impl Feed {
    /// Starts to ask, first after one interval. Dropping the feed ends it.
    pub(super) fn start(client: Client, instance: String, interval: Duration) -> Self {
        // One waits at most: whoever does not look gets no further ones.
        let (tx, snapshots) = mpsc::channel(1);
        let (paused, pause) = watch::channel(false);
        let mut tasks = Tasks::new(CancellationToken::new());
        tasks.start("feed", async move {
            let outlet = Outlet { tx, pause };
            outlet.fill(client, &instance, interval).await;
            Ok::<(), Infallible>(())
        });
        Self {
            snapshots,
            paused,
            tasks,
        }
    }

    /// Tells whether it pauses.
    pub(super) fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Stops asking, or goes on.
    pub(super) fn toggle_pause(&self) {
        self.paused.send_modify(|paused| *paused = !*paused);
    }

    /// Waits for the next look. Safe to drop and call again.
    ///
    /// # Errors
    /// The task that asks has ended, which it never does by itself.
    pub(super) async fn next(&mut self) -> Result<Result<Snapshot, ClientError>, TaskError> {
        match self.snapshots.recv().await {
            Some(answer) => Ok(answer),
            None => match self.tasks.watch().await {
                Err(error) => Err(error),
                Ok(()) => Err(TaskError::EndedEarly { name: "feed" }),
            },
        }
    }
}

/// The task's end of a feed.
struct Outlet {
    tx: mpsc::Sender<Result<Snapshot, ClientError>>,
    pause: watch::Receiver<bool>,
}

impl Outlet {
    /// Asks until nobody looks any more.
    async fn fill(mut self, mut client: Client, instance: &str, interval: Duration) {
        let mut ticks = tokio::time::interval_at(Instant::now() + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.pause.wait_for(|paused| !*paused).await.is_err() {
                return;
            }
            let answer = questions::ask(&mut client, instance).await;
            if self.tx.send(answer).await.is_err() {
                return;
            }
        }
    }
}
