//! What an object has to do with.

use std::sync::Arc;

use super::{Ref, matches, matches_map, workload};
use crate::objects::{Body, Ingress, Kind, Object, Pod, SERVICE, Text, TextMap};
use crate::store::Store;

/// Which way objects are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The workload it belongs to scales, or guards, this.
    Target,
    /// Pods that belong to it.
    Pods,
    /// ReplicaSets that belong to it.
    ReplicaSets,
    /// Jobs that belong to it.
    Jobs,
    /// Other objects that belong to it.
    Owned,
    /// The node it runs on.
    Node,
    /// Services that lead to it.
    Services,
    /// EndpointSlices of it.
    EndpointSlices,
    /// Ingresses that lead to it.
    Ingresses,
    /// Autoscalers of it.
    Autoscalers,
    /// Disruption budgets that hold for it.
    DisruptionBudgets,
    /// Network policies that hold for it.
    NetworkPolicies,
    /// Claims that it uses.
    Claims,
    /// Volumes behind it.
    Volumes,
    /// Storage class.
    StorageClass,
    /// Quotas of its namespace.
    Quotas,
    /// Service account it runs as.
    ServiceAccount,
    /// Lease that says it lives.
    Lease,
    /// Webhooks that ask it.
    Webhooks,
    /// The definition of its kind.
    Definition,
    /// Objects of the kind it defines.
    CustomResources,
}

impl Relation {
    /// Returns the word for it in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Pods => "pods",
            Self::ReplicaSets => "replica_sets",
            Self::Jobs => "jobs",
            Self::Owned => "owned",
            Self::Node => "node",
            Self::Services => "services",
            Self::EndpointSlices => "endpoint_slices",
            Self::Ingresses => "ingresses",
            Self::Autoscalers => "autoscalers",
            Self::DisruptionBudgets => "disruption_budgets",
            Self::NetworkPolicies => "network_policies",
            Self::Claims => "claims",
            Self::Volumes => "volumes",
            Self::StorageClass => "storage_class",
            Self::Quotas => "quotas",
            Self::ServiceAccount => "service_account",
            Self::Lease => "lease",
            Self::Webhooks => "webhooks",
            Self::Definition => "definition",
            Self::CustomResources => "custom_resources",
        }
    }
}

/// Objects that are related in one way.
#[derive(Clone, Debug)]
pub struct Related {
    /// The way.
    pub relation: Relation,
    /// The objects.
    pub objects: Vec<Arc<Object>>,
}

/// Returns what an object has to do with; ways without objects are left out.
pub fn relations(store: &Store, object: &Arc<Object>) -> Vec<Related> {
    let mut found = Found {
        store,
        object,
        related: Vec::new(),
    };
    found.owned();
    match &object.body {
        Body::Pod(pod) => found.of_pod(pod),
        Body::Node(_) => found.of_node(),
        Body::Service(service) => found.of_service(&service.spec.selector),
        Body::PersistentVolumeClaim(claim) => {
            found.one(
                Relation::Volumes,
                &Kind::PersistentVolume,
                &claim.spec.volume_name,
            );
            if let Some(class) = &claim.spec.storage_class_name {
                found.one(Relation::StorageClass, &Kind::StorageClass, class);
            }
            found.pods_with(|pod| {
                let claims = &pod.spec.claims;
                claims.iter().any(|volume| volume.claim == object.meta.name)
            });
        }
        Body::PersistentVolume(volume) => {
            if let Some(claim) = &volume.spec.claim_ref {
                let claim = store.find(&Kind::PersistentVolumeClaim, &claim.namespace, &claim.name);
                found.add(Relation::Claims, claim.into_iter().collect());
            }
            found.one(
                Relation::StorageClass,
                &Kind::StorageClass,
                &volume.spec.storage_class_name,
            );
        }
        Body::StorageClass(_) => found.of_storage_class(),
        Body::HorizontalPodAutoscaler(autoscaler) => {
            let target = &autoscaler.spec.scale_target_ref;
            found.named(
                Relation::Target,
                (&target.api_version, &target.kind),
                &target.name,
            );
        }
        Body::PodDisruptionBudget(budget) => {
            found.pods_like(|labels| matches(&budget.spec.selector, labels));
        }
        Body::NetworkPolicy(policy) => {
            found.pods_like(|labels| matches(&policy.spec.pod_selector, labels));
        }
        Body::Ingress(_) => found.of_ingress(),
        Body::CustomResourceDefinition(_) => found.of_definition(),
        _ => {}
    }
    found.of_workload();
    if let Kind::Custom(custom) = object.kind() {
        let name = format!("{}.{}", custom.plural, custom.group);
        found.one(Relation::Definition, &Kind::CustomResourceDefinition, &name);
    }
    found.related.sort_by_key(|related| related.relation);
    found.related
}

