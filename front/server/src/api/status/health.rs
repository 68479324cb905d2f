//! `/-/…`: health for probes, and what an operator may order: reading the configuration anew, and stopping.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

/// `/-/healthy`: the process answers.
pub(crate) async fn healthy() -> &'static str {
    "Periplus is healthy.\n"
}

/// `/-/ready`: the process answers from its store, and will for now.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "Periplus is stopping.\n");
    }
    (StatusCode::OK, "Periplus is ready.\n")
}

/// `/-/reload`: reads the configuration anew; what is wrong with it is the answer, and the old one stays.
pub(crate) async fn reload(State(app): State<Arc<App>>) -> Response {
    let Some(lifecycle) = app.sources.lifecycle.clone() else {
        return disabled();
    };
    match lifecycle.reload().await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(problem) => {
            let text = format!("failed to reload config: {problem}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

/// `/-/quit`: stops the process as a signal would.
pub(crate) async fn quit(State(app): State<Arc<App>>) -> Response {
    let Some(lifecycle) = &app.sources.lifecycle else {
        return disabled();
    };
    lifecycle.quit();
    "Requesting termination... Goodbye!\n".into_response()
}

/// What a GET of the two above is told.
pub(crate) async fn wrong_method() -> (StatusCode, &'static str) {
    (
        StatusCode::METHOD_NOT_ALLOWED,
        "Only POST or PUT requests allowed\n",
    )
}

fn disabled() -> Response {
    (StatusCode::FORBIDDEN, "Lifecycle API is not enabled.\n").into_response()
}

#[cfg(test)]
mod tests;
