//! The log as a stream: what senders follow.
//!
//! A [`LogTail`] reads durable records back from the segments, in order, as batches, and waits for more. It never
//! holds a lock of the write path while it reads, and it may be moved to another thread. What the log has dropped
//! before the reader came to it is told as a number of missed records; [`LogTail::hold`] keeps up to so many bytes
//! of log for a reader that is behind.

use std::time::Duration;

use model::Batch;

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
    next: u64,
}

impl LogTail {
    /// Keeps log that was not acknowledged, up to `bytes` beyond what the store needs itself. 0, which a new tail
    /// begins with, keeps nothing.
    pub fn hold(&mut self, _bytes: u64) {}

    /// Says that records up to `position` are not needed any more.
    pub fn acknowledge(&mut self, _position: u64) {}

    /// Returns the position of the record that comes next.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Returns how far the reader is behind.
    pub fn backlog(&self) -> TailBacklog {
        TailBacklog::default()
    }

    /// Replaces what is in `batch` by the next durable record, waiting for one up to `timeout`. A record holds the
    /// samples of one batch, or a part of them: labels, floats, histograms, start timestamps, exemplars, metadata.
    ///
    /// # Errors
    /// A segment cannot be read.
    pub fn next(&mut self, _batch: &mut Batch, _timeout: Duration) -> Result<TailStep, TailError> {
        Ok(TailStep::Closed)
    }
}

impl crate::Store {
    /// Follows the log from the record at `from` on, 0 for the oldest one there is. To follow what comes from now
    /// on, give [`crate::Store::position`] plus one.
    pub fn tail(&self, from: u64) -> LogTail {
        LogTail { next: from }
    }

    /// Returns the position of the latest record, durable or not.
    pub fn position(&self) -> u64 {
        self.inner.wal.position()
    }
}
