//! Series that go on with the value that they have, found by number.

use model::{Millis, SeriesHandle, is_stale};

use super::{Sample, Terms};
use crate::head::Shard;
use crate::head::series::NONE;

/// Bits of a handle: the number of the series, its shard, the lowest bits of the shard's incarnation. Incarnations are
/// hours apart, so that one that comes again after 65,536 of them meets no handle of before.
const SHARD_AT: u32 = 32;
const INCARNATION_AT: u32 = 48;

/// Returns the number of the shard that a handle is of; one that there never is for the void one.
pub(crate) fn shard_of_handle(handle: SeriesHandle) -> usize {
    usize::from((handle.key() >> SHARD_AT) as u16)
}

impl Shard {
    /// Returns a handle of the series of the row before, a void one if there is none.
    pub(crate) fn handle(&self) -> SeriesHandle {
        if self.previous == NONE {
            return SeriesHandle::VOID;
        }
        let (shard, incarnation) = (self.id as u16, self.incarnation as u16);
        SeriesHandle::new(
            u64::from(incarnation) << INCARNATION_AT
                | u64::from(shard) << SHARD_AT
                | u64::from(self.previous),
        )
    }

    /// Gives a series whose latest sample is a float at `before` another one with the same value. `false` if there is
    /// no such series.
    pub(crate) fn repeat(
        &mut self,
        handle: SeriesHandle,
        (before, t): (Millis, Millis),
        terms: &Terms,
    ) -> bool {
        let id = handle.key() as u32;
        let is_current = (handle.key() >> INCARNATION_AT) as u16 == self.incarnation as u16;
        let Some(series) = self.series.get(id as usize).filter(|_| is_current) else {
            return false;
        };
        let goes_on = !series.dead
            && series.last_t == before
            && !series.is_histogram
            && !is_stale(f64::from_bits(series.last));
        if !goes_on || t <= before || t > terms.newest {
            return false;
        }
        let start = if series.has_side {
            self.current_start(id)
        } else {
            0
        };
        let sample = Sample {
            t,
            bits: self.series[id as usize].last,
            start,
            histogram: None,
        };
        self.take_sample(id, sample, terms).is_ok()
    }
}
