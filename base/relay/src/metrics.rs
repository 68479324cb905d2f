//! What a relay says of itself. The meanings are those of `prometheus_remote_storage_*`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use model::{Family, Sink};
use parking_lot::Mutex;

/// Counters of a relay, shared by its lanes.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) received: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) failed_requests: AtomicU64,
    pub(crate) busy_us: AtomicU64,
    pub(crate) pending: AtomicUsize,
    pub(crate) lanes: AtomicUsize,
    pub(crate) wanted_lanes: AtomicUsize,
    pub(crate) acknowledged: AtomicU64,
    dropped: Mutex<BTreeMap<&'static str, u64>>,
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_busy(&self, busy: Duration) {
        let us = u64::try_from(busy.as_micros()).unwrap_or(u64::MAX);
        self.busy_us.fetch_add(us, Ordering::Relaxed);
    }

    pub(crate) fn drop_weight(&self, reason: &'static str, weight: usize) {
        *self.dropped.lock().entry(reason).or_default() += weight as u64;
    }

    fn dropped(&self) -> Vec<(&'static str, u64)> {
        self.dropped
            .lock()
            .iter()
            .map(|(reason, n)| (*reason, *n))
            .collect()
    }

    pub(crate) fn status(&self) -> RelayStatus {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RelayStatus {
            received: get(&self.received),
            delivered: get(&self.delivered),
            retried: get(&self.retried),
            requests: get(&self.requests),
            failed_requests: get(&self.failed_requests),
            busy: Duration::from_micros(get(&self.busy_us)),
            pending: self.pending.load(Ordering::Relaxed),
            lanes: self.lanes.load(Ordering::Relaxed),
            wanted_lanes: self.wanted_lanes.load(Ordering::Relaxed),
            acknowledged: get(&self.acknowledged),
            dropped: self.dropped(),
        }
    }
}

/// What a relay has done since it began, and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayStatus {
    /// Weight that was pushed.
    pub received: u64,
    /// Weight that receivers have taken.
    pub delivered: u64,
    /// Weight that was sent once more, each time counted.
    pub retried: u64,
    /// Requests that were answered for good.
    pub requests: u64,
    /// Tries that failed and were repeated.
    pub failed_requests: u64,
    /// Time spent on requests, waits included.
    pub busy: Duration,
    /// Weight that waits or is under way.
    pub pending: usize,
    /// Lanes there are.
    pub lanes: usize,
    /// Lanes the load asks for.
    pub wanted_lanes: usize,
    /// The last position up to which everything was taken or refused.
    pub acknowledged: u64,
    /// Weight that no receiver will take, by reason.
    pub dropped: Vec<(&'static str, u64)>,
}

const RECEIVED: Family<'_> = Family::counter("periplus_relay_samples_in_total", "Samples handed to a relay.");
const DELIVERED: Family<'_> = Family::counter(
    "periplus_relay_samples_delivered_total",
    "Samples that the receiver has taken.",
);
const RETRIED: Family<'_> = Family::counter(
    "periplus_relay_samples_retried_total",
    "Samples sent once more because the receiver did not take them, each time counted.",
);
const DROPPED: Family<'_> = Family::counter(
    "periplus_relay_samples_dropped_total",
    "Samples that the receiver will never take, by reason.",
);
const REQUESTS: Family<'_> = Family::counter("periplus_relay_requests_total", "Requests answered for good.");
const FAILED: Family<'_> = Family::counter(
    "periplus_relay_requests_failed_total",
    "Requests that failed and were sent again.",
);
const BUSY: Family<'_> = Family::counter(
    "periplus_relay_request_seconds_total",
    "Time spent on requests, waits between tries included.",
);
const PENDING: Family<'_> = Family::gauge(
    "periplus_relay_samples_pending",
    "Samples that wait in a relay or are under way.",
);
const LANES: Family<'_> = Family::gauge("periplus_relay_lanes", "Requests that can be under way at once.");
const WANTED: Family<'_> = Family::gauge(
    "periplus_relay_lanes_wanted",
    "Requests that the load asks to be under way at once.",
);
const ACKNOWLEDGED: Family<'_> = Family::gauge(
    "periplus_relay_acknowledged_position",
    "Position in the log up to which everything was taken or refused.",
);

impl RelayStatus {
    /// Says all of it; `labels` tell this relay from others.
    pub fn report(&self, sink: &mut dyn Sink, labels: &[(&str, &str)]) {
        #[expect(clippy::cast_precision_loss, reason = "samples are floats")]
        let mut count = |family: &Family<'_>, n: u64| sink.sample(family, labels, n as f64);
        count(&RECEIVED, self.received);
        count(&DELIVERED, self.delivered);
        count(&RETRIED, self.retried);
        count(&REQUESTS, self.requests);
        count(&FAILED, self.failed_requests);
        count(&PENDING, self.pending as u64);
        count(&LANES, self.lanes as u64);
        count(&WANTED, self.wanted_lanes as u64);
        count(&ACKNOWLEDGED, self.acknowledged);
        sink.sample(&BUSY, labels, self.busy.as_secs_f64());
        for (reason, n) in &self.dropped {
            let mut labels = labels.to_vec();
            labels.push(("reason", reason));
            #[expect(clippy::cast_precision_loss, reason = "samples are floats")]
            sink.sample(&DROPPED, &labels, *n as f64);
        }
    }
}
