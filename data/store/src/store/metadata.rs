//! What metric families say about themselves.
//!
//! Changes go to the log; the whole table is saved as `METADATA` before log segments are dropped:
//! header as in bytes/header.rs with "PERIMETA", u64 xxh3 of the rest, the table as in a metadata record
//! (wal/record.rs).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use model::Metadata;
use parking_lot::RwLock;

use crate::StoreError;
use crate::bytes::{Format, Header};
use crate::disk::{Disk, replace_file};
use crate::error::io_error;
use crate::wal::{decode_metadata, encode_metadata};

const FORMAT: Format = Format {
    magic: b"PERIMETA",
    version: 2,
    unchecked: 1,
};

/// Families beyond this many are not described.
const MAX_FAMILIES: usize = 200_000;

/// Help and unit are cut to this many bytes.
const MAX_TEXT: usize = 4096;

#[derive(Default)]
struct Table {
    families: BTreeMap<Box<str>, Metadata>,
    dirty: bool,
}

/// All metadata of a store.
#[derive(Default)]
pub(crate) struct MetadataTable {
    table: RwLock<Table>,
}

impl MetadataTable {
    /// Takes one entry; tells whether that changed anything.
    pub(crate) fn insert(&self, name: &str, metadata: &Metadata) -> bool {
        let same = |table: &Table| {
            table
                .families
                .get(name)
                .is_some_and(|known| is_cut_of(known, metadata))
        };
        if name.is_empty() || same(&self.table.read()) {
            return false;
        }
        let mut table = self.table.write();
        if table.families.len() >= MAX_FAMILIES && !table.families.contains_key(name) {
            return false;
        }
        let help = cut(&metadata.help).to_owned();
        let unit = cut(&metadata.unit).to_owned();
        table.families.insert(
            name.into(),
            Metadata {
                metric_type: metadata.metric_type,
                help,
                unit,
            },
        );
        table.dirty = true;
        true
    }

    /// Returns all entries, or that of one name, in order.
    pub(crate) fn entries(&self, name: Option<&str>) -> Vec<(String, Metadata)> {
        let table = self.table.read();
        let entry = |name: &str, metadata: &Metadata| (name.to_owned(), metadata.clone());
        match name {
            Some(name) => table
                .families
                .get(name)
                .map(|found| entry(name, found))
                .into_iter()
                .collect(),
            None => table
                .families
                .iter()
                .map(|(name, found)| entry(name, found))
                .collect(),
        }
    }

    /// Writes the table if it changed since it was saved last.
    pub(crate) fn save(&self, disk: &dyn Disk, dir: &Path) -> Result<(), StoreError> {
        let rest = {
            let mut table = self.table.write();
            if !std::mem::take(&mut table.dirty) {
                return Ok(());
            }
            encode_metadata(table.families.iter().map(|(name, metadata)| (&**name, metadata)))
        };
        let saved = replace_file(disk, &dir.join("METADATA"), &FORMAT.seal(&rest));
        if saved.is_err() {
            self.table.write().dirty = true;
        }
        saved
    }

    /// Reads what was saved; false if the file is damaged.
    pub(crate) fn load(&self, dir: &Path) -> Result<bool, StoreError> {
        let path = dir.join("METADATA");
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(io_error("read", path)(error)),
        };
        match FORMAT.unseal(&bytes) {
            Ok((_, reader)) => {
                let decoded = decode_metadata(reader.rest(), |name, metadata| {
                    self.insert(name, &metadata);
                });
                self.table.write().dirty = false;
                Ok(decoded.is_ok())
            }
            Err(Header::Newer(found)) => Err(StoreError::NewerFormat {
                path,
                found,
                supported: FORMAT.version,
            }),
            Err(_) => Ok(false),
        }
    }
}

fn is_cut_of(known: &Metadata, given: &Metadata) -> bool {
    known.metric_type == given.metric_type && known.help == cut(&given.help) && known.unit == cut(&given.unit)
}

fn cut(text: &str) -> &str {
    let end = (0..=text.len().min(MAX_TEXT))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    end.and_then(|end| text.get(..end)).unwrap_or("")
}
