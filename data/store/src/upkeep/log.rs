//! Keeping the log short: snapshots of the head, and the epochs that they make superfluous.
//!
//! The order makes it safe: a snapshot is durable, then the manifest says that samples may be in it alone, then
//! segments are removed.

use crate::StoreError;
use crate::config::millis;
use crate::store::manifest::{self, Manifest};
use crate::store::{Inner, snapshot};
use crate::wal::{Elsewhere, Spread};

/// Writes a snapshot of the head if the log behind the last one is long, or if it lets much of the log go.
pub(super) fn save_snapshot(inner: &Inner) -> Result<(), StoreError> {
    let kept = elsewhere(inner);
    let bytes = |position| spread(inner, (&kept, position)).map_or(0, |spread| spread.bytes);
    let covered = inner.snapshot.lock().covers();
    snapshot::save_if_due(inner, bytes(u64::MAX).saturating_sub(bytes(covered)))
}

/// Removes epochs of the log whose samples parts and the snapshot hold.
pub(super) fn retire(inner: &Inner) -> Result<(), StoreError> {
    let mut kept = elsewhere(inner);
    let covered = inner.snapshot.lock().covers();
    if let Some(spread) = spread(inner, (&kept, covered)) {
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
    inner.wal.spread(kept, (position, millis(inner.config.head_range)))
}

fn elsewhere(inner: &Inner) -> Elsewhere {
    let manifest = inner.manifest.lock();
    Elsewhere {
        floor: manifest.floor,
        backfilled: manifest.backfilled,
        carried: 0,
    }
}
