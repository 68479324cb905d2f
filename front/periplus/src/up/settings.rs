//! What the configuration file says besides scraping: receivers, OTLP, the store, and our own bounds.
//!
//! A file becomes [`Settings`] in one step that names all mistakes. [`Settings::waiting`] says what a reload has
//! changed that only a restart brings into force.

use std::path::Path;
use std::time::Duration;

use forward::RemoteWriteConfig;
use lake::LakeConfig;
use scrape::config::read_section;
use serde_json::Value;
use server::{ServerConfig, Tenancy};
use store::StoreConfig;
use wire::{DeltaHandling, OtlpSettings};

use self::raw::{Lasting, RawSections};
use self::tables::LakeSettings;

mod check;
mod clusters;
mod raw;
mod tables;

pub(super) use self::clusters::WatchedCluster;

/// Beginnings of keys that a reload brings into force; `otlp` as a whole is such a one.
const IN_FORCE_AT_ONCE: [&str; 4] = [
    "storage.tsdb.out_of_order_time_window",
    "storage.exemplars",
    "periplus.tenants",
    "periplus.otlp",
];

/// What the file says besides scraping.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// Where samples are forwarded to.
    pub(super) receivers: Vec<RemoteWriteConfig>,
    /// How OTLP points become samples.
    otlp: OtlpSettings,
    /// Who the tenants are.
    pub(super) tenancy: Tenancy,
    /// Clusters that are watched.
    pub(super) clusters: Vec<WatchedCluster>,
    /// Keys that are taken and change nothing.
    pub(super) warnings: Vec<String>,
    store: StoreSettings,
    lake: LakeSettings,
    queries: QuerySettings,
    writes: WriteSettings,
    written: Lasting,
}

/// Settings of the store; `None` keeps the default.
#[derive(Clone, Debug, Default)]
struct StoreSettings {
    retention: Option<Duration>,
    retention_bytes: Option<u64>,
    out_of_order_window: Option<Duration>,
    max_exemplars: Option<usize>,
    max_series: Option<usize>,
    max_new_series_per_minute: Option<usize>,
    max_samples_per_second: Option<u64>,
    max_labels: Option<usize>,
    max_label_name_bytes: Option<usize>,
    max_label_value_bytes: Option<usize>,
    max_query_series: Option<usize>,
    max_future: Option<Duration>,
    fsync_interval: Option<Duration>,
    /// `Some(None)` is never.
    scrub_interval: Option<Option<Duration>>,
    log_queue_bytes: Option<usize>,
    page_cache_bytes: Option<usize>,
}

/// Bounds of queries; `None` keeps the default.
#[derive(Clone, Debug, Default)]
struct QuerySettings {
    timeout: Option<Duration>,
    max_concurrent: Option<usize>,
    max_samples: Option<usize>,
    max_points: Option<usize>,
    lookback: Option<Duration>,
}

/// Bounds of requests that write; `None` keeps the default.
#[derive(Clone, Debug, Default)]
struct WriteSettings {
    max_request_bytes: Option<usize>,
    max_in_flight_bytes: Option<usize>,
}

impl Settings {
    /// Reads the sections of a file that scraping found to be one.
    ///
    /// # Errors
    /// All mistakes in them, or the first if the sections cannot be read at all.
    pub(super) fn read(text: &str, path: &Path) -> Result<Self, Vec<String>> {
        let raw: RawSections = read_section(text, path).map_err(|mistake| vec![mistake])?;
        let written: Lasting = read_section(text, path).map_err(|mistake| vec![mistake])?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut mistakes = Vec::new();
        let receivers = raw.remote_write.unwrap_or_default().check(folder);
        let receivers = receivers.unwrap_or_else(|errors| {
            mistakes.extend(errors.iter().map(ToString::to_string));
            Vec::new()
        });
        let (storage, own) = (raw.storage.unwrap_or_default(), raw.periplus.unwrap_or_default());
        let settings = Self {
            receivers,
            otlp: check::otlp(&raw.otlp.unwrap_or_default(), &own.otlp, &mut mistakes),
            clusters: clusters::clusters(&own.clusters, folder, &mut mistakes),
            tenancy: check::tenancy(&own.tenants, &mut mistakes),
            store: check::store(&storage, &own, &mut mistakes),
            lake: tables::check(&own.lake, &mut mistakes),
            queries: check::queries(&own, &mut mistakes),
            writes: check::writes(&own, &mut mistakes),
            warnings: without_effect(&storage),
            written,
        };
        if mistakes.is_empty() {
            Ok(settings)
        } else {
            Err(mistakes)
        }
    }

    /// Returns how long samples are kept, if the file says so.
    pub(super) fn retention(&self) -> Option<Duration> {
        self.store.retention
    }

