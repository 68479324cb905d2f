//! What a forwarder says of itself, beside what its relay says.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Family, Millis, Sink};
use relay::RelayStatus;

/// Counters shared by the reader of the log and the sender.
#[derive(Debug, Default)]
pub(crate) struct SendMetrics {
    pub(crate) bytes: AtomicU64,
    pub(crate) exemplars: AtomicU64,
    pub(crate) histograms: AtomicU64,
    pub(crate) missed_records: AtomicU64,
    pub(crate) dropped_by_rules: AtomicU64,
    pub(crate) too_old: AtomicU64,
    pub(crate) histograms_left_out: AtomicU64,
    pub(crate) exemplars_left_out: AtomicU64,
    pub(crate) newest_read: AtomicI64,
    pub(crate) newest_sent: AtomicI64,
}

impl SendMetrics {
    pub(crate) fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }

    pub(crate) fn note_newest_sent(&self, timestamp: Option<Millis>) {
        self.newest_sent
            .fetch_max(timestamp.unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn note_newest_read(&self, timestamp: Millis) {
        self.newest_read.fetch_max(timestamp, Ordering::Relaxed);
    }
}

/// Where a forwarder stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForwardStatus {
    /// The receiver's name.
    pub receiver: String,
    /// What was moved.
    pub relay: RelayStatus,
    /// Compressed bytes sent, tries counted each.
    pub bytes: u64,
    /// Exemplars delivered.
    pub exemplars: u64,
    /// Native histograms delivered.
    pub histograms: u64,
    /// Records of the log that were gone before they could be read.
    pub missed_records: u64,
    /// Samples that the rules dropped.
    pub dropped_by_rules: u64,
    /// Samples beyond the age limit.
    pub too_old: u64,
    /// Native histograms that the configuration says not to send.
    pub histograms_left_out: u64,
    /// Exemplars not sent: their samples were not, or came too late.
    pub exemplars_left_out: u64,
    /// Newest time read from the log, 0 before the first.
    pub newest_read: Millis,
    /// Newest time delivered, 0 before the first.
    pub newest_sent: Millis,
}

impl ForwardStatus {
    pub(crate) fn new(receiver: &str, relay: RelayStatus, metrics: &SendMetrics) -> Self {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            receiver: receiver.to_owned(),
            relay,
            bytes: get(&metrics.bytes),
            exemplars: get(&metrics.exemplars),
            histograms: get(&metrics.histograms),
            missed_records: get(&metrics.missed_records),
            dropped_by_rules: get(&metrics.dropped_by_rules),
            too_old: get(&metrics.too_old),
            histograms_left_out: get(&metrics.histograms_left_out),
            exemplars_left_out: get(&metrics.exemplars_left_out),
            newest_read: metrics.newest_read.load(Ordering::Relaxed),
            newest_sent: metrics.newest_sent.load(Ordering::Relaxed),
        }
    }

    /// Says all of it, with the receiver's name as label `remote`.
    pub fn report(&self, sink: &mut dyn Sink) {
        let labels = [("remote", self.receiver.as_str())];
        self.relay.report(sink, &labels);
        #[expect(clippy::cast_precision_loss, reason = "samples are floats")]
        let mut say = |family: &Family<'_>, n: u64| sink.sample(family, &labels, n as f64);
        say(&BYTES, self.bytes);
        say(&EXEMPLARS, self.exemplars);
        say(&HISTOGRAMS, self.histograms);
        say(&MISSED, self.missed_records);
        say(&RULES, self.dropped_by_rules);
        say(&OLD, self.too_old);
        say(&LEFT_OUT, self.histograms_left_out);
        say(&EXEMPLARS_LEFT_OUT, self.exemplars_left_out);
        #[expect(clippy::cast_precision_loss, reason = "samples are floats")]
        for (family, millis) in [(&NEWEST_READ, self.newest_read), (&NEWEST_SENT, self.newest_sent)] {
            sink.sample(family, &labels, millis as f64 / 1_000.0);
        }
    }
}

const BYTES: Family<'_> = Family::counter("periplus_forward_sent_bytes_total", "Compressed bytes sent.");
const EXEMPLARS: Family<'_> = Family::counter("periplus_forward_exemplars_total", "Exemplars delivered.");
const HISTOGRAMS: Family<'_> = Family::counter(
    "periplus_forward_histograms_total",
    "Native histograms delivered.",
);
const MISSED: Family<'_> = Family::counter(
    "periplus_forward_missed_records_total",
    "Records of the log that were gone before they could be sent.",
);
const RULES: Family<'_> = Family::counter(
    "periplus_forward_dropped_by_rules_total",
    "Samples that write_relabel_configs dropped.",
);
const OLD: Family<'_> = Family::counter(
    "periplus_forward_too_old_total",
    "Samples beyond sample_age_limit, which were not sent.",
);
const LEFT_OUT: Family<'_> = Family::counter(
    "periplus_forward_histograms_left_out_total",
    "Native histograms not sent because send_native_histograms is off.",
);
const EXEMPLARS_LEFT_OUT: Family<'_> = Family::counter(
    "periplus_forward_exemplars_left_out_total",
    "Exemplars not sent because the samples they belong to are not sent, or too many waited for theirs.",
);
const NEWEST_READ: Family<'_> = Family::gauge(
    "periplus_forward_newest_read_timestamp_seconds",
    "Newest time read from the log.",
);
const NEWEST_SENT: Family<'_> = Family::gauge(
    "periplus_forward_newest_sent_timestamp_seconds",
    "Newest time that the receiver has taken.",
);
