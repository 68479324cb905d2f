//! Windows of histograms: growth, sum and average.

use std::sync::Arc;

use model::{Histogram, ResetHint};

use crate::annotations::HistogramOperation;
use crate::eval::window::counter::{Extent, Growth};
use crate::eval::window::mixed::HistogramWindow;
use crate::eval::window::notes::{Note, Notes};
use crate::eval::window::start::{self, Point};
use crate::histogram::{
    Combined, HistogramMean, HistogramSum, Incompatible, Increase, RateNotes, add, detect_reset, divide,
    increase_over_resets, multiply, subtract,
};

impl Growth {
    pub(super) fn increase(self) -> Increase {
        if self.is_of_counter() {
            Increase::Counter
        } else {
            Increase::Gauge
        }
    }
}

impl Notes {
    /// Takes over what was found on the way to a change.
    pub(super) fn add_rate(&mut self, found: RateNotes) {
        let all = [
            (found.not_counter, Note::NotCounter),
            (found.not_gauge, Note::NotGauge),
            (found.incompatible, Note::MixedSchemas),
            (
                found.subtracted_bounds,
                Note::Reconciled(HistogramOperation::Subtraction),
            ),
            (found.added_bounds, Note::Reconciled(HistogramOperation::Addition)),
        ];
        for (_, note) in all.into_iter().filter(|(found, _)| *found) {
            self.add(note);
        }
    }

    /// Takes over what was found in a sum or difference; `None` if there is none.
    pub(super) fn add_combined(
        &mut self,
        combined: Result<Combined, Incompatible>,
        operation: HistogramOperation,
    ) -> Option<()> {
        match combined {
            Ok(combined) => {
                if combined.bounds_reconciled {
                    self.add(Note::Reconciled(operation));
                }
                Some(())
            }
            Err(Incompatible) => {
                self.add(Note::MixedSchemas);
                None
            }
        }
    }
}

/// Growth between the first and last histogram of a window, extrapolated as that of floats is.
pub(super) fn extrapolated(
    window: &HistogramWindow<'_>,
    growth: Growth,
    notes: &mut Notes,
) -> Option<Histogram> {
    let histograms = window.histograms;
    let first = histograms.first()?;
    let mut result = None;
    if histograms.len() > 1 {
        let was_reset = |at: usize| {
            window.resets.get(at) == Some(&true) || start::is_reset(window.point(at - 1), window.point(at))
        };
        let points = histograms.iter().map(|histogram| &**histogram);
        let (found, remarks) = increase_over_resets(points, growth.increase(), was_reset);
        notes.add_rate(remarks);
        result = Some(found?);
        let overlapping = |at: usize| start::overlaps(window.point(at - 1), window.point(at).start);
        if growth.is_of_counter() && (1..histograms.len()).any(overlapping) {
            notes.overlaps += 1;
        }
    }
    let zero = if growth.is_of_counter() {
        start::zero_within(window.start, window.point(0))
    } else {
        None
    };
    let mut extent = Extent::new(window.timestamps, (window.start, window.end));
    let mut result = match (result, zero) {
        (Some(mut result), Some(zero)) => {
            extent.begin_at(zero);
            notes.add_combined(add(&mut result, first), HistogramOperation::Addition)?;
            result
        }
        (None, Some(zero)) => {
            extent.begin_at(zero);
            Histogram::clone(first)
        }
        (Some(result), None) => {
            extent.limit_start();
            if growth.is_of_counter() && result.count > 0.0 && first.count >= 0.0 {
                extent.limit_to_zero(first.count / result.count);
            }
            result
        }
        (None, None) => return None,
    };
    multiply(&mut result, extent.factor(growth));
    Some(result)
}

/// Growth between two neighbours, for `irate` and `idelta`.
pub(super) fn between(
    (before, after): (&Arc<Histogram>, &Arc<Histogram>),
    (first, second): (Point, Point),
    per_second: bool,
    notes: &mut Notes,
) -> Option<Histogram> {
    let interval = second.time - first.time;
    if interval == 0 {
        return None;
    }
    let n_gauges = [before, after]
        .iter()
        .filter(|histogram| histogram.reset_hint == ResetHint::Gauge)
        .count();
    if per_second && n_gauges > 0 {
        notes.add(Note::NotCounter);
    }
    if !per_second && n_gauges < 2 {
        notes.add(Note::NotGauge);
    }
    let mut result = Histogram::clone(after);
    let reset = per_second && (start::is_reset(first, second) || detect_reset(after, before));
    if !reset {
        notes.add_combined(subtract(&mut result, before), HistogramOperation::Subtraction)?;
    }
    result.reset_hint = ResetHint::Gauge;
    result.compact(0);
    if per_second {
        divide(&mut result, interval as f64 / 1000.0);
    }
    Some(result)
}

/// Sum of all histograms of a window.
pub(super) fn sum(window: &HistogramWindow<'_>, notes: &mut Notes) -> Option<Histogram> {
    let (first, rest) = window.histograms.split_first()?;
    let mut sum = HistogramSum::new(Histogram::clone(first));
    let mut bounds_differ = false;
    for histogram in rest {
        match sum.add(histogram) {
            Ok(combined) => bounds_differ |= combined.bounds_reconciled,
            Err(Incompatible) => {
                notes.add(Note::MixedSchemas);
                return None;
            }
        }
    }
    remark(notes, bounds_differ, sum.hints_collide());
    Some(sum.finish())
}

/// Average of all histograms of a window.
pub(super) fn average(window: &HistogramWindow<'_>, notes: &mut Notes) -> Option<Histogram> {
    let (first, rest) = window.histograms.split_first()?;
    let mut mean = HistogramMean::new(Histogram::clone(first));
    let mut bounds_differ = false;
    for histogram in rest {
        match mean.add(histogram) {
            Ok(combined) => bounds_differ |= combined.bounds_reconciled,
            Err(Incompatible) => {
                notes.add(Note::MixedSchemas);
                return None;
            }
        }
    }
    remark(notes, bounds_differ, mean.hints_collide());
    Some(mean.finish())
}

fn remark(notes: &mut Notes, bounds_differ: bool, hints_collide: bool) {
    if hints_collide {
        notes.add(Note::ResetCollision);
    }
    if bounds_differ {
        notes.add(Note::Reconciled(HistogramOperation::Aggregation));
    }
}
