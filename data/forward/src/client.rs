//! The HTTP client of one receiver.

use std::io;
use std::path::{Path, PathBuf};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Identity, Proxy};

use crate::config::{Authorization, RemoteWriteConfig, Secret, TlsSettings};

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
    /// Certificates, keys or the proxy make no sense.
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

/// Makes the client. Redirects are not followed: a receiver that moved has to be named.
pub(crate) fn build(config: &RemoteWriteConfig) -> Result<reqwest::Client, ClientError> {
    // The first of all to come decides for the process; all that come choose the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = reqwest::Client::builder()
        .user_agent(concat!("Periplus/", env!("CARGO_PKG_VERSION")))
        .timeout(config.timeout)
        .redirect(reqwest::redirect::Policy::none());
    let mut builder = with_tls(builder, &config.tls)?;
    if let Some(proxy) = &config.proxy {
        let proxy = Proxy::all(proxy.clone()).map_err(|source| ClientError::SetUp {
            what: "the proxy",
            source,
        })?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|source| ClientError::SetUp {
        what: "the HTTP client",
        source,
    })
}

fn with_tls(
    mut builder: reqwest::ClientBuilder,
    tls: &TlsSettings,
) -> Result<reqwest::ClientBuilder, ClientError> {
    let set_up = |what| move |source| ClientError::SetUp { what, source };
    if let Some(path) = &tls.ca_file {
        let trusted =
            Certificate::from_pem_bundle(&read(path)?).map_err(set_up("the trusted certificates"))?;
        builder = builder.tls_certs_only(trusted);
    }
    if let (Some(cert), Some(key)) = (&tls.cert_file, &tls.key_file) {
        let mut pem = read(key)?;
        pem.push(b'\n');
        pem.extend(read(cert)?);
        let identity = Identity::from_pem(&pem).map_err(set_up("our certificate"))?;
        builder = builder.identity(identity);
    }
    Ok(builder.tls_danger_accept_invalid_certs(tls.insecure_skip_verify))
}

/// Returns the headers that the configuration asks for. Secrets in files are read anew.
pub(crate) fn headers(config: &RemoteWriteConfig) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    for (name, secret) in &config.headers {
        let bad = || ClientError::Header(name.clone());
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        headers.insert(key, value(&reveal(secret)?).ok_or_else(bad)?);
    }
    Ok(headers)
}

/// Says who we are.
pub(crate) fn authorize(
    request: reqwest::RequestBuilder,
    authorization: &Authorization,
) -> Result<reqwest::RequestBuilder, ClientError> {
    Ok(match authorization {
        Authorization::None => request,
        Authorization::Basic { username, password } => request.basic_auth(username, Some(reveal(password)?)),
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
            Ok(text.trim_end().to_owned())
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ClientError> {
    std::fs::read(path).map_err(|source| ClientError::Read {
        path: path.to_owned(),
        source,
    })
}
