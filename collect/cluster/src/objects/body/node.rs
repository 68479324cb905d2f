//! Nodes, namespaces, leases.

use serde::Deserialize;

use crate::objects::Text;
use crate::objects::value::{Condition, List, Resources, option_time};

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Node {
    /// What is wanted.
    pub spec: NodeSpec,
    /// How it is.
    pub status: NodeStatus,
}

/// What is wanted of a node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSpec {
    /// Addresses its pods get.
    #[serde(rename = "podCIDR")]
    pub pod_cidr: Text,
    /// Identity at the cloud provider.
    #[serde(rename = "providerID")]
    pub provider_id: Text,
    /// Whether it takes no new pods.
    pub unschedulable: bool,
    /// Taints.
    pub taints: List<Taint>,
}

/// A taint: keeps pods away that do not tolerate it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Taint {
    /// Key.
    pub key: Text,
    /// Value.
    pub value: Text,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: Text,
}

/// How a node is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeStatus {
    /// What it has.
    pub capacity: Resources,
    /// What pods may have of it.
    pub allocatable: Resources,
    /// Conditions.
    pub conditions: List<Condition>,
    /// Addresses.
    pub addresses: List<NodeAddress>,
    /// Where its kubelet listens.
    pub daemon_endpoints: DaemonEndpoints,
    /// What it is.
    pub node_info: NodeInfo,
}

/// An address of a node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NodeAddress {
    /// `InternalIP`, `ExternalIP`, `Hostname` and so on.
    #[serde(rename = "type")]
    pub kind: Text,
    /// Address.
    pub address: Text,
}

/// Where the daemons of a node listen.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonEndpoints {
    /// Kubelet.
    pub kubelet_endpoint: DaemonEndpoint,
}

/// Where a daemon listens.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DaemonEndpoint {
    /// Port; 0 if it is not said.
    pub port: i32,
}

/// What a node is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeInfo {
    /// Version of the kernel.
    pub kernel_version: Text,
    /// Operating system, for people.
    pub os_image: Text,
    /// Container runtime and its version.
    pub container_runtime_version: Text,
    /// Version of the kubelet.
    pub kubelet_version: Text,
    /// `linux` or `windows`.
    pub operating_system: Text,
    /// `amd64`, `arm64` and so on.
    pub architecture: Text,
    /// Identity of the machine's hardware.
    #[serde(rename = "systemUUID")]
    pub system_uuid: Text,
    /// Identity of the installation, from `/etc/machine-id`.
    #[serde(rename = "machineID")]
    pub machine_id: Text,
    /// Identity of the present boot.
    #[serde(rename = "bootID")]
    pub boot_id: Text,
}

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Namespace {
    /// How it is.
    pub status: NamespaceStatus,
}

/// How a namespace is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    pub phase: Text,
    /// Conditions.
    pub conditions: List<Condition>,
}

/// A lease: who holds a lock, and since when.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Lease {
    /// What it says.
    pub spec: LeaseSpec,
}

/// What a lease says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LeaseSpec {
    /// Who holds it.
    pub holder_identity: Text,
    /// For how long from the last renewal on.
    pub lease_duration_seconds: Option<i32>,
    /// When it was renewed last, in seconds since 1970.
    #[serde(deserialize_with = "option_time")]
    pub renew_time: Option<i64>,
    /// How often it changed hands.
    pub lease_transitions: Option<i32>,
}
