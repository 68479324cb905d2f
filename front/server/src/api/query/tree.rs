//! The syntax tree of a query as JSON, in the shape that Prometheus' tree view reads.
//!
//! The reference is the answer of Prometheus' `/api/v1/parse_query`; durations are milliseconds, and one that is
//! computed is 0 with the computation beside it.

use model::{Matcher, Millis};
use promql::ast::{
    Aggregate, AtTime, Binary, BinaryOp, Boundary, Call, Cardinality, DurationExpr, DurationKind, Expr,
    ExprKind, Matching, NumberLiteral, Selector, Subquery, TimeShift, ValueType,
};

use crate::api::answer::json::Object;

/// Writes an expression as one JSON value.
pub(super) fn push_tree(out: &mut String, expr: &Expr) {
    let mut node = Object::new(out);
    match &expr.kind {
        ExprKind::Number(number) => {
            node.string("type", "numberLiteral")
                .string("val", &promql::format_plain(number.value));
        }
        ExprKind::String(string) => {
            node.string("type", "stringLiteral").string("val", &string.value);
        }
        ExprKind::Selector(selector) => {
            node.string("type", "vectorSelector");
            push_selector(&mut node, selector);
        }
        ExprKind::Matrix(matrix) => {
            node.string("type", "matrixSelector");
            push_duration(&mut node, ("range", "rangeExpr"), Some(&matrix.range));
            push_selector(&mut node, &matrix.selector);
        }
        ExprKind::Subquery(subquery) => push_subquery(&mut node, subquery),
        ExprKind::Call(call) => push_call(&mut node, call),
        ExprKind::Aggregate(aggregate) => push_aggregate(&mut node, aggregate),
        ExprKind::Binary(binary) => push_binary(&mut node, binary),
        ExprKind::Unary(unary) => {
            node.string("type", "unaryExpr")
                .string("op", if unary.negative { "-" } else { "+" });
            push_tree(node.key("expr"), &unary.expr);
        }
        ExprKind::Paren(inner) => {
            node.string("type", "parenExpr");
            push_tree(node.key("expr"), inner);
        }
    }
}

fn push_aggregate(node: &mut Object<'_>, aggregate: &Aggregate) {
    node.string("type", "aggregation")
        .string("op", aggregate.op.as_str());
    push_tree(node.key("expr"), &aggregate.expr);
    match &aggregate.param {
        Some(param) => push_tree(node.key("param"), param),
        None => node.key("param").push_str("null"),
    }
    let none: &[String] = &[];
    let grouping = aggregate.grouping.as_ref();
    node.strings("grouping", grouping.map_or(none, |grouping| &grouping.labels))
        .boolean("without", grouping.is_some_and(|grouping| grouping.without));
}

fn push_binary(node: &mut Object<'_>, binary: &Binary) {
    node.string("type", "binaryExpr").string("op", binary.op.as_str());
    push_tree(node.key("lhs"), &binary.left);
    push_tree(node.key("rhs"), &binary.right);
    match &binary.matching {
        Some(matching) => push_matching(node.object("matching"), matching),
        None => node.key("matching").push_str("null"),
    }
    node.boolean("bool", binary.return_bool);
}

fn push_matching(mut node: Object<'_>, matching: &Matching) {
    let cardinality = match matching.cardinality {
        Cardinality::OneToOne => "one-to-one",
        Cardinality::ManyToOne => "many-to-one",
        Cardinality::OneToMany => "one-to-many",
        Cardinality::ManyToMany => "many-to-many",
    };
    node.string("card", cardinality)
        .strings("labels", &matching.labels)
        .boolean("on", matching.on)
        .strings("include", &matching.include);
    let mut fill = node.object("fillValues");
    for (key, value) in [("lhs", matching.fill_left), ("rhs", matching.fill_right)] {
        fill.number(key, value.unwrap_or(f64::NAN));
    }
}

fn push_call(node: &mut Object<'_>, call: &Call) {
    let function = call.function;
    // Prometheus counts the arguments that may be left out, -1 standing for any number of further ones.
    let variadic = match function.max_args {
        Some(max) => i128::try_from(max - function.min_args).unwrap_or(i128::MAX),
        None => -1,
    };
    node.string("type", "call");
    node.object("func")
        .string("name", function.name)
        .strings("argTypes", function.args.iter().map(|one| type_word(*one)))
        .integer("variadic", variadic)
        .string("returnType", type_word(function.returns));
    let mut args = node.array("args");
    for arg in &call.args {
        push_tree(args.element(), arg);
    }
}

