//! Pods.
//!
//! What pods of one owner have in common, which is nearly all that a pod's author wrote, is one [`PodTemplate`] for
//! all of them. What is left to a pod is where it runs and how it is.

mod container;

use std::ops::Deref;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::Deserializer;

use crate::objects::Text;
use crate::objects::text::Shared;
use crate::objects::value::{Condition, List, Resources, TextMap, option_time};

pub use container::{ContainerId, ContainerImage, ContainerState, ContainerStatus, Terminated, WaitingState};

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// What is wanted.
    pub spec: PodSpec,
    /// How it is.
    pub status: PodStatus,
}

/// What is wanted of a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSpec {
    /// Name of the node it is bound to, empty until then.
    pub node: Text,
    template: Arc<PodTemplate>,
}

/// What pods of one owner have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodTemplate {
    /// Passed to [`PodSpec::node`]; empty here.
    node_name: Text,
    /// Containers.
    pub containers: List<Container>,
    /// Containers that run before the others, or beside them if they restart always.
    pub init_containers: List<Container>,
    /// Volumes that are claims.
    #[serde(rename = "volumes", deserialize_with = "claims")]
    pub claims: List<ClaimVolume>,
    /// Taints it tolerates.
    pub tolerations: List<Toleration>,
    /// Labels that its node must have.
    pub node_selector: TextMap,
    /// What running it costs beside its containers.
    pub overhead: Resources,
    /// When containers are started again.
    pub restart_policy: Text,
    /// Runtime class, if it asks for one.
    pub runtime_class_name: Option<Text>,
    /// Priority class.
    pub priority_class_name: Text,
    /// Whether it uses the node's network.
    pub host_network: bool,
    /// Service account.
    pub service_account_name: Text,
    /// Scheduler.
    pub scheduler_name: Text,
}

/// A container as it is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Name.
    pub name: Text,
    /// Image.
    pub image: Text,
    /// Ports it names.
    pub ports: List<ContainerPort>,
    /// What it asks for and may take.
    pub resources: Requirements,
    /// When it is started again, if that differs from the pod.
    pub restart_policy: Option<Text>,
}

/// A port of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerPort {
    /// Name, may be empty.
    pub name: Text,
    /// Number.
    pub container_port: i32,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Text,
}

/// What is asked for, and what may be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Requirements {
    /// What is asked for.
    pub requests: Resources,
    /// What may be taken.
    pub limits: Resources,
}

/// A volume that is a claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimVolume {
    /// Name of the volume.
    pub volume: Text,
    /// Name of the PersistentVolumeClaim.
    pub claim: Text,
    /// Whether it is only read.
    pub read_only: bool,
}

/// A taint that is tolerated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Toleration {
    /// Key of the taint, empty for all.
    pub key: Text,
    /// `Exists` or `Equal`.
    pub operator: Text,
    /// Value of the taint.
    pub value: Text,
    /// Effect of the taint, empty for all.
    pub effect: Text,
    /// For how long.
    pub toleration_seconds: Option<i64>,
}

/// How a pod is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "StatusWire")]
pub struct PodStatus {
    situation: Arc<PodSituation>,
    /// Address.
    pub pod_ip: Text,
    /// All addresses, if they are not just the one above.
    all_ips: Option<List<Text>>,
    /// When the kubelet took it on, in seconds since 1970.
    pub start_time: Option<i64>,
    /// Conditions.
    pub conditions: List<Condition>,
    /// Containers.
    pub containers: List<ContainerStatus>,
    /// Containers that run before the others.
    pub init_containers: List<ContainerStatus>,
    /// Containers that somebody added to look inside.
    pub ephemeral_containers: List<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct VolumeWire {
    name: Text,
    persistent_volume_claim: Option<ClaimWire>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ClaimWire {
    claim_name: Text,
    read_only: bool,
}

fn claims<'de, D: Deserializer<'de>>(deserializer: D) -> Result<List<ClaimVolume>, D::Error> {
    let volumes: List<VolumeWire> = List::deserialize(deserializer)?;
    let claims = volumes.into_iter().filter_map(|volume| {
        let claim = volume.persistent_volume_claim.as_ref()?;
        Some(ClaimVolume {
            volume: volume.name.clone(),
            claim: claim.claim_name.clone(),
            read_only: claim.read_only,
        })
    });
    Ok(List::from(claims.collect::<Vec<_>>()))
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusWire {
    phase: Text,
    reason: Text,
    message: Text,
    qos_class: Text,
    #[serde(rename = "hostIP")]
    host_ip: Text,
    #[serde(rename = "podIP")]
    pod_ip: Text,
    #[serde(rename = "podIPs")]
    pod_ips: List<IpWire>,
    #[serde(deserialize_with = "option_time")]
    start_time: Option<i64>,
    conditions: List<Condition>,
    container_statuses: List<ContainerStatus>,
    init_container_statuses: List<ContainerStatus>,
    ephemeral_container_statuses: List<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct IpWire {
    ip: Text,
}

impl From<StatusWire> for PodStatus {
    fn from(wire: StatusWire) -> Self {
        let all_ips = match &*wire.pod_ips {
            [only] if only.ip == wire.pod_ip => None,
            all => Some(List::from(
                all.iter().map(|one| one.ip.clone()).collect::<Vec<_>>(),
            )),
        };
        let situation = PodSituation {
            phase: wire.phase,
            reason: wire.reason,
            message: wire.message,
            qos_class: wire.qos_class,
            host_ip: wire.host_ip,
        };
        Self {
            situation: Shared::shared(Arc::new(situation)),
            pod_ip: wire.pod_ip,
            all_ips,
            start_time: wire.start_time,
            conditions: wire.conditions,
            containers: wire.container_statuses,
            init_containers: wire.init_container_statuses,
            ephemeral_containers: wire.ephemeral_container_statuses,
        }
    }
}

impl PodStatus {
    /// Returns all addresses, in the order in which the API server has them.
    pub fn ips(&self) -> impl Iterator<Item = &Text> {
        let only = self.all_ips.is_none().then_some(&self.pod_ip);
        only.into_iter()
            .filter(|ip| !ip.is_empty())
            .chain(self.all_ips.iter().flatten())
    }

    /// Returns the condition of a name.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|one| *one.kind == *kind)
    }
}

/// What pods of one node and one state have in common; equal ones are held once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodSituation {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: Text,
    /// Why, in one word.
    pub reason: Text,
    /// Why, for people.
    pub message: Text,
    /// Quality of service.
    pub qos_class: Text,
    /// Address of the node.
    pub host_ip: Text,
}

impl Deref for PodStatus {
    type Target = PodSituation;

    fn deref(&self) -> &PodSituation {
        &self.situation
    }
}

impl<'de> Deserialize<'de> for PodSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut template = PodTemplate::deserialize(deserializer)?;
        Ok(Self {
            node: std::mem::take(&mut template.node_name),
            template: Shared::shared(Arc::new(template)),
        })
    }
}

impl Deref for PodSpec {
    type Target = PodTemplate;

    fn deref(&self) -> &PodTemplate {
        &self.template
    }
}