    /// Returns how many bytes samples may take, if the file says so.
    pub(super) fn retention_bytes(&self) -> Option<u64> {
        self.store.retention_bytes
    }

    /// Brings the settings of the store in, except for retention, which flags decide first.
    pub(super) fn apply_to_store(&self, config: &mut StoreConfig) {
        let own = &self.store;
        set(&mut config.out_of_order_window, own.out_of_order_window);
        set(&mut config.max_exemplars, own.max_exemplars);
        set(&mut config.max_series, own.max_series);
        config.max_new_series_per_minute = own.max_new_series_per_minute;
        config.max_samples_per_second = own.max_samples_per_second;
        set(&mut config.max_labels, own.max_labels);
        set(&mut config.max_label_name_bytes, own.max_label_name_bytes);
        set(&mut config.max_label_value_bytes, own.max_label_value_bytes);
        set(&mut config.max_query_series, own.max_query_series);
        set(&mut config.max_future, own.max_future);
        set(&mut config.fsync_interval, own.fsync_interval);
        set(&mut config.scrub_interval, own.scrub_interval);
        set(&mut config.log_queue_bytes, own.log_queue_bytes);
        set(&mut config.page_cache_bytes, own.page_cache_bytes);
    }

    /// Brings the settings of the lake in. `events` is how long the command line says to keep them.
    pub(super) fn apply_to_lake(&self, config: &mut LakeConfig, events: Option<Duration>) {
        self.lake.apply(config, events);
    }

    /// Returns how OTLP points become samples; a flag decides over the file on deltas.
    pub(super) fn otlp(&self, delta: Option<DeltaHandling>) -> OtlpSettings {
        OtlpSettings {
            delta: delta.unwrap_or(self.otlp.delta),
            ..self.otlp.clone()
        }
    }

    /// Brings the settings of the server in.
    pub(super) fn apply_to_server(&self, config: &mut ServerConfig, delta: Option<DeltaHandling>) {
        config.otlp = self.otlp(delta);
        config.tenancy = self.tenancy.clone();
        let (own, query) = (&self.queries, &mut config.query);
        set(&mut query.timeout, own.timeout);
        set(&mut query.max_concurrent, own.max_concurrent);
        set(&mut query.max_samples, own.max_samples);
        set(&mut query.max_points, own.max_points);
        set(&mut query.lookback, own.lookback);
        config.otlp.lookback =
            model::Millis::try_from(query.lookback.as_millis()).unwrap_or(model::Millis::MAX);
        let (own, writes) = (&self.writes, &mut config.remote_write);
        set(&mut writes.max_body_bytes, own.max_request_bytes);
        set(&mut writes.max_in_flight_bytes, own.max_in_flight_bytes);
    }

    /// Names the keys that differ in `newer` and are in force only after a restart.
    pub(super) fn waiting(&self, newer: &Self) -> Vec<String> {
        let (old, new) = (&self.written, &newer.written);
        let mut found = Vec::new();
        differing("storage", (&old.storage, &new.storage), &mut found);
        differing("periplus", (&old.periplus, &new.periplus), &mut found);
        let at_once = |key: &String| IN_FORCE_AT_ONCE.iter().any(|part| key.starts_with(part));
        found.retain(|key| !at_once(key));
        found
    }
}

fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

/// Names keys of Prometheus that mean nothing to this store.
fn without_effect(storage: &raw::RawStorage) -> Vec<String> {
    let tsdb = &storage.tsdb;
    let keys = [
        (
            "stale_series_compaction_threshold",
            tsdb.stale_series_compaction_threshold.is_some(),
        ),
        ("chunk_encoding", tsdb.chunk_encoding.is_some()),
    ];
    let given = keys.into_iter().filter(|(_, given)| *given);
    given
        .map(|(key, _)| format!("storage.tsdb.{key} changes nothing here: the store has its own way"))
        .collect()
}

/// Collects the paths of the values in which two tables differ.
fn differing(path: &str, (old, new): (&Value, &Value), out: &mut Vec<String>) {
    let empty = serde_json::Map::new();
    let table = |value: &'_ Value| value.is_object() || value.is_null();
    if old == new {
        return;
    }
    if !table(old) || !table(new) {
        out.push(path.to_owned());
        return;
    }
    let (old, new) = (
        old.as_object().unwrap_or(&empty),
        new.as_object().unwrap_or(&empty),
    );
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        let pair = (
            old.get(key).unwrap_or(&Value::Null),
            new.get(key).unwrap_or(&Value::Null),
        );
        differing(&format!("{path}.{key}"), pair, out);
    }
}

#[cfg(test)]
mod tests;