fn push_subquery(node: &mut Object<'_>, subquery: &Subquery) {
    node.string("type", "subquery");
    push_tree(node.key("expr"), &subquery.expr);
    push_duration(node, ("range", "rangeExpr"), Some(&subquery.range));
    push_duration(node, ("step", "stepExpr"), subquery.step.as_ref());
    push_shift(node, &subquery.shift);
}

fn push_selector(node: &mut Object<'_>, selector: &Selector) {
    node.string("name", selector.name.as_deref().unwrap_or(""));
    push_shift(node, &selector.shift);
    let mut matchers = node.array("matchers");
    for matcher in &selector.matchers {
        push_matcher(matchers.object(), matcher);
    }
    drop(matchers);
    node.boolean("anchored", selector.boundary == Some(Boundary::Anchored))
        .boolean("smoothed", selector.boundary == Some(Boundary::Smoothed));
}

fn push_matcher(mut node: Object<'_>, matcher: &Matcher) {
    node.string("name", matcher.name())
        .string("value", matcher.value())
        .string("type", matcher.op().as_str());
}

fn push_shift(node: &mut Object<'_>, shift: &TimeShift) {
    push_duration(node, ("offset", "offsetExpr"), shift.offset.as_ref());
    let (timestamp, word) = match shift.at {
        Some(AtTime::Fixed(time)) => (Some(time), None),
        Some(AtTime::Start) => (None, Some("start")),
        Some(AtTime::End) => (None, Some("end")),
        None => (None, None),
    };
    node.optional_integer("timestamp", timestamp)
        .optional_string("startOrEnd", word);
}

fn push_duration(node: &mut Object<'_>, (plain, computed): (&str, &str), duration: Option<&DurationExpr>) {
    let known = duration.map_or(Some(0), known_millis);
    node.integer(plain, known.unwrap_or(0));
    match duration.filter(|_| known.is_none()) {
        Some(duration) => push_duration_tree(node.key(computed), duration, Wrapped::No),
        None => node.key(computed).push_str("null"),
    }
}

/// Returns a duration that needs no computing.
fn known_millis(duration: &DurationExpr) -> Option<Millis> {
    let millis = |number: NumberLiteral| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, as durations are far smaller"
        )]
        let millis = (number.value * 1000.0).round() as Millis;
        millis
    };
    match &duration.kind {
        DurationKind::Literal(number) => Some(millis(*number)),
        DurationKind::Negate(inner) => match inner.kind {
            DurationKind::Literal(number) => Some(-millis(number)),
            _ => None,
        },
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Wrapped {
    No,
    Yes,
}

fn push_duration_tree(out: &mut String, duration: &DurationExpr, wrapped: Wrapped) {
    let (op, left, right) = match &duration.kind {
        DurationKind::Literal(number) => {
            Object::new(out)
                .string("type", "numberLiteral")
                .string("val", &promql::format_plain(number.value))
                .boolean("duration", number.duration);
            return;
        }
        DurationKind::Paren(inner) => return push_duration_tree(out, inner, Wrapped::Yes),
        DurationKind::Step => ("step", None, None),
        DurationKind::Range => ("range", None, None),
        DurationKind::Negate(inner) => (BinaryOp::Sub.as_str(), None, Some(inner)),
        DurationKind::Binary(op, left, right) => (op.as_str(), Some(left), Some(right)),
        DurationKind::MinOf(left, right) => ("min_of", Some(left), Some(right)),
        DurationKind::MaxOf(left, right) => ("max_of", Some(left), Some(right)),
    };
    let mut node = Object::new(out);
    node.string("type", "durationExpr").string("op", op);
    for (key, side) in [("lhs", left), ("rhs", right)] {
        match side {
            Some(side) => push_duration_tree(node.key(key), side, Wrapped::No),
            None => node.key(key).push_str("null"),
        }
    }
    node.boolean("wrapped", wrapped == Wrapped::Yes);
}

fn type_word(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Scalar => "scalar",
        ValueType::String => "string",
        ValueType::InstantVector => "vector",
        ValueType::RangeVector => "matrix",
    }
}
