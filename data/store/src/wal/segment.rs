//! Segment files.
//!
//! `wal/<sequence, 20 digits>.wal`:
//! ```text
//! header, 56 bytes: "PERIPWAL", u32 format version, u32 shards, u64 epoch, u64 sequence, u64 xxh3 of the above,
//!         i64 floor, u64 xxh3 of all of the above
//! frames: u32 magic, u32 stored bytes, u32 raw bytes, u32 low half of xxh3 of the above,
//!         u64 xxh3 of the stored bytes, stored bytes (zstd)
//! raw bytes of a frame: records, each u8 kind, uvarint position, uvarint length, payload
//! ```
//! Kinds: 1 samples, 2 metadata, 3 samples with start timestamps or histograms, 4 exemplars. Positions count
//! records over the life of the store, without gaps. After a failed fsync the records in question are written
//! again, with the same positions, to a new segment of the same epoch.
//!
//! The floor is the head's when the epoch began: older samples of the segment were backfill. Format 1 has a
//! header of 40 bytes, without shards and floor, and only the kinds 1 and 2; it is read, not written.

use std::io;
use std::path::{Path, PathBuf};

use model::Millis;

use super::extent::Extent;
use crate::bytes::{Malformed, Reader, put_uvarint, xxh3};

pub(super) const MAGIC: &[u8; 8] = b"PERIPWAL";
/// Format version of segments.
pub(crate) const VERSION: u32 = 2;
pub(super) const HEADER_LEN: usize = 56;
const HEADER_LEN_1: usize = 40;
pub(super) const FRAME_MAGIC: u32 = 0x464c_4157;
pub(crate) const FRAME_HEADER_LEN: usize = 24;
/// Raw bytes after which a frame is closed.
pub(super) const FRAME_TARGET: usize = 1 << 20;
/// Largest frame that is read; a record is bounded far below.
pub(super) const MAX_FRAME: usize = 256 << 20;

pub(crate) const KIND_SAMPLES: u8 = 1;
pub(crate) const KIND_METADATA: u8 = 2;
pub(crate) const KIND_EXTENDED: u8 = 3;
pub(crate) const KIND_EXEMPLARS: u8 = 4;

/// What is known of a segment.
#[derive(Clone, Debug)]
pub(crate) struct SegmentInfo {
    pub(crate) path: PathBuf,
    pub(crate) sequence: u64,
    pub(crate) epoch: u64,
    /// The head's floor when the epoch began.
    pub(crate) floor: Millis,
    pub(crate) bytes: u64,
    /// Bytes known to be durable.
    pub(crate) durable_bytes: u64,
    /// Positions of the first and of the last durable record; the first is above the last if there are none.
    pub(crate) positions: (u64, u64),
    pub(crate) extent: Extent,
}

impl SegmentInfo {
    /// Describes a segment without records.
    pub(crate) fn empty(path: PathBuf, (sequence, epoch): (u64, u64), floor: Millis) -> Self {
        Self {
            path,
            sequence,
            epoch,
            floor,
            bytes: HEADER_LEN as u64,
            durable_bytes: 0,
            positions: (u64::MAX, 0),
            extent: Extent::default(),
        }
    }
}

pub(super) fn segment_path(dir: &Path, sequence: u64) -> PathBuf {
    dir.join(format!("{sequence:020}.wal"))
}

/// What a segment's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Shards of the head that wrote it, 0 if that is not known.
    pub(super) n_shards: u32,
    pub(super) epoch: u64,
    pub(super) floor: Millis,
    /// Bytes of the header.
    pub(super) len: usize,
}

/// What stands at the beginning of a segment.
pub(super) enum Beginning {
    Valid(Header),
    Newer { version: u32 },
    Invalid,
}

pub(super) fn encode_header(header: &Header, sequence: u64) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&header.n_shards.to_le_bytes());
    out.extend_from_slice(&header.epoch.to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    let check = xxh3(&out);
    out.extend_from_slice(&check.to_le_bytes());
    out.extend_from_slice(&header.floor.to_le_bytes());
    let check = xxh3(&out);
    out.extend_from_slice(&check.to_le_bytes());
    out
}

pub(super) fn decode_header(bytes: &[u8]) -> Beginning {
    let read = || -> Result<Beginning, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.bytes(8)? != MAGIC {
            return Err(Malformed);
        }
        let version = reader.u32()?;
        let n_shards = reader.u32()?;
        let epoch = reader.u64()?;
        reader.u64()?;
        if reader.u64()? != xxh3(bytes.get(..32).ok_or(Malformed)?) {
            return Err(Malformed);
        }
        if version > VERSION {
            return Ok(Beginning::Newer { version });
        }
        let (mut floor, mut len) = (Millis::MIN, HEADER_LEN_1);
        if version > 1 {
            floor = reader.i64()?;
            len = HEADER_LEN;
            if reader.u64()? != xxh3(bytes.get(..48).ok_or(Malformed)?) {
                return Err(Malformed);
            }
        }
        Ok(Beginning::Valid(Header {
            n_shards,
            epoch,
            floor,
            len,
        }))
    };
    read().unwrap_or(Beginning::Invalid)
}

