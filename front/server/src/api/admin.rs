//! `/api/v1/admin/tsdb/…`: deleting and copying what the store holds, for operators who enabled it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use store::StoreError;

use super::answer::json::Object;
use super::answer::{ApiError, ErrorKind, done, success};
use super::params::Params;
use crate::app::App;

/// `/api/v1/admin/tsdb/delete_series`: deletes the samples of the series that match, in a span of time.
pub(crate) async fn delete_series(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    check_enabled(&app)?;
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let sets = params.all("match[]").map(|text| {
        promql::parse_selector(text).map_err(|error| {
            ApiError::parameter("match[]", error.text(text)).position(error.span.start, error.span.end)
        })
    });
    let sets = sets.collect::<Result<Vec<_>, _>>()?;
    if sets.is_empty() {
        return Err(ApiError::new(ErrorKind::BadData, "no match[] parameter provided"));
    }
    let range = params.range()?;
    let store = Arc::clone(&app.sources.store);
    run(move || store.delete_series(&sets, range)).await?;
    Ok(done())
}

/// `/api/v1/admin/tsdb/clean_tombstones`: frees the disk space of what was deleted.
pub(crate) async fn clean_tombstones(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    check_enabled(&app)?;
    let store = Arc::clone(&app.sources.store);
    run(move || store.clean_tombstones()).await?;
    Ok(done())
}

/// `/api/v1/admin/tsdb/snapshot`: makes a copy of the store under `snapshots/` of its folder.
pub(crate) async fn snapshot(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    check_enabled(&app)?;
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let skip_head = params.boolean("skip_head")?.unwrap_or(false);
    let store = Arc::clone(&app.sources.store);
    let name = run(move || store.snapshot(skip_head)).await?;
    Ok(success(|out| {
        Object::new(out).string("name", &name);
    }))
}

fn check_enabled(app: &App) -> Result<(), ApiError> {
    if app.config.enable_admin_api {
        return Ok(());
    }
    Err(ApiError::new(ErrorKind::Unavailable, "admin APIs disabled")
        .hint("they are enabled when the server is started"))
}

/// Runs to the end whether or not the client waits: half an order is worse than one whose answer nobody reads.
async fn run<T: Send + 'static>(
    order: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    let ran = tokio::task::spawn_blocking(order).await;
    let ran = ran.map_err(|error| {
        tracing::error!(%error, "an order to the store failed inside");
        ApiError::new(ErrorKind::Internal, "the server failed at this request")
    })?;
    ran.map_err(|error| ApiError::new(ErrorKind::Internal, model::with_causes(&error)))
}

#[cfg(test)]
mod tests;
