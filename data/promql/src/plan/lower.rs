//! Tree to plan.

use model::Millis;

use crate::ast::{
    Aggregate, AggregateOp, AtTime, Binary, BinaryOp, Call, DurationExpr, DurationKind, Expr, ExprKind,
    Selector, Subquery, TimeShift, ValueType,
};
use crate::error::EvalError;
use crate::functions::FunctionId;
use crate::plan::{
    AggregatePlan, BinaryPlan, Detail, Horizon, Kind, Node, RangePlan, RangeSource, SelectorPlan, WindowPlan,
    common_reference,
};

/// Longest duration that Prometheus can hold, in seconds.
const MAX_SECONDS: f64 = i64::MAX as f64 / 1e9;

/// Makes an expression ready for a query.
///
/// # Errors
/// A duration expression has no usable value.
pub(crate) fn lower(expr: &Expr, horizon: &Horizon) -> Result<Node, EvalError> {
    let lowerer = Lowerer {
        horizon: *horizon,
        totals_suffice: false,
        buckets_needed: false,
        finds_resets: false,
    };
    let lowered = lowerer.expr(expr)?;
    Ok(if lowered.wrap {
        invariant(lowered.node)
    } else {
        lowered.node
    })
}

/// A node, and whether its value is the same at every step.
struct Lowered {
    node: Node,
    invariant: bool,
    /// Whether it pays to mark it; constants are cheap as they are, and a range vector is not evaluated alone.
    wrap: bool,
}

fn invariant(node: Node) -> Node {
    Node {
        span: node.span,
        value_type: node.value_type,
        kind: Kind::Invariant(Box::new(node)),
    }
}

/// Lowers nodes below others.
#[derive(Clone, Copy)]
struct Lowerer {
    horizon: Horizon,
    /// Something above takes only counts and sums from histograms.
    totals_suffice: bool,
    /// Something above looks at their buckets.
    buckets_needed: bool,
    /// The function right above looks for resets.
    finds_resets: bool,
}

impl Lowerer {
    /// How much of a histogram the nodes above look at.
    fn detail(&self) -> Detail {
        if self.buckets_needed || !self.totals_suffice {
            Detail::Buckets
        } else if self.finds_resets {
            Detail::CounterTotals
        } else {
            Detail::Totals
        }
    }

    fn needing_buckets(&self, needed: bool) -> Self {
        Self {
            buckets_needed: self.buckets_needed || needed,
            ..*self
        }
    }

    fn below_call(&self, function: FunctionId) -> Self {
        use FunctionId as F;
        let totals = matches!(
            function,
            F::HistogramCount
                | F::HistogramSum
                | F::HistogramAvg
                | F::Timestamp
                | F::StartTimestamp
                | F::Absent
        );
        let buckets = matches!(
            function,
            F::HistogramQuantile
                | F::HistogramQuantiles
                | F::HistogramFraction
                | F::HistogramStddev
                | F::HistogramStdvar
                | F::Changes
        );
        Self {
            totals_suffice: self.totals_suffice || totals,
            finds_resets: matches!(function, F::Rate | F::Increase | F::Irate | F::Resets),
            ..self.needing_buckets(buckets)
        }
    }

