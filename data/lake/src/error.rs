//! Why the lake does not open, and why it does not take rows.

use std::path::PathBuf;

use arrow::error::ArrowError;

use crate::config::LakeConfigError;
use crate::delta::DeltaError;
use crate::log::LogError;
use crate::objects::ObjectsError;

/// Why a lake does not open, or a piece of its upkeep failed.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The configuration cannot be.
    #[error("the lake's configuration is wrong")]
    Config(#[from] LakeConfigError),
    /// Another process has it open.
    #[error("the lake {path} is in use by another process")]
    InUse {
        /// Its folder.
        path: PathBuf,
    },
    /// A local folder or file of it cannot be used.
    #[error("failed to open {path}")]
    Open {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The log of rows that are in no file yet.
    #[error("failed to read the log of table {table}")]
    Log {
        /// The table.
        table: &'static str,
        /// What is wrong.
        #[source]
        source: LogError,
    },
    /// The transaction log of a table.
    #[error("failed at the transaction log of table {table}")]
    Transactions {
        /// The table.
        table: &'static str,
        /// What is wrong.
        #[source]
        source: DeltaError,
    },
    /// A file of a table.
    #[error("failed at a file of table {table}")]
    File {
        /// The table.
        table: &'static str,
        /// What is wrong.
        #[source]
        source: ObjectsError,
    },
    /// Rows cannot be put into a file, or got out of it.
    #[error("failed to write or merge Parquet files of table {table}")]
    Parquet {
        /// The table.
        table: &'static str,
        /// What is wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The background threads.
    #[error("failed to start the lake's threads")]
    Threads(#[source] std::io::Error),
}

/// Why rows are not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// There is no such table.
    #[error("there is no table {name:?}")]
    UnknownTable {
        /// What was asked for.
        name: String,
    },
    /// The rows do not fit the table.
    #[error("rows do not fit table {table}: {reason}")]
    Unfit {
        /// The table.
        table: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// Nothing can be written now (disk full, failed sync).
    #[error("table {table} cannot be written: {reason}; free space on the disk that holds the data folder")]
    Unavailable {
        /// The table.
        table: &'static str,
        /// What the system said.
        reason: String,
    },
    /// The table was damaged when the lake was opened.
    #[error("table {table} is set aside: {reason}; then start again")]
    Aside {
        /// The table.
        table: &'static str,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// As much waits for being written as may.
    #[error("table {table} is overloaded: {waiting_bytes} bytes wait to be written to files")]
    Overloaded {
        /// The table.
        table: &'static str,
        /// Bytes that wait.
        waiting_bytes: usize,
    },
    /// The lake is closed or closing.
    #[error("the lake is closed")]
    Closed,
}

impl AppendError {
    /// Tells whether trying again later may work.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Overloaded { .. })
    }

    pub(crate) fn unfit(table: &'static str, error: &ArrowError) -> Self {
        Self::Unfit {
            table,
            reason: error.to_string(),
        }
    }
}
