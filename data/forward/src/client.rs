//! The HTTP client of one receiver.
//!
//! Certificates and keys are read again when their files change; passwords and tokens are read for each request.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;

use crate::config::{Authorization, Proxy, RemoteWriteConfig, Secret};

mod tls;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 10;
/// No password, token or certificate is longer.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why no client can be made, or no request.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A file cannot be read.
    #[error("failed to read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} holds no {what} in PEM")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// Certificates or keys cannot be used.
    #[error("failed to set up {what}")]
    Tls {
        /// What of it.
        what: &'static str,
        /// What is wrong.
        #[source]
        source: rustls::Error,
    },
    /// The proxy or the client makes no sense.
    #[error("failed to set up {what}")]
    SetUp {
        /// What of it.
        what: &'static str,
        /// What is wrong.
        #[source]
        source: reqwest::Error,
    },
    /// A value that cannot stand in a header.
    #[error("header {0} has a value that cannot be sent")]
    Header(String),
}

/// The client, made anew when certificates or keys change.
pub(crate) struct Client {
    config: Arc<RemoteWriteConfig>,
    built: Mutex<Built>,
}

struct Built {
    client: reqwest::Client,
    /// Files of certificates and keys with their times of change.
    files: Vec<(PathBuf, Option<SystemTime>)>,
}

impl Client {
    /// Makes a client.
    ///
    /// # Errors
    /// A certificate or key cannot be read, or the proxy makes no sense.
    pub(crate) fn new(config: Arc<RemoteWriteConfig>) -> Result<Self, ClientError> {
        let built = Mutex::new(build(&config)?);
        Ok(Self { config, built })
    }

    /// Begins a request with everything that the configuration asks for. Secrets in files are read anew.
    ///
    /// # Errors
    /// A file cannot be read, or holds what no header can.
    pub(crate) fn post(&self) -> Result<reqwest::RequestBuilder, ClientError> {
        let post = self.client()?.post(self.config.url.clone());
        authorize(post.headers(headers(&self.config)?), &self.config.authorization)
    }

    fn client(&self) -> Result<reqwest::Client, ClientError> {
        let mut built = self.built.lock();
        if built.files.iter().any(|(path, time)| changed_at(path) != *time) {
            *built = build(&self.config)?;
        }
        Ok(built.client.clone())
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|found| found.modified()).ok()
}

fn build(config: &RemoteWriteConfig) -> Result<Built, ClientError> {
    let tls = &config.tls;
    let files = [&tls.ca_file, &tls.cert_file, &tls.key_file];
    let files = files.into_iter().flatten();
    let files = files.map(|path| (path.clone(), changed_at(path))).collect();
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::client_config(config)?)
        .user_agent(concat!("Periplus/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        .timeout(config.timeout)
        .redirect(redirects(config));
    if !config.http2 {
        builder = builder.http1_only();
    }
    builder = match &config.proxy {
        Proxy::Direct => builder.no_proxy(),
        Proxy::Environment => builder,
        Proxy::Url { url, except, headers } => builder.proxy(proxy(url, except, headers)?),
    };
    let client = builder.build().map_err(|source| ClientError::SetUp {
        what: "the HTTP client",
        source,
    })?;
    Ok(Built { client, files })
}

/// Follows only redirects that keep method and body: after the others the request would be another one, without
/// samples.
fn redirects(config: &RemoteWriteConfig) -> Policy {
    if !config.follow_redirects {
        return Policy::none();
    }
    Policy::custom(|attempt| match attempt.status().as_u16() {
        _ if attempt.previous().len() > MAX_REDIRECTS => attempt.error("too many redirects"),
        307 | 308 => attempt.follow(),
        _ => attempt.stop(),
    })
}

fn proxy(url: &Secret, except: &str, headers: &[(String, Secret)]) -> Result<reqwest::Proxy, ClientError> {
    let proxy = reqwest::Proxy::all(reveal(url)?).map_err(|source| ClientError::SetUp {
        what: "the proxy",
        source: source.without_url(),
    })?;
    let proxy = proxy.no_proxy(reqwest::NoProxy::from_string(except));
    Ok(proxy.headers(header_map(headers)?))
}

/// Returns the headers that the configuration asks for.
fn headers(config: &RemoteWriteConfig) -> Result<HeaderMap, ClientError> {
    header_map(&config.headers)
}

fn header_map(pairs: &[(String, Secret)]) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    for (name, secret) in pairs {
        let bad = || ClientError::Header(name.clone());
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        headers.append(key, value(&reveal(secret)?).ok_or_else(bad)?);
    }
    Ok(headers)
}

/// Says who we are.
fn authorize(
    request: reqwest::RequestBuilder,
    authorization: &Authorization,
) -> Result<reqwest::RequestBuilder, ClientError> {
    Ok(match authorization {
        Authorization::None => request,
        Authorization::Basic { username, password } => {
            request.basic_auth(reveal(username)?, Some(reveal(password)?))
        }
        Authorization::Credentials { kind, credentials } => {
            let text = format!("{kind} {}", reveal(credentials)?);
            let value = value(&text).ok_or_else(|| ClientError::Header(AUTHORIZATION.to_string()))?;
            request.header(AUTHORIZATION, value)
        }
    })
}

/// Marks the value so that it is not shown.
fn value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn reveal(secret: &Secret) -> Result<String, ClientError> {
    match secret {
        Secret::Text(text) => Ok(text.clone()),
        Secret::File(path) => {
            let text = String::from_utf8_lossy(&read(path)?).into_owned();
            Ok(text.trim().to_owned())
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ClientError> {
    let failed = |source| ClientError::Read {
        path: path.to_owned(),
        source,
    };
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_FILE_BYTES {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read(path).map_err(failed)
}
