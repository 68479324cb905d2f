//! The routes, and what surrounds every request.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderName};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use model::{Labels, Millis};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use wire::{DeltaTotals, OtlpSettings};

use crate::api;
use crate::api::answer::{ApiError, ErrorKind, JSON};
use crate::api::query::parsed::ParsedQueries;
use crate::api::write::gate::WriteGate;
use crate::config::{ServerConfig, Surface, Tenancy};
use crate::identity::{Access, Asker, Identity, Peer};
use crate::limits::Tenants;
use crate::metrics::Metrics;
use crate::page;
use crate::pool::QueryPool;
use crate::sources::Sources;

mod cors;

/// Answers shorter than this are not compressed: a segment or two more costs less than the CPU.
const MIN_COMPRESSED_BYTES: u64 = 4096;
/// The page loads its own scripts only; styles are also set by its editor and its overlays.
const CONTENT_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const SECURITY_HEADERS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// What is counted as handler of requests that no route matches.
const PAGE: &str = "page";

/// What the handlers share.
pub(crate) struct App {
    pub(crate) config: ServerConfig,
    pub(crate) sources: Sources,
    pub(crate) identity: Identity,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) pool: QueryPool,
    pub(crate) parsed: ParsedQueries,
    pub(crate) writes: WriteGate,
    pub(crate) tenants: Tenants,
    /// How OTLP points become samples now.
    otlp: RwLock<Arc<OtlpSettings>>,
    /// What series of deltas have added up to.
    pub(crate) deltas: Mutex<DeltaTotals>,
    /// Room for event streams.
    pub(crate) streams: Arc<Semaphore>,
    /// When this process started.
    pub(crate) started_at: Millis,
    /// Ends what would go on forever.
    pub(crate) stop: CancellationToken,
}

impl App {
    /// Prepares the handlers.
    pub(crate) fn new(config: ServerConfig, sources: Sources, identity: Identity) -> Self {
        let metrics = Arc::new(Metrics::default());
        let now = sources.clock.now();
        Self {
            parsed: ParsedQueries::default(),
            pool: QueryPool::new(config.query.max_concurrent, Arc::clone(&metrics)),
            writes: WriteGate::new(&config.remote_write),
            tenants: Tenants::new(config.tenancy.clone()),
            otlp: RwLock::new(Arc::new(config.otlp.clone())),
            deltas: Mutex::default(),
            streams: Arc::new(Semaphore::new(config.connections.max_streams)),
            started_at: process_start(now),
            stop: CancellationToken::new(),
            config,
            sources,
            identity,
            metrics,
        }
    }

    /// Returns how OTLP points become samples now.
    pub(crate) fn otlp(&self) -> Arc<OtlpSettings> {
        Arc::clone(&self.otlp.read())
    }

    /// Changes what can be changed while requests are answered; those under way end as they began.
    pub(crate) fn adjust(&self, mut otlp: OtlpSettings, tenancy: Tenancy) {
        // It is that of queries, which stays.
        otlp.lookback = self.config.otlp.lookback;
        *self.otlp.write() = Arc::new(otlp);
        self.tenants.adjust(tenancy);
    }

    /// Says who asks now.
    pub(crate) fn asker(&self, peer: Peer) -> Asker {
        Asker {
            address: peer.address.ip(),
            now: self.now(),
        }
    }

    /// Returns the labels for what leaves this server.
    pub(crate) fn external_labels(&self) -> Labels {
        let scraping = self.sources.scraping.as_ref();
        scraping
            .map(|scraping| scraping.external_labels())
            .unwrap_or_default()
    }

    /// Returns the present.
    pub(crate) fn now(&self) -> Millis {
        self.sources.clock.now()
    }
}

/// Returns when this process started, `now` where the kernel does not tell.
fn process_start(now: Millis) -> Millis {
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let since_boot = boot.tv_sec * 1000 + boot.tv_nsec / 1_000_000;
    let started = service::own_usage().map(|usage| usage.started_after_boot.as_millis());
    let started = started
        .and_then(|millis| Millis::try_from(millis).ok())
        .unwrap_or(since_boot);
    now - (since_boot - started).max(0)
}

