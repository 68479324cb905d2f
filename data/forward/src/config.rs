//! `remote_write` blocks, checked.
//!
//! [`RemoteWriteSection`] is what the file says, read as part of the file so that mistakes have their place in it;
//! [`RemoteWriteSection::check`] makes [`RemoteWriteConfig`]s of it and names all that is wrong at once. Two
//! configurations that are equal forward alike: a reload leaves such a receiver alone.

use std::time::Duration;

use model::RelabelRule;
use oauth2::OAuth2Config;
use relay::RelayConfig;
use tls::{Secret, SecretSource, TlsConfig};
use url::Url;
use wire::RemoteWriteVersion;

mod check;
mod duration;
mod http;
mod raw;

pub use check::ConfigError;
pub use raw::{RemoteWriteSection, parse_remote_write};

/// One receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteWriteConfig {
    /// Tells it from others in logs, metrics and the name of its checkpoint.
    pub name: String,
    /// Where requests go.
    pub url: Url,
    /// How long a request may take.
    pub timeout: Duration,
    /// Headers of every request, besides those of the protocol.
    pub headers: Vec<(String, SecretSource)>,
    /// Who we are.
    pub authorization: Authorization,
    /// How the receiver proves who it is.
    pub tls: TlsConfig,
    /// What stands between us and the receiver.
    pub proxy: Proxy,
    /// Whether redirects that keep the request as it is (307 and 308) are followed, at most ten.
    pub follow_redirects: bool,
    /// Whether HTTP/2 is spoken where the receiver offers it.
    pub http2: bool,
    /// The version to begin with.
    pub version: RemoteWriteVersion,
    /// Rules that rewrite or drop series on the way.
    pub relabel: Vec<RelabelRule>,
    /// Whether exemplars are sent.
    pub send_exemplars: bool,
    /// Whether native histograms are sent.
    pub send_native_histograms: bool,
    /// What is said about metric families.
    pub metadata: MetadataSettings,
    /// Bounds of the queue.
    pub queue: RelayConfig,
    /// Whether "too many requests" means later instead of never. Unlike in Prometheus it does if nothing is said.
    pub retry_on_429: bool,
    /// Whether "who are you" and "you may not" mean later: for whoever would rather wait for a token to be put right than
    /// lose what it was refused with. Prometheus has nothing of the kind, so no key says it.
    pub retry_on_refused_identity: bool,
    /// Samples older than this are not sent; `None` for no limit.
    pub sample_age_limit: Option<Duration>,
}

/// What is said about metric families. Version 2.0 says it with every series; this is for 1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataSettings {
    /// Whether it is said at all, in either version.
    pub send: bool,
    /// How often all of it is repeated.
    pub interval: Duration,
    /// Families of one request at most.
    pub max_per_request: usize,
}

/// How requests say who sends them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Authorization {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Basic`.
    Basic {
        /// The name.
        username: SecretSource,
        /// The password.
        password: SecretSource,
    },
    /// `Authorization: KIND CREDENTIALS`.
    Credentials {
        /// `Bearer` most often.
        kind: String,
        /// What follows.
        credentials: SecretSource,
    },
    /// A token that a server of its own grants.
    OAuth2(Box<OAuth2Config>),
}

/// Which proxy requests go through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// None.
    #[default]
    Direct,
    /// What the environment says (`HTTPS_PROXY` and its like).
    Environment,
    /// This one.
    Url {
        /// Where it is; may hold a password.
        url: Secret,
        /// Hosts that are reached without it, parted by commas.
        except: String,
        /// Headers for the proxy.
        headers: Vec<(String, SecretSource)>,
    },
}
