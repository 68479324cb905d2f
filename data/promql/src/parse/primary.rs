//! What an expression starts with: literals, parentheses, and everything that begins with a word.

use model::parse_duration;

use crate::ast::{ExprKind, NumberLiteral, Span, StringLiteral};
use crate::error::ParseError;
use crate::lex::{Token, TokenKind, unquote};
use crate::number::parse_number;
use crate::parse::{Node, Parser};

/// Words that have a meaning of their own and cannot name a metric.
const RESERVED: [&str; 6] = ["atan2", "bool", "group_left", "group_right", "ignoring", "on"];

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Result<Node, ParseError> {
        let token = self.token();
        match token.kind {
            TokenKind::Number | TokenKind::Duration => {
                let number = self.number_literal()?;
                self.node(ExprKind::Number(number), token.span, 0)
            }
            TokenKind::String => {
                self.bump();
                let literal = self.string_literal(token)?;
                self.node(ExprKind::String(literal), token.span, 0)
            }
            TokenKind::LeftParen => {
                self.bump();
                if self.kind() == TokenKind::RightParen {
                    return Err(self.unexpected("", "an expression between the parentheses"));
                }
                let inner = self.expression(0)?;
                let close = self.expect(TokenKind::RightParen, "", "an operator or `)`")?;
                let depth = inner.depth;
                self.node(
                    ExprKind::Paren(Box::new(inner.expr)),
                    token.span.to(close.span.end),
                    depth,
                )
            }
            TokenKind::LeftBrace => self.selector(None),
            TokenKind::Word => self.word_expression(token),
            TokenKind::Colon => Err(self.unexpected("", "")),
            _ => Err(self.unexpected("", "an expression")),
        }
    }

    fn word_expression(&mut self, token: Token) -> Result<Node, ParseError> {
        let keyword = self.keyword();
        if let Some(value) = parse_number(&keyword) {
            self.bump();
            return self.node(
                ExprKind::Number(NumberLiteral {
                    value,
                    duration: false,
                }),
                token.span,
                0,
            );
        }
        if let Some(op) = self.aggregate_op(&keyword) {
            return self.aggregate(op);
        }
        if self.peek(1).kind == TokenKind::LeftParen && !RESERVED.contains(&keyword.as_str()) {
            return self.call();
        }
        if RESERVED.contains(&keyword.as_str()) {
            return Err(self.unexpected("", "an expression"));
        }
        self.selector(Some(token))
    }

    pub(super) fn number_literal(&mut self) -> Result<NumberLiteral, ParseError> {
        let token = self.bump();
        let text = self.slice(token.span);
        if let Some(value) = parse_number(text) {
            return Ok(NumberLiteral {
                value,
                duration: false,
            });
        }
        match parse_duration(text) {
            Some(ms) => Ok(NumberLiteral {
                value: ms as f64 / 1000.0,
                duration: true,
            }),
            None => Err(ParseError::new(
                token.span,
                format!("bad number or duration syntax: `{text}`"),
            )),
        }
    }

    pub(super) fn string_literal(&self, token: Token) -> Result<StringLiteral, ParseError> {
        let bytes = unquote(self.slice(token.span), token.span)?;
        Ok(match String::from_utf8(bytes) {
            Ok(value) => StringLiteral { value, raw: None },
            Err(error) => {
                let value = String::from_utf8_lossy(error.as_bytes()).into_owned();
                StringLiteral {
                    value,
                    raw: Some(error.into_bytes()),
                }
            }
        })
    }

    /// Reads a string that has to be a name or a label value.
    pub(super) fn utf8_literal(&self, token: Token) -> Result<String, ParseError> {
        let literal = self.string_literal(token)?;
        match literal.raw {
            None => Ok(literal.value),
            Some(_) => Err(ParseError::new(token.span, "string is not valid UTF-8")),
        }
    }

    /// Parses `(a, b, …)` of names, for `by`, `without`, `on`, `ignoring` and `group_*`.
    pub(super) fn label_list(&mut self) -> Result<(Vec<String>, Span), ParseError> {
        let context = "grouping opts";
        let open = self.expect(TokenKind::LeftParen, context, "`(`")?;
        let mut labels = Vec::new();
        loop {
            if self.kind() == TokenKind::RightParen {
                break;
            }
            let token = self.token();
            match token.kind {
                TokenKind::Word => {
                    self.bump();
                    labels.push(self.slice(token.span).to_owned());
                }
                TokenKind::String => {
                    self.bump();
                    let name = self.utf8_literal(token)?;
                    if name.is_empty() {
                        let message = "invalid label name for grouping: \"\"";
                        return Err(ParseError::new(token.span, message));
                    }
                    labels.push(name);
                }
                _ => return Err(self.unexpected(context, "label")),
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        let close = self.expect(TokenKind::RightParen, context, "`,` or `)`")?;
        Ok((labels, open.span.to(close.span.end)))
    }
}
