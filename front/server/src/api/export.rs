//! Samples for other servers: remote read and federation.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::answer::ApiError;

pub(crate) mod federate;
pub(crate) mod read;

/// An answer that is not a success; other servers log its text.
#[derive(Debug)]
struct ExportError {
    status: StatusCode,
    message: String,
}

impl ExportError {
    fn bad_request(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }
}

impl From<ApiError> for ExportError {
    fn from(error: ApiError) -> Self {
        Self {
            status: error.status(),
            message: error.message().to_owned(),
        }
    }
}

impl IntoResponse for ExportError {
    fn into_response(self) -> Response {
        (self.status, self.message + "\n").into_response()
    }
}
