//! A store that remembers, a clock that stands still, and a wait with an end.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use model::{Batch, Clock, Ingest, IngestError, Ingested, Labels, Millis, Rejection};
use parking_lot::Mutex;

/// A sample that the store took.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) labels: String,
    pub(super) timestamp: Millis,
    pub(super) bits: u64,
}

#[derive(Default)]
struct State {
    batches: Vec<Vec<Stored>>,
    described: Vec<String>,
    refusal: Option<String>,
    reject_next: bool,
}

/// A fake store: takes everything unless told otherwise.
#[derive(Default)]
pub(super) struct FakeIngest(Mutex<State>);

impl FakeIngest {
    pub(super) fn batches(&self) -> Vec<Vec<Stored>> {
        self.0.lock().batches.clone()
    }

    /// Returns `(time, bits of the value)` of a series, in order of arrival.
    pub(super) fn samples(&self, series: &str) -> Vec<(Millis, u64)> {
        let state = self.0.lock();
        let samples = state
            .batches
            .iter()
            .flatten()
            .filter(|sample| sample.labels == series);
        samples.map(|sample| (sample.timestamp, sample.bits)).collect()
    }

    /// Returns how often a family was described.
    pub(super) fn described(&self, name: &str) -> usize {
        self.0
            .lock()
            .described
            .iter()
            .filter(|described| *described == name)
            .count()
    }

    pub(super) fn refuse(&self, reason: &str) {
        self.0.lock().refusal = Some(reason.to_owned());
    }

    pub(super) fn accept(&self) {
        self.0.lock().refusal = None;
    }

    /// Says of the next batch that one of its samples was rejected.
    pub(super) fn reject_next(&self) {
        self.0.lock().reject_next = true;
    }
}

impl Ingest for FakeIngest {
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError> {
        let mut state = self.0.lock();
        if let Some(reason) = &state.refusal {
            return Err(IngestError::Unavailable {
                reason: reason.clone(),
            });
        }
        let mut ingested = Ingested {
            samples: batch.rows().len(),
            ..Ingested::default()
        };
        if std::mem::take(&mut state.reject_next) {
            ingested.n_rejected = 1;
            let labels = Labels::from_pairs([("a", "b")]).unwrap();
            ingested
                .rejected
                .push((labels, Rejection::SeriesLimit { limit: 7 }));
        }
        let stored = batch.rows().iter().map(|row| Stored {
            labels: batch.labels(row).to_labels().to_string(),
            timestamp: row.timestamp,
            bits: row.value.to_bits(),
        });
        state.batches.push(stored.collect());
        state
            .described
            .extend(batch.metadata().iter().map(|(name, _)| name.clone()));
        Ok(ingested)
    }
}

/// A clock that a test sets.
pub(super) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(super) fn at(now: Millis) -> Self {
        Self(AtomicI64::new(now))
    }

    pub(super) fn set(&self, now: Millis) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}

/// Waits for conditions and gives up in the end.
pub(super) struct Patience(Instant);

impl Patience {
    pub(super) fn new() -> Self {
        Self(Instant::now() + Duration::from_secs(30))
    }

    pub(super) fn until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        while !condition() {
            assert!(Instant::now() < self.0, "waited in vain for {what}");
            std::thread::yield_now();
        }
    }
}
