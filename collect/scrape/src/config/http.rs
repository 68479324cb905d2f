//! How an HTTP client reaches a server, checked.

use std::path::{Path, PathBuf};

use super::mask::mask_url;
use super::raw::{RawHttp, RawTls};
use super::secret::{Secret, SecretSource};

/// `basic_auth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicAuth {
    /// The user.
    pub username: SecretSource,
    /// The password.
    pub password: Option<SecretSource>,
}

/// How requests are authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// `Authorization: Basic …`.
    Basic(BasicAuth),
    /// `Authorization: TYPE CREDENTIALS`.
    Token {
        /// The word before the credentials.
        kind: String,
        /// The credentials.
        credentials: SecretSource,
    },
}

/// Which proxy requests go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// None.
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
        headers: Vec<(String, Secret)>,
    },
}

/// `tls_config`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM of the authorities that are trusted instead of those of the system.
    pub authorities: Option<SecretSource>,
    /// PEM of our certificate with its chain.
    pub certificate: Option<SecretSource>,
    /// PEM of its key.
    pub key: Option<SecretSource>,
    /// The name that the server's certificate must have, instead of the one in the URL.
    pub server_name: Option<String>,
    /// Any certificate is taken.
    pub insecure_skip_verify: bool,
    /// TLS 1.2 is not spoken.
    pub only_tls13: bool,
    /// TLS 1.3 is not spoken.
    pub only_tls12: bool,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// How requests are authorised.
    pub authorization: Option<Authorization>,
    /// How connections are secured.
    pub tls: TlsConfig,
    /// Redirects are followed, at most ten.
    pub follow_redirects: bool,
    /// HTTP/2 is spoken where the server offers it.
    pub http2: bool,
    /// Which proxy is used.
    pub proxy: Proxy,
    /// Headers of each request.
    pub headers: Vec<(String, SecretSource)>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            authorization: None,
            tls: TlsConfig::default(),
            follow_redirects: true,
            http2: true,
            proxy: Proxy::Direct,
            headers: Vec::new(),
        }
    }
}

/// Headers that are the client's own.
const RESERVED: [&str; 12] = [
    "authorization",
    "host",
    "content-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authorization",
    "accept-encoding",
    "accept",
    "te",
];

/// Checks the keys of an HTTP client; `folder` is where relative paths begin.
pub(super) fn check(raw: RawHttp, folder: &Path, mistakes: &mut Vec<String>) -> HttpConfig {
    if raw.oauth2 {
        mistakes.push("oauth2 is not supported: use authorization with credentials_file".to_owned());
    }
    HttpConfig {
        authorization: authorization(&raw, folder, mistakes),
        proxy: proxy(&raw, mistakes),
        headers: headers(&raw, folder, mistakes),
        tls: tls(raw.tls_config.unwrap_or_default(), folder, mistakes),
        follow_redirects: raw.follow_redirects.unwrap_or(true),
        http2: raw.enable_http2.unwrap_or(true),
    }
}

fn authorization(raw: &RawHttp, folder: &Path, mistakes: &mut Vec<String>) -> Option<Authorization> {
    let token = source(
        ("bearer_token", raw.bearer_token.clone()),
        ("bearer_token_file", raw.bearer_token_file.clone()),
        folder,
        mistakes,
    );
    let given = [
        raw.basic_auth.is_some(),
        raw.authorization.is_some(),
        token.is_some(),
    ];
    if given.iter().filter(|given| **given).count() > 1 {
        mistakes.push(
            "at most one of basic_auth, authorization, bearer_token and bearer_token_file may be set"
                .to_owned(),
        );
        return None;
    }
    if let Some(basic) = &raw.basic_auth {
        let username = source(
            ("username", basic.username.clone().map(Secret::new)),
            ("username_file", basic.username_file.clone()),
            folder,
            mistakes,
        );
        let password = source(
            ("password", basic.password.clone()),
            ("password_file", basic.password_file.clone()),
            folder,
            mistakes,
        );
        let username = username.unwrap_or_else(|| SecretSource::Inline(Secret::new("")));
        return Some(Authorization::Basic(BasicAuth { username, password }));
    }
    let bearer = || "Bearer".to_owned();
    if let Some(given) = &raw.authorization {
        let kind = given
            .kind
            .as_deref()
            .map(str::trim)
            .filter(|kind| !kind.is_empty());
        if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("basic")) {
            mistakes.push("authorization type can not be basic: use basic_auth".to_owned());
        }
        let credentials = source(
            ("credentials", given.credentials.clone()),
            ("credentials_file", given.credentials_file.clone()),
            folder,
            mistakes,
        )?;
        return Some(Authorization::Token {
            kind: kind.map_or_else(bearer, str::to_owned),
            credentials,
        });
    }
    token.map(|credentials| Authorization::Token {
        kind: bearer(),
        credentials,
    })
}

