//! Services and what leads to them, and what keeps traffic away.

use serde::Deserialize;

use super::workload::Selector;
use crate::objects::Text;
use crate::objects::value::{Count, IntOrPercent, List, TextMap};

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Service {
    /// What is wanted.
    pub spec: ServiceSpec,
    /// How it is.
    pub status: BalancedStatus,
}

/// What is wanted of a Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceSpec {
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    #[serde(rename = "type")]
    pub kind: Text,
    /// Address within the cluster, `None` for a headless one.
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Text,
    /// Name elsewhere that it stands for.
    pub external_name: Text,
    /// Address that its load balancer should have.
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Text,
    /// Addresses from outside that lead to it.
    #[serde(rename = "externalIPs")]
    pub external_ips: List<Text>,
    /// `Cluster` or `Local`.
    pub external_traffic_policy: Text,
    /// Labels of the pods behind it.
    pub selector: TextMap,
    /// Ports.
    pub ports: List<ServicePort>,
}

/// A port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServicePort {
    /// Name, may be empty.
    pub name: Text,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Text,
    /// Number.
    pub port: i32,
    /// Port of the pods, by number or name.
    pub target_port: Option<IntOrPercent>,
    /// Port of the nodes, 0 if there is none.
    pub node_port: i32,
}

/// How something behind a load balancer is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BalancedStatus {
    /// The load balancer.
    pub load_balancer: LoadBalancer,
}

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LoadBalancer {
    /// Where it takes traffic.
    pub ingress: List<LoadBalancerIngress>,
}

/// Where a load balancer takes traffic.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LoadBalancerIngress {
    /// Address.
    pub ip: Text,
    /// Name.
    pub hostname: Text,
}

/// Endpoints: the addresses behind a Service, in the old form.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Endpoints {
    /// Addresses that have the same ports.
    pub subsets: List<Subset>,
}

/// Addresses that have the same ports.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Subset {
    /// Addresses that take traffic.
    pub addresses: List<EndpointAddress>,
    /// Addresses that do not.
    pub not_ready_addresses: List<EndpointAddress>,
    /// Ports.
    pub ports: List<EndpointPort>,
}

/// An address of an Endpoints.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointAddress {
    /// Address.
    pub ip: Text,
    /// Name.
    pub hostname: Text,
    /// Node it is on.
    pub node_name: Option<Text>,
    /// What it leads to.
    pub target_ref: Option<ObjectRef>,
}

/// A port of an Endpoints or an EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointPort {
    /// Name, may be empty.
    pub name: Text,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Text,
    /// Number; an EndpointSlice may leave it open.
    pub port: Option<i32>,
    /// What is spoken there, as in `http`.
    pub app_protocol: Option<Text>,
}

/// Names an object.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ObjectRef {
    /// Name of the kind in the singular.
    pub kind: Text,
    /// Namespace.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

/// An EndpointSlice: some of the addresses behind a Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointSlice {
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: Text,
    /// Addresses.
    pub endpoints: List<Endpoint>,
    /// Ports that they all have.
    pub ports: List<EndpointPort>,
}

/// Addresses of one thing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Endpoint {
    /// Addresses, of which all do the same.
    pub addresses: List<Text>,
    /// How it is.
    pub conditions: EndpointConditions,
    /// Name.
    pub hostname: Text,
    /// Node it is on.
    pub node_name: Text,
    /// Zone it is in.
    pub zone: Text,
    /// What it is.
    pub target_ref: Option<ObjectRef>,
    /// Who should use it.
    pub hints: Hints,
}

/// How an endpoint is; `None` is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct EndpointConditions {
    /// Whether it takes traffic.
    pub ready: Option<bool>,
    /// Whether it could take traffic.
    pub serving: Option<bool>,
    /// Whether it ends.
    pub terminating: Option<bool>,
}

/// Who should use an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hints {
    /// Zones whose clients should.
    pub for_zones: List<NameRef>,
}

/// Names something.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NameRef {
    /// Name.
    pub name: Text,
}

/// An Ingress.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Ingress {
    /// What is wanted.
    pub spec: IngressSpec,
    /// How it is.
    pub status: BalancedStatus,
}

/// What is wanted of an Ingress.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressSpec {
    /// Its class.
    pub ingress_class_name: Option<Text>,
    /// Where traffic goes that no rule is for.
    pub default_backend: Option<Backend>,
    /// Rules.
    pub rules: List<IngressRule>,
    /// Hosts that speak TLS.
    pub tls: List<IngressTls>,
}

/// Where the traffic of a host goes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IngressRule {
    /// Host, empty for all.
    pub host: Text,
    /// Its paths.
    pub http: IngressHttp,
}

/// Paths of a host.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IngressHttp {
    /// Paths.
    pub paths: List<IngressPath>,
}

/// Where the traffic of a path goes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IngressPath {
    /// Path.
    pub path: Text,
    /// Where it goes.
    pub backend: Backend,
}

/// Where traffic goes: one of two.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Backend {
    /// A Service.
    pub service: Option<ServiceBackend>,
    /// Another object.
    pub resource: Option<ResourceBackend>,
}

/// A Service that traffic goes to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ServiceBackend {
    /// Name.
    pub name: Text,
    /// Port.
    pub port: BackendPort,
}

/// A port of a Service, by name or number.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct BackendPort {
    /// Name, may be empty.
    pub name: Text,
    /// Number, 0 if there is a name.
    pub number: i32,
}

/// An object that traffic goes to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceBackend {
    /// API group.
    pub api_group: Text,
    /// Name of the kind.
    pub kind: Text,
    /// Name.
    pub name: Text,
}

/// Hosts that speak TLS with one secret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressTls {
    /// Hosts.
    pub hosts: List<Text>,
    /// Name of the Secret.
    pub secret_name: Text,
}

/// An IngressClass.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IngressClass {
    /// What it says.
    pub spec: IngressClassSpec,
}

/// What an IngressClass says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IngressClassSpec {
    /// Controller that takes care of its Ingresses.
    pub controller: Text,
}

/// A NetworkPolicy.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NetworkPolicy {
    /// What it says.
    pub spec: NetworkPolicySpec,
}

/// What a NetworkPolicy says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicySpec {
    /// Pods it is for.
    pub pod_selector: Selector,
    /// `Ingress`, `Egress` or both.
    pub policy_types: List<Text>,
    /// How many rules let traffic in.
    pub ingress: Count,
    /// How many rules let traffic out.
    pub egress: Count,
}
