//! `/api/v1/status/system`: what the page shows about this process, in one answer.

use std::sync::Arc;

use agent::{AgentStatus, CollectorState, CollectorStatus};
use axum::extract::State;
use axum::response::Response;
use cluster::SyncState;
use model::TimeRange;

use super::about::VERSION;
use crate::api::answer::json::Object;
use crate::api::answer::success;
use crate::app::App;
use crate::metrics::cpu_seconds;
use crate::sources::Degradation;

/// `GET /api/v1/status/system`. Times are Unix milliseconds.
pub(crate) async fn system(State(app): State<Arc<App>>) -> Response {
    let collection = app
        .sources
        .collection
        .as_ref()
        .map(|collection| collection.status());
    let collection = collection.unwrap_or_default();
    success(|out| {
        let mut data = Object::new(out);
        data.string("version", VERSION)
            .integer("startedAt", app.started_at)
            .integer("now", app.now())
            .string("host", &app.sources.host)
            .number("intervalMs", app.sources.interval.as_millis() as f64)
            .string("dataDir", &app.config.data_dir.display().to_string());
        let mut collectors = data.array("collectors");
        for one in &collection.collectors {
            write_collector(collectors.object(), one);
        }
        drop(collectors);
        let mut degraded = data.array("degraded");
        for one in &app.sources.degraded {
            write_degradation(degraded.object(), one);
        }
        for one in from_collection(&app, &collection)
            .into_iter()
            .chain(from_clusters(&app))
        {
            write_degradation(degraded.object(), &one);
        }
        drop(degraded);
        write_store(data.object("store"), &app);
        write_process(data.object("process"));
    })
}

/// Counts what `degraded` and the store's own list in the answer above hold.
pub(super) fn count_degradations(app: &App) -> usize {
    let failing = app.sources.collection.as_ref().map_or(0, |collection| {
        let status = collection.status();
        let faults = status
            .collectors
            .iter()
            .filter(|one| is_faulty(one.state))
            .count();
        faults + usize::from(!status.ingest.error.is_empty())
    });
    let store = app.sources.store.status();
    app.sources.degraded.len()
        + from_clusters(app).len()
        + failing
        + store.degraded.len()
        + store.quarantined.len()
}

/// What is not known of clusters, and why.
fn from_clusters(app: &App) -> Vec<Degradation> {
    let mut found = Vec::new();
    for cluster in &app.sources.clusters {
        let name = cluster.name();
        let mut add = |what: String, why: String, hint: &str| {
            found.push(Degradation {
                what,
                why,
                hint: hint.to_owned(),
                since: app.started_at,
            });
        };
        let server = cluster.server();
        if server.reachable == Some(false) {
            let hint = "check the address and the credentials in the kubeconfig; what is shown is what was known before";
            add(format!("cluster {name}"), server.last_error, hint);
            continue;
        }
        let kinds = cluster.kinds();
        let of = |state| {
            let named = kinds.iter().filter(move |kind| kind.state == state);
            named.map(|kind| kind.kind.to_string()).collect::<Vec<_>>()
        };
        for (state, why, hint) in [
            (
                SyncState::Forbidden,
                "permission is missing",
                "grant list and watch, or deny the kinds under periplus.clusters",
            ),
            (
                SyncState::Retrying,
                "cannot be followed; it is tried again",
                "GET /api/v1/kubernetes/clusters says what fails",
            ),
        ] {
            let names = of(state);
            if !names.is_empty() {
                add(
                    format!("cluster {name}: {}", names.join(", ")),
                    why.to_owned(),
                    hint,
                );
            }
        }
        let unreadable = kinds.iter().flat_map(|kind| &kind.unreadable_objects);
        let unreadable: Vec<_> = unreadable.take(3).map(String::as_str).collect();
        if !unreadable.is_empty() {
            let hint = "the objects are left out; the log names all of them";
            add(format!("cluster {name}: objects"), unreadable.join("; "), hint);
        }
        if cluster.left_out() > 0 {
            let why = format!("{} custom resources are left out", cluster.left_out());
            let hint = "choose those that matter with custom_resources under periplus.clusters";
            add(format!("cluster {name}: custom resources"), why, hint);
        }
    }
    found
}