struct Found<'a> {
    store: &'a Store,
    object: &'a Arc<Object>,
    related: Vec<Related>,
}

impl Found<'_> {
    fn add(&mut self, relation: Relation, objects: Vec<Arc<Object>>) {
        if objects.is_empty() {
            return;
        }
        match self.related.iter_mut().find(|one| one.relation == relation) {
            Some(known) => {
                for object in objects {
                    if !known.objects.iter().any(|one| Arc::ptr_eq(one, &object)) {
                        known.objects.push(object);
                    }
                }
            }
            None => self.related.push(Related { relation, objects }),
        }
    }

    /// Adds the object of a name: of this namespace, or of none if its kind has none.
    fn one(&mut self, relation: Relation, kind: &Kind, name: &str) {
        let namespace = if kind.is_namespaced() {
            self.object.meta.namespace.clone()
        } else {
            Text::default()
        };
        let object = self.store.find(kind, &namespace, name);
        self.add(relation, object.into_iter().collect());
    }

    fn named(&mut self, relation: Relation, (api_version, kind): (&str, &str), name: &str) {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let known = Kind::find(group, kind).or_else(|| {
            let kinds = self.store.kinds().into_iter();
            kinds
                .filter(|one| matches!(one, Kind::Custom(_)))
                .find(|one| one.group() == group && one.name() == kind)
        });
        if let Some(kind) = known {
            self.one(relation, &kind, name);
        }
    }

    fn select(&mut self, relation: Relation, kind: &Kind, is_it: impl Fn(&Object) -> bool) {
        let namespace = &self.object.meta.namespace;
        let objects = self.store.list(kind).into_iter().filter(|one| {
            (namespace.is_empty() || one.meta.namespace.is_empty() || one.meta.namespace == *namespace)
                && is_it(one)
        });
        let objects = objects.collect();
        self.add(relation, objects);
    }

    fn pods_with(&mut self, is_it: impl Fn(&Pod) -> bool) {
        self.select(
            Relation::Pods,
            &Kind::Pod,
            |one| matches!(&one.body, Body::Pod(pod) if is_it(pod)),
        );
    }

    fn pods_like(&mut self, is_it: impl Fn(&TextMap) -> bool) {
        self.select(Relation::Pods, &Kind::Pod, |one| is_it(&one.meta.labels));
    }

    /// What says that it belongs to the object.
    fn owned(&mut self) {
        let uid = self.object.meta.uid;
        for kind in self.store.kinds() {
            let relation = match kind {
                Kind::Pod => Relation::Pods,
                Kind::ReplicaSet => Relation::ReplicaSets,
                Kind::Job => Relation::Jobs,
                Kind::EndpointSlice => Relation::EndpointSlices,
                _ => Relation::Owned,
            };
            if kind == Kind::Pod && matches!(self.object.body, Body::Node(_)) {
                continue;
            }
            self.select(relation, &kind, |one| {
                one.meta.owners.iter().any(|owner| owner.uid == uid)
            });
        }
        if matches!(self.object.body, Body::Deployment(_) | Body::CronJob(_)) {
            let between: Vec<_> = self
                .related
                .iter()
                .filter(|one| matches!(one.relation, Relation::ReplicaSets | Relation::Jobs))
                .flat_map(|one| one.objects.iter().map(|object| object.meta.uid))
                .collect();
            self.select(Relation::Pods, &Kind::Pod, |one| {
                one.meta.owners.iter().any(|owner| between.contains(&owner.uid))
            });
        }
    }

    fn of_pod(&mut self, pod: &Pod) {
        self.one(Relation::Node, &Kind::Node, &pod.spec.node);
        for volume in &pod.spec.claims {
            self.one(Relation::Claims, &Kind::PersistentVolumeClaim, &volume.claim);
        }
        self.one(
            Relation::ServiceAccount,
            &Kind::ServiceAccount,
            &pod.spec.service_account_name,
        );
        let top = workload(self.store, self.object);
        if let Some(top) = top.object.filter(|top| !Arc::ptr_eq(top, self.object)) {
            self.scaled(&top);
        }
        let labels = self.object.meta.labels.clone();
        self.guards(&[labels]);
    }

    fn of_node(&mut self) {
        let name = self.object.meta.name.clone();
        self.pods_with(|pod| pod.spec.node == name);
        let lease = self.store.find(&Kind::Lease, "kube-node-lease", &name);
        self.add(Relation::Lease, lease.into_iter().collect());
        self.select(
            Relation::Volumes,
            &Kind::VolumeAttachment,
            |one| matches!(&one.body, Body::VolumeAttachment(attachment) if attachment.spec.node_name == name),
        );
    }

    fn of_service(&mut self, selector: &TextMap) {
        if !selector.is_empty() {
            self.pods_like(|labels| matches_map(selector, labels));
        }
        let name = self.object.meta.name.clone();
        self.select(Relation::EndpointSlices, &Kind::EndpointSlice, |one| {
            one.meta.label(SERVICE) == Some(&*name)
        });
        self.select(
            Relation::Ingresses,
            &Kind::Ingress,
            |one| matches!(&one.body, Body::Ingress(ingress) if backends(ingress).any(|service| *service == name)),
        );
        let namespace = self.object.meta.namespace.clone();
        for kind in [
            Kind::MutatingWebhookConfiguration,
            Kind::ValidatingWebhookConfiguration,
        ] {
            self.select(Relation::Webhooks, &kind, |one| match &one.body {
                Body::MutatingWebhookConfiguration(hooks) | Body::ValidatingWebhookConfiguration(hooks) => {
                    hooks.webhooks.iter().any(|hook| {
                        let service = hook.client_config.service.as_ref();
                        service.is_some_and(|service| service.name == name && service.namespace == namespace)
                    })
                }
                _ => false,
            });
        }
    }

    fn of_storage_class(&mut self) {
        let name = self.object.meta.name.clone();
        self.select(
            Relation::Claims,
            &Kind::PersistentVolumeClaim,
            |one| matches!(&one.body, Body::PersistentVolumeClaim(claim) if claim.spec.storage_class_name.as_ref() == Some(&name)),
        );
        self.select(
            Relation::Volumes,
            &Kind::PersistentVolume,
            |one| matches!(&one.body, Body::PersistentVolume(volume) if volume.spec.storage_class_name == name),
        );
    }

    fn of_ingress(&mut self) {
        let Body::Ingress(ingress) = &self.object.body else {
            return;
        };
        for service in backends(ingress) {
            self.one(Relation::Services, &Kind::Service, service);
        }
    }

    fn of_definition(&mut self) {
        let Body::CustomResourceDefinition(definition) = &self.object.body else {
            return;
        };
        let spec = &definition.spec;
        let kinds = self.store.kinds().into_iter().filter(|kind| {
            matches!(kind, Kind::Custom(_))
                && *kind.group() == *spec.group
                && *kind.plural() == *spec.names.plural
        });
        for kind in kinds.collect::<Vec<_>>() {
            self.select(Relation::CustomResources, &kind, |_| true);
        }
    }

    /// What scales the workload, and what holds for its pods.
    fn of_workload(&mut self) {
        let is_workload = matches!(
            self.object.body,
            Body::Deployment(_)
                | Body::StatefulSet(_)
                | Body::DaemonSet(_)
                | Body::ReplicaSet(_)
                | Body::ReplicationController(_)
        );
        if !is_workload {
            return;
        }
        let object = Arc::clone(self.object);
        self.scaled(&object);
        let pods = self.related.iter().filter(|one| one.relation == Relation::Pods);
        let labels: Vec<_> = pods
            .flat_map(|one| one.objects.iter().map(|pod| pod.meta.labels.clone()))
            .collect();
        self.guards(&labels);
        self.select(Relation::Quotas, &Kind::ResourceQuota, |_| true);
    }

    fn scaled(&mut self, workload: &Object) {
        let reference = Ref::to(workload);
        self.select(Relation::Autoscalers, &Kind::HorizontalPodAutoscaler, |one| {
            matches!(&one.body, Body::HorizontalPodAutoscaler(autoscaler)
                if *autoscaler.spec.scale_target_ref.kind == *reference.kind
                    && autoscaler.spec.scale_target_ref.name == reference.name)
        });
    }

    /// What holds for pods of these labels.
    fn guards(&mut self, labels: &[TextMap]) {
        let any = |is_it: &dyn Fn(&TextMap) -> bool| labels.iter().any(is_it);
        self.select(Relation::Services, &Kind::Service, |one| {
            matches!(&one.body, Body::Service(service)
                if !service.spec.selector.is_empty()
                    && any(&|labels| matches_map(&service.spec.selector, labels)))
        });
        self.select(
            Relation::DisruptionBudgets,
            &Kind::PodDisruptionBudget,
            |one| matches!(&one.body, Body::PodDisruptionBudget(budget) if any(&|labels| matches(&budget.spec.selector, labels))),
        );
        self.select(
            Relation::NetworkPolicies,
            &Kind::NetworkPolicy,
            |one| matches!(&one.body, Body::NetworkPolicy(policy) if any(&|labels| matches(&policy.spec.pod_selector, labels))),
        );
    }
}

/// Returns the services that an ingress leads to.
pub(crate) fn backends(ingress: &Ingress) -> impl Iterator<Item = &Text> {
    let rules = ingress.spec.rules.iter();
    let paths = rules.flat_map(|rule| rule.http.paths.iter().map(|path| &path.backend));
    let all = ingress.spec.default_backend.iter().chain(paths);
    all.filter_map(|backend| backend.service.as_ref().map(|service| &service.name))
}
