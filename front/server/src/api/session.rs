//! Signing in and out: a token becomes a cookie that scripts of the page cannot read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HeaderValue, SET_COOKIE};
use axum::response::Response;

use super::answer::{ApiError, ErrorKind, success};
use super::params::read_body;
use crate::app::App;
use crate::identity::{LIFETIME_SECONDS, Peer, SESSION_COOKIE, bearer};

const MAX_BODY_BYTES: usize = 4096;
/// What all cookies of a session have in common. `__Host-` names would say the same but need a new name.
const COOKIE_ATTRIBUTES: &str = "Path=/; HttpOnly; Secure; SameSite=Strict";

/// `POST /api/v1/session` with `{"token":"…"}` or the bearer header: opens a session. On loopback, where no
/// token is needed, it succeeds and opens none.
pub(crate) async fn open(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let peer = request.extensions().get::<Peer>().copied();
    let peer = peer.ok_or_else(|| ApiError::new(ErrorKind::Internal, "connection has no peer"))?;
    let token = token_of(request).await?;
    let session = app.identity.sign_in(&token, app.asker(peer))?;
    let mut response = done();
    if let Some(session) = session {
        let cookie = format!(
            "{SESSION_COOKIE}={}; Max-Age={LIFETIME_SECONDS}; {COOKIE_ATTRIBUTES}",
            session.as_str()
        );
        set_cookie(&mut response, &cookie)?;
    }
    Ok(response)
}

/// `DELETE /api/v1/session`: ends the session.
pub(crate) async fn close(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    app.identity.sign_out(&headers);
    let mut response = done();
    set_cookie(
        &mut response,
        &format!("{SESSION_COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}"),
    )?;
    Ok(response)
}

async fn token_of(request: Request) -> Result<String, ApiError> {
    if request.headers().contains_key(AUTHORIZATION) {
        return Ok(bearer(request.headers()).unwrap_or("").to_owned());
    }
    let body = read_body(request.into_body(), MAX_BODY_BYTES).await?;
    if body.is_empty() {
        return Ok(String::new());
    }
    let value: serde_json::Value = serde_json::from_slice(&body)
        .map_err(|_| ApiError::new(ErrorKind::BadData, "request body is not {\"token\":\"…\"}"))?;
    Ok(value
        .get("token")
        .and_then(serde_json::Value::as_str)
        .unwrap_or("")
        .trim()
        .to_owned())
}

fn done() -> Response {
    success(|out| out.push_str("null"))
}

fn set_cookie(response: &mut Response, cookie: &str) -> Result<(), ApiError> {
    let value = HeaderValue::from_str(cookie)
        .map_err(|_| ApiError::new(ErrorKind::Internal, "cookie cannot be written"))?;
    response.headers_mut().insert(SET_COOKIE, value);
    Ok(())
}
