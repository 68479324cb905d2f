//! One object as the API server holds it now.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use cluster::RequestError;

use super::{find, kind_of};
use crate::api::answer::{ApiError, ErrorKind, JSON};
use crate::api::params::Params;
use crate::app::App;

const YAML: HeaderValue = HeaderValue::from_static("application/yaml; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// `GET /api/v1/kubernetes/{cluster}/raw`.
pub(crate) async fn raw(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let cluster = find(&app, &name)?;
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let kind = kind_of(&cluster, &params)?;
    let name = params
        .get("name")
        .ok_or_else(|| ApiError::parameter("name", "the name of the object is missing"))?;
    let namespace = params.get("namespace").unwrap_or("");
    let is_json = match params.get("format") {
        None | Some("yaml") => false,
        Some("json") => true,
        Some(other) => {
            let error = ApiError::parameter("format", format_args!("{other:?} is none"));
            return Err(error.hint("use yaml or json"));
        }
    };
    let object = cluster.raw(&kind, namespace, name).await.map_err(refused)?;
    let (text, media) = if is_json {
        (serde_json::to_string_pretty(&object).map_err(internal)?, JSON)
    } else {
        (serde_saphyr::to_string(&object).map_err(internal)?, YAML)
    };
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, media);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    Ok(response)
}

fn internal(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(
        ErrorKind::Internal,
        format!("the object cannot be written: {error}"),
    )
}

fn refused(error: RequestError) -> ApiError {
    let kind = match error.code() {
        Some(404) => ErrorKind::NotFound,
        Some(403) => ErrorKind::Forbidden,
        _ => ErrorKind::Unavailable,
    };
    ApiError::new(kind, model::with_causes(&error))
}
