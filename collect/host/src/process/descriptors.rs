//! Counts open file descriptors.

use std::fs::{metadata, read_dir};
use std::io;
use std::path::Path;

use rustix::fs::{PROC_SUPER_MAGIC, statfs};

use crate::Root;

/// Returns the number of open file descriptors of a process, `None` once it has ended.
///
/// # Errors
/// The kernel's refusal.
pub(crate) fn count(root: &Root, pid: u32) -> io::Result<Option<u64>> {
    let folder = root.path(format!("proc/{pid}/fd"));
    match size(&folder).and_then(|size| size.map_or_else(|| listed(&folder), Ok)) {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Since Linux 6.2 the size of the folder is the number sought. `None` where it is 0, as of older kernels, and
/// where the folder is not the kernel's own, as in a recorded tree.
fn size(folder: &Path) -> io::Result<Option<u64>> {
    let size = metadata(folder)?.len();
    if size == 0 {
        return Ok(None);
    }
    let kind = statfs(folder)?.f_type;
    Ok((kind == PROC_SUPER_MAGIC).then_some(size))
}

fn listed(folder: &Path) -> io::Result<u64> {
    Ok(read_dir(folder)?.flatten().count() as u64)
}

#[cfg(test)]
mod tests;
