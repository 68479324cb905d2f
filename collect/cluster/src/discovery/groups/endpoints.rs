//! Role `endpoints`: each address and port of each Endpoints, and the other ports of the pods behind them.

use std::collections::BTreeMap;
use std::sync::Arc;

use scrape::TargetGroup;
use scrape::config::KubernetesRole;

use super::container::{all, set_container, set_port};
use super::pod::set_pod;
use super::service::set_service;
use super::{ADDRESS, Pairs, host_and_port, set, set_meta, set_namespace, set_node};
use crate::discovery::objects::{Address, Body, EndpointPort, Meta, Object, Pod, Reference, Subset, key};
use crate::discovery::search::Scope;
use crate::objects::List;

/// Pods that were met, by name, with the ports that have targets already.
#[derive(Default)]
pub(super) struct MetPods(BTreeMap<String, (Arc<Object>, Vec<i32>)>);

/// Which protocol stands beside the number of a container's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol<'a> {
    /// That of the port of the service.
    Of(&'a str),
    /// That of the container's port itself.
    Own,
}

impl MetPods {
    /// Adds what a target says of the pod that it leads to, if that is looked at and there.
    pub(super) fn meet(
        &mut self,
        target: &mut Pairs,
        scope: &Scope,
        (reference, port, protocol): (Option<&Reference>, Option<i32>, Protocol<'_>),
    ) {
        let Some(object) = reference.and_then(|reference| find(scope, reference)) else {
            return;
        };
        let Some(pod) = pod_of(&object) else { return };
        set_pod(target, &object.meta, pod);
        for (place, container) in all(pod) {
            let declared = container.ports.iter();
            let mut same = declared.filter(|declared| Some(declared.container_port) == port);
            if let Some(declared) = same.next() {
                let protocol = match protocol {
                    Protocol::Of(protocol) => protocol,
                    Protocol::Own => &*declared.protocol,
                };
                set_container(target, place, container);
                set_port(target, (&declared.name, declared.container_port, protocol));
            }
        }
        let met = self.0.entry(object.key());
        let (_, seen) = met.or_insert_with(|| (object, Vec::new()));
        seen.extend(port);
    }

    /// Adds targets for the ports that pods declare and that no service leads to.
    pub(super) fn add_rest(self, targets: &mut Vec<Pairs>) {
        for (object, seen) in self.0.into_values() {
            let Some(pod) = pod_of(&object).filter(|pod| !pod.ip.is_empty()) else {
                continue;
            };
            for (place, container) in all(pod) {
                for port in &container.ports {
                    if seen.contains(&port.container_port) {
                        continue;
                    }
                    let address = host_and_port(&pod.ip, port.container_port);
                    let mut target = vec![(ADDRESS.to_owned(), address)];
                    set_container(&mut target, place, container);
                    set_port(&mut target, (&port.name, port.container_port, &port.protocol));
                    set_pod(&mut target, &object.meta, pod);
                    targets.push(target);
                }
            }
        }
    }
}

fn pod_of(object: &Object) -> Option<&Pod> {
    match &object.body {
        Body::Pod(pod) => Some(pod),
        _ => None,
    }
}

fn find(scope: &Scope, reference: &Reference) -> Option<Arc<Object>> {
    if &*reference.kind != "Pod" {
        return None;
    }
    scope.pod(&key(&reference.namespace, &reference.name))
}

/// Fills in the group of an Endpoints.
pub(super) fn fill(group: &mut TargetGroup, scope: &Scope, (meta, subsets): (&Meta, &List<Subset>)) {
    let labels = &mut group.labels;
    set(labels, "namespace", &*meta.namespace);
    if let Some(service) = scope.service(&key(&meta.namespace, &meta.name)) {
        set_service(labels, &service.meta);
    }
    set_meta(labels, KubernetesRole::Endpoints, meta);
    set_namespace(labels, scope, &meta.namespace);
    let mut met = MetPods::default();
    for subset in subsets {
        for port in &subset.ports {
            let states = [
                (&subset.addresses, "true"),
                (&subset.not_ready_addresses, "false"),
            ];
            for (addresses, ready) in states {
                for address in addresses {
                    let target = target(scope, (address, port, ready), &mut met);
                    group.targets.push(target);
                }
            }
        }
    }
    met.add_rest(&mut group.targets);
}

fn target(
    scope: &Scope,
    (address, port, ready): (&Address, &EndpointPort, &str),
    met: &mut MetPods,
) -> Pairs {
    let number = port.port.unwrap_or(0);
    let mut target = vec![(ADDRESS.to_owned(), host_and_port(&address.ip, number))];
    set(&mut target, "endpoint_port_name", &*port.name);
    set(&mut target, "endpoint_port_protocol", &*port.protocol);
    set(&mut target, "endpoint_ready", ready);
    let reference = address.target_ref.as_ref();
    if let Some(reference) = reference {
        set(&mut target, "endpoint_address_target_kind", &*reference.kind);
        set(&mut target, "endpoint_address_target_name", &*reference.name);
    }
    set(&mut target, "endpoint_hostname", &*address.hostname);
    let to_node = reference.filter(|reference| &*reference.kind == "Node");
    match (&address.node_name, to_node) {
        (Some(node), _) => {
            set(&mut target, "endpoint_node_name", &**node);
            set_node(&mut target, scope, node);
        }
        (None, Some(node)) => set_node(&mut target, scope, &node.name),
        (None, None) => {}
    }
    met.meet(
        &mut target,
        scope,
        (reference, Some(number), Protocol::Of(&port.protocol)),
    );
    target
}
