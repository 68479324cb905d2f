//! What is wrong with a query, where, and what to do about it.

use std::fmt;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use model::nearest;

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The query is wrong.
    #[error("{message}")]
    Mistake {
        /// What is wrong.
        message: String,
        /// Where, if it is one place.
        position: Option<Position>,
        /// What to write instead, or where to look.
        hint: Option<String>,
    },
    /// The query would change something.
    #[error("tables are read only here: {what}")]
    ReadOnly {
        /// What it would have done.
        what: String,
    },
    /// It took too long.
    #[error("the query took longer than {seconds} s; narrow it by time")]
    TimedOut {
        /// The bound.
        seconds: u64,
    },
    /// It did not begin in time: others ran all the while.
    #[error(
        "the query did not begin within {seconds} s: {running} others run; try again later, or end some of them"
    )]
    Busy {
        /// The bound on waiting and running.
        seconds: u64,
        /// As many run at once.
        running: usize,
    },
    /// It needs too much.
    #[error(
        "the query needs more memory than there is for queries; narrow it by time or select fewer columns"
    )]
    TooLarge {
        /// What the engine said.
        detail: String,
    },
    /// Stored rows cannot be read.
    #[error("stored rows cannot be read: {reason}")]
    Unreadable {
        /// What happened.
        reason: String,
    },
    /// The lake is closed.
    #[error("the lake is closed")]
    Closed,
}

/// A place in a query; both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl SqlError {
    /// Reads what the query engine says. `tables` are the names that there are.
    pub(super) fn from_engine(error: &DataFusionError, tables: &[&str]) -> Self {
        let diagnostic = error.diagnostic();
        let span = diagnostic.and_then(|diagnostic| diagnostic.span);
        let position = span.map(|span| Position {
            line: span.start.line,
            column: span.start.column,
        });
        match error.find_root() {
            DataFusionError::SQL(parser, _) => {
                let text = strip(&parser.to_string());
                let position = position.or_else(|| position_in(&text));
                Self::mistake(without_position(&text), position, None)
            }
            DataFusionError::SchemaError(schema, _) => schema_mistake(schema, position),
            DataFusionError::Plan(text) if would_write(text) => Self::ReadOnly { what: strip(text) },
            DataFusionError::Plan(text) => {
                let text = strip(text);
                let hint = table_hint(&text, tables);
                Self::mistake(text, position, hint)
            }
            DataFusionError::NotImplemented(text) => Self::mistake(strip(text), position, None),
            DataFusionError::Configuration(text) => Self::mistake(strip(text), position, None),
            DataFusionError::ResourcesExhausted(text) => Self::TooLarge { detail: strip(text) },
            DataFusionError::ParquetError(_)
            | DataFusionError::ObjectStore(_)
            | DataFusionError::IoError(_)
            | DataFusionError::External(_)
            | DataFusionError::ExecutionJoin(_)
            | DataFusionError::Internal(_) => Self::Unreadable {
                reason: strip(&error.to_string()),
            },
            other => Self::mistake(strip(&other.to_string()), position, None),
        }
    }

    /// Makes a mistake.
    pub(super) fn mistake(message: String, position: Option<Position>, hint: Option<String>) -> Self {
        Self::Mistake {
            message,
            position,
            hint,
        }
    }
}

/// Tells whether a plan was refused because it does more than read.
fn would_write(text: &str) -> bool {
    ["DDL", "DML", "Statement"].iter().any(|kind| {
        text.strip_prefix(kind)
            .is_some_and(|rest| rest.starts_with(" not supported"))
    })
}

fn schema_mistake(error: &SchemaError, position: Option<Position>) -> SqlError {
    let SchemaError::FieldNotFound { field, valid_fields } = error else {
        return SqlError::mistake(strip(&error.to_string()), position, None);
    };
    let field_span = field.spans.first().map(|span| Position {
        line: span.start.line,
        column: span.start.column,
    });
    let names: Vec<&str> = valid_fields.iter().map(|field| field.name.as_str()).collect();
    let hint = match nearest(&field.name, names.iter().copied()) {
        Some(near) => Some(format!("did you mean {near}?")),
        None if names.is_empty() => None,
        None => Some(format!("there are {}", names.join(", "))),
    };
    SqlError::mistake(
        format!("there is no column {:?}", field.name),
        position.or(field_span),
        hint,
    )
}

/// Names the tables to who asked for another one.
fn table_hint(text: &str, tables: &[&str]) -> Option<String> {
    let name = text.strip_prefix("table '")?.split_once('\'')?.0;
    let name = name.rsplit('.').next().unwrap_or(name);
    Some(match nearest(name, tables.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("tables are {}; SHOW TABLES lists them", tables.join(", ")),
    })
}

/// Removes the name of the kind of error, and makes one line of it.
fn strip(text: &str) -> String {
    let mut text = text;
    for prefix in [
        "Error during planning: ",
        "sql parser error: ",
        "Execution error: ",
        "SQL error: ",
    ] {
        text = text.strip_prefix(prefix).unwrap_or(text);
    }
    let line = text.lines().next().unwrap_or("").trim_end_matches('.');
    line.to_owned()
}

/// Finds the place in what the parser says.
fn position_in(text: &str) -> Option<Position> {
    let (_, place) = text.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    let digits = |text: &str| {
        text.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .ok()
    };
    Some(Position {
        line: digits(line)?,
        column: digits(column)?,
    })
}

fn without_position(text: &str) -> String {
    let message = text
        .rsplit_once(" at Line: ")
        .map_or(text, |(message, _)| message);
    message.to_owned()
}
