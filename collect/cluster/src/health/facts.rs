//! What is worth saying about an object beside how it is.

use crate::graph::Ref;
use crate::objects::{Body, IntOrPercent, Object, Resources, Text, TextMap};

/// A property of an object, by its name in the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name, as in `clusterIP`.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it names, if it names an object.
    pub names: Option<Ref>,
}

/// Returns what is worth saying; what is empty is left out.
pub fn facts(object: &Object) -> Vec<Fact> {
    let mut facts = Facts(Vec::new());
    match &object.body {
        Body::Pod(_) | Body::Node(_) => running(object, &mut facts),
        Body::Deployment(one) => {
            facts.number("replicas", one.spec.replicas);
            facts.text("strategy", &one.spec.strategy.kind);
            facts.map("selector", &one.spec.selector.match_labels);
        }
        Body::StatefulSet(one) => {
            facts.number("replicas", one.spec.replicas);
            facts.text("serviceName", &one.spec.service_name);
            facts.map("selector", &one.spec.selector.match_labels);
        }
        Body::DaemonSet(one) => facts.map("selector", &one.spec.selector.match_labels),
        Body::ReplicaSet(one) => facts.number("replicas", one.spec.replicas),
        Body::ReplicationController(one) => facts.number("replicas", one.spec.replicas),
        Body::Job(one) => {
            facts.number("completions", one.spec.completions);
            facts.number("parallelism", one.spec.parallelism);
            facts.number("backoffLimit", one.spec.backoff_limit);
            facts.number("succeeded", Some(one.status.succeeded));
            facts.number("failed", Some(one.status.failed));
        }
        Body::CronJob(one) => {
            facts.text("schedule", &one.spec.schedule);
            facts.text("timeZone", one.spec.time_zone.as_deref().unwrap_or(""));
            facts.text("concurrencyPolicy", &one.spec.concurrency_policy);
        }
        Body::HorizontalPodAutoscaler(one) => {
            let target = &one.spec.scale_target_ref;
            facts.named(
                "target",
                &target.name,
                Ref {
                    kind: target.kind.to_string(),
                    api_version: target.api_version.to_string(),
                    namespace: object.meta.namespace.clone(),
                    name: target.name.clone(),
                },
            );
            facts.number("minReplicas", one.spec.min_replicas);
            facts.number("maxReplicas", Some(one.spec.max_replicas));
            facts.number("currentReplicas", Some(one.status.current_replicas));
            facts.number("desiredReplicas", Some(one.status.desired_replicas));
        }
        Body::PodDisruptionBudget(one) => {
            facts.either("minAvailable", one.spec.min_available.as_ref());
            facts.either("maxUnavailable", one.spec.max_unavailable.as_ref());
            facts.number("disruptionsAllowed", Some(one.status.disruptions_allowed));
            facts.map("selector", &one.spec.selector.match_labels);
        }
        Body::ResourceQuota(one) => {
            for (name, hard) in one.status.hard.iter() {
                let used = one.status.used.get(name).map_or(0.0, |used| used.value());
                facts.add("quota", format!("{name}: {used} of {}", hard.value()));
            }
        }
        Body::NetworkPolicy(one) => {
            facts.map("podSelector", &one.spec.pod_selector.match_labels);
            facts.list("policyTypes", &one.spec.policy_types);
        }
        Body::Lease(one) => facts.text("holderIdentity", &one.spec.holder_identity),
        _ => other(object, &mut facts),
    }
    facts.0
}

fn running(object: &Object, facts: &mut Facts) {
    match &object.body {
        Body::Pod(one) => {
            facts.text("phase", &one.status.phase);
            facts.whole_cluster("node", ("Node", "v1"), &one.spec.node);
            facts.text("podIP", &one.status.pod_ip);
            facts.text("qosClass", &one.status.qos_class);
            facts.text("restartPolicy", &one.spec.restart_policy);
            facts.text("priorityClassName", &one.spec.priority_class_name);
            facts.map("nodeSelector", &one.spec.node_selector);
        }
        Body::Node(one) => {
            facts.text("kubeletVersion", &one.status.node_info.kubelet_version);
            facts.text("osImage", &one.status.node_info.os_image);
            facts.text("kernelVersion", &one.status.node_info.kernel_version);
            facts.text(
                "containerRuntimeVersion",
                &one.status.node_info.container_runtime_version,
            );
            facts.text("architecture", &one.status.node_info.architecture);
            for address in &one.status.addresses {
                facts.add("address", format!("{} {}", address.kind, address.address));
            }
        }
        _ => {}
    }
}

