//! One job, checked and with all defaults filled in.

use std::path::PathBuf;
use std::time::Duration;

use wire::{ExpositionFormat, NativeHistograms};

use super::{HttpConfig, KubernetesConfig, Names, Rules};

/// A format that targets are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Delimited protobuf.
    PrometheusProto,
    /// OpenMetrics 0.0.1.
    OpenMetricsText001,
    /// OpenMetrics 1.0.0.
    OpenMetricsText100,
    /// Text 0.0.4.
    PrometheusText004,
    /// Text 1.0.0.
    PrometheusText100,
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Self; 5] = [
        Self::PrometheusProto,
        Self::OpenMetricsText001,
        Self::OpenMetricsText100,
        Self::PrometheusText004,
        Self::PrometheusText100,
    ];

    /// Returns the word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrometheusProto => "PrometheusProto",
            Self::OpenMetricsText001 => "OpenMetricsText0.0.1",
            Self::OpenMetricsText100 => "OpenMetricsText1.0.0",
            Self::PrometheusText004 => "PrometheusText0.0.4",
            Self::PrometheusText100 => "PrometheusText1.0.0",
        }
    }

    /// Returns the media type for `Accept`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::PrometheusProto => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
            Self::OpenMetricsText001 => "application/openmetrics-text;version=0.0.1",
            Self::OpenMetricsText100 => "application/openmetrics-text;version=1.0.0",
            Self::PrometheusText004 => "text/plain;version=0.0.4",
            Self::PrometheusText100 => "text/plain;version=1.0.0",
        }
    }

    /// Tells whether the protocol lets the reader choose how names are escaped.
    pub fn has_escaping(self) -> bool {
        matches!(self, Self::OpenMetricsText100 | Self::PrometheusText100)
    }

    /// Returns the format that reads it.
    pub fn format(self) -> ExpositionFormat {
        match self {
            Self::PrometheusProto => ExpositionFormat::Protobuf,
            Self::OpenMetricsText001 | Self::OpenMetricsText100 => ExpositionFormat::OpenMetrics,
            Self::PrometheusText004 | Self::PrometheusText100 => ExpositionFormat::Text,
        }
    }
}

/// Bounds of a job; 0 means none, save for the body, where it means the bound of the process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Bytes of a page, unpacked.
    pub body_size: u64,
    /// Samples of a page behind relabelling.
    pub samples: u64,
    /// Targets of the job.
    pub targets: u64,
    /// Labels of a series.
    pub labels: u64,
    /// Bytes of the name of a label.
    pub label_name_length: u64,
    /// Bytes of the value of a label.
    pub label_value_length: u64,
    /// Buckets of a native histogram; above, its resolution is reduced.
    pub histogram_buckets: u64,
    /// Smallest factor from one bucket of a native histogram to the next.
    pub histogram_min_factor: f64,
    /// Dropped targets that are kept for being shown.
    pub kept_dropped_targets: u64,
}

/// How histograms are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistogramOptions {
    /// Native histograms are taken.
    pub native: bool,
    /// The classic series are taken even if there is a native histogram.
    pub always_classic: bool,
    /// Classic histograms become native ones with custom bounds.
    pub convert_classic: bool,
}

impl HistogramOptions {
    /// Returns what the parser is to hand out.
    pub fn of_parser(self) -> NativeHistograms {
        match (self.native, self.always_classic) {
            (false, _) => NativeHistograms::Ignored,
            (true, false) => NativeHistograms::Preferred,
            (true, true) => NativeHistograms::WithClassic,
        }
    }
}

/// Targets that are listed in the file, or that discovery has found together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticGroup {
    /// `__address__` of each.
    pub targets: Vec<String>,
    /// Labels of all.
    pub labels: Vec<(String, String)>,
}

/// Which records of a name are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsKind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Names and ports of servers.
    Srv,
    /// Names of mail servers.
    Mx,
    /// Names of name servers.
    Ns,
}

/// Where targets come from.
#[derive(Clone, Debug, PartialEq)]
pub enum DiscoveryConfig {
    /// `static_configs`.
    Static(Vec<StaticGroup>),
    /// `file_sd_configs`.
    File {
        /// Paths; the last part may hold `*`.
        files: Vec<PathBuf>,
        /// Time between two complete readings.
        refresh: Duration,
    },
    /// `dns_sd_configs`.
    Dns {
        /// Names that are asked for.
        names: Vec<String>,
        /// What is asked.
        kind: DnsKind,
        /// Port of the targets; SRV records say their own.
        port: u16,
        /// Time between questions.
        refresh: Duration,
    },
    /// `http_sd_configs`.
    Http {
        /// Where the list is.
        url: String,
        /// How it is fetched.
        http: Box<HttpConfig>,
        /// Time between two readings.
        refresh: Duration,
    },
    /// `kubernetes_sd_configs`.
    Kubernetes(Box<KubernetesConfig>),
}

/// One of `scrape_configs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Name; the `job` of its targets unless relabelling says otherwise.
    pub name: String,
    /// Labels of a page win over those of the target.
    pub honor_labels: bool,
    /// Times of a page are taken.
    pub honor_timestamps: bool,
    /// Series with times of their own end when they vanish from the page.
    pub track_timestamps_staleness: bool,
    /// Parameters of the URL.
    pub params: Vec<(String, Vec<String>)>,
    /// Time between scrapes.
    pub interval: Duration,
    /// A scrape that takes longer fails.
    pub timeout: Duration,
    /// What targets are asked for, the most wanted first.
    pub protocols: Vec<Protocol>,
    /// What an answer of unknown kind is taken for.
    pub fallback: Option<Protocol>,
    /// How histograms are taken.
    pub histograms: HistogramOptions,
    /// Path of the URL.
    pub path: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Packed answers are asked for.
    pub compression: bool,
    /// Bounds.
    pub limits: Limits,
    /// Names that are taken.
    pub names: Names,
    /// `scrape_timeout_seconds` and its like are written too.
    pub extra_metrics: bool,
    /// How targets are reached.
    pub http: HttpConfig,
    /// Rules for targets.
    pub relabel: Rules,
    /// Rules for series.
    pub metric_relabel: Rules,
    /// The rules for targets as YAML.
    pub relabel_text: Vec<String>,
    /// Where targets come from.
    pub discovery: Vec<DiscoveryConfig>,
    /// Why every scrape fails without being tried; `None` for jobs of the file.
    pub hindrance: Option<String>,
    /// The job as YAML, defaults filled in, secrets replaced by `<secret>`.
    pub printed: String,
}

impl Job {
    /// Returns the value of `Accept`: the protocols with falling weights, and anything else at last.
    pub fn accept(&self) -> String {
        let mut weight = 7;
        let mut out = String::new();
        for protocol in &self.protocols {
            out.push_str(protocol.media_type());
            if protocol.has_escaping() {
                out.push_str(";escaping=");
                out.push_str(self.names.escaping);
            }
            out.push_str(&format!(";q=0.{weight},"));
            weight -= 1;
        }
        out.push_str(&format!("*/*;q=0.{weight}"));
        out
    }
}
