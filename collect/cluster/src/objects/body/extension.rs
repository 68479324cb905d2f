//! What extends the API server: webhooks, aggregated APIs, definitions of kinds.

use serde::Deserialize;

use crate::objects::Text;
use crate::objects::value::{Condition, List};

/// A MutatingWebhookConfiguration or ValidatingWebhookConfiguration.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WebhookConfiguration {
    /// Webhooks.
    pub webhooks: List<Webhook>,
}

/// A webhook.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Webhook {
    /// Name.
    pub name: Text,
    /// How it is reached.
    pub client_config: ClientConfig,
    /// What happens when it does not answer: `Fail` or `Ignore`.
    pub failure_policy: Text,
    /// How long it may take.
    pub timeout_seconds: Option<i32>,
}

/// How a webhook is reached.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClientConfig {
    /// Through a Service; `None` means by a URL.
    pub service: Option<ServiceRef>,
}

/// Names a Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ServiceRef {
    /// Namespace.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

/// An APIService: who serves a version of a group.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ApiService {
    /// What is wanted.
    pub spec: ApiServiceSpec,
    /// How it is.
    pub status: Conditions,
}

/// Who serves a version of a group.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ApiServiceSpec {
    /// Group.
    pub group: Text,
    /// Version.
    pub version: Text,
    /// Service that serves it; `None` means the API server itself.
    pub service: Option<ServiceRef>,
}

/// How something is, said in nothing but conditions.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Conditions.
    pub conditions: List<Condition>,
}

/// A CustomResourceDefinition.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CustomResourceDefinition {
    /// What is defined.
    pub spec: DefinitionSpec,
    /// How it is.
    pub status: Conditions,
}

/// A kind that a cluster defines.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DefinitionSpec {
    /// Group.
    pub group: Text,
    /// Its names.
    pub names: DefinitionNames,
    /// `Namespaced` or `Cluster`.
    pub scope: Text,
    /// Its versions.
    pub versions: List<DefinitionVersion>,
}

/// Names of a kind.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DefinitionNames {
    /// In the singular, as in `ServiceMonitor`.
    pub kind: Text,
    /// In addresses, as in `servicemonitors`.
    pub plural: Text,
}

/// A version of a kind.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DefinitionVersion {
    /// Name, as in `v1`.
    pub name: Text,
    /// Whether the API server serves it.
    pub served: bool,
    /// Whether etcd has it.
    pub storage: bool,
}
