//! The head as a file, so that a start need not read the whole log.
//!
//! `SNAPSHOT`, replaced as a whole:
//! ```text
//! header as in bytes/header.rs: "PERISNAP", format version
//! frames as in the log (wal/segment.rs), each with one block; raw bytes of a block by its first byte:
//!   1 slice:     uvarint shard, u64 position up to which the slice is complete, slice (head/dump.rs)
//!   2 exemplars: as in an exemplars record (wal/record.rs), oldest first
//!   3 end:       u64 sequence, bytes, position: where the log goes on
//!                u64 the log's epoch at the end
//!                uvarint n segments: u64 sequence, epoch, i64 floor, u64 bytes, u64 first, last position,
//!                  i64 newest, u8 backfill, i64 oldest (format 1 ends before it)
//!                uvarint n shards: uvarint incarnation, uvarint ids, uvarint n slices, n u64 positions
//! ```
//! Slices are written one after another while samples come in; each is exact as of its position in the log, and
//! replay passes over the records up to there for its series. The file counts only once the log is durable up to
//! the last of these positions. The log stays until parts hold its samples, so a damaged snapshot costs time,
//! not samples; but for epochs of which parts hold the most (`wal/retire.rs`), which go once a snapshot holds the
//! rest. The manifest says up to which time the snapshot may be alone in that.
//!
//! A snapshot is written when the log behind the last one has grown to a share of its size, which bounds both
//! what a start has to replay and what is written on top of the log.

mod load;

use std::path::{Path, PathBuf};
use std::time::Instant;

use model::IngestError;

use crate::StoreError;
use crate::bytes::{Format, put_uvarint};
use crate::disk::DiskFile;
use crate::error::io_error;
use crate::head::Dump;
use crate::store::Inner;
use crate::wal::{CAPTURE_BITS, LogEnd, SegmentInfo, encode_exemplars, encode_frame};

pub(crate) use load::{Found as SnapshotFound, Loaded, load};

const FORMAT: Format = Format {
    magic: b"PERISNAP",
    version: 3,
    unchecked: 1,
};
const SLICE: u8 = 1;
const EXEMPLARS: u8 = 2;
const END: u8 = 3;

/// The log behind a snapshot may grow to this part of the snapshot's size: at most so many bytes are written for
/// snapshots to one of the log.
const SIZE_PER_TAIL: u64 = 2;

/// What is known of the last snapshot.
#[derive(Debug, Default)]
pub(crate) struct SnapshotState {
    /// Its size.
    pub(crate) bytes: u64,
    /// Bytes of the log that had been written since the store was opened when it was made.
    written: u64,
    /// Bytes of the log behind it when the store was opened.
    replayed: u64,
    /// Position of the last record that is in it.
    position: u64,
    /// All records up to this position are in it.
    complete: u64,
    /// Time the last one took to write.
    pub(crate) took: std::time::Duration,
}

impl SnapshotState {
    /// Describes a snapshot that was loaded.
    pub(crate) fn loaded(bytes: u64, (complete, position): (u64, u64)) -> Self {
        Self {
            bytes,
            position,
            complete,
            ..Self::default()
        }
    }

    /// Returns the bytes of log behind it, of which so many have been written since the store was opened.
    pub(crate) fn behind(&self, written: u64) -> u64 {
        self.replayed + written.saturating_sub(self.written)
    }

    /// Returns the position up to which all records are in it; 0 if there is none.
    pub(crate) fn covers(&self) -> u64 {
        self.complete
    }

    /// Notes how much log was replayed, which is what came behind `end`.
    pub(crate) fn note_replayed(&mut self, segments: &[SegmentInfo], end: LogEnd) {
        let behind = segments
            .iter()
            .map(|segment| match segment.sequence.cmp(&end.sequence) {
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Equal => segment.bytes.saturating_sub(end.bytes),
                std::cmp::Ordering::Greater => segment.bytes,
            });
        self.replayed = behind.sum();
    }
}

/// Says that a snapshot has to do without the log.
pub(crate) fn log_failure(error: IngestError) -> StoreError {
    StoreError::Io {
        action: "wait for the log of",
        path: PathBuf::from("SNAPSHOT"),
        source: std::io::Error::other(error.to_string()),
    }
}

/// Returns the snapshot's file.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("SNAPSHOT")
}

/// Tells whether so many bytes of log are worth a snapshot.
pub(crate) fn is_worth(inner: &Inner, bytes: u64) -> bool {
    let least = inner.config.snapshot_after_bytes;
    let size = inner.snapshot.lock().bytes;
    least.is_some_and(|least| bytes > 0 && bytes >= least.max(size / SIZE_PER_TAIL))
}

/// Writes a snapshot unless nothing came since the last one.
pub(crate) fn save_last(inner: &Inner) -> Result<(), StoreError> {
    let position = inner.wal.position();
    if inner.config.snapshot_after_bytes.is_none() || inner.snapshot.lock().position == position {
        return Ok(());
    }
    save(inner)
}

