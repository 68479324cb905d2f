//! Bytes of a segment.
//!
//! ```text
//! head    magic 8 · version u32 · first sequence u64 · crc32c of those u32
//! record  length of the payload u32 · crc32c of sequence and payload u32 · sequence u64 · payload
//! ```
//! Integers are little-endian. The first record has the sequence [`SCHEMA`] and the schema message; all others one
//! record batch each, numbered one after another from the first sequence on.

use std::io;

const MAGIC: [u8; 8] = *b"PPLAKLOG";
/// Version of the format; raised whenever an older program could not read it.
pub(super) const VERSION: u32 = 1;
/// Sequence number of the record that holds the schema.
pub(super) const SCHEMA: u64 = 0;
const HEAD_BYTES: usize = 24;
const RECORD_HEAD_BYTES: usize = 16;
const SUFFIX: &str = ".log";

/// Returns the name of a segment.
pub(super) fn file_name(number: u64) -> String {
    format!("{number:020}{SUFFIX}")
}

/// Returns the number of a segment by its name.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(SUFFIX)?.parse().ok()
}

/// Returns the head of a segment.
pub(super) fn head(first_sequence: u64) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    head.extend(MAGIC);
    head.extend(VERSION.to_le_bytes());
    head.extend(first_sequence.to_le_bytes());
    head.extend(crc32c::crc32c(&head).to_le_bytes());
    head
}

/// Appends a record.
pub(super) fn put_record(out: &mut Vec<u8>, sequence: u64, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "a record of the lake's log is 4 GiB or more",
        )
    })?;
    out.extend(length.to_le_bytes());
    out.extend(checksum(sequence, payload).to_le_bytes());
    out.extend(sequence.to_le_bytes());
    out.extend(payload);
    Ok(())
}

/// What the head of a segment says.
pub(super) enum Head {
    /// The number of its first record.
    First(u64),
    /// The version that another program wrote.
    Unknown(u32),
}

/// Reads the head; `None` if there is none.
pub(super) fn take_head(bytes: &mut &[u8]) -> Option<Head> {
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let (content, sum) = head.split_at_checked(HEAD_BYTES - 4)?;
    if content.get(..8)? != MAGIC || u32::from_le_bytes(sum.try_into().ok()?) != crc32c::crc32c(content) {
        return None;
    }
    let version = u32::from_le_bytes(content.get(8..12)?.try_into().ok()?);
    if version != VERSION {
        return Some(Head::Unknown(version));
    }
    *bytes = rest;
    Some(Head::First(u64::from_le_bytes(
        content.get(12..20)?.try_into().ok()?,
    )))
}

/// Reads the next record: its sequence number and payload. `None` at the end, and where a record is torn or damaged.
pub(super) fn take_record<'a>(bytes: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let (head, rest) = bytes.split_at_checked(RECORD_HEAD_BYTES)?;
    let length = u32::from_le_bytes(head.get(..4)?.try_into().ok()?);
    let sum = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?);
    let sequence = u64::from_le_bytes(head.get(8..)?.try_into().ok()?);
    let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    if sum != checksum(sequence, payload) {
        return None;
    }
    *bytes = rest;
    Some((sequence, payload))
}

fn checksum(sequence: u64, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&sequence.to_le_bytes()), payload)
}
