//! A checked expression, made ready for one query.
//!
//! Everything that depends on the query's start, end and step but not on data is settled here: duration
//! expressions become milliseconds, `start()` and its kin become numbers, `@ start()` becomes a time, and what
//! has the same value at every step is marked so that it is evaluated once.

mod lower;
pub(crate) mod narrow;
mod reference;

use model::{Matcher, Millis};

use crate::ast::{AggregateOp, BinaryOp, Boundary, Grouping, Matching, Span, StringLiteral, ValueType};
use crate::functions::FunctionId;

pub(crate) use lower::lower;
pub(crate) use narrow::Keep;
pub(crate) use reference::common_reference;

/// When a query is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon {
    pub(crate) start: Millis,
    pub(crate) end: Millis,
    /// Zero for an instant query.
    pub(crate) step: Millis,
}

/// A node of the plan.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) value_type: ValueType,
}

/// What a node does.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Number(f64),
    Text(StringLiteral),
    /// Evaluated at the first step only; the value holds at all steps.
    Invariant(Box<Node>),
    Selector(SelectorPlan),
    /// A range vector that is the result itself.
    Range(Box<RangePlan>),
    /// A function of one range vector and of scalars.
    Window(Box<WindowPlan>),
    /// Any other function.
    Call(FunctionId, Vec<Node>),
    Aggregate(Box<AggregatePlan>),
    Binary(Box<BinaryPlan>),
    Negate(Box<Node>),
    /// A unary plus: the same values, but no selector any more, so their times are those of the steps.
    Plus(Box<Node>),
}

/// Series at one time each step.
#[derive(Clone, Debug)]
pub(crate) struct SelectorPlan {
    pub(crate) matchers: Vec<Matcher>,
    /// What series of use meet; others may be left out.
    pub(crate) keep: Vec<Keep>,
    pub(crate) offset: Millis,
    pub(crate) at: Option<Millis>,
    pub(crate) boundary: Option<Boundary>,
    pub(crate) detail: Detail,
}

/// How much of a histogram is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// All of it.
    Buckets,
    /// Count and sum; what buckets say about resets goes into the hints as samples are read.
    Totals,
    /// As [`Detail::Totals`], for what looks for resets: series with gauges keep their buckets, since the hint of a gauge
    /// cannot say what they do.
    CounterTotals,
}

/// Series over a range of time each step.
#[derive(Clone, Debug)]
pub(crate) struct RangePlan {
    pub(crate) source: RangeSource,
    pub(crate) range: Millis,
    pub(crate) offset: Millis,
    pub(crate) at: Option<Millis>,
}

impl RangePlan {
    /// Returns how samples around the ends are treated, if not in the usual way.
    pub(crate) fn boundary(&self) -> Option<Boundary> {
        match &self.source {
            RangeSource::Stored { boundary, .. } => *boundary,
            RangeSource::Subquery { .. } => None,
        }
    }
}

/// Where the samples of a range come from.
#[derive(Clone, Debug)]
pub(crate) enum RangeSource {
    Stored {
        matchers: Vec<Matcher>,
        /// What series of use meet; others may be left out.
        keep: Vec<Keep>,
        boundary: Option<Boundary>,
        detail: Detail,
    },
    Subquery {
        node: Node,
        /// The default step if not given.
        step: Option<Millis>,
    },
}

/// A function of a range vector.
#[derive(Clone, Debug)]
pub(crate) struct WindowPlan {
    pub(crate) function: FunctionId,
    /// Name of the function, for messages.
    pub(crate) name: &'static str,
    pub(crate) range: RangePlan,
    pub(crate) range_span: Span,
    /// The other arguments, all scalar, in order.
    pub(crate) args: Vec<Node>,
}

/// An aggregation.
#[derive(Clone, Debug)]
pub(crate) struct AggregatePlan {
    pub(crate) op: AggregateOp,
    pub(crate) grouping: Option<Grouping>,
    pub(crate) param: Option<Node>,
    pub(crate) input: Node,
}

/// A binary operation.
#[derive(Clone, Debug)]
pub(crate) struct BinaryPlan {
    pub(crate) op: BinaryOp,
    pub(crate) left: Node,
    pub(crate) right: Node,
    pub(crate) return_bool: bool,
    pub(crate) matching: Option<Matching>,
    pub(crate) span: Span,
}
