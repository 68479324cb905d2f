//! The store as a whole: opening, taking batches, answering, closing.

mod cardinality;
mod exemplars;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod ingest;
mod limits;
pub(crate) mod manifest;
pub(crate) mod metadata;
mod metrics;
pub(crate) mod open;
mod replay;
pub(crate) mod snapshot;
pub(crate) mod status;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use model::{
    Clock, ExemplarRequest, IngestError, Metadata, Millis, NamesRequest, Query, QueryError, Selection,
    SeriesExemplars, SeriesSet, TimeRange, with_causes,
};
use parking_lot::{Condvar, Mutex, RwLock};

use crate::bytes::xxh3;
use crate::config::{StoreConfig, millis};
use crate::disk::Disk;
use crate::error::StoreError;
use crate::head::Shard;
use crate::part::{PageCache, Part, PartError};
use crate::store::exemplars::{EXEMPLAR_REASONS, ExemplarRing};
use crate::store::limits::Limits;
use crate::store::manifest::Manifest;
use crate::store::metadata::MetadataTable;
use crate::store::snapshot::SnapshotState;
use crate::tombstones::Tombstones;
use crate::upkeep::scrub::Scrub;
use crate::wal::Wal;
use crate::{select, upkeep};

pub use cardinality::{Cardinality, Counted};

/// How long nothing must come for the log to be looked at before its turn.
const QUIET: Duration = Duration::from_secs(1);

/// Everything but the threads.
pub(crate) struct Inner {
    pub(crate) config: StoreConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) shards: Vec<Mutex<Shard>>,
    pub(crate) n_series: AtomicUsize,
    pub(crate) exemplars: Mutex<ExemplarRing>,
    pub(crate) limits: Limits,
    /// How far a sample may be behind its series, in milliseconds.
    pub(crate) out_of_order_window: AtomicI64,
    /// Samples in memory that wait to become parts of their own.
    pub(crate) n_backfill: AtomicUsize,
    /// What the backfill in memory takes.
    pub(crate) backfill_bytes: AtomicUsize,
    pub(crate) backfill_seen: Mutex<Option<upkeep::BackfillSeen>>,
    pub(crate) snapshot: Mutex<SnapshotState>,
    pub(crate) wal: Wal,
    pub(crate) parts: RwLock<Arc<Vec<Arc<Part>>>>,
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) metadata: MetadataTable,
    pub(crate) cache: Arc<PageCache>,
    /// Held by whoever flushes, compacts or drops.
    pub(crate) upkeep: Mutex<()>,
    pub(crate) counters: Counters,
    /// What stands in the way of which task, for people.
    pub(crate) troubles: Mutex<BTreeMap<&'static str, String>>,
    pub(crate) quarantined: Mutex<Vec<PathBuf>>,
    pub(crate) tombstones: RwLock<Arc<Tombstones>>,
    pub(crate) scrub: Mutex<Scrub>,
    stopping: AtomicBool,
    stop_gate: Mutex<()>,
    stop_wake: Condvar,
}

/// What the store counts about itself.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) samples: AtomicU64,
    pub(crate) histograms: AtomicU64,
    pub(crate) backfilled: AtomicU64,
    pub(crate) exemplars: AtomicU64,
    pub(crate) refused_exemplars: [AtomicU64; EXEMPLAR_REASONS.len()],
    pub(crate) snapshots: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) rejected: [AtomicU64; metrics::N_REASONS],
    pub(crate) refused_batches: AtomicU64,
    pub(crate) flushes: AtomicU64,
    pub(crate) compactions: AtomicU64,
    pub(crate) dropped_parts: AtomicU64,
    pub(crate) upkeep_failures: AtomicU64,
}

/// An open store. Closing or dropping it makes everything taken durable.
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    upkeep_thread: Mutex<Option<JoinHandle<()>>>,
    /// Keeps other processes out of the folder.
    lock: Mutex<Option<File>>,
}

impl Store {
    /// Opens the store in a folder, creating it if it is not there, and reads the log back.
    ///
    /// # Errors
    /// The folder is in use, was written by a newer version, or cannot be read or written. Damaged files are no
    /// error: they are put into `quarantine/` and named in [`Store::status`].
    pub fn open(config: StoreConfig, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        open::open(config, clock, Arc::new(crate::disk::OsDisk))
    }

