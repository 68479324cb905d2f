//! Aggregations that need one pass: `sum avg count min max group stddev stdvar`.

use crate::ast::AggregateOp;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::aggregate::Groups;
use crate::eval::aggregate::histograms::HistogramCells;
use crate::eval::frame::{Frame, Lease, Row, RowHead, RowMut, RowSink};
use crate::eval::steps::{Steps, has_step, steps_of, unite};
use crate::math::{Kahan, Mean};
use crate::plan::AggregatePlan;

impl Evaluator<'_> {
    pub(super) fn fold(&self, plan: &AggregatePlan, steps: &Steps) -> Result<Frame, EvalError> {
        let groups = Groups::new(plan.grouping.as_ref());
        let n_steps = steps.count();
        let cells: Box<dyn Cells> = match plan.op {
            AggregateOp::Sum => Box::new(Table::<SumCell>::default()),
            AggregateOp::Avg => Box::new(Table::<AvgCell>::default()),
            AggregateOp::Count => Box::new(Table::<CountCell>::default()),
            AggregateOp::Min => Box::new(Table::<MinCell>::default()),
            AggregateOp::Max => Box::new(Table::<MaxCell>::default()),
            AggregateOp::Stddev => Box::new(Table::<DeviationCell<true>>::default()),
            AggregateOp::Stdvar => Box::new(Table::<DeviationCell<false>>::default()),
            _ => Box::new(Table::<GroupCell>::default()),
        };
        let mut sink = Fold {
            groups,
            rows: self.frame(steps),
            cells,
            histograms: HistogramCells::new(plan.op, n_steps),
            lease: self.budget.lease(),
        };
        self.stream(&plan.input, steps, &mut sink)?;
        let (frame, histograms) = sink.finish()?;
        self.annotate(|notes| histograms.remark(plan, notes));
        Ok(frame)
    }
}

/// What a group knows about one step.
trait Cell: Clone + Default {
    /// The first value of the step.
    fn first(value: f64) -> Self;
    /// A further value.
    fn add(&mut self, value: f64);
    /// The result.
    fn value(&self) -> f64;
}

/// Cells of all groups, without their type. A group whose values came in one row has none, but that row.
trait Cells {
    /// Adds a further row to a group, whose values so far are `before` if it has no cells.
    fn add(&mut self, group: usize, before: &RowMut<'_>, row: &Row<'_>);
    /// Tells whether a group has cells.
    fn has(&self, group: usize) -> bool;
    /// Makes results of the values of a group.
    fn finish(&self, group: usize, row: &mut RowMut<'_>);
}

/// Cells by group, one a step, or none.
#[derive(Default)]
struct Table<C>(Vec<Vec<C>>);

impl<C: Cell> Cells for Table<C> {
    fn add(&mut self, group: usize, before: &RowMut<'_>, row: &Row<'_>) {
        if self.0.len() <= group {
            self.0.resize_with(group + 1, Vec::new);
        }
        let cells = &mut self.0[group];
        if cells.is_empty() {
            cells.extend(before.values.iter().map(|value| C::first(*value)));
        }
        let words = row.present.iter().zip(&*before.present);
        let columns = cells.chunks_mut(64).zip(row.values.chunks(64));
        for ((&new, &old), (cells, values)) in words.zip(columns) {
            if new == u64::MAX && old == u64::MAX {
                for (cell, value) in cells.iter_mut().zip(values) {
                    cell.add(*value);
                }
                continue;
            }
            for bit in steps_of(&[new]) {
                if has_step(&[old], bit) {
                    cells[bit].add(values[bit]);
                } else {
                    cells[bit] = C::first(values[bit]);
                }
            }
        }
    }

    fn has(&self, group: usize) -> bool {
        self.0.get(group).is_some_and(|cells| !cells.is_empty())
    }

    fn finish(&self, group: usize, row: &mut RowMut<'_>) {
        match self.0.get(group).filter(|cells| !cells.is_empty()) {
            Some(cells) => {
                for (value, cell) in row.values.iter_mut().zip(cells) {
                    *value = cell.value();
                }
            }
            None => {
                for value in row.values.iter_mut() {
                    *value = C::first(*value).value();
                }
            }
        }
    }
}

/// Folds rows into the cells of their groups.
struct Fold<'a> {
    groups: Groups<'a>,
    /// A row a group: the values of its first row with floats, and the steps at which it has floats.
    rows: Frame,
    cells: Box<dyn Cells>,
    histograms: HistogramCells,
    lease: Lease,
}

