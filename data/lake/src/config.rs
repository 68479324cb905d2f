//! Where the lake is and what bounds it has.

use std::path::PathBuf;
use std::time::Duration;

use crate::definition::Retention;

/// Configuration of a lake.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// Local folder: the logs and, unless `objects` says otherwise, the tables.
    pub folder: PathBuf,
    /// Where the tables are instead: `file:///folder`, or `s3://bucket/prefix` (credentials, region and
    /// endpoint come from the usual `AWS_…` variables).
    pub objects: Option<String>,
    /// What is kept, by name of table; the others keep what their definition says.
    pub retention: Vec<(String, Retention)>,
    /// Rows of a table go from memory to a file when there are so many bytes of them.
    pub flush_bytes: usize,
    /// Rows of a table go from memory to a file when the oldest has been there so long.
    pub flush_age: Duration,
    /// A table takes no more rows while so many bytes of them wait for being written to a file.
    pub max_memory_bytes: usize,
    /// Small files are merged up to this size.
    pub file_bytes: u64,
    /// How long a file stays after it left the table, for those who still read it. Longer than `query.timeout`.
    pub grace: Duration,
    /// Time between two looks at what there is to flush, merge, drop and check.
    pub upkeep_interval: Duration,
    /// Bounds of queries.
    pub query: QueryBounds,
}

/// Bounds of queries.
#[derive(Clone, Copy, Debug)]
pub struct QueryBounds {
    /// Bytes that all queries together may hold for sorting, grouping and joining.
    pub memory_bytes: usize,
    /// Longest time a query may wait and run.
    pub timeout: Duration,
    /// Queries that run at once; further ones wait.
    pub max_concurrent: usize,
    /// Most rows of an answer.
    pub max_rows: usize,
    /// Most bytes of an answer in memory.
    pub max_bytes: usize,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LakeConfigError {
    /// Not a URL of tables.
    #[error("{url:?} is no place for tables: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Retention for a table that is not.
    #[error("there is no table {name:?} to keep; there are {known}")]
    UnknownTable {
        /// What was given.
        name: String,
        /// Names of the tables.
        known: String,
    },
    /// A bound that leaves no room.
    #[error("{what} of the lake must be {must}")]
    Bound {
        /// The setting.
        what: &'static str,
        /// What it must be.
        must: &'static str,
    },
}

impl LakeConfig {
    /// Returns the defaults for a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            objects: None,
            retention: Vec::new(),
            flush_bytes: 16 << 20,
            flush_age: Duration::from_secs(600),
            max_memory_bytes: 64 << 20,
            file_bytes: 32 << 20,
            grace: Duration::from_secs(600),
            upkeep_interval: Duration::from_secs(5),
            query: QueryBounds::default(),
        }
    }

    /// Checks bounds against each other.
    pub(crate) fn check(&self) -> Result<(), LakeConfigError> {
        let bound = |what, must| Err(LakeConfigError::Bound { what, must });
        if self.flush_bytes == 0 || self.flush_bytes > self.max_memory_bytes / 2 {
            return bound("flush_bytes", "more than 0 and at most half of max_memory_bytes");
        }
        if self.query.max_concurrent == 0 {
            return bound("query.max_concurrent", "at least 1");
        }
        if self.upkeep_interval.is_zero() {
            return bound("upkeep_interval", "more than 0");
        }
        if self.grace < self.query.timeout {
            return bound("grace", "no shorter than query.timeout");
        }
        Ok(())
    }
}

impl Default for QueryBounds {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            timeout: Duration::from_secs(60),
            max_concurrent: 4,
            max_rows: 100_000,
            max_bytes: 64 << 20,
        }
    }
}
