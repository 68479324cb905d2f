//! How a node is.

use std::sync::Arc;

use hashbrown::HashMap;

use super::text;
use super::{Assessment, Finding, Severity, State, View, condition, seconds};
use crate::objects::{Body, Kind, Node, Object, Status, Text};

/// What a node's pods take of it.
#[derive(Clone, Debug)]
pub struct NodeView {
    /// The node.
    pub object: Arc<Object>,
    /// Its pods that have not ended.
    pub pods: usize,
    /// CPU that its pods ask for, in cores.
    pub requested_cpu: f64,
    /// Memory that its pods ask for, in bytes.
    pub requested_memory: f64,
    /// CPU that its pods may take, where they say.
    pub limit_cpu: f64,
    /// Memory that its pods may take, where they say.
    pub limit_memory: f64,
}

/// Returns all nodes by name, with what their pods take.
pub fn node_views(view: &View<'_>) -> Vec<NodeView> {
    let mut nodes: Vec<_> = view.store.list(&Kind::Node);
    nodes.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
    let places: HashMap<Text, usize> = nodes
        .iter()
        .enumerate()
        .map(|(i, node)| (node.meta.name.clone(), i))
        .collect();
    let mut views: Vec<_> = nodes
        .into_iter()
        .map(|object| NodeView {
            object,
            pods: 0,
            requested_cpu: 0.0,
            requested_memory: 0.0,
            limit_cpu: 0.0,
            limit_memory: 0.0,
        })
        .collect();
    for object in view.store.list(&Kind::Pod) {
        let Body::Pod(pod) = &object.body else { continue };
        if matches!(&*pod.status.phase, "Succeeded" | "Failed") {
            continue;
        }
        let Some(view) = places.get(&pod.spec.node).and_then(|i| views.get_mut(*i)) else {
            continue;
        };
        view.pods += 1;
        let request = |resource| super::requested(pod, resource, |one| &one.resources.requests);
        let limit = |resource| super::requested(pod, resource, |one| &one.resources.limits);
        // What does not say, asks for nothing.
        view.requested_cpu += request("cpu").unwrap_or(0.0);
        view.requested_memory += request("memory").unwrap_or(0.0);
        view.limit_cpu += limit("cpu").unwrap_or(0.0);
        view.limit_memory += limit("memory").unwrap_or(0.0);
    }
    views
}

/// Says how a node is.
pub(super) fn assess(view: &View<'_>, object: &Object, node: &Node) -> Assessment {
    let conditions = &node.status.conditions;
    let mut findings = Vec::new();
    match condition(conditions, "Ready") {
        None => {
            let state = State::plain(Severity::Unknown, "no_report", "its kubelet has not reported yet");
            findings.push(Finding::new(object, state, "see whether the kubelet runs on it"));
        }
        Some(ready) if ready.status == Status::True => {}
        Some(ready) if ready.status == Status::False => {
            let state = State::new(
                Severity::Critical,
                "not_ready",
                format!("is not ready: {}", text::brief(&ready.message)),
            )
            .with("reason", &ready.reason)
            .with("message", &ready.message);
            let advice = "the message names what the kubelet waits for: often the network plug-in or the container \
                runtime";
            findings.push(Finding::new(object, state, advice).because_of(ready));
        }
        Some(ready) => {
            let state = State::new(
                Severity::Critical,
                "node_silent",
                format!("its kubelet is silent for {}", text::span(view.now - ready.since)),
            );
            let advice = "see whether the machine runs, whether its kubelet does, and whether it reaches the API server";
            let mut finding = Finding::new(object, state, advice).because_of(ready);
            if let Some(lease) = view
                .store
                .find(&Kind::Lease, "kube-node-lease", &object.meta.name)
                && let Body::Lease(lease) = &lease.body
                && let Some(renewed) = lease.spec.renew_time
            {
                finding = finding.because("lease kube-node-lease: spec.renewTime", text::time(renewed));
            }
            findings.push(finding);
        }
    }
    for one in conditions.iter() {
        if &*one.kind == "Ready" || one.status != Status::True || is_good(&one.kind) {
            continue;
        }
        let state = State::new(
            Severity::Warning,
            "node_pressure",
            format!("{}: {}", one.kind, text::brief(&one.message)),
        )
        .with("condition", &one.kind)
        .with("message", &one.message);
        let advice = match &*one.kind {
            "MemoryPressure" => "pods are evicted until there is memory: see who takes it",
            "DiskPressure" => "images and pods are removed until there is room: see what fills the disk",
            "PIDPressure" => "see which container makes so many processes",
            "NetworkUnavailable" => "see the network plug-in on the node",
            _ => "see what reports this condition",
        };
        findings.push(Finding::new(object, state, advice).because_of(one));
    }
    if node.spec.unschedulable {
        let state = State::plain(Severity::Warning, "cordoned", "is cordoned: it takes no new pods");
        let finding = Finding::new(object, state, "uncordon it when the work on it is done")
            .because("spec.unschedulable", "true")
            .since(None);
        findings.push(finding);
    }
    if let Some(at) = object.meta.deleted {
        let state = State::plain(Severity::Progressing, "terminating", "is being removed");
        findings.push(Finding::new(object, state, "").since(seconds(at)));
    }
    Assessment::from_findings(findings, State::ok("ready", "is ready"))
}

/// Conditions that say something good when they are true, beside `Ready`.
fn is_good(kind: &str) -> bool {
    kind.ends_with("Ready")
        || kind.ends_with("Healthy")
        || kind.ends_with("Available") && kind != "NetworkUnavailable"
}