/// Appends a record to the raw bytes of a frame.
pub(super) fn put_record(raw: &mut Vec<u8>, kind: u8, position: u64, payload: &[u8]) {
    raw.push(kind);
    put_uvarint(raw, position);
    put_uvarint(raw, payload.len() as u64);
    raw.extend_from_slice(payload);
}

/// Compresses raw bytes into a frame.
pub(crate) fn encode_frame(raw: &[u8]) -> io::Result<Vec<u8>> {
    let stored = zstd::bulk::compress(raw, 1)?;
    let (Ok(stored_len), Ok(raw_len)) = (u32::try_from(stored.len()), u32::try_from(raw.len())) else {
        return Err(io::Error::other("log frame is larger than 4 GiB"));
    };
    let mut out = Vec::with_capacity(FRAME_HEADER_LEN + stored.len());
    for number in [FRAME_MAGIC, stored_len, raw_len] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    let check = xxh3(&out) as u32;
    out.extend_from_slice(&check.to_le_bytes());
    out.extend_from_slice(&xxh3(&stored).to_le_bytes());
    out.extend_from_slice(&stored);
    Ok(out)
}

/// What stands at some place of a segment.
pub(crate) enum Frame<'a> {
    /// A whole frame of `len` bytes.
    Whole {
        stored: &'a [u8],
        raw_len: usize,
        len: usize,
    },
    /// The beginning of a frame of `len` bytes (as far as that is known), or zeros: what a crash leaves behind
    /// at the end.
    Torn { len: usize },
    /// Bytes that were a frame once.
    Damaged,
}

/// Looks at the front of the rest of a segment.
pub(crate) fn decode_frame(bytes: &[u8]) -> Frame<'_> {
    let mut reader = Reader::new(bytes);
    let fields = (|| -> Result<_, Malformed> {
        Ok((
            reader.u32()?,
            reader.u32()?,
            reader.u32()?,
            reader.u32()?,
            reader.u64()?,
        ))
    })();
    let Ok((magic, stored_len, raw_len, check, sum)) = fields else {
        return Frame::Torn {
            len: FRAME_HEADER_LEN,
        };
    };
    let header_check = xxh3(bytes.get(..12).unwrap_or_default()) as u32;
    let (stored_len, raw_len) = (stored_len as usize, raw_len as usize);
    if magic != FRAME_MAGIC || check != header_check || stored_len > MAX_FRAME || raw_len > MAX_FRAME {
        return if bytes.iter().all(|b| *b == 0) {
            Frame::Torn {
                len: FRAME_HEADER_LEN,
            }
        } else {
            Frame::Damaged
        };
    }
    let len = FRAME_HEADER_LEN + stored_len;
    match reader.bytes(stored_len) {
        Err(Malformed) => Frame::Torn { len },
        Ok(stored) if xxh3(stored) == sum => Frame::Whole { stored, raw_len, len },
        Ok(_) => Frame::Damaged,
    }
}

/// Decompresses what a frame stores.
pub(crate) fn decompress(stored: &[u8], raw_len: usize) -> Result<Vec<u8>, Malformed> {
    let raw = zstd::bulk::decompress(stored, raw_len.min(MAX_FRAME)).map_err(|_| Malformed)?;
    if raw.len() == raw_len {
        Ok(raw)
    } else {
        Err(Malformed)
    }
}

/// Calls `each` with kind, position and payload of the records of a decompressed frame.
pub(super) fn for_each_record<'a>(
    raw: &'a [u8],
    mut each: impl FnMut(u8, u64, &'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut reader = Reader::new(raw);
    while !reader.is_empty() {
        let kind = reader.u8()?;
        let position = reader.uvarint()?;
        let len = reader.number::<usize>()?;
        each(kind, position, reader.bytes(len)?)?;
    }
    Ok(())
}

/// Finds the next whole frame at or after `from`.
pub(super) fn find_frame(bytes: &[u8], from: usize) -> Option<usize> {
    let magic = FRAME_MAGIC.to_le_bytes();
    let mut at = from;
    while let Some(rest) = bytes.get(at..) {
        let skip = rest.windows(4).position(|w| w == magic)?;
        at += skip;
        if matches!(decode_frame(bytes.get(at..)?), Frame::Whole { .. }) {
            return Some(at);
        }
        at += 1;
    }
    None
}
