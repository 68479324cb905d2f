//! Answers of servers, fetched under a time limit and a bound of bytes.
//!
//! One client serves a job: it keeps a connection to each target open. Certificates and keys are read again when
//! their files change; passwords and tokens are read for each request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use oauth2::{OAuth2Error, TokenSource};
use parking_lot::Mutex;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    HeaderValue, USER_AGENT,
};
use reqwest::redirect::Policy;
use tls::{Renamed, Secret, SecretSource, WatchedFiles, client_config};

mod body;

pub(crate) use body::unpack;

use crate::config::{Authorization, HttpConfig, Proxy};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 10;
/// A connection that is idle for longer than any usual interval is closed.
const IDLE: Duration = Duration::from_secs(300);
/// Bytes of one answer, packed or not, if the job sets no lower bound.
pub(crate) const MAX_BODY: u64 = 256 << 20;
/// Bytes of all answers that are in memory at the same time.
const MAX_BODIES: usize = 1 << 30;
/// Hosts that have a client of their own, as they are reached under another name; beyond, connections are made anew.
const MAX_RENAMED: usize = 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// A secret or certificate of the request is not to be had.
    #[error("the request cannot be made: {0}")]
    Prepare(String),
    /// There is no token for the request.
    #[error("the request cannot be authorised")]
    Token(#[source] OAuth2Error),
    /// The server cannot be reached, or the answer breaks off.
    #[error("failed to fetch {url}")]
    Request {
        /// What was requested, without a password.
        url: String,
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
    /// The server refuses.
    #[error("the server answered with HTTP status {0}")]
    Status(reqwest::StatusCode),
    /// The answer is larger than allowed.
    #[error("body_size_limit of {limit} bytes exceeded")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
    /// Too many answers are in memory.
    #[error("answers of {MAX_BODIES} bytes are being read already")]
    Crowded,
    /// The answer is packed otherwise than asked for.
    #[error("the answer has Content-Encoding {0:?}, which was not asked for")]
    Encoding(String),
    /// The answer is said to be packed and is not.
    #[error("failed to unpack the answer")]
    Unpack(#[source] std::io::Error),
}

/// What is asked for.
pub(crate) struct Request<'a> {
    /// Where.
    pub(crate) url: &'a url::Url,
    /// Headers beside those of the configuration.
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    /// The answer may be packed.
    pub(crate) packed: bool,
    /// Bytes that the answer may have.
    pub(crate) limit: u64,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The bytes as they came.
    pub(crate) body: Body,
    /// They are packed with gzip.
    pub(crate) packed: bool,
    /// What they are.
    pub(crate) content_type: Option<String>,
}

/// Bytes that count against the bound of the process while they live.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    held: Held,
}

/// A share of the bound of all answers.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: usize,
    total: Arc<AtomicUsize>,
}

impl Held {
    fn none(total: &Arc<AtomicUsize>) -> Self {
        Self {
            bytes: 0,
            total: Arc::clone(total),
        }
    }

