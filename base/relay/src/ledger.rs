//! Which positions are acknowledged: those up to which nothing is under way.

use std::collections::BTreeMap;

/// Parcels under way, by position.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    under_way: BTreeMap<u64, usize>,
    /// The highest position seen.
    seen: u64,
}

impl Ledger {
    /// Notes that a parcel of a position is under way.
    pub(crate) fn begin(&mut self, position: u64) {
        *self.under_way.entry(position).or_default() += 1;
        self.seen = self.seen.max(position);
    }

    /// Notes that everything of a position has been pushed, also if it made no parcel.
    pub(crate) fn pass(&mut self, position: u64) {
        self.seen = self.seen.max(position);
    }

    /// Notes that a parcel of a position has arrived.
    pub(crate) fn end(&mut self, position: u64) {
        if let Some(n) = self.under_way.get_mut(&position) {
            *n -= 1;
            if *n == 0 {
                self.under_way.remove(&position);
            }
        }
    }

    /// Returns the last position up to which nothing is under way. The position that is being pushed may still make
    /// parcels: the feeder says by [`Ledger::pass`] when it is complete, so it does not count before that.
    pub(crate) fn acknowledged(&self, complete: u64) -> u64 {
        let first = self.under_way.keys().next();
        let settled = first.map_or(self.seen, |first| first.saturating_sub(1));
        settled.min(complete)
    }
}

#[cfg(test)]
mod tests;
