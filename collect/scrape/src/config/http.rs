//! How an HTTP client reaches a server, checked.

use std::path::{Path, PathBuf};

use oauth2::{OAuth2Config, OAuth2Settings};
use tls::{Secret, SecretSource, TlsConfig, TlsSettings, pick_source};

use super::mask::mask_url;
use super::raw::RawHttp;

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
    /// `Authorization` with a token that a server of its own grants.
    OAuth2(Box<OAuth2Config>),
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
        raw.oauth2.is_some(),
    ];
    if given.iter().filter(|given| **given).count() > 1 {
        mistakes.push(
            "at most one of basic_auth, authorization, oauth2, bearer_token and bearer_token_file may be set"
                .to_owned(),
        );
        return None;
    }
    if let Some(given) = &raw.oauth2 {
        return oauth2(given.clone(), folder, mistakes);
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

fn oauth2(raw: OAuth2Settings, folder: &Path, mistakes: &mut Vec<String>) -> Option<Authorization> {
    let mut wrong = Vec::new();
    let config = raw.check(folder, &mut wrong);
    mistakes.extend(wrong.into_iter().map(|mistake| format!("oauth2: {mistake}")));
    config.map(|config| Authorization::OAuth2(Box::new(config)))
}

/// Takes a secret from one of two keys.
fn source(
    inline: (&str, Option<Secret>),
    file: (&str, Option<String>),
    folder: &Path,
    mistakes: &mut Vec<String>,
) -> Option<SecretSource> {
    pick_source(inline, file, folder).unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        None
    })
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

fn tls(raw: TlsSettings, folder: &Path, mistakes: &mut Vec<String>) -> TlsConfig {
    let mut wrong = Vec::new();
    let config = raw.check(folder, &mut wrong);
    mistakes.extend(wrong.into_iter().map(|mistake| format!("tls_config: {mistake}")));
    config
}
