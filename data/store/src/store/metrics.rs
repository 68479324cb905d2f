//! The store's own metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use model::{Family, Rejection, Sink};

use crate::store::Store;
use crate::store::exemplars::EXEMPLAR_REASONS;

/// Reasons for which samples are refused, as values of the label `reason`.
const REASONS: [&str; N_REASONS] = [
    "too_old",
    "too_new",
    "duplicate",
    "series_limit",
    "invalid_labels",
    "label_limit",
    "series_rate",
    "invalid_histogram",
];
pub(crate) const N_REASONS: usize = 8;

const HEAD_SERIES: Family<'_> = Family::gauge("periplus_store_head_series", "Series with samples in memory.");
const SAMPLES: Family<'_> = Family::counter("periplus_store_samples_total", "Samples taken.");
const BATCHES: Family<'_> = Family::counter("periplus_store_batches_total", "Batches taken.");
const REJECTED: Family<'_> = Family::counter(
    "periplus_store_rejected_samples_total",
    "Samples refused, by reason.",
);
const REFUSED: Family<'_> = Family::counter(
    "periplus_store_refused_batches_total",
    "Batches refused as a whole.",
);
const WAL_BYTES: Family<'_> =
    Family::gauge("periplus_store_wal_bytes", "Size of the write-ahead log on disk.");
const WAL_WAITING: Family<'_> = Family::gauge(
    "periplus_store_wal_waiting_bytes",
    "Bytes of records that are not durable yet.",
);
const WAL_WRITTEN: Family<'_> = Family::counter(
    "periplus_store_wal_written_bytes_total",
    "Bytes written to the write-ahead log.",
);
const WAL_FAILURES: Family<'_> = Family::counter(
    "periplus_store_wal_failures_total",
    "Failed writes and fsyncs of the write-ahead log.",
);
const FSYNC_SECONDS: Family<'_> = Family::counter(
    "periplus_store_fsync_seconds_total",
    "Time spent in fsync of the write-ahead log.",
);
const FSYNCS: Family<'_> = Family::counter(
    "periplus_store_fsyncs_total",
    "Times the write-ahead log was made durable.",
);
const PARTS: Family<'_> = Family::gauge("periplus_store_parts", "Parts on disk.");
const PART_BYTES: Family<'_> = Family::gauge("periplus_store_part_bytes", "Size of all parts on disk.");
const PART_SAMPLES: Family<'_> = Family::gauge("periplus_store_part_samples", "Samples in all parts.");
const FLUSHES: Family<'_> = Family::counter("periplus_store_flushes_total", "Parts flushed from the head.");
const COMPACTIONS: Family<'_> = Family::counter(
    "periplus_store_compactions_total",
    "Merges of parts into larger ones.",
);
const DROPPED: Family<'_> = Family::counter(
    "periplus_store_dropped_parts_total",
    "Parts dropped past their retention.",
);
const UPKEEP_FAILURES: Family<'_> = Family::counter(
    "periplus_store_upkeep_failures_total",
    "Flushes, compactions and other background tasks that failed and are tried again.",
);
const QUARANTINED: Family<'_> = Family::gauge(
    "periplus_store_quarantined_files",
    "Damaged files that were put aside.",
);

const HISTOGRAMS: Family<'_> = Family::counter(
    "periplus_store_histograms_total",
    "Native histograms among the samples taken.",
);
const BACKFILL: Family<'_> = Family::counter(
    "periplus_store_backfilled_samples_total",
    "Samples taken that were older than the head.",
);
const BACKFILL_WAITING: Family<'_> = Family::gauge(
    "periplus_store_backfill_waiting_samples",
    "Samples older than the head that are in memory and in the log only.",
);
const EXEMPLARS: Family<'_> = Family::counter("periplus_store_exemplars_total", "Exemplars taken.");
const STORED_EXEMPLARS: Family<'_> = Family::gauge("periplus_store_exemplars", "Exemplars that are kept.");
const REFUSED_EXEMPLARS: Family<'_> = Family::counter(
    "periplus_store_rejected_exemplars_total",
    "Exemplars refused, by reason.",
);
const SNAPSHOTS: Family<'_> =
    Family::counter("periplus_store_snapshots_total", "Snapshots of the head written.");
const SNAPSHOT_BYTES: Family<'_> = Family::gauge(
    "periplus_store_snapshot_bytes",
    "Size of the last snapshot of the head.",
);
const SNAPSHOT_SECONDS: Family<'_> = Family::gauge(
    "periplus_store_snapshot_seconds",
    "Time it took to write the last snapshot of the head.",
);

