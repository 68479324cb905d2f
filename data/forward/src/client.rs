//! The HTTP client of one receiver.
//!
//! Certificates and keys are read again when their files change; passwords and tokens are read for each request.

use std::sync::Arc;

use oauth2::{OAuth2Error, TokenSource};
use parking_lot::Mutex;
use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use tls::{Renamed, Secret, SecretError, SecretSource, TlsError, WatchedFiles, client_config};

use crate::config::{Authorization, Proxy, RemoteWriteConfig};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// Why no client can be made, or no request.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A password or token cannot be read.
    #[error("failed to read a secret")]
    Secret(#[source] SecretError),
    /// Certificates or keys cannot be used.
    #[error("failed to set up TLS")]
    Tls(#[source] TlsError),
    /// There is no token.
    #[error("the request cannot be authorised")]
    Token(#[source] OAuth2Error),
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
    tokens: Option<TokenSource>,
}

struct Built {
    client: reqwest::Client,
    /// Certificates and keys.
    files: WatchedFiles,
}

impl Client {
    /// Makes a client.
    ///
    /// # Errors
    /// A certificate or key cannot be read, or the proxy makes no sense.
    pub(crate) fn new(config: Arc<RemoteWriteConfig>) -> Result<Self, ClientError> {
        let built = Mutex::new(build(&config)?);
        let tokens = match &config.authorization {
            Authorization::OAuth2(oauth2) => {
                Some(TokenSource::new((**oauth2).clone()).map_err(ClientError::Token)?)
            }
            _ => None,
        };
        Ok(Self {
            config,
            built,
            tokens,
        })
    }

    /// Begins a request with everything that the configuration asks for. Secrets in files are read anew.
    ///
    /// # Errors
    /// A file cannot be read, or holds what no header can; there is no token.
    pub(crate) async fn post(&self) -> Result<reqwest::RequestBuilder, ClientError> {
        let client = self.client()?;
        let post = match renamed(&self.config) {
            Some(renamed) => client
                .post(renamed.rename(&self.config.url))
                .header(HOST, renamed.host_header()),
            None => client.post(self.config.url.clone()),
        };
        let post = post.headers(header_map(&self.config.headers)?);
        match &self.tokens {
            None => authorize(post, &self.config.authorization),
            Some(tokens) => {
                let authorization = tokens.authorization().await.map_err(ClientError::Token)?;
                Ok(post.header(AUTHORIZATION, authorization))
            }
        }
    }

    fn client(&self) -> Result<reqwest::Client, ClientError> {
        let mut built = self.built.lock();
        if built.files.have_changed() {
            *built = build(&self.config)?;
        }
        Ok(built.client.clone())
    }
}

/// Returns under which other name the receiver is asked for in the handshake.
fn renamed(config: &RemoteWriteConfig) -> Option<Renamed> {
    let direct = config.proxy == Proxy::Direct;
    Renamed::find(&config.tls, &config.url).filter(|_| direct)
}

fn build(config: &RemoteWriteConfig) -> Result<Built, ClientError> {
    let files = WatchedFiles::new(config.tls.files());
    let renamed = renamed(config);
    let http2 = config.http2 && renamed.is_none();
    let protocols: &[_] = if http2 { &["h2", "http/1.1"] } else { &["http/1.1"] };
    let tls = client_config(&config.tls, protocols).map_err(ClientError::Tls)?;
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("Periplus/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        .timeout(config.timeout)
        .redirect(redirects(config));
    if !http2 {
        builder = builder.http1_only();
    }
    if let Some(renamed) = &renamed {
        builder = builder.dns_resolver(renamed.resolver());
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
    // A request that says which host it means must not go to another one.
    let stays = renamed(config).is_some();
    Policy::custom(move |attempt| match attempt.status().as_u16() {
        _ if attempt.previous().len() > MAX_REDIRECTS => attempt.error("too many redirects"),
        _ if stays && attempt.previous().last().map(url::Url::origin) != Some(attempt.url().origin()) => {
            attempt.stop()
        }
        307 | 308 => attempt.follow(),
        _ => attempt.stop(),
    })
}

fn proxy(
    url: &Secret,
    except: &str,
    headers: &[(String, SecretSource)],
) -> Result<reqwest::Proxy, ClientError> {
    let proxy = reqwest::Proxy::all(url.reveal()).map_err(|source| ClientError::SetUp {
        what: "the proxy",
        source: source.without_url(),
    })?;
    let proxy = proxy.no_proxy(reqwest::NoProxy::from_string(except));
    Ok(proxy.headers(header_map(headers)?))
}

fn header_map(pairs: &[(String, SecretSource)]) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    for (name, secret) in pairs {
        let bad = || ClientError::Header(name.clone());
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        headers.append(key, value(reveal(secret)?.reveal()).ok_or_else(bad)?);
    }
    Ok(headers)
}

/// Says who we are.
fn authorize(
    request: reqwest::RequestBuilder,
    authorization: &Authorization,
) -> Result<reqwest::RequestBuilder, ClientError> {
    Ok(match authorization {
        // A token is not had without asking.
        Authorization::None | Authorization::OAuth2(_) => request,
        Authorization::Basic { username, password } => {
            request.basic_auth(reveal(username)?.reveal(), Some(reveal(password)?.reveal()))
        }
        Authorization::Credentials { kind, credentials } => {
            let text = format!("{kind} {}", reveal(credentials)?.reveal());
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

fn reveal(source: &SecretSource) -> Result<Secret, ClientError> {
    source.load().map_err(ClientError::Secret)
}
