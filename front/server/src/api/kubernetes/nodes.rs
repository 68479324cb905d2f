//! The nodes of a cluster.

use cluster::ClusterHandle;
use cluster::health::{NodeView, View, node_views};
use cluster::objects::{Body, Node, Resources};

use super::write;
use crate::api::answer::json::Object;

/// What a node's role is called stands behind this in the name of a label.
const ROLE: &str = "node-role.kubernetes.io/";

/// Writes all nodes.
pub(super) fn write(cluster: &ClusterHandle, out: &mut String) {
    let view = View::new(cluster);
    let nodes = node_views(&view);
    let mut data = Object::new(out);
    data.count("total", nodes.len());
    let mut list = data.array("nodes");
    for node in &nodes {
        if let Body::Node(body) = &node.object.body {
            one(list.object(), &view, node, body);
        }
    }
}

fn one(mut out: Object<'_>, view: &View<'_>, node: &NodeView, body: &Node) {
    let object = &node.object;
    let info = &body.status.node_info;
    out.string("name", &object.meta.name)
        .string("uid", &object.meta.uid.to_string());
    write::state(out.object("state"), &view.assess(object).state);
    let ready = body
        .status
        .conditions
        .iter()
        .any(|one| &*one.kind == "Ready" && one.status == cluster::objects::Status::True);
    let labels = object.meta.labels.iter();
    let roles = labels.filter_map(|(name, _)| name.strip_prefix(ROLE));
    let address = body
        .status
        .addresses
        .iter()
        .find(|one| &*one.kind == "InternalIP");
    out.boolean("ready", ready)
        .boolean("unschedulable", body.spec.unschedulable)
        .strings("roles", roles)
        .string("kubeletVersion", &info.kubelet_version)
        .string("osImage", &info.os_image)
        .string("kernelVersion", &info.kernel_version)
        .string("containerRuntime", &info.container_runtime_version)
        .string("architecture", &info.architecture)
        .string("internalIP", address.map_or("", |one| &one.address));
    write::created(&mut out, object);
    let mut taints = out.array("taints");
    for taint in &body.spec.taints {
        taints
            .object()
            .string("key", &taint.key)
            .string("value", &taint.value)
            .string("effect", &taint.effect);
    }
    drop(taints);
    write::conditions(out.array("conditions"), &body.status.conditions);
    out.count("pods", node.pods);
    resources(out.object("capacity"), &body.status.capacity);
    resources(out.object("allocatable"), &body.status.allocatable);
    write::cpu_and_memory(
        out.object("requested"),
        (Some(node.requested_cpu), Some(node.requested_memory)),
    );
    write::cpu_and_memory(
        out.object("limits"),
        (Some(node.limit_cpu), Some(node.limit_memory)),
    );
}

fn resources(mut out: Object<'_>, resources: &Resources) {
    for key in ["cpu", "memory", "pods"] {
        write::amount(&mut out, key, resources.get(key).map(|amount| amount.value()));
    }
}
