//! Leaving out series of which an operator above their selector has no use.
//!
//! `a * on (pod) group_left () b` has a value only for pods that `b` has. What narrows a node adds a condition to the
//! one selector that all of its rows come from ([`source`]); series that do not meet it need not be read. That is
//! exact, errors and remarks included, because of what lies between: every operator on the way gives rows whose label
//! is that of the series they are made of, makes each row of series with the same value of the label, and neither
//! fails nor remarks anything because of floats, which all samples below have to be ([`leaves`]).
//!
//! Errors about several matches are the reason for the rules on operators between vectors: the side that may have one
//! series a group must have distinct groups by its form ([`has_distinct_groups`]), as Prometheus complains about a
//! group even if nothing on the other side belongs to it.

use std::sync::Arc;

use hashbrown::HashSet;
use model::{Labels, METRIC_NAME, MatchOp, Matcher};

use crate::ast::{AggregateOp, BinaryOp, Cardinality, Matching, ValueType};
use crate::functions::FunctionId;
use crate::plan::{AggregatePlan, BinaryPlan, Kind, Node, RangeSource, WindowPlan};

/// A condition that series of use meet.
#[derive(Clone, Debug)]
pub(crate) enum Keep {
    /// The matcher holds.
    Matching(Matcher),
    /// The value of the label, empty if there is none, is one of these.
    Among(String, Arc<HashSet<String>>),
}

impl Keep {
    /// Returns the label it is about.
    pub(crate) fn label(&self) -> &str {
        match self {
            Self::Matching(matcher) => matcher.name(),
            Self::Among(label, _) => label,
        }
    }

    /// Tells whether a series meets it.
    pub(crate) fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(self.label()).unwrap_or("");
        match self {
            Self::Matching(matcher) => matcher.matches(value),
            Self::Among(_, values) => values.contains(value),
        }
    }
}

/// Returns the matchers of the selector that the rows of a node come from, if all operators in between hand on the
/// label as it is and are exact for some of the series, as the module says.
pub(crate) fn source<'n>(node: &'n Node, label: &str) -> Option<&'n [Matcher]> {
    match &node.kind {
        Kind::Selector(plan) => {
            let plain = plan.boundary.is_none() && metric_of(&plan.matchers).is_some();
            plain.then_some(&*plan.matchers)
        }
        Kind::Window(plan) => window_source(plan),
        _ => source(input(node, label)?, label),
    }
}

/// Adds a condition to the selector that the rows of a node come from; does nothing where [`source`] finds none.
pub(crate) fn narrow(node: &mut Node, condition: &Keep) {
    if source(node, condition.label()).is_some() {
        add(node, condition);
    }
}

fn add(node: &mut Node, condition: &Keep) {
    match &mut node.kind {
        Kind::Selector(plan) => plan.keep.push(condition.clone()),
        Kind::Window(plan) => {
            if let RangeSource::Stored { keep, .. } = &mut plan.range.source {
                keep.push(condition.clone());
            }
        }
        Kind::Invariant(inner) | Kind::Negate(inner) | Kind::Plus(inner) => add(inner, condition),
        Kind::Call(_, args) => args.iter_mut().take(1).for_each(|arg| add(arg, condition)),
        Kind::Aggregate(plan) => add(&mut plan.input, condition),
        Kind::Binary(plan) => match many_side(plan) {
            Side::Left => add(&mut plan.left, condition),
            Side::Right => add(&mut plan.right, condition),
        },
        Kind::Number(_) | Kind::Text(_) | Kind::Range(_) => {}
    }
}

