//! The thread that writes records.
//!
//! It takes all waiting records at once: right away when somebody waits for durability or much has gathered, else
//! when the first one has waited for the fsync interval. When a write or fsync fails, records whose durability is
//! unknown stay in memory, the log refuses further ones, and the writer tries again with a fresh segment at
//! growing intervals; a file whose fsync failed is never trusted again, as the kernel may have dropped its dirty
//! pages.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::extent::Extent;
use super::queue::{EAGER_BYTES, Epoch, LogState, Record, Shared, WalOptions};
use super::segment::{self, FRAME_TARGET, Header, SegmentInfo};
use crate::disk::{Disk, DiskFile};

const FASTEST_RETRY: Duration = Duration::from_millis(1);
const LAST_RETRY: Duration = Duration::from_secs(10);

struct Segment {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    epoch: u32,
    bytes: u64,
    /// Bytes known to be durable.
    durable_bytes: u64,
    opened: Instant,
}

/// Owns the current segment; runs in its own thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    options: WalOptions,
    sequence: u64,
    segment: Option<Segment>,
}

impl Writer {
    /// Prepares a writer that starts with a new segment.
    pub(super) fn new(shared: Arc<Shared>, disk: Arc<dyn Disk>, options: WalOptions) -> Self {
        Self {
            shared,
            disk,
            sequence: options.next_sequence,
            options,
            segment: None,
        }
    }

    /// Writes what is queued until the log is closed.
    pub(super) fn run(mut self) {
        while let Some(records) = self.next_batch() {
            let mut retry = (self.options.fsync_interval * 2).clamp(FASTEST_RETRY, LAST_RETRY);
            let mut records = records.as_slice();
            while let Err(error) = self.write_all(&mut records) {
                self.fail(&error);
                if self.pause(retry) {
                    tracing::error!(%error, records = records.len(), "log closed with records that are not durable");
                    self.publish(|state| state.failure = Some("store is closed".into()));
                    return;
                }
                retry = (retry * 2).min(LAST_RETRY);
            }
            self.close_if_full();
        }
        self.publish(|state| state.failure = Some("store is closed".into()));
    }

    /// Waits for records worth writing; `None` when closing and all is written.
    fn next_batch(&self) -> Option<Vec<Record>> {
        let mut queue = self.shared.queue.lock();
        loop {
            let Some(first_at) = queue.first_at else {
                if queue.closing {
                    return None;
                }
                self.shared.wake.wait(&mut queue);
                continue;
            };
            let waited_for = queue
                .records
                .front()
                .is_some_and(|first| queue.wanted >= first.position);
            let due = first_at + self.options.fsync_interval;
            if waited_for || queue.closing || queue.bytes > EAGER_BYTES || Instant::now() >= due {
                queue.first_at = None;
                return Some(queue.records.drain(..).collect());
            }
            self.shared.wake.wait_until(&mut queue, due);
        }
    }

    /// Writes records in frames and makes them durable, taking off those that are. On error nothing is known
    /// about the first epoch of those that are left.
    fn write_all(&mut self, records: &mut &[Record]) -> io::Result<()> {
        while let Some(first) = records.first() {
            let same_epoch = |r: &&Record| r.epoch.number == first.epoch.number;
            let n = records.iter().take_while(same_epoch).count();
            let (run, rest) = records.split_at(n);
            self.open_for(first.epoch)?;
            self.write_run(run)?;
            self.sync(run)?;
            self.settle(run);
            *records = rest;
        }
        Ok(())
    }

    fn write_run(&mut self, records: &[Record]) -> io::Result<()> {
        let Some(segment) = &mut self.segment else {
            return Err(io::Error::other("no open segment"));
        };
        let mut raw = Vec::new();
        let mut extent = Extent::default();
        for (i, record) in records.iter().enumerate() {
            let payload = &record.payload;
            segment::put_record(&mut raw, payload.kind, record.position, &payload.bytes);
            extent.join(&payload.extent);
            if raw.len() >= FRAME_TARGET || i + 1 == records.len() {
                let frame = segment::encode_frame(&raw)?;
                segment.file.write_all(&frame)?;
                segment.bytes += frame.len() as u64;
                self.shared.stats.lock().written_bytes += frame.len() as u64;
                raw.clear();
            }
        }
        let mut segments = self.shared.segments.lock();
        if let Some(info) = segments.last_mut() {
            info.bytes = segment.bytes;
            info.extent.join(&extent);
        }
        Ok(())
    }

