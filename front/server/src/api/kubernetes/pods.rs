//! The pods of a cluster, those that need attention first.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::response::Response;
use cluster::ClusterHandle;
use cluster::graph::{self, Ref};
use cluster::health::{ContainerView, PodCounts, State, View, containers, requested, seconds};
use cluster::objects::{Body, ContainerState, Kind, NO_TIME, Object as KubernetesObject, Pod, Terminated};

use super::part::Part;
use super::workloads::{limits, requests};
use super::write;
use crate::api::answer::json::Object;
use crate::api::answer::{ApiError, success};
use crate::api::params::Params;

struct Row {
    object: Arc<KubernetesObject>,
    state: State,
    workload: Ref,
    counts: PodCounts,
}

/// Answers with the pods that are asked for.
pub(super) fn answer(cluster: &ClusterHandle, params: &Params) -> Result<Response, ApiError> {
    let part = Part::read(params)?;
    let node = params.get("node");
    let workload = params
        .get("workload")
        .map(|text| {
            text.split_once('/').ok_or_else(|| {
                ApiError::parameter("workload", format_args!("{text:?} is none"))
                    .hint("use a kind and a name, as in Deployment/cart")
            })
        })
        .transpose()?;
    let view = View::new(cluster);
    let mut rows = Vec::new();
    for object in view.store.list(&Kind::Pod) {
        let Body::Pod(pod) = &object.body else { continue };
        let is_here = node.is_none_or(|node| *node == *pod.spec.node);
        if !is_here || !part.has_names(&object.meta.namespace, &object.meta.name) {
            continue;
        }
        let top = graph::workload(view.store, &object).reference;
        if workload.is_some_and(|(kind, name)| kind != top.kind || *name != *top.name) {
            continue;
        }
        let state = view.assess(&object).state;
        if !part.is_bad_enough(state.severity) {
            continue;
        }
        rows.push(Row {
            counts: PodCounts::of(pod),
            workload: top,
            state,
            object: Arc::clone(&object),
        });
    }
    rows.sort_by_cached_key(|row| {
        let meta = &row.object.meta;
        (
            Reverse(row.state.severity),
            Reverse(row.counts.restarts),
            meta.namespace.clone(),
            meta.name.clone(),
        )
    });
    Ok(success(|out| {
        let mut data = Object::new(out);
        data.count("total", rows.len());
        let mut list = data.array("pods");
        for row in part.cut(&rows) {
            if let Body::Pod(pod) = &row.object.body {
                one(list.object(), row, pod);
            }
        }
    }))
}

fn one(mut out: Object<'_>, row: &Row, pod: &Pod) {
    let meta = &row.object.meta;
    out.string("namespace", &meta.namespace)
        .string("name", &meta.name)
        .string("uid", &meta.uid.to_string());
    write::state(out.object("state"), &row.state);
    out.string("phase", &pod.status.phase)
        .string("node", &pod.spec.node)
        .string("ip", &pod.status.pod_ip)
        .count("ready", row.counts.ready)
        .integer("restarts", row.counts.restarts)
        .optional_integer("lastRestart", row.counts.last_restart.and_then(seconds));
    write::created(&mut out, &row.object);
    out.string("qosClass", &pod.status.qos_class);
    write::reference(out.object("workload"), &row.workload);
    let of = |resource: &str, which| requested(pod, resource, which);
    write::cpu_and_memory(
        out.object("requested"),
        (of("cpu", requests), of("memory", requests)),
    );
    write::cpu_and_memory(out.object("limits"), (of("cpu", limits), of("memory", limits)));
    let mut list = out.array("containers");
    for view in containers(pod) {
        container(list.object(), &view);
    }
}

fn container(mut out: Object<'_>, view: &ContainerView<'_>) {
    let status = view.status;
    out.string("name", &view.spec.name)
        .string("type", view.kind.word())
        .string("image", &view.spec.image)
        .boolean("ready", status.is_some_and(|status| status.ready))
        .integer("restarts", status.map_or(0, |status| status.restarts));
    let (state, reason, message, since) = match status.map(|status| &status.state) {
        Some(ContainerState::Waiting(waiting)) => ("waiting", &*waiting.reason, &*waiting.message, NO_TIME),
        Some(ContainerState::Running(since)) => ("running", "", "", *since),
        Some(ContainerState::Terminated(ended)) => {
            ("terminated", &*ended.reason, &*ended.message, ended.finished_at)
        }
        Some(ContainerState::Unset) | None => ("unknown", "", "", NO_TIME),
    };
    out.string("state", state)
        .string("reason", reason)
        .string("message", message)
        .optional_integer("since", seconds(since));
    let now_ended = match status.map(|status| &status.state) {
        Some(ContainerState::Terminated(ended)) => Some(&**ended),
        _ => None,
    };
    match now_ended.or(status.and_then(|status| status.last.as_deref())) {
        Some(last) => ended(out.object("last"), last),
        None => out.key("last").push_str("null"),
    }
    let spec = view.spec;
    let of = |resources: &cluster::objects::Resources, name: &str| resources.get(name).map(|one| one.value());
    let (asked, allowed) = (&spec.resources.requests, &spec.resources.limits);
    write::cpu_and_memory(out.object("requests"), (of(asked, "cpu"), of(asked, "memory")));
    write::cpu_and_memory(out.object("limits"), (of(allowed, "cpu"), of(allowed, "memory")));
}

fn ended(mut out: Object<'_>, ended: &Terminated) {
    out.string("reason", &ended.reason)
        .integer("exitCode", ended.exit_code)
        .optional_integer("finishedAt", seconds(ended.finished_at));
}