/// Writes a snapshot.
pub(crate) fn save(inner: &Inner) -> Result<(), StoreError> {
    let temp = path(&inner.config.dir).with_extension("tmp");
    let start = Instant::now();
    let saved = write(inner, &temp);
    match saved {
        Ok(state) => {
            *inner.snapshot.lock() = SnapshotState {
                took: start.elapsed(),
                ..state
            };
            let counter = &inner.counters.snapshots;
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        }
        Err(error) => {
            // A full disk has better use for its bytes.
            if let Err(error) = inner.disk.remove(&temp) {
                tracing::debug!(path = %temp.display(), %error, "cannot remove unfinished snapshot");
            }
            Err(error)
        }
    }
}

/// Writes a snapshot to a file and puts it in the place of the last one.
fn write(inner: &Inner, temp: &Path) -> Result<SnapshotState, StoreError> {
    let path = path(&inner.config.dir);
    // Before anything is captured: what comes meanwhile is in the log behind this.
    let end = inner.wal.end();
    let segments = inner.wal.segments();
    let written = inner.wal.stats().written_bytes;
    let mut writer = Writer {
        file: inner.disk.create(temp).map_err(io_error("create", temp))?,
        temp: temp.to_owned(),
        bytes: 0,
    };
    writer.put(&FORMAT.header())?;
    let mut shards = Vec::new();
    let mut last = end.position;
    for at in 0..inner.shards.len() {
        let shard = save_shard(inner, at, &mut writer)?;
        last = shard.positions.iter().copied().fold(last, u64::max);
        shards.push(shard);
    }
    let exemplars = inner.exemplars.lock().all();
    let mut block = vec![EXEMPLARS];
    block.extend(encode_exemplars(
        exemplars.iter().map(|(series, e)| (series.packed(), e)),
    ));
    writer.block(&block)?;
    writer.block(&encode_end(
        (end, u64::from(inner.wal.epoch().number)),
        &segments,
        &shards,
    ))?;
    // Positions that are given anew after a crash would be taken for those that the snapshot covers.
    inner.wal.wait(last).map_err(log_failure)?;
    writer.file.sync().map_err(io_error("fsync", temp))?;
    inner.disk.rename(temp, &path).map_err(io_error("rename", temp))?;
    inner
        .disk
        .sync_dir(&inner.config.dir)
        .map_err(io_error("fsync", &inner.config.dir))?;
    Ok(SnapshotState {
        bytes: writer.bytes,
        written,
        replayed: 0,
        position: last,
        complete: end.position,
        took: std::time::Duration::ZERO,
    })
}

struct ShardEnd {
    incarnation: u32,
    n_ids: u32,
    positions: Vec<u64>,
}

fn save_shard(inner: &Inner, at: usize, writer: &mut Writer) -> Result<ShardEnd, StoreError> {
    let mut dump = Dump::default();
    let mut positions = Vec::new();
    let mut block = Vec::new();
    let mut slice = Vec::new();
    loop {
        slice.clear();
        let position = {
            let shard = inner.shards[at].lock();
            if !dump.slice(&shard, 1 << CAPTURE_BITS, &mut slice) {
                break;
            }
            // Records are queued under the shard's lock, so this covers all of its own.
            inner.wal.position()
        };
        positions.push(position);
        block.clear();
        block.push(SLICE);
        put_uvarint(&mut block, at as u64);
        block.extend_from_slice(&position.to_le_bytes());
        block.extend_from_slice(&slice);
        writer.block(&block)?;
        if dump.n_ids() == 0 || !dump.n_ids().is_multiple_of(1 << CAPTURE_BITS) {
            // The last slice; series that come now are behind its position.
            break;
        }
    }
    Ok(ShardEnd {
        incarnation: inner.shards[at].lock().incarnation(),
        n_ids: dump.n_ids(),
        positions,
    })
}

fn encode_end((end, epoch): (LogEnd, u64), segments: &[SegmentInfo], shards: &[ShardEnd]) -> Vec<u8> {
    let mut out = vec![END];
    for number in [end.sequence, end.bytes, end.position, epoch] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    put_uvarint(&mut out, segments.len() as u64);
    for segment in segments {
        let (first, last) = segment.positions;
        for number in [
            segment.sequence,
            segment.epoch,
            segment.floor.cast_unsigned(),
            segment.bytes,
            first,
            last,
            segment.extent.newest.cast_unsigned(),
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.push(u8::from(segment.extent.backfill));
        out.extend_from_slice(&segment.extent.oldest.to_le_bytes());
    }
    put_uvarint(&mut out, shards.len() as u64);
    for shard in shards {
        put_uvarint(&mut out, u64::from(shard.incarnation));
        put_uvarint(&mut out, u64::from(shard.n_ids));
        put_uvarint(&mut out, shard.positions.len() as u64);
        for position in &shard.positions {
            out.extend_from_slice(&position.to_le_bytes());
        }
    }
    out
}

struct Writer {
    file: Box<dyn DiskFile>,
    temp: PathBuf,
    bytes: u64,
}

impl Writer {
    fn block(&mut self, raw: &[u8]) -> Result<(), StoreError> {
        let frame = encode_frame(raw).map_err(io_error("compress", &self.temp))?;
        self.put(&frame)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(io_error("write", &self.temp))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}
