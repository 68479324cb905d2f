//! From objects to groups of targets, with the labels that Prometheus 3.10 gives them.
//!
//! The names of labels are those of
//! <https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config>.

mod container;
mod endpoints;
mod ingress;
mod node;
mod pod;
mod service;
mod slice;

use scrape::TargetGroup;
use scrape::config::{KubernetesConfig, KubernetesRole};

use super::objects::{Body, Meta, Object, key};
use super::search::Scope;
use crate::objects::SERVICE;

/// Labels of a target or a group; of two of one name the later counts.
pub(super) type Pairs = Vec<(String, String)>;

const ADDRESS: &str = "__address__";
/// What all labels of this kind of discovery begin with.
const PREFIX: &str = "__meta_kubernetes_";

/// Returns the name of the group that an object makes.
pub(super) fn source(role: KubernetesRole, key: &str) -> String {
    format!("{}/{key}", role.as_str())
}

/// Returns the targets that an object makes; `None` if it says nothing about them, so that those before stay.
pub(super) fn group(config: &KubernetesConfig, scope: &Scope, object: &Object) -> Option<TargetGroup> {
    let role = config.role;
    let mut group = TargetGroup {
        source: source(role, &object.key()),
        ..TargetGroup::default()
    };
    if !is_wanted(config, scope, object) {
        return Some(group);
    }
    match &object.body {
        Body::Node(node) => node::fill(&mut group, &object.meta, node)?,
        Body::Pod(pod) => pod::fill(&mut group, scope, (&object.meta, pod)),
        Body::Service(service) => service::fill(&mut group, scope, (&object.meta, service)),
        Body::Endpoints(subsets) => endpoints::fill(&mut group, scope, (&object.meta, subsets)),
        Body::EndpointSlice(slice) => slice::fill(&mut group, scope, (&object.meta, slice)),
        Body::Ingress(ingress) => ingress::fill(&mut group, scope, (&object.meta, ingress)),
        Body::Nothing => {}
    }
    Some(group)
}

/// Tells whether an object, or its service, has the annotation and the labels that are asked for.
fn is_wanted(config: &KubernetesConfig, scope: &Scope, object: &Object) -> bool {
    if config.annotation.is_none() && config.labels.is_empty() {
        return true;
    }
    let has = |meta: &Meta| {
        let mut labels = config.labels.iter();
        let mut annotations = meta.annotations.iter();
        labels.all(|(name, value)| meta.labels.get(name) == Some(value.as_str()))
            && config.annotation.as_ref().is_none_or(|(name, value)| {
                annotations.any(|(known, is)| **known == **name && **is == **value)
            })
    };
    let service = match &object.body {
        Body::Endpoints(_) => Some(&*object.meta.name),
        Body::EndpointSlice(_) => Some(object.meta.labels.get(SERVICE).unwrap_or_default()),
        _ => None,
    };
    match service {
        Some(service) => scope
            .service(&key(&object.meta.namespace, service))
            .is_some_and(|service| has(&service.meta)),
        None => has(&object.meta),
    }
}

/// Adds a label of this kind of discovery.
fn set(labels: &mut Pairs, name: &str, value: impl Into<String>) {
    labels.push((format!("{PREFIX}{name}"), value.into()));
}

/// Adds name, labels and annotations of an object.
fn set_meta(labels: &mut Pairs, role: KubernetesRole, meta: &Meta) {
    set(labels, &format!("{}_name", role.as_str()), &*meta.name);
    set_maps(labels, role.as_str(), meta);
}

/// Adds labels and annotations of an object.
fn set_maps(labels: &mut Pairs, word: &str, meta: &Meta) {
    let maps = [("label", &*meta.labels), ("annotation", &*meta.annotations)];
    for (map, pairs) in maps {
        for (name, value) in pairs {
            let name = sanitize(name);
            set(labels, &format!("{word}_{map}_{name}"), &**value);
            set(labels, &format!("{word}_{map}present_{name}"), "true");
        }
    }
}

/// Adds name, labels and annotations of a node, if that is looked at and there.
fn set_node(labels: &mut Pairs, scope: &Scope, name: &str) {
    if let Some(node) = scope.node(name) {
        set_meta(labels, KubernetesRole::Node, &node.meta);
    }
}

/// Adds labels and annotations of a namespace, if that is looked at and there.
fn set_namespace(labels: &mut Pairs, scope: &Scope, name: &str) {
    if let Some(namespace) = scope.namespace(name) {
        set_maps(labels, "namespace", &namespace.meta);
    }
}

/// Replaces each character that the name of a label must not have.
fn sanitize(name: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().map(|c| if fine(c) { c } else { '_' }).collect()
}

/// Writes host and port, an address of IPv6 in brackets.
fn host_and_port(host: &str, port: i32) -> String {
    if host.contains(':') || host.contains('%') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests;
