//! Deleting samples that are in memory.
//!
//! Samples out of order are removed. Those in order stay where they are, hidden by the spans in which they are deleted:
//! what comes later is newer than all of them, or out of order, so that a span can hit nothing that it must not.

use model::{Millis, TimeRange};

use super::Shard;
use crate::tombstones::{Tombstone, joined};

impl Shard {
    /// Deletes what a tombstone says, out of order of all series but those that `kept` names: of these all that is
    /// left came later.
    pub(crate) fn delete(&mut self, tombstone: &Tombstone, kept: impl Fn(u32) -> bool) {
        for (hash, end) in &tombstone.head {
            let span = TimeRange {
                start: tombstone.range.start,
                end: *end,
            };
            let series = &self.series;
            let found = self
                .by_labels
                .find(*hash, |id| series[*id as usize].hash == *hash);
            if let Some(id) = found.copied()
                && tombstone.matches(&self.packed_labels(id))
            {
                self.hide(id, span);
            }
        }
        for id in self.out_of_order() {
            let packed = self.packed_labels(id);
            if kept(id) || !tombstone.matches(&packed) {
                continue;
            }
            let mut range = tombstone.range;
            if tombstone.position == u64::MAX {
                // Nothing tells what came before, so its time must.
                let hash = super::hash_labels(&packed);
                range.end = tombstone.head.get(&hash).copied().unwrap_or(Millis::MIN);
            }
            self.remove_out_of_order(id, range);
        }
    }

    /// Calls `each` with the hash of every series that may have samples in a span, and the time of the last that may
    /// be one.
    pub(crate) fn ends_in(&self, ids: &[u32], range: TimeRange, mut each: impl FnMut(u64, Millis)) {
        for id in ids {
            let Some(series) = self.series.get(*id as usize).filter(|series| !series.dead) else {
                continue;
            };
            let shown = range.start.max(self.shown.from)..=range.end;
            let in_order = series.last_t.min(range.end);
            let in_order = shown.contains(&in_order).then_some(in_order);
            let is_span = range.start <= range.end;
            let histories = self.histories(*id).filter(|_| is_span);
            let backfill = histories.filter_map(|history| history.last_in(range)).max();
            if let Some(end) = in_order.max(backfill) {
                each(series.hash, end);
            }
        }
    }

    /// Tells whether samples in order at a time are deleted.
    pub(super) fn is_hidden(&self, id: u32, t: Millis) -> bool {
        let side = self.sides.get(&id);
        side.is_some_and(|side| side.hidden.iter().any(|span| span.contains(t)))
    }

    fn hide(&mut self, id: u32, span: TimeRange) {
        if span.start > span.end {
            return;
        }
        let hidden = &mut self.side(id).hidden;
        hidden.push(span);
        *hidden = joined(std::mem::take(hidden));
    }

    fn out_of_order(&self) -> Vec<u32> {
        let late = self.sides.iter().filter(|(_, side)| !side.late.is_empty());
        let mut ids: Vec<u32> = late.map(|(id, _)| *id).collect();
        ids.extend(self.backfilled_series());
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn remove_out_of_order(&mut self, id: u32, range: TimeRange) {
        if let Some(side) = self.sides.get_mut(&id) {
            side.late.retain(|t, _| !range.contains(*t));
        }
        self.remove_backfill(id, range);
    }
}
