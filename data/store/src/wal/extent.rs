//! What is known of the samples of a record or of a segment without reading them.

use model::Millis;

/// Which times samples have, and how they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Time of the oldest sample, the largest number if there are none.
    pub(crate) oldest: Millis,
    /// Time of the newest sample, the smallest number if there are none.
    pub(crate) newest: Millis,
    /// Some samples were older than the head's floor: they become parts of their own.
    pub(crate) backfill: bool,
}

impl Default for Extent {
    fn default() -> Self {
        Self {
            oldest: Millis::MAX,
            newest: Millis::MIN,
            backfill: false,
        }
    }
}

impl Extent {
    /// Tells whether there are no samples.
    pub(crate) fn is_empty(&self) -> bool {
        self.oldest > self.newest
    }

    /// Takes a sample's time in.
    #[inline]
    pub(crate) fn note(&mut self, t: Millis) {
        self.oldest = self.oldest.min(t);
        self.newest = self.newest.max(t);
    }

    /// Takes in what another one covers.
    pub(crate) fn join(&mut self, other: &Self) {
        self.oldest = self.oldest.min(other.oldest);
        self.newest = self.newest.max(other.newest);
        self.backfill |= other.backfill;
    }

    /// Returns the time between the oldest and the newest sample.
    pub(crate) fn length(&self) -> Millis {
        if self.is_empty() {
            return 0;
        }
        self.newest.saturating_sub(self.oldest)
    }
}
