//! The table of families: one row a kind of object, each with one row a metric.

mod access;
mod batch;
mod container;
mod network;
mod node;
mod pod;
mod policy;
mod storage;
mod workload;

use model::Family;

use super::allow::Allowed;
use super::names::with_labels;
use super::row::{Emit, Of, Out, Row, Stability, Take};
use crate::objects::{Body, Kind, Object, Uid};

/// How an object of a kind is told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// By its name.
    Cluster,
    /// By namespace and name.
    Namespace,
    /// By namespace and name; its identity is shown beside.
    Identity,
    /// By its name; who should sign is shown beside.
    Signer,
}

/// What samples are made of.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) object: &'a Object,
    /// Which of its labels and annotations are shown.
    pub(super) allowed: &'a Allowed,
}

/// Takes the labels that say which object it is.
pub(super) type Identify<'a> = &'a mut dyn FnMut(&[(&str, &str)]);

/// The families of a kind.
pub(super) trait Export: Sync {
    /// Returns the kind.
    fn kind(&self) -> &Kind;

    /// Returns a family by its place, counted from 0.
    fn family(&self, place: usize) -> Option<(&'static Family<'static>, Stability)>;

    /// Calls `take` with the samples of an object in the family of a place.
    fn emit(&self, place: usize, asked: Asked<'_>, take: Take<'_>);

    /// Calls `take` with the labels that say which object it is.
    fn identify(&self, object: &Object, take: Identify<'_>);
}

/// Returns the families of a kind in order of their places.
pub(super) fn all_of(export: &dyn Export) -> impl Iterator<Item = (&'static Family<'static>, Stability)> {
    (0..).map_while(|place| export.family(place))
}

/// The families of a kind whose bodies are `T`.
struct Table<T: 'static> {
    kind: Kind,
    scope: Scope,
    /// Label that holds an object's name.
    label: &'static str,
    rows: &'static [&'static [Row<T>]],
    body: fn(&Body) -> Option<&T>,
}

impl<T> Table<T> {
    fn row(&self, mut place: usize) -> Option<&'static Row<T>> {
        for rows in self.rows {
            match rows.get(place) {
                Some(row) => return Some(row),
                None => place -= rows.len(),
            }
        }
        None
    }
}

impl<T: Sync> Export for Table<T> {
    fn kind(&self) -> &Kind {
        &self.kind
    }

    fn family(&self, place: usize) -> Option<(&'static Family<'static>, Stability)> {
        self.row(place).map(|row| (&row.family, row.stability))
    }

    fn emit(&self, place: usize, asked: Asked<'_>, take: Take<'_>) {
        let Asked { object, allowed } = asked;
        let (Some(row), Some(body)) = (self.row(place), (self.body)(&object.body)) else {
            return;
        };
        let meta = &object.meta;
        match row.emit {
            Emit::Samples(emit) => emit(&Of { meta, body }, &mut Out(take)),
            Emit::Labels => {
                if let Some(pairs) = allowed.labels.of(&meta.labels) {
                    with_labels("label", pairs, |labels| take(labels, 1.0));
                }
            }
            Emit::Annotations => {
                if let Some(pairs) = allowed.annotations.of(&meta.annotations) {
                    with_labels("annotation", pairs, |labels| take(labels, 1.0));
                }
            }
        }
    }

    fn identify(&self, object: &Object, take: Identify<'_>) {
        let meta = &object.meta;
        let (namespace, name) = (("namespace", &*meta.namespace), (self.label, &*meta.name));
        match self.scope {
            Scope::Cluster => take(&[name]),
            Scope::Namespace => take(&[namespace, name]),
            Scope::Identity => {
                let mut uid = String::with_capacity(36);
                if meta.uid != Uid::default() {
                    meta.uid.push_to(&mut uid);
                }
                take(&[namespace, name, ("uid", &uid)]);
            }
            Scope::Signer => {
                let signer = match &object.body {
                    Body::CertificateSigningRequest(request) => &*request.spec.signer_name,
                    _ => "",
                };
                take(&[name, ("signer_name", signer)]);
            }
        }
    }
}

/// A row of the table for a kind whose objects have a body of their own.
macro_rules! kind {
    ($kind:ident, $scope:ident, $label:literal, $rows:expr) => {
        &Table {
            kind: Kind::$kind,
            scope: Scope::$scope,
            label: $label,
            rows: $rows,
            body: |body| match body {
                Body::$kind(body) => Some(&**body),
                _ => None,
            },
        }
    };
}

