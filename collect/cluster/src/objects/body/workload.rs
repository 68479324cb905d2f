//! What keeps pods running: Deployments, ReplicaSets, StatefulSets, DaemonSets, ReplicationControllers.

use serde::Deserialize;

use crate::objects::Text;
use crate::objects::value::{Condition, IntOrPercent, List, TextMap};

/// Which objects are meant, by their labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// Labels they all have.
    pub match_labels: TextMap,
    /// What else must be true of their labels.
    pub match_expressions: List<Requirement>,
}

/// What must be true of a label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Requirement {
    /// Name of the label.
    pub key: Text,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: Text,
    /// Values, for `In` and `NotIn`.
    pub values: List<Text>,
}

/// A Deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// What is wanted.
    pub spec: DeploymentSpec,
    /// How it is.
    pub status: DeploymentStatus,
}

/// What is wanted of a Deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeploymentSpec {
    /// How many pods.
    pub replicas: Option<i32>,
    /// Whether changes wait.
    pub paused: bool,
    /// How changes are rolled out.
    pub strategy: Strategy,
    /// Which pods.
    pub selector: Selector,
}

/// How changes are rolled out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Strategy {
    /// `RollingUpdate`, `Recreate` or `OnDelete`.
    #[serde(rename = "type")]
    pub kind: Text,
    /// How many pods may be missing or too many meanwhile.
    pub rolling_update: Option<RollingUpdate>,
}

/// How many pods may be missing or too many during a roll-out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RollingUpdate {
    /// Missing.
    pub max_unavailable: Option<IntOrPercent>,
    /// Too many.
    pub max_surge: Option<IntOrPercent>,
}

/// How a Deployment is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeploymentStatus {
    /// Generation that its controller saw last.
    pub observed_generation: i64,
    /// Pods.
    pub replicas: i32,
    /// Pods of the newest version.
    pub updated_replicas: i32,
    /// Pods that are ready.
    pub ready_replicas: i32,
    /// Pods that have been ready for long enough.
    pub available_replicas: i32,
    /// Pods that are missing.
    pub unavailable_replicas: i32,
    /// Conditions.
    pub conditions: List<Condition>,
}

/// A ReplicaSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReplicaSet {
    /// What is wanted.
    pub spec: ReplicaSetSpec,
    /// How it is.
    pub status: ReplicaSetStatus,
}

/// What is wanted of a ReplicaSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReplicaSetSpec {
    /// How many pods.
    pub replicas: Option<i32>,
    /// Which pods.
    pub selector: Selector,
}

/// How a ReplicaSet or a ReplicationController is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReplicaSetStatus {
    /// Generation that its controller saw last.
    pub observed_generation: i64,
    /// Pods.
    pub replicas: i32,
    /// Pods that have all labels of the template.
    pub fully_labeled_replicas: i32,
    /// Pods that are ready.
    pub ready_replicas: i32,
    /// Pods that have been ready for long enough.
    pub available_replicas: i32,
    /// Conditions.
    pub conditions: List<Condition>,
}

/// A ReplicationController.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReplicationController {
    /// What is wanted.
    pub spec: ReplicationControllerSpec,
    /// How it is.
    pub status: ReplicaSetStatus,
}

/// What is wanted of a ReplicationController.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReplicationControllerSpec {
    /// How many pods.
    pub replicas: Option<i32>,
    /// Which pods, by labels they all have.
    pub selector: TextMap,
}

/// A StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StatefulSet {
    /// What is wanted.
    pub spec: StatefulSetSpec,
    /// How it is.
    pub status: StatefulSetStatus,
}

/// What is wanted of a StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSetSpec {
    /// How many pods.
    pub replicas: Option<i32>,
    /// Where the numbers of its pods begin.
    pub ordinals: Option<Ordinals>,
    /// Service that names its pods.
    pub service_name: Text,
    /// Which pods.
    pub selector: Selector,
    /// What becomes of the claims of pods that are gone.
    pub persistent_volume_claim_retention_policy: Option<RetentionPolicy>,
}

/// Where the numbers of pods begin.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Ordinals {
    /// Number of the first.
    pub start: i32,
}

/// What becomes of the claims of pods that are gone: `Retain` or `Delete`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RetentionPolicy {
    /// When the StatefulSet is deleted.
    pub when_deleted: Text,
    /// When there are to be fewer pods.
    pub when_scaled: Text,
}

/// How a StatefulSet is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSetStatus {
    /// Generation that its controller saw last.
    pub observed_generation: i64,
    /// Pods.
    pub replicas: i32,
    /// Pods that are ready.
    pub ready_replicas: i32,
    /// Pods that have been ready for long enough.
    pub available_replicas: i32,
    /// Pods of the version that is left.
    pub current_replicas: i32,
    /// Pods of the version that is rolled out.
    pub updated_replicas: i32,
    /// Version that is left.
    pub current_revision: Text,
    /// Version that is rolled out.
    pub update_revision: Text,
    /// Conditions.
    pub conditions: List<Condition>,
}

/// A DaemonSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DaemonSet {
    /// What is wanted.
    pub spec: DaemonSetSpec,
    /// How it is.
    pub status: DaemonSetStatus,
}

/// What is wanted of a DaemonSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DaemonSetSpec {
    /// Which pods.
    pub selector: Selector,
}

/// How a DaemonSet is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetStatus {
    /// Generation that its controller saw last.
    pub observed_generation: i64,
    /// Nodes that should run a pod and do.
    pub current_number_scheduled: i32,
    /// Nodes that should run a pod.
    pub desired_number_scheduled: i32,
    /// Nodes that run a pod and should not.
    pub number_misscheduled: i32,
    /// Nodes whose pod is ready.
    pub number_ready: i32,
    /// Nodes whose pod is of the newest version.
    pub updated_number_scheduled: i32,
    /// Nodes whose pod has been ready for long enough.
    pub number_available: i32,
    /// Nodes whose pod is missing.
    pub number_unavailable: i32,
    /// Conditions.
    pub conditions: List<Condition>,
}
