//! Reading a snapshot back: one thread reads and checks blocks, one a shard puts its slices together.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::ScopedJoinHandle;

use model::{Exemplar, Labels, Millis};

use super::{END, EXEMPLARS, FORMAT, SLICE};
use crate::StoreError;
use crate::bytes::{HEADER_LEN, Header, Malformed, Reader};
use crate::error::io_error;
use crate::head::{Restored, Shard};
use crate::wal::{
    Captured, Extent, FRAME_HEADER_LEN, Frame, LogEnd, RefTable, Resume, SegmentFile, SegmentInfo,
    decode_exemplars, decode_frame, decompress,
};

/// Slices that may wait for a thread.
const MAX_WAITING: usize = 8;

/// Shards of one snapshot at most; as many as a configuration may have.
const MAX_SHARDS: u64 = 256;

/// A snapshot in memory.
pub(crate) struct Loaded {
    pub(crate) shards: Vec<Shard>,
    pub(crate) resume: Resume,
    pub(crate) exemplars: Vec<(Labels, Exemplar)>,
    /// The log's epoch when the snapshot was finished.
    pub(crate) epoch: u64,
    pub(crate) bytes: u64,
}

/// What was found in place of a snapshot.
pub(crate) enum Found {
    Absent,
    Damaged,
    Valid(Box<Loaded>),
}

/// Reads the snapshot of a folder. `shard` makes an empty shard of a number.
pub(crate) fn load(dir: &Path, shard: &(dyn Fn(u32) -> Shard + Sync)) -> Result<Found, StoreError> {
    let path = super::path(dir);
    let mut file = match SegmentFile::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Absent),
        Err(error) => return Err(io_error("open", path)(error)),
    };
    file.ensure(HEADER_LEN).map_err(io_error("read", &path))?;
    // The manifest refuses a folder of a newer version, so one that claims to be newer is damaged.
    let Header::Known(version) = FORMAT.read(&mut Reader::new(file.rest())) else {
        return Ok(Found::Damaged);
    };
    file.skip_to(HEADER_LEN).map_err(io_error("read", &path))?;
    match read(&mut file, version, shard) {
        Ok(loaded) => Ok(Found::Valid(Box::new(loaded))),
        Err(Failed::Malformed) => Ok(Found::Damaged),
        Err(Failed::Io(error)) => Err(io_error("read", path)(error)),
        Err(Failed::Store(error)) => Err(error),
    }
}

enum Failed {
    Malformed,
    Io(io::Error),
    Store(StoreError),
}

impl From<Malformed> for Failed {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A block of a slice: where the slice begins in it.
type Slice = (Vec<u8>, usize);

type Thread<'s> = (
    SyncSender<Slice>,
    ScopedJoinHandle<'s, Result<Restored, Malformed>>,
);

fn read(
    file: &mut SegmentFile,
    version: u32,
    shard: &(dyn Fn(u32) -> Shard + Sync),
) -> Result<Loaded, Failed> {
    std::thread::scope(|scope| {
        let mut threads: Vec<Thread<'_>> = Vec::new();
        let mut exemplars = Vec::new();
        loop {
            let raw = next_block(file)?;
            let mut reader = Reader::new(&raw);
            match reader.u8()? {
                SLICE => {
                    let at = reader.uvarint()?;
                    reader.u64()?;
                    if at >= MAX_SHARDS || at > threads.len() as u64 {
                        return Err(Failed::Malformed);
                    }
                    if at == threads.len() as u64 {
                        let (sender, receiver) = sync_channel(MAX_WAITING);
                        let empty = shard(at as u32);
                        let name = "store-snapshot";
                        let thread = std::thread::Builder::new()
                            .name(name.to_owned())
                            .spawn_scoped(scope, move || restore(empty, &receiver))
                            .map_err(|source| Failed::Store(StoreError::StartThread { name, source }))?;
                        threads.push((sender, thread));
                    }
                    let offset = raw.len() - reader.rest().len();
                    let sender = threads.get(at as usize).map(|thread| &thread.0);
                    // A thread that has ended found its slices malformed.
                    sender
                        .ok_or(Malformed)?
                        .send((raw, offset))
                        .map_err(|_| Failed::Malformed)?;
                }
                EXEMPLARS => decode_exemplars(reader.rest(), |series, exemplar| {
                    exemplars.push((series.to_labels(), exemplar));
                })?,
                END => return finish((reader, version), threads, (exemplars, file.offset() as u64)),
                _ => return Err(Failed::Malformed),
            }
        }
    })
}

fn next_block(file: &mut SegmentFile) -> Result<Vec<u8>, Failed> {
    file.ensure(FRAME_HEADER_LEN)?;
    if let Frame::Torn { len } = decode_frame(file.rest()) {
        file.ensure(len)?;
    }
    let Frame::Whole { stored, raw_len, len } = decode_frame(file.rest()) else {
        return Err(Failed::Malformed);
    };
    let raw = decompress(stored, raw_len)?;
    file.consume(len);
    Ok(raw)
}

fn restore(shard: Shard, slices: &Receiver<Slice>) -> Result<Restored, Malformed> {
    let mut restored = Restored::new(shard);
    while let Ok((raw, offset)) = slices.recv() {
        restored.slice(raw.get(offset..).unwrap_or_default())?;
    }
    Ok(restored)
}

fn finish(
    (mut reader, version): (Reader<'_>, u32),
    threads: Vec<Thread<'_>>,
    (exemplars, bytes): (Vec<(Labels, Exemplar)>, u64),
) -> Result<Loaded, Failed> {
    let end = LogEnd {
        sequence: reader.u64()?,
        bytes: reader.u64()?,
        position: reader.u64()?,
    };
    let epoch = reader.u64()?;
    let mut segments = Vec::new();
    for _ in 0..reader.uvarint()? {
        segments.push(segment(&mut reader, version)?);
    }
    if reader.uvarint()? != threads.len() as u64 {
        return Err(Failed::Malformed);
    }
    let mut shards = Vec::new();
    let mut tables = Vec::new();
    for (sender, thread) in threads {
        drop(sender);
        let mut restored = thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let incarnation = reader.number()?;
        let n_refs = reader.number::<u32>()?;
        let mut positions = Vec::new();
        for _ in 0..reader.uvarint()? {
            positions.push(reader.u64()?);
        }
        if n_refs as usize != restored.known.len() {
            return Err(Failed::Malformed);
        }
        restored.shard.set_incarnation(incarnation);
        shards.push(restored.shard);
        tables.push(RefTable {
            incarnation,
            known: restored.known.into(),
            captured: Captured {
                last: positions.iter().copied().max().unwrap_or(0),
                positions,
                n_refs,
            },
        });
    }
    Ok(Loaded {
        shards,
        resume: Resume {
            end,
            segments,
            tables,
        },
        exemplars,
        epoch,
        bytes,
    })
}

fn segment(reader: &mut Reader<'_>, version: u32) -> Result<SegmentInfo, Malformed> {
    let (sequence, epoch) = (reader.u64()?, reader.u64()?);
    let floor: Millis = reader.i64()?;
    let bytes = reader.u64()?;
    let positions = (reader.u64()?, reader.u64()?);
    let newest = reader.i64()?;
    let backfill = reader.u8()? == 1;
    // Taken for an epoch of the usual kind if that is not known.
    let oldest = if version > 1 { reader.i64()? } else { newest };
    Ok(SegmentInfo {
        bytes,
        durable_bytes: bytes,
        positions,
        extent: Extent {
            oldest,
            newest,
            backfill,
        },
        ..SegmentInfo::empty(std::path::PathBuf::new(), (sequence, epoch), floor)
    })
}
