//! The latest exemplars, in a ring.
//!
//! The oldest one stored goes when a new one finds the ring full, whatever series it belongs to. Rules of what is
//! taken are those of Prometheus: a repetition of the latest one of its series is taken and not stored; one older
//! than the window behind the latest, or at the same time but smaller, is refused.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use hashbrown::HashMap;
use model::{
    Batch, Exemplar, ExemplarRequest, Labels, Matcher, Millis, PackedLabels, QueryError, SeriesExemplars,
};

use crate::head::hash_labels;
use crate::store::{Inner, shard_of};
use crate::wal::{Epoch, KIND_EXEMPLARS, Payload, encode_exemplars};

/// Characters of an exemplar's labels together, by OpenMetrics.
const MAX_LABEL_CHARS: usize = 128;

/// Why an exemplar was not taken, as values of the label `reason`.
pub(crate) const EXEMPLAR_REASONS: [&str; 3] = ["out_of_order", "too_long", "unknown_series"];

/// Why an exemplar was not taken: the place in [`EXEMPLAR_REASONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    OutOfOrder = 0,
    TooLong = 1,
    UnknownSeries = 2,
}

struct Entry {
    series: Labels,
    exemplar: Exemplar,
}

/// See the module.
#[derive(Default)]
pub(crate) struct ExemplarRing {
    capacity: usize,
    entries: Vec<Entry>,
    /// Entry that goes next, once the ring is full.
    next: usize,
    /// Entries of each series by time.
    by_series: HashMap<Labels, VecDeque<usize>>,
}

impl ExemplarRing {
    /// Creates an empty ring for so many exemplars.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            ..Self::default()
        }
    }

    /// Makes room for another number of exemplars; of more the latest stored stay.
    pub(crate) fn resize(&mut self, capacity: usize) {
        if capacity == self.capacity {
            return;
        }
        let all = self.all();
        let gone = all.len().saturating_sub(capacity);
        *self = Self::new(capacity);
        for (series, exemplar) in all.into_iter().skip(gone) {
            self.store(series, exemplar);
        }
    }

    /// Tells whether exemplars are kept at all.
    pub(crate) fn is_on(&self) -> bool {
        self.capacity > 0
    }

    /// Returns the number of exemplars.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Takes an exemplar; false if it is a repetition, which is not stored.
    pub(crate) fn insert(
        &mut self,
        series: PackedLabels<'_>,
        exemplar: &Exemplar,
        window: Millis,
    ) -> Result<bool, Refused> {
        let items = exemplar.labels.iter().flat_map(|(name, value)| [name, value]);
        if items.map(|item| item.chars().count()).sum::<usize>() > MAX_LABEL_CHARS {
            return Err(Refused::TooLong);
        }
        let series = series.to_labels();
        if let Some(newest) = self.newest(&series) {
            if is_same(newest, exemplar) {
                return Ok(false);
            }
            let (t, newest_t) = (exemplar.timestamp, newest.timestamp);
            let smaller = t == newest_t
                && (exemplar.value < newest.value
                    || (exemplar.value == newest.value && exemplar.labels < newest.labels));
            if smaller || (t < newest_t && t <= newest_t.saturating_sub(window)) {
                return Err(Refused::OutOfOrder);
            }
            if t < newest_t && self.has_time(&series, t) {
                return Ok(false);
            }
        }
        self.store(series, exemplar.clone());
        Ok(true)
    }

    fn newest(&self, series: &Labels) -> Option<&Exemplar> {
        let at = self.by_series.get(series)?.back()?;
        self.entries.get(*at).map(|entry| &entry.exemplar)
    }

    fn time(&self, at: usize) -> Millis {
        self.entries
            .get(at)
            .map_or(Millis::MIN, |entry| entry.exemplar.timestamp)
    }

    fn has_time(&self, series: &Labels, t: Millis) -> bool {
        let Some(list) = self.by_series.get(series) else {
            return false;
        };
        let place = list.partition_point(|at| self.time(*at) < t);
        list.get(place).is_some_and(|at| self.time(*at) == t)
    }

    fn store(&mut self, series: Labels, exemplar: Exemplar) {
        if self.capacity == 0 {
            return;
        }
        let t = exemplar.timestamp;
        let entry = Entry {
            series: series.clone(),
            exemplar,
        };
        let at = if self.entries.len() < self.capacity {
            self.entries.push(entry);
            self.entries.len() - 1
        } else {
            let at = self.next;
            self.next = (at + 1) % self.capacity;
            if let Some(slot) = self.entries.get_mut(at) {
                let gone = std::mem::replace(slot, entry);
                self.forget(&gone.series, at);
            }
            at
        };
        let list = self.by_series.get(&series);
        let place = list.map_or(0, |list| list.partition_point(|at| self.time(*at) <= t));
        self.by_series.entry(series).or_default().insert(place, at);
    }

    fn forget(&mut self, series: &Labels, at: usize) {
        if let Some(list) = self.by_series.get_mut(series) {
            list.retain(|other| *other != at);
            if list.is_empty() {
                self.by_series.remove(series);
            }
        }
    }

    /// Returns all exemplars, oldest stored first.
    pub(crate) fn all(&self) -> Vec<(Labels, Exemplar)> {
        let (newer, older) = self.entries.split_at_checked(self.next).unwrap_or_default();
        let entries = older.iter().chain(newer);
        entries
            .map(|entry| (entry.series.clone(), entry.exemplar.clone()))
            .collect()
    }

    /// Returns the exemplars that a request asks for.
    pub(crate) fn find(&self, request: &ExemplarRequest) -> Vec<SeriesExemplars> {
        let matches = |labels: &Labels, matchers: &Vec<Matcher>| {
            matchers
                .iter()
                .all(|matcher| matcher.matches(labels.get(matcher.name()).unwrap_or("")))
        };
        let mut found = Vec::new();
        for (labels, list) in &self.by_series {
            if !request.matcher_sets.iter().any(|set| matches(labels, set)) {
                continue;
            }
            let exemplars: Vec<Exemplar> = list
                .iter()
                .filter_map(|at| self.entries.get(*at))
                .map(|entry| &entry.exemplar)
                .filter(|exemplar| request.range.contains(exemplar.timestamp))
                .cloned()
                .collect();
            if !exemplars.is_empty() {
                found.push(SeriesExemplars {
                    labels: labels.clone(),
                    exemplars,
                });
            }
        }
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        found
    }
}

