//! All clusters at a glance.

use cluster::health::{NodeView, Summary, Targets, summary};
use cluster::objects::{Body, Kind};
use cluster::{ClusterHandle, KindName, KindStatus, MonitorStatus};

use super::write;
use crate::api::answer::json::{Array, Object};

/// Monitors that are listed with their problems.
const MAX_SHOWN: usize = 100;

/// Writes all clusters.
pub(super) fn write(clusters: &[ClusterHandle], targets: Targets<'_>, out: &mut String) {
    let mut data = Object::new(out);
    let mut list = data.array("clusters");
    for cluster in clusters {
        one(list.object(), cluster, targets);
    }
}

fn one(mut out: Object<'_>, cluster: &ClusterHandle, targets: Targets<'_>) {
    let summary = summary(cluster, targets);
    let server = cluster.server();
    let kinds = cluster.kinds();
    let n_objects: usize = kinds
        .iter()
        .filter(|kind| matches!(kind.kind, KindName::Objects(_)))
        .map(|kind| kind.objects)
        .sum();
    out.string("name", cluster.name())
        .string("version", &server.version)
        .string("source", &cluster.config().access.to_string());
    write::state(out.object("state"), &summary.state);
    out.boolean("reachable", server.reachable == Some(true))
        .string("lastError", &server.last_error)
        .boolean("synced", cluster.is_synced())
        .integer("revision", cluster.store().revision());
    counts(out.object("counts"), cluster, &summary, n_objects);
    resources(out.object("resources"), &summary.nodes);
    let mut components = out.array("controlPlane");
    for component in &summary.components {
        let mut entry = components.object();
        entry.string("component", component.name);
        write::state(entry.object("state"), &component.state);
    }
    drop(components);
    write::findings(out.array("findings"), &summary.findings);
    write_kinds(out.array("kinds"), &kinds);
    write_monitors(out.object("monitors"), &cluster.monitors());
    let (strings, bytes) = cluster.store().interner().size();
    out.object("memory")
        .count("objects", n_objects)
        .count("bytes", cluster.store().index_bytes() + bytes)
        .count("strings", strings);
}

/// Writes how many monitors of the Prometheus operator there are, and those that do not work as they are written.
fn write_monitors(mut out: Object<'_>, monitors: &[MonitorStatus]) {
    let failing = |one: &&MonitorStatus| !one.problems.is_empty();
    out.count("objects", monitors.len())
        .count("jobs", monitors.iter().map(|one| one.jobs.len()).sum())
        .count("failing", monitors.iter().filter(failing).count());
    let mut list = out.array("problems");
    for one in monitors.iter().filter(failing).take(MAX_SHOWN) {
        list.object()
            .string("kind", one.kind.as_str())
            .string("namespace", &one.namespace)
            .string("name", &one.name)
            .strings("jobs", &one.jobs)
            .strings("problems", &one.problems);
    }
}

fn counts(mut out: Object<'_>, cluster: &ClusterHandle, summary: &Summary, n_objects: usize) {
    let [running, pending, failed, succeeded] = summary.phases;
    let [workloads, critical, warning] = summary.workloads;
    out.count("nodes", summary.nodes.len())
        .count("nodesReady", summary.nodes_ready)
        .count("namespaces", cluster.store().count(&Kind::Namespace))
        .count("pods", cluster.store().count(&Kind::Pod))
        .count("podsRunning", running)
        .count("podsPending", pending)
        .count("podsFailed", failed)
        .count("podsSucceeded", succeeded)
        .count("workloads", workloads)
        .count("workloadsCritical", critical)
        .count("workloadsWarning", warning)
        .count("objects", n_objects);
}

fn resources(mut out: Object<'_>, nodes: &[NodeView]) {
    let allocatable = |resource: &str| -> f64 {
        let amounts = nodes.iter().filter_map(|node| match &node.object.body {
            Body::Node(body) => body.status.allocatable.get(resource),
            _ => None,
        });
        amounts.map(|amount| amount.value()).sum()
    };
    let sum = |of: fn(&NodeView) -> f64| -> f64 { nodes.iter().map(of).sum() };
    out.object("cpu")
        .number("requested", sum(|node| node.requested_cpu))
        .number("limits", sum(|node| node.limit_cpu))
        .number("allocatable", allocatable("cpu"));
    out.object("memory")
        .number("requested", sum(|node| node.requested_memory))
        .number("limits", sum(|node| node.limit_memory))
        .number("allocatable", allocatable("memory"));
}

fn write_kinds(mut out: Array<'_>, kinds: &[KindStatus]) {
    for status in kinds {
        let mut entry = out.object();
        match &status.kind {
            KindName::Objects(kind) => entry
                .string("kind", kind.name())
                .string("group", kind.group())
                .string("version", kind.version())
                .string("resource", kind.plural())
                .boolean("namespaced", kind.is_namespaced()),
            KindName::Events => entry
                .string("kind", "Event")
                .string("group", "events.k8s.io")
                .string("version", "v1")
                .string("resource", "events")
                .boolean("namespaced", true),
        };
        entry
            .string("state", status.state.word())
            .count("objects", status.objects)
            .optional_integer("lastChange", status.last_change)
            .optional_integer("syncedAt", status.synced_at)
            .integer("lists", status.lists)
            .integer("watches", status.watches)
            .integer("expired", status.expired)
            .integer("changes", status.changes)
            .integer("errors", status.errors)
            .integer("unreadable", status.unreadable)
            .strings("unreadableObjects", &status.unreadable_objects)
            .string("lastError", &status.last_error);
    }
}
