//! The thread that keeps the schedule: it gives due collections to the worker, goes on without those that are
//! late, and hands each tick's samples over.

mod schedule;

use std::sync::Arc;
use std::time::{Duration, Instant};

use host::table::NODE;
use model::{Batch, Clock, Family, Millis, Sink};
use parking_lot::MutexGuard;
use tokio::sync::watch;

use crate::delivery::Delivery;
use crate::gather::{FixedLabels, Gather, Runner};
use crate::series::SeriesSet;
use crate::shared::{Outcome, Pool, Presence, Shared};
use crate::slot::Slot;
use crate::status::{AgentStatus, CollectorState};
use crate::worker;
use schedule::Schedule;

/// Longest time without a look at the clock, which may be set or stand still while the machine sleeps.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);

const UP: Family<'_> = Family::gauge(
    "up",
    "Whether at least one collector of the job handed over its samples.",
);
const DURATION: Family<'_> = Family::gauge(
    "node_scrape_collector_duration_seconds",
    "Wall-clock time of the latest collection of a collector.",
);
const SUCCESS: Family<'_> = Family::gauge(
    "node_scrape_collector_success",
    "Whether the latest collection of a collector was whole.",
);
/// Series that the agent adds itself, a collector.
const OWN_SERIES: usize = 3;

/// Keeps the schedule of one agent.
pub(crate) struct Scheduler {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    delivery: Delivery,
    ticks: watch::Sender<Millis>,
    schedule: Schedule,
    slots: Vec<Slot>,
    own: Gather,
    own_series: SeriesSet,
    patience: Duration,
    timeout: Duration,
    /// Grows when the store refused a batch: families are described again then.
    epoch: u64,
    failures_seen: u64,
}

/// What a scheduler is made of.
pub(crate) struct Parts {
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) delivery: Delivery,
    pub(crate) ticks: watch::Sender<Millis>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) fixed: FixedLabels,
    pub(crate) interval: Duration,
    pub(crate) patience: Duration,
    pub(crate) timeout: Duration,
}

impl Scheduler {
    /// Makes a scheduler whose first tick is due at once.
    pub(crate) fn new(parts: Parts) -> Self {
        let cap = (parts.slots.len() * OWN_SERIES).max(1);
        Self {
            schedule: Schedule::new(parts.interval, parts.clock.now()),
            own: Gather::new(parts.fixed, cap),
            own_series: SeriesSet::default(),
            shared: parts.shared,
            clock: parts.clock,
            delivery: parts.delivery,
            ticks: parts.ticks,
            slots: parts.slots,
            patience: parts.patience,
            timeout: parts.timeout,
            epoch: 0,
            failures_seen: 0,
        }
    }

