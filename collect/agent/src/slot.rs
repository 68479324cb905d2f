//! One collector as the schedule sees it: whether it may run, what its last collection meant, which series it has.

use std::time::Duration;

use host::CollectError;
use model::{Batch, Millis, with_causes};

use crate::config::Source;
use crate::gather::{FixedLabels, Gather, Runner};
use crate::series::SeriesSet;
use crate::shared::{Outcome, Running, Verdict};
use crate::status::{CollectorState, CollectorStatus};

/// How long a source that is not there is left alone.
const RETRY_UNAVAILABLE: Millis = 60_000;

/// A collector and what is known of it.
pub(crate) struct Slot {
    pub(crate) status: CollectorStatus,
    /// Runs on every so many ticks.
    every: u64,
    /// `None` while it runs, or if it is disabled.
    runner: Option<Box<Runner>>,
    /// The collection that did not return in the schedule's patience.
    late: Option<Late>,
    /// Not before this time, if its source was not there.
    retry_at: Option<Millis>,
    series: SeriesSet,
}

/// A collection that the schedule goes on without.
struct Late {
    running: Running,
    timed_out: bool,
}

impl Slot {
    /// Makes a slot whose collector was not run yet.
    pub(crate) fn new(source: Source, interval: Duration, mut fixed: FixedLabels) -> Self {
        fixed.target.insert(0, ("job", source.job.to_owned()));
        let state = match source.collector {
            Some(_) => CollectorState::Starting,
            None => CollectorState::Disabled,
        };
        let runner = source.collector.map(|collector| {
            Box::new(Runner {
                collector,
                make: source.make,
                gather: Gather::new(fixed, source.series_cap),
            })
        });
        Self {
            status: CollectorStatus {
                name: source.name,
                job: source.job,
                source: source.source,
                state,
                message: String::new(),
                hint: None,
                interval: interval * source.every.max(1),
                last_run: None,
                last_success: None,
                last_duration: Default::default(),
                cpu_total: Default::default(),
                cpu_last: Default::default(),
                runs: 0,
                errors: 0,
                timeouts: 0,
                series: 0,
                series_dropped: 0,
            },
            every: u64::from(source.every.max(1)),
            runner,
            late: None,
            retry_at: None,
            series: SeriesSet::default(),
        }
    }

    /// Hands out the collector if it is due on the `n`-th tick, which stands at `tick`.
    pub(crate) fn take_due(&mut self, n: u64, tick: Millis, epoch: u64) -> Option<Box<Runner>> {
        // Everything runs on the first two ticks, so that rates exist soon after the start.
        let on_turn = n < 2 || n.is_multiple_of(self.every);
        let left_alone = self.retry_at.is_some_and(|at| tick < at);
        if !on_turn || left_alone {
            return None;
        }
        let mut runner = self.runner.take()?;
        runner.gather.begin(epoch);
        self.status.runs += 1;
        self.status.last_run = Some(tick);
        Some(runner)
    }

    /// Takes the collector of a collection back that never started.
    pub(crate) fn put_back(&mut self, runner: Box<Runner>) {
        self.status.runs -= 1;
        self.runner = Some(runner);
    }

    /// Notes that the schedule goes on without a collection.
    pub(crate) fn leave(&mut self, running: Running) {
        self.late = Some(Late {
            running,
            timed_out: false,
        });
    }

    /// Tells whether the schedule went on without the collection that is out.
    pub(crate) fn is_late(&self) -> bool {
        self.late.is_some()
    }

    /// Returns how long the collection that is late may still take, `None` if there is none or its time is over.
    pub(crate) fn time_left(&self, timeout: Duration) -> Option<Duration> {
        let late = self.late.as_ref().filter(|late| !late.timed_out)?;
        Some(timeout.saturating_sub(late.running.started.elapsed()))
    }

    /// Takes a collection back. If it returned in time, its samples, and the markers of series that it no longer
    /// has, come into `out`; otherwise they are lost.
    pub(crate) fn take_back(&mut self, outcome: Outcome, out: &mut Batch) {
        let timed_out = self.late.take().is_some_and(|late| late.timed_out);
        self.settle(&outcome);
        let Outcome {
            runner,
            tick,
            verdict,
            wall,
            ..
        } = outcome;
        if timed_out {
            self.status.state = CollectorState::TimedOut;
            self.status.message = format!("returned after {wall:.1?}, its samples were dropped");
        } else if matches!(verdict, Verdict::Panicked(_)) {
            self.series.end_all(tick, out);
        } else {
            let batch = runner.gather.batch();
            let (dropped, message) = runner.gather.dropped();
            let status = &mut self.status;
            status.series = self.series.merge(batch, tick, out);
            let repeated = batch.rows().len() - status.series;
            status.series_dropped = dropped + repeated;
            if status.message.is_empty() {
                status.message = match message {
                    Some(message) => message,
                    None if repeated > 0 => format!("dropped {repeated} repeated series"),
                    None => String::new(),
                };
            }
        }
        self.runner = Some(runner);
    }

    /// Declares that the late collection timed out, and ends the collector's series at `tick`.
    pub(crate) fn time_out(&mut self, tick: Millis, out: &mut Batch) {
        let Some(late) = &mut self.late else {
            return;
        };
        late.timed_out = true;
        let status = &mut self.status;
        status.state = CollectorState::TimedOut;
        status.timeouts += 1;
        status.series = 0;
        status.message = format!(
            "did not return from its collection at {} and still runs",
            late.running.tick
        );
        status.hint = Some("look for file systems that do not answer, such as a mount of a dead server");
        tracing::warn!(collector = status.name, "collector does not return");
        self.series.end_all(tick, out);
    }

    /// Turns the end of a collection into the collector's state.
    fn settle(&mut self, outcome: &Outcome) {
        let status = &mut self.status;
        let before = status.state;
        status.last_duration = outcome.wall;
        status.cpu_last = outcome.cpu;
        status.cpu_total += outcome.cpu;
        status.message.clear();
        status.hint = None;
        status.series = 0;
        status.series_dropped = 0;
        self.retry_at = None;
        status.state = match &outcome.verdict {
            Verdict::Whole => {
                status.last_success = Some(outcome.tick);
                CollectorState::Ok
            }
            Verdict::Failed(error) => {
                status.message = with_causes(error);
                if let CollectError::Denied { hint, .. } = error {
                    status.hint = Some(hint);
                }
                match error {
                    CollectError::Absent { .. } | CollectError::Denied { .. } => {
                        self.retry_at = Some(outcome.tick + RETRY_UNAVAILABLE);
                        CollectorState::Unavailable
                    }
                    CollectError::Read { .. } | CollectError::Partial(_) => {
                        status.errors += 1;
                        CollectorState::Failing
                    }
                }
            }
            Verdict::Panicked(message) => {
                status.errors += 1;
                status.message = format!("panicked: {message}");
                CollectorState::Failing
            }
        };
        log_change(before, status);
    }
}

fn log_change(before: CollectorState, status: &CollectorStatus) {
    if before == status.state {
        return;
    }
    let (collector, message) = (status.name, status.message.as_str());
    match status.state {
        CollectorState::Failing => tracing::warn!(collector, message, "collector fails"),
        CollectorState::Unavailable => tracing::debug!(collector, message, "collector has no source"),
        CollectorState::Ok if before != CollectorState::Starting => {
            tracing::info!(collector, "collector recovered");
        }
        _ => {}
    }
}