fn other(object: &Object, facts: &mut Facts) {
    match &object.body {
        Body::Service(one) => {
            facts.text("type", &one.spec.kind);
            facts.text("clusterIP", &one.spec.cluster_ip);
            facts.text("externalName", &one.spec.external_name);
            for port in &one.spec.ports {
                facts.add(
                    "port",
                    format!("{} {}/{}", port.name, port.port, port.protocol)
                        .trim()
                        .to_owned(),
                );
            }
            facts.map("selector", &one.spec.selector);
        }
        Body::Ingress(one) => {
            facts.text(
                "ingressClassName",
                one.spec.ingress_class_name.as_deref().unwrap_or(""),
            );
            for rule in &one.spec.rules {
                facts.text("host", &rule.host);
            }
        }
        Body::PersistentVolumeClaim(one) => {
            facts.text("phase", &one.status.phase);
            facts.whole_cluster("volumeName", ("PersistentVolume", "v1"), &one.spec.volume_name);
            facts.whole_cluster(
                "storageClassName",
                ("StorageClass", "storage.k8s.io/v1"),
                one.spec.storage_class_name.as_ref().unwrap_or(&Text::default()),
            );
            facts.list("accessModes", &one.spec.access_modes);
            facts.bytes("requested", &one.spec.resources.requests);
            facts.bytes("capacity", &one.status.capacity);
        }
        Body::PersistentVolume(one) => {
            facts.text("phase", &one.status.phase);
            facts.bytes("capacity", &one.spec.capacity);
            facts.text("reclaimPolicy", &one.spec.persistent_volume_reclaim_policy);
            facts.text("driver", one.spec.csi.as_ref().map_or("", |csi| &csi.driver));
        }
        Body::StorageClass(one) => {
            facts.text("provisioner", &one.provisioner);
            facts.text("reclaimPolicy", one.reclaim_policy.as_deref().unwrap_or(""));
            facts.text(
                "volumeBindingMode",
                one.volume_binding_mode.as_deref().unwrap_or(""),
            );
        }
        Body::Secret(one) => facts.text("type", &one.kind),
        Body::RoleBinding(one) | Body::ClusterRoleBinding(one) => {
            facts.add("role", format!("{} {}", one.role_ref.kind, one.role_ref.name));
            for subject in &one.subjects {
                facts.add("subject", format!("{} {}", subject.kind, subject.name));
            }
        }
        Body::CustomResourceDefinition(one) => {
            facts.text("group", &one.spec.group);
            facts.text("kind", &one.spec.names.kind);
            facts.text("scope", &one.spec.scope);
            for version in one.spec.versions.iter().filter(|version| version.served) {
                facts.text("version", &version.name);
            }
        }
        Body::PriorityClass(one) => facts.number("value", Some(one.value)),
        Body::Namespace(one) => facts.text("phase", &one.status.phase),
        _ => {}
    }
}

struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, name: &'static str, value: String) {
        if !value.is_empty() {
            self.0.push(Fact {
                name,
                value,
                names: None,
            });
        }
    }

    fn text(&mut self, name: &'static str, value: &str) {
        self.add(name, value.to_owned());
    }

    fn number(&mut self, name: &'static str, value: Option<i32>) {
        self.add(name, value.map(|value| value.to_string()).unwrap_or_default());
    }

    fn either(&mut self, name: &'static str, value: Option<&IntOrPercent>) {
        let value = match value {
            Some(IntOrPercent::Int(n)) => n.to_string(),
            Some(IntOrPercent::Text(text)) => text.to_string(),
            None => String::new(),
        };
        self.add(name, value);
    }

    fn map(&mut self, name: &'static str, pairs: &TextMap) {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        self.add(name, pairs.join(","));
    }

    fn list(&mut self, name: &'static str, values: &[Text]) {
        let values: Vec<_> = values.iter().map(Text::as_str).collect();
        self.add(name, values.join(", "));
    }

    fn bytes(&mut self, name: &'static str, resources: &Resources) {
        let storage = resources.get("storage").map(|amount| amount.whole().to_string());
        self.add(name, storage.unwrap_or_default());
    }

    fn named(&mut self, name: &'static str, value: &Text, names: Ref) {
        if !value.is_empty() {
            self.0.push(Fact {
                name,
                value: value.to_string(),
                names: Some(names),
            });
        }
    }

    fn whole_cluster(&mut self, name: &'static str, (kind, api_version): (&str, &str), value: &Text) {
        self.named(
            name,
            value,
            Ref {
                kind: kind.to_owned(),
                api_version: api_version.to_owned(),
                namespace: Text::default(),
                name: value.clone(),
            },
        );
    }
}
