//! The file tree that is read.

pub(crate) mod attribute;
pub(crate) mod folder;
#[cfg(test)]
pub(crate) mod testing;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::CollectError;

/// Largest file read whole; what is longer is an error, so that no file can fill the memory.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Where the machine's files stand: `/` on a live machine, `/host` in a container, a recorded tree in a test.
#[derive(Clone, Debug)]
pub struct Root {
    dir: PathBuf,
}

impl Root {
    /// Returns the tree under a folder, which holds `proc`, `sys`, `etc`, `run` and so on.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Returns the absolute place of a path relative to the tree (`proc/stat`; a leading `/` is dropped).
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        let relative = relative.as_ref();
        self.dir.join(relative.strip_prefix("/").unwrap_or(relative))
    }

    /// Reads a file whole into `buffer`, replacing what is there.
    ///
    /// # Errors
    /// [`CollectError::Absent`] if it does not exist, [`CollectError::Denied`] without permission,
    /// [`CollectError::Read`] otherwise, also for files over 16 MiB.
    pub fn read<'b>(
        &self,
        relative: impl AsRef<Path>,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], CollectError> {
        buffer.clear();
        let relative = relative.as_ref();
        read_file(&self.path(relative), buffer).map_err(|source| classify(relative, source))?;
        Ok(buffer)
    }

    /// Reads a small file whole as text without the white space at its end; bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// As [`Root::read`].
    pub fn read_text(&self, relative: impl AsRef<Path>) -> Result<String, CollectError> {
        let mut buffer = Vec::new();
        let bytes = self.read(relative, &mut buffer)?;
        Ok(String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned())
    }

    /// Returns the names in a folder, sorted.
    ///
    /// # Errors
    /// As [`Root::read`].
    pub fn list(&self, relative: impl AsRef<Path>) -> Result<Vec<String>, CollectError> {
        let relative = relative.as_ref();
        let entries = std::fs::read_dir(self.path(relative)).map_err(|source| classify(relative, source))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| classify(relative, source))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn read_file(path: &Path, buffer: &mut Vec<u8>) -> io::Result<()> {
    // No size hint is asked for: files of /proc and /sys say 0, and the call costs as much as a read.
    let mut file = File::open(path)?;
    loop {
        let start = buffer.len();
        let room = if buffer.capacity() > start {
            buffer.capacity() - start
        } else {
            start.max(4096)
        };
        buffer.resize(start + room, 0);
        let Some(free) = buffer.get_mut(start..) else {
            return Ok(());
        };
        match file.read(free) {
            Ok(0) => {
                buffer.truncate(start);
                return Ok(());
            }
            Ok(n) => buffer.truncate(start + n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => buffer.truncate(start),
            Err(error) => {
                buffer.truncate(start);
                return Err(error);
            }
        }
        if buffer.len() as u64 > MAX_FILE_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 16 MiB"));
        }
    }
}

fn classify(relative: &Path, source: io::Error) -> CollectError {
    let what = format!("/{}", relative.strip_prefix("/").unwrap_or(relative).display());
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => CollectError::Absent { what },
        io::ErrorKind::PermissionDenied => CollectError::Denied {
            what,
            hint: "run as root",
        },
        _ => CollectError::Read { what, source },
    }
}

#[cfg(test)]
mod tests;
