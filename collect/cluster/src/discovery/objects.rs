//! What the labels of targets need of objects, and nothing else.
//!
//! Fields follow the API's JSON. Two objects that give the same targets are equal here, so that a heartbeat of a node
//! or a probe of a pod is no change.

use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::objects::{Kind, List, Text, TextMap};

/// Metadata with all annotations.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Meta {
    pub(crate) namespace: Text,
    pub(crate) name: Text,
    pub(crate) uid: Text,
    /// Taken out before an object is kept.
    pub(crate) resource_version: Text,
    pub(crate) labels: TextMap,
    pub(crate) annotations: Pairs,
    pub(crate) owner_references: List<Owner>,
}

/// Pairs of names and values, all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pairs(Box<[(Text, Text)]>);

/// What an object belongs to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Owner {
    pub(crate) kind: Text,
    pub(crate) name: Text,
    pub(crate) controller: Option<bool>,
}

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    pub(crate) meta: Meta,
    pub(crate) body: Body,
}

/// What is known of an object beside its metadata.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Node(Box<Node>),
    Pod(Box<Pod>),
    Service(Box<Service>),
    Endpoints(List<Subset>),
    EndpointSlice(Box<EndpointSlice>),
    Ingress(Box<Ingress>),
    /// Metadata say everything.
    Nothing,
}

/// `v1` Node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    pub(crate) provider_id: Text,
    pub(crate) addresses: List<NodeAddress>,
    pub(crate) kubelet_port: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct NodeAddress {
    #[serde(rename = "type")]
    pub(crate) kind: Text,
    pub(crate) address: Text,
}

