//! Objects of Kubernetes as this process holds them: only the fields that somebody uses, strings interned.
//!
//! [`decode`] reads one object's JSON as the API server sends it. What an object holds beyond its [`Meta`] is its
//! [`Body`], one type a kind. Times are whole seconds since 1970, as the API server keeps them.

mod body;
mod decode;
mod kind;
mod meta;
mod text;
mod value;

pub use body::{
    ApiService, ApiServiceSpec, AttachmentSource, AttachmentSpec, AttachmentStatus, AutoscalerMetric,
    AutoscalerSpec, AutoscalerStatus, AwsDisk, AzureDisk, Backend, BackendPort, BalancedStatus, Binding,
    Body, BudgetSpec, BudgetStatus, CertificateSigningRequest, ClaimSpec, ClaimStatus, ClaimVolume,
    ClientConfig, Conditions, Container, ContainerId, ContainerImage, ContainerPort, ContainerState,
    ContainerStatus, CronJob, CronJobSpec, CronJobStatus, Csi, CustomResourceDefinition, CustomSample,
    CustomState, DaemonEndpoint, DaemonEndpoints, DaemonSet, DaemonSetSpec, DaemonSetStatus, DefinitionNames,
    DefinitionSpec, DefinitionVersion, Deployment, DeploymentSpec, DeploymentStatus, Endpoint,
    EndpointAddress, EndpointConditions, EndpointPort, EndpointSlice, Endpoints, FibreChannel, GceDisk,
    Hints, HorizontalPodAutoscaler, HostPath, Ingress, IngressClass, IngressClassSpec, IngressHttp,
    IngressPath, IngressRule, IngressSpec, IngressTls, Iscsi, Job, JobSpec, JobStatus, Lease, LeaseSpec,
    Limit, LimitRange, LimitRangeSpec, LoadBalancer, LoadBalancerIngress, LocalVolume, NameRef, Namespace,
    NamespaceStatus, NetworkPolicy, NetworkPolicySpec, Nfs, Node, NodeAddress, NodeInfo, NodeSpec,
    NodeStatus, ObjectRef, Ordinals, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget,
    PodSituation, PodSpec, PodStatus, PodTemplate, PriorityClass, QuotaStatus, ReplicaSet, ReplicaSetSpec,
    ReplicaSetStatus, ReplicationController, ReplicationControllerSpec, Requirement, Requirements,
    ResourceBackend, ResourceQuota, RetentionPolicy, RoleRef, RollingUpdate, ScaleTarget, Secret, Selector,
    Service, ServiceAccount, ServiceBackend, ServicePort, ServiceRef, ServiceSpec, SigningSpec,
    SigningStatus, StatefulSet, StatefulSetSpec, StatefulSetStatus, StorageClass, Strategy, Subject, Subset,
    Taint, Terminated, Toleration, VolumeAttachment, VolumeSpec, VolumeStatus, WaitingState, Webhook,
    WebhookConfiguration,
};
pub use decode::{DecodeError, decode};
pub use kind::{CustomKind, Kind};
pub use meta::{Meta, Owner, Owners, Uid};
pub use text::{Interner, Text};
pub use value::{
    Condition, ConditionState, Count, IntOrPercent, List, NO_TIME, Quantity, Resources, Rounding, Status,
    TextMap,
};

/// The label of an EndpointSlice that names its Service.
pub(crate) const SERVICE: &str = "kubernetes.io/service-name";

/// Reads a time as the API server writes it, RFC 3339, and returns its seconds since 1970.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    value::rfc3339(text)
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Name, labels, owners: what all objects have.
    pub meta: Meta,
    /// What its kind adds.
    pub body: Body,
}

impl Object {
    fn new<T>(meta: Meta, body: T, wrap: fn(Box<T>) -> Body) -> Self {
        Self {
            meta,
            body: wrap(Box::new(body)),
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> &Kind {
        self.body.kind()
    }

    /// Returns what is kept of an object of a custom kind, if something is.
    pub fn custom(&self) -> Option<&CustomState> {
        match &self.body {
            Body::Custom(state) => Some(state),
            _ => None,
        }
    }

    pub(crate) fn set_custom(&mut self, state: CustomState) {
        self.body = Body::Custom(Box::new(state));
    }
}

#[cfg(test)]
mod tests;
