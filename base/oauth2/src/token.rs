//! A token for a request, from the cache or from the server.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use tls::{Renamed, Secret, SecretError, TlsError, WatchedFiles, client_config};
use tokio::sync::Semaphore;

use crate::answer::{Granted, read};
use crate::assertion::{Assertion, GRANT_TYPE, Subject};
use crate::settings::CLIENT_CREDENTIALS;
use crate::{Grant, OAuth2Config, Proxy};

/// A token is not used in its last seconds: it must still be good when it arrives.
const MARGIN: Duration = Duration::from_secs(10);
/// How long a request for a token may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of an answer.
const MAX_ANSWER: usize = 1 << 20;
/// Characters of an answer that are quoted when it is a refusal.
const MAX_QUOTE: usize = 200;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum OAuth2Error {
    /// The file of the client's secret or key cannot be read.
    #[error("cannot read the client's secret of oauth2")]
    Secret(#[source] SecretError),
    /// The client's key cannot sign.
    #[error("client_certificate_key of oauth2 cannot sign: {0}")]
    Key(&'static str),
    /// TLS of the request for a token cannot be set up.
    #[error("cannot set up TLS of oauth2")]
    Tls(#[source] TlsError),
    /// The client of the request for a token cannot be set up.
    #[error("cannot set up the client of oauth2: {0}")]
    SetUp(&'static str),
    /// The server cannot be reached or its answer breaks off.
    #[error("failed to fetch a token from token_url")]
    Request(#[source] reqwest::Error),
    /// The server refuses.
    #[error("token_url answered with HTTP status {status}: {text:?}")]
    Refused {
        /// The status.
        status: reqwest::StatusCode,
        /// How the answer begins.
        text: String,
    },
    /// The answer is larger than any token.
    #[error("the answer of token_url is larger than {MAX_ANSWER} bytes")]
    TooLarge,
    /// The answer is no token.
    #[error("token_url gave no token: {0}")]
    Malformed(&'static str),
}

/// Where the client's id and secret stand in a request for a token; servers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// In `Authorization: Basic`, which RFC 6749 prefers.
    Header,
    /// In the form.
    Form,
}

/// What the server is known to understand.
const UNKNOWN: u8 = 0;
const HEADER: u8 = 1;
const FORM: u8 = 2;

struct Cached {
    authorization: HeaderValue,
    /// The secret that the token was had for: another one is a reason to ask again.
    secret: Option<Secret>,
    good_until: Option<Instant>,
}

struct Built {
    client: reqwest::Client,
    files: WatchedFiles,
}

/// Gives tokens.
pub struct TokenSource {
    config: OAuth2Config,
    built: Mutex<Built>,
    cached: Mutex<Option<Cached>>,
    style: AtomicU8,
    /// Held by who asks the server.
    asking: Semaphore,
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSource")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl TokenSource {
    /// Prepares; nothing is asked yet.
    ///
    /// # Errors
    /// A certificate cannot be read, or the proxy makes no sense.
    pub fn new(config: OAuth2Config) -> Result<Self, OAuth2Error> {
        Ok(Self {
            built: Mutex::new(build(&config)?),
            config,
            cached: Mutex::new(None),
            style: AtomicU8::new(UNKNOWN),
            asking: Semaphore::new(1),
        })
    }

    /// Returns the value of `Authorization` for a request that is sent now. A file of the secret is read for each call.
    ///
    /// # Errors
    /// There is no token to be had.
    pub async fn authorization(&self) -> Result<HeaderValue, OAuth2Error> {
        let secret = match &self.config.grant {
            Grant::ClientCredentials(secret) => secret.as_ref(),
            Grant::JwtBearer(assertion) => Some(&assertion.key),
        };
        let secret = secret
            .map(tls::SecretSource::load)
            .transpose()
            .map_err(OAuth2Error::Secret)?;
        if let Some(known) = self.cached_for(secret.as_ref()) {
            return Ok(known);
        }
        // It is never closed; whoever waited finds what the one before has got.
        let _turn = self.asking.acquire().await;
        if let Some(known) = self.cached_for(secret.as_ref()) {
            return Ok(known);
        }
        let granted = self.ask(secret.as_ref()).await?;
        let mut authorization = HeaderValue::from_str(granted.authorization.reveal())
            .map_err(|_| OAuth2Error::Malformed("it has characters that no header can hold"))?;
        authorization.set_sensitive(true);
        let lifetime = granted.lifetime.map(|lifetime| lifetime.saturating_sub(MARGIN));
        *self.cached.lock() = Some(Cached {
            authorization: authorization.clone(),
            secret,
            good_until: lifetime.and_then(|lifetime| Instant::now().checked_add(lifetime)),
        });
        Ok(authorization)
    }

    fn cached_for(&self, secret: Option<&Secret>) -> Option<HeaderValue> {
        let cached = self.cached.lock();
        let cached = cached.as_ref()?;
        let good = cached.good_until.is_none_or(|until| Instant::now() < until);
        (good && cached.secret.as_ref() == secret).then(|| cached.authorization.clone())
    }

    async fn ask(&self, secret: Option<&Secret>) -> Result<Granted, OAuth2Error> {
        match (&self.config.grant, secret) {
            (Grant::JwtBearer(assertion), Some(key)) => self.ask_with(assertion, key).await,
            _ => self.ask_for_client(secret).await,
        }
    }

    /// Asks with a signed assertion.
    async fn ask_with(&self, assertion: &Assertion, key: &Secret) -> Result<Granted, OAuth2Error> {
        let subject = Subject {
            client_id: self.config.client_id.reveal(),
            token_url: self.config.token_url.as_str(),
            scope: &self.config.scopes.join(" "),
        };
        let signed = assertion.sign(&subject, key).map_err(OAuth2Error::Key)?;
        let mut form = self.form(GRANT_TYPE);
        form.push(("assertion", signed));
        self.send(form, None).await
    }

    /// Asks in the way that the server understands; the first time, in one way after the other.
    async fn ask_for_client(&self, secret: Option<&Secret>) -> Result<Granted, OAuth2Error> {
        let (style, known) = match self.style.load(Ordering::Relaxed) {
            FORM => (Style::Form, true),
            style => (Style::Header, style == HEADER),
        };
        let first = self.ask_as(style, secret).await;
        match first {
            Err(OAuth2Error::Refused { .. } | OAuth2Error::Malformed(_)) if !known => {
                let granted = self.ask_as(Style::Form, secret).await?;
                self.style.store(FORM, Ordering::Relaxed);
                Ok(granted)
            }
            Ok(granted) => {
                self.style.store(
                    if style == Style::Form { FORM } else { HEADER },
                    Ordering::Relaxed,
                );
                Ok(granted)
            }
            Err(error) => Err(error),
        }
    }

    async fn ask_as(&self, style: Style, secret: Option<&Secret>) -> Result<Granted, OAuth2Error> {
        let mut form = self.form(CLIENT_CREDENTIALS);
        let (id, secret) = (self.config.client_id.reveal(), secret.map_or("", Secret::reveal));
        if style == Style::Header {
            return self.send(form, Some((encoded(id), encoded(secret)))).await;
        }
        form.push(("client_id", id.to_owned()));
        if !secret.is_empty() {
            form.push(("client_secret", secret.to_owned()));
        }
        self.send(form, None).await
    }

    /// Returns the fields that are the same whoever asks.
    fn form(&self, grant_type: &str) -> Vec<(&str, String)> {
        let mut form = vec![("grant_type", grant_type.to_owned())];
        if !self.config.scopes.is_empty() {
            form.push(("scope", self.config.scopes.join(" ")));
        }
        for (name, value) in &self.config.endpoint_params {
            // Some servers have a word of their own for the grant.
            form.retain(|(known, _)| known != name);
            form.push((name, value.reveal().to_owned()));
        }
        form
    }

    /// Sends a form, perhaps with a name and a password in the header.
    async fn send(
        &self,
        form: Vec<(&str, String)>,
        basic: Option<(String, String)>,
    ) -> Result<Granted, OAuth2Error> {
        let client = self.client()?;
        let mut request = match renamed(&self.config) {
            Some(renamed) => client
                .post(renamed.rename(&self.config.token_url))
                .header(HOST, renamed.host_header()),
            None => client.post(self.config.token_url.clone()),
        };
        request = request.header(ACCEPT, "application/json");
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        let failed = |error: reqwest::Error| OAuth2Error::Request(error.without_url());
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > MAX_ANSWER {
                return Err(OAuth2Error::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        if !status.is_success() {
            let text = String::from_utf8_lossy(&body).chars().take(MAX_QUOTE).collect();
            return Err(OAuth2Error::Refused { status, text });
        }
        read(&content_type, &body).map_err(OAuth2Error::Malformed)
    }

    /// Returns the client, built anew if its files have changed.
    fn client(&self) -> Result<reqwest::Client, OAuth2Error> {
        let mut built = self.built.lock();
        if built.files.have_changed() {
            *built = build(&self.config)?;
        }
        Ok(built.client.clone())
    }
}

/// The id and the secret are encoded as in a form before they are joined (RFC 6749, section 2.3.1).
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn renamed(config: &OAuth2Config) -> Option<Renamed> {
    let direct = config.proxy == Proxy::Direct;
    Renamed::find(&config.tls, &config.token_url).filter(|_| direct)
}

fn build(config: &OAuth2Config) -> Result<Built, OAuth2Error> {
    let files = WatchedFiles::new(config.tls.files());
    let renamed = renamed(config);
    let protocols: &[_] = if renamed.is_some() {
        &["http/1.1"]
    } else {
        &["h2", "http/1.1"]
    };
    let tls = client_config(&config.tls, protocols).map_err(OAuth2Error::Tls)?;
    let mut builder = reqwest::Client::builder();
    if let Some(renamed) = &renamed {
        builder = builder.http1_only().dns_resolver(renamed.resolver());
    }
    builder = builder
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("Periplus/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        .timeout(TIMEOUT)
        // A redirect would carry the secret to another place.
        .redirect(reqwest::redirect::Policy::none());
    builder = match &config.proxy {
        Proxy::Direct => builder.no_proxy(),
        Proxy::Environment => builder,
        Proxy::Url { url, except, headers } => {
            let proxy = reqwest::Proxy::all(url.reveal())
                .map_err(|_| OAuth2Error::SetUp("proxy_url is not the URL of a proxy"))?
                .no_proxy(reqwest::NoProxy::from_string(except));
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let unfit = || OAuth2Error::SetUp("proxy_connect_header has what no header can hold");
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
                let mut value = HeaderValue::from_str(value.reveal()).map_err(|_| unfit())?;
                value.set_sensitive(true);
                map.append(name, value);
            }
            builder.proxy(proxy.headers(map))
        }
    };
    let client = builder.build().map_err(OAuth2Error::Request)?;
    Ok(Built { client, files })
}