    /// Takes more; refuses beyond the bound.
    fn grow(&mut self, more: usize) -> Result<(), FetchError> {
        let before = self.total.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        if before + more > MAX_BODIES {
            Err(FetchError::Crowded)
        } else {
            Ok(())
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The client of one configuration.
#[derive(Debug)]
pub(crate) struct HttpClient {
    config: HttpConfig,
    built: Mutex<Built>,
    tokens: Option<TokenSource>,
    bodies: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Built {
    client: reqwest::Client,
    /// Clients of hosts that are reached under another name, by host.
    renamed: HashMap<String, reqwest::Client>,
    /// Certificates and keys.
    files: WatchedFiles,
}

impl HttpClient {
    /// Builds a client. `bodies` counts the bytes of all answers of the process.
    ///
    /// # Errors
    /// A certificate or key cannot be read.
    pub(crate) fn new(config: HttpConfig, bodies: Arc<AtomicUsize>) -> Result<Self, FetchError> {
        let files = WatchedFiles::new(config.tls.files());
        let built = Mutex::new(Built {
            client: build(&config, None)?,
            renamed: HashMap::new(),
            files,
        });
        let tokens = match &config.authorization {
            Some(Authorization::OAuth2(oauth2)) => {
                Some(TokenSource::new((**oauth2).clone()).map_err(FetchError::Token)?)
            }
            _ => None,
        };
        Ok(Self {
            config,
            built,
            tokens,
            bodies,
        })
    }

    /// Begins a request with the client of its host, built anew if its files have changed.
    fn get(&self, url: &url::Url) -> Result<reqwest::RequestBuilder, FetchError> {
        let mut built = self.built.lock();
        if built.files.have_changed() {
            let files = WatchedFiles::new(self.config.tls.files());
            *built = Built {
                client: build(&self.config, None)?,
                renamed: HashMap::new(),
                files,
            };
        }
        let direct = self.config.proxy == Proxy::Direct;
        let Some(renamed) = Renamed::find(&self.config.tls, url).filter(|_| direct) else {
            return Ok(built.client.get(url.clone()));
        };
        let client = match built.renamed.get(renamed.host()) {
            Some(client) => client.clone(),
            None => {
                let client = build(&self.config, Some(&renamed))?;
                if built.renamed.len() >= MAX_RENAMED {
                    built.renamed.clear();
                }
                built.renamed.insert(renamed.host().to_owned(), client.clone());
                client
            }
        };
        Ok(client
            .get(renamed.rename(url))
            .header(HOST, renamed.host_header()))
    }

    /// Fetches an answer. The caller sets a time limit.
    ///
    /// # Errors
    /// There is none, or it is not what was asked for.
    pub(crate) async fn fetch(&self, request: Request<'_>) -> Result<Answer, FetchError> {
        let failed = |source: reqwest::Error| FetchError::Request {
            url: shown(request.url),
            source: source.without_url(),
        };
        let encoding = if request.packed { "gzip" } else { "identity" };
        let mut builder = self
            .get(request.url)?
            .header(USER_AGENT, concat!("Periplus/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT_ENCODING, encoding)
            .headers(self.secret_headers()?);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some(Authorization::Basic(basic)) = &self.config.authorization {
            let username = load(&basic.username)?;
            let password = basic.password.as_ref().map(load).transpose()?;
            builder = builder.basic_auth(username.reveal(), password.as_ref().map(Secret::reveal));
        }
        if let Some(tokens) = &self.tokens {
            let authorization = tokens.authorization().await.map_err(FetchError::Token)?;
            builder = builder.header(AUTHORIZATION, authorization);
        }
        let mut response = builder.send().await.map_err(failed)?;
        let status = response.status();
        if status != reqwest::StatusCode::OK {
            return Err(FetchError::Status(status));
        }
        let headers = response.headers().clone();
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let packed = match text(CONTENT_ENCODING).unwrap_or("identity") {
            "identity" | "" => false,
            "gzip" | "x-gzip" => true,
            other => return Err(FetchError::Encoding(other.chars().take(64).collect())),
        };
        let content_type = text(CONTENT_TYPE).map(str::to_owned);
        let mut body = Body {
            bytes: Vec::new(),
            held: Held::none(&self.bodies),
        };
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if (body.bytes.len() + piece.len()) as u64 > request.limit {
                return Err(FetchError::TooLarge { limit: request.limit });
            }
            body.held.grow(piece.len())?;
            body.bytes.extend_from_slice(&piece);
        }
        Ok(Answer {
            body,
            packed,
            content_type,
        })
    }

    /// Returns the headers that hold secrets, read afresh.
    fn secret_headers(&self) -> Result<HeaderMap, FetchError> {
        let mut headers = HeaderMap::new();
        for (name, source) in &self.config.headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| FetchError::Prepare(format!("{name:?} is not the name of a header")))?;
            headers.append(name, sensitive(load(source)?.reveal())?);
        }
        if let Some(Authorization::Token { kind, credentials }) = &self.config.authorization {
            let value = format!("{kind} {}", load(credentials)?.reveal());
            headers.insert(AUTHORIZATION, sensitive(&value)?);
        }
        Ok(headers)
    }
}

fn load(source: &SecretSource) -> Result<Secret, FetchError> {
    source
        .load()
        .map_err(|error| FetchError::Prepare(model::with_causes(&error)))
}

fn sensitive(text: &str) -> Result<HeaderValue, FetchError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| FetchError::Prepare("a secret has characters that no header can hold".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns a URL without its password.
pub(crate) fn shown(url: &url::Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() && url.set_password(Some("xxxxx")).is_err() {
        return "a URL with a password".to_owned();
    }
    url.to_string()
}

/// Builds a client, for one host if that is reached under another name.
fn build(config: &HttpConfig, renamed: Option<&Renamed>) -> Result<reqwest::Client, FetchError> {
    let http2 = config.http2 && renamed.is_none();
    let protocols: &[_] = if http2 { &["h2", "http/1.1"] } else { &["http/1.1"] };
    let tls = client_config(&config.tls, protocols)
        .map_err(|error| FetchError::Prepare(model::with_causes(&error)))?;
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .referer(false)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(1)
        .redirect(redirects(config, renamed));
    if !http2 {
        builder = builder.http1_only();
    }
    if let Some(renamed) = renamed {
        builder = builder.dns_resolver(renamed.resolver());
    }
    builder = match &config.proxy {
        Proxy::Direct => builder.no_proxy(),
        Proxy::Environment => builder,
        Proxy::Url { url, except, headers } => {
            let failed = |_| FetchError::Prepare("proxy_url is not the URL of a proxy".to_owned());
            let mut proxy = reqwest::Proxy::all(url.reveal()).map_err(failed)?;
            proxy = proxy.no_proxy(reqwest::NoProxy::from_string(except));
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| FetchError::Prepare(format!("{name:?} is not the name of a header")))?;
                map.append(name, sensitive(value.reveal())?);
            }
            builder.proxy(proxy.headers(map))
        }
    };
    builder
        .build()
        .map_err(|error| FetchError::Prepare(model::with_causes(&error)))
}

/// Follows redirects; a request that says which host it means only within that host.
fn redirects(config: &HttpConfig, renamed: Option<&Renamed>) -> Policy {
    if !config.follow_redirects {
        return Policy::none();
    }
    if renamed.is_none() {
        return Policy::limited(MAX_REDIRECTS);
    }
    Policy::custom(|attempt| {
        let previous = attempt.previous();
        let origin = previous.last().map(url::Url::origin);
        if previous.len() > MAX_REDIRECTS {
            attempt.error("too many redirects")
        } else if origin == Some(attempt.url().origin()) {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

/// Returns the header that says which formats are wanted.
pub(crate) fn accept(value: &str) -> Option<(HeaderName, HeaderValue)> {
    HeaderValue::from_str(value).ok().map(|value| (ACCEPT, value))
}
