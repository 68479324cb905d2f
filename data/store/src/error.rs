//! Why a store cannot be opened or kept up.

use std::io;
use std::path::PathBuf;

/// Why an operation on the store as a whole failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the folder open.
    #[error("data folder {path} is in use by another process")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The folder was written by a newer version.
    #[error("{path} has format {found}, newer than {supported}, the newest this version reads")]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// Its format version.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// A file or folder could not be read or written.
    #[error("failed to {action} {path}")]
    Io {
        /// What was tried (`open`, `write`, `rename`, …).
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file's content contradicts its checksum or its format.
    #[error("{path} is corrupt: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The disk has no room for what is to be written.
    #[error(
        "{path} has {available} bytes left, less than the {needed} that are needed; free some, or shorten the retention"
    )]
    NoSpace {
        /// The folder.
        path: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are there.
        available: u64,
    },
    /// Too many deletions wait for their parts to be rewritten.
    #[error("{limit} deletions wait to be cleaned up; clean tombstones and try again")]
    TooManyTombstones {
        /// The bound.
        limit: usize,
    },
    /// A background thread could not be started.
    #[error("failed to start thread {name}")]
    StartThread {
        /// Its name.
        name: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Wraps an I/O error with what was tried on which path.
pub(crate) fn io_error(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.into();
    move |source| StoreError::Io { action, path, source }
}