    pub(crate) fn start(inner: Arc<Inner>, lock: File) -> Result<Self, StoreError> {
        inner.count_backfill();
        let thread = match inner.config.upkeep_interval {
            None => None,
            Some(interval) => {
                let inner = Arc::clone(&inner);
                let name = "store-upkeep";
                let run = move || inner.run_upkeep(interval);
                let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
                Some(thread.map_err(|source| StoreError::StartThread { name, source })?)
            }
        };
        Ok(Self {
            inner,
            upkeep_thread: Mutex::new(thread),
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Waits until everything up to a position that [`Ingest::ingest`] returned survives a crash.
    ///
    /// # Errors
    /// The log cannot be written now. What was taken is kept in memory and written once that works again.
    pub async fn durable(&self, position: u64) -> Result<(), IngestError> {
        let mut receiver = self.inner.wal.want(position);
        let state = receiver.wait_for(|state| state.answer(position).is_some()).await;
        let answer = state.ok().and_then(|state| state.answer(position));
        answer.unwrap_or_else(|| {
            Err(IngestError::Unavailable {
                reason: "store is closed".to_owned(),
            })
        })
    }

    /// Blocks the thread until everything up to a position survives a crash.
    ///
    /// # Errors
    /// As [`Store::durable`].
    pub fn wait_durable(&self, position: u64) -> Result<(), IngestError> {
        self.inner.wal.wait(position)
    }

    /// Sets how far behind the newest sample of its series a sample may come, from the next batch on.
    pub fn set_out_of_order_window(&self, window: Duration) {
        let window = millis(window);
        self.inner.out_of_order_window.store(window, Ordering::Relaxed);
    }

    /// Sets how many exemplars are kept, 0 for none; of more than that the latest stay.
    pub fn set_max_exemplars(&self, n: usize) {
        self.inner.exemplars.lock().resize(n);
    }

    /// Flushes, compacts and drops what is due at a time. The background thread does the same; tests and tools
    /// call it to have it done now. Failures are reported by [`Store::status`] and tried again next time.
    pub fn maintain(&self, now: Millis) {
        self.inner.maintain(now);
    }

    /// Stops background work, makes everything durable and leaves the folder to others. Batches are refused
    /// from then on; reads go on working. Closing again does nothing.
    pub fn close(&self) {
        self.inner.stop();
        if let Some(thread) = self.upkeep_thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("store upkeep ended with a panic");
        }
        self.inner.wal.close();
        if let Err(error) = snapshot::save_last(&self.inner) {
            let reason = with_causes(&error);
            tracing::warn!(%reason, "failed to save a snapshot; the next start reads the log");
        }
        if let Err(error) = self
            .inner
            .metadata
            .save(&*self.inner.disk, &self.inner.config.dir)
        {
            tracing::warn!(%error, "failed to save metadata; the log holds it");
        }
        self.lock.lock().take();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inner {
    /// Maintains the store at an interval, or when asked to, until it is closed. Between, when nothing comes for a
    /// moment, it is seen to that the next start is short.
    fn run_upkeep(&self, interval: Duration) {
        let mut next = Instant::now() + interval;
        let mut position = self.wal.position();
        loop {
            let pause = next.saturating_duration_since(Instant::now()).min(QUIET);
            let asked = self.wait_for_stop(pause);
            if self.is_stopping() {
                return;
            }
            let before = std::mem::replace(&mut position, self.wal.position());
            if asked || Instant::now() >= next {
                self.maintain(self.clock.now());
                next = Instant::now() + interval;
            } else if position == before {
                let _upkeep = self.upkeep.lock();
                self.note_results(upkeep::shorten_log(self, upkeep::Pace::Quiet));
            }
        }
    }

    /// Waits for a while; true if it ended early.
    fn wait_for_stop(&self, time: Duration) -> bool {
        let mut gate = self.stop_gate.lock();
        if self.is_stopping() {
            return true;
        }
        !self.stop_wake.wait_for(&mut gate, time).timed_out()
    }

    /// Counts the backfill in memory anew: samples, and bytes.
    pub(crate) fn count_backfill(&self) -> (usize, usize) {
        let all = self.shards.iter().map(|shard| shard.lock().backfill());
        let (n, bytes) = all.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        self.n_backfill.store(n, Ordering::Relaxed);
        self.backfill_bytes.store(bytes, Ordering::Relaxed);
        (n, bytes)
    }

    /// Has upkeep look for work now.
    pub(crate) fn wake_upkeep(&self) {
        self.stop_wake.notify_all();
    }

    fn stop(&self) {
        let _gate = self.stop_gate.lock();
        self.stopping.store(true, Ordering::Release);
        self.stop_wake.notify_all();
    }

    /// Tells whether the store is being closed.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn maintain(&self, now: Millis) {
        let _upkeep = self.upkeep.lock();
        self.note_results(upkeep::run(self, now));
    }

    fn note_results(&self, results: Vec<(&'static str, Result<(), StoreError>)>) {
        for (task, result) in results {
            let mut troubles = self.troubles.lock();
            match result {
                Ok(()) => {
                    troubles.remove(task);
                }
                Err(error) => {
                    self.counters.upkeep_failures.fetch_add(1, Ordering::Relaxed);
                    let reason = with_causes(&error);
                    if troubles.get(task) != Some(&reason) {
                        tracing::error!(task, %reason, "store upkeep failed; it is tried again");
                    }
                    troubles.insert(task, reason);
                }
            }
        }
    }

    /// Returns the parts that may hold samples in a span, oldest first.
    pub(crate) fn parts_in(&self, range: TimeRange) -> Vec<Arc<Part>> {
        let parts = Arc::clone(&self.parts.read());
        parts
            .iter()
            .filter(|part| part.range().overlaps(range))
            .map(Arc::clone)
            .collect()
    }

    /// Goes on without a part that is damaged; other failures end the read.
    pub(crate) fn tolerate(&self, part: &Arc<Part>, read: Result<(), PartError>) -> Result<(), QueryError> {
        match read {
            Ok(()) => Ok(()),
            Err(PartError::Io(error)) => Err(QueryError::Storage {
                what: part.path.display().to_string(),
                reason: error.to_string(),
            }),
            Err(error @ PartError::Damaged { .. }) => {
                tracing::error!(part = %part.path.display(), %error, "part is damaged");
                upkeep::quarantine(self, part).map_err(|error| QueryError::Storage {
                    what: part.path.display().to_string(),
                    reason: with_causes(&error),
                })
            }
        }
    }
}

/// Returns the shard of a series, by both ends of its packed labels: the metric name is at one, labels of the
/// target are at the other, so series spread without all of the labels being read.
pub(crate) fn shard_of(packed: &str, n_shards: usize) -> usize {
    if n_shards <= 1 {
        return 0;
    }
    let bytes = packed.as_bytes();
    let (first, rest) = bytes.split_at(bytes.len().min(SHARD_KEY_BYTES));
    let last = rest
        .get(rest.len().saturating_sub(SHARD_KEY_BYTES)..)
        .unwrap_or_default();
    let hash = xxh3(first) ^ xxh3(last).rotate_left(23) ^ bytes.len() as u64;
    (hash >> 32) as usize % n_shards
}

/// Bytes at each end of the labels that choose the shard.
const SHARD_KEY_BYTES: usize = 48;

impl Query for Store {
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        Ok(Box::new(select::set::select(&self.inner, selection)?))
    }

    fn may_have_histograms(&self, metric: &str, range: TimeRange) -> Result<bool, QueryError> {
        select::kinds::may_have_histograms(&self.inner, metric, range)
    }

    fn label_names(&self, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
        select::names::label_names(&self.inner, request)
    }

    fn label_values(&self, name: &str, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
        select::names::label_values(&self.inner, name, request)
    }

    fn metadata(&self, metric: Option<&str>) -> Vec<(String, Metadata)> {
        self.inner.metadata.entries(metric)
    }

    fn exemplars(&self, request: &ExemplarRequest) -> Result<Vec<SeriesExemplars>, QueryError> {
        self.inner.find_exemplars(request)
    }
}

#[cfg(test)]
mod tests;
