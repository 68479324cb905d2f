//! The bound on the samples in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::EvalError;

/// The samples that may be in memory at once, shared by all frames of a query.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            used: Arc::default(),
            limit,
        }
    }

    /// Takes room for `n` samples; it is given back when the lease is dropped.
    pub(crate) fn lease(&self) -> Lease {
        Lease {
            budget: self.clone(),
            n: 0,
        }
    }
}

/// Room for samples.
#[derive(Debug)]
pub(crate) struct Lease {
    budget: Budget,
    n: usize,
}

impl Lease {
    /// Returns the budget it takes from.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Takes more room.
    pub(crate) fn grow(&mut self, n: usize) -> Result<(), EvalError> {
        let used = self.budget.used.fetch_add(n, Ordering::Relaxed).saturating_add(n);
        self.n += n;
        if used > self.budget.limit {
            return Err(EvalError::TooManySamples {
                limit: self.budget.limit,
            });
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.n, Ordering::Relaxed);
    }
}
