//! Taking batches.

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use model::{
    Batch, Histogram, Ingest, IngestError, Ingested, Metadata, Millis, PackedLabels, Rejection, Repeat,
    SeriesHandle, is_stale,
};

use crate::config::millis;
use crate::head::{LabelLimits, Sample, Shard, Terms, shard_of_handle};
use crate::store::{Inner, Store, metrics, shard_of};
use crate::upkeep::BACKFILL_FLUSH_AT;
use crate::wal::{Epoch, KIND_METADATA, Payload, encode_metadata};

/// Refusals that are described one by one; further ones are only counted.
const MAX_DESCRIBED: usize = 10;

/// Bytes of backfill in memory at which batches are refused, as a multiple of that at which it is flushed.
const MAX_BACKFILL: usize = 4 * BACKFILL_FLUSH_AT;

thread_local! {
    /// Shard of each row of the batch at hand; kept for its memory.
    static SHARD_OF_ROW: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
}

/// What became of a batch so far.
#[derive(Default)]
struct Taken<'b> {
    samples: usize,
    histograms: usize,
    n_rejected: usize,
    rejected: Vec<(PackedLabels<'b>, Rejection)>,
    position: u64,
    backfill: usize,
    backfill_bytes: usize,
    /// Of each row, if they are asked for.
    handles: Option<&'b mut [SeriesHandle]>,
}

/// What few rows of a batch have, row by row in ascending order.
struct Extras<'b> {
    histograms: &'b [(u32, Histogram)],
    starts: &'b [(u32, Millis)],
}

impl<'b> Extras<'b> {
    fn take(&mut self, row: usize) -> (Option<&'b Histogram>, Millis) {
        let n = self
            .histograms
            .iter()
            .take_while(|h| (h.0 as usize) < row)
            .count();
        self.histograms = self.histograms.get(n..).unwrap_or_default();
        let n = self.starts.iter().take_while(|s| (s.0 as usize) < row).count();
        self.starts = self.starts.get(n..).unwrap_or_default();
        let histogram = self.histograms.first().filter(|h| h.0 as usize == row);
        let start = self.starts.first().filter(|s| s.0 as usize == row);
        (histogram.map(|h| &h.1), start.map_or(0, |s| s.1))
    }

    fn is_empty(&self) -> bool {
        self.histograms.is_empty() && self.starts.is_empty()
    }
}

impl Ingest for Store {
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError> {
        self.inner.ingest(batch, None)
    }

    fn ingest_named(&self, batch: &Batch, handles: &mut Vec<SeriesHandle>) -> Result<Ingested, IngestError> {
        handles.clear();
        handles.resize(batch.rows().len(), SeriesHandle::VOID);
        let ingested = self.inner.ingest(batch, Some(handles.as_mut_slice()));
        if ingested.is_err() {
            handles.clear();
        }
        ingested
    }

    fn repeat(&self, repeat: Repeat<'_>, void: &mut Vec<usize>) -> Result<Ingested, IngestError> {
        void.clear();
        let inner = &*self.inner;
        inner.admit(repeat.series.len())?;
        let epoch = inner.wal.epoch();
        let terms = inner.terms(*epoch);
        let mut taken = Taken::default();
        for number in 0..inner.shards.len() {
            inner.repeat_in((number, repeat), (*epoch, &terms), (&mut taken, void));
        }
        void.extend((0..repeat.series.len()).filter(|at| {
            let handle = repeat.series.get(*at);
            handle.is_some_and(|handle| shard_of_handle(*handle) >= inner.shards.len())
        }));
        drop(epoch);
        Ok(inner.end(taken, 0))
    }
}

