//! The acknowledged position, kept across restarts.
//!
//! One small file: a version word, the position, and a checksum in text. It is written beside and renamed, so it is
//! never half; a file that cannot be understood is named, not guessed at.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const VERSION: &str = "relay-checkpoint-1";

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The system refuses.
    #[error("failed to {attempt} checkpoint {path}")]
    File {
        /// `read` or `write`.
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("checkpoint {path} is damaged or of another version; remove it to start from the present")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// The file that holds the acknowledged position of one receiver.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    written: Option<u64>,
}

impl Checkpoint {
    /// Names the file. Its folder must exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            written: None,
        }
    }

    /// Reads the position; `None` if there is no file yet.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn load(&mut self) -> Result<Option<u64>, CheckpointError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.failed("read", source)),
        };
        let position = parse(&text).ok_or_else(|| CheckpointError::Malformed {
            path: self.path.clone(),
        })?;
        self.written = Some(position);
        Ok(Some(position))
    }

    /// Writes the position and waits until it is on disk; does nothing if it is there already.
    ///
    /// # Errors
    /// The file cannot be written; the position before is still there.
    pub fn store(&mut self, position: u64) -> Result<(), CheckpointError> {
        if self.written == Some(position) {
            return Ok(());
        }
        self.replace(&format(position))
            .map_err(|source| self.failed("write", source))?;
        self.written = Some(position);
        Ok(())
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        // The rename itself is on disk once the folder is.
        match self.path.parent().filter(|folder| *folder != Path::new("")) {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    fn failed(&self, attempt: &'static str, source: io::Error) -> CheckpointError {
        CheckpointError::File {
            attempt,
            path: self.path.clone(),
            source,
        }
    }
}

fn format(position: u64) -> String {
    format!("{VERSION} {position} {:016x}\n", checksum(position))
}

fn parse(text: &str) -> Option<u64> {
    let mut words = text.split_whitespace();
    let (version, position, sum) = (words.next()?, words.next()?, words.next()?);
    let position = position.parse().ok()?;
    let sum = u64::from_str_radix(sum, 16).ok()?;
    (version == VERSION && sum == checksum(position) && words.next().is_none()).then_some(position)
}

/// Mixes all bits of a position into all bits of a number (`splitmix64`), which no slip of the disk repeats.
fn checksum(position: u64) -> u64 {
    let mut z = position.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests;
