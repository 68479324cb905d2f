//! How requests reach the receiver: the keys of an HTTP client, checked.

use std::collections::BTreeMap;

use reqwest::header::HeaderName;
use tls::{Secret, SecretSource, TlsConfig, TlsSettings};

use super::check::Checked;
use super::raw::{RawHeader, RawReceiver, RawSecret};
use super::{Authorization, Proxy};

/// Headers that the protocol or other keys set.
const OURS: [&str; 6] = [
    "authorization",
    "content-encoding",
    "content-type",
    "host",
    "user-agent",
    "x-prometheus-remote-write-version",
];

fn inline(text: String) -> SecretSource {
    SecretSource::Inline(Secret::new(text))
}

impl Checked<'_> {
    pub(super) fn headers(
        &mut self,
        plain: BTreeMap<String, RawSecret>,
        detailed: BTreeMap<String, RawHeader>,
    ) -> Vec<(String, SecretSource)> {
        for (key, name) in plain
            .keys()
            .map(|name| ("headers", name))
            .chain(detailed.keys().map(|name| ("http_headers", name)))
        {
            if OURS.contains(&name.to_ascii_lowercase().as_str()) {
                self.wrong(key, format!("{name} is set by the protocol or by its own key"));
            } else if HeaderName::from_bytes(name.as_bytes()).is_err() {
                self.wrong(key, format!("{name:?} is no name of a header"));
            }
        }
        let mut headers: Vec<(String, SecretSource)> = plain
            .into_iter()
            .map(|(name, value)| (name, inline(value.0)))
            .collect();
        for (name, header) in detailed {
            let texts = header.values.into_iter().chain(header.secrets);
            headers.extend(texts.map(|text| (name.clone(), inline(text.0))));
            let files = header.files.iter();
            headers.extend(files.map(|file| (name.clone(), SecretSource::File(self.folder.join(file)))));
        }
        headers
    }

    pub(super) fn authorization(&mut self, raw: &RawReceiver) -> Authorization {
        let token = self.secret(
            "bearer_token",
            (raw.bearer_token.as_ref(), raw.bearer_token_file.as_ref()),
        );
        let ways = [
            raw.basic_auth.is_some(),
            raw.authorization.is_some(),
            token.is_some(),
            raw.oauth2.is_some(),
        ];
        if ways.iter().filter(|given| **given).count() > 1 {
            self.wrong(
                "authorization",
                "more than one of basic_auth, authorization, oauth2 and bearer_token is given; choose one",
            );
            return Authorization::None;
        }
        if let Some(raw) = raw.oauth2.clone() {
            let mut mistakes = Vec::new();
            let config = raw.check(self.folder, &mut mistakes);
            mistakes
                .into_iter()
                .for_each(|mistake| self.wrong("oauth2", mistake));
            return config.map_or(Authorization::None, |config| {
                Authorization::OAuth2(Box::new(config))
            });
        }
        let empty = || inline(String::new());
        if let Some(basic) = &raw.basic_auth {
            let username = (basic.username.as_ref(), basic.username_file.as_ref());
            let password = (basic.password.as_ref(), basic.password_file.as_ref());
            return Authorization::Basic {
                username: self.secret("basic_auth", username).unwrap_or_else(empty),
                password: self.secret("basic_auth", password).unwrap_or_else(empty),
            };
        }
        if let Some(other) = &raw.authorization {
            let credentials = (other.credentials.as_ref(), other.credentials_file.as_ref());
            return Authorization::Credentials {
                kind: other.kind.clone().unwrap_or_else(|| "Bearer".to_owned()),
                credentials: self.secret("authorization", credentials).unwrap_or_else(empty),
            };
        }
        match token {
            Some(credentials) => Authorization::Credentials {
                kind: "Bearer".to_owned(),
                credentials,
            },
            None => Authorization::None,
        }
    }

    pub(super) fn proxy(&mut self, raw: &RawReceiver) -> Proxy {
        let environment = raw.proxy_from_environment.unwrap_or(false);
        let Some(url) = raw.proxy_url.as_ref().filter(|url| !url.0.is_empty()) else {
            if raw.no_proxy.is_some() {
                self.wrong("no_proxy", "it needs proxy_url");
            }
            if environment {
                return Proxy::Environment;
            }
            if !raw.proxy_connect_header.is_empty() {
                self.wrong("proxy_connect_header", "it needs proxy_url");
            }
            return Proxy::Direct;
        };
        if environment {
            self.wrong("proxy_url", "proxy_from_environment is given too; choose one");
        }
        // The text of the error could quote a password.
        if reqwest::Proxy::all(&url.0).is_err() {
            self.wrong("proxy_url", "it is not the URL of a proxy");
        }
        let mut headers = Vec::new();
        for (name, values) in &raw.proxy_connect_header {
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                self.wrong("proxy_connect_header", format!("{name:?} is no name of a header"));
            }
            headers.extend(values.iter().map(|value| (name.clone(), inline(value.0.clone()))));
        }
        Proxy::Url {
            url: Secret::new(url.0.clone()),
            except: raw.no_proxy.clone().unwrap_or_default(),
            headers,
        }
    }

    pub(super) fn tls(&mut self, raw: TlsSettings) -> TlsConfig {
        let mut mistakes = Vec::new();
        let config = raw.check(self.folder, &mut mistakes);
        mistakes
            .into_iter()
            .for_each(|mistake| self.wrong("tls_config", mistake));
        config
    }
}