    fn expr(&self, expr: &Expr) -> Result<Lowered, EvalError> {
        let value_type = expr.value_type();
        let leaf = |kind, invariant, wrap| {
            Ok(Lowered {
                node: Node {
                    kind,
                    span: expr.span,
                    value_type,
                },
                invariant,
                wrap,
            })
        };
        match &expr.kind {
            ExprKind::Number(number) => leaf(Kind::Number(number.value), true, false),
            ExprKind::String(string) => leaf(Kind::Text(string.clone()), true, false),
            ExprKind::Selector(selector) => {
                let plan = self.selector(selector)?;
                let fixed = plan.at.is_some();
                leaf(Kind::Selector(plan), fixed, fixed)
            }
            ExprKind::Matrix(_) | ExprKind::Subquery(_) => {
                let (range, fixed) = self.range(expr)?;
                leaf(Kind::Range(Box::new(range)), fixed, false)
            }
            ExprKind::Call(call) => self.call(call, expr),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate, expr),
            ExprKind::Binary(binary) => self.binary(binary, expr),
            ExprKind::Unary(unary) => {
                let inner = self.expr(&unary.expr)?;
                let sign = if unary.negative { Kind::Negate } else { Kind::Plus };
                let node = Node {
                    kind: sign(Box::new(inner.node)),
                    span: expr.span,
                    value_type,
                };
                Ok(Lowered { node, ..inner })
            }
            ExprKind::Paren(inner) => {
                // The place of the parentheses stays: annotations of operators point at their left side.
                let mut lowered = self.expr(inner)?;
                lowered.node.span = expr.span;
                Ok(lowered)
            }
        }
    }

    fn selector(&self, selector: &Selector) -> Result<SelectorPlan, EvalError> {
        let (offset, at) = self.shift(&selector.shift)?;
        Ok(SelectorPlan {
            matchers: selector.matchers.clone(),
            keep: Vec::new(),
            offset,
            at,
            boundary: selector.boundary,
            detail: self.detail(),
        })
    }

    /// Lowers a range vector, which may have parentheses around it; tells whether `@` fixes it.
    fn range(&self, expr: &Expr) -> Result<(RangePlan, bool), EvalError> {
        match &expr.unwrapped().kind {
            ExprKind::Matrix(matrix) => {
                let (offset, at) = self.shift(&matrix.selector.shift)?;
                let range = self.duration(&matrix.range, Sign::Positive)?;
                let source = RangeSource::Stored {
                    matchers: matrix.selector.matchers.clone(),
                    keep: Vec::new(),
                    boundary: matrix.selector.boundary,
                    detail: self.detail(),
                };
                Ok((
                    RangePlan {
                        source,
                        range,
                        offset,
                        at,
                    },
                    at.is_some(),
                ))
            }
            ExprKind::Subquery(subquery) => self.subquery(subquery),
            _ => Err(EvalError::invalid("range vector expected")),
        }
    }

    fn subquery(&self, subquery: &Subquery) -> Result<(RangePlan, bool), EvalError> {
        let (offset, at) = self.shift(&subquery.shift)?;
        let range = self.duration(&subquery.range, Sign::Positive)?;
        let step = match &subquery.step {
            Some(step) => Some(self.duration(step, Sign::Positive)?),
            None => None,
        };
        // What lies between the samples of a subquery is not seen, so buckets are needed to find resets.
        let inner = self.needing_buckets(true).expr(&subquery.expr)?;
        let node = if inner.invariant {
            invariant(inner.node)
        } else {
            inner.node
        };
        Ok((
            RangePlan {
                source: RangeSource::Subquery { node, step },
                range,
                offset,
                at,
            },
            at.is_some(),
        ))
    }

    fn call(&self, call: &Call, expr: &Expr) -> Result<Lowered, EvalError> {
        let (function, name) = (call.function.id, call.function.name);
        let value_type = call.function.returns;
        let node = |kind| Node {
            kind,
            span: expr.span,
            value_type,
        };
        if let Some(number) = self.query_context(function) {
            return Ok(Lowered {
                node: node(Kind::Number(number)),
                invariant: true,
                wrap: false,
            });
        }
        let mut all_invariant = !depends_on_time(function);
        let mut fixed_timestamp = function == FunctionId::Timestamp;
        let mut args: Vec<Lowered> = Vec::with_capacity(call.args.len());
        let mut range = None;
        let below = self.below_call(function);
        for arg in &call.args {
            let arg = arg.unwrapped();
            if arg.value_type() == ValueType::RangeVector {
                let (plan, fixed) = below.range(arg)?;
                range = Some((plan, arg.span));
                all_invariant &= fixed;
                fixed_timestamp = false;
                continue;
            }
            let mut lowered = below.expr(arg)?;
            if function == FunctionId::Info && !args.is_empty() {
                // The second argument is a pattern, not a vector.
                lowered.wrap = false;
                args.push(lowered);
                continue;
            }
            if function == FunctionId::Info {
                all_invariant &= common_reference(&lowered.node).is_some();
            }
            all_invariant &= lowered.invariant;
            fixed_timestamp &= lowered.invariant && matches!(lowered.node.kind, Kind::Selector(_));
            args.push(lowered);
        }
        let whole = all_invariant || fixed_timestamp;
        let args = args
            .into_iter()
            .map(|arg| {
                if arg.wrap && !whole {
                    invariant(arg.node)
                } else {
                    arg.node
                }
            })
            .collect();
        let kind = match range {
            Some((range, range_span)) => Kind::Window(Box::new(WindowPlan {
                function,
                name,
                range,
                range_span,
                args,
            })),
            None => Kind::Call(function, args),
        };
        Ok(Lowered {
            node: node(kind),
            invariant: whole,
            wrap: whole,
        })
    }

    /// Returns the value of the functions that ask about the query itself.
    fn query_context(&self, function: FunctionId) -> Option<f64> {
        let Horizon { start, end, step } = self.horizon;
        Some(match function {
            FunctionId::Start => start as f64 / 1000.0,
            FunctionId::End => end as f64 / 1000.0,
            FunctionId::Range => end.saturating_sub(start) as f64 / 1000.0,
            FunctionId::Step if start == end => 0.0,
            FunctionId::Step => step as f64 / 1000.0,
            _ => return None,
        })
    }

    fn aggregate(&self, aggregate: &Aggregate, expr: &Expr) -> Result<Lowered, EvalError> {
        let below = self.needing_buckets(aggregate.op == AggregateOp::CountValues);
        let input = below.expr(aggregate.expr.unwrapped())?;
        let param = match &aggregate.param {
            Some(param) => Some(self.expr(param.unwrapped())?),
            None => None,
        };
        let whole = input.invariant && param.as_ref().is_none_or(|param| param.invariant);
        let settle = |lowered: Lowered| {
            if lowered.wrap && !whole {
                invariant(lowered.node)
            } else {
                lowered.node
            }
        };
        let plan = AggregatePlan {
            op: aggregate.op,
            grouping: aggregate.grouping.clone(),
            param: param.map(settle),
            input: settle(input),
        };
        let node = Node {
            kind: Kind::Aggregate(Box::new(plan)),
            span: expr.span,
            value_type: ValueType::InstantVector,
        };
        Ok(Lowered {
            node,
            invariant: whole,
            wrap: whole,
        })
    }

    fn binary(&self, binary: &Binary, expr: &Expr) -> Result<Lowered, EvalError> {
        let compares = matches!(binary.op, BinaryOp::Equal | BinaryOp::NotEqual);
        let below = self.needing_buckets(binary.op.is_trim() || compares);
        let left = below.expr(&binary.left)?;
        let right = below.expr(&binary.right)?;
        let whole = left.invariant && right.invariant;
        let settle = |lowered: Lowered| {
            if lowered.wrap && !whole {
                invariant(lowered.node)
            } else {
                lowered.node
            }
        };
        let plan = BinaryPlan {
            op: binary.op,
            left: settle(left),
            right: settle(right),
            return_bool: binary.return_bool,
            matching: binary.matching.clone(),
            span: expr.span,
        };
        let node = Node {
            kind: Kind::Binary(Box::new(plan)),
            span: expr.span,
            value_type: expr.value_type(),
        };
        Ok(Lowered {
            node,
            invariant: whole,
            wrap: whole,
        })
    }

    fn shift(&self, shift: &TimeShift) -> Result<(Millis, Option<Millis>), EvalError> {
        let offset = match &shift.offset {
            Some(offset) => self.duration(offset, Sign::Any)?,
            None => 0,
        };
        let at = shift.at.map(|at| match at {
            AtTime::Fixed(ms) => ms,
            AtTime::Start => self.horizon.start,
            AtTime::End => self.horizon.end,
        });
        Ok((offset, at))
    }

    fn duration(&self, duration: &DurationExpr, sign: Sign) -> Result<Millis, EvalError> {
        let place = format!("{}:{}", duration.span.start, duration.span.end);
        let fail = |what: &str| Err(EvalError::invalid(format!("{place}: {what}")));
        if let Some(literal) = duration.literal() {
            // Literals are rounded to nanoseconds, then cut to milliseconds.
            return Ok(((literal.value * 1e9).round() / 1e6) as Millis);
        }
        let seconds = self.seconds(duration)?;
        if !seconds.is_finite() {
            return fail("duration is NaN or infinite");
        }
        if seconds <= 0.0 && matches!(sign, Sign::Positive) {
            return fail("duration must be greater than 0");
        }
        if seconds.abs() > MAX_SECONDS {
            return fail("duration is out of range");
        }
        Ok((seconds * 1000.0) as Millis)
    }

    fn seconds(&self, duration: &DurationExpr) -> Result<f64, EvalError> {
        Ok(match &duration.kind {
            DurationKind::Literal(literal) => literal.value,
            DurationKind::Step => self.horizon.step as f64 / 1000.0,
            DurationKind::Range => self.horizon.end.saturating_sub(self.horizon.start) as f64 / 1000.0,
            DurationKind::Negate(inner) => -self.seconds(inner)?,
            DurationKind::Paren(inner) => self.seconds(inner)?,
            DurationKind::MinOf(left, right) => self.seconds(left)?.min(self.seconds(right)?),
            DurationKind::MaxOf(left, right) => self.seconds(left)?.max(self.seconds(right)?),
            DurationKind::Binary(op, left, right) => {
                let (left, right) = (self.seconds(left)?, self.seconds(right)?);
                let fail = |what: &str| {
                    let span = duration.span;
                    Err(EvalError::invalid(format!(
                        "{}:{}: {what} by zero",
                        span.start, span.end
                    )))
                };
                match op {
                    BinaryOp::Add => left + right,
                    BinaryOp::Sub => left - right,
                    BinaryOp::Mul => left * right,
                    BinaryOp::Div if right == 0.0 => return fail("division"),
                    BinaryOp::Div => left / right,
                    BinaryOp::Mod if right == 0.0 => return fail("modulo"),
                    BinaryOp::Mod => left % right,
                    _ => left.powf(right),
                }
            }
        })
    }
}

/// Which durations are allowed.
#[derive(Clone, Copy)]
enum Sign {
    Any,
    Positive,
}

/// Functions whose value changes with the evaluation time even if their arguments do not.
fn depends_on_time(function: FunctionId) -> bool {
    use FunctionId as F;
    matches!(
        function,
        F::DaysInMonth
            | F::DayOfMonth
            | F::DayOfWeek
            | F::DayOfYear
            | F::Hour
            | F::Minute
            | F::Month
            | F::Year
            | F::PredictLinear
            | F::Time
            | F::Timestamp
    )
}
