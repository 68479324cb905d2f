//! From a kubeconfig, or the service account of a pod, to a connection.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube_client::client::{Body, ConfigExt as _};
use kube_client::config::{KubeConfigOptions, Kubeconfig};
use kube_client::{Client, Config};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tower::{BoxError, Service, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

/// Time until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// A peer that went without a word is found after three of these.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// Bytes that one connection reads ahead.
const READ_AHEAD: usize = 64 * 1024;

/// Where an API server is, and who we are to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// As a kubeconfig says.
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The context, `None` for the current one.
        context: Option<String>,
    },
    /// As the service account of the pod that this process runs in.
    ServiceAccount,
    /// At an address that asks for nothing, as `kubectl proxy` offers it.
    Open {
        /// Address, as in `http://127.0.0.1:8001`.
        url: String,
    },
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kubeconfig { path, context: None } => write!(f, "kubeconfig {}", path.display()),
            Self::Kubeconfig {
                path,
                context: Some(context),
            } => write!(f, "kubeconfig {}, context {context}", path.display()),
            Self::ServiceAccount => f.write_str("service account of this pod"),
            Self::Open { url } => f.write_str(url),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be used.
    #[error("cannot use kubeconfig {}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<kube_client::config::KubeconfigError>,
    },
    /// The context is not in the kubeconfig, or none is chosen.
    #[error("kubeconfig {} has no such context, or no current one: choose one of {known} with --context", path.display())]
    Context {
        /// The file.
        path: PathBuf,
        /// Contexts of the file.
        known: String,
    },
    /// The service account of the pod cannot be used.
    #[error("cannot use the service account of this pod: name a kubeconfig with --kubeconfig")]
    ServiceAccount(#[source] Box<kube_client::config::InClusterError>),
    /// The address is none.
    #[error("{url:?} is not the address of an API server, as in https://10.0.0.1:6443")]
    Address {
        /// The address.
        url: String,
    },
    /// Certificates, keys or credentials cannot be used.
    #[error("cannot use the credentials for the API server")]
    Credentials(#[source] Box<kube_client::Error>),
    /// Proxies of this kind are not spoken to.
    #[error("proxy-url {url:?} is not supported: use an http:// proxy")]
    Proxy {
        /// The proxy.
        url: String,
    },
    /// Reading the credentials was cut short.
    #[error("reading the credentials for the API server was cut short")]
    Stopped,
}

impl Access {
    /// Returns what a cluster may be called that has no name: the context of the kubeconfig.
    ///
    /// # Errors
    /// There is no such file, it is no kubeconfig, or it has no such context.
    pub fn default_name(&self) -> Result<String, ConnectError> {
        let Self::Kubeconfig { path, context } = self else {
            return Ok("kubernetes".to_owned());
        };
        let kubeconfig = Kubeconfig::read_from(path).map_err(|source| ConnectError::Kubeconfig {
            path: path.clone(),
            source: Box::new(source),
        })?;
        let name = context.clone().or(kubeconfig.current_context);
        let known: Vec<_> = kubeconfig.contexts.into_iter().map(|one| one.name).collect();
        match name.filter(|name| known.contains(name)) {
            Some(name) => Ok(name),
            None => Err(ConnectError::Context {
                path: path.clone(),
                known: known.join(", "),
            }),
        }
    }

    /// Returns the service account of the pod that this process runs in, if it runs in one.
    pub fn of_pod() -> Option<Self> {
        let has_server = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        let token = std::path::Path::new("/var/run/secrets/kubernetes.io/serviceaccount/token");
        (has_server && token.exists()).then_some(Self::ServiceAccount)
    }
}

/// Reads the configuration and prepares a connection; files are read, and credential plugins run, where they may
/// block.
pub(super) async fn connect(access: &Access) -> Result<Client, ConnectError> {
    let access = access.clone();
    let runtime = Handle::current();
    let connecting = spawn_blocking(move || {
        let _inside = runtime.enter();
        let config = runtime.block_on(load(&access))?;
        client(config)
    });
    connecting.await.map_err(|_| ConnectError::Stopped)?
}

async fn load(access: &Access) -> Result<Config, ConnectError> {
    match access {
        Access::Kubeconfig { path, context } => {
            let failed = |source| ConnectError::Kubeconfig {
                path: path.clone(),
                source: Box::new(source),
            };
            let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
            let options = KubeConfigOptions {
                context: context.clone(),
                ..KubeConfigOptions::default()
            };
            Config::from_custom_kubeconfig(kubeconfig, &options)
                .await
                .map_err(failed)
        }
        Access::ServiceAccount => {
            Config::incluster().map_err(|source| ConnectError::ServiceAccount(Box::new(source)))
        }
        Access::Open { url } => {
            let address = url
                .parse()
                .map_err(|_| ConnectError::Address { url: url.clone() })?;
            Ok(Config::new(address))
        }
    }
}

fn client(config: Config) -> Result<Client, ConnectError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT));
    http.set_keepalive(Some(KEEPALIVE));
    http.set_keepalive_interval(Some(KEEPALIVE));
    http.set_keepalive_retries(Some(3));
    match config.proxy_url.clone() {
        None => over(config, http),
        Some(proxy) if proxy.scheme_str() == Some("http") => over(config, Tunnel::new(proxy, http)),
        Some(proxy) => Err(ConnectError::Proxy {
            // Without the user and password that it may hold.
            url: format!(
                "{}://{}",
                proxy.scheme_str().unwrap_or(""),
                proxy.host().unwrap_or("")
            ),
        }),
    }
}

/// Puts TLS, the credentials and unpacking around a way to open connections.
fn over<C>(config: Config, connector: C) -> Result<Client, ConnectError>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError> + Send + Sync + std::error::Error + 'static,
{
    let failed = |error| ConnectError::Credentials(Box::new(error));
    let https = config
        .rustls_https_connector_with_connector(connector)
        .map_err(failed)?;
    let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(4)
        .http1_max_buf_size(READ_AHEAD)
        .build(https);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(DecompressionLayer::new())
        .option_layer(config.auth_layer().map_err(failed)?)
        .layer(config.extra_headers_layer().map_err(failed)?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}
