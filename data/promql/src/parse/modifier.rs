//! What may follow an operand: `[5m]`, `[1h:5m]`, `offset 5m`, `@ 1600000000`, `anchored`, `smoothed`.

use model::parse_duration;

use crate::ast::{
    AtTime, Boundary, DurationExpr, Expr, ExprKind, MatrixSelector, Selector, Span, Subquery, TimeShift,
    ValueType,
};
use crate::error::ParseError;
use crate::lex::TokenKind;
use crate::number::parse_number;
use crate::parse::{Node, Parser};

impl Parser<'_> {
    pub(super) fn modifiers(&mut self, mut node: Node) -> Result<Node, ParseError> {
        loop {
            match self.kind() {
                TokenKind::LeftBracket => node = self.range(node)?,
                TokenKind::At => self.at_modifier(&mut node.expr)?,
                TokenKind::Word => match self.keyword().as_str() {
                    "offset" => self.offset(&mut node.expr)?,
                    word @ ("anchored" | "smoothed") => {
                        let boundary = if word == "anchored" {
                            Boundary::Anchored
                        } else {
                            Boundary::Smoothed
                        };
                        self.boundary(&mut node.expr, boundary)?;
                    }
                    _ => return Ok(node),
                },
                _ => return Ok(node),
            }
        }
    }

    fn range(&mut self, node: Node) -> Result<Node, ParseError> {
        let open = self.bump();
        let range = self.positive_duration("subquery or range selector")?;
        let (is_subquery, step) = if self.eat(TokenKind::Colon) {
            let given = self.kind() != TokenKind::RightBracket;
            (
                true,
                if given {
                    Some(self.positive_duration("subquery selector")?)
                } else {
                    None
                },
            )
        } else {
            (false, None)
        };
        let expected = if is_subquery { "`]`" } else { "`:` or `]`" };
        let close = self.expect(TokenKind::RightBracket, "subquery or range", expected)?;
        let span = node.expr.span.to(close.span.end);
        let brackets = open.span.to(close.span.end);
        if is_subquery {
            return self.subquery(node, span, (range, step));
        }
        let ExprKind::Selector(selector) = node.expr.kind else {
            return Err(
                ParseError::new(brackets, "ranges only allowed for vector selectors")
                    .with_hint("a subquery has a colon: `[5m:]`"),
            );
        };
        if selector.shift.offset.is_some() {
            return Err(
                ParseError::new(brackets, "no offset modifiers allowed before range")
                    .with_hint("write `metric[5m] offset 1h`"),
            );
        }
        if selector.shift.at.is_some() {
            return Err(ParseError::new(brackets, "no @ modifiers allowed before range")
                .with_hint("write `metric[5m] @ 1600000000`"));
        }
        self.node(
            ExprKind::Matrix(MatrixSelector { selector, range }),
            span,
            node.depth,
        )
    }

    fn subquery(
        &self,
        node: Node,
        span: Span,
        (range, step): (DurationExpr, Option<DurationExpr>),
    ) -> Result<Node, ParseError> {
        let found = node.expr.value_type();
        if found != ValueType::InstantVector {
            let message = format!("subquery is only allowed on instant vector, got {found} instead");
            return Err(ParseError::new(span, message));
        }
        let subquery = Subquery {
            expr: node.expr,
            range,
            step,
            shift: TimeShift::default(),
        };
        self.node(ExprKind::Subquery(Box::new(subquery)), span, node.depth)
    }

    fn offset(&mut self, expr: &mut Expr) -> Result<(), ParseError> {
        let keyword = self.bump();
        let offset = self.offset_duration()?;
        let span = expr.span;
        expr.span.end = offset.span.end;
        let Some(shift) = shift_of(expr) else {
            return Err(ParseError::new(
                keyword.span,
                "offset modifier must be preceded by an instant vector selector or range vector selector or a \
                 subquery",
            ));
        };
        if shift.offset.is_some() {
            return Err(ParseError::new(span, "offset may not be set multiple times"));
        }
        shift.offset = Some(offset);
        Ok(())
    }

    fn at_modifier(&mut self, expr: &mut Expr) -> Result<(), ParseError> {
        let sign = self.bump();
        let (at, end) = self.at_time()?;
        let span = expr.span;
        expr.span.end = end;
        let Some(shift) = shift_of(expr) else {
            return Err(ParseError::new(
                sign.span,
                "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
            ));
        };
        if shift.at.is_some() {
            return Err(ParseError::new(
                span,
                "@ <timestamp> may not be set multiple times",
            ));
        }
        shift.at = Some(at);
        Ok(())
    }

    fn at_time(&mut self) -> Result<(AtTime, usize), ParseError> {
        let word = self.keyword();
        if matches!(word.as_str(), "start" | "end") {
            self.bump();
            self.expect(TokenKind::LeftParen, "@", "`(`")?;
            let close = self.expect(TokenKind::RightParen, "@", "`)`")?;
            return Ok((
                if word == "start" {
                    AtTime::Start
                } else {
                    AtTime::End
                },
                close.span.end,
            ));
        }
        let negative = match self.kind() {
            TokenKind::Sub => true,
            TokenKind::Add => false,
            _ => {
                let (seconds, span) = self.at_seconds()?;
                return Ok((fixed(seconds, span)?, span.end));
            }
        };
        self.bump();
        let (seconds, span) = self.at_seconds()?;
        Ok((fixed(if negative { -seconds } else { seconds }, span)?, span.end))
    }

    fn at_seconds(&mut self) -> Result<(f64, Span), ParseError> {
        let token = self.token();
        let text = self.slice(token.span);
        let seconds = match token.kind {
            TokenKind::Number | TokenKind::Word => parse_number(text),
            TokenKind::Duration => parse_duration(text).map(|ms| ms as f64 / 1000.0),
            _ => None,
        };
        let Some(seconds) = seconds else {
            return Err(self.unexpected("@", "timestamp in seconds, `start()` or `end()`"));
        };
        self.bump();
        Ok((seconds, token.span))
    }

    fn boundary(&mut self, expr: &mut Expr, boundary: Boundary) -> Result<(), ParseError> {
        let word = self.bump();
        let span = expr.span;
        expr.span.end = word.span.end;
        let name = if boundary == Boundary::Anchored {
            "anchored"
        } else {
            "smoothed"
        };
        let selector: &mut Selector = match &mut expr.kind {
            ExprKind::Selector(selector) => selector,
            ExprKind::Matrix(matrix) => &mut matrix.selector,
            ExprKind::Subquery(_) => {
                return Err(ParseError::new(
                    span,
                    format!("{name} modifier is not supported for subqueries"),
                ));
            }
            _ => return Err(ParseError::new(span, format!("{name} modifier not implemented"))),
        };
        if selector.boundary.is_some_and(|other| other != boundary) {
            return Err(ParseError::new(
                span,
                "anchored and smoothed modifiers cannot be used together",
            ));
        }
        selector.boundary = Some(boundary);
        Ok(())
    }
}

fn shift_of(expr: &mut Expr) -> Option<&mut TimeShift> {
    match &mut expr.kind {
        ExprKind::Selector(selector) => Some(&mut selector.shift),
        ExprKind::Matrix(matrix) => Some(&mut matrix.selector.shift),
        ExprKind::Subquery(subquery) => Some(&mut subquery.shift),
        _ => None,
    }
}

fn fixed(seconds: f64, span: Span) -> Result<AtTime, ParseError> {
    let ms = (seconds * 1000.0).round();
    // i64::MAX as a float is one too many.
    if seconds.is_finite() && ms.abs() < i64::MAX as f64 {
        return Ok(AtTime::Fixed(ms as i64));
    }
    Err(ParseError::new(span, "timestamp out of bounds for @ modifier"))
}
