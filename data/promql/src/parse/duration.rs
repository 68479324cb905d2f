//! Lengths of time in brackets and after `offset`: literals and arithmetic.

use crate::ast::{BinaryOp, DurationExpr, DurationKind, NumberLiteral, Span};
use crate::error::ParseError;
use crate::lex::TokenKind;
use crate::parse::Parser;

const EXPECTED: &str = "number, duration, step(), or range()";

/// Longest duration in seconds: what an `i64` of nanoseconds holds.
pub(crate) const MAX_SECONDS: f64 = i64::MAX as f64 / 1e9;

impl Parser<'_> {
    /// Parses the length of a range or the step of a subquery; a literal must be positive.
    pub(super) fn positive_duration(&mut self, context: &str) -> Result<DurationExpr, ParseError> {
        let duration = self.duration(0, context)?;
        if duration.literal().is_some_and(|literal| literal.value <= 0.0) {
            return Err(ParseError::new(duration.span, "duration must be greater than 0"));
        }
        Ok(duration)
    }

    /// Parses what follows `offset`. One operand is taken; arithmetic needs parentheses, because
    /// `metric offset 5m + 1` adds to the metric. After parentheses, operators belong to the offset again.
    pub(super) fn offset_duration(&mut self) -> Result<DurationExpr, ParseError> {
        let parenthesised = self.kind() == TokenKind::LeftParen;
        if parenthesised {
            self.duration(0, "offset")
        } else {
            self.duration_operand("offset", u8::MAX)
        }
    }

    fn duration(&mut self, min: u8, context: &str) -> Result<DurationExpr, ParseError> {
        self.nested(|parser| {
            let mut left = parser.duration_operand(context, BinaryOp::Mul.precedence() + 1)?;
            let mut height = 0;
            while let Some(op) = parser.duration_op() {
                if op.precedence() < min {
                    break;
                }
                height += 1;
                if height > crate::parse::MAX_NESTING {
                    return Err(parser.too_deep(left.span));
                }
                let sign = parser.bump();
                let next = if op == BinaryOp::Pow {
                    op.precedence()
                } else {
                    op.precedence() + 1
                };
                let right = parser.duration(next, context)?;
                let zero = right.literal().is_some_and(|literal| literal.value == 0.0);
                if zero && matches!(op, BinaryOp::Div | BinaryOp::Mod) {
                    let what = if op == BinaryOp::Div { "division" } else { "modulo" };
                    return Err(ParseError::new(sign.span, format!("{what} by zero")));
                }
                let span = left.span.to(right.span.end);
                let kind = DurationKind::Binary(op, Box::new(left), Box::new(right));
                left = DurationExpr { kind, span };
            }
            Ok(left)
        })
    }

    fn duration_op(&self) -> Option<BinaryOp> {
        Some(match self.kind() {
            TokenKind::Add => BinaryOp::Add,
            TokenKind::Sub => BinaryOp::Sub,
            TokenKind::Mul => BinaryOp::Mul,
            TokenKind::Div => BinaryOp::Div,
            TokenKind::Mod => BinaryOp::Mod,
            TokenKind::Pow => BinaryOp::Pow,
            _ => return None,
        })
    }

    /// Parses an operand; after a sign, operators that bind at least as tight as `signed` belong to it.
    fn duration_operand(&mut self, context: &str, signed: u8) -> Result<DurationExpr, ParseError> {
        let token = self.token();
        match token.kind {
            TokenKind::Number | TokenKind::Duration => {
                let literal = self.number_literal()?;
                if literal.value.abs() > MAX_SECONDS {
                    return Err(ParseError::new(token.span, "duration out of range"));
                }
                Ok(DurationExpr {
                    kind: DurationKind::Literal(literal),
                    span: token.span,
                })
            }
            TokenKind::Add | TokenKind::Sub => {
                self.bump();
                let inner = if signed == u8::MAX {
                    self.nested(|parser| parser.duration_operand(context, signed))?
                } else {
                    self.duration(signed, context)?
                };
                let span = token.span.to(inner.span.end);
                Ok(if token.kind == TokenKind::Sub {
                    negated(inner, span)
                } else {
                    DurationExpr { span, ..inner }
                })
            }
            TokenKind::LeftParen => {
                self.bump();
                let inner = self.duration(0, context)?;
                let close = self.expect(TokenKind::RightParen, context, "`)`")?;
                let span = token.span.to(close.span.end);
                Ok(DurationExpr {
                    kind: DurationKind::Paren(Box::new(inner)),
                    span,
                })
            }
            TokenKind::Word => self.duration_word(context),
            _ => Err(self.unexpected(context, EXPECTED)),
        }
    }

    fn duration_word(&mut self, context: &str) -> Result<DurationExpr, ParseError> {
        let word = self.keyword();
        let start = self.token().span;
        if !matches!(word.as_str(), "step" | "range" | "min_of" | "max_of") {
            return Err(self.unexpected(context, EXPECTED));
        }
        self.bump();
        self.expect(TokenKind::LeftParen, context, "`(`")?;
        let kind = match word.as_str() {
            "step" => DurationKind::Step,
            "range" => DurationKind::Range,
            _ => {
                let left = Box::new(self.duration(0, context)?);
                self.expect(TokenKind::Comma, context, "`,`")?;
                let right = Box::new(self.duration(0, context)?);
                if word == "min_of" {
                    DurationKind::MinOf(left, right)
                } else {
                    DurationKind::MaxOf(left, right)
                }
            }
        };
        let close = self.expect(TokenKind::RightParen, context, "`)`")?;
        Ok(DurationExpr {
            kind,
            span: start.to(close.span.end),
        })
    }
}

/// Returns the opposite of a duration; a literal takes the sign in.
fn negated(inner: DurationExpr, span: Span) -> DurationExpr {
    let kind = match inner.kind {
        DurationKind::Literal(literal) => DurationKind::Literal(NumberLiteral {
            value: -literal.value,
            ..literal
        }),
        kind => DurationKind::Negate(Box::new(DurationExpr {
            kind,
            span: inner.span,
        })),
    };
    DurationExpr { kind, span }
}
