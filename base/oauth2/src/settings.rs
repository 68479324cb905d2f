//! `oauth2`, as it is written and as it was checked.
//!
//! The keys are those of
//! <https://prometheus.io/docs/prometheus/latest/configuration/configuration/#oauth2>.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tls::{Secret, SecretSource, TlsConfig, TlsSettings, pick_source};
use url::Url;

const GRANT_TYPE: &str = "client_credentials";

/// `oauth2` as it is written; it is printed as it was read, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OAuth2Settings {
    /// Who we are.
    pub client_id: String,
    /// What proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// File of what proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<String>,
    /// How a token is asked for; `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// What the token is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Where tokens are to be had.
    pub token_url: String,
    /// Further fields of the request for a token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoint_params: BTreeMap<String, String>,
    /// TLS of the request for a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsSettings>,
    /// Proxy of the request for a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_url: Option<String>,
    /// Hosts that are reached without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
    /// The environment says which proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_from_environment: Option<bool>,
    /// Headers for the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_connect_header: Option<BTreeMap<String, Vec<Secret>>>,
}

/// Which proxy requests for tokens go through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// None.
    #[default]
    Direct,
    /// What the environment says.
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

/// How tokens are to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth2Config {
    /// Who we are.
    pub client_id: Secret,
    /// What proves it; the client has none if there is none.
    pub client_secret: Option<SecretSource>,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// Where tokens are to be had.
    pub token_url: Url,
    /// Further fields of the request for a token; they may hold secrets.
    pub endpoint_params: Vec<(String, Secret)>,
    /// TLS of the request for a token.
    pub tls: TlsConfig,
    /// Proxy of the request for a token.
    pub proxy: Proxy,
}

impl OAuth2Settings {
    /// Replaces what a person must not see in what is printed: passwords in URLs.
    pub fn mask(&mut self, mask_url: impl Fn(&str) -> String) {
        self.token_url = mask_url(&self.token_url);
        if let Some(url) = &mut self.proxy_url {
            *url = mask_url(url);
        }
        for value in self.endpoint_params.values_mut() {
            tls::MASK.clone_into(value);
        }
    }

    /// Checks what is written; relative paths begin at `folder`. What is wrong is said in `mistakes`, each a sentence
    /// about a key of `oauth2`.
    pub fn check(self, folder: &Path, mistakes: &mut Vec<String>) -> Option<OAuth2Config> {
        let before = mistakes.len();
        if self.client_id.is_empty() {
            mistakes.push("client_id is missing".to_owned());
        }
        if let Some(other) = self
            .grant_type
            .as_deref()
            .filter(|kind| ![GRANT_TYPE, ""].contains(kind))
        {
            mistakes.push(format!(
                "grant_type {other:?} is not supported: only {GRANT_TYPE} is"
            ));
        }
        let client_secret = pick_source(
            ("client_secret", self.client_secret),
            ("client_secret_file", self.client_secret_file),
            folder,
        )
        .unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            None
        });
        for key in ["scope", "client_id", "client_secret"] {
            let taken = key != "scope" || !self.scopes.is_empty();
            if taken && self.endpoint_params.contains_key(key) {
                mistakes.push(format!(
                    "endpoint_params can not set {key}: it is set by its own key"
                ));
            }
        }
        let proxy = proxy(
            (self.proxy_url, self.no_proxy, self.proxy_connect_header),
            self.proxy_from_environment.unwrap_or(false),
            mistakes,
        );
        let mut tls_mistakes = Vec::new();
        let tls = self
            .tls_config
            .unwrap_or_default()
            .check(folder, &mut tls_mistakes);
        mistakes.extend(
            tls_mistakes
                .into_iter()
                .map(|mistake| format!("tls_config: {mistake}")),
        );
        let token_url = match Url::parse(&self.token_url) {
            Ok(url) if ["http", "https"].contains(&url.scheme()) => Some(url),
            // The text could quote a password.
            _ => {
                mistakes.push("token_url is missing or not the URL of a server".to_owned());
                None
            }
        };
        if mistakes.len() > before {
            return None;
        }
        let params = self.endpoint_params.into_iter();
        Some(OAuth2Config {
            client_id: Secret::new(self.client_id),
            client_secret,
            scopes: self.scopes,
            token_url: token_url?,
            endpoint_params: params.map(|(name, value)| (name, Secret::new(value))).collect(),
            tls,
            proxy,
        })
    }
}

type WrittenProxy = (
    Option<String>,
    Option<String>,
    Option<BTreeMap<String, Vec<Secret>>>,
);

fn proxy((url, except, headers): WrittenProxy, from_environment: bool, mistakes: &mut Vec<String>) -> Proxy {
    let Some(url) = url.filter(|url| !url.is_empty()) else {
        if except.is_some() || (headers.is_some() && !from_environment) {
            mistakes.push("no_proxy and proxy_connect_header need proxy_url".to_owned());
        }
        return if from_environment {
            Proxy::Environment
        } else {
            Proxy::Direct
        };
    };
    if from_environment {
        mistakes.push("at most one of proxy_url and proxy_from_environment may be set".to_owned());
    }
    if reqwest::Proxy::all(&url).is_err() {
        mistakes.push("proxy_url is not the URL of a proxy".to_owned());
    }
    let headers = headers.into_iter().flatten();
    Proxy::Url {
        url: Secret::new(url),
        except: except.unwrap_or_default(),
        headers: headers
            .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
