//! Functions that put the elements of an instant query's result in order.

use std::cmp::Ordering;

use model::Labels;

use crate::ast::Span;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::call::label::text_of;
use crate::eval::frame::{Frame, RowMut, float_steps, histogram_at};
use crate::eval::steps::Steps;
use crate::functions::FunctionId;
use crate::plan::Node;

impl Evaluator<'_> {
    /// Sorts the rows of a frame with one step; over more steps there is no order to give.
    pub(super) fn sort(
        &self,
        span: Span,
        (function, args): (FunctionId, &[Node]),
        steps: &Steps,
    ) -> Result<Frame, EvalError> {
        let [arg, names @ ..] = args else {
            return Err(super::wrong_arguments());
        };
        let frame = self.vector(arg, steps)?;
        if !steps.is_instant() {
            self.annotate(|notes| notes.sort_in_range_query(span));
            if matches!(function, FunctionId::Sort | FunctionId::SortDesc) {
                return Ok(without_histograms(frame));
            }
            return Ok(frame);
        }
        let names: Vec<_> = names.iter().filter_map(text_of).collect();
        let by_value = matches!(function, FunctionId::Sort | FunctionId::SortDesc);
        // Histograms have no order by value.
        let is_sorted = |idx: &usize| !by_value || histogram_at(frame.histograms(*idx), 0).is_none();
        let mut order: Vec<usize> = (0..frame.len()).filter(is_sorted).collect();
        let value = |idx: usize| frame.values(idx).first().copied().unwrap_or(f64::NAN);
        order.sort_by(|a, b| match function {
            FunctionId::Sort => nan_last(value(*a), value(*b), f64::total_cmp),
            FunctionId::SortDesc => nan_last(value(*a), value(*b), |a, b| b.total_cmp(a)),
            FunctionId::SortByLabel => by_labels(frame.labels(*a), frame.labels(*b), &names),
            _ => by_labels(frame.labels(*b), frame.labels(*a), &names),
        });
        let mut sorted = self.frame(steps);
        for idx in order {
            sorted.push(frame.get(idx))?;
        }
        Ok(sorted)
    }
}

/// Leaves out the samples that are histograms.
fn without_histograms(mut frame: Frame) -> Frame {
    for idx in 0..frame.len() {
        let histograms = frame.take_histograms(idx);
        if !histograms.is_empty() {
            let RowMut { present, .. } = frame.get_mut(idx);
            present.copy_from_slice(&float_steps(present, &histograms));
        }
    }
    frame
}

fn nan_last(a: f64, b: f64, compare: impl Fn(&f64, &f64) -> Ordering) -> Ordering {
    a.is_nan()
        .cmp(&b.is_nan())
        .then_with(|| if a == b { Ordering::Equal } else { compare(&a, &b) })
}

fn by_labels(a: &Labels, b: &Labels, names: &[&str]) -> Ordering {
    let value = |labels: &Labels, name: &str| labels.get(name).unwrap_or("").to_owned();
    names
        .iter()
        .map(|name| natural(&value(a, name), &value(b, name)))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or_else(|| a.cmp(b))
}

/// Natural order: runs of digits compare as numbers, everything else as text.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (chunks(a), chunks(b));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) => {
                let order = match (l.parse::<u64>(), r.parse::<u64>()) {
                    (Ok(l), Ok(r)) => l.cmp(&r),
                    _ => l.cmp(r),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

/// Cuts a text into runs of digits and of everything else.
fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let digit = rest.chars().next()?.is_ascii_digit();
        let len = rest
            .find(|c: char| c.is_ascii_digit() != digit)
            .unwrap_or(rest.len());
        let (chunk, after) = rest.split_at_checked(len)?;
        rest = after;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests;
