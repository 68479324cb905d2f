//! Metrics of nodes, namespaces, leases.

use crate::objects::{Lease, Namespace, Node, Resources};
use crate::state::row::{
    CONDITION, CREATED, DELETED, Of, Out, Row, Stability, created, deleted, unit, with_resource_name,
};

/// Labels that say what a node is for begin so.
const ROLE: &str = "node-role.kubernetes.io/";

pub(in crate::state) const NODES: &[Row<Node>] = &[
    Row::stable("kube_node_info", "What the node is.", info),
    Row::stable("kube_node_created", CREATED, created),
    Row::experimental("kube_node_deletion_timestamp", DELETED, deleted),
    Row::labels("kube_node_labels", Stability::Stable),
    Row::annotations("kube_node_annotations"),
    Row::experimental(
        "kube_node_role",
        "What the node is for, by its labels.",
        |node, out| {
            for (label, _) in &*node.meta.labels {
                if let Some(role) = label.strip_prefix(ROLE) {
                    out.info(&[("role", role)]);
                }
            }
        },
    ),
    Row::stable(
        "kube_node_spec_unschedulable",
        "Whether the node takes no new pods.",
        |node, out| {
            out.value(node.body.spec.unschedulable);
        },
    ),
    Row::stable("kube_node_spec_taint", "Taints of the node.", |node, out| {
        for taint in &node.body.spec.taints {
            out.info(&[
                ("key", &taint.key),
                ("value", &taint.value),
                ("effect", &taint.effect),
            ]);
        }
    }),
    Row::stable("kube_node_status_capacity", "What the node has.", |node, out| {
        resources(&node.body.status.capacity, out);
    }),
    Row::stable(
        "kube_node_status_allocatable",
        "What pods may have of the node.",
        |node, out| {
            resources(&node.body.status.allocatable, out);
        },
    ),
    Row::stable("kube_node_status_condition", CONDITION, |node, out| {
        out.conditions(&node.body.status.conditions);
    }),
    Row::experimental(
        "kube_node_status_addresses",
        "Addresses of the node.",
        |node, out| {
            for address in &node.body.status.addresses {
                out.info(&[("type", &address.kind), ("address", &address.address)]);
            }
        },
    ),
];

pub(in crate::state) const NAMESPACES: &[Row<Namespace>] = &[
    Row::stable("kube_namespace_created", CREATED, created),
    Row::labels("kube_namespace_labels", Stability::Stable),
    Row::annotations("kube_namespace_annotations"),
    Row::stable(
        "kube_namespace_status_phase",
        "Phase of the namespace: 1 for the present one.",
        |one, out| {
            out.states("phase", &["Active", "Terminating"], &one.body.status.phase);
        },
    ),
    Row::experimental("kube_namespace_status_condition", CONDITION, |one, out| {
        out.conditions(&one.body.status.conditions);
    }),
];

pub(in crate::state) const LEASES: &[Row<Lease>] = &[
    Row::experimental(
        "kube_lease_owner",
        "Who owns the lease, and who holds it.",
        lease_owner,
    ),
    Row::experimental(
        "kube_lease_renew_time",
        "When the lease was renewed last, in seconds since 1970.",
        |lease, out| {
            out.time(lease.body.spec.renew_time);
        },
    ),
];

fn info(node: &Of<'_, Node>, out: &mut Out<'_>) {
    let Node { spec, status } = node.body;
    let what = &status.node_info;
    // The last one counts if there are several.
    let mut addresses = status.addresses.iter().rev();
    let internal = addresses.find(|one| &*one.kind == "InternalIP");
    out.info(&[
        ("kernel_version", &what.kernel_version),
        ("os_image", &what.os_image),
        ("container_runtime_version", &what.container_runtime_version),
        ("kubelet_version", &what.kubelet_version),
        ("kubeproxy_version", "deprecated"),
        ("provider_id", &spec.provider_id),
        ("pod_cidr", &spec.pod_cidr),
        ("system_uuid", &what.system_uuid),
        ("internal_ip", internal.map_or("", |one| &one.address)),
    ]);
}

fn resources(resources: &Resources, out: &mut Out<'_>) {
    for (resource, amount) in &**resources {
        let unit = match &**resource {
            "pods" => Some("integer"),
            other => unit(other),
        };
        let Some(unit) = unit else {
            continue;
        };
        with_resource_name(resource, |name| {
            out.add(&[("resource", name), ("unit", unit)], amount.value());
        });
    }
}

fn lease_owner(lease: &Of<'_, Lease>, out: &mut Out<'_>) {
    let holder = &*lease.body.spec.holder_identity;
    if lease.meta.owners.is_empty() {
        out.info(&[("owner_kind", ""), ("owner_name", ""), ("lease_holder", holder)]);
    }
    for owner in &*lease.meta.owners {
        out.info(&[
            ("owner_kind", &owner.kind),
            ("owner_name", &owner.name),
            ("lease_holder", holder),
        ]);
    }
}