const SCRUB_BYTES: Family<'_> = Family::gauge(
    "periplus_store_scrub_verified_bytes",
    "Bytes of parts whose checksums were verified in this pass.",
);
const SCRUB_PASSES: Family<'_> = Family::counter(
    "periplus_store_scrub_passes_total",
    "Times the checksums of all parts were verified.",
);
const SCRUB_DAMAGED: Family<'_> = Family::counter(
    "periplus_store_scrub_damaged_parts_total",
    "Parts that verification found to be damaged.",
);
const TOMBSTONES: Family<'_> = Family::gauge(
    "periplus_store_tombstones",
    "Deletions that still hide samples of parts or of the head.",
);

/// Returns the place of a refusal in the counters.
pub(crate) fn reason_index(rejection: &Rejection) -> usize {
    match rejection {
        Rejection::TooOld { .. } => 0,
        Rejection::TooNew { .. } => 1,
        Rejection::Duplicate { .. } => 2,
        Rejection::SeriesLimit { .. } => 3,
        Rejection::InvalidLabels { .. } => 4,
        Rejection::LabelLimit { .. } => 5,
        Rejection::SeriesRate { .. } => 6,
        Rejection::InvalidHistogram { .. } => 7,
    }
}

impl Store {
    /// Gives the store's own metrics to a sink.
    pub fn report(&self, out: &mut dyn Sink) {
        let status = self.status();
        let inner = &*self.inner;
        let wal = inner.wal.stats();
        let counters = &inner.counters;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        for (reason, counter) in REASONS.iter().zip(&counters.rejected) {
            out.sample(&REJECTED, &[("reason", reason)], count(counter));
        }
        for (reason, counter) in EXEMPLAR_REASONS.iter().zip(&counters.refused_exemplars) {
            out.sample(&REFUSED_EXEMPLARS, &[("reason", reason)], count(counter));
        }
        let (snapshot_bytes, snapshot_time) = {
            let snapshot = inner.snapshot.lock();
            (snapshot.bytes, snapshot.took)
        };
        let plain: [(&Family<'_>, f64); 30] = [
            (&HEAD_SERIES, status.head_series as f64),
            (&SAMPLES, count(&counters.samples)),
            (&BATCHES, count(&counters.batches)),
            (&REFUSED, count(&counters.refused_batches)),
            (&WAL_BYTES, wal.bytes as f64),
            (&WAL_WAITING, wal.waiting_bytes as f64),
            (&WAL_WRITTEN, wal.written_bytes as f64),
            (&WAL_FAILURES, wal.failures as f64),
            (&FSYNC_SECONDS, wal.fsync_time.as_secs_f64()),
            (&FSYNCS, wal.fsyncs as f64),
            (&PARTS, status.parts.len() as f64),
            (
                &PART_BYTES,
                status.parts.iter().map(|part| part.bytes).sum::<u64>() as f64,
            ),
            (
                &PART_SAMPLES,
                status.parts.iter().map(|part| part.samples).sum::<u64>() as f64,
            ),
            (&FLUSHES, count(&counters.flushes)),
            (&COMPACTIONS, count(&counters.compactions)),
            (&DROPPED, count(&counters.dropped_parts)),
            (&UPKEEP_FAILURES, count(&counters.upkeep_failures)),
            (&QUARANTINED, status.quarantined.len() as f64),
            (&SCRUB_BYTES, status.scrub.verified_bytes as f64),
            (&SCRUB_PASSES, status.scrub.passes as f64),
            (&SCRUB_DAMAGED, status.scrub.damaged_parts as f64),
            (&TOMBSTONES, status.tombstones as f64),
            (&HISTOGRAMS, count(&counters.histograms)),
            (&BACKFILL, count(&counters.backfilled)),
            (&BACKFILL_WAITING, inner.n_backfill.load(Ordering::Relaxed) as f64),
            (&EXEMPLARS, count(&counters.exemplars)),
            (&STORED_EXEMPLARS, inner.exemplars.lock().len() as f64),
            (&SNAPSHOTS, count(&counters.snapshots)),
            (&SNAPSHOT_BYTES, snapshot_bytes as f64),
            (&SNAPSHOT_SECONDS, snapshot_time.as_secs_f64()),
        ];
        for (family, value) in plain {
            out.sample(family, &[], value);
        }
    }
}
