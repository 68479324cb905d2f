//! Tokens to a typed tree.
//!
//! A Pratt parser: operators bind by [`BinaryOp::precedence`], modifiers (`[…]`, `offset`, `@`) bind tighter than
//! any operator. Types are checked as nodes are built, so an error is always reported at the innermost place.
//! Depth and length are bounded: no text, however made, exhausts the stack of whoever parses, prints, evaluates
//! or drops the tree.

mod aggregate;
mod binary;
mod call;
mod duration;
mod modifier;
mod primary;
mod selector;

use model::Matcher;

use crate::ast::{BinaryOp, Expr, ExprKind, Span, Unary, ValueType};
use crate::error::{ParseError, shorten};
use crate::lex::{Token, TokenKind, tokenize};

/// Longest text that is parsed, in bytes.
pub const MAX_QUERY_BYTES: usize = 1 << 20;

/// Deepest tree that is built; a chain of `n` binary operators is `n` deep.
pub const MAX_DEPTH: usize = 256;

/// Deepest nesting of parentheses, calls and signs; it costs more stack than a chain does.
const MAX_NESTING: usize = 100;

/// What the parser accepts beyond the stable language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Functions and aggregations that Prometheus has behind a flag.
    pub experimental_functions: bool,
    /// `fill`, `fill_left` and `fill_right` on binary operators.
    pub fill_modifiers: bool,
    /// Letters of any script, and dots, in names without quotes.
    pub unquoted_utf8_names: bool,
}

impl Options {
    /// The stable language.
    pub const STABLE: Self = Self {
        experimental_functions: false,
        fill_modifiers: false,
        unquoted_utf8_names: false,
    };
    /// Everything there is.
    pub const EXPERIMENTAL: Self = Self {
        experimental_functions: true,
        fill_modifiers: true,
        unquoted_utf8_names: true,
    };
}

/// Parses and checks an expression.
///
/// # Errors
/// The text is no expression, is ill typed, needs what `options` do not grant, or is larger than
/// [`MAX_QUERY_BYTES`] or deeper than [`MAX_DEPTH`].
pub fn parse(text: &str, options: &Options) -> Result<Expr, ParseError> {
    let mut parser = Parser::new(text, options)?;
    if parser.kind() == TokenKind::End {
        return Err(ParseError::new(Span::default(), "no expression found in input"));
    }
    let expr = parser.expression(0)?.expr;
    parser.expect_end()?;
    Ok(expr)
}

/// Parses a series selector as the HTTP API's `match[]` takes it: `up`, `{job="x"}`.
///
/// # Errors
/// The text is no instant vector selector, or has an offset or `@` modifier.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseError> {
    let expr = parse(text, &Options::STABLE)?;
    match expr.kind {
        ExprKind::Selector(selector) if selector.shift.at.is_none() && selector.shift.offset.is_none() => {
            Ok(selector.matchers)
        }
        _ => Err(ParseError::new(expr.span, "expected a series selector")
            .with_hint("write `metric{label=\"value\"}`")),
    }
}

/// A subtree under construction, with its depth.
struct Node {
    expr: Expr,
    depth: usize,
}

