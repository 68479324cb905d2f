//! `kubernetes_sd_configs`, checked.

use std::path::{Path, PathBuf};

use super::raw::{RawKubernetesDiscovery, RawSelector};
use super::{DiscoveryConfig, HttpConfig, http};

/// Which objects of Kubernetes are targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KubernetesRole {
    /// Each node, at its kubelet.
    Node,
    /// Each port of each container.
    Pod,
    /// Each port of each service.
    Service,
    /// Each address and port of each Endpoints.
    Endpoints,
    /// Each address and port of each EndpointSlice.
    EndpointSlice,
    /// Each path of each Ingress.
    Ingress,
}

impl KubernetesRole {
    /// All roles.
    pub const ALL: [Self; 6] = [
        Self::Node,
        Self::Pod,
        Self::Service,
        Self::Endpoints,
        Self::EndpointSlice,
        Self::Ingress,
    ];

    /// Returns the word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Pod => "pod",
            Self::Service => "service",
            Self::Endpoints => "endpoints",
            Self::EndpointSlice => "endpointslice",
            Self::Ingress => "ingress",
        }
    }

    /// Returns the roles whose objects are looked at, and so can be selected.
    fn selectable(self) -> &'static [Self] {
        match self {
            Self::Endpoints => &[Self::Pod, Self::Service, Self::Endpoints],
            Self::EndpointSlice => &[Self::Pod, Self::Service, Self::EndpointSlice],
            Self::Node => &[Self::Node],
            Self::Pod => &[Self::Pod, Self::Node],
            Self::Service => &[Self::Service],
            Self::Ingress => &[Self::Ingress],
        }
    }
}

/// Which API server is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KubernetesApi {
    /// That of the cluster that this process runs in.
    OfPod,
    /// That of a kubeconfig.
    Kubeconfig(PathBuf),
    /// That at an address.
    Server {
        /// The address.
        url: String,
        /// How it is reached.
        http: Box<HttpConfig>,
    },
    /// That of a cluster which is watched, by its name.
    Watched(String),
}

/// Which objects of a role are looked at; an empty text selects all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubernetesSelector {
    /// The role.
    pub role: KubernetesRole,
    /// Selector of labels.
    pub label: String,
    /// Selector of fields.
    pub field: String,
}

/// One of `kubernetes_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubernetesConfig {
    /// What is a target.
    pub role: KubernetesRole,
    /// Who is asked.
    pub api: KubernetesApi,
    /// Only these namespaces; all if there are none and `own_namespace` is not set.
    pub namespaces: Vec<String>,
    /// The namespace that this process runs in, too.
    pub own_namespace: bool,
    /// At most one for each role.
    pub selectors: Vec<KubernetesSelector>,
    /// Labels and annotations of the node are attached.
    pub attach_node: bool,
    /// Labels and annotations of the namespace are attached.
    pub attach_namespace: bool,
    /// Only objects with this annotation, name and value; of Endpoints and EndpointSlices it is their service that has
    /// it.
    pub annotation: Option<(String, String)>,
    /// Only objects with all these labels; of Endpoints and EndpointSlices it is their service that has them.
    pub labels: Vec<(String, String)>,
}

impl KubernetesConfig {
    /// Returns the selector of a role.
    pub fn selector(&self, role: KubernetesRole) -> Option<&KubernetesSelector> {
        self.selectors.iter().find(|selector| selector.role == role)
    }
}

fn role(word: &str) -> Option<KubernetesRole> {
    KubernetesRole::ALL.into_iter().find(|role| role.as_str() == word)
}

