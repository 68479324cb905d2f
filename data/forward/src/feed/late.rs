//! Exemplars that came without a sample of their series.
//!
//! Receivers of version 2.0 refuse a series that has neither sample nor histogram
//! (<https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>). Such exemplars wait here for the next sample of
//! their series and go with it. What waits is bounded, in number and in time.

use std::collections::HashMap;

use model::{Exemplar, Millis};

/// Exemplars that wait, of all series.
const MAX_WAITING: usize = 10_000;
/// Exemplars that are older than this make room when there is none: their series has most likely ended.
const PATIENCE_MS: Millis = 10 * 60_000;

/// Exemplars that wait, by the packed labels of their series in the store.
#[derive(Default)]
pub(super) struct LateExemplars {
    by_series: HashMap<Box<str>, Vec<Exemplar>>,
    n: usize,
}

impl LateExemplars {
    /// Keeps an exemplar, and returns how many were given up for want of room.
    pub(super) fn keep(&mut self, series: &str, exemplar: Exemplar, now: Millis) -> usize {
        let mut given_up = 0;
        if self.n >= MAX_WAITING {
            let before = self.n;
            let oldest = now.saturating_sub(PATIENCE_MS);
            self.by_series.retain(|_, waiting| {
                waiting.retain(|exemplar| exemplar.timestamp >= oldest);
                !waiting.is_empty()
            });
            self.n = self.by_series.values().map(Vec::len).sum();
            given_up = before - self.n;
        }
        if self.n >= MAX_WAITING {
            return given_up + 1;
        }
        self.n += 1;
        match self.by_series.get_mut(series) {
            Some(waiting) => waiting.push(exemplar),
            None => {
                self.by_series.insert(series.into(), vec![exemplar]);
            }
        }
        given_up
    }

    /// Takes what waits for a series.
    pub(super) fn take(&mut self, series: &str) -> Vec<Exemplar> {
        if self.n == 0 {
            return Vec::new();
        }
        let taken = self.by_series.remove(series).unwrap_or_default();
        self.n -= taken.len();
        taken
    }
}

#[cfg(test)]
mod tests;