fn is_same(a: &Exemplar, b: &Exemplar) -> bool {
    a.timestamp == b.timestamp && a.value.to_bits() == b.value.to_bits() && a.labels == b.labels
}

impl Inner {
    /// Takes the exemplars of a batch. Returns how many, and the position of their record.
    pub(crate) fn take_exemplars(&self, batch: &Batch, epoch: Epoch) -> (usize, Option<u64>) {
        let mut ring = self.exemplars.lock();
        if batch.exemplars().is_empty() || !ring.is_on() {
            return (0, None);
        }
        let window = self.out_of_order_window.load(Ordering::Relaxed);
        let mut n_taken = 0;
        let mut stored = Vec::new();
        for exemplar in batch.exemplars() {
            let series = batch.exemplar_labels(exemplar);
            let taken = if self.has_series(series) {
                ring.insert(series, &exemplar.exemplar, window)
            } else {
                Err(Refused::UnknownSeries)
            };
            match taken {
                Ok(is_new) => {
                    n_taken += 1;
                    if is_new {
                        stored.push((series.packed(), &exemplar.exemplar));
                    }
                }
                Err(refused) => {
                    if let Some(counter) = self.counters.refused_exemplars.get(refused as usize) {
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        self.counters
            .exemplars
            .fetch_add(n_taken as u64, Ordering::Relaxed);
        if stored.is_empty() {
            return (n_taken, None);
        }
        // Queued under the ring's lock, so the log has the order in which they were stored.
        let payload = Payload::plain(KIND_EXEMPLARS, encode_exemplars(stored.into_iter()));
        (n_taken, Some(self.wal.append(epoch, payload)))
    }

    fn has_series(&self, series: PackedLabels<'_>) -> bool {
        let at = shard_of(series.packed(), self.shards.len());
        let shard = self.shards.get(at).map(|shard| shard.lock());
        let hash = hash_labels(series.packed());
        shard.is_some_and(|shard| shard.find(series.packed(), hash).is_some())
    }

    /// Returns the exemplars that a request asks for.
    pub(crate) fn find_exemplars(
        &self,
        request: &ExemplarRequest,
    ) -> Result<Vec<SeriesExemplars>, QueryError> {
        Ok(self.exemplars.lock().find(request))
    }
}

#[cfg(test)]
mod tests;
