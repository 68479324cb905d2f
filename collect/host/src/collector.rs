//! What every collector is.

use std::error::Error;
use std::fmt;

use model::{Sink, with_causes};

use crate::Root;

/// Reads one source of the machine.
pub trait Collector: Send {
    /// Reads the source once and hands its samples to `out`. Samples handed over before an error count.
    ///
    /// # Errors
    /// See [`CollectError`]; none of them stops later collections.
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError>;
}

/// Why a collection is not whole.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// This machine does not have the source (no such hardware, kernel feature or file system). Not a fault.
    #[error("{what} is not there")]
    Absent {
        /// The file or feature looked for.
        what: String,
    },
    /// The source is there but this process may not read it.
    #[error("no permission to read {what}")]
    Denied {
        /// The file.
        what: String,
        /// What the operator can do.
        hint: &'static str,
    },
    /// The source cannot be read at all.
    #[error("failed to read {what}")]
    Read {
        /// The file.
        what: String,
        /// What the kernel said.
        #[source]
        source: std::io::Error,
    },
    /// Parts of the source could not be read or understood; the rest was handed over.
    #[error("{0}")]
    Partial(Problems),
}

/// What went wrong in one collection: the number of problems and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    count: usize,
    first: String,
}

impl Problems {
    /// Notes a problem; the text is kept for the first only.
    pub fn add(&mut self, problem: impl fmt::Display) {
        if self.count == 0 {
            self.first = problem.to_string();
        }
        self.count += 1;
    }

    /// Notes an error with its causes.
    pub fn add_error(&mut self, error: &dyn Error) {
        if self.count == 0 {
            self.first = with_causes(error);
        }
        self.count += 1;
    }

    /// Returns the number of problems.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Ends a collection: whole if nothing was noted.
    ///
    /// # Errors
    /// [`CollectError::Partial`] if a problem was noted.
    pub fn into_result(self) -> Result<(), CollectError> {
        if self.count == 0 {
            Ok(())
        } else {
            Err(CollectError::Partial(self))
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first)?;
        match self.count {
            0 | 1 => Ok(()),
            n => write!(f, " (and {} more)", n - 1),
        }
    }
}