/// Takes a secret from one of two keys.
fn source(
    inline: (&str, Option<Secret>),
    file: (&str, Option<String>),
    folder: &Path,
    mistakes: &mut Vec<String>,
) -> Option<SecretSource> {
    let path = file.1.filter(|path| !path.is_empty());
    let secret = inline.1.filter(|secret| !secret.reveal().is_empty());
    match (secret, path) {
        (Some(_), Some(_)) => {
            mistakes.push(format!("at most one of {} and {} may be set", inline.0, file.0));
            None
        }
        (Some(secret), None) => Some(SecretSource::Inline(secret)),
        (None, Some(path)) => Some(SecretSource::File(join(folder, &path))),
        (None, None) => None,
    }
}

pub(super) fn join(folder: &Path, path: &str) -> PathBuf {
    folder.join(path)
}

fn proxy(raw: &RawHttp, mistakes: &mut Vec<String>) -> Proxy {
    let url = raw.proxy_url.as_deref().filter(|url| !url.is_empty());
    let environment = raw.proxy_from_environment.unwrap_or(false);
    let Some(url) = url else {
        if raw.no_proxy.is_some() {
            mistakes.push("no_proxy needs proxy_url".to_owned());
        }
        if environment {
            return Proxy::Environment;
        }
        if raw.proxy_connect_header.is_some() {
            mistakes.push("proxy_connect_header needs proxy_url".to_owned());
        }
        return Proxy::Direct;
    };
    if environment {
        mistakes.push("at most one of proxy_url and proxy_from_environment may be set".to_owned());
    }
    if reqwest::Proxy::all(url).is_err() {
        mistakes.push(format!("proxy_url {:?} is not a URL of a proxy", mask_url(url)));
    }
    let headers = raw.proxy_connect_header.iter().flatten();
    let headers = headers.flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone())));
    Proxy::Url {
        url: Secret::new(url),
        except: raw.no_proxy.clone().unwrap_or_default(),
        headers: headers.collect(),
    }
}

fn headers(raw: &RawHttp, folder: &Path, mistakes: &mut Vec<String>) -> Vec<(String, SecretSource)> {
    let mut out = Vec::new();
    for (name, header) in raw.http_headers.iter().flatten() {
        if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
            mistakes.push(format!(
                "http_headers can not set {name}: it is set by other keys or by the client"
            ));
            continue;
        }
        if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
            mistakes.push(format!("{name:?} under http_headers is not the name of a header"));
            continue;
        }
        let plain = header
            .values
            .iter()
            .flatten()
            .map(|value| Secret::new(value.clone()));
        let secret = header.secrets.iter().flatten().cloned();
        out.extend(
            plain
                .chain(secret)
                .map(|value| (name.clone(), SecretSource::Inline(value))),
        );
        let files = header.files.iter().flatten();
        out.extend(files.map(|file| (name.clone(), SecretSource::File(join(folder, file)))));
    }
    out
}

fn tls(raw: RawTls, folder: &Path, mistakes: &mut Vec<String>) -> TlsConfig {
    let inline = |text: Option<String>| text.map(Secret::new);
    let mut pick =
        |inline: (&str, Option<Secret>), file: (&str, Option<String>)| source(inline, file, folder, mistakes);
    let authorities = pick(("ca", inline(raw.ca)), ("ca_file", raw.ca_file));
    let certificate = pick(("cert", inline(raw.cert)), ("cert_file", raw.cert_file));
    let key = pick(("key", raw.key), ("key_file", raw.key_file));
    if certificate.is_some() != key.is_some() {
        mistakes.push(
            "tls_config needs both a certificate (cert_file) and its key (key_file), or neither".to_owned(),
        );
    }
    let lowest = raw.min_version.as_deref().unwrap_or("TLS12");
    let highest = raw.max_version.as_deref().unwrap_or("TLS13");
    for (name, version) in [("min_version", lowest), ("max_version", highest)] {
        if !["TLS10", "TLS11", "TLS12", "TLS13"].contains(&version) {
            mistakes.push(format!(
                "{name} {version:?} of tls_config is not one of TLS10, TLS11, TLS12 and TLS13"
            ));
        }
    }
    if ["TLS10", "TLS11"].contains(&highest) {
        mistakes.push(
            "max_version of tls_config must be TLS12 or TLS13: older versions are not spoken".to_owned(),
        );
    }
    TlsConfig {
        authorities,
        certificate,
        key,
        server_name: raw.server_name.filter(|name| !name.is_empty()),
        insecure_skip_verify: raw.insecure_skip_verify.unwrap_or(false),
        only_tls13: lowest == "TLS13",
        only_tls12: highest == "TLS12",
    }
}
