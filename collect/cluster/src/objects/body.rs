//! What objects hold beyond their metadata, one type a kind.

mod access;
mod batch;
mod custom;
mod extension;
mod network;
mod node;
mod pod;
mod policy;
mod storage;
mod workload;

use super::Kind;

pub use access::{
    Binding, CertificateSigningRequest, RoleRef, Secret, ServiceAccount, SigningSpec, SigningStatus, Subject,
};
pub use batch::{CronJob, CronJobSpec, CronJobStatus, Job, JobSpec, JobStatus};
pub use custom::{CustomSample, CustomState};
pub use extension::{
    ApiService, ApiServiceSpec, ClientConfig, Conditions, CustomResourceDefinition, DefinitionNames,
    DefinitionSpec, DefinitionVersion, ServiceRef, Webhook, WebhookConfiguration,
};
pub use network::{
    Backend, BackendPort, BalancedStatus, Endpoint, EndpointAddress, EndpointConditions, EndpointPort,
    EndpointSlice, Endpoints, Hints, Ingress, IngressClass, IngressClassSpec, IngressHttp, IngressPath,
    IngressRule, IngressSpec, IngressTls, LoadBalancer, LoadBalancerIngress, NameRef, NetworkPolicy,
    NetworkPolicySpec, ObjectRef, ResourceBackend, Service, ServiceBackend, ServicePort, ServiceSpec, Subset,
};
pub use node::{
    DaemonEndpoint, DaemonEndpoints, Lease, LeaseSpec, Namespace, NamespaceStatus, Node, NodeAddress,
    NodeInfo, NodeSpec, NodeStatus, Taint,
};
pub use pod::{
    ClaimVolume, Container, ContainerId, ContainerImage, ContainerPort, ContainerState, ContainerStatus, Pod,
    PodSituation, PodSpec, PodStatus, PodTemplate, Requirements, Terminated, Toleration, WaitingState,
};
pub use policy::{
    AutoscalerMetric, AutoscalerSpec, AutoscalerStatus, BudgetSpec, BudgetStatus, HorizontalPodAutoscaler,
    Limit, LimitRange, LimitRangeSpec, PodDisruptionBudget, PriorityClass, QuotaStatus, ResourceQuota,
    ScaleTarget,
};
pub use storage::{
    AttachmentSource, AttachmentSpec, AttachmentStatus, AwsDisk, AzureDisk, ClaimSpec, ClaimStatus, Csi,
    FibreChannel, GceDisk, HostPath, Iscsi, LocalVolume, Nfs, PersistentVolume, PersistentVolumeClaim,
    StorageClass, VolumeAttachment, VolumeSpec, VolumeStatus,
};
pub use workload::{
    DaemonSet, DaemonSetSpec, DaemonSetStatus, Deployment, DeploymentSpec, DeploymentStatus, Ordinals,
    ReplicaSet, ReplicaSetSpec, ReplicaSetStatus, ReplicationController, ReplicationControllerSpec,
    Requirement, RetentionPolicy, RollingUpdate, Selector, StatefulSet, StatefulSetSpec, StatefulSetStatus,
    Strategy,
};

