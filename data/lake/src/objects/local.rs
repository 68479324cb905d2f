//! Durable writes in a local folder.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path as LocalPath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use rustix::fs::{CWD, RenameFlags};

/// Holds what is being written; emptied at every start.
const UNFINISHED: &str = ".unfinished";

/// Makes the names of unfinished files differ.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Opens a folder, creates it where it is not there, and removes what was not finished before.
pub(super) fn open(folder: &LocalPath) -> io::Result<Arc<dyn ObjectStore>> {
    create_folders(folder)?;
    let unfinished = folder.join(UNFINISHED);
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    create_folders(&unfinished)?;
    let store = LocalFileSystem::new_with_prefix(folder).map_err(io::Error::other)?;
    Ok(Arc::new(store))
}

/// Where a file is to be.
pub(super) struct Place {
    root: PathBuf,
    file: PathBuf,
}

impl Place {
    pub(super) fn new(root: &LocalPath, path: &Path) -> Self {
        Self {
            root: root.to_owned(),
            file: path
                .parts()
                .fold(root.to_owned(), |folder, part| folder.join(part.as_ref())),
        }
    }
}

/// Writes a file that must not be there.
pub(super) fn create(place: &Place, content: &[u8]) -> io::Result<()> {
    write(place, content, RenameFlags::NOREPLACE)
}

/// Writes a file, in place of one that is there.
pub(super) fn replace(place: &Place, content: &[u8]) -> io::Result<()> {
    write(place, content, RenameFlags::empty())
}

fn write(place: &Place, content: &[u8], flags: RenameFlags) -> io::Result<()> {
    let folder = place.file.parent().unwrap_or(&place.root);
    create_folders_below(&place.root, folder)?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let unfinished = place.root.join(UNFINISHED).join(number.to_string());
    let written = write_synced(&unfinished, content).and_then(|()| {
        Ok(rustix::fs::renameat_with(
            CWD,
            &unfinished,
            CWD,
            &place.file,
            flags,
        )?)
    });
    if let Err(error) = written {
        // What is left of it would be removed at the next start anyway.
        _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

fn write_synced(path: &LocalPath, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Creates folders and syncs those that got a new entry.
fn create_folders_below(root: &LocalPath, folder: &LocalPath) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    create_folders(folder)?;
    let mut changed = folder.parent();
    while let Some(parent) = changed.filter(|parent| parent.starts_with(root)) {
        File::open(parent)?.sync_all()?;
        changed = parent.parent();
    }
    Ok(())
}

fn create_folders(folder: &LocalPath) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
