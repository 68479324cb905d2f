//! What the store says about itself to people.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::TimeRange;

use crate::store::Store;

/// A part as listed in a status.
#[derive(Clone, Debug)]
pub struct PartStatus {
    /// Its file.
    pub path: PathBuf,
    /// Span of its samples.
    pub range: TimeRange,
    /// Size of the file.
    pub bytes: u64,
    /// Series in it.
    pub series: u64,
    /// Samples in it.
    pub samples: u64,
    /// 0 flushed from the head, 1 compacted.
    pub level: u32,
}

/// A moment in the life of a store.
#[derive(Clone, Debug)]
pub struct StoreStatus {
    /// Series with samples in memory.
    pub head_series: usize,
    /// Span of the samples in memory, `None` if there are none.
    pub head_range: Option<TimeRange>,
    /// Samples taken since the store was opened, exact repetitions included.
    pub samples_ingested: u64,
    /// Bytes of the log on disk.
    pub wal_bytes: u64,
    /// Segments of the log.
    pub wal_segments: usize,
    /// Bytes of records that are not durable yet.
    pub wal_waiting_bytes: usize,
    /// Position up to which the log is durable.
    pub durable_position: u64,
    /// How long the latest fsync took.
    pub last_fsync: Duration,
    /// Parts, oldest first.
    pub parts: Vec<PartStatus>,
    /// Bytes of log and parts.
    pub disk_bytes: u64,
    /// What does not work, each with its reason; empty when all is well.
    pub degraded: Vec<String>,
    /// Files that were damaged and put aside.
    pub quarantined: Vec<PathBuf>,
}

impl Store {
    /// Returns the current status.
    pub fn status(&self) -> StoreStatus {
        let inner = &*self.inner;
        let parts: Vec<PartStatus> = inner
            .parts
            .read()
            .iter()
            .map(|part| PartStatus {
                path: part.path.clone(),
                range: part.range(),
                bytes: part.info().bytes,
                series: part.info().n_series,
                samples: part.info().n_samples,
                level: part.info().level,
            })
            .collect();
        let spans = inner.shards.iter().filter_map(|shard| shard.lock().span());
        let head_range = spans
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
            .map(|(start, end)| TimeRange { start, end });
        let wal = inner.wal.stats();
        let state = inner.wal.state();
        let troubles = inner.troubles.lock();
        let mut degraded: Vec<String> = state.failure.iter().map(ToString::to_string).collect();
        degraded.extend(troubles.iter().map(|(task, reason)| format!("{task}: {reason}")));
        StoreStatus {
            head_series: inner.shards.iter().map(|shard| shard.lock().n_series()).sum(),
            head_range,
            samples_ingested: inner.counters.samples.load(Ordering::Relaxed),
            wal_bytes: wal.bytes,
            wal_segments: wal.segments,
            wal_waiting_bytes: wal.waiting_bytes,
            durable_position: state.durable,
            last_fsync: wal.last_fsync,
            disk_bytes: wal.bytes + parts.iter().map(|part| part.bytes).sum::<u64>(),
            parts,
            degraded,
            quarantined: inner.quarantined.lock().clone(),
        }
    }
}
