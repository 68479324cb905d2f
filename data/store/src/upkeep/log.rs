//! Keeping the log short: snapshots of the head, and the epochs that they make superfluous.
//!
//! The order makes it safe: a snapshot is durable, then the manifest says that samples may be in it alone, then
//! segments are removed.

use model::Millis;

use crate::StoreError;
use crate::config::millis;
use crate::store::manifest::{self, Manifest};
use crate::store::{Inner, snapshot};
use crate::wal::{Elsewhere, Spread};

/// An epoch lasts for a quarter of the head's range at most, and samples may be late: those that are further apart
/// than this share of the range, as a divisor, are history.
const SPREAD_SHARE: Millis = 2;

/// Whether samples are coming while the log is kept short.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// They may be: what history leaves in the log waits, since each snapshot costs as much as the head is large.
    Busy,
    /// None has come for a moment.
    Quiet,
}

/// Log that history has left behind goes at once when the store is quiet, and before that when it is this many times
/// the size of a snapshot.
const BUSY_SIZES: u64 = 8;

/// Writes a snapshot of the head if the log behind the last one is long, or if it lets much of the log go.
pub(super) fn save_snapshot(inner: &Inner, pace: Pace) -> Result<(), StoreError> {
    let kept = elsewhere(inner);
    let covered = inner.snapshot.lock().covers();
    let all = spread(inner, (&kept, u64::MAX));
    let bytes = |spread: Option<Spread>| spread.map_or(0, |spread| spread.bytes);
    // An epoch that records still come to stays, whatever the snapshot holds.
    let goes = spread(inner, (&kept, covered)).filter(|spread| !spread.is_current);
    let gain = bytes(all).saturating_sub(bytes(goes));
    let enough = match pace {
        Pace::Busy => gain / BUSY_SIZES >= inner.snapshot.lock().bytes,
        Pace::Quiet => true,
    };
    if enough && snapshot::is_worth(inner, gain) {
        if all.is_some_and(|spread| spread.is_current) {
            inner.wal.begin_epoch().map_err(snapshot::log_failure)?;
        }
        return snapshot::save(inner);
    }
    let behind = inner.snapshot.lock().behind(inner.wal.stats().written_bytes);
    if snapshot::is_worth(inner, behind) {
        return snapshot::save(inner);
    }
    Ok(())
}

/// Removes epochs of the log whose samples parts and the snapshot hold.
pub(super) fn retire(inner: &Inner) -> Result<(), StoreError> {
    let mut kept = elsewhere(inner);
    let covered = inner.snapshot.lock().covers();
    if let Some(spread) = spread(inner, (&kept, covered)).filter(|spread| !spread.is_current) {
        let mut manifest = inner.manifest.lock();
        if manifest.carried < spread.newest {
            let next = Manifest {
                carried: spread.newest,
                ..manifest.clone()
            };
            manifest::save(&*inner.disk, &inner.config.dir, &next)?;
            *manifest = next;
        }
        kept.carried = spread.epoch;
    }
    inner.wal.retire(&kept)
}

fn spread(inner: &Inner, (kept, position): (&Elsewhere, u64)) -> Option<Spread> {
    let length = millis(inner.config.head_range) / SPREAD_SHARE;
    inner.wal.spread(kept, (position, length))
}

fn elsewhere(inner: &Inner) -> Elsewhere {
    let manifest = inner.manifest.lock();
    Elsewhere {
        floor: manifest.floor,
        backfilled: manifest.backfilled,
        carried: 0,
    }
}