/// Builds the router.
pub(crate) fn router(app: Arc<App>) -> Router {
    let worth_it = SizeAbove::new(MIN_COMPRESSED_BYTES)
        .and(NotForContentType::SSE)
        .and(NotForContentType::GRPC);
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(worth_it);
    let routes = match app.config.surface {
        Surface::Whole => query_routes()
            .merge(status_routes())
            .merge(kubernetes_routes())
            .merge(write_routes())
            .merge(api::lake::routes())
            .merge(health_routes())
            .method_not_allowed_fallback(not_allowed)
            .fallback(page_file),
        Surface::Health => health_routes().fallback(nothing),
    };
    routes
        .with_state(Arc::clone(&app))
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::new(ErrorKind::Internal, "the server failed at this request").into_response()
        }))
        .layer(compression)
        .layer(middleware::from_fn_with_state(app, surround))
}

/// What reads samples and names.
fn query_routes() -> Router<Arc<App>> {
    use api::{export, names, query};
    let search = "/api/v1/search";
    Router::new()
        .route("/api/v1/query", get(query::instant).post(query::instant))
        .route("/api/v1/query_range", get(query::range).post(query::range))
        .route("/api/v1/query_batch", post(query::batch::batch))
        .route(
            "/api/v1/query_exemplars",
            get(query::exemplars::exemplars).post(query::exemplars::exemplars),
        )
        .route("/api/v1/format_query", get(query::format).post(query::format))
        .route("/api/v1/parse_query", get(query::tree).post(query::tree))
        .route("/api/v1/promql/catalog", get(query::catalog::catalog))
        .route("/api/v1/series", get(names::series).post(names::series))
        .route("/api/v1/labels", get(names::labels).post(names::labels))
        .route("/api/v1/label/{name}/values", get(names::values))
        .route("/api/v1/metadata", get(names::metadata))
        .route(
            &format!("{search}/metric_names"),
            get(names::search::metric_names).post(names::search::metric_names),
        )
        .route(
            &format!("{search}/label_names"),
            get(names::search::label_names).post(names::search::label_names),
        )
        .route(
            &format!("{search}/label_values"),
            get(names::search::label_values).post(names::search::label_values),
        )
        .route("/federate", get(export::federate::federate))
}

/// What every process tells.
fn health_routes() -> Router<Arc<App>> {
    use api::status::{health, own_metrics};
    Router::new()
        .route("/metrics", get(own_metrics::metrics))
        .route("/-/healthy", get(health::healthy))
        .route("/-/ready", get(health::ready))
}

/// What tells about the server and what it collects.
fn status_routes() -> Router<Arc<App>> {
    use api::status::{
        about, features, health, live, notifications, openapi, own_metrics, rules, storage, system,
    };
    use api::targets;
    Router::new()
        .route("/api/v1/rules", get(rules::rules))
        .route("/api/v1/alerts", get(rules::alerts))
        .route("/api/v1/alertmanagers", get(rules::alertmanagers))
        .route("/api/v1/targets", get(targets::targets))
        .route("/api/v1/targets/metadata", get(targets::metadata))
        .route("/api/v1/targets/relabel_steps", get(targets::relabel_steps))
        .route("/api/v1/scrape_pools", get(targets::pools))
        .route("/api/v1/scrape_pools/config", get(targets::pool_config))
        .route("/api/v1/status/buildinfo", get(about::build))
        .route("/api/v1/status/runtimeinfo", get(about::runtime))
        .route("/api/v1/status/flags", get(about::flags))
        .route("/api/v1/status/config", get(about::config))
        .route("/api/v1/status/tsdb", get(storage::tsdb))
        .route("/api/v1/status/tsdb/blocks", get(storage::blocks))
        .route("/api/v1/status/walreplay", get(storage::replay))
        .route("/api/v1/status/self_metrics", get(own_metrics::self_metrics))
        .route("/api/v1/status/system", get(system::system))
        .route("/api/v1/features", get(features::features))
        .route("/api/v1/notifications", get(notifications::notifications))
        .route("/api/v1/notifications/live", get(notifications::live))
        .route("/api/v1/live", get(live::live))
        .route("/api/v1/openapi.yaml", get(openapi::openapi))
        .route("/api/v1/cardinality", get(api::names::cardinality::cardinality))
        .route(
            "/-/reload",
            put(health::reload).post(health::reload).get(health::wrong_method),
        )
        .route(
            "/-/quit",
            put(health::quit).post(health::quit).get(health::wrong_method),
        )
}

