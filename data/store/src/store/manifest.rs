//! Which parts there are: the truth after a crash.
//!
//! `MANIFEST`, replaced as a whole:
//! ```text
//! "PERIMANI", u32 format version, u32 zero, u64 xxh3 of the rest
//! u64 next part number, i64 floor, uvarint n, n part numbers as u64, u64 backfilled
//! ```
//! Samples before the floor are in parts, all others in the log; but what came when its time was before the floor
//! already, backfill, is in parts if the log's epoch it came in is not above `backfilled`. Format 1 ends before
//! `backfilled`, which is zero then. Part files that are not listed are remains of an
//! unfinished flush or compaction. If the manifest itself is damaged, all part files count: parts and what they
//! were merged into then overlap, which readers and the next compaction resolve.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::Millis;

use crate::StoreError;
use crate::bytes::{Malformed, Reader, put_uvarint, xxh3};
use crate::disk::{Disk, replace_file};
use crate::error::io_error;

const MAGIC: &[u8; 8] = b"PERIMANI";
/// Format version of the manifest, and of the folder as a whole.
pub(crate) const VERSION: u32 = 2;

/// The manifest's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) next_part: u64,
    pub(crate) floor: Millis,
    pub(crate) parts: Vec<u64>,
    pub(crate) backfilled: u64,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            next_part: 1,
            floor: Millis::MIN,
            parts: Vec::new(),
            backfilled: 0,
        }
    }
}

/// What was found in place of a manifest.
pub(crate) enum Loaded {
    Valid(Manifest),
    Absent,
    Damaged,
}

fn path(dir: &Path) -> PathBuf {
    dir.join("MANIFEST")
}

/// Reads the manifest of a folder.
pub(crate) fn load(dir: &Path) -> Result<Loaded, StoreError> {
    let path = path(dir);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Loaded::Absent),
        Err(error) => return Err(io_error("read", path)(error)),
    };
    match decode(&bytes) {
        Ok((version, _)) if version > VERSION => Err(StoreError::NewerFormat {
            path,
            found: version,
            supported: VERSION,
        }),
        Ok((_, Some(manifest))) => Ok(Loaded::Valid(manifest)),
        Ok((_, None)) | Err(Malformed) => Ok(Loaded::Damaged),
    }
}

fn decode(bytes: &[u8]) -> Result<(u32, Option<Manifest>), Malformed> {
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
    let (next_part, floor) = (reader.u64()?, reader.i64()?);
    let mut parts = Vec::new();
    for _ in 0..reader.uvarint()? {
        parts.push(reader.u64()?);
    }
    Ok((
        version,
        Some(Manifest {
            next_part,
            floor,
            parts,
            backfilled: if version > 1 { reader.u64()? } else { 0 },
        }),
    ))
}

/// Makes a manifest the one that counts.
pub(crate) fn save(disk: &dyn Disk, dir: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let mut rest = manifest.next_part.to_le_bytes().to_vec();
    rest.extend_from_slice(&manifest.floor.to_le_bytes());
    put_uvarint(&mut rest, manifest.parts.len() as u64);
    manifest
        .parts
        .iter()
        .for_each(|id| rest.extend_from_slice(&id.to_le_bytes()));
    rest.extend_from_slice(&manifest.backfilled.to_le_bytes());
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&xxh3(&rest).to_le_bytes());
    bytes.extend_from_slice(&rest);
    replace_file(disk, &path(dir), &bytes)
}

/// Returns the file of a part.
pub(crate) fn part_path(dir: &Path, id: u64) -> PathBuf {
    dir.join("parts").join(format!("{id:020}.part"))
}
