//! The log as a stream: what senders follow.
//!
//! A [`LogTail`] reads durable records back from the segments, in order, as batches, and waits for more. It never
//! holds a lock of the write path while it reads, and it may be moved to another thread. What the log has dropped
//! before the reader came to it is told as a number of missed records; [`LogTail::hold`] keeps up to so many bytes
//! of log for a reader that is behind.

mod cursor;
mod decoder;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Batch;

use super::queue::{Hold, Shared};
use super::segment::SegmentInfo;
use crate::bytes::{Malformed, Reader};
use cursor::Cursor;
use decoder::Decoder;

/// Why the log cannot be followed now. Asking again goes on behind the record that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// A segment could not be read.
    #[error("failed to read log segment {path}")]
    Read {
        /// The segment.
        path: std::path::PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// What [`LogTail::next`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailStep {
    /// The batch holds the record at `position`.
    Record {
        /// Position of the record; asking for `position + 1` later goes on behind it.
        position: u64,
        /// Records since the one before that are gone: dropped by the log, or damaged.
        missed: u64,
    },
    /// Nothing further became durable within the timeout.
    Idle,
    /// The store is closed and everything durable was read.
    Closed,
}

/// How far a reader is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TailBacklog {
    /// Durable records not read yet.
    pub records: u64,
    /// About how many bytes of log these are.
    pub bytes: u64,
}

/// Reads the durable records of a store's log in order. See the module.
pub struct LogTail {
    shared: Arc<Shared>,
    hold: u64,
    /// Position of the record that comes next, 0 for the oldest one.
    next: u64,
    cursor: Option<Cursor>,
    /// Records of a frame that are not read yet, and where they begin.
    frame: (Vec<u8>, usize),
    decoder: Decoder,
}

impl LogTail {
    /// Keeps log that was not acknowledged, up to `bytes` beyond what the store needs itself. 0, which a new tail
    /// begins with, keeps nothing.
    pub fn hold(&mut self, bytes: u64) {
        self.change_hold(|hold| hold.bytes = bytes);
    }

    /// Says that records up to `position` are not needed any more.
    pub fn acknowledge(&mut self, position: u64) {
        self.change_hold(|hold| hold.acknowledged = hold.acknowledged.max(position));
    }

    fn change_hold(&self, change: impl FnOnce(&mut Hold)) {
        let mut holds = self.shared.holds.lock();
        if let Some(hold) = holds.iter_mut().find(|hold| hold.id == self.hold) {
            change(hold);
        }
    }

    /// Returns the position of the record that comes next; 0 if that is the oldest one there is.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Returns how far the reader is behind.
    pub fn backlog(&self) -> TailBacklog {
        let durable = self.shared.state.borrow().durable;
        let segments = self.shared.segments.lock();
        let here = self
            .cursor
            .as_ref()
            .map(|cursor| (cursor.sequence, cursor.offset));
        let ahead = segments.iter().map(|segment| match here {
            Some((sequence, _)) if segment.sequence < sequence => 0,
            Some((sequence, offset)) if segment.sequence == sequence => {
                segment.durable_bytes.saturating_sub(offset)
            }
            _ if segment.positions.1 < self.next => 0,
            _ => segment.durable_bytes,
        });
        let bytes = ahead.sum();
        let first = segments.iter().map(|segment| segment.positions.0).min();
        let next = self.next.max(first.unwrap_or(0));
        TailBacklog {
            records: (durable + 1).saturating_sub(next),
            bytes,
        }
    }

    /// Replaces what is in `batch` by the next durable record, waiting for one up to `timeout`. A record holds the
    /// samples of one batch, or a part of them: labels, floats, histograms, start timestamps, exemplars, metadata.
    ///
    /// # Errors
    /// A segment cannot be read.
    pub fn next(&mut self, batch: &mut Batch, timeout: Duration) -> Result<TailStep, TailError> {
        let deadline = Instant::now() + timeout;
        loop {
            batch.clear();
            if let Some(step) = self.next_record(batch) {
                return Ok(step);
            }
            if self.load_frame()? {
                continue;
            }
            if let Some(step) = self.wait(deadline) {
                return Ok(step);
            }
        }
    }

    /// Reads on in the frame that is in memory.
    fn next_record(&mut self, batch: &mut Batch) -> Option<TailStep> {
        let (raw, at) = &mut self.frame;
        while let Some(rest) = raw.get(*at..).filter(|rest| !rest.is_empty()) {
            let mut reader = Reader::new(rest);
            let record = (|| {
                let (kind, position) = (reader.u8()?, reader.uvarint()?);
                let len = reader.number()?;
                Ok::<_, Malformed>((kind, position, reader.bytes(len)?))
            })();
            let Ok((kind, position, payload)) = record else {
                // The frame fits its checksum, so this is another program's doing; the gap tells of it.
                *at = raw.len();
                break;
            };
            *at = raw.len() - reader.rest().len();
            let wanted = position >= self.next;
            let into = if wanted { Some(&mut *batch) } else { None };
            if self.decoder.read(kind, (position, payload), into) && wanted {
                let missed = if self.next == 0 { 0 } else { position - self.next };
                self.next = position + 1;
                return Some(TailStep::Record { position, missed });
            }
        }
        None
    }

