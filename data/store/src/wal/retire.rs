//! Which epochs of the log may go, and letting them go.
//!
//! An epoch goes when all its samples are kept elsewhere: in parts, or in parts and a snapshot of the head. The latter
//! is for epochs whose samples spread over more time than an epoch lasts, as when history is sent to a store that also
//! takes what comes now: most of it is in parts soon, what came beside it stays in the head for hours. Epochs of
//! the usual kind stay until parts hold them, so that the log can stand in for a snapshot that is damaged.

use std::path::PathBuf;

use model::{IngestError, Millis};

use super::queue::Wal;
use super::record::{Payload, encode_metadata};
use super::segment::{KIND_METADATA, SegmentInfo};
use crate::StoreError;
use crate::error::io_error;

/// Where samples of the log are kept as well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elsewhere {
    /// Parts hold all samples before, backfill aside.
    pub(crate) floor: Millis,
    /// Parts hold the backfill of epochs up to this one.
    pub(crate) backfilled: u64,
    /// A snapshot holds what parts do not of epochs up to this one.
    pub(crate) carried: u64,
}

impl Elsewhere {
    fn holds(&self, segment: &SegmentInfo) -> bool {
        (segment.extent.newest < self.floor || segment.epoch <= self.carried) && self.holds_backfill(segment)
    }

    fn holds_backfill(&self, segment: &SegmentInfo) -> bool {
        !segment.extent.backfill || segment.epoch <= self.backfilled
    }
}

/// The log up to the last epoch whose samples spread far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spread {
    /// That epoch.
    pub(crate) epoch: u64,
    /// Records still come to it.
    pub(crate) is_current: bool,
    /// Time of the newest sample up to there.
    pub(crate) newest: Millis,
    /// Bytes of the log up to there.
    pub(crate) bytes: u64,
}

impl Wal {
    /// Returns the oldest epoch of which the log holds backfill.
    pub(crate) fn oldest_backfill(&self) -> Option<u64> {
        let segments = self.shared.segments.lock();
        segments.iter().find(|s| s.extent.backfill).map(|s| s.epoch)
    }

    /// Returns how much of the log can go with the help of a snapshot that holds all records up to a position: whole
    /// epochs from the oldest one on, to the last with samples that are further apart than `length`, and that parts
    /// do not hold.
    pub(crate) fn spread(&self, kept: &Elsewhere, (position, length): (u64, Millis)) -> Option<Spread> {
        let segments = self.shared.segments.lock();
        let current = segments.last()?.epoch;
        let may_go = |s: &&SegmentInfo| s.positions.1 <= position && kept.holds_backfill(s);
        let n = segments.iter().take_while(may_go).count();
        let (free, rest) = segments.split_at(n);
        let cut_epoch = rest.first().map(|s| s.epoch);
        let is_spread = |s: &&SegmentInfo| {
            Some(s.epoch) != cut_epoch && s.extent.length() > length && s.extent.newest >= kept.floor
        };
        let epoch = free.iter().rfind(is_spread)?.epoch;
        let going = || free.iter().take_while(|s| s.epoch <= epoch);
        Some(Spread {
            epoch,
            is_current: epoch == current,
            newest: going().map(|s| s.extent.newest).max()?,
            bytes: going().map(|s| s.bytes).sum(),
        })
    }

    /// Begins an epoch with a record that holds nothing, so that the one before is over though nothing comes.
    pub(crate) fn begin_epoch(&self) -> Result<(), IngestError> {
        self.rotate(Millis::MIN, || {});
        let position = {
            let epoch = self.epoch();
            self.append(
                *epoch,
                Payload::plain(KIND_METADATA, encode_metadata(std::iter::empty())),
            )
        };
        self.wait(position)
    }

    /// Removes the oldest epochs while all their samples are kept elsewhere. The current epoch stays, and so does
    /// what readers hold back.
    pub(crate) fn retire(&self, kept: &Elsewhere) -> Result<(), StoreError> {
        loop {
            let victims: Vec<PathBuf> = {
                let segments = self.shared.segments.lock();
                let Some(current) = segments.last().map(|s| s.epoch) else {
                    return Ok(());
                };
                let may_go = |s: &&SegmentInfo| s.epoch != current && kept.holds(s);
                let n_free = segments.iter().take_while(may_go).count();
                let (free, rest) = segments.split_at(n_free);
                // An epoch goes as a whole.
                let cut_epoch = rest.first().map(|s| s.epoch);
                let Some(oldest) = free.first().map(|s| s.epoch).filter(|e| Some(*e) != cut_epoch) else {
                    return Ok(());
                };
                let epoch = || free.iter().take_while(|s| s.epoch == oldest);
                let last = epoch().map(|s| s.positions.1).max().unwrap_or(0);
                if free.iter().map(|s| s.bytes).sum::<u64>() <= self.held_bytes(last) {
                    return Ok(());
                }
                epoch().map(|s| s.path.clone()).collect()
            };
            // Newest first: a definition must not be gone while records that need it are there.
            for path in victims.iter().rev() {
                self.disk.remove(path).map_err(io_error("remove", path))?;
                self.shared.segments.lock().retain(|s| s.path != *path);
            }
        }
    }

    /// Tells whether the log could let go of its oldest epoch but for the backfill in it.
    pub(crate) fn backfill_holds(&self, floor: Millis) -> bool {
        let segments = self.shared.segments.lock();
        let (Some(oldest), Some(current)) = (segments.first(), segments.last()) else {
            return false;
        };
        let mut epoch = segments.iter().take_while(|s| s.epoch == oldest.epoch);
        oldest.epoch != current.epoch && epoch.all(|s| s.extent.newest < floor)
    }

    /// Returns how many bytes of log may be kept for readers that have not come to a position.
    fn held_bytes(&self, position: u64) -> u64 {
        let holds = self.shared.holds.lock();
        let waiting = holds.iter().filter(|hold| hold.acknowledged < position);
        waiting.map(|hold| hold.bytes).max().unwrap_or(0)
    }
}
