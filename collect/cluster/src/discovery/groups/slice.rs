//! Role `endpointslice`: each address and port of each EndpointSlice, and the other ports of the pods behind them.

use scrape::TargetGroup;
use scrape::config::KubernetesRole;

use super::endpoints::{MetPods, Protocol};
use super::service::set_service;
use super::{ADDRESS, Pairs, host_and_port, sanitize, set, set_meta, set_namespace, set_node};
use crate::discovery::objects::{Endpoint, EndpointPort, EndpointSlice, Meta, key};
use crate::discovery::search::Scope;
use crate::objects::SERVICE;

/// Fills in the group of an EndpointSlice.
pub(super) fn fill(group: &mut TargetGroup, scope: &Scope, (meta, slice): (&Meta, &EndpointSlice)) {
    let labels = &mut group.labels;
    set(labels, "namespace", &*meta.namespace);
    set(labels, "endpointslice_address_type", &*slice.address_type);
    set_meta(labels, KubernetesRole::EndpointSlice, meta);
    let name = meta.labels.get(SERVICE);
    if let Some(service) = name.and_then(|name| scope.service(&key(&meta.namespace, name))) {
        set_service(labels, &service.meta);
    }
    set_namespace(labels, scope, &meta.namespace);
    let mut met = MetPods::default();
    for endpoint in &slice.endpoints {
        for port in &slice.ports {
            for address in &endpoint.addresses {
                let target = target(scope, (address, endpoint, port), &mut met);
                group.targets.push(target);
            }
        }
    }
    met.add_rest(&mut group.targets);
}

fn target(
    scope: &Scope,
    (address, endpoint, port): (&str, &Endpoint, &EndpointPort),
    met: &mut MetPods,
) -> Pairs {
    let full = port
        .port
        .map_or_else(|| address.to_owned(), |port| host_and_port(address, port));
    let mut target = vec![(ADDRESS.to_owned(), full)];
    set_port_and_state(&mut target, endpoint, port);
    let reference = endpoint.target_ref.as_ref();
    if let Some(reference) = reference {
        set(&mut target, "endpointslice_address_target_kind", &*reference.kind);
        set(&mut target, "endpointslice_address_target_name", &*reference.name);
    }
    if let Some(node) = &endpoint.node_name {
        set(&mut target, "endpointslice_endpoint_node_name", &**node);
    }
    set(&mut target, "endpointslice_endpoint_zone", &*endpoint.zone);
    for (name, value) in &*endpoint.deprecated_topology {
        let name = sanitize(name);
        let label = |word: &str| format!("endpointslice_endpoint_topology_{word}{name}");
        set(&mut target, &label(""), &**value);
        set(&mut target, &label("present_"), "true");
    }
    let to_node = reference.filter(|reference| &*reference.kind == "Node");
    match (to_node, &endpoint.node_name) {
        (Some(node), _) => set_node(&mut target, scope, &node.name),
        (None, Some(node)) => set_node(&mut target, scope, node),
        (None, None) => {}
    }
    met.meet(&mut target, scope, (reference, port.port, Protocol::Own));
    target
}

fn set_port_and_state(target: &mut Pairs, endpoint: &Endpoint, port: &EndpointPort) {
    set(target, "endpointslice_port_name", &*port.name);
    set(target, "endpointslice_port_protocol", &*port.protocol);
    if let Some(number) = port.port {
        set(target, "endpointslice_port", number.to_string());
    }
    set(target, "endpointslice_port_app_protocol", &*port.app_protocol);
    let conditions = [
        ("ready", endpoint.conditions.ready),
        ("serving", endpoint.conditions.serving),
        ("terminating", endpoint.conditions.terminating),
    ];
    for (word, holds) in conditions {
        if let Some(holds) = holds {
            let name = format!("endpointslice_endpoint_conditions_{word}");
            set(target, &name, holds.to_string());
        }
    }
    set(target, "endpointslice_endpoint_hostname", &*endpoint.hostname);
}
