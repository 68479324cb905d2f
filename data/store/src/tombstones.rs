//! What was deleted and is still in files or in the log.
//!
//! A deletion is durable once its tombstones are in `TOMBSTONES`, replaced as a whole:
//! ```text
//! header as in bytes/header.rs: "PERITOMB", format version; u64 xxh3 of the rest
//! uvarint n, n tombstones:
//!   i64 first time, i64 last time, u64 part number, u64 epoch, from format 2 on: u64 position in the log
//!   uvarint n matchers: u8 operator (0 =, 1 !=, 2 =~, 3 !~), string label, string value
//!   uvarint n series of the head: u64 XXH3 of the packed labels, i64 last time
//! ```
//! A tombstone hits series for which all its matchers hold, and samples of its span that were there when it was made;
//! what comes later is not deleted, whatever its time. Where samples are tells when they came:
//! - Parts are hit if their number is smaller than the tombstone's. Numbers only grow, so a part that is written from
//!   the head or from other parts either was numbered before the deletion, and is hit like any other, or after it, and
//!   then its writer has left out what was deleted.
//! - Samples in order in the head are hit up to the time given for each series, which is that of its latest one then:
//!   those that come later are newer.
//! - Samples out of order in the head are removed at once. What the log holds of them up to the tombstone's position is
//!   removed again when it is read back (store/replay.rs).
//!
//! Epoch is that of the log if it held backfill when the deletion was made, 0 if it held none. A tombstone goes when no
//! part and no log can hold what it hits.

mod buried;
mod delete;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use model::{MatchOp, Matcher, Millis, PackedLabels, TimeRange};

pub(crate) use buried::{Buried, bury, joined};
pub(crate) use delete::prune;

use crate::StoreError;
use crate::bytes::{Format, Header, Malformed, Reader, put_str, put_uvarint};
use crate::disk::{Disk, replace_file};
use crate::error::io_error;

const FORMAT: Format = Format {
    magic: b"PERITOMB",
    version: 2,
    unchecked: 1,
};

const OPERATORS: [MatchOp; 4] = [
    MatchOp::Equal,
    MatchOp::NotEqual,
    MatchOp::Regex,
    MatchOp::NotRegex,
];

/// One deletion by one set of matchers.
#[derive(Clone, Debug)]
pub(crate) struct Tombstone {
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) range: TimeRange,
    /// Parts with smaller numbers are hit.
    pub(crate) before: u64,
    /// Epoch of the log up to which backfill may be hit.
    pub(crate) epoch: u64,
    /// Samples out of order up to this position of the log are hit. The largest number stands for one that is not
    /// known, as format 1 does not tell.
    pub(crate) position: u64,
    /// Up to which time a series in the head is hit, by the hash of its labels.
    pub(crate) head: HashMap<u64, Millis>,
}

impl Tombstone {
    /// Tells whether all matchers hold for a series.
    pub(crate) fn matches(&self, packed: &str) -> bool {
        let labels = PackedLabels::trusted(packed);
        let holds = |matcher: &Matcher| matcher.matches(labels.get(matcher.name()).unwrap_or(""));
        self.matchers.iter().all(holds)
    }
}

/// All tombstones there are.
#[derive(Debug, Default)]
pub(crate) struct Tombstones {
    /// Grows with every change while the store is open.
    pub(crate) version: u64,
    pub(crate) list: Vec<Tombstone>,
}

impl Tombstones {
    /// Tells whether a series had samples in the head that were deleted.
    pub(crate) fn in_head(&self, hash: u64, packed: &str) -> bool {
        let hit = |tombstone: &Tombstone| tombstone.head.contains_key(&hash) && tombstone.matches(packed);
        self.list.iter().any(hit)
    }

    /// Returns the last position of the log that a deletion names.
    pub(crate) fn last_position(&self) -> u64 {
        let known = self.list.iter().map(|tombstone| tombstone.position);
        known.filter(|position| *position != u64::MAX).max().unwrap_or(0)
    }

    /// Gives deletions whose position is not known this one, which the log ends at; tells whether there were any.
    pub(crate) fn place(&mut self, position: u64) -> bool {
        let unknown = |tombstone: &&mut Tombstone| tombstone.position == u64::MAX;
        let mut any = false;
        for tombstone in self.list.iter_mut().filter(unknown) {
            tombstone.position = position;
            any = true;
        }
        any
    }

