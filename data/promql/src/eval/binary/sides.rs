//! Evaluating the sides of an operator between vectors, each only as far as the other has use for it.
//!
//! What both sides say of a label they are matched by holds for both, so the matchers of one side narrow the other.
//! Then one side is evaluated, the right one unless a sample of the left one decides, and the values of its labels
//! narrow the other: of a large side only what a small one joins with is read. [`crate::plan::narrow`] says why that
//! changes nothing, and where it is not done because it would.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use model::{Labels, MatchOp, Matcher};

use crate::annotations::Annotations;
use crate::ast::{BinaryOp, Matching};
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::binary::matched::matched_labels;
use crate::eval::frame::Frame;
use crate::eval::steps::{Steps, overlap, unite};
use crate::plan::narrow::{
    Keep, Side, fills, has_distinct_groups, leaves, looks_at, many_side, metric_of, narrow, source,
};
use crate::plan::{BinaryPlan, Kind, Node};

/// Distinct values of a label up to which they narrow the other side.
const MAX_VALUES: usize = 1000;

/// How the sides of an operator are evaluated.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    plan: &'a BinaryPlan,
    matching: &'a Matching,
    first: Side,
    /// Nothing can go wrong with the first side's groups.
    harmless: bool,
}

impl Order<'_> {
    /// Returns what rows of use of the first side meet.
    fn for_first(&self) -> Vec<Keep> {
        // All of the left side of `unless` is of use.
        if !self.harmless || self.plan.op == BinaryOp::Unless {
            return Vec::new();
        }
        stated(self.plan.side(self.first.other()), self.matching)
    }

    /// Returns what rows of use of the other side meet, given the rows of the first one.
    fn for_second(&self, first: &Frame) -> Vec<Keep> {
        if !self.harmless && has_shared_groups(first, self.matching) {
            return Vec::new();
        }
        let mut conditions = stated(self.plan.side(self.first), self.matching);
        conditions.extend(found(first, (self.plan.side(self.first.other()), self.matching)));
        conditions
    }
}

