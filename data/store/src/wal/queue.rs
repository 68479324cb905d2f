//! The queue of records, as the store sees the log.
//!
//! Appending never waits for the disk: records gather in memory until the writer takes them, and batches are
//! refused while too many bytes wait or the log cannot be written.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use model::{IngestError, Millis};
use parking_lot::{Condvar, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

use super::Payload;
use super::segment::SegmentInfo;
use super::writer::Writer;
use crate::StoreError;
use crate::disk::Disk;

/// Bytes that make the writer write though nobody waits.
pub(super) const EAGER_BYTES: usize = 4 << 20;

/// How the log is set up.
pub(crate) struct WalOptions {
    pub(crate) dir: PathBuf,
    pub(crate) fsync_interval: Duration,
    pub(crate) queue_bytes: usize,
    pub(crate) segment_bytes: u64,
    /// Age at which a segment is closed, so that it can be dropped in time.
    pub(crate) segment_age: Duration,
    /// Shards of the head, for the headers of segments.
    pub(crate) n_shards: u32,
    /// The head's floor.
    pub(crate) floor: Millis,
    /// Position, epoch and segment number that come next.
    pub(crate) next_position: u64,
    pub(crate) next_epoch: u32,
    pub(crate) next_sequence: u64,
    /// Segments that were replayed.
    pub(crate) segments: Vec<SegmentInfo>,
}

/// How far the log is durable, and why it does not get further.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogState {
    pub(crate) durable: u64,
    pub(crate) failure: Option<Arc<str>>,
}

/// Counters of the log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WalStats {
    pub(crate) written_bytes: u64,
    pub(crate) fsyncs: u64,
    pub(crate) fsync_time: Duration,
    pub(crate) last_fsync: Duration,
    pub(crate) failures: u64,
    pub(crate) waiting_bytes: usize,
    pub(crate) bytes: u64,
    pub(crate) segments: usize,
}

/// A span of the log in which a series is defined once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch {
    pub(crate) number: u32,
    /// The head's floor when it began.
    pub(crate) floor: Millis,
}

/// Where the durable log ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogEnd {
    pub(crate) sequence: u64,
    pub(crate) bytes: u64,
    pub(crate) position: u64,
}

pub(super) struct Record {
    pub(super) position: u64,
    pub(super) epoch: Epoch,
    pub(super) payload: Payload,
}

#[derive(Default)]
pub(super) struct Queue {
    pub(super) records: VecDeque<Record>,
    /// Payload bytes that are not durable.
    pub(super) bytes: usize,
    pub(super) first_at: Option<Instant>,
    pub(super) next_position: u64,
    pub(super) wanted: u64,
    pub(super) closing: bool,
}

pub(super) struct Shared {
    pub(super) queue: Mutex<Queue>,
    pub(super) wake: Condvar,
    pub(super) settled: Mutex<()>,
    pub(super) settled_wake: Condvar,
    pub(super) state: watch::Sender<LogState>,
    pub(super) epoch: RwLock<Epoch>,
    pub(super) segments: Mutex<Vec<SegmentInfo>>,
    pub(super) stats: Mutex<WalStats>,
    pub(super) queue_bytes: usize,
    /// What readers of the log hold back.
    pub(super) holds: Mutex<Vec<Hold>>,
}

/// Log that a reader still wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) id: u64,
    /// Records up to here are not needed.
    pub(super) acknowledged: u64,
    /// Bytes of log that may be kept for the reader.
    pub(super) bytes: u64,
}

