//! Instant vectors at every step: the unit in which operators hand data on.
//!
//! A [`Frame`] is a table, one row a series, one column a step: values lie row by row in one vector, and a set of
//! steps a row says which of them count. Native histograms are a [`Slot`] a step beside the values of those rows
//! that have any, under the same sets of steps; a frame without histograms holds nothing for them. Operators that
//! need one row at a time do not build a frame: they are a [`RowSink`] and are fed rows that live in a scratch
//! buffer.

mod budget;
mod column;

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use model::{Histogram, Labels};

use crate::error::EvalError;
use crate::eval::steps::{add_step, count_steps, overlap, steps_of, unite, words_for};
use crate::histogram::size_in_samples;

pub(crate) use budget::{Budget, Lease};
pub(crate) use column::{Slot, float_steps, has_histogram, histogram_at};

/// Labels that describe the metric and not the thing measured; they go when a value becomes another quantity.
pub(crate) fn is_metadata_label(name: &str) -> bool {
    matches!(name, "__name__" | "__type__" | "__unit__")
}

/// Tells whether there are labels that describe the metric.
pub(crate) fn has_metadata(labels: &Labels) -> bool {
    labels.iter().any(|(name, _)| is_metadata_label(name))
}

/// Returns the labels without those that describe the metric.
pub(crate) fn without_metadata(labels: &Labels) -> Labels {
    if has_metadata(labels) {
        labels.filtered(|name| !is_metadata_label(name))
    } else {
        labels.clone()
    }
}

/// A series over all steps, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) labels: &'a Labels,
    /// Whether metadata labels go at the end of the evaluation.
    pub(crate) drop_name: bool,
    /// One value a step; those of steps not present, and of histograms, mean nothing.
    pub(crate) values: &'a [f64],
    pub(crate) present: &'a [u64],
    /// One slot a step, or empty if all samples are floats; slots of steps not present mean nothing.
    pub(crate) histograms: &'a [Slot],
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
    /// Columns of the rows that have histograms, up to the last such row; empty columns in between.
    histograms: Vec<Vec<Slot>>,
    lease: Lease,
}

/// A row to be changed.
pub(crate) struct RowMut<'a> {
    pub(crate) values: &'a mut [f64],
    pub(crate) present: &'a mut [u64],
}

impl Frame {
    pub(crate) fn new(n_steps: usize, budget: &Budget) -> Self {
        Self {
            n_steps,
            heads: Vec::new(),
            values: Vec::new(),
            present: Vec::new(),
            histograms: Vec::new(),
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
            histograms: self.histograms(idx),
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

    /// Returns the histograms of a row: one slot a step, or none at all.
    pub(crate) fn histograms(&self, idx: usize) -> &[Slot] {
        self.histograms.get(idx).map_or(&[], Vec::as_slice)
    }

    /// Takes the histograms of a row out of it; the row is then one of floats.
    pub(crate) fn take_histograms(&mut self, idx: usize) -> Vec<Slot> {
        self.histograms
            .get_mut(idx)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Gives a row histograms, one slot a step.
    pub(crate) fn set_histograms(&mut self, idx: usize, column: Vec<Slot>) {
        if column.is_empty() && self.histograms.len() <= idx {
            return;
        }
        if self.histograms.len() <= idx {
            self.histograms.resize(idx + 1, Vec::new());
        }
        self.histograms[idx] = column;
    }

    /// Takes room for the histograms of a row.
    pub(crate) fn lease_histograms(&mut self, column: &[Slot]) -> Result<(), EvalError> {
        let sizes = column
            .iter()
            .flatten()
            .map(|histogram| size_in_samples(histogram));
        self.lease.grow(sizes.sum())
    }

    /// Puts a histogram into a row; the step becomes present.
    pub(crate) fn put_histogram(
        &mut self,
        idx: usize,
        step: usize,
        histogram: Arc<Histogram>,
    ) -> Result<(), EvalError> {
        self.lease.grow(size_in_samples(&histogram))?;
        let mut column = self.take_histograms(idx);
        column.resize(self.n_steps, None);
        column[step] = Some(histogram);
        self.set_histograms(idx, column);
        add_step(self.get_mut(idx).present, step);
        Ok(())
    }

    /// Returns values and steps of a row `idx < len()`, to be changed.
    pub(crate) fn get_mut(&mut self, idx: usize) -> RowMut<'_> {
        let (n, words) = (self.n_steps, words_for(self.n_steps));
        RowMut {
            values: &mut self.values[idx * n..(idx + 1) * n],
            present: &mut self.present[idx * words..(idx + 1) * words],
        }
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
        if has_histogram(row.present, row.histograms) {
            self.push_column(&row)?;
        }
        Ok(())
    }

    /// Copies the histograms of the last row.
    fn push_column(&mut self, row: &Row<'_>) -> Result<(), EvalError> {
        let mut column = vec![None; self.n_steps];
        for step in steps_of(row.present) {
            if let Some(histogram) = histogram_at(row.histograms, step) {
                self.lease.grow(size_in_samples(histogram))?;
                column[step] = Some(Arc::clone(histogram));
            }
        }
        self.set_histograms(self.heads.len() - 1, column);
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
        let mut merged = Self::new(self.n_steps, self.lease.budget());
        let mut known: HashMap<Labels, usize> = HashMap::new();
        for row in self.rows() {
            let Some(&idx) = known.get(row.labels) else {
                if count_steps(row.present) > 0 {
                    known.insert(row.labels.clone(), merged.len());
                    merged.push(row)?;
                }
                continue;
            };
            if overlap(merged.present(idx), row.present) {
                return Err(EvalError::invalid(
                    "vector cannot contain metrics with the same labelset",
                ));
            }
            let RowMut { values, present } = merged.get_mut(idx);
            for i in steps_of(row.present) {
                values[i] = row.values[i];
            }
            unite(present, row.present);
            if has_histogram(row.present, row.histograms) {
                for i in steps_of(row.present) {
                    if let Some(histogram) = histogram_at(row.histograms, i) {
                        merged.put_histogram(idx, i, Arc::clone(histogram))?;
                    }
                }
            }
        }
        Ok(merged)
    }
}

impl RowSink for Frame {
    fn row(&mut self, row: Row<'_>) -> Result<(), EvalError> {
        self.push(row)
    }
}
