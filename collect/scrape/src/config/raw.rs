//! The file as it is written: every key, nothing checked yet.
//!
//! The names of the keys are those of Prometheus' documentation
//! (<https://prometheus.io/docs/prometheus/latest/configuration/configuration/>). What is printed for
//! `/api/v1/status/config` is this, too, so that secrets need hiding at one place only.

use std::collections::BTreeMap;

use oauth2::OAuth2Settings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tls::{Secret, TlsSettings};

use super::duration::RawDuration;
use super::size::RawSize;

/// Declares a table of the file: every key optional, unknown keys refused, absent ones not printed.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $key:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $(
                $(#[$attribute])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub(super) $key: Option<$type>,
            )*
        }
    };
}

/// Declares a table that has the keys of an HTTP client besides its own.
macro_rules! http_table {
    ($(#[$doc:meta])* $name:ident { $($own:tt)* }) => {
        table! {
            $(#[$doc])*
            $name {
                $($own)*
                basic_auth: RawBasicAuth,
                authorization: RawAuthorization,
                oauth2: OAuth2Settings,
                bearer_token: Secret,
                bearer_token_file: String,
                tls_config: TlsSettings,
                follow_redirects: bool,
                enable_http2: bool,
                proxy_url: String,
                no_proxy: String,
                proxy_from_environment: bool,
                proxy_connect_header: BTreeMap<String, Vec<Secret>>,
                http_headers: BTreeMap<String, RawHeader>,
            }
        }

        impl $name {
            /// Takes the keys of the HTTP client out.
            pub(super) fn http(&self) -> RawHttp {
                RawHttp {
                    basic_auth: self.basic_auth.clone(),
                    authorization: self.authorization.clone(),
                    oauth2: self.oauth2.clone(),
                    bearer_token: self.bearer_token.clone(),
                    bearer_token_file: self.bearer_token_file.clone(),
                    tls_config: self.tls_config.clone(),
                    follow_redirects: self.follow_redirects,
                    enable_http2: self.enable_http2,
                    proxy_url: self.proxy_url.clone(),
                    no_proxy: self.no_proxy.clone(),
                    proxy_from_environment: self.proxy_from_environment,
                    proxy_connect_header: self.proxy_connect_header.clone(),
                    http_headers: self.http_headers.clone(),
                }
            }
        }
    };
}

table! {
    /// The whole file.
    RawConfig {
        global: RawGlobal,
        runtime: Value,
        alerting: Value,
        rule_files: Vec<String>,
        scrape_config_files: Vec<String>,
        scrape_configs: Vec<RawJob>,
        storage: Value,
        tracing: Value,
        remote_write: Value,
        remote_read: Value,
        otlp: Value,
        periplus: Value,
    }
}

table! {
    /// A file that `scrape_config_files` names.
    RawJobs {
        scrape_configs: Vec<RawJob>,
    }
}

table! {
    /// `global`.
    RawGlobal {
        scrape_interval: RawDuration,
        scrape_timeout: RawDuration,
        scrape_protocols: Vec<String>,
        evaluation_interval: RawDuration,
        rule_query_offset: RawDuration,
        external_labels: BTreeMap<String, String>,
        query_log_file: String,
        query_max_series: u64,
        query_max_samples_read: u64,
        query_max_duration: RawDuration,
        scrape_failure_log_file: String,
        body_size_limit: RawSize,
        sample_limit: u64,
        target_limit: u64,
        label_limit: u64,
        label_name_length_limit: u64,
        label_value_length_limit: u64,
        keep_dropped_targets: u64,
        metric_name_validation_scheme: String,
        metric_name_escaping_scheme: String,
        scrape_native_histograms: bool,
        convert_classic_histograms_to_nhcb: bool,
        always_scrape_classic_histograms: bool,
        extra_scrape_metrics: bool,
    }
}

http_table! {
    /// One of `scrape_configs`.
    RawJob {
        job_name: String,
        honor_labels: bool,
        honor_timestamps: bool,
        track_timestamps_staleness: bool,
        params: BTreeMap<String, Vec<String>>,
        scrape_interval: RawDuration,
        scrape_timeout: RawDuration,
        scrape_protocols: Vec<String>,
        fallback_scrape_protocol: String,
        scrape_native_histograms: bool,
        always_scrape_classic_histograms: bool,
        convert_classic_histograms_to_nhcb: bool,
        scrape_failure_log_file: String,
        metrics_path: String,
        scheme: String,
        enable_compression: bool,
        body_size_limit: RawSize,
        sample_limit: u64,
        target_limit: u64,
        label_limit: u64,
        label_name_length_limit: u64,
        label_value_length_limit: u64,
        native_histogram_bucket_limit: u64,
        native_histogram_min_bucket_factor: f64,
        keep_dropped_targets: u64,
        metric_name_validation_scheme: String,
        metric_name_escaping_scheme: String,
        extra_scrape_metrics: bool,
        relabel_configs: Vec<RawRule>,
        metric_relabel_configs: Vec<RawRule>,
        static_configs: Vec<RawGroup>,
        file_sd_configs: Vec<RawFileDiscovery>,
        dns_sd_configs: Vec<RawDnsDiscovery>,
        http_sd_configs: Vec<RawHttpDiscovery>,
        kubernetes_sd_configs: Vec<RawKubernetesDiscovery>,
        aws_sd_configs: Value,
        azure_sd_configs: Value,
        consul_sd_configs: Value,
        digitalocean_sd_configs: Value,
        docker_sd_configs: Value,
        dockerswarm_sd_configs: Value,
        ec2_sd_configs: Value,
        eureka_sd_configs: Value,
        gce_sd_configs: Value,
        hetzner_sd_configs: Value,
        ionos_sd_configs: Value,
        kuma_sd_configs: Value,
        lightsail_sd_configs: Value,
        linode_sd_configs: Value,
        marathon_sd_configs: Value,
        nerve_sd_configs: Value,
        nomad_sd_configs: Value,
        oci_sd_configs: Value,
        openstack_sd_configs: Value,
        outscale_sd_configs: Value,
        ovhcloud_sd_configs: Value,
        puppetdb_sd_configs: Value,
        scaleway_sd_configs: Value,
        serverset_sd_configs: Value,
        stackit_sd_configs: Value,
        triton_sd_configs: Value,
        uyuni_sd_configs: Value,
        vultr_sd_configs: Value,
    }
}

/// Gives access to the kinds of discovery that there are not yet.
macro_rules! unsupported {
    ($($key:ident)*) => {
        impl RawJob {
            /// Returns the kinds of discovery that are asked for and that there are not yet.
            pub(super) fn unsupported_discovery(&self) -> Vec<&'static str> {
                let kinds = [$((stringify!($key), self.$key.is_some()),)*];
                kinds.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
            }

            /// Replaces the secrets in tables that are not read.
            pub(super) fn mask_unsupported(&mut self) {
                $(if let Some(value) = &mut self.$key {
                    super::mask::mask(value);
                })*
            }
        }
    };
}

unsupported! {
    aws_sd_configs azure_sd_configs consul_sd_configs
    digitalocean_sd_configs docker_sd_configs dockerswarm_sd_configs
    ec2_sd_configs eureka_sd_configs gce_sd_configs
    hetzner_sd_configs ionos_sd_configs kuma_sd_configs
    lightsail_sd_configs linode_sd_configs
    marathon_sd_configs nerve_sd_configs nomad_sd_configs
    oci_sd_configs openstack_sd_configs outscale_sd_configs
    ovhcloud_sd_configs puppetdb_sd_configs scaleway_sd_configs
    serverset_sd_configs stackit_sd_configs triton_sd_configs
    uyuni_sd_configs vultr_sd_configs
}

/// The keys of an HTTP client.
#[derive(Clone, Debug)]
pub(super) struct RawHttp {
    pub(super) basic_auth: Option<RawBasicAuth>,
    pub(super) authorization: Option<RawAuthorization>,
    pub(super) oauth2: Option<OAuth2Settings>,
    pub(super) bearer_token: Option<Secret>,
    pub(super) bearer_token_file: Option<String>,
    pub(super) tls_config: Option<TlsSettings>,
    pub(super) follow_redirects: Option<bool>,
    pub(super) enable_http2: Option<bool>,
    pub(super) proxy_url: Option<String>,
    pub(super) no_proxy: Option<String>,
    pub(super) proxy_from_environment: Option<bool>,
    pub(super) proxy_connect_header: Option<BTreeMap<String, Vec<Secret>>>,
    pub(super) http_headers: Option<BTreeMap<String, RawHeader>>,
}

table! {
    /// `basic_auth`.
    RawBasicAuth {
        username: String,
        username_file: String,
        password: Secret,
        password_file: String,
    }
}

table! {
    /// `authorization`.
    RawAuthorization {
        #[serde(rename = "type")]
        kind: String,
        credentials: Secret,
        credentials_file: String,
    }
}

table! {
    /// One of `http_headers`.
    RawHeader {
        values: Vec<String>,
        secrets: Vec<Secret>,
        files: Vec<String>,
    }
}

table! {
    /// One of `relabel_configs` or `metric_relabel_configs`.
    RawRule {
        source_labels: Vec<String>,
        separator: String,
        regex: String,
        modulus: u64,
        target_label: String,
        replacement: String,
        action: String,
    }
}

table! {
    /// One of `static_configs`.
    RawGroup {
        targets: Vec<String>,
        labels: BTreeMap<String, String>,
    }
}

table! {
    /// One of `file_sd_configs`.
    RawFileDiscovery {
        files: Vec<String>,
        refresh_interval: RawDuration,
    }
}

table! {
    /// One of `dns_sd_configs`.
    RawDnsDiscovery {
        names: Vec<String>,
        #[serde(rename = "type")]
        kind: String,
        port: u16,
        refresh_interval: RawDuration,
    }
}

http_table! {
    /// One of `http_sd_configs`.
    RawHttpDiscovery {
        url: String,
        refresh_interval: RawDuration,
    }
}

http_table! {
    /// One of `kubernetes_sd_configs`.
    RawKubernetesDiscovery {
        api_server: String,
        role: String,
        kubeconfig_file: String,
        watched_cluster: String,
        annotation: String,
        labels: BTreeMap<String, String>,
        namespaces: RawNamespaces,
        selectors: Vec<RawSelector>,
        attach_metadata: RawAttachedMetadata,
    }
}

table! {
    /// `namespaces` of `kubernetes_sd_configs`.
    RawNamespaces {
        own_namespace: bool,
        names: Vec<String>,
    }
}

table! {
    /// One of `selectors` of `kubernetes_sd_configs`.
    RawSelector {
        role: String,
        label: String,
        field: String,
    }
}

table! {
    /// `attach_metadata` of `kubernetes_sd_configs`.
    RawAttachedMetadata {
        node: bool,
        namespace: bool,
    }
}

impl RawHttp {
    /// Tells whether a key of the HTTP client is given.
    pub(super) fn is_given(&self) -> bool {
        self.basic_auth.is_some()
            || self.authorization.is_some()
            || self.oauth2.is_some()
            || self.bearer_token.is_some()
            || self.bearer_token_file.is_some()
            || self.tls_config.is_some()
            || self.follow_redirects == Some(false)
            || self.enable_http2 == Some(false)
            || self.proxy_url.is_some()
            || self.no_proxy.is_some()
            || self.proxy_from_environment == Some(true)
            || self.proxy_connect_header.is_some()
            || self.http_headers.is_some()
    }
}