struct Parser<'a> {
    text: &'a str,
    options: &'a Options,
    tokens: Vec<Token>,
    at: usize,
    /// How deep the recursion is.
    nesting: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, options: &'a Options) -> Result<Self, ParseError> {
        if text.len() > MAX_QUERY_BYTES {
            let message = format!(
                "expression is {} bytes long, more than {MAX_QUERY_BYTES}",
                text.len()
            );
            return Err(ParseError::new(Span::default(), message));
        }
        let tokens = tokenize(text, options)?;
        Ok(Self {
            text,
            options,
            tokens,
            at: 0,
            nesting: 0,
        })
    }

    fn token(&self) -> Token {
        self.peek(0)
    }

    fn peek(&self, ahead: usize) -> Token {
        let end = Token {
            kind: TokenKind::End,
            span: Span {
                start: self.text.len(),
                end: self.text.len(),
            },
        };
        self.tokens
            .get(self.at + ahead)
            .or(self.tokens.last())
            .copied()
            .unwrap_or(end)
    }

    fn kind(&self) -> TokenKind {
        self.token().kind
    }

    fn bump(&mut self) -> Token {
        let token = self.token();
        self.at += 1;
        token
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// Returns the current word in lower case, empty if the token is no word.
    fn keyword(&self) -> String {
        match self.token() {
            Token {
                kind: TokenKind::Word,
                span,
            } => self.slice(span).to_ascii_lowercase(),
            _ => String::new(),
        }
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        self.at += usize::from(found);
        found
    }

    fn eat_keyword(&mut self, word: &str) -> bool {
        let found = self.keyword() == word;
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self, context: &str, expected: &str) -> ParseError {
        let token = self.token();
        let found = match token.kind {
            TokenKind::End => "end of input".to_owned(),
            _ => format!("`{}`", shorten(self.slice(token.span))),
        };
        let place = if context.is_empty() {
            String::new()
        } else {
            format!(" in {context}")
        };
        let error = ParseError::new(token.span, format!("unexpected {found}{place}"));
        if expected.is_empty() {
            error
        } else {
            error.with_hint(format!("expected {expected}"))
        }
    }

    fn expect(&mut self, kind: TokenKind, context: &str, expected: &str) -> Result<Token, ParseError> {
        if self.kind() == kind {
            Ok(self.bump())
        } else {
            Err(self.unexpected(context, expected))
        }
    }

    fn expect_end(&self) -> Result<(), ParseError> {
        if self.kind() == TokenKind::End {
            return Ok(());
        }
        let hint = match self.kind() {
            TokenKind::Assign => "an operator; comparisons are written `==`",
            TokenKind::Word => {
                let known = [
                    "and", "or", "unless", "atan2", "offset", "by", "without", "on", "bool",
                ];
                match crate::functions::nearest(&self.keyword(), known) {
                    Some("by" | "without" | "on" | "bool") | None => "an operator",
                    Some(_) => "an operator; check its spelling",
                }
            }
            _ => "",
        };
        Err(self.unexpected("", hint))
    }

    /// Counts a level of recursion for the time of `inner`.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep(self.token().span));
        }
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    fn too_deep(&self, span: Span) -> ParseError {
        ParseError::new(span, "expression is nested too deep")
            .with_hint("split it with recording rules or a regular expression matcher")
    }

    /// Finishes a node above children of the given depth.
    fn node(&self, kind: ExprKind, span: Span, child_depth: usize) -> Result<Node, ParseError> {
        if child_depth >= MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        Ok(Node {
            expr: Expr { kind, span },
            depth: child_depth + 1,
        })
    }

    /// Parses operators that bind at least as tight as `min`.
    fn expression(&mut self, min: u8) -> Result<Node, ParseError> {
        self.nested(|parser| {
            let mut left = parser.operand()?;
            while let Some(op) = parser.binary_op() {
                let precedence = op.precedence();
                if precedence < min {
                    break;
                }
                left = parser.binary(left, op)?;
            }
            Ok(left)
        })
    }

    /// Parses an operand with its modifiers. A sign binds as tight as `*`, so `-a ^ b` is `-(a ^ b)`.
    fn operand(&mut self) -> Result<Node, ParseError> {
        let negative = match self.kind() {
            TokenKind::Sub => true,
            TokenKind::Add => false,
            _ => {
                let primary = self.primary()?;
                return self.modifiers(primary);
            }
        };
        let start = self.bump().span.start;
        let mut inner = self.expression(BinaryOp::Mul.precedence() + 1)?;
        let span = Span {
            start,
            end: inner.expr.span.end,
        };
        if let ExprKind::Number(number) = &mut inner.expr.kind {
            if negative {
                number.value = -number.value;
            }
            inner.expr.span = span;
            return Ok(inner);
        }
        let value_type = inner.expr.value_type();
        if !matches!(value_type, ValueType::Scalar | ValueType::InstantVector) {
            let message = format!(
                "unary expression only allowed on expressions of type scalar or instant vector, got {value_type}"
            );
            return Err(ParseError::new(span, message));
        }
        let depth = inner.depth;
        self.node(
            ExprKind::Unary(Box::new(Unary {
                negative,
                expr: inner.expr,
            })),
            span,
            depth,
        )
    }
}
