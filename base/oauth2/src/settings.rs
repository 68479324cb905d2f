//! `oauth2`, as it is written and as it was checked.
//!
//! The keys are those of
//! <https://prometheus.io/docs/prometheus/latest/configuration/configuration/#oauth2>.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tls::{Secret, SecretSource, TlsConfig, TlsSettings, pick_source};
use url::Url;

use crate::assertion::{Algorithm, Assertion, GRANT_TYPE as JWT_BEARER};

/// The grant with the client's own secret.
pub(crate) const CLIENT_CREDENTIALS: &str = "client_credentials";

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
    /// How a token is asked for: `client_credentials`, or `urn:ietf:params:oauth:grant-type:jwt-bearer`, for which alone
    /// the seven keys that follow are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// Tells the server which key signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_key_id: Option<String>,
    /// The RSA key that signs, as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_key: Option<Secret>,
    /// File of the RSA key that signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_key_file: Option<String>,
    /// `RS256`, `RS384` or `RS512`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_algorithm: Option<String>,
    /// Who vouches; the client if it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// For whom; `token_url` if it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// What is claimed beside.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, Value>,
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

/// How a token is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// With the client's secret; the client has none if there is none.
    ClientCredentials(Option<SecretSource>),
    /// With an assertion that the client signs.
    JwtBearer(Box<Assertion>),
}

/// How tokens are to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth2Config {
    /// Who we are.
    pub client_id: Secret,
    /// What proves it.
    pub grant: Grant,
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
    pub fn check(mut self, folder: &Path, mistakes: &mut Vec<String>) -> Option<OAuth2Config> {
        let before = mistakes.len();
        if self.client_id.is_empty() {
            mistakes.push("client_id is missing".to_owned());
        }
        let grant = self.grant(folder, mistakes);
        let own: &[&str] = if self.grant_type.as_deref() == Some(JWT_BEARER) {
            &["scope", "assertion"]
        } else {
            &["scope", "client_id", "client_secret"]
        };
        for key in own {
            let taken = *key != "scope" || !self.scopes.is_empty();
            if taken && self.endpoint_params.contains_key(*key) {
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
            grant: grant?,
            scopes: self.scopes,
            token_url: token_url?,
            endpoint_params: params.map(|(name, value)| (name, Secret::new(value))).collect(),
            tls,
            proxy,
        })
    }

    /// Takes what belongs to the grant.
    fn grant(&mut self, folder: &Path, mistakes: &mut Vec<String>) -> Option<Grant> {
        let mut pick = |inline, file| {
            let source = pick_source(inline, file, folder);
            source.map_err(|mistake| mistakes.push(mistake)).ok()
        };
        match self.grant_type.as_deref().unwrap_or_default() {
            "" | CLIENT_CREDENTIALS => {
                let secret = pick(
                    ("client_secret", self.client_secret.take()),
                    ("client_secret_file", self.client_secret_file.take()),
                );
                secret.map(Grant::ClientCredentials)
            }
            JWT_BEARER => {
                let key = pick(
                    ("client_certificate_key", self.client_certificate_key.take()),
                    (
                        "client_certificate_key_file",
                        self.client_certificate_key_file.take(),
                    ),
                )?;
                if key.is_none() {
                    mistakes.push(
                        "client_certificate_key or client_certificate_key_file is missing: the key that signs"
                            .to_owned(),
                    );
                }
                let algorithm = Algorithm::parse(self.signature_algorithm.as_deref().unwrap_or_default());
                if algorithm.is_none() {
                    mistakes.push("signature_algorithm is none of RS256, RS384 and RS512".to_owned());
                }
                let some = |text: &mut Option<String>| text.take().filter(|text| !text.is_empty());
                Some(Grant::JwtBearer(Box::new(Assertion {
                    key: key?,
                    key_id: some(&mut self.client_certificate_key_id),
                    algorithm: algorithm?,
                    issuer: some(&mut self.iss),
                    audience: some(&mut self.audience),
                    claims: std::mem::take(&mut self.claims),
                })))
            }
            other => {
                mistakes.push(format!(
                    "grant_type {other:?} is not supported: {CLIENT_CREDENTIALS} and {JWT_BEARER} are"
                ));
                None
            }
        }
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
