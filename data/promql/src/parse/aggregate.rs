//! Aggregations: `sum by (a) (v)`, `sum(v) by (a)`, `topk(3, v)`.

use crate::ast::{Aggregate, AggregateOp, Expr, ExprKind, Grouping, Span, ValueType};
use crate::error::ParseError;
use crate::lex::TokenKind;
use crate::parse::{Node, Parser};

impl Parser<'_> {
    /// Finds the operator if an aggregation begins here; `sum` alone, or `sum{…}`, is a metric.
    pub(super) fn aggregate_op(&self, keyword: &str) -> Option<AggregateOp> {
        let (_, op) = AggregateOp::ALL.iter().find(|(name, _)| *name == keyword)?;
        let next = self.peek(1);
        let by = next.kind == TokenKind::Word
            && matches!(
                self.slice(next.span).to_ascii_lowercase().as_str(),
                "by" | "without"
            );
        (next.kind == TokenKind::LeftParen || by).then_some(*op)
    }

    pub(super) fn aggregate(&mut self, op: AggregateOp) -> Result<Node, ParseError> {
        let start = self.bump().span;
        let mut grouping = self.grouping()?.map(|(grouping, _)| grouping);
        let (mut args, depth, close) = self.arguments()?;
        let mut end = close.end;
        if grouping.is_none()
            && let Some((found, span)) = self.grouping()?
        {
            grouping = Some(found);
            end = span.end;
        }
        let span = start.to(end);
        let name = op.as_str();
        if args.is_empty() {
            return Err(
                ParseError::new(span, "no arguments for aggregate expression provided")
                    .with_hint(format!("write `{name}(…)` around an instant vector")),
            );
        }
        if op.is_experimental() && !self.options.experimental_functions {
            return Err(ParseError::new(span, format!("`{name}` is not enabled"))
                .with_hint("it is experimental and has to be switched on"));
        }
        let wanted = if op.has_param() { 2 } else { 1 };
        if args.len() != wanted {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {}",
                args.len()
            );
            let error = ParseError::new(span, message);
            return Err(match (op.has_param(), args.len()) {
                (true, 1) => error.with_hint(format!("write `{name}(parameter, vector)`")),
                (false, 2) => error.with_hint(format!("`{name}` takes no parameter")),
                _ => error,
            });
        }
        let (Some(expr), param) = (args.pop(), args.pop()) else {
            return Err(ParseError::new(
                span,
                "no arguments for aggregate expression provided",
            ));
        };
        check_types(op, &expr, param.as_ref())?;
        self.node(
            ExprKind::Aggregate(Box::new(Aggregate {
                op,
                grouping,
                param,
                expr,
            })),
            span,
            depth,
        )
    }

    fn grouping(&mut self) -> Result<Option<(Grouping, Span)>, ParseError> {
        let without = match self.keyword().as_str() {
            "by" => false,
            "without" => true,
            _ => return Ok(None),
        };
        self.bump();
        let (labels, span) = self.label_list()?;
        Ok(Some((Grouping { without, labels }, span)))
    }
}

fn check_types(op: AggregateOp, expr: &Expr, param: Option<&Expr>) -> Result<(), ParseError> {
    let check = |expr: &Expr, wanted: ValueType, place: &str| {
        let found = expr.value_type();
        if found == wanted {
            return Ok(());
        }
        let error = ParseError::new(
            expr.span,
            format!("expected type {wanted} in {place}, got {found}"),
        );
        Err(match (wanted, found) {
            (ValueType::InstantVector, ValueType::RangeVector) => {
                error.with_hint("remove the range, or apply a function such as `rate` to it")
            }
            (ValueType::InstantVector, ValueType::Scalar) => error.with_hint("write `vector(…)`"),
            _ => error,
        })
    };
    check(expr, ValueType::InstantVector, "aggregation expression")?;
    if let Some(param) = param {
        let wanted = if op == AggregateOp::CountValues {
            ValueType::String
        } else {
            ValueType::Scalar
        };
        check(param, wanted, "aggregation parameter")?;
    }
    Ok(())
}
