//! Counts open file descriptors.

use std::fs::{metadata, read_dir};
use std::io;
use std::path::Path;

use rustix::fs::{PROC_SUPER_MAGIC, statfs};

use crate::Root;

/// Counts open file descriptors of processes of one tree.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    /// Whether the tree's `/proc` is the kernel's own, not a recorded one.
    is_kernels: Option<bool>,
}

impl Descriptors {
    /// Returns the number of open file descriptors of a process, `None` once it has ended.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub(crate) fn count(&mut self, root: &Root, pid: u32) -> io::Result<Option<u64>> {
        let folder = root.path(format!("proc/{pid}/fd"));
        match self.size(root, &folder) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Since Linux 6.2 the size of the folder is the number sought; older kernels say 0.
    fn size(&mut self, root: &Root, folder: &Path) -> io::Result<u64> {
        let is_kernels = *self.is_kernels.get_or_insert_with(|| {
            statfs(root.path("proc")).is_ok_and(|system| system.f_type == PROC_SUPER_MAGIC)
        });
        if is_kernels {
            let size = metadata(folder)?.len();
            if size > 0 {
                return Ok(size);
            }
        }
        Ok(read_dir(folder)?.flatten().count() as u64)
    }
}

#[cfg(test)]
mod tests;