    /// Reads the next frame; false if none is durable.
    fn load_frame(&mut self) -> Result<bool, TailError> {
        loop {
            let Some(cursor) = &mut self.cursor else {
                let Some(first) = self.first_segment() else {
                    return Ok(false);
                };
                self.open(&first)?;
                continue;
            };
            let bound = {
                let segments = self.shared.segments.lock();
                let here = segments.iter().find(|s| s.sequence == cursor.sequence);
                here.map(|segment| segment.durable_bytes)
            };
            let path = cursor.path.clone();
            let read = cursor.next_frame(bound);
            match read.map_err(|source| TailError::Read { path, source })? {
                Some(raw) => {
                    self.frame = (raw, 0);
                    return Ok(true);
                }
                None => {
                    let sequence = cursor.sequence;
                    let next = {
                        let segments = self.shared.segments.lock();
                        segments
                            .iter()
                            .find(|segment| segment.sequence > sequence)
                            .cloned()
                    };
                    match next.filter(|next| next.durable_bytes > 0) {
                        Some(next) => self.open(&next)?,
                        None => return Ok(false),
                    }
                }
            }
        }
    }

    /// Returns where to begin: with the epoch that holds the next record, as that defines what it speaks of.
    fn first_segment(&self) -> Option<SegmentInfo> {
        let segments = self.shared.segments.lock();
        let holds = |segment: &&SegmentInfo| segment.durable_bytes > 0 && segment.positions.1 >= self.next;
        let epoch = segments.iter().find(holds)?.epoch;
        segments.iter().find(|segment| segment.epoch == epoch).cloned()
    }

    fn open(&mut self, segment: &SegmentInfo) -> Result<(), TailError> {
        self.decoder.begin(segment.epoch);
        match Cursor::open(segment) {
            Ok(cursor) => {
                self.cursor = Some(cursor);
                Ok(())
            }
            // Dropped meanwhile: what is left is looked at anew.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.cursor = None;
                Ok(())
            }
            Err(source) => {
                let path = segment.path.clone();
                Err(TailError::Read { path, source })
            }
        }
    }

    /// Waits for something durable; what to answer if nothing comes.
    fn wait(&self, deadline: Instant) -> Option<TailStep> {
        let mut settled = self.shared.settled.lock();
        let (durable, failed) = {
            let state = self.shared.state.borrow();
            (state.durable, state.failure.is_some())
        };
        if durable >= self.next.max(1) && self.has_unread() {
            return None;
        }
        if failed && self.shared.queue.lock().closing {
            return Some(TailStep::Closed);
        }
        let timed_out = self
            .shared
            .settled_wake
            .wait_until(&mut settled, deadline)
            .timed_out();
        timed_out.then_some(TailStep::Idle)
    }

    /// Tells whether there are durable bytes that were not read.
    fn has_unread(&self) -> bool {
        let segments = self.shared.segments.lock();
        match &self.cursor {
            None => segments
                .iter()
                .any(|segment| segment.durable_bytes > 0 && segment.positions.1 >= self.next.max(1)),
            Some(cursor) => segments.iter().any(|segment| {
                segment.sequence > cursor.sequence && segment.durable_bytes > 0
                    || segment.sequence == cursor.sequence && segment.durable_bytes > cursor.offset
            }),
        }
    }
}

impl Drop for LogTail {
    fn drop(&mut self) {
        self.shared.holds.lock().retain(|hold| hold.id != self.hold);
    }
}

impl crate::Store {
    /// Follows the log from the record at `from` on, 0 for the oldest one there is. To follow what comes from now
    /// on, give [`crate::Store::position`] plus one.
    pub fn tail(&self, from: u64) -> LogTail {
        let shared = Arc::clone(&self.inner.wal.shared);
        let hold = {
            let mut holds = shared.holds.lock();
            let id = holds.iter().map(|hold| hold.id).max().unwrap_or(0) + 1;
            holds.push(Hold {
                id,
                acknowledged: from.saturating_sub(1),
                bytes: 0,
            });
            id
        };
        LogTail {
            shared,
            hold,
            next: from,
            cursor: None,
            frame: (Vec::new(), 0),
            decoder: Decoder::default(),
        }
    }

    /// Returns the position of the latest record, durable or not.
    pub fn position(&self) -> u64 {
        self.inner.wal.position()
    }
}
