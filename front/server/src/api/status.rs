//! What clients of Prometheus ask a server about itself, and health.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::answer::json::Object;
use super::answer::success;
use super::params::civil::format_rfc3339;
use crate::app::App;
use crate::server::report;

/// The version of Prometheus whose HTTP API this one answers like. Clients read features from it: Grafana, for
/// one, falls back to slow ways of listing labels below 2.24.
const PROMETHEUS_LEVEL: &str = "3.10.0";
/// Version of this program.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `/api/v1/status/buildinfo`.
pub(crate) async fn build() -> Response {
    success(|out| {
        Object::new(out)
            .string("version", PROMETHEUS_LEVEL)
            .string("revision", VERSION)
            .string("branch", "periplus")
            .string("buildUser", "")
            .string("buildDate", "")
            .string("goVersion", "");
    })
}

/// `/api/v1/status/runtimeinfo`.
pub(crate) async fn runtime(State(app): State<Arc<App>>) -> Response {
    success(|out| {
        Object::new(out)
            .string("startTime", &format_rfc3339(app.started_at))
            .string("CWD", &app.config.data_dir.display().to_string())
            .string("hostname", &app.sources.host)
            .string("serverTime", &format_rfc3339(app.now()))
            .string("storageRetention", &format_span(app.sources.retention));
    })
}

/// `/api/v1/status/tsdb`: the part that the store knows without counting.
pub(crate) async fn tsdb(State(app): State<Arc<App>>) -> Response {
    let status = app.sources.store.status();
    success(|out| {
        Object::new(out)
            .object("headStats")
            .count("numSeries", status.head_series)
            .integer("minTime", status.head_range.map_or(0, |range| range.start))
            .integer("maxTime", status.head_range.map_or(0, |range| range.end));
    })
}

/// `/api/v1/rules`: there are none.
pub(crate) async fn rules() -> Response {
    success(|out| out.push_str("{\"groups\":[]}"))
}

/// `/api/v1/alerts`: there are none.
pub(crate) async fn alerts() -> Response {
    success(|out| out.push_str("{\"alerts\":[]}"))
}

/// `/api/v1/targets`: each collector that is not switched off, as one target.
pub(crate) async fn targets(State(app): State<Arc<App>>) -> Response {
    let status = app
        .sources
        .collection
        .as_ref()
        .map(|collection| collection.status());
    let collectors = status.map(|status| status.collectors).unwrap_or_default();
    let running = collectors
        .iter()
        .filter(|one| one.state != agent::CollectorState::Disabled);
    success(|out| {
        let mut data = Object::new(out);
        let mut active = data.array("activeTargets");
        for one in running {
            let mut target = active.object();
            target.object("discoveredLabels");
            target
                .object("labels")
                .string("job", one.job)
                .string("instance", &app.sources.host);
            let health = match one.state {
                agent::CollectorState::Ok => "up",
                agent::CollectorState::Starting => "unknown",
                _ => "down",
            };
            target
                .string("scrapePool", one.name)
                .string("scrapeUrl", one.source)
                .string("globalUrl", one.source)
                .string("lastError", &one.message)
                .string("lastScrape", &format_rfc3339(one.last_run.unwrap_or(0)))
                .number("lastScrapeDuration", one.last_duration.as_secs_f64())
                .string("health", health)
                .string("scrapeInterval", &format_span(one.interval))
                .string("scrapeTimeout", &format_span(one.interval));
        }
        drop(active);
        data.array("droppedTargets");
        data.object("droppedTargetCounts");
    })
}

fn format_span(span: Duration) -> String {
    promql::format_duration(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

/// `/metrics`: everything this process counts of itself, as text exposition.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut sink = wire::TextSink::default();
    report(&app, &mut sink);
    app.sources.store.report(&mut sink);
    if let Some(collection) = &app.sources.collection {
        collection.report(&mut sink);
    }
    let content_type = HeaderValue::from_static(wire::CONTENT_TYPE_TEXT);
    ([(CONTENT_TYPE, content_type)], sink.finish()).into_response()
}

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
