//! Series selectors: `name{label="value"}`, `{"quoted name"}`.

use model::{METRIC_NAME, MatchOp, Matcher};

use crate::ast::{ExprKind, Selector, Span, TimeShift};
use crate::error::{ParseError, shorten};
use crate::lex::{Token, TokenKind};
use crate::parse::{Node, Parser};

const CONTEXT: &str = "label matching";

impl Parser<'_> {
    /// Parses a selector whose name, if it has one, is the current token.
    pub(super) fn selector(&mut self, name: Option<Token>) -> Result<Node, ParseError> {
        let start = self.token().span;
        let mut end = start.end;
        let written = name.map(|token| {
            self.bump();
            self.slice(token.span).to_owned()
        });
        let mut matchers = Vec::new();
        if self.kind() == TokenKind::LeftBrace {
            end = self.matchers(&mut matchers)?.end;
        }
        let span = start.to(end);
        if let Some(name) = &written {
            if let Some(twice) = matchers.iter().find(|m| m.name() == METRIC_NAME) {
                let message = format!(
                    "metric name must not be set twice: {name:?} or {:?}",
                    twice.value()
                );
                return Err(ParseError::new(span, message));
            }
            matchers.push(Matcher::equal(METRIC_NAME, name));
        } else if !self.inside_info() && matchers.iter().all(Matcher::matches_empty) {
            let message = "vector selector must contain at least one non-empty matcher";
            return Err(
                ParseError::new(span, message).with_hint("write `{job=\"…\"}` or `{__name__=~\".+\"}`")
            );
        }
        let selector = Selector {
            name: written,
            matchers,
            shift: TimeShift::default(),
            boundary: None,
        };
        self.node(ExprKind::Selector(selector), span, 0)
    }

    /// Tells whether the selector just parsed is the second argument of `info`, which selects labels.
    fn inside_info(&self) -> bool {
        let mut depth = 0_usize;
        let mut commas = 0;
        for idx in (0..self.at).rev() {
            let Some(token) = self.tokens.get(idx) else {
                return false;
            };
            match token.kind {
                TokenKind::RightParen | TokenKind::RightBrace | TokenKind::RightBracket => depth += 1,
                TokenKind::LeftBrace | TokenKind::LeftBracket => depth = depth.saturating_sub(1),
                TokenKind::LeftParen if depth > 0 => depth -= 1,
                TokenKind::LeftParen => {
                    let before = idx.checked_sub(1).and_then(|i| self.tokens.get(i));
                    return commas == 1 && before.is_some_and(|t| self.slice(t.span) == "info");
                }
                TokenKind::Comma if depth == 0 => commas += 1,
                _ => {}
            }
        }
        false
    }

    fn matchers(&mut self, out: &mut Vec<Matcher>) -> Result<Span, ParseError> {
        let open = self.bump();
        loop {
            if self.kind() == TokenKind::RightBrace {
                break;
            }
            let matcher = self.matcher()?;
            out.push(matcher);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        let close = self.expect(TokenKind::RightBrace, CONTEXT, "`,` or `}`")?;
        Ok(open.span.to(close.span.end))
    }

    fn matcher(&mut self) -> Result<Matcher, ParseError> {
        let token = self.token();
        let name = match token.kind {
            TokenKind::Word => {
                self.bump();
                self.slice(token.span).to_owned()
            }
            TokenKind::String => {
                self.bump();
                let name = self.utf8_literal(token)?;
                if matches!(self.kind(), TokenKind::Comma | TokenKind::RightBrace) {
                    return Ok(Matcher::equal(METRIC_NAME, &name));
                }
                name
            }
            _ => return Err(self.unexpected(CONTEXT, "identifier or `}`")),
        };
        let op = match self.kind() {
            TokenKind::Assign => MatchOp::Equal,
            TokenKind::NotEqual => MatchOp::NotEqual,
            TokenKind::Regex => MatchOp::Regex,
            TokenKind::NotRegex => MatchOp::NotRegex,
            _ => return Err(self.unexpected(CONTEXT, "label matching operator: `=`, `!=`, `=~` or `!~`")),
        };
        self.bump();
        let value_token = self.token();
        if value_token.kind != TokenKind::String {
            return Err(self.unexpected(CONTEXT, "a quoted string"));
        }
        self.bump();
        let value = self.utf8_literal(value_token)?;
        Matcher::new(&name, op, &value).map_err(|error| {
            let reason = error.source.to_string();
            let reason = reason
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            ParseError::new(
                value_token.span,
                format!(
                    "invalid regular expression {:?} for label `{name}`",
                    shorten(&value)
                ),
            )
            .with_hint(reason)
        })
    }
}
