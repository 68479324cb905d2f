//! The kinds that are known by heart, and those that a cluster defines itself.

use std::fmt;
use std::sync::Arc;

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `v1` Pod.
    Pod,
    /// `v1` Node.
    Node,
    /// `v1` Namespace.
    Namespace,
    /// `v1` Service.
    Service,
    /// `v1` Endpoints.
    Endpoints,
    /// `v1` ConfigMap; its data is never asked for.
    ConfigMap,
    /// `v1` Secret; its data is never asked for.
    Secret,
    /// `v1` ServiceAccount.
    ServiceAccount,
    /// `v1` PersistentVolume.
    PersistentVolume,
    /// `v1` PersistentVolumeClaim.
    PersistentVolumeClaim,
    /// `v1` ReplicationController.
    ReplicationController,
    /// `v1` ResourceQuota.
    ResourceQuota,
    /// `v1` LimitRange.
    LimitRange,
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `apps/v1` StatefulSet.
    StatefulSet,
    /// `apps/v1` DaemonSet.
    DaemonSet,
    /// `batch/v1` Job.
    Job,
    /// `batch/v1` CronJob.
    CronJob,
    /// `autoscaling/v2` HorizontalPodAutoscaler.
    HorizontalPodAutoscaler,
    /// `policy/v1` PodDisruptionBudget.
    PodDisruptionBudget,
    /// `networking.k8s.io/v1` NetworkPolicy.
    NetworkPolicy,
    /// `networking.k8s.io/v1` Ingress.
    Ingress,
    /// `networking.k8s.io/v1` IngressClass.
    IngressClass,
    /// `discovery.k8s.io/v1` EndpointSlice.
    EndpointSlice,
    /// `storage.k8s.io/v1` StorageClass.
    StorageClass,
    /// `storage.k8s.io/v1` VolumeAttachment.
    VolumeAttachment,
    /// `coordination.k8s.io/v1` Lease.
    Lease,
    /// `admissionregistration.k8s.io/v1` MutatingWebhookConfiguration.
    MutatingWebhookConfiguration,
    /// `admissionregistration.k8s.io/v1` ValidatingWebhookConfiguration.
    ValidatingWebhookConfiguration,
    /// `certificates.k8s.io/v1` CertificateSigningRequest.
    CertificateSigningRequest,
    /// `rbac.authorization.k8s.io/v1` Role.
    Role,
    /// `rbac.authorization.k8s.io/v1` RoleBinding.
    RoleBinding,
    /// `rbac.authorization.k8s.io/v1` ClusterRole.
    ClusterRole,
    /// `rbac.authorization.k8s.io/v1` ClusterRoleBinding.
    ClusterRoleBinding,
    /// `scheduling.k8s.io/v1` PriorityClass.
    PriorityClass,
    /// `apiregistration.k8s.io/v1` APIService.
    ApiService,
    /// `apiextensions.k8s.io/v1` CustomResourceDefinition.
    CustomResourceDefinition,
    /// What a CustomResourceDefinition of the cluster defines.
    Custom(Arc<CustomKind>),
}

/// A kind that a cluster defines itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomKind {
    /// API group, as in `monitoring.coreos.com`.
    pub group: String,
    /// Version of the group that is read.
    pub version: String,
    /// Name in the singular, as in `ServiceMonitor`.
    pub kind: String,
    /// Name in addresses, as in `servicemonitors`.
    pub plural: String,
    /// Whether its objects lie in namespaces.
    pub namespaced: bool,
}

/// What a built-in kind is called: kind, group, version, plural, and whether it has namespaces.
type Row = (Kind, &'static str, &'static str, &'static str, &'static str, bool);

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