    /// Returns all tombstones in the order in which they were made.
    pub(crate) fn in_order_of_log(&self) -> Vec<Tombstone> {
        let mut list = self.list.clone();
        list.sort_by_key(|tombstone| tombstone.position);
        list
    }

    /// Tells whether series of the head are hit.
    pub(crate) fn hit_head(&self) -> bool {
        self.list.iter().any(|tombstone| !tombstone.head.is_empty())
    }
}

/// What was found in place of tombstones.
pub(crate) enum Loaded {
    Valid(Tombstones),
    Damaged,
}

/// Returns the file of a folder's tombstones.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("TOMBSTONES")
}

/// Reads the tombstones of a folder; a folder without the file has none.
pub(crate) fn load(dir: &Path) -> Result<Loaded, StoreError> {
    let path = path(dir);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Loaded::Valid(Tombstones::default()));
        }
        Err(error) => return Err(io_error("read", path)(error)),
    };
    match FORMAT.unseal(&bytes) {
        Ok((version, reader)) => Ok(match decode(reader, version) {
            Ok(list) => Loaded::Valid(Tombstones { version: 1, list }),
            Err(Malformed) => Loaded::Damaged,
        }),
        Err(Header::Newer(found)) => Err(StoreError::NewerFormat {
            path,
            found,
            supported: FORMAT.version,
        }),
        Err(_) => Ok(Loaded::Damaged),
    }
}

/// Makes tombstones durable.
pub(crate) fn save(disk: &dyn Disk, dir: &Path, list: &[Tombstone]) -> Result<(), StoreError> {
    replace_file(disk, &path(dir), &FORMAT.seal(&encode(list)))
}

fn encode(list: &[Tombstone]) -> Vec<u8> {
    let mut out = Vec::new();
    put_uvarint(&mut out, list.len() as u64);
    for tombstone in list {
        out.extend_from_slice(&tombstone.range.start.to_le_bytes());
        out.extend_from_slice(&tombstone.range.end.to_le_bytes());
        out.extend_from_slice(&tombstone.before.to_le_bytes());
        out.extend_from_slice(&tombstone.epoch.to_le_bytes());
        out.extend_from_slice(&tombstone.position.to_le_bytes());
        put_uvarint(&mut out, tombstone.matchers.len() as u64);
        for matcher in &tombstone.matchers {
            let op = OPERATORS.iter().position(|op| *op == matcher.op());
            // There are four.
            out.push(op.unwrap_or(0) as u8);
            put_str(&mut out, matcher.name());
            put_str(&mut out, matcher.value());
        }
        put_uvarint(&mut out, tombstone.head.len() as u64);
        for (hash, end) in &tombstone.head {
            out.extend_from_slice(&hash.to_le_bytes());
            out.extend_from_slice(&end.to_le_bytes());
        }
    }
    out
}

pub(crate) fn decode(mut reader: Reader<'_>, version: u32) -> Result<Vec<Tombstone>, Malformed> {
    let mut list = Vec::new();
    for _ in 0..reader.uvarint()? {
        list.push(decode_one(&mut reader, version)?);
    }
    if reader.is_empty() {
        Ok(list)
    } else {
        Err(Malformed)
    }
}

fn decode_one(reader: &mut Reader<'_>, version: u32) -> Result<Tombstone, Malformed> {
    let (start, end) = (reader.i64()?, reader.i64()?);
    let (before, epoch) = (reader.u64()?, reader.u64()?);
    let position = if version > 1 { reader.u64()? } else { u64::MAX };
    let mut matchers = Vec::new();
    for _ in 0..reader.uvarint()? {
        let op = *OPERATORS.get(usize::from(reader.u8()?)).ok_or(Malformed)?;
        let (name, value) = (reader.str()?, reader.str()?);
        matchers.push(Matcher::new(name, op, value).map_err(|_| Malformed)?);
    }
    let mut head = HashMap::new();
    for _ in 0..reader.uvarint()? {
        head.insert(reader.u64()?, reader.i64()?);
    }
    Ok(Tombstone {
        matchers,
        range: TimeRange { start, end },
        before,
        epoch,
        position,
        head,
    })
}

/// All tombstones and further ones.
pub(crate) fn with(old: &Tombstones, more: Vec<Tombstone>) -> Arc<Tombstones> {
    Arc::new(Tombstones {
        version: old.version + 1,
        list: old.list.iter().cloned().chain(more).collect(),
    })
}
