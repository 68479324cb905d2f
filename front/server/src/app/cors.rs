//! Pages of other origins that may ask, if the operator names them.
//!
//! Rules: <https://fetch.spec.whatwg.org/#http-cors-protocol>; the headers are those that Prometheus sends for
//! `web.cors.origin`. Without the setting nothing here has an effect, and such pages are refused.

use axum::http::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use model::Matcher;

const ALLOWED: [(&str, &str); 3] = [
    (
        "access-control-allow-headers",
        "Accept, Authorization, Content-Type, Origin",
    ),
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-expose-headers", "Date"),
];

/// Returns the origin of a request if pages from there may ask.
pub(super) fn allowed_origin(allowed: Option<&Matcher>, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    let matches = allowed?.matches(origin.to_str().ok()?);
    matches.then(|| origin.clone())
}

/// Answers a browser that asks whether it may ask. It shows no token when it does, so this comes before identity.
pub(super) fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let asks = *method == Method::OPTIONS && headers.contains_key("access-control-request-method");
    asks.then(|| StatusCode::NO_CONTENT.into_response())
}

/// Marks an answer that a page of this origin may read.
pub(super) fn mark(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    for (name, value) in ALLOWED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(HeaderName::from_static("access-control-allow-origin"), origin);
    headers.append(VARY, HeaderValue::from_static("Origin"));
    // Otherwise the answer is for pages of this server only.
    headers.remove("cross-origin-resource-policy");
}

#[cfg(test)]
mod tests;
