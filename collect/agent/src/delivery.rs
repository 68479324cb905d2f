//! Hands batches to the store and keeps those that it refuses, within a bound.

use std::collections::VecDeque;
use std::sync::Arc;

use model::{Batch, Ingest};

use crate::status::IngestStatus;

/// Batches that wait for a store that refuses them; when one more comes, the oldest is dropped.
pub(crate) const MAX_WAITING: usize = 8;

/// The way to the store.
pub(crate) struct Delivery {
    ingest: Arc<dyn Ingest>,
    waiting: VecDeque<Batch>,
    /// Empty, with memory to be used again.
    spare: Batch,
    status: IngestStatus,
}

impl Delivery {
    /// Makes a way to a store.
    pub(crate) fn new(ingest: Arc<dyn Ingest>) -> Self {
        Self {
            ingest,
            waiting: VecDeque::new(),
            spare: Batch::default(),
            status: IngestStatus::default(),
        }
    }

    /// Returns an empty batch to fill.
    pub(crate) fn empty_batch(&mut self) -> Batch {
        std::mem::take(&mut self.spare)
    }

    /// Offers a batch after those that wait.
    pub(crate) fn send(&mut self, batch: Batch) {
        if batch.rows().is_empty() && batch.metadata().is_empty() {
            self.spare = batch;
            return;
        }
        self.waiting.push_back(batch);
        self.flush();
        while self.waiting.len() > MAX_WAITING {
            if let Some(lost) = self.waiting.pop_front() {
                self.status.dropped_samples += lost.rows().len() as u64;
            }
        }
        self.status.waiting_batches = self.waiting.len();
    }

    /// Offers the batches that wait, oldest first, until one is refused.
    pub(crate) fn flush(&mut self) {
        while let Some(batch) = self.waiting.front() {
            match self.ingest.ingest(batch) {
                Ok(ingested) => {
                    self.status.samples += ingested.samples as u64;
                    self.status.rejected += ingested.n_rejected as u64;
                    if let Some((labels, reason)) = ingested.rejected.last() {
                        if self.status.last_rejection.is_empty() {
                            tracing::warn!(%labels, %reason, "store rejects samples");
                        }
                        self.status.last_rejection = format!("{labels}: {reason}");
                    }
                    if !self.status.error.is_empty() {
                        self.status.error.clear();
                        tracing::info!("store accepts samples again");
                    }
                    if let Some(mut taken) = self.waiting.pop_front() {
                        taken.clear();
                        self.spare = taken;
                    }
                }
                Err(error) => {
                    if self.status.error.is_empty() {
                        tracing::warn!(%error, "store refuses samples");
                    }
                    self.status.failures += 1;
                    self.status.error = error.to_string();
                    break;
                }
            }
        }
        self.status.waiting_batches = self.waiting.len();
    }

    /// Tells whether batches wait.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns how the store takes the samples.
    pub(crate) fn status(&self) -> &IngestStatus {
        &self.status
    }
}
