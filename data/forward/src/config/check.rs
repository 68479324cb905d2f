//! From a receiver as it is written to one that can be used. All mistakes are told at once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{NameScheme, RelabelAction, RelabelRule, RelabelSpec};
use relay::RelayConfig;
use tls::{Secret, SecretSource};
use url::Url;
use wire::RemoteWriteVersion;

use super::duration::parse_duration;
use super::raw::{RawQueue, RawReceiver, RawRelabel, RawSecret};
use super::{MetadataSettings, RemoteWriteConfig};

/// Why the configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is not the YAML that it should be.
    #[error("malformed remote_write configuration: {0}")]
    Yaml(String),
    /// A value makes no sense.
    #[error("remote_write {receiver}: {key}: {reason}")]
    Value {
        /// The receiver, by name or number.
        receiver: String,
        /// The key.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
}

/// Collects what is wrong with one receiver.
pub(super) struct Checked<'a> {
    /// Its name or number.
    pub(super) receiver: String,
    /// Where relative paths begin.
    pub(super) folder: &'a Path,
    /// What was found.
    pub(super) errors: &'a mut Vec<ConfigError>,
}

impl Checked<'_> {
    pub(super) fn wrong(&mut self, key: &'static str, reason: impl Into<String>) {
        self.errors.push(ConfigError::Value {
            receiver: self.receiver.clone(),
            key,
            reason: reason.into(),
        });
    }

    pub(super) fn receiver(&mut self, raw: RawReceiver, number: usize) -> Option<RemoteWriteConfig> {
        let url = self.url("url", &raw.url)?;
        let name = raw
            .name
            .clone()
            .unwrap_or_else(|| format!("{}-{}", number + 1, url.host_str().unwrap_or("receiver")));
        if !name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        {
            self.wrong("name", "it names a file: use letters, digits, '-', '_' and '.'");
        }
        self.unsupported(&raw);
        let metadata = &raw.metadata_config;
        Some(RemoteWriteConfig {
            timeout: self.duration("remote_timeout", raw.remote_timeout.as_deref(), 30_000),
            authorization: self.authorization(&raw),
            proxy: self.proxy(&raw),
            follow_redirects: raw.follow_redirects.unwrap_or(true),
            http2: raw.enable_http2.unwrap_or(false),
            version: self.version(raw.protobuf_message.as_deref()),
            send_exemplars: raw.send_exemplars.unwrap_or(false),
            send_native_histograms: raw.send_native_histograms.unwrap_or(false),
            metadata: MetadataSettings {
                send: metadata.send.unwrap_or(true),
                interval: self.duration("send_interval", metadata.send_interval.as_deref(), 60_000),
                max_per_request: metadata.max_samples_per_send.unwrap_or(2_000).max(1),
            },
            retry_on_429: raw.queue_config.retry_on_http_429.unwrap_or(true),
            retry_on_refused_identity: false,
            sample_age_limit: {
                let limit = raw.queue_config.sample_age_limit.as_deref();
                Some(self.duration("sample_age_limit", limit, 0)).filter(|limit| !limit.is_zero())
            },
            queue: self.queue(&raw.queue_config),
            headers: self.headers(raw.headers, raw.http_headers),
            tls: self.tls(raw.tls_config),
            relabel: self.relabel(raw.write_relabel_configs),
            name,
            url,
        })
    }

    /// Names keys that Prometheus has and that would be asked for in vain.
    fn unsupported(&mut self, raw: &RawReceiver) {
        let ways = [
            ("sigv4", raw.sigv4.is_some()),
            ("azuread", raw.azuread.is_some()),
            ("google_iam", raw.google_iam.is_some()),
        ];
        for (key, given) in ways {
            if given {
                self.wrong(
                    key,
                    "it is not supported: use authorization with credentials_file, or a proxy that signs",
                );
            }
        }
        let switches = [
            ("round_robin_dns", raw.round_robin_dns),
            ("failed_request_logging", raw.failed_request_logging),
            ("convert_nhcb_to_classic", raw.convert_nhcb_to_classic),
        ];
        for (key, given) in switches {
            if given == Some(true) {
                self.wrong(key, "it is not supported: leave it out");
            }
        }
    }

    pub(super) fn url(&mut self, key: &'static str, text: &str) -> Option<Url> {
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

    /// Takes a secret from one of two keys; `None` if neither is given.
    pub(super) fn secret(
        &mut self,
        key: &'static str,
        (text, file): (Option<&RawSecret>, Option<&PathBuf>),
    ) -> Option<SecretSource> {
        match (text, file) {
            (Some(_), Some(_)) => {
                self.wrong(key, "the secret and its file are both given; choose one");
                None
            }
            (_, Some(file)) => Some(SecretSource::File(self.folder.join(file))),
            (text, None) => text.map(|text| SecretSource::Inline(Secret::new(text.0.clone()))),
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