/// A row of the table for a kind of which nothing but the metadata is kept.
macro_rules! plain {
    ($kind:ident, $scope:ident, $label:literal, $rows:expr) => {
        &Table {
            kind: Kind::$kind,
            scope: Scope::$scope,
            label: $label,
            rows: $rows,
            body: |_| Some(&()),
        }
    };
}

/// All kinds that have metrics, by the names of their resources.
pub(super) static EXPORTS: &[&dyn Export] = &[
    kind!(
        CertificateSigningRequest,
        Signer,
        "certificatesigningrequest",
        &[access::SIGNING_REQUESTS]
    ),
    kind!(
        ClusterRoleBinding,
        Cluster,
        "clusterrolebinding",
        &[access::CLUSTER_ROLE_BINDINGS]
    ),
    plain!(ClusterRole, Cluster, "clusterrole", &[access::CLUSTER_ROLES]),
    plain!(ConfigMap, Namespace, "configmap", &[access::CONFIG_MAPS]),
    kind!(CronJob, Namespace, "cronjob", &[batch::CRON_JOBS]),
    kind!(DaemonSet, Namespace, "daemonset", &[workload::DAEMON_SETS]),
    kind!(Deployment, Namespace, "deployment", &[workload::DEPLOYMENTS]),
    kind!(Endpoints, Namespace, "endpoint", &[network::ENDPOINTS]),
    kind!(
        EndpointSlice,
        Namespace,
        "endpointslice",
        &[network::ENDPOINT_SLICES]
    ),
    kind!(
        HorizontalPodAutoscaler,
        Namespace,
        "horizontalpodautoscaler",
        &[policy::AUTOSCALERS]
    ),
    kind!(IngressClass, Cluster, "ingressclass", &[network::INGRESS_CLASSES]),
    kind!(Ingress, Namespace, "ingress", &[network::INGRESSES]),
    kind!(Job, Namespace, "job_name", &[batch::JOBS]),
    kind!(Lease, Namespace, "lease", &[node::LEASES]),
    kind!(LimitRange, Namespace, "limitrange", &[policy::LIMIT_RANGES]),
    kind!(
        MutatingWebhookConfiguration,
        Namespace,
        "mutatingwebhookconfiguration",
        &[access::MUTATING_WEBHOOKS]
    ),
    kind!(Namespace, Cluster, "namespace", &[node::NAMESPACES]),
    kind!(
        NetworkPolicy,
        Namespace,
        "networkpolicy",
        &[network::NETWORK_POLICIES]
    ),
    kind!(Node, Cluster, "node", &[node::NODES]),
    kind!(
        PersistentVolumeClaim,
        Namespace,
        "persistentvolumeclaim",
        &[storage::CLAIMS]
    ),
    kind!(PersistentVolume, Cluster, "persistentvolume", &[storage::VOLUMES]),
    kind!(
        PodDisruptionBudget,
        Namespace,
        "poddisruptionbudget",
        &[policy::BUDGETS]
    ),
    kind!(Pod, Identity, "pod", pod::PODS),
    kind!(ReplicaSet, Namespace, "replicaset", &[workload::REPLICA_SETS]),
    kind!(
        ReplicationController,
        Namespace,
        "replicationcontroller",
        &[workload::REPLICATION_CONTROLLERS]
    ),
    kind!(ResourceQuota, Namespace, "resourcequota", &[policy::QUOTAS]),
    kind!(RoleBinding, Namespace, "rolebinding", &[access::ROLE_BINDINGS]),
    plain!(Role, Namespace, "role", &[access::ROLES]),
    kind!(Secret, Namespace, "secret", &[access::SECRETS]),
    kind!(
        ServiceAccount,
        Identity,
        "serviceaccount",
        &[access::SERVICE_ACCOUNTS]
    ),
    kind!(Service, Identity, "service", &[network::SERVICES]),
    kind!(StatefulSet, Namespace, "statefulset", &[workload::STATEFUL_SETS]),
    kind!(StorageClass, Cluster, "storageclass", &[storage::STORAGE_CLASSES]),
    kind!(
        ValidatingWebhookConfiguration,
        Namespace,
        "validatingwebhookconfiguration",
        &[access::VALIDATING_WEBHOOKS]
    ),
    kind!(
        VolumeAttachment,
        Cluster,
        "volumeattachment",
        &[storage::ATTACHMENTS]
    ),
];
