//! Expressions back to text, in the form Prometheus prints them.

use std::fmt;

use model::{METRIC_NAME, MatchOp, Matcher, format_duration};

use crate::ast::{
    Aggregate, AtTime, Binary, BinaryOp, Boundary, Cardinality, DurationExpr, DurationKind, Expr, ExprKind,
    Grouping, Matching, NumberLiteral, Selector, StringLiteral, Subquery, TimeShift,
};
use crate::number::{format_plain, quote, quote_bytes};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(number) => number.fmt(f),
            ExprKind::String(string) => string.fmt(f),
            ExprKind::Selector(selector) => {
                write_series(f, selector)?;
                write_at(f, &selector.shift)?;
                write_boundary(f, selector.boundary)?;
                write_offset(f, &selector.shift)
            }
            ExprKind::Matrix(matrix) => {
                write_series(f, &matrix.selector)?;
                write!(f, "[{}]", matrix.range)?;
                write_boundary(f, matrix.selector.boundary)?;
                write_at(f, &matrix.selector.shift)?;
                write_offset(f, &matrix.selector.shift)
            }
            ExprKind::Subquery(subquery) => {
                write!(f, "{}{}", subquery.expr, Range(subquery))
            }
            ExprKind::Call(call) => {
                write!(f, "{}(", call.function.name)?;
                for (i, arg) in call.args.iter().enumerate() {
                    write!(f, "{}{arg}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            ExprKind::Aggregate(aggregate) => write_aggregate(f, aggregate),
            ExprKind::Binary(binary) => write_binary(f, binary),
            ExprKind::Unary(unary) => {
                write!(f, "{}{}", if unary.negative { "-" } else { "+" }, unary.expr)
            }
            ExprKind::Paren(inner) => write!(f, "({inner})"),
        }
    }
}

/// Range, step, offset and `@` of a subquery.
pub(super) struct Range<'a>(pub(super) &'a Subquery);

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}:", self.0.range)?;
        if let Some(step) = &self.0.step {
            step.fmt(f)?;
        }
        f.write_str("]")?;
        write_at(f, &self.0.shift)?;
        write_offset(f, &self.0.shift)
    }
}

/// An operator with all that belongs to it but its operands.
pub(super) enum Operator<'a> {
    Aggregate(&'a Aggregate),
    Binary(&'a Binary),
}

impl fmt::Display for Operator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate(aggregate) => write_aggregate_operator(f, aggregate),
            Self::Binary(binary) => write_binary_operator(f, binary),
        }
    }
}

impl fmt::Display for NumberLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.value * 1000.0;
        if self.duration && ms.abs() < 9e15 && ms.fract() == 0.0 {
            return f.write_str(&format_duration(ms as i64));
        }
        f.write_str(&format_plain(self.value))
    }
}

impl fmt::Display for StringLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote_bytes(self.raw.as_deref().unwrap_or(self.value.as_bytes())))
    }
}

impl fmt::Display for DurationExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DurationKind::Literal(literal) => literal.fmt(f),
            DurationKind::Step => f.write_str("step()"),
            DurationKind::Range => f.write_str("range()"),
            DurationKind::Negate(inner) => write!(f, "-{inner}"),
            DurationKind::Paren(inner) => write!(f, "({inner})"),
            DurationKind::Binary(op, left, right) => write!(f, "{left} {} {right}", op.as_str()),
            DurationKind::MinOf(left, right) => write!(f, "min_of({left}, {right})"),
            DurationKind::MaxOf(left, right) => write!(f, "max_of({left}, {right})"),
        }
    }
}

fn write_at(f: &mut fmt::Formatter<'_>, shift: &TimeShift) -> fmt::Result {
    match shift.at {
        Some(AtTime::Fixed(ms)) => {
            let sign = if ms < 0 { "-" } else { "" };
            let ms = ms.unsigned_abs();
            write!(f, " @ {sign}{}.{:03}", ms / 1000, ms % 1000)
        }
        Some(AtTime::Start) => f.write_str(" @ start()"),
        Some(AtTime::End) => f.write_str(" @ end()"),
        None => Ok(()),
    }
}

fn write_boundary(f: &mut fmt::Formatter<'_>, boundary: Option<Boundary>) -> fmt::Result {
    match boundary {
        Some(boundary) => write!(f, " {}", boundary.as_str()),
        None => Ok(()),
    }
}

fn write_offset(f: &mut fmt::Formatter<'_>, shift: &TimeShift) -> fmt::Result {
    match &shift.offset {
        Some(offset) => write!(f, " offset {offset}"),
        None => Ok(()),
    }
}

