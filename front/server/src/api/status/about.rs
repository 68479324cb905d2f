//! What the server is and how it is set: build, run, flags, configuration.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;

use super::format_span;
use crate::api::answer::json::Object;
use crate::api::answer::success;
use crate::app::App;
use model::calendar::format_rfc3339;

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

/// `/api/v1/status/runtimeinfo`. What only Go has is 0 or empty; threads stand for goroutines.
pub(crate) async fn runtime(State(app): State<Arc<App>>) -> Response {
    let reload = app
        .sources
        .scraping
        .as_ref()
        .map(|scraping| scraping.reload_status());
    let loaded_at = reload.as_ref().and_then(|reload| reload.last_success);
    let usage = service::own_usage().unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let store = app.sources.store.status();
    success(|out| {
        Object::new(out)
            .string("startTime", &format_rfc3339(app.started_at))
            .string("CWD", &app.config.data_dir.display().to_string())
            .string("hostname", &app.sources.host)
            .string("serverTime", &format_rfc3339(app.now()))
            .boolean(
                "reloadConfigSuccess",
                reload.as_ref().is_none_or(|reload| reload.successful),
            )
            .string(
                "lastConfigTime",
                &format_rfc3339(loaded_at.unwrap_or(app.started_at)),
            )
            .count("corruptionCount", store.quarantined.len())
            .integer("goroutineCount", usage.threads)
            .count("GOMAXPROCS", cores)
            .integer("GOMEMLIMIT", i64::MAX)
            .string("GOGC", "")
            .string("GODEBUG", "")
            .string("storageRetention", &format_span(app.sources.retention));
    })
}

/// `/api/v1/status/flags`: the settings under the names of Prometheus' flags, where it has one for them.
pub(crate) async fn flags(State(app): State<Arc<App>>) -> Response {
    let config = &app.config;
    let seconds = |span: Duration| format_span(span);
    let retention_bytes = app.sources.retention_bytes.unwrap_or(0);
    let flags = [
        ("query.lookback-delta", seconds(config.query.lookback)),
        ("query.max-concurrency", config.query.max_concurrent.to_string()),
        ("query.max-samples", config.query.max_samples.to_string()),
        ("query.timeout", seconds(config.query.timeout)),
        ("storage.tsdb.path", config.data_dir.display().to_string()),
        ("storage.tsdb.retention.size", format!("{retention_bytes}B")),
        ("storage.tsdb.retention.time", seconds(app.sources.retention)),
        (
            "web.cors.origin",
            config
                .cors_origin
                .as_ref()
                .map_or("", |origin| origin.value())
                .to_owned(),
        ),
        ("web.enable-admin-api", config.enable_admin_api.to_string()),
        (
            "web.enable-lifecycle",
            app.sources.lifecycle.is_some().to_string(),
        ),
        ("web.enable-otlp-receiver", true.to_string()),
        ("web.enable-remote-write-receiver", true.to_string()),
        ("web.listen-address", config.listen.to_string()),
        ("web.max-connections", config.connections.max_open.to_string()),
    ];
    success(|out| {
        let mut data = Object::new(out);
        for (name, value) in &flags {
            data.string(name, value);
        }
    })
}

/// `/api/v1/status/config`: the configuration in force, as YAML.
pub(crate) async fn config(State(app): State<Arc<App>>) -> Response {
    let yaml = match &app.sources.scraping {
        Some(scraping) => scraping.config(),
        None => format!(
            "global:\n  scrape_interval: {}\n",
            format_span(app.sources.interval)
        ),
    };
    success(|out| {
        Object::new(out).string("yaml", &yaml);
    })
}