/// What tells about clusters.
fn kubernetes_routes() -> Router<Arc<App>> {
    use api::kubernetes;
    Router::new()
        .route("/api/v1/kubernetes/clusters", get(kubernetes::clusters))
        .route("/api/v1/kubernetes/{cluster}/nodes", get(kubernetes::nodes))
        .route(
            "/api/v1/kubernetes/{cluster}/workloads",
            get(kubernetes::workloads),
        )
        .route("/api/v1/kubernetes/{cluster}/pods", get(kubernetes::pods))
        .route("/api/v1/kubernetes/{cluster}/objects", get(kubernetes::objects))
        .route("/api/v1/kubernetes/{cluster}/raw", get(kubernetes::raw))
        .route("/api/v1/kubernetes/{cluster}/search", get(kubernetes::search))
}

/// What changes something.
fn write_routes() -> Router<Arc<App>> {
    use api::{admin, export, session, write};
    let admin = "/api/v1/admin/tsdb";
    Router::new()
        .route("/api/v1/write", post(write::remote::write))
        .route("/api/v1/otlp/v1/metrics", post(write::otlp::metrics))
        .route(write::grpc::PATH, post(write::grpc::export))
        .route("/api/v1/read", post(export::read::read))
        .route(
            &format!("{admin}/delete_series"),
            post(admin::delete_series).put(admin::delete_series),
        )
        .route(
            &format!("{admin}/clean_tombstones"),
            post(admin::clean_tombstones).put(admin::clean_tombstones),
        )
        .route(
            &format!("{admin}/snapshot"),
            post(admin::snapshot).put(admin::snapshot),
        )
        .route("/api/v1/session", post(session::open).delete(session::close))
}

async fn not_allowed() -> ApiError {
    ApiError::new(ErrorKind::NotAllowed, "method not allowed")
}

async fn nothing() -> ApiError {
    ApiError::new(
        ErrorKind::NotFound,
        "this process only collects and sends: it has no page and no API",
    )
    .hint("ask the server that it sends to")
}

async fn page_file(request: Request) -> Response {
    let mut response = page::answer(request.method(), request.uri().path(), request.headers());
    let headers = response.headers_mut();
    if headers.get(CONTENT_TYPE) != Some(&JSON) {
        headers.insert(
            HeaderName::from_static("content-security-policy"),
            HeaderValue::from_static(CONTENT_POLICY),
        );
    }
    response
}

/// Admits, answers, marks and counts a request.
async fn surround(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(PAGE, MatchedPath::as_str);
    let peer = request.extensions().get::<Peer>().copied();
    if route != PAGE && peer.is_some_and(|peer| peer.address.ip().is_loopback()) {
        // Over loopback bytes are cheaper than the CPU that saves them. Files of the page are compressed already.
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    let friend = cors::allowed_origin(app.config.cors_origin.as_ref(), request.headers());
    let asked = if friend.is_some() {
        cors::preflight(request.method(), request.headers())
    } else {
        None
    };
    let admitted = match peer {
        _ if asked.is_some() => Ok(()),
        Some(peer) => {
            let access = match friend {
                Some(_) => access(route).across_sites(),
                None => access(route),
            };
            app.identity.admit(&request, access, app.asker(peer))
        }
        None => Err(ApiError::new(ErrorKind::Internal, "connection has no peer")),
    };
    let mut response = match (asked, admitted) {
        (Some(preflight), _) => preflight,
        (None, Ok(())) => {
            let tenant = app.tenants.of(request.headers());
            request.extensions_mut().insert(tenant);
            next.run(request).await
        }
        (None, Err(error)) => error.into_response(),
    };
    for (name, value) in SECURITY_HEADERS {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(origin) = friend {
        cors::mark(&mut response, origin);
    }
    app.metrics
        .count_request(route, response.status().as_u16(), started.elapsed());
    response
}

/// What holds no data and changes nothing is open: health, the page's files, and signing in, which checks the
/// token itself. Where samples come in, the right to write is enough.
fn access(route: &str) -> Access {
    match route {
        PAGE | "/-/healthy" | "/-/ready" | "/api/v1/session" => Access::OPEN,
        "/api/v1/write" | "/api/v1/otlp/v1/metrics" | api::write::grpc::PATH => Access::WRITE,
        _ => Access::PROTECTED,
    }
}

#[cfg(test)]
mod tests;
