//! Binary operators on two samples, of which any may be a histogram.

use std::sync::Arc;

use model::{Histogram, ResetHint};

use crate::annotations::{Annotations, HistogramOperation};
use crate::ast::BinaryOp;
use crate::eval::binary::{compute, holds};
use crate::histogram::{self, Combined, Incompatible, Trim};
use crate::plan::BinaryPlan;

/// A sample.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Float(f64),
    Histogram(Arc<Histogram>),
}

impl Operand {
    fn name(&self) -> &'static str {
        match self {
            Self::Float(_) => "float",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// What is to be remarked on an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remark {
    /// The operator does not take these kinds of samples.
    Kinds(&'static str, &'static str),
    /// Exponential and custom buckets together.
    Incompatible,
    ResetCollision(HistogramOperation),
    Reconciled(HistogramOperation),
}

impl Remark {
    pub(super) fn write(self, plan: &BinaryPlan, notes: &mut Annotations) {
        let (span, op) = (plan.span, plan.op.as_str());
        match self {
            Self::Kinds(left, right) => notes.incompatible_types(span, op, (left, right)),
            Self::Incompatible => notes.incompatible_buckets(span, op),
            Self::ResetCollision(operation) => notes.reset_collision(span, operation),
            Self::Reconciled(operation) => notes.reconciled_bounds(span, operation),
        }
    }
}

/// A value, and whether the comparison holds that led to it; other operators always hold.
pub(super) struct Outcome {
    pub(super) value: Operand,
    pub(super) keep: bool,
}

/// Combines two samples; there is no value for kinds that the operator does not take.
pub(super) fn combine(op: BinaryOp, left: Operand, right: Operand) -> (Option<Outcome>, Option<Remark>) {
    use Operand as O;
    let kinds = Remark::Kinds(left.name(), right.name());
    let value = match (op, left, right) {
        (BinaryOp::TrimUpper | BinaryOp::TrimLower, O::Float(_), _) => None,
        (_, O::Float(left), O::Float(right)) if op.is_comparison() => {
            let outcome = Outcome {
                value: O::Float(left),
                keep: holds(op, left, right),
            };
            return (Some(outcome), None);
        }
        (_, O::Float(left), O::Float(right)) => Some(O::Float(compute(op, left, right))),
        (BinaryOp::Mul, O::Float(factor), O::Histogram(histogram))
        | (BinaryOp::Mul, O::Histogram(histogram), O::Float(factor)) => Some(changed(histogram, |h| {
            histogram::multiply(h, factor);
            h.compact(0);
        })),
        (BinaryOp::Div, O::Histogram(histogram), O::Float(divisor)) => Some(changed(histogram, |h| {
            histogram::divide(h, divisor);
            h.compact(0);
        })),
        (BinaryOp::TrimUpper, O::Histogram(histogram), O::Float(bound)) => {
            Some(changed(histogram, |h| histogram::trim(h, bound, Trim::Below)))
        }
        (BinaryOp::TrimLower, O::Histogram(histogram), O::Float(bound)) => {
            Some(changed(histogram, |h| histogram::trim(h, bound, Trim::Above)))
        }
        (BinaryOp::Add | BinaryOp::Sub, O::Histogram(left), O::Histogram(right)) => {
            return add_or_subtract(op, left, &right);
        }
        (BinaryOp::Equal | BinaryOp::NotEqual, O::Histogram(left), O::Histogram(right)) => {
            let outcome = Outcome {
                keep: histogram::equal(&left, &right) == (op == BinaryOp::Equal),
                value: O::Histogram(left),
            };
            return (Some(outcome), None);
        }
        _ => None,
    };
    match value {
        Some(value) => (Some(Outcome { value, keep: true }), None),
        None => (None, Some(kinds)),
    }
}

fn changed(mut histogram: Arc<Histogram>, change: impl FnOnce(&mut Histogram)) -> Operand {
    change(Arc::make_mut(&mut histogram));
    Operand::Histogram(histogram)
}

fn add_or_subtract(
    op: BinaryOp,
    mut left: Arc<Histogram>,
    right: &Histogram,
) -> (Option<Outcome>, Option<Remark>) {
    let result = Arc::make_mut(&mut left);
    let (combined, operation) = if op == BinaryOp::Add {
        (histogram::add(result, right), HistogramOperation::Addition)
    } else {
        (
            histogram::subtract(result, right),
            HistogramOperation::Subtraction,
        )
    };
    let remark = match combined {
        Err(Incompatible) => return (None, Some(Remark::Incompatible)),
        // What contradicts itself has no result between vectors.
        Ok(Combined {
            hint_collision: true, ..
        }) => return (None, Some(Remark::ResetCollision(operation))),
        Ok(Combined {
            bounds_reconciled: true,
            ..
        }) => Some(Remark::Reconciled(operation)),
        Ok(_) => None,
    };
    if op == BinaryOp::Sub {
        result.reset_hint = ResetHint::Gauge;
    }
    result.compact(0);
    let outcome = Outcome {
        value: Operand::Histogram(left),
        keep: true,
    };
    (Some(outcome), remark)
}
