//! Segment files.
//!
//! `wal/<sequence, 20 digits>.wal`:
//! ```text
//! header, 40 bytes: "PERIPWAL", u32 format version, u32 zero, u64 epoch, u64 sequence, u64 xxh3 of the above
//! frames: u32 magic, u32 stored bytes, u32 raw bytes, u32 low half of xxh3 of the above,
//!         u64 xxh3 of the stored bytes, stored bytes (zstd)
//! raw bytes of a frame: records, each u8 kind, uvarint position, uvarint length, payload
//! ```
//! Kinds: 1 samples, 2 metadata. Positions count records over the life of the store, without gaps. After a
//! failed fsync the records in question are written again, with the same positions, to a new segment of the
//! same epoch.

use std::io;
use std::path::{Path, PathBuf};

use model::Millis;

use crate::bytes::{Malformed, Reader, put_uvarint, xxh3};

pub(super) const MAGIC: &[u8; 8] = b"PERIPWAL";
/// Format version of segments.
pub(crate) const VERSION: u32 = 1;
pub(super) const HEADER_LEN: usize = 40;
pub(super) const FRAME_MAGIC: u32 = 0x464c_4157;
pub(super) const FRAME_HEADER_LEN: usize = 24;
/// Raw bytes after which a frame is closed.
pub(super) const FRAME_TARGET: usize = 1 << 20;
/// Largest frame that is read; a record is bounded far below.
pub(super) const MAX_FRAME: usize = 256 << 20;

pub(crate) const KIND_SAMPLES: u8 = 1;
pub(crate) const KIND_METADATA: u8 = 2;

/// What is known of a segment.
#[derive(Clone, Debug)]
pub(crate) struct SegmentInfo {
    pub(crate) path: PathBuf,
    pub(crate) epoch: u64,
    pub(crate) bytes: u64,
    /// Time of the newest sample in it.
    pub(crate) newest: Millis,
}

pub(super) fn segment_path(dir: &Path, sequence: u64) -> PathBuf {
    dir.join(format!("{sequence:020}.wal"))
}

pub(super) fn encode_header(epoch: u64, sequence: u64) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&epoch.to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    let check = xxh3(&out);
    out.extend_from_slice(&check.to_le_bytes());
    out
}

/// What a segment's header says.
pub(super) enum Header {
    Valid { epoch: u64 },
    Newer { version: u32 },
    Invalid,
}

pub(super) fn decode_header(bytes: &[u8]) -> Header {
    let read = || -> Result<Header, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.bytes(8)? != MAGIC {
            return Err(Malformed);
        }
        let version = reader.u32()?;
        reader.u32()?;
        let epoch = reader.u64()?;
        reader.u64()?;
        if reader.u64()? != xxh3(bytes.get(..32).ok_or(Malformed)?) {
            return Err(Malformed);
        }
        Ok(if version > VERSION {
            Header::Newer { version }
        } else {
            Header::Valid { epoch }
        })
    };
    read().unwrap_or(Header::Invalid)
}

/// Appends a record to the raw bytes of a frame.
pub(super) fn put_record(raw: &mut Vec<u8>, kind: u8, position: u64, payload: &[u8]) {
    raw.push(kind);
    put_uvarint(raw, position);
    put_uvarint(raw, payload.len() as u64);
    raw.extend_from_slice(payload);
}

/// Compresses raw bytes into a frame.
pub(super) fn encode_frame(raw: &[u8]) -> io::Result<Vec<u8>> {
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
pub(super) enum Frame<'a> {
    /// A whole frame of `len` bytes.
    Whole {
        stored: &'a [u8],
        raw_len: usize,
        len: usize,
    },
    /// The beginning of a frame, or zeros: what a crash leaves behind.
    Torn,
    /// Bytes that were a frame once.
    Damaged,
}

/// Looks at the front of the rest of a segment.
pub(super) fn decode_frame(bytes: &[u8]) -> Frame<'_> {
    if bytes.iter().all(|b| *b == 0) {
        return Frame::Torn;
    }
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
        return if bytes.len() < FRAME_HEADER_LEN {
            Frame::Torn
        } else {
            Frame::Damaged
        };
    };
    let header_check = xxh3(bytes.get(..12).unwrap_or_default()) as u32;
    let (stored_len, raw_len) = (stored_len as usize, raw_len as usize);
    if magic != FRAME_MAGIC || check != header_check || stored_len > MAX_FRAME || raw_len > MAX_FRAME {
        return Frame::Damaged;
    }
    match reader.bytes(stored_len) {
        Err(Malformed) => Frame::Torn,
        Ok(stored) if xxh3(stored) == sum => Frame::Whole {
            stored,
            raw_len,
            len: FRAME_HEADER_LEN + stored_len,
        },
        Ok(_) => Frame::Damaged,
    }
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
