//! Instant vectors at every step: the unit in which operators hand data on.
//!
//! A [`Frame`] is a table, one row a series, one column a step: values lie row by row in one vector, and a set of
//! steps a row says which of them count. Native histograms will be a column beside `values`, filled for those
//! rows that have any, under the same sets of steps. Operators that need one row at a time do not build a frame:
//! they are a [`RowSink`] and are fed rows that live in a scratch buffer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::{HashMap, HashSet};
use model::Labels;

use crate::error::EvalError;
use crate::eval::steps::{count_steps, overlap, steps_of, unite, words_for};

/// Labels that describe the metric and not the thing measured; they go when a value becomes another quantity.
pub(crate) fn is_metadata_label(name: &str) -> bool {
    matches!(name, "__name__" | "__type__" | "__unit__")
}

/// Returns the labels without those that describe the metric.
pub(crate) fn without_metadata(labels: &Labels) -> Labels {
    if labels.iter().any(|(name, _)| is_metadata_label(name)) {
        labels.filtered(|name| !is_metadata_label(name))
    } else {
        labels.clone()
    }
}

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

/// A series over all steps, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) labels: &'a Labels,
    /// Whether metadata labels go at the end of the evaluation.
    pub(crate) drop_name: bool,
    /// One value a step; those of steps not present mean nothing.
    pub(crate) values: &'a [f64],
    pub(crate) present: &'a [u64],
}

/// Takes rows, one series at a time.
pub(crate) trait RowSink {
    /// Takes a row. Rows without any step present may come, and mean nothing.
    fn row(&mut self, row: Row<'_>) -> Result<(), EvalError>;
}

/// The head of a row.
#[derive(Clone, Debug)]
pub(crate) struct RowHead {
    pub(crate) labels: Labels,
    pub(crate) drop_name: bool,
}

/// A table of series over steps.
#[derive(Debug)]
pub(crate) struct Frame {
    n_steps: usize,
    heads: Vec<RowHead>,
    values: Vec<f64>,
    present: Vec<u64>,
    lease: Lease,
}

impl Frame {
    pub(crate) fn new(n_steps: usize, budget: &Budget) -> Self {
        Self {
            n_steps,
            heads: Vec::new(),
            values: Vec::new(),
            present: Vec::new(),
            lease: budget.lease(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(crate) fn n_steps(&self) -> usize {
        self.n_steps
    }

    pub(crate) fn n_words(&self) -> usize {
        words_for(self.n_steps)
    }

    pub(crate) fn heads(&self) -> &[RowHead] {
        &self.heads
    }

    pub(crate) fn heads_mut(&mut self) -> &mut [RowHead] {
        &mut self.heads
    }

    /// Returns a row `idx < len()`.
    pub(crate) fn get(&self, idx: usize) -> Row<'_> {
        let head = &self.heads[idx];
        let (values, present) = (self.values(idx), self.present(idx));
        Row {
            labels: &head.labels,
            drop_name: head.drop_name,
            values,
            present,
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map(|idx| self.get(idx))
    }

    pub(crate) fn labels(&self, idx: usize) -> &Labels {
        &self.heads[idx].labels
    }

    pub(crate) fn values(&self, idx: usize) -> &[f64] {
        &self.values[idx * self.n_steps..(idx + 1) * self.n_steps]
    }

    pub(crate) fn present(&self, idx: usize) -> &[u64] {
        let words = self.n_words();
        &self.present[idx * words..(idx + 1) * words]
    }

    /// Returns head, values and steps of a row `idx < len()`, to be changed.
    pub(crate) fn get_mut(&mut self, idx: usize) -> (&mut RowHead, &mut [f64], &mut [u64]) {
        let (n, words) = (self.n_steps, words_for(self.n_steps));
        (
            &mut self.heads[idx],
            &mut self.values[idx * n..(idx + 1) * n],
            &mut self.present[idx * words..(idx + 1) * words],
        )
    }

    /// Adds a row without steps; returns its index.
    pub(crate) fn push_empty(&mut self, head: RowHead) -> Result<usize, EvalError> {
        self.lease.grow(self.n_steps)?;
        self.heads.push(head);
        self.values.resize(self.heads.len() * self.n_steps, 0.0);
        self.present.resize(self.heads.len() * self.n_words(), 0);
        Ok(self.heads.len() - 1)
    }

    /// Adds a row, unless it has no steps.
    pub(crate) fn push(&mut self, row: Row<'_>) -> Result<(), EvalError> {
        let n_present = count_steps(row.present);
        if n_present == 0 {
            return Ok(());
        }
        // A sample costs Prometheus 16 bytes, a step here 8, present or not.
        self.lease.grow(n_present.max(self.n_steps / 2))?;
        self.heads.push(RowHead {
            labels: row.labels.clone(),
            drop_name: row.drop_name,
        });
        self.values.extend_from_slice(row.values);
        self.present.extend_from_slice(row.present);
        Ok(())
    }

    /// Feeds all rows to a sink.
    pub(crate) fn replay(&self, sink: &mut dyn RowSink) -> Result<(), EvalError> {
        self.rows().try_for_each(|row| sink.row(row))
    }

    /// Returns the union of the steps of all rows.
    pub(crate) fn any_present(&self) -> Vec<u64> {
        let mut any = vec![0; self.n_words()];
        for idx in 0..self.len() {
            unite(&mut any, self.present(idx));
        }
        any
    }

    fn has_unique_labels(&self) -> bool {
        let mut seen = HashSet::with_capacity(self.len());
        self.heads.iter().all(|head| seen.insert(head.labels.packed()))
    }

    /// Makes one row of rows with equal labels.
    ///
    /// # Errors
    /// Two of them have a value at the same step.
    pub(crate) fn merge_equal_labels(self) -> Result<Self, EvalError> {
        if self.has_unique_labels() {
            return Ok(self);
        }
        let mut merged = Self::new(self.n_steps, &self.lease.budget);
        let mut known: HashMap<Labels, usize> = HashMap::new();
        for row in self.rows() {
            let Some(&idx) = known.get(row.labels) else {
                if count_steps(row.present) > 0 {
                    known.insert(row.labels.clone(), merged.len());
                    merged.push(row)?;
                }
                continue;
            };
            let (_, values, present) = merged.get_mut(idx);
            if overlap(present, row.present) {
                return Err(EvalError::invalid(
                    "vector cannot contain metrics with the same labelset",
                ));
            }
            for i in steps_of(row.present) {
                values[i] = row.values[i];
            }
            unite(present, row.present);
        }
        Ok(merged)
    }
}

impl RowSink for Frame {
    fn row(&mut self, row: Row<'_>) -> Result<(), EvalError> {
        self.push(row)
    }
}