    fn open_for(&mut self, epoch: Epoch) -> io::Result<()> {
        if self.segment.as_ref().is_some_and(|s| s.epoch == epoch.number) {
            return Ok(());
        }
        self.segment = None;
        let path = segment::segment_path(&self.options.dir, self.sequence);
        self.sequence += 1;
        let created = self.create_segment(&path, epoch);
        if created.is_err() {
            self.remove_segment(&path);
        }
        let file = created?;
        let bytes = segment::HEADER_LEN as u64;
        let identity = (self.sequence - 1, u64::from(epoch.number));
        let info = SegmentInfo::empty(path.clone(), identity, epoch.floor);
        self.shared.segments.lock().push(info);
        let opened = Instant::now();
        self.segment = Some(Segment {
            file,
            path,
            epoch: epoch.number,
            bytes,
            durable_bytes: 0,
            opened,
        });
        Ok(())
    }

    fn create_segment(&self, path: &Path, epoch: Epoch) -> io::Result<Box<dyn DiskFile>> {
        let mut file = self.disk.create(path)?;
        let header = Header {
            n_shards: self.options.n_shards,
            epoch: u64::from(epoch.number),
            floor: epoch.floor,
            len: segment::HEADER_LEN,
        };
        file.write_all(&segment::encode_header(&header, self.sequence - 1))?;
        self.disk.sync_dir(&self.options.dir)?;
        Ok(file)
    }

    /// Removes a segment of which nothing is known to be durable, so that retries do not pile up files.
    fn remove_segment(&self, path: &Path) {
        self.shared.segments.lock().retain(|segment| segment.path != path);
        if let Err(error) = self.disk.remove(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "failed to remove the log segment");
        }
    }

    /// Makes the segment durable, `records` being what was written last.
    fn sync(&mut self, records: &[Record]) -> io::Result<()> {
        let Some(segment) = &mut self.segment else {
            return Ok(());
        };
        let start = Instant::now();
        segment.file.sync()?;
        segment.durable_bytes = segment.bytes;
        if let Some(info) = self.shared.segments.lock().last_mut() {
            info.durable_bytes = segment.bytes;
            let first = records.first().map_or(u64::MAX, |record| record.position);
            let last = records.last().map_or(0, |record| record.position);
            info.positions = (info.positions.0.min(first), info.positions.1.max(last));
        }
        let took = start.elapsed();
        let mut stats = self.shared.stats.lock();
        stats.fsyncs += 1;
        stats.fsync_time += took;
        stats.last_fsync = took;
        Ok(())
    }

    /// Says that records are durable.
    fn settle(&self, records: &[Record]) {
        {
            let mut queue = self.shared.queue.lock();
            let bytes: usize = records.iter().map(|r| r.payload.bytes.len()).sum();
            queue.bytes = queue.bytes.saturating_sub(bytes);
        }
        if let Some(last) = records.last() {
            self.publish(|state| {
                *state = LogState {
                    durable: last.position,
                    failure: None,
                }
            });
        }
    }

    /// Closes the segment if it is large or old.
    fn close_if_full(&mut self) {
        let options = &self.options;
        let full =
            |s: &Segment| s.bytes >= options.segment_bytes || s.opened.elapsed() >= options.segment_age;
        if let Some(segment) = self.segment.take_if(|s| full(s)) {
            // Records of this epoch that still wait go on in another segment of it.
            let mut epoch = self.shared.epoch.write();
            if epoch.number == segment.epoch {
                epoch.number += 1;
            }
        }
    }

    /// Notes a failure. The segment is given up; what is durable of it stays.
    fn fail(&mut self, error: &io::Error) {
        let reason: Arc<str> = format!("failed to write the log: {error}").into();
        tracing::error!(%error, "failed to write the log; samples are refused until a new segment can be written");
        if let Some(mut segment) = self.segment.take() {
            if let Some(info) = self
                .shared
                .segments
                .lock()
                .last_mut()
                .filter(|s| s.path == segment.path)
            {
                info.bytes = segment.durable_bytes;
            }
            if segment.durable_bytes == 0 {
                self.remove_segment(&segment.path);
            } else if let Err(error) = segment.file.truncate(segment.durable_bytes) {
                tracing::warn!(path = %segment.path.display(), %error, "failed to cut the log segment");
            }
        }
        self.shared.stats.lock().failures += 1;
        self.publish(|state| state.failure = Some(reason));
    }

    fn publish(&self, change: impl FnOnce(&mut LogState)) {
        self.shared.state.send_modify(change);
        // Whoever checks the state holds this lock until it waits, so no wake-up is missed.
        let _settled = self.shared.settled.lock();
        self.shared.settled_wake.notify_all();
    }

    /// Waits before a retry; true if the log is closing.
    fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut queue = self.shared.queue.lock();
        while !queue.closing && !self.shared.wake.wait_until(&mut queue, until).timed_out() {}
        queue.closing
    }
}