impl Inner {
    fn ingest<'b>(
        &self,
        batch: &'b Batch,
        handles: Option<&'b mut [SeriesHandle]>,
    ) -> Result<Ingested, IngestError> {
        self.admit(batch.rows().len())?;
        // Held until all records are queued: records of one epoch stand together in the log.
        let epoch = self.wal.epoch();
        let mut terms = self.terms(*epoch);
        let series_left = terms.series_left;
        let mut taken = Taken {
            handles,
            ..Taken::default()
        };
        self.take_all(batch, *epoch, (&mut terms, &mut taken));
        let n_created = series_left - terms.series_left;
        self.n_series.fetch_add(n_created, Ordering::Relaxed);
        self.limits.created(n_created);
        let described = self.take_metadata(batch, *epoch);
        let (exemplars, pointed) = self.take_exemplars(batch, *epoch);
        drop(epoch);
        taken.position = taken
            .position
            .max(described.unwrap_or(0))
            .max(pointed.unwrap_or(0));
        Ok(self.end(taken, exemplars))
    }

    /// Tells whether samples are taken now.
    fn admit(&self, n: usize) -> Result<(), IngestError> {
        let admitted = self
            .wal
            .admit()
            .and_then(|()| self.limits.admit(n, &*self.clock))
            .and_then(|()| self.admit_backfill());
        if admitted.is_err() {
            self.counters.refused_batches.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// Counts what was taken, and says what became of it.
    fn end(&self, taken: Taken<'_>, exemplars: usize) -> Ingested {
        self.count(&taken);
        let rejected = taken.rejected.into_iter();
        Ingested {
            samples: taken.samples,
            histograms: taken.histograms,
            exemplars,
            n_rejected: taken.n_rejected,
            rejected: rejected.map(|(labels, why)| (labels.to_labels(), why)).collect(),
            // Nothing new: durable once everything before is.
            position: if taken.position == 0 {
                self.wal.position()
            } else {
                taken.position
            },
        }
    }

    fn admit_backfill(&self) -> Result<(), IngestError> {
        let waiting_bytes = self.backfill_bytes.load(Ordering::Relaxed);
        if waiting_bytes < BACKFILL_FLUSH_AT {
            return Ok(());
        }
        self.wake_upkeep();
        if waiting_bytes < MAX_BACKFILL {
            return Ok(());
        }
        Err(IngestError::Overloaded { waiting_bytes })
    }

    fn terms(&self, epoch: Epoch) -> Terms {
        let config = &self.config;
        let now = self.clock.now();
        let n_series = self.n_series.load(Ordering::Relaxed);
        Terms {
            newest: now.saturating_add(millis(config.max_future)),
            oldest: now.saturating_sub(millis(config.retention)),
            window: self.out_of_order_window.load(Ordering::Relaxed),
            series_left: config.max_series.saturating_sub(n_series),
            max_series: config.max_series,
            epoch: epoch.number,
            labels: LabelLimits {
                count: config.max_labels,
                name_bytes: config.max_label_name_bytes,
                value_bytes: config.max_label_value_bytes,
            },
            new_left: self.limits.new_series_left(&*self.clock),
            max_new: self.limits.max_new_series(),
        }
    }

    fn count(&self, taken: &Taken<'_>) {
        let counters = &self.counters;
        counters.batches.fetch_add(1, Ordering::Relaxed);
        counters
            .samples
            .fetch_add(taken.samples as u64, Ordering::Relaxed);
        if taken.histograms > 0 {
            counters
                .histograms
                .fetch_add(taken.histograms as u64, Ordering::Relaxed);
        }
        if taken.backfill > 0 {
            counters
                .backfilled
                .fetch_add(taken.backfill as u64, Ordering::Relaxed);
            self.n_backfill.fetch_add(taken.backfill, Ordering::Relaxed);
            self.backfill_bytes
                .fetch_add(taken.backfill_bytes, Ordering::Relaxed);
        }
    }

    fn take_all<'b>(&self, batch: &'b Batch, epoch: Epoch, (terms, taken): (&mut Terms, &mut Taken<'b>)) {
        let n_shards = self.shards.len();
        let n = batch.rows().len();
        if n_shards == 1 {
            self.take_rows((0, 0..n), batch, (epoch, terms, taken));
            return;
        }
        // Borrowed by nobody else: taking rows does not come back here.
        let mut shards = SHARD_OF_ROW.take();
        shards.clear();
        let mut previous: Option<(&model::BatchRow, u16)> = None;
        for row in batch.rows() {
            let shard = match previous {
                Some((before, shard)) if Batch::same_series(before, row) => shard,
                _ => shard_of(batch.labels(row).packed(), n_shards) as u16,
            };
            shards.push(shard);
            previous = Some((row, shard));
        }
        for shard in 0..n_shards {
            let here = |at: &usize| shards.get(*at).is_some_and(|other| usize::from(*other) == shard);
            if let Some(first) = (0..n).find(here) {
                self.take_rows((shard, (first..n).filter(here)), batch, (epoch, terms, taken));
            }
        }
        SHARD_OF_ROW.set(shards);
    }

    /// Takes some rows of a batch, all of one shard.
    fn take_rows<'b>(
        &self,
        (shard, rows): (usize, impl Iterator<Item = usize>),
        batch: &'b Batch,
        (epoch, terms, taken): (Epoch, &mut Terms, &mut Taken<'b>),
    ) {
        let mut extras = Extras {
            histograms: batch.histograms(),
            starts: batch.starts(),
        };
        let plain = extras.is_empty();
        let mut shard = self.shards[shard].lock();
        let backfill_before = shard.backfill();
        let mut previous = None;
        for at in rows {
            let Some(row) = batch.rows().get(at) else { continue };
            let labels = batch.labels(row);
            let (histogram, start) = if plain { (None, 0) } else { extras.take(at) };
            // The marker ends a series whatever it holds, and is a float.
            let histogram = histogram.filter(|histogram| !is_stale(histogram.sum));
            let sample = Sample {
                t: row.timestamp,
                bits: row.value.to_bits(),
                start,
                histogram,
            };
            if let Some(Err(reason)) = histogram.map(Histogram::validate) {
                let reason = reason.to_string();
                taken.reject(labels, Rejection::InvalidHistogram { reason }, self);
                continue;
            }
            let same = previous.is_some_and(|before| Batch::same_series(before, row));
            let result = match same.then(|| shard.take_next(sample, terms)) {
                Some(Ok(true)) => Ok(()),
                Some(Err(rejection)) => Err(rejection),
                Some(Ok(false)) | None => shard.take_row((labels, None), sample, terms),
            };
            previous = Some(row);
            match result {
                Ok(()) => {
                    if let Some(handle) = taken.handles.as_mut().and_then(|handles| handles.get_mut(at)) {
                        *handle = shard.handle();
                    }
                    taken.samples += 1;
                    taken.histograms += usize::from(histogram.is_some());
                }
                Err(rejection) => taken.reject(labels, rejection, self),
            }
            if let Some(payload) = shard.take_record(true) {
                taken.position = self.wal.append(epoch, payload);
            }
        }
        shard.end_batch();
        self.end_rows(&mut shard, (epoch, backfill_before), taken);
    }

    /// Repeats the series of one shard.
    fn repeat_in(
        &self,
        (number, repeat): (usize, Repeat<'_>),
        (epoch, terms): (Epoch, &Terms),
        (taken, void): (&mut Taken<'_>, &mut Vec<usize>),
    ) {
        let mut shard = self.shards[number].lock();
        let backfill_before = shard.backfill();
        for (at, handle) in repeat.series.iter().enumerate() {
            if shard_of_handle(*handle) != number {
                continue;
            }
            if shard.repeat(*handle, (repeat.before, repeat.timestamp), terms) {
                taken.samples += 1;
            } else {
                void.push(at);
            }
            if let Some(payload) = shard.take_record(true) {
                taken.position = self.wal.append(epoch, payload);
            }
        }
        self.end_rows(&mut shard, (epoch, backfill_before), taken);
    }

    fn end_rows(
        &self,
        shard: &mut Shard,
        (epoch, backfill_before): (Epoch, (usize, usize)),
        taken: &mut Taken<'_>,
    ) {
        if let Some(payload) = shard.take_record(false) {
            taken.position = self.wal.append(epoch, payload);
        }
        let backfill = shard.backfill();
        taken.backfill += backfill.0.saturating_sub(backfill_before.0);
        taken.backfill_bytes += backfill.1.saturating_sub(backfill_before.1);
    }

    fn take_metadata(&self, batch: &Batch, epoch: Epoch) -> Option<u64> {
        let changed: Vec<(&str, &Metadata)> = batch
            .metadata()
            .iter()
            .filter(|(name, metadata)| self.metadata.insert(name, metadata))
            .map(|(name, metadata)| (name.as_str(), metadata))
            .collect();
        (!changed.is_empty()).then(|| {
            let payload = Payload::plain(KIND_METADATA, encode_metadata(changed.into_iter()));
            self.wal.append(epoch, payload)
        })
    }
}

impl<'b> Taken<'b> {
    fn reject(&mut self, labels: PackedLabels<'b>, rejection: Rejection, inner: &Inner) {
        if let Some(counter) = inner.counters.rejected.get(metrics::reason_index(&rejection)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.n_rejected += 1;
        if self.rejected.len() < MAX_DESCRIBED {
            self.rejected.push((labels, rejection));
        }
    }
}
