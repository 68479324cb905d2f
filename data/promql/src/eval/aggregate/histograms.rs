//! Histograms in the aggregations that need one pass.
//!
//! `sum` and `avg` combine them; `count` and `group` do not care what a sample is; the others leave them out and
//! say so. Cells exist for those steps only at which a group has histograms.

use std::sync::Arc;

use hashbrown::HashMap;
use model::Histogram;

use crate::annotations::{Annotations, HistogramOperation};
use crate::ast::AggregateOp;
use crate::error::EvalError;
use crate::eval::frame::{Lease, Row, Slot, float_steps, histogram_at};
use crate::eval::steps::{add_step, has_step, steps_of};
use crate::histogram::{Combined, HistogramMean, HistogramSum, Incompatible, size_in_samples};
use crate::plan::AggregatePlan;

/// What a group knows about the histograms of one step.
enum Cell {
    Sum(HistogramSum),
    Mean(HistogramMean),
    /// Exponential and custom buckets came together; there is no result.
    Incompatible,
}

impl Cell {
    fn add(&mut self, histogram: &Histogram) -> Result<Combined, Incompatible> {
        match self {
            Self::Sum(sum) => sum.add(histogram),
            Self::Mean(mean) => mean.add(histogram),
            Self::Incompatible => Ok(Combined::default()),
        }
    }

    fn finish(self) -> Option<(Histogram, bool)> {
        match self {
            Self::Sum(sum) => {
                let collide = sum.hints_collide();
                Some((sum.finish(), collide))
            }
            Self::Mean(mean) => {
                let collide = mean.hints_collide();
                Some((mean.finish(), collide))
            }
            Self::Incompatible => None,
        }
    }
}

/// What an aggregation does with histograms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Sum,
    Average,
    /// They count like floats.
    Count,
    LeaveOut,
}

/// The histograms of all groups.
pub(super) struct HistogramCells {
    treatment: Treatment,
    n_steps: usize,
    /// By group and step.
    cells: HashMap<(usize, usize), Cell>,
    /// Some were left out.
    ignored: bool,
    /// A step of a group had floats and histograms.
    mixed: bool,
    reconciled: bool,
    reset_collision: bool,
    /// Metric names of histograms that did not fit to those before.
    incompatible: Vec<String>,
}

impl HistogramCells {
    pub(super) fn new(op: AggregateOp, n_steps: usize) -> Self {
        let treatment = match op {
            AggregateOp::Sum => Treatment::Sum,
            AggregateOp::Avg => Treatment::Average,
            AggregateOp::Count | AggregateOp::Group => Treatment::Count,
            _ => Treatment::LeaveOut,
        };
        Self {
            treatment,
            n_steps,
            cells: HashMap::new(),
            ignored: false,
            mixed: false,
            reconciled: false,
            reset_collision: false,
            incompatible: Vec::new(),
        }
    }

    /// Takes the histograms of a row; returns the steps that are left to the cells of floats.
    pub(super) fn add(
        &mut self,
        group: usize,
        row: &Row<'_>,
        lease: &mut Lease,
    ) -> Result<Vec<u64>, EvalError> {
        if self.treatment == Treatment::Count {
            return Ok(row.present.to_vec());
        }
        for step in steps_of(row.present) {
            let Some(histogram) = histogram_at(row.histograms, step) else {
                continue;
            };
            if self.treatment == Treatment::LeaveOut {
                self.ignored = true;
                continue;
            }
            let Some(cell) = self.cells.get_mut(&(group, step)) else {
                lease.grow(size_in_samples(histogram))?;
                let first = Histogram::clone(histogram);
                let cell = if self.treatment == Treatment::Sum {
                    Cell::Sum(HistogramSum::new(first))
                } else {
                    Cell::Mean(HistogramMean::new(first))
                };
                self.cells.insert((group, step), cell);
                continue;
            };
            match cell.add(histogram) {
                Ok(combined) => self.reconciled |= combined.bounds_reconciled,
                Err(Incompatible) => {
                    *cell = Cell::Incompatible;
                    let metric = row.labels.metric_name();
                    if !self.incompatible.iter().any(|known| known == metric) {
                        self.incompatible.push(metric.to_owned());
                    }
                }
            }
        }
        Ok(float_steps(row.present, row.histograms))
    }

    /// Returns the histograms of a group, one slot a step, or none at all. Their steps are added to `present`,
    /// those that have floats too are taken out of it.
    pub(super) fn finish(&mut self, group: usize, present: &mut [u64]) -> Vec<Slot> {
        if self.cells.is_empty() {
            return Vec::new();
        }
        let mut column = vec![None; self.n_steps];
        for (step, slot) in column.iter_mut().enumerate() {
            let Some(cell) = self.cells.remove(&(group, step)) else {
                continue;
            };
            if has_step(present, step) {
                self.mixed = true;
                present[step / 64] &= !(1 << (step % 64));
                continue;
            }
            let Some((mut histogram, collide)) = cell.finish() else {
                continue;
            };
            self.reset_collision |= collide;
            histogram.compact(0);
            *slot = Some(Arc::new(histogram));
            add_step(present, step);
        }
        column
    }

    /// Says what was found.
    pub(super) fn remark(&self, plan: &AggregatePlan, notes: &mut Annotations) {
        let span = plan.input.span;
        if self.ignored {
            notes.histogram_ignored(span, plan.op.as_str());
        }
        for metric in &self.incompatible {
            notes.mixed_schemas(span, metric);
        }
        if self.reconciled {
            notes.reconciled_bounds(span, HistogramOperation::Aggregation);
        }
        if self.mixed {
            notes.mixed_aggregation(span);
        }
        if self.reset_collision {
            notes.reset_collision(span, HistogramOperation::Aggregation);
        }
    }
}