/// The log of an open store.
pub(crate) struct Wal {
    pub(super) shared: Arc<Shared>,
    pub(super) disk: Arc<dyn Disk>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Wal {
    /// Starts the writer.
    pub(crate) fn start(disk: Arc<dyn Disk>, options: WalOptions) -> Result<Self, StoreError> {
        let state = LogState {
            durable: options.next_position.saturating_sub(1),
            failure: None,
        };
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue {
                next_position: options.next_position,
                ..Queue::default()
            }),
            wake: Condvar::new(),
            settled: Mutex::new(()),
            settled_wake: Condvar::new(),
            state: watch::Sender::new(state),
            epoch: RwLock::new(Epoch {
                number: options.next_epoch,
                floor: options.floor,
            }),
            segments: Mutex::new(options.segments.clone()),
            stats: Mutex::new(WalStats::default()),
            queue_bytes: options.queue_bytes,
            holds: Mutex::default(),
        });
        let writer = Writer::new(Arc::clone(&shared), Arc::clone(&disk), options);
        let name = "store-log";
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || writer.run())
            .map_err(|source| StoreError::StartThread { name, source })?;
        Ok(Self {
            shared,
            disk,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Tells whether a batch may come.
    pub(crate) fn admit(&self) -> Result<(), IngestError> {
        if let Some(reason) = &self.shared.state.borrow().failure {
            return Err(IngestError::Unavailable {
                reason: reason.to_string(),
            });
        }
        let queue = self.shared.queue.lock();
        if queue.closing {
            return Err(IngestError::Unavailable {
                reason: "store is closed".to_owned(),
            });
        }
        if queue.bytes >= self.shared.queue_bytes {
            return Err(IngestError::Overloaded {
                waiting_bytes: queue.bytes,
            });
        }
        Ok(())
    }

    /// Holds the epoch still. Records are encoded and appended under this guard.
    pub(crate) fn epoch(&self) -> RwLockReadGuard<'_, Epoch> {
        self.shared.epoch.read()
    }

    /// Holds batches off: no record is made under this guard.
    pub(crate) fn pause(&self) -> RwLockWriteGuard<'_, Epoch> {
        self.shared.epoch.write()
    }

    /// Queues a record and returns its position.
    pub(crate) fn append(&self, epoch: Epoch, payload: Payload) -> u64 {
        let mut queue = self.shared.queue.lock();
        let position = queue.next_position;
        queue.next_position += 1;
        queue.bytes += payload.bytes.len();
        let first = queue.records.is_empty();
        if first {
            queue.first_at = Some(Instant::now());
        }
        queue.records.push_back(Record {
            position,
            epoch,
            payload,
        });
        if first || queue.bytes > EAGER_BYTES {
            self.shared.wake.notify_one();
        }
        position
    }

    /// Returns the position of the last record queued.
    pub(crate) fn position(&self) -> u64 {
        self.shared.queue.lock().next_position.saturating_sub(1)
    }

    /// Asks for durability up to a position and returns what tells of it.
    pub(crate) fn want(&self, position: u64) -> watch::Receiver<LogState> {
        let receiver = self.shared.state.subscribe();
        if receiver.borrow().durable < position {
            let mut queue = self.shared.queue.lock();
            queue.wanted = queue.wanted.max(position);
            self.shared.wake.notify_one();
        }
        receiver
    }

    /// Blocks until the log is durable up to a position, or fails.
    pub(crate) fn wait(&self, position: u64) -> Result<(), IngestError> {
        let receiver = self.want(position);
        let mut settled = self.shared.settled.lock();
        loop {
            if let Some(result) = receiver.borrow().answer(position) {
                return result;
            }
            self.shared.settled_wake.wait(&mut settled);
        }
    }

    /// Returns how far the log is durable.
    pub(crate) fn state(&self) -> LogState {
        self.shared.state.borrow().clone()
    }

    /// Returns the counters.
    pub(crate) fn stats(&self) -> WalStats {
        let mut stats = *self.shared.stats.lock();
        let segments = self.shared.segments.lock();
        stats.segments = segments.len();
        stats.bytes = segments.iter().map(|s| s.bytes).sum();
        stats.waiting_bytes = self.shared.queue.lock().bytes;
        stats
    }

    /// Lets the next record start a new epoch, having called `change` while no record is being made. Returns
    /// the number of the epoch that ends.
    pub(crate) fn rotate(&self, floor: Millis, change: impl FnOnce()) -> u32 {
        let mut epoch = self.shared.epoch.write();
        change();
        let ended = epoch.number;
        *epoch = Epoch {
            number: ended + 1,
            floor: floor.max(epoch.floor),
        };
        ended
    }

    /// Returns where the durable log ends.
    pub(crate) fn end(&self) -> LogEnd {
        // The writer notes what is durable in the segment first, so the position is never ahead of the bytes.
        let position = self.shared.state.borrow().durable;
        let segments = self.shared.segments.lock();
        match segments.last() {
            Some(last) => LogEnd {
                sequence: last.sequence,
                bytes: last.durable_bytes,
                position: position.max(last.positions.1),
            },
            None => LogEnd {
                position,
                ..LogEnd::default()
            },
        }
    }

    /// Returns what is known of the segments, oldest first.
    pub(crate) fn segments(&self) -> Vec<SegmentInfo> {
        self.shared.segments.lock().clone()
    }

    /// Writes what waits, makes it durable, and stops the writer.
    pub(crate) fn close(&self) {
        self.shared.queue.lock().closing = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("log writer ended with a panic");
        }
    }
}

impl LogState {
    /// Returns the answer for those who wait for a position, if there is one.
    pub(crate) fn answer(&self, position: u64) -> Option<Result<(), IngestError>> {
        if self.durable >= position {
            return Some(Ok(()));
        }
        let reason = self.failure.as_ref()?.to_string();
        Some(Err(IngestError::Unavailable { reason }))
    }
}
