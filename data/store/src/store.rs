//! The store as a whole: opening, taking batches, answering, closing.

pub(crate) mod manifest;
pub(crate) mod metadata;
mod metrics;
pub(crate) mod open;
pub(crate) mod status;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use model::{
    Batch, Clock, Ingest, IngestError, Ingested, Metadata, Millis, NamesRequest, PackedLabels, Query,
    QueryError, Rejection, Selection, SeriesSet, TimeRange, with_causes,
};
use parking_lot::{Condvar, Mutex, RwLock};

use crate::config::{StoreConfig, millis};
use crate::disk::Disk;
use crate::error::StoreError;
use crate::head::{Shard, Terms, hash_labels};
use crate::part::{PageCache, Part, PartError};
use crate::store::manifest::Manifest;
use crate::store::metadata::MetadataTable;
use crate::tombstones::Tombstones;
use crate::upkeep::scrub::Scrub;
use crate::wal::{KIND_METADATA, KIND_SAMPLES, Payload, Wal, encode_metadata};
use crate::{select, upkeep};

/// Refusals that are described one by one; further ones are only counted.
const MAX_DESCRIBED: usize = 10;

/// Everything but the threads.
pub(crate) struct Inner {
    pub(crate) config: StoreConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) shards: Vec<Mutex<Shard>>,
    pub(crate) n_series: AtomicUsize,
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
        let thread = match inner.config.upkeep_interval {
            None => None,
            Some(interval) => {
                let inner = Arc::clone(&inner);
                let name = "store-upkeep";
                let run = move || {
                    while !inner.wait_for_stop(interval) {
                        inner.maintain(inner.clock.now());
                    }
                };
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
    fn wait_for_stop(&self, time: std::time::Duration) -> bool {
        let mut gate = self.stop_gate.lock();
        if !self.stopping.load(Ordering::Acquire) {
            self.stop_wake.wait_for(&mut gate, time);
        }
        self.stopping.load(Ordering::Acquire)
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
        for (task, result) in upkeep::run(self, now) {
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

    /// Takes the rows at `rows` of a batch, all of one shard.
    fn take_rows<'b>(
        &self,
        shard: usize,
        rows: impl Iterator<Item = (usize, Option<u64>)>,
        (batch, terms, taken): (&'b Batch, &mut Terms, &mut Taken<'b>),
    ) {
        let mut shard = self.shards[shard].lock();
        let mut previous = None;
        for (at, hash) in rows {
            let Some(row) = batch.rows().get(at) else { continue };
            let labels = batch.labels(row);
            let sample = (row.timestamp, row.value.to_bits());
            let same = previous.is_some_and(|before| Batch::same_series(before, row));
            let result = match same.then(|| shard.take_next(sample, terms)) {
                Some(Ok(true)) => Ok(()),
                Some(Err(rejection)) => Err(rejection),
                Some(Ok(false)) | None => shard.take_row((labels, hash), sample, terms),
            };
            previous = Some(row);
            match result {
                Ok(()) => taken.samples += 1,
                Err(rejection) => taken.reject(labels, rejection, &self.counters),
            }
            if let Some(payload) = shard.take_record(true) {
                taken.position = self.wal.append(terms.epoch, KIND_SAMPLES, payload);
            }
        }
        shard.end_batch();
        if let Some(payload) = shard.take_record(false) {
            taken.position = self.wal.append(terms.epoch, KIND_SAMPLES, payload);
        }
    }

    fn take_metadata(&self, batch: &Batch, epoch: u32) -> Option<u64> {
        let changed: Vec<(&str, &Metadata)> = batch
            .metadata()
            .iter()
            .filter(|(name, metadata)| self.metadata.insert(name, metadata))
            .map(|(name, metadata)| (name.as_str(), metadata))
            .collect();
        (!changed.is_empty()).then(|| {
            let payload = Payload {
                bytes: encode_metadata(changed.into_iter()),
                newest: Millis::MIN,
            };
            self.wal.append(epoch, KIND_METADATA, payload)
        })
    }
}

/// What became of a batch so far.
#[derive(Default)]
struct Taken<'b> {
    samples: usize,
    n_rejected: usize,
    rejected: Vec<(PackedLabels<'b>, Rejection)>,
    position: u64,
}

impl<'b> Taken<'b> {
    fn reject(&mut self, labels: PackedLabels<'b>, rejection: Rejection, counters: &Counters) {
        if let Some(counter) = counters.rejected.get(metrics::reason_index(&rejection)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.n_rejected += 1;
        if self.rejected.len() < MAX_DESCRIBED {
            self.rejected.push((labels, rejection));
        }
    }
}

impl Ingest for Store {
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError> {
        let inner = &*self.inner;
        if let Err(error) = inner.wal.admit() {
            inner.counters.refused_batches.fetch_add(1, Ordering::Relaxed);
            return Err(error);
        }
        // Held until all records are queued: records of one epoch stand together in the log.
        let epoch = inner.wal.epoch();
        let n_series = inner.n_series.load(Ordering::Relaxed);
        let series_left = inner.config.max_series.saturating_sub(n_series);
        let mut terms = Terms {
            newest: inner.clock.now().saturating_add(millis(inner.config.max_future)),
            window: millis(inner.config.out_of_order_window),
            series_left,
            max_series: inner.config.max_series,
            epoch: *epoch,
        };
        let mut taken = Taken::default();
        let n = batch.rows().len();
        let n_shards = inner.shards.len();
        if n_shards == 1 {
            inner.take_rows(0, (0..n).map(|at| (at, None)), (batch, &mut terms, &mut taken));
        } else {
            let hashes: Vec<u64> = batch
                .rows()
                .iter()
                .map(|row| hash_labels(batch.labels(row).packed()))
                .collect();
            for shard in 0..n_shards {
                let here = |hash: u64| shard_of(hash, n_shards) == shard;
                let rows = hashes.iter().enumerate().filter(|(_, hash)| here(**hash));
                let mut rows = rows.map(|(at, hash)| (at, Some(*hash))).peekable();
                if rows.peek().is_some() {
                    inner.take_rows(shard, rows, (batch, &mut terms, &mut taken));
                }
            }
        }
        inner
            .n_series
            .fetch_add(series_left - terms.series_left, Ordering::Relaxed);
        let described = inner.take_metadata(batch, *epoch);
        drop(epoch);
        inner.counters.batches.fetch_add(1, Ordering::Relaxed);
        inner
            .counters
            .samples
            .fetch_add(taken.samples as u64, Ordering::Relaxed);
        let position = match taken.position.max(described.unwrap_or(0)) {
            // Nothing new: durable once everything before is.
            0 => inner.wal.position(),
            position => position,
        };
        let rejected = taken
            .rejected
            .into_iter()
            .map(|(labels, why)| (labels.to_labels(), why))
            .collect();
        Ok(Ingested {
            samples: taken.samples,
            n_rejected: taken.n_rejected,
            rejected,
            position,
            ..Ingested::default()
        })
    }
}

/// Returns the shard of a series. The hash's high bits, as the low ones choose its place in the shard's table.
pub(crate) fn shard_of(hash: u64, n_shards: usize) -> usize {
    (hash >> 40) as usize % n_shards.max(1)
}

impl Query for Store {
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        Ok(Box::new(select::set::select(&self.inner, selection)?))
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
}

#[cfg(test)]
mod tests;
