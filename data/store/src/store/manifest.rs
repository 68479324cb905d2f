//! Which parts there are: the truth after a crash.
//!
//! `MANIFEST`, replaced as a whole:
//! ```text
//! header as in bytes/header.rs: "PERIMANI", format version; u64 xxh3 of the rest
//! u64 next part number, i64 floor, uvarint n, n part numbers as u64, u64 backfilled, i64 carried
//! ```
//! Samples before the floor are in parts, all others in the log; but what came when its time was before the floor
//! already, backfill, is in parts if the log's epoch it came in is not above `backfilled`. Format 1 ends before
//! `backfilled`, which is zero then. Samples not in parts that are no newer than
//! `carried` may be in `SNAPSHOT` alone, as the log they came in may be gone (`wal/retire.rs`); formats before 4 end
//! before it. Part files that are not listed are remains of an
//! unfinished flush or compaction. If the manifest itself is damaged or missing, the list is made anew from the part
//! files, each of which says what it is and which flushed parts it was made of: see [`survivors`].
//!
//! The version is that of the folder as a whole: it grows when the format of any other file does. A file that claims
//! to be newer than the manifest allows is damaged.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::Millis;

use crate::StoreError;
use crate::bytes::{Format, Header, Malformed, Reader, put_uvarint};
use crate::disk::{Disk, replace_file};
use crate::error::io_error;
use crate::part::PartInfo;

/// Format of the manifest, and of the folder as a whole.
const FORMAT: Format = Format {
    magic: b"PERIMANI",
    version: 5,
    unchecked: 2,
};

/// The manifest's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) next_part: u64,
    pub(crate) floor: Millis,
    pub(crate) parts: Vec<u64>,
    pub(crate) backfilled: u64,
    /// Time of the newest sample that only the snapshot of the head may hold; the largest number if that is not known.
    pub(crate) carried: Millis,
}

impl Manifest {
    /// Tells whether the snapshot of the head holds samples that neither the log nor parts may have.
    pub(crate) fn needs_snapshot(&self) -> bool {
        self.carried >= self.floor && self.carried > Millis::MIN
    }
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            next_part: 1,
            floor: Millis::MIN,
            parts: Vec::new(),
            backfilled: 0,
            carried: Millis::MIN,
        }
    }
}

/// What was found in place of a manifest.
pub(crate) enum Loaded {
    /// With the version of its format.
    Valid(Manifest, u32),
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
    match FORMAT.unseal(&bytes) {
        Ok((version, reader)) => {
            let decoded = decode(reader, version);
            Ok(decoded.map_or(Loaded::Damaged, |manifest| Loaded::Valid(manifest, version)))
        }
        Err(Header::Newer(found)) => Err(StoreError::NewerFormat {
            path,
            found,
            supported: FORMAT.version,
        }),
        Err(_) => Ok(Loaded::Damaged),
    }
}

pub(crate) fn decode(mut reader: Reader<'_>, version: u32) -> Result<Manifest, Malformed> {
    let (next_part, floor) = (reader.u64()?, reader.i64()?);
    let mut parts = Vec::new();
    for _ in 0..reader.uvarint()? {
        parts.push(reader.u64()?);
    }
    let backfilled = if version > 1 { reader.u64()? } else { 0 };
    let carried = if version > 3 { reader.i64()? } else { Millis::MIN };
    if !reader.is_empty() {
        return Err(Malformed);
    }
    Ok(Manifest {
        next_part,
        floor,
        parts,
        backfilled,
        carried,
    })
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
    rest.extend_from_slice(&manifest.carried.to_le_bytes());
    replace_file(disk, &path(dir), &FORMAT.seal(&rest))
}

/// Makes what was read and looked through the manifest that counts. What stands there already is not written again,
/// as that would have every start wait for whatever the system has yet to write.
pub(crate) fn confirm(
    disk: &dyn Disk,
    dir: &Path,
    (read, manifest): (Option<(Manifest, u32)>, &Manifest),
) -> Result<(), StoreError> {
    if read.is_some_and(|(read, version)| version == FORMAT.version && read == *manifest) {
        // Who wrote it may have ended between renaming it and this.
        disk.sync_dir(dir).map_err(io_error("fsync", dir))
    } else {
        save(disk, dir, manifest)
    }
}

/// Returns which of all parts that are there were listed, as far as they say themselves: those whose samples no other
/// part was made of. A part that was rewritten alone is as one that was merged: the later one counts.
pub(crate) fn survivors(parts: &[&PartInfo]) -> Vec<u64> {
    let superseded = |part: &PartInfo| {
        parts.iter().any(|other| {
            other.id > part.id && part.sources.iter().all(|source| other.sources.contains(source))
        })
    };
    let left = parts.iter().filter(|part| !superseded(part));
    left.map(|part| part.id).collect()
}

/// Returns the file of a part.
pub(crate) fn part_path(dir: &Path, id: u64) -> PathBuf {
    dir.join("parts").join(format!("{id:020}.part"))
}
