//! The envelope of every answer of the API.
//!
//! Shape and codes are those of the Prometheus HTTP API:
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview>. An error may also carry
//! `position` (bytes of the query to blame) and `hint` (what to do), which clients that do not know them ignore.

pub(crate) mod json;
pub(crate) mod result;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

use self::json::Object;

/// The media type of answers.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// What kind of failure an answer reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The request makes no sense.
    BadData,
    /// The query makes no sense for the data, or hit a bound.
    Execution,
    /// The query took too long.
    Timeout,
    /// The query was given up.
    Canceled,
    /// The server cannot do what it should.
    Internal,
    /// The server cannot do it now.
    Unavailable,
    /// There is no such thing.
    NotFound,
    /// There is such a thing, but not for this method.
    NotAllowed,
    /// The request is larger than allowed.
    TooLarge,
    /// Who asks has not said who they are.
    Unauthorized,
    /// Who asks may not.
    Forbidden,
    /// Too many requests.
    TooMany,
}

impl ErrorKind {
    fn word(self) -> &'static str {
        match self {
            Self::BadData | Self::TooLarge => "bad_data",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::Canceled => "canceled",
            Self::Internal => "internal",
            Self::Unavailable | Self::TooMany => "unavailable",
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_acceptable",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::BadData => StatusCode::BAD_REQUEST,
            Self::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Timeout | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            // Prometheus answers 499 as nginx does; nobody reads it but logs.
            Self::Canceled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// An error as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    position: Option<(usize, usize)>,
    retry_after_seconds: Option<u32>,
}

impl ApiError {
    /// Says what failed.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            position: None,
            retry_after_seconds: None,
        }
    }

    /// Says that a parameter is wrong, in the words of Prometheus.
    pub(crate) fn parameter(name: &str, problem: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorKind::BadData,
            format!("invalid parameter \"{name}\": {problem}"),
        )
    }

    /// Adds what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the bytes of the query to blame.
    pub(crate) fn position(mut self, start: usize, end: usize) -> Self {
        self.position = Some((start, end));
        self
    }

    /// Says when to come back.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Returns the status that goes with it.
    pub(crate) fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// Returns what failed.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the answer as JSON text.
    pub(crate) fn text(&self) -> String {
        let mut out = String::with_capacity(self.message.len() + 96);
        let mut object = Object::new(&mut out);
        object.string("status", "error");
        object.string("errorType", self.kind.word());
        object.string("error", &self.message);
        if let Some((start, end)) = self.position {
            object.object("position").count("start", start).count("end", end);
        }
        if let Some(hint) = &self.hint {
            object.string("hint", hint);
        }
        drop(object);
        out
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = json_response(Body::from(self.text()));
        *response.status_mut() = self.kind.status();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == ErrorKind::Unauthorized {
            const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"periplus\"");
            response
                .headers_mut()
                .insert(HeaderName::from_static("www-authenticate"), CHALLENGE);
        }
        response
    }
}

/// Answers with a JSON body.
pub(crate) fn json_response(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

/// What begins a successful answer; the value of `data` follows, then [`close_success`].
pub(crate) const OPEN_SUCCESS: &str = "{\"status\":\"success\",\"data\":";

/// Remarks that go with a successful answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// Something is wrong with the answer.
    pub(crate) warnings: Vec<String>,
    /// Something may be wrong with the question.
    pub(crate) infos: Vec<String>,
}

/// Writes what ends a successful answer.
pub(crate) fn close_success(out: &mut String, remarks: &Remarks) {
    for (key, remarks) in [("warnings", &remarks.warnings), ("infos", &remarks.infos)] {
        if !remarks.is_empty() {
            out.push_str(",\"");
            out.push_str(key);
            out.push_str("\":");
            json::push_strings(out, remarks);
        }
    }
    out.push('}');
}

/// Answers with data that `write` writes as one JSON value.
pub(crate) fn success(write: impl FnOnce(&mut String)) -> Response {
    success_with(&Remarks::default(), write)
}

/// Answers that it is done, with nothing to say.
pub(crate) fn done() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Answers with data and remarks.
pub(crate) fn success_with(remarks: &Remarks, write: impl FnOnce(&mut String)) -> Response {
    let mut out = String::with_capacity(512);
    out.push_str(OPEN_SUCCESS);
    write(&mut out);
    close_success(&mut out, remarks);
    json_response(Body::from(out))
}