/// Checks one of `kubernetes_sd_configs`; `folder` is where relative paths begin.
pub(super) fn check(
    raw: &RawKubernetesDiscovery,
    folder: &Path,
    mistakes: &mut Vec<String>,
) -> Option<DiscoveryConfig> {
    let known = || KubernetesRole::ALL.map(KubernetesRole::as_str).join(", ");
    let word = raw.role.as_deref().unwrap_or_default();
    let Some(role) = role(word) else {
        mistakes.push(match word {
            "" => format!("kubernetes_sd_configs needs a role: one of {}", known()),
            _ => format!("role {word:?} of kubernetes_sd_configs is not one of {}", known()),
        });
        return None;
    };
    let namespaces = raw.namespaces.clone().unwrap_or_default();
    let own_namespace = namespaces.own_namespace.unwrap_or(false);
    let api = api(raw, folder, mistakes);
    if own_namespace && api != KubernetesApi::OfPod {
        mistakes.push(
            "own_namespace of kubernetes_sd_configs goes without api_server, kubeconfig_file and watched_cluster"
                .to_owned(),
        );
    }
    let attached = raw.attach_metadata.clone().unwrap_or_default();
    Some(DiscoveryConfig::Kubernetes(Box::new(KubernetesConfig {
        role,
        api,
        namespaces: namespaces.names.unwrap_or_default(),
        own_namespace,
        selectors: selectors(role, raw.selectors.as_deref().unwrap_or_default(), mistakes),
        attach_node: attached.node.unwrap_or(false),
        attach_namespace: attached.namespace.unwrap_or(false),
        annotation: annotation(raw.annotation.as_deref(), mistakes),
        labels: raw.labels.clone().unwrap_or_default().into_iter().collect(),
    })))
}

fn api(raw: &RawKubernetesDiscovery, folder: &Path, mistakes: &mut Vec<String>) -> KubernetesApi {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let client = raw.http();
    let sources = [&raw.api_server, &raw.kubeconfig_file, &raw.watched_cluster];
    if sources.into_iter().filter_map(given).count() > 1 {
        mistakes.push(
            "kubernetes_sd_configs has one of api_server, kubeconfig_file and watched_cluster at most"
                .to_owned(),
        );
    }
    if let Some(url) = given(&raw.api_server) {
        let parsed = url::Url::parse(&url).ok();
        if !parsed.is_some_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
            mistakes.push(
                "api_server of kubernetes_sd_configs begins with http:// or https:// and a host".to_owned(),
            );
        }
        let http = Box::new(http::check(client, folder, mistakes));
        return KubernetesApi::Server { url, http };
    }
    if client.is_given() {
        mistakes.push(
            "keys of the HTTP client (tls_config, authorization, …) in kubernetes_sd_configs need api_server"
                .to_owned(),
        );
    }
    match (given(&raw.kubeconfig_file), given(&raw.watched_cluster)) {
        (Some(file), _) => KubernetesApi::Kubeconfig(http::join(folder, &file)),
        (None, Some(name)) => KubernetesApi::Watched(name),
        (None, None) => KubernetesApi::OfPod,
    }
}

fn annotation(text: Option<&str>, mistakes: &mut Vec<String>) -> Option<(String, String)> {
    let text = text.filter(|text| !text.is_empty())?;
    let Some((name, value)) = text.split_once('=') else {
        mistakes.push(format!(
            "annotation {text:?} of kubernetes_sd_configs is not NAME=VALUE"
        ));
        return None;
    };
    Some((name.to_owned(), value.to_owned()))
}

fn selectors(of: KubernetesRole, raw: &[RawSelector], mistakes: &mut Vec<String>) -> Vec<KubernetesSelector> {
    let mut found: Vec<KubernetesSelector> = Vec::new();
    let allowed = of.selectable();
    for selector in raw {
        let word = selector.role.as_deref().unwrap_or_default();
        let Some(role) = role(word).filter(|role| allowed.contains(role)) else {
            let words: Vec<_> = allowed.iter().map(|role| role.as_str()).collect();
            mistakes.push(format!(
                "role {} of kubernetes_sd_configs takes selectors of {} only, not of {word:?}",
                of.as_str(),
                words.join(", ")
            ));
            continue;
        };
        if found.iter().any(|other| other.role == role) {
            mistakes.push(format!("kubernetes_sd_configs has two selectors of role {word}"));
            continue;
        }
        found.push(KubernetesSelector {
            role,
            label: selector.label.clone().unwrap_or_default(),
            field: selector.field.clone().unwrap_or_default(),
        });
    }
    found
}
