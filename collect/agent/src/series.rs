//! Which series a collector handed over last time, so that those that are gone can be ended.
//!
//! One entry a series holds its packed labels, copied when the series appears; a collection then only looks
//! entries up and stamps them.

use hashbrown::HashTable;
use model::{Batch, Millis, PackedLabels, stale_marker};
use xxhash_rust::xxh3::xxh3_64;

/// The series of one collector.
#[derive(Debug, Default)]
pub(crate) struct SeriesSet {
    entries: HashTable<Entry>,
    generation: u64,
    /// Entries with the stamp of this generation.
    stamped: usize,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    generation: u64,
    packed: Box<str>,
}

impl SeriesSet {
    /// Adds the samples of a collection to `out` at the time of the tick. A series that comes again is left out.
    /// Returns how many samples were added.
    pub(crate) fn merge(&mut self, collection: &Batch, tick: Millis, out: &mut Batch) -> usize {
        self.begin();
        let mut added = 0;
        for row in collection.rows() {
            let labels = collection.labels(row);
            if !self.stamp(labels) {
                continue;
            }
            if let Ok(series) = out.add_packed(labels) {
                out.push(&series, tick, row.value);
                added += 1;
            }
        }
        for (name, metadata) in collection.metadata() {
            out.describe(name, metadata.clone());
        }
        self.end_missing(tick, out);
        added
    }

    /// Ends all series at the time of the tick.
    pub(crate) fn end_all(&mut self, tick: Millis, out: &mut Batch) {
        self.begin();
        self.end_missing(tick, out);
    }

    fn begin(&mut self) {
        self.generation += 1;
        self.stamped = 0;
    }

    /// Notes that a series was handed over; `false` if it was already in this collection.
    fn stamp(&mut self, labels: PackedLabels<'_>) -> bool {
        let packed = labels.packed();
        let hash = xxh3_64(packed.as_bytes());
        let known = self
            .entries
            .find_mut(hash, |entry| entry.hash == hash && *entry.packed == *packed);
        match known {
            Some(entry) if entry.generation == self.generation => return false,
            Some(entry) => entry.generation = self.generation,
            None => {
                let entry = Entry {
                    hash,
                    generation: self.generation,
                    packed: Box::from(packed),
                };
                self.entries.insert_unique(hash, entry, |entry| entry.hash);
            }
        }
        self.stamped += 1;
        true
    }

    /// Forgets the series that this collection did not have and puts their end into `out`.
    fn end_missing(&mut self, tick: Millis, out: &mut Batch) {
        if self.stamped == self.entries.len() {
            return;
        }
        let generation = self.generation;
        self.entries.retain(|entry| {
            let kept = entry.generation == generation;
            if !kept && let Ok(series) = out.add_packed(PackedLabels::trusted(&entry.packed)) {
                out.push(&series, tick, stale_marker());
            }
            kept
        });
    }
}

#[cfg(test)]
mod tests;
