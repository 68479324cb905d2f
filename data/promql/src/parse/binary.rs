//! Binary operations with their modifiers, and what may stand on their sides.

use crate::ast::{Binary, BinaryOp, Cardinality, ExprKind, Matching, Span, ValueType};
use crate::error::ParseError;
use crate::lex::TokenKind;
use crate::parse::{Node, Parser};

/// Modifiers as written, before it is known whether both sides are vectors.
struct Modifiers {
    return_bool: bool,
    matching: Matching,
    /// Where the operator and its modifiers are.
    span: Span,
}

impl Parser<'_> {
    /// Returns the operator at the current token, if it is one.
    pub(super) fn binary_op(&self) -> Option<BinaryOp> {
        Some(match self.kind() {
            TokenKind::Add => BinaryOp::Add,
            TokenKind::Sub => BinaryOp::Sub,
            TokenKind::Mul => BinaryOp::Mul,
            TokenKind::Div => BinaryOp::Div,
            TokenKind::Mod => BinaryOp::Mod,
            TokenKind::Pow => BinaryOp::Pow,
            TokenKind::Equal => BinaryOp::Equal,
            TokenKind::NotEqual => BinaryOp::NotEqual,
            TokenKind::Less => BinaryOp::Less,
            TokenKind::LessOrEqual => BinaryOp::LessOrEqual,
            TokenKind::Greater => BinaryOp::Greater,
            TokenKind::GreaterOrEqual => BinaryOp::GreaterOrEqual,
            TokenKind::TrimUpper => BinaryOp::TrimUpper,
            TokenKind::TrimLower => BinaryOp::TrimLower,
            TokenKind::Word => match self.keyword().as_str() {
                "and" => BinaryOp::And,
                "or" => BinaryOp::Or,
                "unless" => BinaryOp::Unless,
                "atan2" => BinaryOp::Atan2,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Parses the operator at the current token, its modifiers and its right side.
    pub(super) fn binary(&mut self, left: Node, op: BinaryOp) -> Result<Node, ParseError> {
        let start = self.bump().span;
        let modifiers = self.binary_modifiers(start)?;
        // `^` is right associative: its right side may be another `^`.
        let min = if op == BinaryOp::Pow {
            op.precedence()
        } else {
            op.precedence() + 1
        };
        let right = self.expression(min)?;
        let span = left.expr.span.to(right.expr.span.end);
        let depth = left.depth.max(right.depth);
        let types = (left.expr.value_type(), right.expr.value_type());
        check_sides(&left, &right)?;
        check_bool(op, &modifiers, types)?;
        let matching = check_matching(op, &modifiers, types, span)?;
        let binary = Binary {
            op,
            left: left.expr,
            right: right.expr,
            return_bool: modifiers.return_bool,
            matching,
        };
        self.node(ExprKind::Binary(Box::new(binary)), span, depth)
    }

    fn binary_modifiers(&mut self, start: Span) -> Result<Modifiers, ParseError> {
        let return_bool = self.eat_keyword("bool");
        let mut matching = Matching {
            cardinality: Cardinality::OneToOne,
            on: false,
            labels: Vec::new(),
            include: Vec::new(),
            fill_left: None,
            fill_right: None,
        };
        let mut end = start.end;
        let keyword = self.keyword();
        if matches!(keyword.as_str(), "on" | "ignoring") {
            self.bump();
            matching.on = keyword == "on";
            let (labels, span) = self.label_list()?;
            matching.labels = labels;
            end = span.end;
            let group = self.keyword();
            if matches!(group.as_str(), "group_left" | "group_right") {
                end = self.bump().span.end;
                matching.cardinality = if group == "group_left" {
                    Cardinality::ManyToOne
                } else {
                    Cardinality::OneToMany
                };
                if self.kind() == TokenKind::LeftParen && self.is_label_list() {
                    let (include, span) = self.label_list()?;
                    matching.include = include;
                    end = span.end;
                }
            }
        } else if matches!(keyword.as_str(), "group_left" | "group_right") {
            return Err(self.unexpected("", "`on (…)` or `ignoring (…)` before it"));
        }
        self.fill_modifiers(&mut matching)?;
        Ok(Modifiers {
            return_bool,
            matching,
            span: start.to(end),
        })
    }

    /// Tells whether the parenthesis after `group_left` holds its labels. An LALR parser has no choice but to
    /// take it so; this one looks for the shape, so that the message about a wrong one is about the list.
    fn is_label_list(&self) -> bool {
        matches!(
            self.peek(1).kind,
            TokenKind::Word | TokenKind::String | TokenKind::RightParen
        )
    }

    fn fill_modifiers(&mut self, matching: &mut Matching) -> Result<(), ParseError> {
        loop {
            let keyword = self.keyword();
            let sides = match keyword.as_str() {
                "fill" => (true, true),
                "fill_left" => (true, false),
                "fill_right" => (false, true),
                _ => return Ok(()),
            };
            // A metric may be called `fill`.
            if self.peek(1).kind != TokenKind::LeftParen {
                return Ok(());
            }
            let span = self.token().span;
            if !self.options.fill_modifiers {
                return Err(ParseError::new(
                    span,
                    "binop fill modifiers are experimental and not enabled",
                ));
            }
            let twice =
                (sides.0 && matching.fill_left.is_some()) || (sides.1 && matching.fill_right.is_some());
            if twice {
                return Err(self.unexpected("", "a right side"));
            }
            self.bump();
            let value = self.fill_value()?;
            if sides.0 {
                matching.fill_left = Some(value);
            }
            if sides.1 {
                matching.fill_right = Some(value);
            }
        }
    }

    fn fill_value(&mut self) -> Result<f64, ParseError> {
        self.expect(TokenKind::LeftParen, "fill", "`(`")?;
        let negative = self.kind() == TokenKind::Sub;
        if negative || self.kind() == TokenKind::Add {
            self.bump();
        }
        let word = self.keyword();
        let value = match self.kind() {
            TokenKind::Number | TokenKind::Duration => self.number_literal()?.value,
            TokenKind::Word if matches!(word.as_str(), "nan" | "inf") => {
                self.bump();
                if word == "nan" { f64::NAN } else { f64::INFINITY }
            }
            _ => return Err(self.unexpected("fill", "a number")),
        };
        self.expect(TokenKind::RightParen, "fill", "`)`")?;
        Ok(if negative { -value } else { value })
    }
}

fn check_sides(left: &Node, right: &Node) -> Result<(), ParseError> {
    for side in [left, right] {
        let value_type = side.expr.value_type();
        if matches!(value_type, ValueType::Scalar | ValueType::InstantVector) {
            continue;
        }
        let message = "binary expression must contain only scalar and instant vector types";
        let error = ParseError::new(side.expr.span, message);
        return Err(match value_type {
            ValueType::RangeVector => {
                error.with_hint("remove the range, or apply a function such as `rate` to it")
            }
            _ => error.with_hint(format!("this is a {value_type}")),
        });
    }
    Ok(())
}

fn check_bool(op: BinaryOp, modifiers: &Modifiers, types: (ValueType, ValueType)) -> Result<(), ParseError> {
    if modifiers.return_bool && !op.is_comparison() {
        let message = "bool modifier can only be used on comparison operators";
        return Err(ParseError::new(modifiers.span, message));
    }
    if op.is_comparison() && !modifiers.return_bool && types == (ValueType::Scalar, ValueType::Scalar) {
        let message = "comparisons between scalars must use bool modifier";
        return Err(
            ParseError::new(modifiers.span, message).with_hint(format!("write `{} bool`", op.as_str()))
        );
    }
    Ok(())
}

fn check_matching(
    op: BinaryOp,
    modifiers: &Modifiers,
    types: (ValueType, ValueType),
    span: Span,
) -> Result<Option<Matching>, ParseError> {
    let matching = &modifiers.matching;
    let filled = matching.fill_left.is_some() || matching.fill_right.is_some();
    let fail = |span: Span, message: String| Err(ParseError::new(span, message));
    if matching.on
        && let Some(label) = matching
            .labels
            .iter()
            .find(|label| matching.include.contains(label))
    {
        let message = format!("label {label:?} must not occur in ON and GROUP clause at once");
        return fail(modifiers.span, message);
    }
    let vectors = types == (ValueType::InstantVector, ValueType::InstantVector);
    if !vectors {
        if !matching.labels.is_empty() {
            return fail(
                span,
                "vector matching only allowed between instant vectors".to_owned(),
            );
        }
        if filled {
            return fail(
                span,
                "filling in missing series only allowed between instant vectors".to_owned(),
            );
        }
        if op.is_set() {
            let message = format!(
                "set operator `{}` not allowed in binary scalar expression",
                op.as_str()
            );
            return fail(span, message);
        }
        return Ok(None);
    }
    let mut matching = matching.clone();
    if op.is_set() {
        if matching.cardinality != Cardinality::OneToOne {
            return fail(
                span,
                format!("no grouping allowed for `{}` operation", op.as_str()),
            );
        }
        if filled {
            return fail(
                span,
                "filling in missing series not allowed for set operators".to_owned(),
            );
        }
        matching.cardinality = Cardinality::ManyToMany;
    }
    Ok(Some(matching))
}
