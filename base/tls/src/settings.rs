//! `tls_config`, as it is written and as it was checked.
//!
//! The keys are those of
//! <https://prometheus.io/docs/prometheus/latest/configuration/configuration/#tls_config>.

use std::path::{Path, PathBuf};

use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};

use crate::{Secret, SecretSource, pick_source};

const NAMES_OF_VERSIONS: [&str; 4] = ["TLS10", "TLS11", "TLS12", "TLS13"];

/// `tls_config` as it is written; it is printed as it was read, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// PEM of the authorities that are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// PEM of our certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<String>,
    /// PEM of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// File of the authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// File of our certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// File of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// The server's name, if it is not that of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Any certificate will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_skip_verify: Option<bool>,
    /// `TLS12` or `TLS13`; earlier ones are taken and not spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_version: Option<String>,
    /// `TLS12` or `TLS13`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_version: Option<String>,
}

/// Versions of TLS that are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// 1.3, and 1.2 with servers that know no better.
    #[default]
    All,
    /// 1.2.
    Only12,
    /// 1.3.
    Only13,
}

/// How a server proves who it is, and we.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM of the authorities that are trusted instead of those of the system.
    pub authorities: Option<SecretSource>,
    /// PEM of our certificate with its chain; there is a key if and only if there is one.
    pub certificate: Option<SecretSource>,
    /// PEM of its key.
    pub key: Option<SecretSource>,
    /// The name that is asked for in the handshake and that the server's certificate must have, instead of the one in
    /// the URL.
    pub server_name: Option<String>,
    /// Any certificate is taken.
    pub insecure_skip_verify: bool,
    /// What is spoken.
    pub versions: Versions,
}

impl TlsConfig {
    /// Returns the files that certificates and keys are read from.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let sources = [&self.authorities, &self.certificate, &self.key];
        sources.into_iter().filter_map(|source| match source {
            Some(SecretSource::File(path)) => Some(path),
            _ => None,
        })
    }
}

impl TlsSettings {
    /// Checks what is written; relative paths begin at `folder`. What is wrong is said in `mistakes`, each a sentence
    /// about a key of `tls_config`.
    pub fn check(self, folder: &Path, mistakes: &mut Vec<String>) -> TlsConfig {
        let inline = |text: Option<String>| text.map(Secret::new);
        let mut pick = |inline, file| {
            pick_source(inline, file, folder).unwrap_or_else(|mistake| {
                mistakes.push(mistake);
                None
            })
        };
        let authorities = pick(("ca", inline(self.ca)), ("ca_file", self.ca_file));
        let certificate = pick(("cert", inline(self.cert)), ("cert_file", self.cert_file));
        let key = pick(("key", self.key), ("key_file", self.key_file));
        if certificate.is_some() != key.is_some() {
            mistakes.push(
                "it needs both a certificate (cert_file) and its key (key_file), or neither".to_owned(),
            );
        }
        let server_name = self.server_name.filter(|name| !name.is_empty());
        if let Some(name) = &server_name
            && ServerName::try_from(name.as_str()).is_err()
        {
            mistakes.push(format!("server_name {name:?} is not the name of a server"));
        }
        TlsConfig {
            authorities,
            certificate,
            key,
            server_name,
            insecure_skip_verify: self.insecure_skip_verify.unwrap_or(false),
            versions: versions(self.min_version.as_deref(), self.max_version.as_deref(), mistakes),
        }
    }
}

fn versions(lowest: Option<&str>, highest: Option<&str>, mistakes: &mut Vec<String>) -> Versions {
    let (lowest, highest) = (lowest.unwrap_or("TLS12"), highest.unwrap_or("TLS13"));
    for (name, version) in [("min_version", lowest), ("max_version", highest)] {
        if !NAMES_OF_VERSIONS.contains(&version) {
            mistakes.push(format!(
                "{name} {version:?} is not one of TLS10, TLS11, TLS12 and TLS13"
            ));
        }
    }
    match (lowest, highest) {
        (_, "TLS10" | "TLS11") => {
            mistakes.push("max_version must be TLS12 or TLS13: older versions are not spoken".to_owned());
            Versions::All
        }
        ("TLS13", "TLS12") => {
            mistakes.push("min_version is above max_version".to_owned());
            Versions::All
        }
        ("TLS13", _) => Versions::Only13,
        (_, "TLS12") => Versions::Only12,
        _ => Versions::All,
    }
}

#[cfg(test)]
mod tests;