/// `v1` Pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pod {
    pub(crate) node: Text,
    pub(crate) containers: List<Container>,
    pub(crate) init_containers: List<Container>,
    pub(crate) ip: Text,
    pub(crate) host_ip: Text,
    pub(crate) phase: Text,
    /// `True`, `False` or `Unknown`.
    pub(crate) ready: Text,
    pub(crate) container_ids: List<ContainerId>,
    pub(crate) init_container_ids: List<ContainerId>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Container {
    pub(crate) name: Text,
    pub(crate) image: Text,
    pub(crate) ports: List<ContainerPort>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerPort {
    pub(crate) name: Text,
    pub(crate) container_port: i32,
    pub(crate) protocol: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerId {
    pub(crate) name: Text,
    #[serde(rename = "containerID")]
    pub(crate) id: Text,
}

/// `v1` Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Service {
    pub(crate) ports: List<ServicePort>,
    #[serde(rename = "type")]
    pub(crate) kind: Text,
    pub(crate) external_name: Text,
    #[serde(rename = "clusterIP")]
    pub(crate) cluster_ip: Text,
    #[serde(rename = "loadBalancerIP")]
    pub(crate) load_balancer_ip: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ServicePort {
    pub(crate) name: Text,
    pub(crate) port: i32,
    pub(crate) protocol: Text,
}

/// Addresses of a `v1` Endpoints that have the same ports.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Subset {
    pub(crate) addresses: List<Address>,
    pub(crate) not_ready_addresses: List<Address>,
    pub(crate) ports: List<EndpointPort>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Address {
    pub(crate) ip: Text,
    pub(crate) hostname: Text,
    pub(crate) node_name: Option<Text>,
    pub(crate) target_ref: Option<Reference>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Reference {
    pub(crate) kind: Text,
    pub(crate) namespace: Text,
    pub(crate) name: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EndpointPort {
    pub(crate) name: Text,
    pub(crate) port: Option<i32>,
    pub(crate) protocol: Text,
    pub(crate) app_protocol: Text,
}

/// `discovery.k8s.io/v1` EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EndpointSlice {
    pub(crate) address_type: Text,
    pub(crate) endpoints: List<Endpoint>,
    pub(crate) ports: List<EndpointPort>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Endpoint {
    pub(crate) addresses: List<Text>,
    pub(crate) conditions: Conditions,
    pub(crate) hostname: Text,
    pub(crate) target_ref: Option<Reference>,
    pub(crate) node_name: Option<Text>,
    pub(crate) zone: Text,
    pub(crate) deprecated_topology: TextMap,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Conditions {
    pub(crate) ready: Option<bool>,
    pub(crate) serving: Option<bool>,
    pub(crate) terminating: Option<bool>,
}

/// `networking.k8s.io/v1` Ingress.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ingress {
    pub(crate) ingress_class_name: Text,
    pub(crate) rules: List<Rule>,
    pub(crate) tls: List<Tls>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Rule {
    pub(crate) host: Text,
    pub(crate) http: Option<HttpRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct HttpRule {
    pub(crate) paths: List<Path>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Path {
    pub(crate) path: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Tls {
    pub(crate) hosts: List<Text>,
}

/// An object as it is written.
#[derive(Deserialize)]
#[serde(bound = "S: Deserialize<'de> + Default, T: Deserialize<'de> + Default")]
struct Raw<S, T> {
    metadata: Meta,
    #[serde(default)]
    spec: S,
    #[serde(default)]
    status: T,
}

/// A part that is of no use.
#[derive(Default, Deserialize)]
struct Unused {}

#[derive(Deserialize)]
struct RawEndpoints {
    metadata: Meta,
    #[serde(default)]
    subsets: List<Subset>,
}

#[derive(Deserialize)]
struct RawSlice {
    metadata: Meta,
    #[serde(flatten)]
    slice: EndpointSlice,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeSpec {
    #[serde(rename = "providerID")]
    provider_id: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeStatus {
    addresses: List<NodeAddress>,
    daemon_endpoints: DaemonEndpoints,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DaemonEndpoints {
    kubelet_endpoint: DaemonEndpoint,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DaemonEndpoint {
    #[serde(rename = "Port")]
    port: i32,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec {
    node_name: Text,
    containers: List<Container>,
    init_containers: List<Container>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodStatus {
    #[serde(rename = "podIP")]
    ip: Text,
    #[serde(rename = "hostIP")]
    host_ip: Text,
    phase: Text,
    conditions: List<Condition>,
    container_statuses: List<ContainerId>,
    init_container_statuses: List<ContainerId>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: Text,
    status: Text,
}

impl Object {
    /// Reads an object of a kind and its resource version.
    pub(crate) fn decode(kind: &Kind, json: &str) -> serde_json::Result<(Self, Text)> {
        let (mut meta, body) = match kind {
            Kind::Node => {
                let raw: Raw<NodeSpec, NodeStatus> = serde_json::from_str(json)?;
                let node = Node {
                    provider_id: raw.spec.provider_id,
                    addresses: raw.status.addresses,
                    kubelet_port: raw.status.daemon_endpoints.kubelet_endpoint.port,
                };
                (raw.metadata, Body::Node(Box::new(node)))
            }
            Kind::Pod => {
                let raw: Raw<PodSpec, PodStatus> = serde_json::from_str(json)?;
                let status = raw.status;
                let ready = status.conditions.iter().find(|one| &*one.kind == "Ready");
                let pod = Pod {
                    node: raw.spec.node_name,
                    containers: raw.spec.containers,
                    init_containers: raw.spec.init_containers,
                    ready: ready
                        .map(|condition| condition.status.clone())
                        .unwrap_or_default(),
                    ip: status.ip,
                    host_ip: status.host_ip,
                    phase: status.phase,
                    container_ids: status.container_statuses,
                    init_container_ids: status.init_container_statuses,
                };
                (raw.metadata, Body::Pod(Box::new(pod)))
            }
            Kind::Service => {
                let raw: Raw<Service, Unused> = serde_json::from_str(json)?;
                (raw.metadata, Body::Service(Box::new(raw.spec)))
            }
            Kind::Endpoints => {
                let raw: RawEndpoints = serde_json::from_str(json)?;
                (raw.metadata, Body::Endpoints(raw.subsets))
            }
            Kind::EndpointSlice => {
                let raw: RawSlice = serde_json::from_str(json)?;
                (raw.metadata, Body::EndpointSlice(Box::new(raw.slice)))
            }
            Kind::Ingress => {
                let raw: Raw<Ingress, Unused> = serde_json::from_str(json)?;
                (raw.metadata, Body::Ingress(Box::new(raw.spec)))
            }
            _ => {
                let raw: Raw<Unused, Unused> = serde_json::from_str(json)?;
                (raw.metadata, Body::Nothing)
            }
        };
        let version = std::mem::take(&mut meta.resource_version);
        Ok((Self { meta, body }, version))
    }

    /// Returns the name that it has among those of its kind: `namespace/name`, or `name`.
    pub(crate) fn key(&self) -> String {
        key(&self.meta.namespace, &self.meta.name)
    }
}

/// Returns `namespace/name`, or `name` for an object of the whole cluster.
pub(crate) fn key(namespace: &str, name: &str) -> String {
    match namespace {
        "" => name.to_owned(),
        namespace => format!("{namespace}/{name}"),
    }
}

impl Meta {
    /// Returns the owner that manages the object.
    pub(crate) fn controller(&self) -> Option<&Owner> {
        self.owner_references
            .iter()
            .find(|owner| owner.controller == Some(true))
    }
}

impl Deref for Pairs {
    type Target = [(Text, Text)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs: Vec<(Text, Text)> = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                // The API server writes maps in any order.
                pairs.sort_by(|a, b| a.0.cmp(&b.0));
                Ok(Pairs(pairs.into_boxed_slice()))
            }
            fn visit_unit<E: Error>(self) -> Result<Pairs, E> {
                Ok(Pairs::default())
            }
        }
        deserializer.deserialize_any(Visit)
    }
}
