//! Role `node`: each node at its kubelet.

use scrape::TargetGroup;
use scrape::config::KubernetesRole;

use super::{ADDRESS, host_and_port, sanitize, set, set_meta};
use crate::discovery::objects::{Meta, Node};

/// Kinds of addresses, the most wanted first.
const KINDS: [&str; 6] = [
    "InternalIP",
    "InternalDNS",
    "ExternalIP",
    "ExternalDNS",
    "LegacyHostIP",
    "Hostname",
];

/// Fills in the group of a node; `None` if it has no address.
pub(super) fn fill(group: &mut TargetGroup, meta: &Meta, node: &Node) -> Option<()> {
    let first = |kind: &str| node.addresses.iter().find(|address| &*address.kind == kind);
    set(&mut group.labels, "node_provider_id", &*node.provider_id);
    set_meta(&mut group.labels, KubernetesRole::Node, meta);
    let address = KINDS.into_iter().find_map(first)?;
    let mut target = vec![
        (
            ADDRESS.to_owned(),
            host_and_port(&address.address, node.kubelet_port),
        ),
        ("instance".to_owned(), meta.name.to_string()),
    ];
    for (i, address) in node.addresses.iter().enumerate() {
        let mut before = node.addresses.iter().take(i);
        if before.all(|other| other.kind != address.kind) {
            let name = format!("node_address_{}", sanitize(&address.kind));
            set(&mut target, &name, &*address.address);
        }
    }
    group.targets.push(target);
    Some(())
}
