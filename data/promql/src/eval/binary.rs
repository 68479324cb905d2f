//! Binary operators.
//!
//! Series of two vectors are matched once, by the labels the matching looks at; steps are then combined row by
//! row. What Prometheus checks at each step (one match only) is checked here for all steps at once, by sets.

mod matched;

use crate::ast::{BinaryOp, ValueType};
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::Frame;
use crate::eval::steps::{Steps, steps_of};
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
                self.with_scalar(plan, vector, |i, value| (scalar[i], value))
            }
            (_, ValueType::Scalar) => {
                let vector = self.vector(&plan.left, steps)?;
                let scalar = self.scalar(&plan.right, steps)?;
                self.with_scalar(plan, vector, |i, value| (value, scalar[i]))
            }
            _ => {
                let left = self.vector(&plan.left, steps)?;
                let right = self.vector(&plan.right, steps)?;
                if plan.op.is_set() {
                    return self.set_operation(plan, &left, &right);
                }
                if self.is_trim(plan, &[&left, &right]) {
                    return Ok(self.frame(steps));
                }
                self.matched(plan, &left, &right)
            }
        }
    }

    /// Trimming buckets has no meaning for floats; such samples are left out, with a remark.
    fn is_trim(&self, plan: &BinaryPlan, inputs: &[&Frame]) -> bool {
        let trim = matches!(plan.op, BinaryOp::TrimUpper | BinaryOp::TrimLower);
        if trim && inputs.iter().all(|frame| frame.len() > 0) {
            self.annotate(|notes| notes.incompatible_types(plan.span, plan.op.as_str()));
        }
        trim
    }

    fn with_scalar(
        &self,
        plan: &BinaryPlan,
        frame: Frame,
        sides: impl Fn(usize, f64) -> (f64, f64),
    ) -> Result<Frame, EvalError> {
        if self.is_trim(plan, &[&frame]) {
            return Ok(Frame::new(frame.n_steps(), &self.budget));
        }
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
}

/// Keeps the values for which something holds; they stay what they are.
fn keep_where(mut frame: Frame, keep: impl Fn(usize, f64) -> bool) -> Frame {
    for idx in 0..frame.len() {
        let (_, values, present) = frame.get_mut(idx);
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
