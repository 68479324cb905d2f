//! What the store says about itself to people.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::{Millis, TimeRange};

use crate::part::Part;
use crate::store::Store;
use crate::upkeep::scrub::ScrubStatus;

/// A part as listed in a status.
#[derive(Clone, Debug)]
pub struct PartStatus {
    /// Its number, as 26 characters of Crockford's base 32, which sort as the numbers do.
    pub name: String,
    /// Names of the flushed parts whose samples these are, itself if it is one.
    pub sources: Vec<String>,
    /// When it was written, in milliseconds since 1970; 0 if it does not say.
    pub created: Millis,
    /// Its file.
    pub path: PathBuf,
    /// Span of its samples.
    pub range: TimeRange,
    /// Size of the file.
    pub bytes: u64,
    /// Bytes of that by which series are found: labels, symbols, postings.
    pub index_bytes: u64,
    /// Series in it.
    pub series: u64,
    /// Chunks of samples in it.
    pub chunks: u64,
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
    /// How far the verification of parts is.
    pub scrub: ScrubStatus,
    /// Deletions that still hide samples of parts or of the head.
    pub tombstones: usize,
}

impl Store {
    /// Returns the parts, oldest first.
    pub fn parts(&self) -> Vec<PartStatus> {
        let parts = Arc::clone(&self.inner.parts.read());
        parts.iter().map(|part| describe(part)).collect()
    }

    /// Returns the current status.
    pub fn status(&self) -> StoreStatus {
        let inner = &*self.inner;
        let parts = self.parts();
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
            scrub: inner.scrub.lock().status.clone(),
            tombstones: inner.tombstones.read().list.len(),
        }
    }
}

fn describe(part: &Part) -> PartStatus {
    let info = part.info();
    PartStatus {
        name: name_of(info.id),
        sources: info.sources.iter().map(|id| name_of(*id)).collect(),
        created: info.created,
        path: part.path.clone(),
        range: part.range(),
        bytes: info.bytes,
        index_bytes: part.index_bytes(),
        series: info.n_series,
        chunks: info.n_chunks,
        samples: info.n_samples,
        level: info.level,
    }
}

/// Returns a part's number in the form that Prometheus' clients know block ids in.
fn name_of(id: u64) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |at: u32| DIGITS[(u128::from(id) >> (5 * at)) as usize % DIGITS.len()];
    (0..26).rev().map(|at| char::from(digit(at))).collect()
}
