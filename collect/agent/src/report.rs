//! The agent's metrics about itself.

use model::{Family, Sink};

use crate::status::{AgentStatus, CollectorState};

const DURATION: Family<'_> = Family::gauge(
    "periplus_agent_collector_duration_seconds",
    "Wall-clock time of the latest finished collection.",
);
const CPU: Family<'_> = Family::counter(
    "periplus_agent_collector_cpu_seconds_total",
    "CPU time of all finished collections.",
);
const SUCCESS: Family<'_> = Family::gauge(
    "periplus_agent_collector_success",
    "Whether the latest collection was whole.",
);
const RUNS: Family<'_> = Family::counter("periplus_agent_collector_runs_total", "Collections started.");
const ERRORS: Family<'_> = Family::counter(
    "periplus_agent_collector_errors_total",
    "Collections that failed in part, as a whole or by a panic.",
);
const TIMEOUTS: Family<'_> = Family::counter(
    "periplus_agent_collector_timeouts_total",
    "Collections that did not return within the timeout.",
);
const SERIES: Family<'_> = Family::gauge(
    "periplus_agent_collector_series",
    "Series of the latest finished collection.",
);
const SERIES_DROPPED: Family<'_> = Family::gauge(
    "periplus_agent_collector_series_dropped",
    "Series of the latest finished collection that were over the cap, repeated or invalid.",
);
const TICKS: Family<'_> = Family::counter("periplus_agent_ticks_total", "Ticks so far.");
const LAST_TICK: Family<'_> = Family::gauge(
    "periplus_agent_last_tick_timestamp_seconds",
    "Timestamp of the latest tick.",
);
const SAMPLES: Family<'_> = Family::counter(
    "periplus_agent_ingest_samples_total",
    "Samples that the store took.",
);
const REJECTED: Family<'_> = Family::counter(
    "periplus_agent_ingest_rejected_samples_total",
    "Samples that the store refused one by one.",
);
const FAILURES: Family<'_> = Family::counter(
    "periplus_agent_ingest_failures_total",
    "Times that the store refused a whole batch.",
);
const WAITING: Family<'_> = Family::gauge(
    "periplus_agent_ingest_waiting_batches",
    "Batches that wait to be offered to the store again.",
);
const DROPPED: Family<'_> = Family::counter(
    "periplus_agent_ingest_dropped_samples_total",
    "Samples lost because too many batches waited.",
);

/// Hands an agent's metrics to `out`.
pub(crate) fn report(status: &AgentStatus, out: &mut dyn Sink) {
    // A collector whose source this machine lacks has nothing to tell; half of them do.
    let runs = |state| {
        let idle = [
            CollectorState::Disabled,
            CollectorState::Starting,
            CollectorState::Unavailable,
        ];
        !idle.contains(&state)
    };
    for collector in status.collectors.iter().filter(|c| runs(c.state)) {
        let labels = [("collector", collector.name)];
        let success = f64::from(u8::from(collector.state == CollectorState::Ok));
        out.sample(&DURATION, &labels, collector.last_duration.as_secs_f64());
        out.sample(&CPU, &labels, collector.cpu_total.as_secs_f64());
        out.sample(&SUCCESS, &labels, success);
        out.sample(&RUNS, &labels, collector.runs as f64);
        out.sample(&ERRORS, &labels, collector.errors as f64);
        out.sample(&TIMEOUTS, &labels, collector.timeouts as f64);
        out.sample(&SERIES, &labels, collector.series as f64);
        out.sample(&SERIES_DROPPED, &labels, collector.series_dropped as f64);
    }
    out.sample(&TICKS, &[], status.ticks as f64);
    if let Some(tick) = status.last_tick {
        out.sample(&LAST_TICK, &[], tick as f64 / 1000.0);
    }
    let ingest = &status.ingest;
    out.sample(&SAMPLES, &[], ingest.samples as f64);
    out.sample(&REJECTED, &[], ingest.rejected as f64);
    out.sample(&FAILURES, &[], ingest.failures as f64);
    out.sample(&WAITING, &[], ingest.waiting_batches as f64);
    out.sample(&DROPPED, &[], ingest.dropped_samples as f64);
}