/// What a kind adds to an object. Boxed, so that a small object costs no more than its own fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A kind of which nothing but the metadata is of use.
    Plain(Kind),
    /// A kind that the cluster defines, of which values are asked for.
    Custom(Box<CustomState>),
    /// [`Kind::Pod`].
    Pod(Box<Pod>),
    /// [`Kind::Node`].
    Node(Box<Node>),
    /// [`Kind::Namespace`].
    Namespace(Box<Namespace>),
    /// [`Kind::Lease`].
    Lease(Box<Lease>),
    /// [`Kind::Deployment`].
    Deployment(Box<Deployment>),
    /// [`Kind::ReplicaSet`].
    ReplicaSet(Box<ReplicaSet>),
    /// [`Kind::ReplicationController`].
    ReplicationController(Box<ReplicationController>),
    /// [`Kind::StatefulSet`].
    StatefulSet(Box<StatefulSet>),
    /// [`Kind::DaemonSet`].
    DaemonSet(Box<DaemonSet>),
    /// [`Kind::Job`].
    Job(Box<Job>),
    /// [`Kind::CronJob`].
    CronJob(Box<CronJob>),
    /// [`Kind::Service`].
    Service(Box<Service>),
    /// [`Kind::Endpoints`].
    Endpoints(Box<Endpoints>),
    /// [`Kind::EndpointSlice`].
    EndpointSlice(Box<EndpointSlice>),
    /// [`Kind::Ingress`].
    Ingress(Box<Ingress>),
    /// [`Kind::IngressClass`].
    IngressClass(Box<IngressClass>),
    /// [`Kind::NetworkPolicy`].
    NetworkPolicy(Box<NetworkPolicy>),
    /// [`Kind::PersistentVolumeClaim`].
    PersistentVolumeClaim(Box<PersistentVolumeClaim>),
    /// [`Kind::PersistentVolume`].
    PersistentVolume(Box<PersistentVolume>),
    /// [`Kind::StorageClass`].
    StorageClass(Box<StorageClass>),
    /// [`Kind::VolumeAttachment`].
    VolumeAttachment(Box<VolumeAttachment>),
    /// [`Kind::HorizontalPodAutoscaler`].
    HorizontalPodAutoscaler(Box<HorizontalPodAutoscaler>),
    /// [`Kind::PodDisruptionBudget`].
    PodDisruptionBudget(Box<PodDisruptionBudget>),
    /// [`Kind::ResourceQuota`].
    ResourceQuota(Box<ResourceQuota>),
    /// [`Kind::LimitRange`].
    LimitRange(Box<LimitRange>),
    /// [`Kind::PriorityClass`].
    PriorityClass(Box<PriorityClass>),
    /// [`Kind::Secret`].
    Secret(Box<Secret>),
    /// [`Kind::ServiceAccount`].
    ServiceAccount(Box<ServiceAccount>),
    /// [`Kind::RoleBinding`].
    RoleBinding(Box<Binding>),
    /// [`Kind::ClusterRoleBinding`].
    ClusterRoleBinding(Box<Binding>),
    /// [`Kind::CertificateSigningRequest`].
    CertificateSigningRequest(Box<CertificateSigningRequest>),
    /// [`Kind::MutatingWebhookConfiguration`].
    MutatingWebhookConfiguration(Box<WebhookConfiguration>),
    /// [`Kind::ValidatingWebhookConfiguration`].
    ValidatingWebhookConfiguration(Box<WebhookConfiguration>),
    /// [`Kind::ApiService`].
    ApiService(Box<ApiService>),
    /// [`Kind::CustomResourceDefinition`].
    CustomResourceDefinition(Box<CustomResourceDefinition>),
}

impl Body {
    /// Returns the kind of object that this is the body of.
    pub fn kind(&self) -> &Kind {
        match self {
            Self::Plain(kind) => kind,
            Self::Custom(state) => state.kind(),
            Self::Pod(_) => &Kind::Pod,
            Self::Node(_) => &Kind::Node,
            Self::Namespace(_) => &Kind::Namespace,
            Self::Lease(_) => &Kind::Lease,
            Self::Deployment(_) => &Kind::Deployment,
            Self::ReplicaSet(_) => &Kind::ReplicaSet,
            Self::ReplicationController(_) => &Kind::ReplicationController,
            Self::StatefulSet(_) => &Kind::StatefulSet,
            Self::DaemonSet(_) => &Kind::DaemonSet,
            Self::Job(_) => &Kind::Job,
            Self::CronJob(_) => &Kind::CronJob,
            Self::Service(_) => &Kind::Service,
            Self::Endpoints(_) => &Kind::Endpoints,
            Self::EndpointSlice(_) => &Kind::EndpointSlice,
            Self::Ingress(_) => &Kind::Ingress,
            Self::IngressClass(_) => &Kind::IngressClass,
            Self::NetworkPolicy(_) => &Kind::NetworkPolicy,
            Self::PersistentVolumeClaim(_) => &Kind::PersistentVolumeClaim,
            Self::PersistentVolume(_) => &Kind::PersistentVolume,
            Self::StorageClass(_) => &Kind::StorageClass,
            Self::VolumeAttachment(_) => &Kind::VolumeAttachment,
            Self::HorizontalPodAutoscaler(_) => &Kind::HorizontalPodAutoscaler,
            Self::PodDisruptionBudget(_) => &Kind::PodDisruptionBudget,
            Self::ResourceQuota(_) => &Kind::ResourceQuota,
            Self::LimitRange(_) => &Kind::LimitRange,
            Self::PriorityClass(_) => &Kind::PriorityClass,
            Self::Secret(_) => &Kind::Secret,
            Self::ServiceAccount(_) => &Kind::ServiceAccount,
            Self::RoleBinding(_) => &Kind::RoleBinding,
            Self::ClusterRoleBinding(_) => &Kind::ClusterRoleBinding,
            Self::CertificateSigningRequest(_) => &Kind::CertificateSigningRequest,
            Self::MutatingWebhookConfiguration(_) => &Kind::MutatingWebhookConfiguration,
            Self::ValidatingWebhookConfiguration(_) => &Kind::ValidatingWebhookConfiguration,
            Self::ApiService(_) => &Kind::ApiService,
            Self::CustomResourceDefinition(_) => &Kind::CustomResourceDefinition,
        }
    }
}
