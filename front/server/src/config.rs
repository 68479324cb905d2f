//! What the operator decides about the server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use model::Matcher;
use wire::{DecodeLimits, OtlpSettings};

/// Settings of a [`crate::Server`].
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one. Off loopback, TLS and a token are mandatory.
    pub listen: SocketAddr,
    /// Folder that holds identity: certificate, key and the hash of the token, in `identity/`.
    pub data_dir: PathBuf,
    /// Certificate and key to serve with. Off loopback without them, a self-signed one is made and kept.
    pub tls: Option<TlsFiles>,
    /// Tokens that others have made. Without them the server makes its own.
    pub tokens: TokenFiles,
    /// Time between two looks at the files of certificate and tokens.
    pub renewal: Duration,
    /// What is served.
    pub surface: Surface,
    /// Bounds of queries.
    pub query: QueryLimits,
    /// What of PromQL is granted.
    pub language: Language,
    /// Bounds of remote write.
    pub remote_write: RemoteWriteLimits,
    /// How OTLP points become samples.
    pub otlp: OtlpSettings,
    /// Bounds of connections.
    pub connections: ConnectionLimits,
    /// Who the tenants are and what each may use.
    pub tenancy: Tenancy,
    /// Serves what deletes and copies data, `/api/v1/admin/…`.
    pub enable_admin_api: bool,
    /// Pages of these origins may ask from a browser: a pattern for the whole `Origin`. `None` lets none.
    pub cors_origin: Option<Matcher>,
}

impl ServerConfig {
    /// Returns the defaults for an address and a folder.
    pub fn new(listen: SocketAddr, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            listen,
            data_dir: data_dir.into(),
            tls: None,
            tokens: TokenFiles::default(),
            renewal: Duration::from_secs(10),
            surface: Surface::default(),
            query: QueryLimits::default(),
            language: Language::default(),
            remote_write: RemoteWriteLimits::default(),
            otlp: OtlpSettings::default(),
            connections: ConnectionLimits::default(),
            tenancy: Tenancy::default(),
            enable_admin_api: false,
            cors_origin: None,
        }
    }
}

/// Who the tenants are and what each may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenancy {
    /// Header that names the tenant of a request, as `X-Scope-OrgID`; without it in a request, or `None` here, the
    /// tenant is `default`. Whoever sends the header is believed: a proxy in front must set it.
    pub header: Option<String>,
    /// What a tenant may use that has no entry of its own.
    pub limits: TenantLimits,
    /// What single tenants may use.
    pub overrides: BTreeMap<String, TenantLimits>,
    /// Tenants told apart; all further ones share one set of counts.
    pub max_tenants: usize,
}

impl Default for Tenancy {
    fn default() -> Self {
        Self {
            header: None,
            limits: TenantLimits::default(),
            overrides: BTreeMap::new(),
            max_tenants: 1000,
        }
    }
}

/// What one tenant may use; `None` is no bound beside those of the whole server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantLimits {
    /// Series with samples in the last half to one hour.
    pub max_series: Option<u64>,
    /// Series that are new, each minute.
    pub new_series_per_minute: Option<u64>,
    /// Samples written, each second; twice as many may come at once.
    pub samples_per_second: Option<u64>,
    /// Labels of a series, its name included.
    pub max_labels: Option<usize>,
    /// Bytes of a label's name.
    pub max_label_name_bytes: Option<usize>,
    /// Bytes of a label's value.
    pub max_label_value_bytes: Option<usize>,
    /// Compressed bytes of one request that writes.
    pub max_request_bytes: Option<usize>,
    /// Samples one query may hold in memory.
    pub max_query_samples: Option<usize>,
    /// Queries that run at once; further ones wait.
    pub max_concurrent_queries: Option<usize>,
}

/// Where the operator's certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub cert: PathBuf,
    /// Private key, PEM (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
}

/// Files with tokens, for an operator who hands the same to servers and to those who ask. They are read at
/// the start and again when they change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFiles {
    /// Holds the token that lets all in, in place of one that the server makes.
    pub full: Option<PathBuf>,
    /// Holds a token that lets samples in and nothing out, for those who only write.
    pub write: Option<PathBuf>,
}

/// What a server serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surface {
    /// The whole API and the page.
    #[default]
    Whole,
    /// Health and what the process counts of itself: for a process that only collects and sends.
    Health,
}

/// What of PromQL is granted that Prometheus has behind `--enable-feature`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Functions, modifiers and names. Experimental functions are granted by default: they harm nobody who does
    /// not call them.
    pub grammar: promql::Options,
    /// Metric names go at the end of a query (`promql-delayed-name-removal`).
    pub delayed_name_removal: bool,
    /// Counters began where their samples say so (`use-start-timestamps`).
    pub start_timestamps: bool,
}

impl Default for Language {
    fn default() -> Self {
        Self {
            grammar: promql::Options {
                experimental_functions: true,
                ..promql::Options::STABLE
            },
            delayed_name_removal: false,
            start_timestamps: false,
        }
    }
}

/// Bounds of queries; the defaults are those of Prometheus where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Longest time a query may wait and run; a request may ask for less.
    pub timeout: Duration,
    /// Queries that run at once; further ones wait.
    pub max_concurrent: usize,
    /// Samples one query may hold in memory.
    pub max_samples: usize,
    /// Points of one series in a range query.
    pub max_points: usize,
    /// How far back an instant selector looks; a request may ask for another span.
    pub lookback: Duration,
    /// Longest form that is read, in bytes.
    pub max_form_bytes: usize,
}

impl Default for QueryLimits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            timeout: Duration::from_secs(120),
            max_concurrent: (2 * cores).clamp(4, 20),
            max_samples: 50_000_000,
            max_points: 11_000,
            lookback: Duration::from_secs(300),
            max_form_bytes: 1 << 20,
        }
    }
}

/// Bounds of remote write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteWriteLimits {
    /// Compressed bytes of one request.
    pub max_body_bytes: usize,
    /// Compressed bytes of all requests that are being received or stored; beyond, senders are told to wait.
    pub max_in_flight_bytes: usize,
    /// Requests that are decoded at once; further ones wait.
    pub max_decoding: usize,
    /// Longest time a body may take to arrive.
    pub receive_timeout: Duration,
    /// Longest time an answer waits for the batch to be durable.
    pub durable_timeout: Duration,
    /// Bounds of what a request holds.
    pub decode: DecodeLimits,
}

impl Default for RemoteWriteLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 32 << 20,
            max_in_flight_bytes: 128 << 20,
            max_decoding: 2,
            receive_timeout: Duration::from_secs(30),
            durable_timeout: Duration::from_secs(20),
            decode: DecodeLimits::default(),
        }
    }
}

/// Bounds of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections open at once; further ones wait in the kernel's queue.
    pub max_open: usize,
    /// Longest time for a TLS handshake, for the head of a request, and between two requests.
    pub head_timeout: Duration,
    /// Longest time for the other end to take a piece of an answer.
    pub stall_timeout: Duration,
    /// Longest time for open requests to end when the server stops.
    pub drain_timeout: Duration,
    /// Event streams open at once.
    pub max_streams: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_open: 512,
            head_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(10),
            max_streams: 64,
        }
    }
}
