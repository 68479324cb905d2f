//! `remote_write` blocks as written in YAML. All mistakes are told at once.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use model::{NameScheme, RelabelAction, RelabelRule, RelabelSpec};
use relay::RelayConfig;
use serde::Deserialize;
use url::Url;
use wire::RemoteWriteVersion;

use super::duration::parse_duration;
use super::{Authorization, MetadataSettings, RemoteWriteConfig, Secret, TlsSettings};

/// Why the configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is not the YAML that it should be.
    #[error("malformed remote_write configuration: {0}")]
    Yaml(String),
    /// A value makes no sense.
    #[error("remote_write {receiver}: {key}: {reason}")]
    Value {
        /// The receiver, by name, URL or number.
        receiver: String,
        /// The key.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReceiver {
    url: String,
    name: Option<String>,
    remote_timeout: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    write_relabel_configs: Vec<RawRelabel>,
    protobuf_message: Option<String>,
    send_exemplars: Option<bool>,
    send_native_histograms: Option<bool>,
    basic_auth: Option<RawBasic>,
    authorization: Option<RawAuthorization>,
    #[serde(default)]
    tls_config: RawTls,
    proxy_url: Option<String>,
    #[serde(default)]
    queue_config: RawQueue,
    #[serde(default)]
    metadata_config: RawMetadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRelabel {
    source_labels: Option<Vec<String>>,
    separator: Option<String>,
    regex: Option<String>,
    #[serde(default)]
    modulus: u64,
    #[serde(default)]
    target_label: String,
    replacement: Option<String>,
    action: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBasic {
    #[serde(default)]
    username: String,
    password: Option<String>,
    password_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAuthorization {
    #[serde(rename = "type")]
    kind: Option<String>,
    credentials: Option<String>,
    credentials_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTls {
    ca_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    #[serde(default)]
    insecure_skip_verify: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQueue {
    capacity: Option<usize>,
    min_shards: Option<usize>,
    max_shards: Option<usize>,
    max_samples_per_send: Option<usize>,
    batch_send_deadline: Option<String>,
    min_backoff: Option<String>,
    max_backoff: Option<String>,
    retry_on_http_429: Option<bool>,
    sample_age_limit: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMetadata {
    send: Option<bool>,
    send_interval: Option<String>,
    max_samples_per_send: Option<usize>,
}

/// Reads the list that stands under `remote_write` in a Prometheus configuration.
///
/// # Errors
/// All that is wrong with it.
pub fn parse_remote_write(yaml: &str) -> Result<Vec<RemoteWriteConfig>, Vec<ConfigError>> {
    let receivers: Vec<RawReceiver> =
        serde_saphyr::from_str(yaml).map_err(|error| vec![ConfigError::Yaml(error.to_string())])?;
    let mut errors = Vec::new();
    let mut configs = Vec::new();
    let mut names = HashSet::new();
    for (i, raw) in receivers.into_iter().enumerate() {
        let receiver = raw.name.clone().unwrap_or_else(|| format!("number {}", i + 1));
        let mut checked = Checked {
            receiver,
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

/// Collects what is wrong with one receiver.
struct Checked<'a> {
    receiver: String,
    errors: &'a mut Vec<ConfigError>,
}

impl Checked<'_> {
    fn wrong(&mut self, key: &'static str, reason: impl Into<String>) {
        self.errors.push(ConfigError::Value {
            receiver: self.receiver.clone(),
            key,
            reason: reason.into(),
        });
    }

    fn receiver(&mut self, raw: RawReceiver, number: usize) -> Option<RemoteWriteConfig> {
        let url = self.url("url", &raw.url)?;
        let name = raw
            .name
            .unwrap_or_else(|| format!("{}-{}", number + 1, url.host_str().unwrap_or("receiver")));
        if !name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        {
            self.wrong("name", "it names a file: use letters, digits, '-', '_' and '.'");
        }
        Some(RemoteWriteConfig {
            timeout: self.duration("remote_timeout", raw.remote_timeout.as_deref(), 30_000),
            headers: self.headers(raw.headers),
            authorization: self.authorization(raw.basic_auth, raw.authorization),
            tls: self.tls(raw.tls_config),
            proxy: raw.proxy_url.and_then(|proxy| self.url("proxy_url", &proxy)),
            version: self.version(raw.protobuf_message.as_deref()),
            relabel: self.relabel(raw.write_relabel_configs),
            send_exemplars: raw.send_exemplars.unwrap_or(false),
            send_native_histograms: raw.send_native_histograms.unwrap_or(false),
            metadata: MetadataSettings {
                send: raw.metadata_config.send.unwrap_or(true),
                interval: self.duration(
                    "send_interval",
                    raw.metadata_config.send_interval.as_deref(),
                    60_000,
                ),
                max_per_request: raw.metadata_config.max_samples_per_send.unwrap_or(2_000).max(1),
            },
            retry_on_429: raw.queue_config.retry_on_http_429.unwrap_or(true),
            sample_age_limit: {
                let limit = raw.queue_config.sample_age_limit.as_deref();
                Some(self.duration("sample_age_limit", limit, 0)).filter(|limit| !limit.is_zero())
            },
            queue: self.queue(&raw.queue_config),
            name,
            url,
        })
    }

    fn url(&mut self, key: &'static str, text: &str) -> Option<Url> {
        match Url::parse(text) {
            Ok(url) if url.has_host() => Some(url),
            Ok(_) => {
                self.wrong(key, "it has no host");
                None
            }
            Err(error) => {
                self.wrong(key, error.to_string());
                None
            }
        }
    }

    fn duration(&mut self, key: &'static str, text: Option<&str>, default_ms: u64) -> Duration {
        let default = Duration::from_millis(default_ms);
        let Some(text) = text else {
            return default;
        };
        parse_duration(text).unwrap_or_else(|| {
            self.wrong(
                key,
                format!("{text:?} is no duration; write for example 30s or 1h30m"),
            );
            default
        })
    }

    fn headers(&mut self, headers: BTreeMap<String, String>) -> Vec<(String, Secret)> {
        const OURS: [&str; 6] = [
            "authorization",
            "content-encoding",
            "content-type",
            "host",
            "user-agent",
            "x-prometheus-remote-write-version",
        ];
        for name in headers.keys() {
            if OURS.contains(&name.to_ascii_lowercase().as_str()) {
                self.wrong(
                    "headers",
                    format!("{name} is set by the protocol or by its own key"),
                );
            } else if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
                self.wrong("headers", format!("{name:?} is no name of a header"));
            }
        }
        let secret = |(name, value)| (name, Secret::Text(value));
        headers.into_iter().map(secret).collect()
    }

    fn authorization(&mut self, basic: Option<RawBasic>, other: Option<RawAuthorization>) -> Authorization {
        match (basic, other) {
            (Some(_), Some(_)) => {
                self.wrong("authorization", "basic_auth is given too; choose one");
                Authorization::None
            }
            (Some(basic), None) => Authorization::Basic {
                username: basic.username,
                password: self.secret("basic_auth", (basic.password, basic.password_file)),
            },
            (None, Some(other)) => Authorization::Credentials {
                kind: other.kind.unwrap_or_else(|| "Bearer".to_owned()),
                credentials: self.secret("authorization", (other.credentials, other.credentials_file)),
            },
            (None, None) => Authorization::None,
        }
    }

    fn secret(&mut self, key: &'static str, (text, file): (Option<String>, Option<PathBuf>)) -> Secret {
        match (text, file) {
            (Some(_), Some(_)) => {
                self.wrong(key, "the secret and its file are both given; choose one");
                Secret::Text(String::new())
            }
            (_, Some(file)) => Secret::File(file),
            (text, None) => Secret::Text(text.unwrap_or_default()),
        }
    }

    fn tls(&mut self, raw: RawTls) -> TlsSettings {
        if raw.cert_file.is_some() != raw.key_file.is_some() {
            self.wrong("tls_config", "cert_file and key_file belong together");
        }
        TlsSettings {
            ca_file: raw.ca_file,
            cert_file: raw.cert_file,
            key_file: raw.key_file,
            insecure_skip_verify: raw.insecure_skip_verify,
        }
    }

    fn version(&mut self, message: Option<&str>) -> RemoteWriteVersion {
        let Some(message) = message else {
            return RemoteWriteVersion::V1;
        };
        RemoteWriteVersion::from_message(message).unwrap_or_else(|| {
            let known = "prometheus.WriteRequest or io.prometheus.write.v2.Request";
            self.wrong("protobuf_message", format!("{message:?} is unknown; use {known}"));
            RemoteWriteVersion::V1
        })
    }

    fn relabel(&mut self, rules: Vec<RawRelabel>) -> Vec<RelabelRule> {
        let mut checked = Vec::new();
        for raw in rules {
            let word = raw.action.as_deref().unwrap_or("replace");
            let Some(action) = RelabelAction::from_word(word) else {
                self.wrong("write_relabel_configs", format!("action {word:?} is unknown"));
                continue;
            };
            let spec = RelabelSpec {
                source_labels: raw.source_labels,
                separator: raw.separator,
                regex: raw.regex,
                modulus: raw.modulus,
                target_label: raw.target_label,
                replacement: raw.replacement,
                action,
            };
            match RelabelRule::new(spec, NameScheme::default()) {
                Ok(rule) => checked.push(rule),
                Err(error) => self.wrong("write_relabel_configs", model::with_causes(&error)),
            }
        }
        checked
    }

    fn queue(&mut self, raw: &RawQueue) -> RelayConfig {
        let default = RelayConfig::default();
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let config = RelayConfig {
            capacity: raw.capacity.unwrap_or(default.capacity),
            min_lanes: raw.min_shards.unwrap_or(default.min_lanes),
            max_lanes: raw.max_shards.unwrap_or(default.max_lanes),
            max_request: raw.max_samples_per_send.unwrap_or(default.max_request),
            deadline: self.duration(
                "batch_send_deadline",
                raw.batch_send_deadline.as_deref(),
                millis(default.deadline),
            ),
            min_backoff: self.duration(
                "min_backoff",
                raw.min_backoff.as_deref(),
                millis(default.min_backoff),
            ),
            max_backoff: self.duration(
                "max_backoff",
                raw.max_backoff.as_deref(),
                millis(default.max_backoff),
            ),
            max_retry_after: default.max_retry_after,
        };
        if config.min_lanes > config.max_lanes {
            self.wrong("queue_config", "min_shards is larger than max_shards");
        }
        if config.max_request == 0 || config.capacity == 0 {
            self.wrong(
                "queue_config",
                "capacity and max_samples_per_send must be at least 1",
            );
        }
        config
    }
}

#[cfg(test)]
mod tests;