impl RowSink for Fold<'_> {
    fn row(&mut self, row: Row<'_>) -> Result<(), EvalError> {
        if row.present.iter().all(|word| *word == 0) {
            return Ok(());
        }
        let group = self.groups.find(row.labels);
        if self.rows.len() < self.groups.len() {
            self.rows.push_empty(RowHead {
                labels: self.groups.labels[group].clone(),
                drop_name: false,
            })?;
        }
        self.rows.heads_mut()[group].drop_name |= row.drop_name;
        let floats;
        let row = if row.histograms.is_empty() {
            row
        } else {
            floats = self.histograms.add(group, &row, &mut self.lease)?;
            Row {
                present: &floats,
                ..row
            }
        };
        let known = self.rows.get_mut(group);
        if known.present.iter().all(|word| *word == 0) {
            known.values.copy_from_slice(row.values);
        } else {
            if !self.cells.has(group) {
                self.lease.grow(known.values.len())?;
            }
            self.cells.add(group, &known, &row);
        }
        unite(known.present, row.present);
        Ok(())
    }
}

impl Fold<'_> {
    fn finish(mut self) -> Result<(Frame, HistogramCells), EvalError> {
        for group in 0..self.rows.len() {
            let mut row = self.rows.get_mut(group);
            self.cells.finish(group, &mut row);
            let histograms = self.histograms.finish(group, row.present);
            self.rows.lease_histograms(&histograms)?;
            self.rows.set_histograms(group, histograms);
        }
        Ok((self.rows, self.histograms))
    }
}

#[derive(Clone, Default)]
struct SumCell(Kahan);

impl Cell for SumCell {
    fn first(value: f64) -> Self {
        Self(Kahan {
            sum: value,
            compensation: 0.0,
        })
    }

    #[inline]
    fn add(&mut self, value: f64) {
        self.0 = self.0.add(value);
    }

    fn value(&self) -> f64 {
        self.0.sum + self.0.compensation
    }
}

#[derive(Clone)]
struct AvgCell(Mean);

impl Default for AvgCell {
    fn default() -> Self {
        Self(Mean::new(0.0))
    }
}

impl Cell for AvgCell {
    fn first(value: f64) -> Self {
        Self(Mean::new(value))
    }

    fn add(&mut self, value: f64) {
        self.0.add(value);
    }

    fn value(&self) -> f64 {
        self.0.value()
    }
}

#[derive(Clone, Default)]
struct CountCell(f64);

impl Cell for CountCell {
    fn first(_: f64) -> Self {
        Self(1.0)
    }

    fn add(&mut self, _: f64) {
        self.0 += 1.0;
    }

    fn value(&self) -> f64 {
        self.0
    }
}

#[derive(Clone, Default)]
struct GroupCell;

impl Cell for GroupCell {
    fn first(_: f64) -> Self {
        Self
    }

    fn add(&mut self, _: f64) {}

    fn value(&self) -> f64 {
        1.0
    }
}

#[derive(Clone, Default)]
struct MinCell(f64);

impl Cell for MinCell {
    fn first(value: f64) -> Self {
        Self(value)
    }

    fn add(&mut self, value: f64) {
        if self.0 > value || self.0.is_nan() {
            self.0 = value;
        }
    }

    fn value(&self) -> f64 {
        self.0
    }
}

#[derive(Clone, Default)]
struct MaxCell(f64);

impl Cell for MaxCell {
    fn first(value: f64) -> Self {
        Self(value)
    }

    fn add(&mut self, value: f64) {
        if self.0 < value || self.0.is_nan() {
            self.0 = value;
        }
    }

    fn value(&self) -> f64 {
        self.0
    }
}

/// Population variance by Welford's method, or its root.
#[derive(Clone, Default)]
struct DeviationCell<const ROOT: bool> {
    count: f64,
    mean: f64,
    squares: f64,
}

impl<const ROOT: bool> Cell for DeviationCell<ROOT> {
    fn first(value: f64) -> Self {
        let squares = if value.is_finite() { 0.0 } else { f64::NAN };
        Self {
            count: 1.0,
            mean: value,
            squares,
        }
    }

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    fn value(&self) -> f64 {
        let variance = self.squares / self.count;
        if ROOT { variance.sqrt() } else { variance }
    }
}
