//! Binary operators.
//!
//! Series of two vectors are matched once, by the labels the matching looks at; steps are then combined row by
//! row. What Prometheus checks at each step (one match only) is checked here for all steps at once, by sets.

mod element;
mod matched;
mod sides;

use crate::ast::{BinaryOp, ValueType};
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::binary::element::{Operand, combine};
use crate::eval::frame::{Frame, RowMut};
use crate::eval::steps::{Steps, has_step, steps_of};
use crate::plan::BinaryPlan;

/// Computes an arithmetic operator, or 0 or 1 for a comparison.
fn compute(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => left / right,
        BinaryOp::Mod => left % right,
        BinaryOp::Pow => left.powf(right),
        BinaryOp::Atan2 => left.atan2(right),
        _ => f64::from(u8::from(holds(op, left, right))),
    }
}

/// Tells whether a comparison holds.
fn holds(op: BinaryOp, left: f64, right: f64) -> bool {
    match op {
        BinaryOp::Equal => left == right,
        BinaryOp::NotEqual => left != right,
        BinaryOp::Less => left < right,
        BinaryOp::LessOrEqual => left <= right,
        BinaryOp::Greater => left > right,
        BinaryOp::GreaterOrEqual => left >= right,
        _ => false,
    }
}

impl Evaluator<'_> {
    pub(super) fn scalar_binary(&self, plan: &BinaryPlan, steps: &Steps) -> Result<Vec<f64>, EvalError> {
        let mut left = self.scalar(&plan.left, steps)?;
        let right = self.scalar(&plan.right, steps)?;
        for (left, right) in left.iter_mut().zip(&right) {
            *left = compute(plan.op, *left, *right);
        }
        Ok(left)
    }

    pub(super) fn vector_binary(&self, plan: &BinaryPlan, steps: &Steps) -> Result<Frame, EvalError> {
        match (plan.left.value_type, plan.right.value_type) {
            (ValueType::Scalar, _) => {
                let scalar = self.scalar(&plan.left, steps)?;
                let vector = self.vector(&plan.right, steps)?;
                if any_histogram(plan, &vector) {
                    return self
                        .with_scalar_mixed(plan, vector, |i, value| (Operand::Float(scalar[i]), value));
                }
                self.with_scalar(plan, vector, |i, value| (scalar[i], value))
            }
            (_, ValueType::Scalar) => {
                let vector = self.vector(&plan.left, steps)?;
                let scalar = self.scalar(&plan.right, steps)?;
                if any_histogram(plan, &vector) {
                    return self
                        .with_scalar_mixed(plan, vector, |i, value| (value, Operand::Float(scalar[i])));
                }
                self.with_scalar(plan, vector, |i, value| (value, scalar[i]))
            }
            _ => self.between_vectors(plan, steps),
        }
    }

    /// Evaluates an operator between two vectors.
    pub(super) fn between_vectors(&self, plan: &BinaryPlan, steps: &Steps) -> Result<Frame, EvalError> {
        let (left, right) = match self.order(plan) {
            Some(order) => self.sides(order, steps)?,
            None => (self.vector(&plan.left, steps)?, self.vector(&plan.right, steps)?),
        };
        if plan.op.is_set() {
            return self.set_operation(plan, &left, &right);
        }
        self.matched(plan, &left, &right)
    }

    fn with_scalar(
        &self,
        plan: &BinaryPlan,
        frame: Frame,
        sides: impl Fn(usize, f64) -> (f64, f64),
    ) -> Result<Frame, EvalError> {
        if plan.op.is_comparison() && !plan.return_bool {
            return Ok(keep_where(frame, |i, value| {
                let (left, right) = sides(i, value);
                holds(plan.op, left, right)
            }));
        }
        self.map_values(frame, |i, value| {
            let (left, right) = sides(i, value);
            Some(compute(plan.op, left, right))
        })
    }

    /// As [`Evaluator::with_scalar`], for vectors that have histograms and operators that are about them.
    fn with_scalar_mixed(
        &self,
        plan: &BinaryPlan,
        mut frame: Frame,
        sides: impl Fn(usize, Operand) -> (Operand, Operand),
    ) -> Result<Frame, EvalError> {
        let mut remarks = Vec::new();
        for idx in 0..frame.len() {
            let mut histograms = frame.take_histograms(idx);
            let RowMut { values, present } = frame.get_mut(idx);
            for step in 0..values.len() {
                if !has_step(present, step) {
                    continue;
                }
                let operand = match histograms.get_mut(step).and_then(Option::take) {
                    Some(histogram) => Operand::Histogram(histogram),
                    None => Operand::Float(values[step]),
                };
                let (left, right) = sides(step, operand);
                let (outcome, remark) = combine(plan.op, left, right);
                remarks.extend(remark.filter(|remark| !remarks.contains(remark)));
                let kept = match outcome {
                    Some(outcome) if plan.return_bool => {
                        Some(Operand::Float(f64::from(u8::from(outcome.keep))))
                    }
                    // A comparison keeps the element of the vector, on whatever side it is.
                    Some(outcome) if plan.op.is_comparison() => {
                        outcome.keep.then_some(Operand::Float(values[step]))
                    }
                    Some(outcome) => Some(outcome.value),
                    None => None,
                };
                match kept {
                    Some(Operand::Float(value)) => values[step] = value,
                    Some(Operand::Histogram(histogram)) => histograms[step] = Some(histogram),
                    None => present[step / 64] &= !(1 << (step % 64)),
                }
            }
            frame.set_histograms(idx, histograms);
        }
        self.annotate(|notes| remarks.iter().for_each(|remark| remark.write(plan, notes)));
        if !plan.op.changes_metric() && !plan.return_bool {
            return Ok(frame);
        }
        self.without_names(frame)
    }
}

/// Tells whether an operator has to look at what its samples are.
fn any_histogram(plan: &BinaryPlan, frame: &Frame) -> bool {
    plan.op.is_trim() || (0..frame.len()).any(|idx| !frame.histograms(idx).is_empty())
}

/// Keeps the values for which something holds; they stay what they are.
fn keep_where(mut frame: Frame, keep: impl Fn(usize, f64) -> bool) -> Frame {
    for idx in 0..frame.len() {
        let RowMut { values, present } = frame.get_mut(idx);
        for (w, word) in present.iter_mut().enumerate() {
            for bit in steps_of(&[*word]) {
                if !keep(w * 64 + bit, values[w * 64 + bit]) {
                    *word &= !(1 << bit);
                }
            }
        }
    }
    frame
}
