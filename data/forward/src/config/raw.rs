//! `remote_write` blocks as written in YAML: every key, nothing checked yet.
//!
//! The names of the keys are those of Prometheus' documentation
//! (<https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write>).

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use oauth2::OAuth2Settings;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tls::TlsSettings;

use super::RemoteWriteConfig;
use super::check::{Checked, ConfigError};

/// What stands under `remote_write`, unchecked. It can be a field of a larger table.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct RemoteWriteSection(Vec<RawReceiver>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReceiver {
    pub(super) url: String,
    pub(super) name: Option<String>,
    pub(super) remote_timeout: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, RawSecret>,
    #[serde(default)]
    pub(super) write_relabel_configs: Vec<RawRelabel>,
    pub(super) protobuf_message: Option<String>,
    pub(super) send_exemplars: Option<bool>,
    pub(super) send_native_histograms: Option<bool>,
    pub(super) round_robin_dns: Option<bool>,
    pub(super) failed_request_logging: Option<bool>,
    pub(super) convert_nhcb_to_classic: Option<bool>,
    #[serde(default)]
    pub(super) queue_config: RawQueue,
    #[serde(default)]
    pub(super) metadata_config: RawMetadata,
    pub(super) basic_auth: Option<RawBasic>,
    pub(super) authorization: Option<RawAuthorization>,
    pub(super) bearer_token: Option<RawSecret>,
    pub(super) bearer_token_file: Option<PathBuf>,
    pub(super) oauth2: Option<OAuth2Settings>,
    pub(super) sigv4: Option<IgnoredAny>,
    pub(super) azuread: Option<IgnoredAny>,
    pub(super) google_iam: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) tls_config: TlsSettings,
    pub(super) follow_redirects: Option<bool>,
    pub(super) enable_http2: Option<bool>,
    pub(super) proxy_url: Option<RawSecret>,
    pub(super) no_proxy: Option<String>,
    pub(super) proxy_from_environment: Option<bool>,
    #[serde(default)]
    pub(super) proxy_connect_header: BTreeMap<String, Vec<RawSecret>>,
    #[serde(default)]
    pub(super) http_headers: BTreeMap<String, RawHeader>,
}

/// A text that is not shown.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct RawSecret(pub(super) String);

impl std::fmt::Debug for RawSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<secret>")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRelabel {
    pub(super) source_labels: Option<Vec<String>>,
    pub(super) separator: Option<String>,
    pub(super) regex: Option<String>,
    #[serde(default)]
    pub(super) modulus: u64,
    #[serde(default)]
    pub(super) target_label: String,
    pub(super) replacement: Option<String>,
    pub(super) action: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBasic {
    pub(super) username: Option<RawSecret>,
    pub(super) username_file: Option<PathBuf>,
    pub(super) password: Option<RawSecret>,
    pub(super) password_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAuthorization {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) credentials: Option<RawSecret>,
    pub(super) credentials_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHeader {
    #[serde(default)]
    pub(super) values: Vec<RawSecret>,
    #[serde(default)]
    pub(super) secrets: Vec<RawSecret>,
    #[serde(default)]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQueue {
    pub(super) capacity: Option<usize>,
    pub(super) min_shards: Option<usize>,
    pub(super) max_shards: Option<usize>,
    pub(super) max_samples_per_send: Option<usize>,
    pub(super) batch_send_deadline: Option<String>,
    pub(super) min_backoff: Option<String>,
    pub(super) max_backoff: Option<String>,
    pub(super) retry_on_http_429: Option<bool>,
    pub(super) sample_age_limit: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMetadata {
    pub(super) send: Option<bool>,
    pub(super) send_interval: Option<String>,
    pub(super) max_samples_per_send: Option<usize>,
}

impl RemoteWriteSection {
    /// Checks all receivers. Relative paths are seen from `folder`, that of the configuration file.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(self, folder: &Path) -> Result<Vec<RemoteWriteConfig>, Vec<ConfigError>> {
        let mut errors = Vec::new();
        let mut configs = Vec::new();
        let mut names = HashSet::new();
        for (i, raw) in self.0.into_iter().enumerate() {
            let receiver = raw.name.clone().unwrap_or_else(|| format!("number {}", i + 1));
            let mut checked = Checked {
                receiver,
                folder,
                errors: &mut errors,
            };
            let Some(config) = checked.receiver(raw, i) else {
                continue;
            };
            if !names.insert(config.name.clone()) {
                checked.wrong("name", "another receiver has the same name; give each its own");
            }
            configs.push(config);
        }
        if errors.is_empty() {
            Ok(configs)
        } else {
            Err(errors)
        }
    }
}

/// Reads the list that stands under `remote_write` in a Prometheus configuration; relative paths are seen from
/// `folder`.
///
/// # Errors
/// All that is wrong with it.
pub fn parse_remote_write(yaml: &str, folder: &Path) -> Result<Vec<RemoteWriteConfig>, Vec<ConfigError>> {
    let section: RemoteWriteSection =
        serde_saphyr::from_str(yaml).map_err(|error| vec![ConfigError::Yaml(error.to_string())])?;
    section.check(folder)
}

#[cfg(test)]
mod tests;
