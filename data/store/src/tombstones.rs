//! What was deleted and is still in files or in the log.
//!
//! A deletion is durable once its tombstones are in `TOMBSTONES`, replaced as a whole:
//! ```text
//! "PERITOMB", u32 format version, u32 zero, u64 xxh3 of the rest
//! uvarint n, n tombstones:
//!   i64 first time, i64 last time, u64 part number, u64 epoch
//!   uvarint n matchers: u8 operator (0 =, 1 !=, 2 =~, 3 !~), string label, string value
//!   uvarint n series of the head: u64 XXH3 of the packed labels, i64 last time
//! ```
//! A tombstone hits series for which all its matchers hold, samples of its span only: those in parts with a
//! smaller number than its own, and those of the head up to the time given for each series, which is that of its
//! last sample then. Newer samples are not hit. Numbers of parts only grow, so a part that is written
//! from the head or from other parts either was numbered before the deletion, and is hit like any other, or
//! after it, and then its writer has left out what was deleted.
//!
//! Epoch is that of the log in which a series of the head had backfill when it was deleted, 0 if none had. A
//! tombstone goes when no part and no log can hold what it hits.

mod buried;
mod delete;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use model::{MatchOp, Matcher, Millis, PackedLabels, TimeRange};

pub(crate) use buried::{Buried, bury};
pub(crate) use delete::prune;

use crate::StoreError;
use crate::bytes::{Malformed, Reader, put_str, put_uvarint, xxh3};
use crate::disk::{Disk, replace_file};
use crate::error::io_error;

const MAGIC: &[u8; 8] = b"PERITOMB";
const VERSION: u32 = 1;

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
    /// Backfill up to this epoch of the log is hit.
    pub(crate) epoch: u64,
    /// Up to which time a series in the head is hit, by the hash of its labels.
    pub(crate) head: HashMap<u64, Millis>,
}

/// All tombstones there are.
#[derive(Debug, Default)]
pub(crate) struct Tombstones {
    /// Grows with every change while the store is open.
    pub(crate) version: u64,
    pub(crate) list: Vec<Tombstone>,
}

impl Tombstones {
    /// Returns the spans of a series in the head that are deleted.
    pub(crate) fn in_head(&self, hash: u64, packed: &str) -> Vec<TimeRange> {
        let hit = |tombstone: &Tombstone| {
            let end = *tombstone.head.get(&hash)?;
            let labels = PackedLabels::trusted(packed);
            let holds = |matcher: &Matcher| matcher.matches(labels.get(matcher.name()).unwrap_or(""));
            let start = tombstone.range.start;
            tombstone
                .matchers
                .iter()
                .all(holds)
                .then_some(TimeRange { start, end })
        };
        self.list.iter().filter_map(hit).collect()
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
    match decode(&bytes) {
        Ok((version, _)) if version > VERSION => Err(StoreError::NewerFormat {
            path,
            found: version,
            supported: VERSION,
        }),
        Ok((_, Some(list))) => Ok(Loaded::Valid(Tombstones { version: 1, list })),
        Ok((_, None)) | Err(Malformed) => Ok(Loaded::Damaged),
    }
}

/// Makes tombstones durable.
pub(crate) fn save(disk: &dyn Disk, dir: &Path, list: &[Tombstone]) -> Result<(), StoreError> {
    let rest = encode(list);
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&xxh3(&rest).to_le_bytes());
    bytes.extend_from_slice(&rest);
    replace_file(disk, &path(dir), &bytes)
}

fn encode(list: &[Tombstone]) -> Vec<u8> {
    let mut out = Vec::new();
    put_uvarint(&mut out, list.len() as u64);
    for tombstone in list {
        out.extend_from_slice(&tombstone.range.start.to_le_bytes());
        out.extend_from_slice(&tombstone.range.end.to_le_bytes());
        out.extend_from_slice(&tombstone.before.to_le_bytes());
        out.extend_from_slice(&tombstone.epoch.to_le_bytes());
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

fn decode(bytes: &[u8]) -> Result<(u32, Option<Vec<Tombstone>>), Malformed> {
    let mut reader = Reader::new(bytes);
    if reader.bytes(8)? != MAGIC {
        return Err(Malformed);
    }
    let version = reader.u32()?;
    reader.u32()?;
    // A newer format may look different from here on.
    if version > VERSION || reader.u64()? != xxh3(reader.rest()) {
        return Ok((version, None));
    }
    let mut list = Vec::new();
    for _ in 0..reader.uvarint()? {
        list.push(decode_one(&mut reader)?);
    }
    Ok((version, Some(list)))
}

fn decode_one(reader: &mut Reader<'_>) -> Result<Tombstone, Malformed> {
    let (start, end) = (reader.i64()?, reader.i64()?);
    let (before, epoch) = (reader.u64()?, reader.u64()?);
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