/// Appends the selectors and functions of stored ranges below a node. Returns false if there are other sources of
/// samples too, or a selector without a metric name.
pub(crate) fn leaves<'n>(node: &'n Node, found: &mut Vec<&'n Node>) -> bool {
    match &node.kind {
        Kind::Selector(plan) => {
            found.push(node);
            metric_of(&plan.matchers).is_some()
        }
        Kind::Window(plan) => {
            found.push(node);
            window_source(plan).is_some()
        }
        Kind::Invariant(inner) | Kind::Negate(inner) | Kind::Plus(inner) => leaves(inner, found),
        Kind::Aggregate(plan) => leaves(&plan.input, found),
        Kind::Binary(plan) => leaves(&plan.left, found) && leaves(&plan.right, found),
        Kind::Call(function, args) => is_elementwise(*function) && args.iter().all(|arg| leaves(arg, found)),
        Kind::Number(_) => true,
        Kind::Text(_) | Kind::Range(_) => false,
    }
}

/// Returns the metric name that matchers ask for, if it is one.
pub(crate) fn metric_of(matchers: &[Matcher]) -> Option<&str> {
    let mut names = matchers.iter().filter(|matcher| matcher.name() == METRIC_NAME);
    match (names.next(), names.next()) {
        (Some(name), None) if name.op() == MatchOp::Equal && !name.value().is_empty() => Some(name.value()),
        _ => None,
    }
}

/// Which side of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// That before the operator.
    Left,
    /// That behind it.
    Right,
}

impl BinaryPlan {
    /// Returns a side.
    pub(crate) fn side(&self, side: Side) -> &Node {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }
}

/// Returns the side whose rows an operator hands on: the vector beside a scalar, the one that may have many series.
pub(crate) fn many_side(plan: &BinaryPlan) -> Side {
    let right_is_many = plan
        .matching
        .as_ref()
        .is_some_and(|matching| matching.cardinality == Cardinality::OneToMany);
    if plan.left.value_type == ValueType::Scalar || right_is_many {
        Side::Right
    } else {
        Side::Left
    }
}

