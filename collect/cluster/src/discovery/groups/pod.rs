//! Role `pod`: each declared port of each container, and each container that declares none.

use scrape::TargetGroup;
use scrape::config::KubernetesRole;

use super::container::{Place, all, set_container, set_port};
use super::{ADDRESS, Pairs, host_and_port, set, set_meta, set_namespace, set_node};
use crate::discovery::objects::{Meta, Pod};
use crate::discovery::search::Scope;

/// Adds what all targets of a pod say of it.
pub(super) fn set_pod(labels: &mut Pairs, meta: &Meta, pod: &Pod) {
    let ready = match &*pod.ready {
        "" => "unknown".to_owned(),
        status => status.to_lowercase(),
    };
    set(labels, "pod_ip", &*pod.ip);
    set(labels, "pod_ready", ready);
    set(labels, "pod_phase", &*pod.phase);
    set(labels, "pod_node_name", &*pod.node);
    set(labels, "pod_host_ip", &*pod.host_ip);
    set(labels, "pod_uid", &*meta.uid);
    set_meta(labels, KubernetesRole::Pod, meta);
    if let Some(owner) = meta.controller() {
        set(labels, "pod_controller_kind", &*owner.kind);
        set(labels, "pod_controller_name", &*owner.name);
    }
}

/// Fills in the group of a pod: nothing before it has an address, or while its node is not among those selected.
pub(super) fn fill(group: &mut TargetGroup, scope: &Scope, (meta, pod): (&Meta, &Pod)) {
    if pod.ip.is_empty() || (scope.has_nodes() && scope.node(&pod.node).is_none()) {
        return;
    }
    set_pod(&mut group.labels, meta, pod);
    set(&mut group.labels, "namespace", &*meta.namespace);
    set_node(&mut group.labels, scope, &pod.node);
    set_namespace(&mut group.labels, scope, &meta.namespace);
    for (place, container) in all(pod) {
        let ids = match place {
            Place::Main => &pod.container_ids,
            Place::Init => &pod.init_container_ids,
        };
        let id = ids.iter().find(|status| status.name == container.name);
        let mut common = Vec::new();
        set_container(&mut common, place, container);
        set(
            &mut common,
            "pod_container_id",
            id.map_or("", |status| &*status.id),
        );
        if container.ports.is_empty() {
            common.push((ADDRESS.to_owned(), pod.ip.to_string()));
            group.targets.push(common);
            continue;
        }
        for port in &container.ports {
            let mut target = common.clone();
            target.push((ADDRESS.to_owned(), host_and_port(&pod.ip, port.container_port)));
            set_port(&mut target, (&port.name, port.container_port, &port.protocol));
            group.targets.push(target);
        }
    }
}