/// Everything that does not work now, the store's troubles included.
pub(super) fn degradations(app: &App) -> Vec<Degradation> {
    let collection = app
        .sources
        .collection
        .as_ref()
        .map(|collection| collection.status());
    let mut found = app.sources.degraded.clone();
    found.extend(from_collection(app, &collection.unwrap_or_default()));
    found.extend(from_clusters(app));
    let store = app.sources.store.status();
    let damaged = store.quarantined.iter();
    let damaged = damaged.map(|path| format!("{} is damaged and put aside", path.display()));
    found.extend(store.degraded.into_iter().chain(damaged).map(|why| Degradation {
        what: "store".to_owned(),
        why,
        hint: String::new(),
        since: app.started_at,
    }));
    found
}

fn write_collector(mut out: Object<'_>, one: &CollectorStatus) {
    let ms = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
    let message = (!one.message.is_empty()).then_some(one.message.as_str());
    out.string("name", one.name)
        .string("job", one.job)
        .string("source", one.source)
        .string("state", one.state.as_str())
        .optional_string("message", message)
        .optional_string("hint", one.hint)
        .number("intervalMs", ms(one.interval))
        .optional_integer("lastRun", one.last_run)
        .optional_integer("lastSuccess", one.last_success);
    // What has never run has taken no time yet.
    let measured = one.last_run.is_some();
    for (key, value) in [("lastDurationMs", one.last_duration), ("cpuMsLast", one.cpu_last)] {
        out.number(key, if measured { ms(value) } else { f64::NAN });
    }
    out.number("cpuMsTotal", ms(one.cpu_total))
        .integer("runs", one.runs)
        .integer("errors", one.errors)
        .integer("timeouts", one.timeouts)
        .count("series", one.series)
        .count("seriesDropped", one.series_dropped);
}

fn is_faulty(state: CollectorState) -> bool {
    matches!(state, CollectorState::Failing | CollectorState::TimedOut)
}

/// What does not work now, beside what was found at the start.
fn from_collection(app: &App, status: &AgentStatus) -> Vec<Degradation> {
    let mut found: Vec<Degradation> = Vec::new();
    for one in status.collectors.iter().filter(|one| is_faulty(one.state)) {
        found.push(Degradation {
            what: format!("collector {}", one.name),
            why: one.message.clone(),
            hint: one.hint.unwrap_or("").to_owned(),
            since: one.last_success.unwrap_or(app.started_at),
        });
    }
    if !status.ingest.error.is_empty() {
        found.push(Degradation {
            what: "storing samples".to_owned(),
            why: status.ingest.error.clone(),
            hint: String::new(),
            since: status.last_tick.unwrap_or(app.started_at),
        });
    }
    found
}

fn write_degradation(mut out: Object<'_>, one: &Degradation) {
    let hint = (!one.hint.is_empty()).then_some(one.hint.as_str());
    out.string("what", &one.what)
        .string("why", &one.why)
        .optional_string("hint", hint)
        .integer("since", one.since);
}

/// `samples` counts those taken since the start.
fn write_store(mut out: Object<'_>, app: &App) {
    let status = app.sources.store.status();
    let spans = status
        .parts
        .iter()
        .map(|part| part.range)
        .chain(status.head_range);
    let whole = spans.reduce(|a, b| TimeRange {
        start: a.start.min(b.start),
        end: a.end.max(b.end),
    });
    out.count("headSeries", status.head_series)
        .integer("samples", status.samples_ingested)
        .integer("walBytes", status.wal_bytes)
        .integer("diskBytes", status.disk_bytes)
        .count("parts", status.parts.len())
        .optional_integer("oldest", whole.map(|range| range.start))
        .optional_integer("newest", whole.map(|range| range.end))
        .number("retentionMs", app.sources.retention.as_millis() as f64)
        .optional_integer("retentionBytes", app.sources.retention_bytes)
        .strings("degraded", &status.degraded)
        .strings(
            "quarantined",
            status.quarantined.iter().map(|path| path.display().to_string()),
        );
}

fn write_process(mut out: Object<'_>) {
    let usage = service::own_usage().unwrap_or_default();
    out.number("cpuSeconds", cpu_seconds(&usage))
        .integer("residentBytes", usage.resident_bytes)
        .integer("threads", usage.threads)
        .integer("openFds", usage.open_files);
}

#[cfg(test)]
mod tests;