    /// Keeps the schedule until a stop is requested, then offers what waits once more.
    pub(crate) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _presence = Presence::of(&shared);
        while self.wait(&shared) {
            let tick = self.schedule.take(self.clock.now());
            self.tick(&shared, tick);
        }
        self.delivery.flush();
        self.publish();
    }

    /// Waits for the next tick and takes late collections back meanwhile; `false` once a stop is requested.
    fn wait(&mut self, shared: &Shared) -> bool {
        loop {
            let mut pool = shared.pool.lock();
            if pool.stopping {
                return false;
            }
            let returned = std::mem::take(&mut pool.done);
            if !returned.is_empty() {
                drop(pool);
                self.take_late(returned);
                self.publish();
                continue;
            }
            let wait = self.schedule.wait(self.clock.now());
            if wait.is_zero() {
                return true;
            }
            let left = self
                .slots
                .iter()
                .filter_map(|slot| slot.time_left(self.timeout))
                .min();
            let until = wait.min(LOOK_AT_CLOCK).min(left.unwrap_or(LOOK_AT_CLOCK));
            // A wake-up without a cause costs one more turn, nothing else.
            shared.to_scheduler.wait_for(&mut pool, until);
            drop(pool);
            if left == Some(Duration::ZERO) || self.delivery.is_waiting() {
                self.send_timeouts();
                self.delivery.flush();
                self.publish();
            }
        }
    }

    fn tick(&mut self, shared: &Arc<Shared>, tick: Millis) {
        let n = self.schedule.ticks() - 1;
        let due: Vec<(usize, Box<Runner>)> = self
            .slots
            .iter_mut()
            .enumerate()
            .filter_map(|(i, slot)| Some((i, slot.take_due(n, tick, self.epoch)?)))
            .collect();
        let outcomes = self.collect(shared, tick, due);
        let mut batch = self.delivery.empty_batch();
        let mut late = Vec::new();
        for outcome in outcomes {
            match self.slots.get_mut(outcome.slot) {
                Some(slot) if !slot.is_late() => slot.take_back(outcome, &mut batch),
                _ => late.push(outcome),
            }
        }
        self.add_own(tick, &mut batch);
        self.delivery.send(batch);
        self.take_late(late);
        if self.delivery.status().failures != self.failures_seen {
            self.failures_seen = self.delivery.status().failures;
            self.epoch += 1;
        }
        self.publish();
        self.ticks.send_replace(tick);
    }

    /// Runs due collections and returns those that came back; late ones stay out with a note in their slot.
    fn collect(
        &mut self,
        shared: &Arc<Shared>,
        tick: Millis,
        due: Vec<(usize, Box<Runner>)>,
    ) -> Vec<Outcome> {
        let mut pool = shared.pool.lock();
        pool.tick = tick;
        pool.queue.extend(due);
        self.staff(shared, &mut pool);
        shared.to_worker.notify_all();
        while (!pool.queue.is_empty() && !pool.stopping && pool.staffed) || pool.running.is_some() {
            let now = Instant::now();
            let until = pool
                .running
                .map_or(now + self.patience, |running| running.started + self.patience);
            if now < until {
                shared.to_scheduler.wait_until(&mut pool, until);
                continue;
            }
            let Some(running) = pool.running.take() else {
                continue;
            };
            if let Some(slot) = self.slots.get_mut(running.slot) {
                slot.leave(running);
            }
            pool.generation += 1;
            pool.staffed = false;
            self.staff(shared, &mut pool);
        }
        for (i, runner) in std::mem::take(&mut pool.queue) {
            if let Some(slot) = self.slots.get_mut(i) {
                slot.put_back(runner);
            }
        }
        std::mem::take(&mut pool.done)
    }

    /// Sees to it that a worker takes from the queue if there is something in it.
    fn staff(&self, shared: &Arc<Shared>, pool: &mut MutexGuard<'_, Pool>) {
        if pool.staffed || pool.queue.is_empty() || pool.stopping {
            return;
        }
        if let Err(error) = worker::spawn(shared, pool) {
            tracing::error!(%error, "failed to start a thread to collect");
        }
    }

    /// Takes late collections back, each as a batch of its own.
    fn take_late(&mut self, returned: Vec<Outcome>) {
        self.send_timeouts();
        for outcome in returned {
            let mut batch = self.delivery.empty_batch();
            if let Some(slot) = self.slots.get_mut(outcome.slot) {
                slot.take_back(outcome, &mut batch);
            }
            self.delivery.send(batch);
        }
    }

    /// Ends the series of collectors whose time is over.
    fn send_timeouts(&mut self) {
        let mut batch = self.delivery.empty_batch();
        for slot in &mut self.slots {
            if slot.time_left(self.timeout) == Some(Duration::ZERO) {
                slot.time_out(self.schedule.last(), &mut batch);
            }
        }
        self.delivery.send(batch);
    }

    /// Adds what the agent says of the jobs and collectors that it runs.
    fn add_own(&mut self, tick: Millis, out: &mut Batch) {
        self.own.begin(self.epoch);
        let ran = self.slots.iter().map(|slot| (&slot.status, slot.is_late()));
        let ran = ran.filter(|(status, _)| status.runs > 0);
        let mut jobs: Vec<(&str, bool)> = Vec::new();
        for (status, late) in ran {
            let success = status.state == CollectorState::Ok && !late;
            let labels = [("collector", status.name), ("job", NODE)];
            self.own
                .sample(&DURATION, &labels, status.last_duration.as_secs_f64());
            self.own.sample(&SUCCESS, &labels, f64::from(u8::from(success)));
            if status.state == CollectorState::Unavailable {
                continue;
            }
            let handed_over = success || status.series > 0;
            match jobs.iter_mut().find(|(job, _)| *job == status.job) {
                Some((_, up)) => *up |= handed_over,
                None => jobs.push((status.job, handed_over)),
            }
        }
        for (job, up) in jobs {
            self.own.sample(&UP, &[("job", job)], f64::from(u8::from(up)));
        }
        self.own_series.merge(self.own.batch(), tick, out);
    }

    /// Shows readers how everything stands.
    fn publish(&self) {
        let mut status = self.shared.status.lock();
        let AgentStatus {
            collectors,
            ticks,
            last_tick,
            ingest,
        } = &mut *status;
        collectors.clear();
        collectors.extend(self.slots.iter().map(|slot| slot.status.clone()));
        *ticks = self.schedule.ticks();
        *last_tick = (*ticks > 0).then(|| self.schedule.last());
        ingest.clone_from(self.delivery.status());
    }
}