/// Tells whether a label name can stand without quotes.
fn is_plain_label(name: &str) -> bool {
    name.bytes()
        .enumerate()
        .all(|(i, b)| b.is_ascii_alphabetic() || b == b'_' || (i > 0 && b.is_ascii_digit()))
        && !name.is_empty()
}

fn label_text(name: &str) -> String {
    if is_plain_label(name) {
        name.to_owned()
    } else {
        quote(name)
    }
}

fn write_series(f: &mut fmt::Formatter<'_>, selector: &Selector) -> fmt::Result {
    let outside = selector.name.as_deref();
    f.write_str(outside.unwrap_or(""))?;
    let n_inside = selector.matchers.len() - usize::from(outside.is_some());
    let inside = selector.matchers.get(..n_inside).unwrap_or(&[]);
    if inside.is_empty() && outside.is_some() {
        return Ok(());
    }
    // Prometheus prints them in the order of their texts.
    let mut texts: Vec<String> = inside.iter().map(matcher_text).collect();
    texts.sort();
    write!(f, "{{{}}}", texts.join(","))
}

fn matcher_text(matcher: &Matcher) -> String {
    let by_name = matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
    if by_name && !matcher.value().is_empty() && !is_plain_label(matcher.value()) {
        return quote(matcher.value());
    }
    let value = quote(matcher.value());
    format!("{}{}{value}", label_text(matcher.name()), matcher.op().as_str())
}

fn write_labels(f: &mut fmt::Formatter<'_>, labels: &[String]) -> fmt::Result {
    f.write_str("(")?;
    for (i, label) in labels.iter().enumerate() {
        f.write_str(if i > 0 { ", " } else { "" })?;
        f.write_str(&label_text(label))?;
    }
    f.write_str(")")
}

fn write_aggregate_operator(f: &mut fmt::Formatter<'_>, aggregate: &Aggregate) -> fmt::Result {
    f.write_str(aggregate.op.as_str())?;
    // `by ()` is what no grouping means.
    if let Some(Grouping { without, labels }) = &aggregate.grouping
        && (*without || !labels.is_empty())
    {
        f.write_str(if *without { " without " } else { " by " })?;
        write_labels(f, labels)?;
        f.write_str(" ")?;
    }
    Ok(())
}

fn write_aggregate(f: &mut fmt::Formatter<'_>, aggregate: &Aggregate) -> fmt::Result {
    write_aggregate_operator(f, aggregate)?;
    f.write_str("(")?;
    if let Some(param) = &aggregate.param {
        write!(f, "{param}, ")?;
    }
    write!(f, "{})", aggregate.expr)
}

fn write_binary(f: &mut fmt::Formatter<'_>, binary: &Binary) -> fmt::Result {
    if is_power_of_infinity(binary) {
        f.write_str("Inf")?;
    } else {
        write!(f, "{}", binary.left)?;
    }
    write!(f, " {} {}", Operator::Binary(binary), binary.right)
}

/// Tells whether the left side is written `Inf`, without the sign that infinity has elsewhere: a sign before a power
/// applies to the whole of it, so that it would be read back as an operator.
pub(super) fn is_power_of_infinity(binary: &Binary) -> bool {
    binary.op == BinaryOp::Pow
        && matches!(&binary.left.kind, ExprKind::Number(number) if number.value == f64::INFINITY)
}

fn write_binary_operator(f: &mut fmt::Formatter<'_>, binary: &Binary) -> fmt::Result {
    f.write_str(binary.op.as_str())?;
    if binary.return_bool {
        f.write_str(" bool")?;
    }
    match &binary.matching {
        Some(matching) => write_matching(f, matching),
        None => Ok(()),
    }
}

fn write_matching(f: &mut fmt::Formatter<'_>, matching: &Matching) -> fmt::Result {
    let group = match matching.cardinality {
        Cardinality::ManyToOne => Some(" group_left "),
        Cardinality::OneToMany => Some(" group_right "),
        Cardinality::OneToOne | Cardinality::ManyToMany => None,
    };
    if matching.on || !matching.labels.is_empty() || group.is_some() {
        f.write_str(if matching.on { " on " } else { " ignoring " })?;
        write_labels(f, &matching.labels)?;
    }
    if let Some(group) = group {
        f.write_str(group)?;
        write_labels(f, &matching.include)?;
    }
    match (matching.fill_left, matching.fill_right) {
        (Some(left), Some(right)) if left == right => write!(f, " fill ({})", format_plain(left))?,
        (left, right) => {
            if let Some(left) = left {
                write!(f, " fill_left ({})", format_plain(left))?;
            }
            if let Some(right) = right {
                write!(f, " fill_right ({})", format_plain(right))?;
            }
        }
    }
    Ok(())
}
