//! What is not metrics: SQL over the tables of the lake, and events without SQL.

mod events;
mod sql;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use lake::Lake;
use lake::sql::SqlError;

use super::answer::{ApiError, ErrorKind};
use crate::app::App;

/// The routes of this group.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/sql", get(sql::sql).post(sql::sql))
        .route("/api/v1/sql/tables", get(sql::tables))
        .route("/api/v1/events", get(events::events).post(events::events))
}

/// Returns the lake, if this server has one.
fn lake(app: &App) -> Result<&Arc<Lake>, ApiError> {
    app.sources.lake.as_ref().ok_or_else(|| {
        ApiError::new(ErrorKind::Unavailable, "this server keeps no tables")
            .hint("`periplus up` keeps them beside its store")
    })
}

/// Says why a query has no answer; `query` is empty where nobody wrote it.
fn refusal(error: SqlError, query: &str) -> ApiError {
    match error {
        SqlError::Mistake {
            message,
            position,
            hint,
        } => {
            let answer = match position {
                Some(position) if !query.is_empty() => {
                    let (at, column) = sql::byte_of(query, position);
                    let text = format!("{}:{column}: parse error: {message}", position.line);
                    ApiError::parameter("query", text).position(at, at)
                }
                _ => ApiError::parameter("query", message),
            };
            match hint {
                Some(hint) => answer.hint(hint),
                None => answer,
            }
        }
        SqlError::ReadOnly { .. } => ApiError::new(ErrorKind::BadData, error.to_string())
            .hint("SELECT, EXPLAIN, DESCRIBE and SHOW TABLES are answered"),
        SqlError::TimedOut { .. } | SqlError::Busy { .. } => {
            ApiError::new(ErrorKind::Timeout, error.to_string())
        }
        SqlError::TooLarge { .. } => ApiError::new(ErrorKind::Execution, error.to_string()),
        SqlError::Unreadable { .. } => ApiError::new(ErrorKind::Internal, error.to_string()),
        SqlError::Closed => ApiError::new(ErrorKind::Unavailable, "the server is stopping"),
    }
}

#[cfg(test)]
mod tests;
