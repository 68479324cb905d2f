//! The time that all selectors below a node refer to.

use model::Millis;

use crate::ast::ValueType;
use crate::functions::FunctionId;
use crate::plan::{Kind, Node, RangePlan, RangeSource};

/// `@` and offset of a selector, those of subqueries around it included.
type Reference = (Option<Millis>, Millis);

/// Returns `@` and offset if all selectors below a node agree on them and every vector below it comes from a
/// selector; `info` then looks for info series at the same time.
pub(crate) fn common_reference(node: &Node) -> Option<Reference> {
    let mut search = Search {
        found: Vec::new(),
        constant: false,
    };
    search.node(node, &mut Vec::new());
    let first = *search.found.first()?;
    let uniform = !search.constant && search.found.iter().all(|other| same_time(first, *other));
    uniform.then_some(first)
}

fn same_time(a: Reference, b: Reference) -> bool {
    match (a, b) {
        ((None, x), (None, y)) => x == y,
        ((Some(s), x), (Some(t), y)) => s.saturating_sub(x) == t.saturating_sub(y),
        _ => false,
    }
}

struct Search {
    found: Vec<Reference>,
    /// Whether a vector without any selector was met.
    constant: bool,
}

impl Search {
    /// Visits a node; `around` holds the subqueries it is in, the innermost last. Tells whether it has selectors.
    fn node(&mut self, node: &Node, around: &mut Vec<Reference>) -> bool {
        if matches!(node.value_type, ValueType::Scalar | ValueType::String) {
            return false;
        }
        let has = match &node.kind {
            Kind::Selector(plan) => {
                self.add((plan.at, plan.offset), around);
                return true;
            }
            Kind::Invariant(inner) | Kind::Negate(inner) | Kind::Plus(inner) => self.node(inner, around),
            Kind::Range(range) => self.range(range, around),
            Kind::Window(window) => self.range(&window.range, around),
            Kind::Call(FunctionId::Info, args) => args.first().is_some_and(|arg| self.node(arg, around)),
            Kind::Call(_, args) => {
                let with_selectors = args.iter().filter(|arg| self.node(arg, around));
                with_selectors.count() > 0
            }
            Kind::Aggregate(plan) => self.node(&plan.input, around),
            Kind::Binary(plan) => {
                let left = self.node(&plan.left, around);
                self.node(&plan.right, around) || left
            }
            Kind::Number(_) | Kind::Text(_) => false,
        };
        self.constant |= !has;
        has
    }

    fn range(&mut self, plan: &RangePlan, around: &mut Vec<Reference>) -> bool {
        match &plan.source {
            RangeSource::Stored { .. } => {
                self.add((plan.at, plan.offset), around);
                true
            }
            RangeSource::Subquery { node, .. } => {
                around.push((plan.at, plan.offset));
                let has = self.node(node, around);
                around.pop();
                has
            }
        }
    }

    fn add(&mut self, (mut at, mut offset): Reference, around: &[Reference]) {
        for (outer_at, outer_offset) in around.iter().rev() {
            if at.is_some() {
                break;
            }
            offset += outer_offset;
            at = *outer_at;
        }
        self.found.push((at, offset));
    }
}
