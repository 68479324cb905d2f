//! The sections of the configuration file that are not about scraping, as they are written.
//!
//! `otlp` and `storage` have the keys of Prometheus' documentation
//! (<https://prometheus.io/docs/prometheus/latest/configuration/configuration/>); `periplus` is our own.

use std::collections::BTreeMap;
use std::time::Duration;

use forward::RemoteWriteSection;
use scrape::config::{parse_duration, parse_size};
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::clusters::RawCluster;

/// The file without what scraping reads of it; whether there are unknown sections is scraping's to say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawSections {
    pub(super) remote_write: Option<RemoteWriteSection>,
    pub(super) otlp: Option<RawOtlp>,
    pub(super) storage: Option<RawStorage>,
    pub(super) periplus: Option<RawPeriplus>,
}

/// Sections with keys that are in force from the start to the end of the process, to find what a reload would change.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Lasting {
    pub(super) storage: Value,
    pub(super) periplus: Value,
}

/// `otlp`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawOtlp {
    pub(super) promote_all_resource_attributes: bool,
    pub(super) promote_resource_attributes: Vec<String>,
    pub(super) ignore_resource_attributes: Vec<String>,
    pub(super) translation_strategy: Option<String>,
    pub(super) keep_identifying_resource_attributes: bool,
    pub(super) convert_histograms_to_nhcb: bool,
    pub(super) promote_scope_metadata: bool,
    pub(super) label_name_underscore_sanitization: Option<bool>,
    pub(super) label_name_preserve_multiple_underscores: Option<bool>,
}

/// `storage`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStorage {
    pub(super) tsdb: RawTsdb,
    pub(super) exemplars: RawExemplars,
}

/// `storage.tsdb`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTsdb {
    pub(super) out_of_order_time_window: Option<Span>,
    pub(super) retention: RawRetention,
    pub(super) stale_series_compaction_threshold: Option<IgnoredAny>,
    pub(super) chunk_encoding: Option<IgnoredAny>,
}

/// `storage.tsdb.retention`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRetention {
    pub(super) time: Option<Span>,
    pub(super) size: Option<Size>,
    pub(super) percentage: Option<f64>,
}

/// `storage.exemplars`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawExemplars {
    pub(super) max_exemplars: Option<i64>,
}

/// `periplus`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPeriplus {
    pub(super) tenants: RawTenants,
    pub(super) store: RawStore,
    pub(super) lake: RawLake,
    pub(super) queries: RawQueries,
    pub(super) writes: RawWrites,
    pub(super) otlp: RawOwnOtlp,
    pub(super) clusters: Vec<RawCluster>,
}

/// `periplus.tenants`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTenants {
    pub(super) header: Option<String>,
    pub(super) max_tenants: Option<usize>,
    pub(super) limits: RawLimits,
    pub(super) overrides: BTreeMap<String, RawLimits>,
}

/// `periplus.tenants.limits`, and each of `periplus.tenants.overrides`; 0 is no bound.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) max_series: Option<u64>,
    pub(super) new_series_per_minute: Option<u64>,
    pub(super) samples_per_second: Option<u64>,
    pub(super) max_labels: Option<usize>,
    pub(super) max_label_name_bytes: Option<usize>,
    pub(super) max_label_value_bytes: Option<usize>,
    pub(super) max_request_bytes: Option<usize>,
    pub(super) max_query_samples: Option<usize>,
    pub(super) max_concurrent_queries: Option<usize>,
}

/// `periplus.store`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStore {
    pub(super) max_series: Option<usize>,
    pub(super) max_new_series_per_minute: Option<usize>,
    pub(super) max_samples_per_second: Option<u64>,
    pub(super) max_labels: Option<usize>,
    pub(super) max_label_name_bytes: Option<usize>,
    pub(super) max_label_value_bytes: Option<usize>,
    pub(super) max_query_series: Option<usize>,
    pub(super) max_future: Option<Span>,
    pub(super) fsync_interval: Option<Span>,
    pub(super) scrub_interval: Option<Span>,
    pub(super) log_queue_size: Option<Size>,
    pub(super) page_cache_size: Option<Size>,
}

/// `periplus.lake`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLake {
    pub(super) objects: Option<String>,
    /// By name of table.
    pub(super) retention: BTreeMap<String, Span>,
    /// By name of table.
    pub(super) retention_size: BTreeMap<String, Size>,
    pub(super) query_timeout: Option<Span>,
    pub(super) query_memory: Option<Size>,
    pub(super) max_concurrent_queries: Option<usize>,
}

/// `periplus.queries`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawQueries {
    pub(super) timeout: Option<Span>,
    pub(super) max_concurrent: Option<usize>,
    pub(super) max_samples: Option<usize>,
    pub(super) max_points: Option<usize>,
    pub(super) lookback: Option<Span>,
}

/// `periplus.writes`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawWrites {
    pub(super) max_request_size: Option<Size>,
    pub(super) max_in_flight_size: Option<Size>,
}

/// `periplus.otlp`: what Prometheus has flags for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawOwnOtlp {
    pub(super) delta: Option<String>,
    pub(super) type_and_unit_labels: bool,
}

/// A duration as in `15s` or `1h30m`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text)
            .map(Self)
            .ok_or_else(|| Error::custom(format!("{text:?} is not a duration such as 15s, 1h30m or 15d")))
    }
}

/// A number of bytes as in `512MB` or `10GiB`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size(pub(super) u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_size(&text)
            .map(Self)
            .ok_or_else(|| Error::custom(format!("{text:?} is not a size such as 512MB or 10GiB")))
    }
}
