//! What scraping says about itself as a whole.

use std::sync::atomic::{AtomicU64, Ordering};

use model::{Family, Sink};

use crate::append::Counts;

const TARGETS: Family<'_> = Family::gauge("periplus_scrape_targets", "Targets that are scraped.");
const DROPPED: Family<'_> = Family::gauge(
    "periplus_scrape_dropped_targets",
    "Targets that relabelling dropped.",
);
const SCRAPES: Family<'_> = Family::counter("periplus_scrape_scrapes_total", "Scrapes by result.");
const SAMPLES: Family<'_> = Family::counter(
    "periplus_scrape_samples_total",
    "Samples that were handed to the store.",
);
const REFUSED: Family<'_> = Family::counter(
    "periplus_scrape_refused_samples_total",
    "Samples of pages that were left out, by reason.",
);
const BYTES: Family<'_> = Family::counter("periplus_scrape_body_bytes_total", "Bytes of pages, unpacked.");
const LATE: Family<'_> = Family::counter(
    "periplus_scrape_late_total",
    "Scrapes that began more than a tenth of the interval too late and have the time they began.",
);
const MISSED: Family<'_> = Family::counter(
    "periplus_scrape_missed_total",
    "Scrapes that were left out as the one before took too long.",
);
const STORE_FAILURES: Family<'_> = Family::counter(
    "periplus_scrape_store_failures_total",
    "Scrapes whose samples the store did not take.",
);
const RELOADS: Family<'_> = Family::counter(
    "periplus_scrape_config_reloads_total",
    "Reloads of the configuration by result.",
);
const RELOAD_OK: Family<'_> = Family::gauge(
    "periplus_scrape_config_last_reload_successful",
    "Whether the last reload of the configuration succeeded.",
);

/// Counters of the process; each scrape adds to them once.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    succeeded: AtomicU64,
    failed: AtomicU64,
    samples: AtomicU64,
    rejected: AtomicU64,
    duplicates: AtomicU64,
    ahead: AtomicU64,
    long_exemplars: AtomicU64,
    bytes: AtomicU64,
    late: AtomicU64,
    missed: AtomicU64,
    store_failures: AtomicU64,
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
}

fn add(counter: &AtomicU64, n: usize) {
    counter.fetch_add(n as u64, Ordering::Relaxed);
}

impl Metrics {
    pub(crate) fn scraped(&self, succeeded: bool, counts: &Counts, bytes: usize) {
        add(if succeeded { &self.succeeded } else { &self.failed }, 1);
        add(&self.duplicates, counts.duplicates);
        add(&self.ahead, counts.ahead);
        add(&self.long_exemplars, counts.long_exemplars);
        add(&self.bytes, bytes);
    }

    pub(crate) fn stored(&self, samples: usize, rejected: usize) {
        add(&self.samples, samples);
        add(&self.rejected, rejected);
    }

    pub(crate) fn not_stored(&self) {
        add(&self.store_failures, 1);
    }

    pub(crate) fn late(&self) {
        add(&self.late, 1);
    }

    pub(crate) fn missed(&self, n: usize) {
        add(&self.missed, n);
    }

    pub(crate) fn reloaded(&self, succeeded: bool) {
        add(
            if succeeded {
                &self.reloads
            } else {
                &self.failed_reloads
            },
            1,
        );
    }

    pub(crate) fn report(&self, out: &mut dyn Sink, (targets, dropped): (usize, usize), reload_ok: bool) {
        #[expect(clippy::cast_precision_loss, reason = "counters are exact up to 2^53")]
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53 targets")]
        let count = |n: usize| n as f64;
        out.sample(&TARGETS, &[], count(targets));
        out.sample(&DROPPED, &[], count(dropped));
        out.sample(&SCRAPES, &[("result", "success")], read(&self.succeeded));
        out.sample(&SCRAPES, &[("result", "failure")], read(&self.failed));
        out.sample(&SAMPLES, &[], read(&self.samples));
        for (reason, counter) in [
            ("store", &self.rejected),
            ("duplicate", &self.duplicates),
            ("future", &self.ahead),
            ("exemplar_length", &self.long_exemplars),
        ] {
            out.sample(&REFUSED, &[("reason", reason)], read(counter));
        }
        out.sample(&BYTES, &[], read(&self.bytes));
        out.sample(&LATE, &[], read(&self.late));
        out.sample(&MISSED, &[], read(&self.missed));
        out.sample(&STORE_FAILURES, &[], read(&self.store_failures));
        out.sample(&RELOADS, &[("result", "success")], read(&self.reloads));
        out.sample(&RELOADS, &[("result", "failure")], read(&self.failed_reloads));
        out.sample(&RELOAD_OK, &[], f64::from(u8::from(reload_ok)));
    }
}