impl Evaluator<'_> {
    /// Returns how the sides of an operator between vectors are evaluated; `None` if neither narrows the other.
    pub(super) fn order<'p>(&self, plan: &'p BinaryPlan) -> Option<Order<'p>> {
        let matching = plan.matching.as_ref()?;
        // Names that stay keep series apart whose errors are due later; beginnings that overlap are remarked.
        if self.params.delayed_name_removal || self.params.start_timestamps || fills(matching) {
            return None;
        }
        let (first, harmless) = match plan.op {
            BinaryOp::Or => return None,
            BinaryOp::And => (Side::Right, true),
            BinaryOp::Unless => (Side::Left, true),
            _ => {
                let one = many_side(plan).other();
                (one, has_distinct_groups(plan.side(one), matching))
            }
        };
        Some(Order {
            plan,
            matching,
            first,
            harmless,
        })
    }

    /// Evaluates the sides of an operator, the left one and the right one.
    pub(super) fn sides(&self, order: Order<'_>, steps: &Steps) -> Result<(Frame, Frame), EvalError> {
        let first = order.first;
        let (found, later) = self.first_side(order, steps)?;
        let second = {
            let node = order.plan.side(first.other());
            let narrowed = self.narrowed(node, order.for_second(&found), steps)?;
            self.vector(narrowed.as_deref().unwrap_or(node), steps)?
        };
        self.annotate(|notes| notes.append(later));
        Ok(match first {
            Side::Left => (found, second),
            Side::Right => (second, found),
        })
    }

    /// Evaluates the side that comes first. What is remarked on the right side comes after what is on the left one,
    /// so it is kept apart.
    fn first_side(&self, order: Order<'_>, steps: &Steps) -> Result<(Frame, Annotations), EvalError> {
        let node = order.plan.side(order.first);
        let narrowed = self.narrowed(node, order.for_first(), steps)?;
        let node = narrowed.as_deref().unwrap_or(node);
        if order.first == Side::Left {
            return Ok((self.vector(node, steps)?, Annotations::default()));
        }
        let before = self.annotations.take();
        let found = self.vector(node, steps);
        let remarks = self.annotations.replace(before);
        match found {
            Ok(found) => Ok((found, remarks)),
            Err(error) => {
                // If the left side fails too, that is what is said.
                self.vector(&order.plan.left, steps)?;
                Err(error)
            }
        }
    }

    /// Returns a node that leaves out series that do not meet the conditions, if there are such conditions and that
    /// is exact.
    fn narrowed(
        &self,
        node: &Node,
        mut conditions: Vec<Keep>,
        steps: &Steps,
    ) -> Result<Option<Box<Node>>, EvalError> {
        conditions.retain(|condition| {
            source(node, condition.label()).is_some_and(|matchers| !is_implied(condition, matchers))
        });
        if conditions.is_empty() || !self.has_only_floats(node, steps)? {
            return Ok(None);
        }
        let mut node = node.clone();
        conditions
            .iter()
            .for_each(|condition| narrow(&mut node, condition));
        Ok(Some(Box::new(node)))
    }

    /// Tells whether all samples below a node are floats, as far as can be known without reading them.
    fn has_only_floats(&self, node: &Node, steps: &Steps) -> Result<bool, EvalError> {
        let mut selectors = Vec::new();
        if !leaves(node, &mut selectors) || steps.count() == 0 {
            return Ok(false);
        }
        for leaf in selectors {
            let (matchers, range) = match &leaf.kind {
                Kind::Selector(plan) => (&plan.matchers, self.selected_range(plan, steps)),
                Kind::Window(plan) => match self.window_range(plan, steps) {
                    Some(found) => found,
                    None => return Ok(false),
                },
                _ => return Ok(false),
            };
            let Some(metric) = metric_of(matchers) else {
                return Ok(false);
            };
            if self.source.may_have_histograms(metric, range)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Returns what the matchers of a side say of the labels it is matched by.
fn stated(node: &Node, matching: &Matching) -> Vec<Keep> {
    let mut selectors = Vec::new();
    leaves(node, &mut selectors);
    let mut labels: Vec<&str> = Vec::new();
    for leaf in selectors {
        for matcher in source(leaf, "").unwrap_or_default() {
            if looks_at(matching, matcher.name()) && !labels.contains(&matcher.name()) {
                labels.push(matcher.name());
            }
        }
    }
    let mut conditions = Vec::new();
    for label in labels {
        let matchers = source(node, label).unwrap_or_default();
        let selective = matchers.iter().filter(|m| m.name() == label && is_selective(m));
        conditions.extend(selective.cloned().map(Keep::Matching));
    }
    conditions
}

fn is_selective(matcher: &Matcher) -> bool {
    match matcher.op() {
        MatchOp::Equal => true,
        MatchOp::Regex => !matches!(matcher.value(), ".*" | ".+"),
        MatchOp::NotEqual | MatchOp::NotRegex => false,
    }
}

/// Returns what the labels found on a side say of the other side.
fn found(frame: &Frame, (other, matching): (&Node, &Matching)) -> Vec<Keep> {
    let mut labels: Vec<&str> = Vec::new();
    if matching.on {
        labels.extend(matching.labels.iter().map(String::as_str));
    } else {
        for (name, _) in frame.heads().iter().flat_map(|head| head.labels.iter()) {
            if !labels.contains(&name) {
                labels.push(name);
            }
        }
    }
    labels.retain(|label| looks_at(matching, label) && source(other, label).is_some());
    let mut conditions = Vec::new();
    for label in labels {
        let mut values: HashSet<&str> = HashSet::new();
        for head in frame.heads() {
            values.insert(head.labels.get(label).unwrap_or(""));
            if values.len() > MAX_VALUES {
                break;
            }
        }
        if values.len() <= MAX_VALUES {
            let values = values.into_iter().map(str::to_owned).collect();
            conditions.push(Keep::Among(label.to_owned(), Arc::new(values)));
        }
    }
    conditions
}

/// Tells whether matchers leave no series that do not meet a condition.
fn is_implied(condition: &Keep, matchers: &[Matcher]) -> bool {
    let mut of_label = matchers.iter().filter(|m| m.name() == condition.label());
    of_label.any(|known| match condition {
        Keep::Matching(matcher) if known == matcher => true,
        Keep::Matching(matcher) => known.op() == MatchOp::Equal && matcher.matches(known.value()),
        Keep::Among(_, values) => known.op() == MatchOp::Equal && values.contains(known.value()),
    })
}

/// Tells whether two rows of the side that may have one series a group are in a group at the same step.
fn has_shared_groups(frame: &Frame, matching: &Matching) -> bool {
    let mut groups: HashMap<Labels, Vec<u64>> = HashMap::with_capacity(frame.len());
    frame.rows().any(|row| {
        let key = matched_labels(row.labels, matching);
        let seen = groups.entry(key).or_insert_with(|| vec![0; row.present.len()]);
        let shared = overlap(seen, row.present);
        unite(seen, row.present);
        shared
    })
}
