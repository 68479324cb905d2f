//! The web page, embedded.
//!
//! The files are those of `front/ui/dist`: text assets have a compressed twin (`NAME.gz`) that is sent as it is.
//! Assets carry a hash in their name and are cached forever; everything else is asked for again with its tag.
//! Unknown paths are routes of the page and get `index.html`.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH,
    VARY,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use crate::api::answer::{ApiError, ErrorKind};

/// Shown where the page is not built in.
const PLACEHOLDER: &str = include_str!("../../ui/dist/placeholder.html");
const INDEX: &str = "index.html";
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// An embedded file.
struct File {
    data: Cow<'static, [u8]>,
    /// Quoted, as in the header.
    tag: String,
}

/// Answers with a file of the page.
pub(crate) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Response {
    if path.starts_with("/api/") || path.starts_with("/-/") {
        return ApiError::new(ErrorKind::NotFound, format!("no such endpoint: {path}")).into_response();
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = ApiError::new(ErrorKind::NotAllowed, "the page is read with GET").into_response();
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let name = path.trim_start_matches('/');
    let is_asset = name.starts_with("assets/");
    let name = if is_asset || is_file(name) { name } else { INDEX };
    let compressed = accepts_gzip(headers)
        .then(|| find(&format!("{name}.gz")))
        .flatten();
    let encoded = compressed.is_some();
    match compressed.or_else(|| find(name)) {
        Some(file) => file_response(name, file, encoded, headers),
        None if is_asset => (StatusCode::NOT_FOUND, "no such asset\n").into_response(),
        None => html(Body::from(PLACEHOLDER)),
    }
}

/// Tells whether a name is that of a file that is served as itself.
fn is_file(name: &str) -> bool {
    !name.is_empty() && !name.ends_with(".gz") && find(name).is_some()
}

fn file_response(name: &str, file: File, encoded: bool, headers: &HeaderMap) -> Response {
    let known = headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|tags| tags.split(',').any(|tag| tag.trim() == file.tag))
    });
    let body = match file.data {
        _ if known => Body::empty(),
        Cow::Borrowed(data) => Body::from(Bytes::from_static(data)),
        Cow::Owned(data) => Body::from(data),
    };
    let mut response = Response::new(body);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    out.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if encoded {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(tag) = HeaderValue::from_str(&file.tag) {
        out.insert(ETAG, tag);
    }
    let caching = if name.starts_with("assets/") {
        FOREVER
    } else {
        ASK_AGAIN
    };
    out.insert(CACHE_CONTROL, caching);
    response
}

fn html(body: Body) -> Response {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type(INDEX)));
    response.headers_mut().insert(CACHE_CONTROL, ASK_AGAIN);
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut values = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.any(|value| {
        value.split(',').any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            name.trim() == "gzip" && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(feature = "ui")]
fn find(name: &str) -> Option<File> {
    let file = Files::get(name)?;
    let hash = file.metadata.sha256_hash();
    let half = hash.get(..16).unwrap_or_default();
    Some(File {
        data: file.data,
        tag: format!("\"{}\"", crate::identity::hex(half)),
    })
}

#[cfg(not(feature = "ui"))]
fn find(_name: &str) -> Option<File> {
    None
}

/// The files of the page.
#[cfg(feature = "ui")]
#[derive(rust_embed::RustEmbed)]
#[folder = "../ui/dist"]
struct Files;

#[cfg(test)]
mod tests;