const ROWS: &[Row] = &[
    (Kind::Namespace, "Namespace", "", "v1", "namespaces", false),
    (Kind::Node, "Node", "", "v1", "nodes", false),
    (Kind::Pod, "Pod", "", "v1", "pods", true),
    (Kind::ReplicaSet, "ReplicaSet", "apps", "v1", "replicasets", true),
    (Kind::Deployment, "Deployment", "apps", "v1", "deployments", true),
    (
        Kind::StatefulSet,
        "StatefulSet",
        "apps",
        "v1",
        "statefulsets",
        true,
    ),
    (Kind::DaemonSet, "DaemonSet", "apps", "v1", "daemonsets", true),
    (Kind::Job, "Job", "batch", "v1", "jobs", true),
    (Kind::CronJob, "CronJob", "batch", "v1", "cronjobs", true),
    (
        Kind::ReplicationController,
        "ReplicationController",
        "",
        "v1",
        "replicationcontrollers",
        true,
    ),
    (Kind::Service, "Service", "", "v1", "services", true),
    (
        Kind::EndpointSlice,
        "EndpointSlice",
        "discovery.k8s.io",
        "v1",
        "endpointslices",
        true,
    ),
    (Kind::Endpoints, "Endpoints", "", "v1", "endpoints", true),
    (
        Kind::Ingress,
        "Ingress",
        "networking.k8s.io",
        "v1",
        "ingresses",
        true,
    ),
    (
        Kind::IngressClass,
        "IngressClass",
        "networking.k8s.io",
        "v1",
        "ingressclasses",
        false,
    ),
    (
        Kind::NetworkPolicy,
        "NetworkPolicy",
        "networking.k8s.io",
        "v1",
        "networkpolicies",
        true,
    ),
    (
        Kind::HorizontalPodAutoscaler,
        "HorizontalPodAutoscaler",
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        true,
    ),
    (
        Kind::PodDisruptionBudget,
        "PodDisruptionBudget",
        "policy",
        "v1",
        "poddisruptionbudgets",
        true,
    ),
    (
        Kind::PersistentVolumeClaim,
        "PersistentVolumeClaim",
        "",
        "v1",
        "persistentvolumeclaims",
        true,
    ),
    (
        Kind::PersistentVolume,
        "PersistentVolume",
        "",
        "v1",
        "persistentvolumes",
        false,
    ),
    (
        Kind::StorageClass,
        "StorageClass",
        "storage.k8s.io",
        "v1",
        "storageclasses",
        false,
    ),
    (
        Kind::VolumeAttachment,
        "VolumeAttachment",
        "storage.k8s.io",
        "v1",
        "volumeattachments",
        false,
    ),
    (
        Kind::ResourceQuota,
        "ResourceQuota",
        "",
        "v1",
        "resourcequotas",
        true,
    ),
    (Kind::LimitRange, "LimitRange", "", "v1", "limitranges", true),
    (Kind::ConfigMap, "ConfigMap", "", "v1", "configmaps", true),
    (Kind::Secret, "Secret", "", "v1", "secrets", true),
    (
        Kind::ServiceAccount,
        "ServiceAccount",
        "",
        "v1",
        "serviceaccounts",
        true,
    ),
    (Kind::Lease, "Lease", "coordination.k8s.io", "v1", "leases", true),
    (
        Kind::MutatingWebhookConfiguration,
        "MutatingWebhookConfiguration",
        ADMISSION,
        "v1",
        "mutatingwebhookconfigurations",
        false,
    ),
    (
        Kind::ValidatingWebhookConfiguration,
        "ValidatingWebhookConfiguration",
        ADMISSION,
        "v1",
        "validatingwebhookconfigurations",
        false,
    ),
    (
        Kind::CertificateSigningRequest,
        "CertificateSigningRequest",
        "certificates.k8s.io",
        "v1",
        "certificatesigningrequests",
        false,
    ),
    (Kind::Role, "Role", RBAC, "v1", "roles", true),
    (Kind::RoleBinding, "RoleBinding", RBAC, "v1", "rolebindings", true),
    (
        Kind::ClusterRole,
        "ClusterRole",
        RBAC,
        "v1",
        "clusterroles",
        false,
    ),
    (
        Kind::ClusterRoleBinding,
        "ClusterRoleBinding",
        RBAC,
        "v1",
        "clusterrolebindings",
        false,
    ),
    (
        Kind::PriorityClass,
        "PriorityClass",
        "scheduling.k8s.io",
        "v1",
        "priorityclasses",
        false,
    ),
    (
        Kind::ApiService,
        "APIService",
        "apiregistration.k8s.io",
        "v1",
        "apiservices",
        false,
    ),
    (
        Kind::CustomResourceDefinition,
        "CustomResourceDefinition",
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        false,
    ),
];

impl Kind {
    /// Returns the built-in kinds, those that explain others first.
    pub fn built_in() -> impl ExactSizeIterator<Item = Self> {
        ROWS.iter().map(|row| row.0.clone())
    }

    /// Finds a built-in kind by its name in the singular, as in `Pod`, and its group, empty for the core group.
    pub fn find(group: &str, kind: &str) -> Option<Self> {
        let mut rows = ROWS.iter();
        rows.find(|row| row.1 == kind && row.2 == group)
            .map(|row| row.0.clone())
    }

    /// Returns the name in the singular, as in `Pod`.
    pub fn name(&self) -> &str {
        match self {
            Self::Custom(custom) => &custom.kind,
            known => known.row().map_or("", |row| row.1),
        }
    }

    /// Returns the API group, empty for the core group.
    pub fn group(&self) -> &str {
        match self {
            Self::Custom(custom) => &custom.group,
            known => known.row().map_or("", |row| row.2),
        }
    }

    /// Returns the version of the group that is read.
    pub fn version(&self) -> &str {
        match self {
            Self::Custom(custom) => &custom.version,
            known => known.row().map_or("", |row| row.3),
        }
    }

    /// Returns the name in addresses, as in `pods`.
    pub fn plural(&self) -> &str {
        match self {
            Self::Custom(custom) => &custom.plural,
            known => known.row().map_or("", |row| row.4),
        }
    }

    /// Tells whether objects of the kind lie in namespaces.
    pub fn is_namespaced(&self) -> bool {
        match self {
            Self::Custom(custom) => custom.namespaced,
            known => known.row().is_some_and(|row| row.5),
        }
    }

    /// Returns the group and version as objects write it: `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        match self.group() {
            "" => self.version().to_owned(),
            group => format!("{group}/{}", self.version()),
        }
    }

    fn row(&self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.0 == *self)
    }
}

impl fmt::Display for Kind {
    /// Writes `pods` or `deployments.apps`, as kubectl names resources.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group() {
            "" => f.write_str(self.plural()),
            group => write!(f, "{}.{group}", self.plural()),
        }
    }
}