impl Side {
    /// Returns the other side.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// Tells whether values stand for series that are missing.
pub(crate) fn fills(matching: &Matching) -> bool {
    matching.fill_left.is_some() || matching.fill_right.is_some()
}

/// Tells whether no two rows of a node ever belong to the same group of a matching, whatever the data.
pub(crate) fn has_distinct_groups(node: &Node, matching: &Matching) -> bool {
    // All of a set of labels decides, or all labels but those of a set.
    let is_decided_by = |labels: &[String]| labels.iter().all(|label| looks_at(matching, label));
    match &node.kind {
        Kind::Invariant(inner) | Kind::Negate(inner) | Kind::Plus(inner) => {
            has_distinct_groups(inner, matching)
        }
        Kind::Call(function, args) if is_elementwise(*function) => {
            args.first().is_some_and(|arg| has_distinct_groups(arg, matching))
        }
        Kind::Aggregate(plan) if is_ranking(plan.op) => has_distinct_groups(&plan.input, matching),
        Kind::Aggregate(plan) if is_folding(plan.op) => match &plan.grouping {
            None => true,
            Some(grouping) if grouping.without => {
                !matching.on
                    && matching
                        .labels
                        .iter()
                        .all(|label| grouping.labels.contains(label))
            }
            Some(grouping) => is_decided_by(&grouping.labels),
        },
        Kind::Binary(plan) => {
            if plan.left.value_type == ValueType::Scalar || plan.right.value_type == ValueType::Scalar {
                return has_distinct_groups(plan.side(many_side(plan)), matching);
            }
            match (plan.op, &plan.matching) {
                (BinaryOp::And | BinaryOp::Unless, _) => has_distinct_groups(&plan.left, matching),
                (BinaryOp::Or, _) => false,
                (_, Some(inner)) => {
                    let by_labels = inner.cardinality == Cardinality::OneToOne && inner.on && !fills(inner);
                    by_labels && is_decided_by(&inner.labels)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Tells whether a matching looks at a label.
pub(crate) fn looks_at(matching: &Matching, label: &str) -> bool {
    !is_metadata(label) && matching.labels.iter().any(|l| l == label) == matching.on
}

fn is_metadata(label: &str) -> bool {
    matches!(label, "__name__" | "__type__" | "__unit__")
}

/// Returns what a node takes its rows from, if it hands on a label as it is and is exact for some of the rows.
fn input<'n>(node: &'n Node, label: &str) -> Option<&'n Node> {
    if is_metadata(label) {
        return None;
    }
    match &node.kind {
        Kind::Invariant(inner) | Kind::Negate(inner) | Kind::Plus(inner) => Some(inner),
        Kind::Call(function, args) if is_elementwise(*function) => match args.as_slice() {
            [arg, rest @ ..] if rest.iter().all(is_number) => Some(arg),
            _ => None,
        },
        Kind::Aggregate(plan) => keeps_groups_whole(plan, label).then_some(&plan.input),
        Kind::Binary(plan) => hands_on(plan, label).then(|| plan.side(many_side(plan))),
        _ => None,
    }
}

fn keeps_groups_whole(plan: &AggregatePlan, label: &str) -> bool {
    let grouped = plan
        .grouping
        .as_ref()
        .is_some_and(|grouping| grouping.labels.iter().any(|l| l == label) != grouping.without);
    let harmless = match &plan.param {
        None => is_folding(plan.op),
        Some(param) => {
            is_ranking(plan.op) && matches!(param.kind, Kind::Number(k) if (1.0..1e9).contains(&k))
        }
    };
    grouped && harmless
}

fn hands_on(plan: &BinaryPlan, label: &str) -> bool {
    if plan.op.is_trim() {
        return false;
    }
    let Some(matching) = &plan.matching else {
        return true;
    };
    match plan.op {
        _ if fills(matching) => return false,
        BinaryOp::And | BinaryOp::Unless => return true,
        BinaryOp::Or => return false,
        _ => {}
    }
    let many = many_side(plan);
    if !has_distinct_groups(plan.side(many.other()), matching) {
        return false;
    }
    // Two rows that match the same one, or become equal, are an error that must not go.
    if matching.cardinality == Cardinality::OneToOne {
        looks_at(matching, label) && has_distinct_groups(plan.side(many), matching)
    } else {
        matching.include.is_empty()
    }
}

fn window_source(plan: &WindowPlan) -> Option<&[Matcher]> {
    let RangeSource::Stored {
        matchers, boundary, ..
    } = &plan.range.source
    else {
        return None;
    };
    let metric = metric_of(matchers)?;
    use FunctionId as F;
    let exact = match plan.function {
        // Of other names it is remarked that they may not be counters.
        F::Rate | F::Increase => ["_total", "_sum", "_count", "_bucket"]
            .iter()
            .any(|suffix| metric.ends_with(suffix)),
        F::Irate
        | F::Delta
        | F::Idelta
        | F::Deriv
        | F::Changes
        | F::Resets
        | F::AvgOverTime
        | F::CountOverTime
        | F::LastOverTime
        | F::MaxOverTime
        | F::MinOverTime
        | F::PresentOverTime
        | F::StddevOverTime
        | F::StdvarOverTime
        | F::SumOverTime => true,
        _ => false,
    };
    (exact && boundary.is_none()).then_some(&**matchers)
}

fn is_number(node: &Node) -> bool {
    matches!(node.kind, Kind::Number(_))
}

fn is_folding(op: AggregateOp) -> bool {
    use AggregateOp as A;
    matches!(
        op,
        A::Sum | A::Avg | A::Count | A::Min | A::Max | A::Group | A::Stddev | A::Stdvar
    )
}

fn is_ranking(op: AggregateOp) -> bool {
    matches!(op, AggregateOp::TopK | AggregateOp::BottomK)
}

fn is_elementwise(function: FunctionId) -> bool {
    use FunctionId as F;
    matches!(
        function,
        F::Abs
            | F::Ceil
            | F::Clamp
            | F::ClampMax
            | F::ClampMin
            | F::Exp
            | F::Floor
            | F::Ln
            | F::Log10
            | F::Log2
            | F::Round
            | F::Sgn
            | F::Sqrt
    )
}

#[cfg(test)]
mod tests;
