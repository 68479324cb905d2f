//! Function calls: the name must be known, the arguments must fit its row of the table.

use crate::ast::{Call, Expr, ExprKind, Span, ValueType};
use crate::error::{ParseError, shorten};
use crate::functions::{Function, FunctionId, find_function, functions, nearest};
use crate::lex::TokenKind;
use crate::parse::{Node, Parser};

impl Parser<'_> {
    pub(super) fn call(&mut self) -> Result<Node, ParseError> {
        let token = self.bump();
        let written = self.slice(token.span);
        // `STEP()` and its kin are keywords, and keywords have no case.
        let lower = written.to_ascii_lowercase();
        let is_keyword = matches!(
            lower.as_str(),
            "start" | "end" | "step" | "range" | "min_of" | "max_of"
        );
        let name = if is_keyword { lower.as_str() } else { written };
        let Some(function) = find_function(name) else {
            return Err(unknown_function(token.span, written));
        };
        if function.experimental && !self.options.experimental_functions {
            return Err(
                ParseError::new(token.span, format!("function `{name}` is not enabled"))
                    .with_hint("it is experimental and has to be switched on"),
            );
        }
        let (args, depth, close) = self.arguments()?;
        let span = token.span.to(close.end);
        check_arguments(function, &args, span)?;
        self.node(ExprKind::Call(Call { function, args }), span, depth)
    }

    /// Parses `(a, b, …)`; returns the arguments, their depth, and the place of the closing parenthesis.
    pub(super) fn arguments(&mut self) -> Result<(Vec<Expr>, usize, Span), ParseError> {
        self.expect(TokenKind::LeftParen, "", "`(`")?;
        let mut args = Vec::new();
        let mut depth = 0;
        if self.kind() == TokenKind::RightParen {
            return Ok((args, depth, self.bump().span));
        }
        loop {
            let arg = self.expression(0)?;
            depth = depth.max(arg.depth);
            args.push(arg.expr);
            if self.kind() == TokenKind::RightParen {
                return Ok((args, depth, self.bump().span));
            }
            let comma = self.expect(TokenKind::Comma, "", "an operator, `,` or `)`")?;
            if self.kind() == TokenKind::RightParen {
                return Err(ParseError::new(
                    comma.span,
                    "trailing commas not allowed in function call args",
                ));
            }
        }
    }
}

fn unknown_function(span: Span, written: &str) -> ParseError {
    let error = ParseError::new(span, format!("unknown function `{}`", shorten(written)));
    let aggregates = crate::ast::AggregateOp::ALL.iter().map(|(name, _)| *name);
    let names = functions().iter().map(|function| function.name).chain(aggregates);
    match nearest(&written.to_ascii_lowercase(), names) {
        Some(name) => error.with_hint(format!("did you mean `{name}`?")),
        None => error,
    }
}

fn check_arguments(function: &Function, args: &[Expr], span: Span) -> Result<(), ParseError> {
    let (name, n) = (function.name, args.len());
    let wrong = |wanted: String| {
        let message = format!("expected {wanted} argument(s) in call to `{name}`, got {n}");
        Err(ParseError::new(span, message).with_hint(function.signature))
    };
    if n < function.min_args || function.max_args.is_some_and(|max| n > max) {
        return match function.max_args {
            Some(max) if max == function.min_args => wrong(max.to_string()),
            Some(max) if n > max => wrong(format!("at most {max}")),
            _ => wrong(format!("at least {}", function.min_args)),
        };
    }
    for (idx, arg) in args.iter().enumerate() {
        if function.id == FunctionId::Info && idx == 1 {
            check_info_selector(arg)?;
            continue;
        }
        let Some(wanted) = function.arg_type(idx) else {
            continue;
        };
        let found = arg.value_type();
        if found != wanted {
            return Err(wrong_type(function, arg, wanted));
        }
    }
    Ok(())
}

fn wrong_type(function: &Function, arg: &Expr, wanted: ValueType) -> ParseError {
    let found = arg.value_type();
    let message = format!(
        "expected type {wanted} in call to function `{}`, got {found}",
        function.name
    );
    let error = ParseError::new(arg.span, message);
    match (wanted, found, &arg.unwrapped().kind) {
        (ValueType::RangeVector, ValueType::InstantVector, ExprKind::Selector(_)) => {
            error.with_hint(format!(
                "range vector expected in call to {}; write `{arg}[5m]`",
                function.name
            ))
        }
        (ValueType::RangeVector, ValueType::InstantVector, _) => error.with_hint(format!(
            "range vector expected in call to {}; write `(…)[5m:]`",
            function.name
        )),
        (ValueType::InstantVector, ValueType::RangeVector, _) => {
            error.with_hint("remove the range, or apply a function such as `rate` to it")
        }
        (ValueType::InstantVector, ValueType::Scalar, _) => error.with_hint("write `vector(…)`"),
        (ValueType::Scalar, ValueType::InstantVector, _) => error.with_hint("write `scalar(…)`"),
        _ => error,
    }
}

/// The second argument of `info` is a selector that selects labels, so it has no name and may match anything.
fn check_info_selector(arg: &Expr) -> Result<(), ParseError> {
    match &arg.kind {
        ExprKind::Selector(selector) if selector.name.is_none() => Ok(()),
        ExprKind::Selector(_) => Err(ParseError::new(
            arg.span,
            "expected label selectors only, got vector selector instead",
        )),
        _ => Err(ParseError::new(arg.span, "expected label selectors only")),
    }
}
