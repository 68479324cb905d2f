//! Which series a tenant has written lately: hashes in two generations, so that a series is forgotten half to one
//! hour after its last sample. Memory is bounded by the limit that makes it count.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use model::Millis;

/// How long a generation takes in series.
const GENERATION: Millis = 30 * 60_000;

#[derive(Debug, Default)]
pub(super) struct ActiveSeries {
    hasher: RandomState,
    young: HashSet<u64>,
    old: HashSet<u64>,
    began: Option<Millis>,
}

impl ActiveSeries {
    /// Lets a generation grow old when its time is over.
    pub(super) fn turn(&mut self, now: Millis) {
        let began = *self.began.get_or_insert(now);
        if now.saturating_sub(began) >= GENERATION {
            self.old = std::mem::take(&mut self.young);
            self.began = Some(now);
        }
    }

    pub(super) fn hash(&self, labels: &str) -> u64 {
        self.hasher.hash_one(labels)
    }

    /// Notes a sample of a series; true if the series is known.
    pub(super) fn touch(&mut self, hash: u64) -> bool {
        if self.young.contains(&hash) {
            return true;
        }
        let known = self.old.remove(&hash);
        if known {
            self.young.insert(hash);
        }
        known
    }

    /// Adds a series.
    pub(super) fn add(&mut self, hash: u64) {
        self.young.insert(hash);
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> u64 {
        (self.young.len() + self.old.len()) as u64
    }
}
