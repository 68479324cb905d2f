//! The unit of an expression, as far as its names and functions tell.
//!
//! Only what is certain is said: sums, extremes and averages keep the unit, rates make it per second, everything
//! else makes it a bare number. A wrong unit is worse than none.

use promql::ast::{AggregateOp, BinaryOp, Expr, ExprKind};

use crate::client::Series;
use crate::units::Unit;

/// Functions that hand on samples with their names.
const CHOOSING: [&str; 4] = ["label_join", "label_replace", "sort", "sort_desc"];

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

/// Units of the series of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Units {
    /// Each series has the unit that its metric name declares.
    ByName,
    /// All have this one.
    All(Unit),
}

impl Units {
    /// Returns the unit of a series.
    pub(super) fn of(self, series: &Series) -> Unit {
        match self {
            Self::ByName => Unit::of_metric(series.label(model::METRIC_NAME)),
            Self::All(unit) => unit,
        }
    }

    /// Returns the unit of a value without labels.
    pub(super) fn scalar(self) -> Unit {
        match self {
            Self::ByName => Unit::Number,
            Self::All(unit) => unit,
        }
    }
}

/// Returns the units of an expression's values; bare numbers if they are not known.
pub(super) fn of_expression(expr: &str) -> Units {
    match promql::parse(expr, &promql::Options::EXPERIMENTAL) {
        Ok(expr) if selects(&expr) => Units::ByName,
        Ok(expr) => Units::All(of(&expr)),
        Err(_) => Units::All(Unit::Number),
    }
}

/// Tells whether an expression only chooses among samples, so that each keeps its name and its meaning.
fn selects(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Selector(_) => true,
        ExprKind::Paren(inner) => selects(inner),
        ExprKind::Aggregate(aggregate) => {
            let chooses = matches!(
                aggregate.op,
                AggregateOp::TopK | AggregateOp::BottomK | AggregateOp::LimitK | AggregateOp::LimitRatio
            );
            chooses && selects(&aggregate.expr)
        }
        ExprKind::Call(call) => CHOOSING.contains(&call.function.name) && call.args.iter().any(selects),
        ExprKind::Binary(binary) => match binary.op {
            BinaryOp::Or => selects(&binary.left) && selects(&binary.right),
            BinaryOp::And | BinaryOp::Unless => selects(&binary.left),
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessOrEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterOrEqual => !binary.return_bool && selects(&binary.left),
            _ => false,
        },
        _ => false,
    }
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
