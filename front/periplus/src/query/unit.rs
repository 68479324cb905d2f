//! The unit of an expression, as far as its names and functions tell.
//!
//! Only what is certain is said: sums, extremes and averages keep the unit, rates make it per second, everything
//! else makes it a bare number. A wrong unit is worse than none.

use promql::ast::{AggregateOp, BinaryOp, Expr, ExprKind};

use crate::units::Unit;

/// Functions of a range vector or vector whose values are of the same unit.
const KEEPING: [&str; 20] = [
    "abs",
    "avg_over_time",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "delta",
    "floor",
    "idelta",
    "increase",
    "label_join",
    "label_replace",
    "last_over_time",
    "max_over_time",
    "min_over_time",
    "quantile_over_time",
    "round",
    "sort",
    "sort_desc",
    "sum_over_time",
];

/// Returns the unit of an expression's values; a bare number if it is not known.
pub(super) fn of_expression(expr: &str) -> Unit {
    promql::parse(expr, &promql::Options::EXPERIMENTAL).map_or(Unit::Number, |expr| of(&expr))
}

fn of(expr: &Expr) -> Unit {
    match &expr.kind {
        ExprKind::Selector(selector) => selector.name.as_deref().map_or(Unit::Number, Unit::of_metric),
        ExprKind::Matrix(matrix) => matrix
            .selector
            .name
            .as_deref()
            .map_or(Unit::Number, Unit::of_metric),
        ExprKind::Subquery(subquery) => of(&subquery.expr),
        ExprKind::Paren(inner) => of(inner),
        ExprKind::Unary(unary) => of(&unary.expr),
        ExprKind::Aggregate(aggregate) => match aggregate.op {
            AggregateOp::Sum
            | AggregateOp::Avg
            | AggregateOp::Min
            | AggregateOp::Max
            | AggregateOp::TopK
            | AggregateOp::BottomK
            | AggregateOp::Quantile
            | AggregateOp::LimitK
            | AggregateOp::LimitRatio
            | AggregateOp::Stddev => of(&aggregate.expr),
            AggregateOp::Count | AggregateOp::Group | AggregateOp::Stdvar | AggregateOp::CountValues => {
                Unit::Number
            }
        },
        ExprKind::Call(call) => of_call(call.function.name, &call.args),
        ExprKind::Binary(binary) => of_binary(binary.op, of(&binary.left), of(&binary.right)),
        ExprKind::Number(_) | ExprKind::String(_) => Unit::Number,
    }
}

fn of_call(function: &str, args: &[Expr]) -> Unit {
    let inner = || {
        let vector = args
            .iter()
            .find(|arg| !matches!(arg.kind, ExprKind::Number(_) | ExprKind::String(_)));
        vector.map_or(Unit::Number, of)
    };
    match function {
        "rate" | "irate" | "deriv" => inner().per_second(),
        "time" | "timestamp" => Unit::UnixTime,
        name if KEEPING.contains(&name) => inner(),
        _ => Unit::Number,
    }
}

fn of_binary(op: BinaryOp, left: Unit, right: Unit) -> Unit {
    match op {
        // Two times of day apart: a span.
        BinaryOp::Sub if left == Unit::UnixTime && right == Unit::UnixTime => Unit::Seconds,
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Or if left == right => left,
        BinaryOp::And
        | BinaryOp::Unless
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => left,
        _ => Unit::Number,
    }
}

#[cfg(test)]
mod tests;
