//! A server: its start, its face, its run.

mod renewal;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use model::{Family, Sink};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use wire::OtlpSettings;

use crate::app::{App, router};
use crate::config::{ServerConfig, Tenancy};
use crate::identity::certificate::{self, Certificate};
use crate::identity::{CertificateError, Identity, IdentityError};
use crate::listener::{Service, serve};
use crate::metrics::report_process;
use crate::server::renewal::keep_renewed;
use crate::sources::Sources;

const DELTA_SERIES: Family<'_> = Family::gauge(
    "periplus_otlp_delta_series",
    "Series of OTLP deltas whose running totals are remembered.",
);

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The data folder cannot be created.
    #[error("failed to create {path}")]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The token cannot be read or made.
    #[error("failed to prepare the token")]
    Identity(#[from] IdentityError),
    /// There is no certificate to serve with.
    #[error("failed to prepare TLS")]
    Certificate(#[from] CertificateError),
}

/// What the operator is told at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Where the page is.
    pub url: String,
    /// The token, if it was made just now. It is kept nowhere; show it and forget it.
    pub token_shown_once: Option<String>,
    /// SHA-256 fingerprint of the certificate, if the server speaks TLS.
    pub certificate_sha256: Option<String>,
    /// What else is good to know, one sentence each.
    pub notes: Vec<String>,
}

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
    certificate: Option<Arc<Certificate>>,
    tls: Option<TlsAcceptor>,
    announcement: Announcement,
}

/// Says what a server counts of itself; outlives the server.
#[derive(Clone)]
pub struct Reporter(Arc<App>);

impl Reporter {
    /// Hands over the server's own metrics and those of the process.
    pub fn report(&self, out: &mut dyn Sink) {
        report(&self.0, out);
    }
}

/// Changes settings of a server while it answers.
#[derive(Clone)]
pub struct Adjuster(Arc<App>);

impl Adjuster {
    /// Brings other settings into force: how OTLP points become samples, except for the lookback, which is that of
    /// queries, and who may use how much. What tenants have used stays counted.
    pub fn adjust(&self, otlp: OtlpSettings, tenancy: Tenancy) {
        self.0.adjust(otlp, tenancy);
    }
}

impl Server {
    /// Takes the address and prepares identity. Connections wait in the kernel until [`Server::run`].
    ///
    /// # Errors
    /// The address is taken, or token or certificate cannot be read or made.
    pub fn bind(config: ServerConfig, sources: Sources) -> Result<Self, ServerError> {
        let listen = config.listen;
        let listen_error = |source| ServerError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).map_err(listen_error)?;
        listener.set_nonblocking(true).map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        std::fs::create_dir_all(&config.data_dir).map_err(|source| ServerError::DataDir {
            path: config.data_dir.clone(),
            source,
        })?;
        let (identity, token) = Identity::open(listen.ip(), &config.data_dir, &config.tokens)?;
        let certificate = find_certificate(&config, &identity, &sources.host)?.map(Arc::new);
        let mut announcement = announce(address, &sources.host, certificate.as_deref());
        if identity.needs_token() && token.is_none() {
            announcement
                .notes
                .push("the token is the one shown at the first start".to_owned());
        }
        announcement.token_shown_once = token;
        let tls = certificate.as_ref().map(Certificate::acceptor).transpose()?;
        Ok(Self {
            listener,
            address,
            app: Arc::new(App::new(config, sources, identity)),
            certificate,
            tls,
            announcement,
        })
    }

    /// Returns the address listened on, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what to tell the operator.
    pub fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// Returns what says the server's own metrics.
    pub fn reporter(&self) -> Reporter {
        Reporter(Arc::clone(&self.app))
    }

    /// Returns what changes the server's settings.
    pub fn adjuster(&self) -> Adjuster {
        Adjuster(Arc::clone(&self.app))
    }

    /// Says the server's own metrics and those of the process.
    pub fn report(&self, out: &mut dyn Sink) {
        report(&self.app, out);
    }

    /// Answers until `stop`, and takes over the operator's certificate and tokens when their files change; then refuses new connections, ends event streams, and lets open requests end within
    /// the drain timeout.
    ///
    /// # Errors
    /// The runtime does not take the socket.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServerError> {
        let Self {
            listener,
            address,
            app,
            certificate,
            tls,
            announcement,
        } = self;
        let listener = tokio::net::TcpListener::from_std(listener)
            .map_err(|source| ServerError::Listen { address, source })?;
        let service = Service {
            router: router(Arc::clone(&app)),
            tls,
            limits: app.config.connections,
            metrics: Arc::clone(&app.metrics),
            url: Arc::from(announcement.url),
        };
        let closing = app.stop.clone();
        let ended = async {
            stop.cancelled().await;
            closing.cancel();
        };
        let renewed = keep_renewed(&app, certificate, &stop);
        tokio::join!(serve(listener, service, stop.clone()), ended, renewed);
        Ok(())
    }
}

/// Says the server's own metrics and those of the process.
pub(crate) fn report(app: &App, out: &mut dyn Sink) {
    app.metrics.report(app.identity.refusals(), out);
    app.tenants.report(out);
    out.sample(&DELTA_SERIES, &[], app.deltas.lock().len() as f64);
    if let Some(usage) = service::own_usage() {
        report_process(&usage, app.started_at, out);
    }
}

/// TLS is there when files are given, and off loopback always.
fn find_certificate(
    config: &ServerConfig,
    identity: &Identity,
    host: &str,
) -> Result<Option<Certificate>, CertificateError> {
    match &config.tls {
        Some(files) => certificate::load(files).map(Some),
        None if identity.needs_token() => {
            certificate::load_or_create(&config.data_dir, names(config.listen, host)).map(Some)
        }
        None => Ok(None),
    }
}

/// Names a self-signed certificate is good for.
fn names(listen: SocketAddr, host: &str) -> Vec<String> {
    let mut names = vec![
        "localhost".to_owned(),
        Ipv4Addr::LOCALHOST.to_string(),
        "::1".to_owned(),
    ];
    if !host.is_empty() && !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    if !listen.ip().is_unspecified() {
        names.push(listen.ip().to_string());
    }
    names
}

fn announce(address: SocketAddr, host: &str, certificate: Option<&Certificate>) -> Announcement {
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let reached = if address.ip().is_unspecified() && !host.is_empty() {
        format!("{host}:{}", address.port())
    } else {
        address.to_string()
    };
    let mut notes = Vec::new();
    if address.ip().is_loopback() {
        notes.push("reachable from this machine only".to_owned());
    }
    Announcement {
        url: format!("{scheme}://{reached}/"),
        token_shown_once: None,
        certificate_sha256: certificate.map(Certificate::fingerprint),
        notes,
    }
}

#[cfg(test)]
mod tests;
