//! What can go wrong, in the words of the field.
//!
//! Texts follow Prometheus where it has one, because people search for them; parse errors add a hint.

use std::fmt;

use model::QueryError;

use crate::ast::Span;

/// Why a text is not a PromQL expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong, without position.
    pub message: String,
    /// What to write instead, if that is known.
    pub hint: Option<String>,
    /// The bytes of the text that are to blame.
    pub span: Span,
}

impl ParseError {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            span,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the text of the Prometheus HTTP API: `line:column: parse error: message (hint)`.
    pub fn text(&self, query: &str) -> String {
        format!("{}: parse error: {self}", self.span.position(query))
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}

/// Shortens a piece of the text so that a message stays readable.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// Why an evaluation was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Nobody waits for the answer any more.
    Cancelled,
    /// The time allowed is over.
    TimedOut,
}

/// Why an expression has no value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EvalError {
    /// More samples than allowed would be in memory at once.
    #[error("query processing would load too many samples into memory in query execution (limit {limit})")]
    TooManySamples {
        /// The bound.
        limit: usize,
    },
    /// A range query asks for too many steps.
    #[error(
        "exceeded maximum resolution of {limit} points per timeseries; decrease the query resolution (?step=XX)"
    )]
    TooManyPoints {
        /// The bound.
        limit: usize,
    },
    /// The caller gave up.
    #[error("query was canceled in expression evaluation")]
    Cancelled,
    /// The caller's time is over.
    #[error("query timed out in expression evaluation")]
    Timeout,
    /// The store cannot deliver.
    #[error(transparent)]
    Storage(#[from] QueryError),
    /// The expression has no meaning for these data or parameters.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
    },
}

impl EvalError {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
        }
    }
}

impl From<Interrupt> for EvalError {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Cancelled => Self::Cancelled,
            Interrupt::TimedOut => Self::Timeout,
        }
    }
}
