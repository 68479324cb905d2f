//! A running agent: its start, its face to its owner, its end.

use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use model::{Clock, Ingest, Millis, Sink};
use tokio::sync::watch;

use crate::config::{AgentConfig, AgentError, Extra, Source, sources};
use crate::delivery::Delivery;
use crate::gather::FixedLabels;
use crate::report::report;
use crate::scheduler::{Parts, Scheduler};
use crate::shared::Shared;
use crate::slot::Slot;
use crate::status::AgentStatus;

const SCHEDULE_THREAD: &str = "agent-schedule";

/// Runs collectors until it is stopped. Dropping it asks its threads to end and does not wait for them.
pub struct Agent {
    shared: Arc<Shared>,
    ticks: watch::Receiver<Millis>,
}

impl Agent {
    /// Starts an agent; its first tick is due at once.
    ///
    /// # Errors
    /// The configuration is wrong, or the system gives no thread.
    pub fn start(
        config: AgentConfig,
        extras: Vec<Extra>,
        ingest: Arc<dyn Ingest>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AgentError> {
        let sources = sources(&config, extras)?;
        Self::launch(config, sources, ingest, clock)
    }

    /// Starts an agent on sources that were checked.
    pub(crate) fn launch(
        config: AgentConfig,
        sources: Vec<Source>,
        ingest: Arc<dyn Ingest>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AgentError> {
        let fixed = FixedLabels {
            target: vec![("instance", config.instance)],
            extra: config.extra_labels,
        };
        let slots: Vec<Slot> = sources
            .into_iter()
            .map(|source| Slot::new(source, config.interval, fixed.clone()))
            .collect();
        let status = AgentStatus {
            collectors: slots.iter().map(|slot| slot.status.clone()).collect(),
            ..AgentStatus::default()
        };
        let shared = Arc::new(Shared::new(config.root, status));
        let (sender, ticks) = watch::channel(0);
        let scheduler = Scheduler::new(Parts {
            shared: Arc::clone(&shared),
            clock,
            delivery: Delivery::new(ingest),
            ticks: sender,
            slots,
            fixed,
            interval: config.interval,
            patience: config.patience,
            timeout: config.timeout,
        });
        let mut pool = shared.pool.lock();
        let handle = Builder::new()
            .name(SCHEDULE_THREAD.to_owned())
            .spawn(move || scheduler.run())
            .map_err(|source| AgentError::Thread {
                name: SCHEDULE_THREAD.to_owned(),
                source,
            })?;
        pool.alive += 1;
        pool.handles.push(handle);
        drop(pool);
        Ok(Self { shared, ticks })
    }

    /// Returns how the agent and its collectors stood after the latest change.
    pub fn status(&self) -> AgentStatus {
        self.shared.status.lock().clone()
    }

    /// Watches ticks: the value is the timestamp of the latest one, sent after its batch was handed over; 0 before
    /// the first. The channel closes when the agent has stopped.
    pub fn ticks(&self) -> watch::Receiver<Millis> {
        self.ticks.clone()
    }

    /// Hands the agent's own metrics, `periplus_agent_…`, to `out`.
    pub fn report(&self, out: &mut dyn Sink) {
        report(&self.shared.status.lock(), out);
    }

    /// Stops: lets the collection that runs finish within the patience, offers what was collected to the store
    /// once more and waits for the threads until the deadline. A collector that hangs keeps its thread; it ends
    /// when the collector returns. Series get no stale markers: whoever starts again within the lookback carries
    /// them on.
    pub fn stop(self, deadline: Duration) {
        self.shared.request_stop();
        let until = Instant::now().checked_add(deadline);
        let mut pool = self.shared.pool.lock();
        while pool.alive > 0 {
            match until {
                Some(until) if self.shared.ended.wait_until(&mut pool, until).timed_out() => break,
                Some(_) => {}
                None => self.shared.ended.wait(&mut pool),
            }
        }
        let all_ended = pool.alive == 0;
        let handles = std::mem::take(&mut pool.handles);
        drop(pool);
        for handle in handles {
            let name = handle.thread().name().unwrap_or("").to_owned();
            if !all_ended && !handle.is_finished() {
                tracing::warn!(thread = name, "thread still runs at the end");
            } else if handle.join().is_err() {
                tracing::error!(thread = name, "thread ended by a panic");
            }
        }
    }

    /// Makes the schedule look at its clock, for tests that own it.
    #[cfg(test)]
    pub(crate) fn look_at_clock(&self) {
        self.shared.to_scheduler.notify_all();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.shared.request_stop();
    }
}

#[cfg(test)]
mod tests;
