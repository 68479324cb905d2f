//! A copy of the store at a moment: its parts by hard links, its head as one more part.
//!
//! The copy stands in `snapshots/NAME` and is a store: it can be opened, moved elsewhere, or removed. It is made
//! beside under another name and renamed when durable, so a snapshot that has a name is whole.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;

use model::calendar::{DAY_SECONDS, date_of};
use model::{Millis, TimeRange};

use super::flush::{Backfill, write_head};
use super::next_part;
use crate::StoreError;
use crate::error::io_error;
use crate::part::{PartInfo, PartWriter};
use crate::store::manifest::{self, part_path};
use crate::store::{Inner, Store};
use crate::tombstones::{self, Tombstone};

impl Store {
    /// Makes a copy of the store under `snapshots/` of its folder and returns the name of the copy's folder, as
    /// `20260102T150405Z-0123456789abcdef`. With `skip_head` the copy has what is in parts only.
    ///
    /// # Errors
    /// The copy could not be written; what there is of it is removed.
    pub fn snapshot(&self, skip_head: bool) -> Result<String, StoreError> {
        let inner = &*self.inner;
        // No part comes or goes meanwhile.
        let _upkeep = inner.upkeep.lock();
        let name = name_of(inner.clock.now());
        let folder = inner.config.dir.join("snapshots");
        let temp = folder.join(format!("{name}.tmp"));
        let made = copy(inner, &temp, skip_head).and_then(|()| {
            let path = folder.join(&name);
            let renamed = inner.disk.rename(&temp, &path);
            renamed.map_err(io_error("rename", &temp))?;
            inner.disk.sync_dir(&folder).map_err(io_error("fsync", &folder))
        });
        if let Err(error) = made {
            if let Err(left) = fs::remove_dir_all(&temp) {
                tracing::warn!(path = %temp.display(), error = %left, "cannot remove unfinished snapshot");
            }
            return Err(error);
        }
        Ok(name)
    }
}

/// Time to the second, and 64 bits that no other snapshot of that second has.
fn name_of(now: Millis) -> String {
    let seconds = now.div_euclid(1000);
    let (year, month, day) = date_of(seconds.div_euclid(DAY_SECONDS));
    let of_day = seconds.rem_euclid(DAY_SECONDS);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    // Hashers are seeded at random, each differently.
    let random = RandomState::new().hash_one(now);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z-{random:016x}")
}

fn copy(inner: &Inner, to: &Path, skip_head: bool) -> Result<(), StoreError> {
    let disk = &inner.disk;
    let folder = to.join("parts");
    disk.create_dir(&folder).map_err(io_error("create", &folder))?;
    let parts = Arc::clone(&inner.parts.read());
    // Both under one lock: deletions before the number are done in what is copied, later ones are not in the copy.
    let (mut manifest, id, deleted) = {
        let mut manifest = inner.manifest.lock();
        let id = next_part(&mut manifest);
        (manifest.clone(), id, Arc::clone(&inner.tombstones.read()))
    };
    // The log of the copy starts from nothing.
    manifest.backfilled = 0;
    manifest.carried = Millis::MIN;
    manifest.parts = parts.iter().map(|part| part.info().id).collect();
    for part in parts.iter() {
        let target = part_path(to, part.info().id);
        disk.link(&part.path, &target)
            .map_err(io_error("link", &part.path))?;
    }
    if !skip_head {
        let info = PartInfo {
            floor: manifest.floor,
            created: inner.clock.now(),
            ..PartInfo::new(id, 0)
        };
        let mut writer = PartWriter::create(Arc::clone(disk), &part_path(to, id), info)?;
        write_head(inner, (TimeRange::ALL, Backfill::Included), &mut writer)?;
        if writer.finish()?.is_some() {
            manifest.parts.push(id);
        }
    }
    // The head of the copy is empty, and its log begins anew.
    let in_parts = |tombstone: &Tombstone| Tombstone {
        head: Default::default(),
        epoch: 0,
        position: 0,
        ..tombstone.clone()
    };
    let list: Vec<Tombstone> = deleted.list.iter().map(in_parts).collect();
    tombstones::save(&**disk, to, &list)?;
    inner.metadata.save(&**disk, &inner.config.dir)?;
    let metadata = inner.config.dir.join("METADATA");
    if metadata.exists() {
        disk.link(&metadata, &to.join("METADATA"))
            .map_err(io_error("link", &metadata))?;
    }
    disk.sync_dir(&folder).map_err(io_error("fsync", &folder))?;
    // Last, and durable with its folder: a copy without it is not one.
    manifest::save(&**disk, to, &manifest)
}
