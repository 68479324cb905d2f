//! Aggregations that need one pass: `sum avg count min max group stddev stdvar`.

use crate::ast::AggregateOp;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::aggregate::Groups;
use crate::eval::aggregate::histograms::HistogramCells;
use crate::eval::frame::{Budget, Frame, Lease, Row, RowSink};
use crate::eval::steps::{Steps, has_step, steps_of, unite, words_for};
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
        let lease = self.budget.lease();
        let mut sink = Fold {
            groups,
            cells,
            n_steps,
            drop_name: Vec::new(),
            present: Vec::new(),
            histograms: HistogramCells::new(plan.op, n_steps),
            lease,
        };
        self.stream(&plan.input, steps, &mut sink)?;
        let (frame, histograms) = sink.finish(&self.budget)?;
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

/// Cells of all groups, without their type.
trait Cells {
    fn grow(&mut self, n_cells: usize);
    fn add(&mut self, offset: usize, row: &Row<'_>, seen: &[u64]);
    fn write(&self, offset: usize, present: &[u64], values: &mut [f64]);
}

#[derive(Default)]
struct Table<C> {
    cells: Vec<C>,
}

impl<C: Cell> Cells for Table<C> {
    fn grow(&mut self, n_cells: usize) {
        self.cells.resize(n_cells, C::default());
    }

    fn add(&mut self, offset: usize, row: &Row<'_>, seen: &[u64]) {
        for (word, (&new, &old)) in row.present.iter().zip(seen).enumerate() {
            let base = word * 64;
            if new == u64::MAX && old == u64::MAX {
                let cells = &mut self.cells[offset + base..offset + base + 64];
                for (cell, value) in cells.iter_mut().zip(&row.values[base..base + 64]) {
                    cell.add(*value);
                }
                continue;
            }
            for bit in steps_of(&[new]) {
                let (cell, value) = (&mut self.cells[offset + base + bit], row.values[base + bit]);
                if has_step(&[old], bit) {
                    cell.add(value);
                } else {
                    *cell = C::first(value);
                }
            }
        }
    }

    fn write(&self, offset: usize, present: &[u64], values: &mut [f64]) {
        for i in steps_of(present) {
            values[i] = self.cells[offset + i].value();
        }
    }
}

/// Folds rows into the cells of their groups.
struct Fold<'a> {
    groups: Groups<'a>,
    cells: Box<dyn Cells>,
    n_steps: usize,
    drop_name: Vec<bool>,
    /// Steps at which a group has floats.
    present: Vec<u64>,
    histograms: HistogramCells,
    lease: Lease,
}

impl RowSink for Fold<'_> {
    fn row(&mut self, row: Row<'_>) -> Result<(), EvalError> {
        let group = self.groups.find(row.labels);
        let words = words_for(self.n_steps);
        if self.drop_name.len() < self.groups.len() {
            self.lease.grow(self.n_steps)?;
            self.drop_name.push(false);
            self.present.resize(self.groups.len() * words, 0);
            self.cells.grow(self.groups.len() * self.n_steps);
        }
        self.drop_name[group] |= row.drop_name;
        let seen = &mut self.present[group * words..(group + 1) * words];
        if row.histograms.is_empty() {
            self.cells.add(group * self.n_steps, &row, seen);
            unite(seen, row.present);
            return Ok(());
        }
        let floats = self.histograms.add(group, &row, &mut self.lease)?;
        let row = Row {
            present: &floats,
            ..row
        };
        self.cells.add(group * self.n_steps, &row, seen);
        unite(seen, row.present);
        Ok(())
    }
}

impl Fold<'_> {
    fn finish(mut self, budget: &Budget) -> Result<(Frame, HistogramCells), EvalError> {
        let words = words_for(self.n_steps);
        let mut frame = Frame::new(self.n_steps, budget);
        let mut values = vec![0.0; self.n_steps];
        for (group, labels) in self.groups.labels.iter().enumerate() {
            let present = &mut self.present[group * words..(group + 1) * words];
            self.cells.write(group * self.n_steps, present, &mut values);
            let histograms = self.histograms.finish(group, present);
            frame.push(Row {
                labels,
                drop_name: self.drop_name[group],
                values: &values,
                present,
                histograms: &histograms,
            })?;
        }
        Ok((frame, self.histograms))
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
