//! A disk for tests that are not about syncing.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Disk, DiskFile, OsDisk};

/// The disk of the operating system without syncs: the process of a test does not lose what the system has, and real
/// syncs are slow.
pub(crate) struct Unsynced;

struct UnsyncedFile(Box<dyn DiskFile>);

/// Returns the disk as stores take it.
pub(crate) fn unsynced() -> Arc<dyn Disk> {
    Arc::new(Unsynced)
}

impl DiskFile for UnsyncedFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }
}

impl Disk for Unsynced {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(UnsyncedFile(OsDisk.create(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }

    fn cut(&self, path: &Path, len: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.set_len(len)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        OsDisk.remove(path)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}
