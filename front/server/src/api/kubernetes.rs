//! `/api/v1/kubernetes`: what is known of clusters. What is well and what is not is [`cluster::health`]'s to say; here it
//! is asked and written down. Shapes are described in docs/api.md.

mod clusters;
mod nodes;
mod objects;
mod part;
mod pods;
mod raw;
mod search;
mod workloads;
mod write;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use cluster::ClusterHandle;
use cluster::objects::Kind;
use tokio::task::spawn_blocking;

pub(crate) use self::raw::raw;
use super::answer::{ApiError, ErrorKind, success};
use super::params::Params;
use crate::app::App;
use crate::sources::Sources;

/// `GET /api/v1/kubernetes/clusters`.
pub(crate) async fn clusters(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    aside(move || {
        let Sources {
            clusters, scraping, ..
        } = &app.sources;
        let targets = |pool: &str| {
            let found = scraping.as_ref().map(|scraping| scraping.targets(pool));
            found.unwrap_or_default()
        };
        Ok(success(|out| clusters::write(clusters, &targets, out)))
    })
    .await
}

/// `GET /api/v1/kubernetes/{cluster}/nodes`.
pub(crate) async fn nodes(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let cluster = find(&app, &name)?;
    aside(move || Ok(success(|out| nodes::write(&cluster, out)))).await
}

/// `GET /api/v1/kubernetes/{cluster}/workloads`.
pub(crate) async fn workloads(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    asked(app, &name, request, workloads::answer).await
}

/// `GET /api/v1/kubernetes/{cluster}/pods`.
pub(crate) async fn pods(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    asked(app, &name, request, pods::answer).await
}

/// `GET /api/v1/kubernetes/{cluster}/objects`.
pub(crate) async fn objects(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    asked(app, &name, request, objects::answer).await
}

/// `GET /api/v1/kubernetes/{cluster}/search`.
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    asked(app, &name, request, search::answer).await
}

/// Answers a question with parameters about one cluster, where that may take long: some look at all objects.
async fn asked(
    app: Arc<App>,
    name: &str,
    request: Request,
    answer: fn(&ClusterHandle, &Params) -> Result<Response, ApiError>,
) -> Result<Response, ApiError> {
    let cluster = find(&app, name)?;
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    aside(move || answer(&cluster, &params)).await
}

async fn aside(
    work: impl FnOnce() -> Result<Response, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        Err(ApiError::new(
            ErrorKind::Internal,
            "the server failed at this request",
        ))
    })
}

fn find(app: &App, name: &str) -> Result<ClusterHandle, ApiError> {
    let found = app.sources.clusters.iter().find(|cluster| cluster.name() == name);
    found.cloned().ok_or_else(|| {
        let known: Vec<_> = app.sources.clusters.iter().map(ClusterHandle::name).collect();
        let hint = match known.as_slice() {
            [] => "no cluster is watched: name a kubeconfig with --kubeconfig".to_owned(),
            known => format!("known are {}", known.join(", ")),
        };
        ApiError::new(ErrorKind::NotFound, format!("no cluster {name:?}")).hint(hint)
    })
}

/// Returns the kind that a request is about.
fn kind_of(cluster: &ClusterHandle, params: &Params) -> Result<Kind, ApiError> {
    let name = params.get("kind").unwrap_or("");
    cluster.find_kind(name).ok_or_else(|| {
        ApiError::parameter("kind", format_args!("no kind {name:?} is known"))
            .hint("use a kind as in Pod, pods or deployments.apps")
    })
}

#[cfg(test)]
mod tests;
