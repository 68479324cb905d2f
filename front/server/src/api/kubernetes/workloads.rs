//! The workloads of a cluster, those that need attention first.

use axum::response::Response;
use cluster::ClusterHandle;
use cluster::health::{View, WorkloadView, containers, requested, workloads};
use cluster::objects::{Body, Container, Object as KubernetesObject, Resources};

use super::part::Part;
use super::write;
use crate::api::answer::json::Object;
use crate::api::answer::{ApiError, success};
use crate::api::params::Params;

/// Images of one workload that are shown.
const MAX_IMAGES: usize = 10;

/// Answers with the workloads that are asked for.
pub(super) fn answer(cluster: &ClusterHandle, params: &Params) -> Result<Response, ApiError> {
    let part = Part::read(params)?;
    let kind = params.get("kind");
    let view = View::new(cluster);
    let all = workloads(&view);
    let mut namespaces: Vec<_> = all.iter().map(|one| one.reference.namespace.clone()).collect();
    namespaces.sort();
    namespaces.dedup();
    let asked = all.into_iter().filter(|one| {
        part.has(&one.reference)
            && part.is_bad_enough(one.assessment.state.severity)
            && kind.is_none_or(|kind| kind == one.reference.kind)
    });
    let asked: Vec<_> = asked.collect();
    Ok(success(|out| {
        let mut data = Object::new(out);
        data.count("total", asked.len())
            .strings("namespaces", namespaces.iter().map(|one| one.as_str()));
        let mut list = data.array("workloads");
        for workload in part.cut(&asked) {
            one(list.object(), workload);
        }
    }))
}

fn one(mut out: Object<'_>, workload: &WorkloadView) {
    write::members(&mut out, &workload.reference);
    write::state(out.object("state"), &workload.assessment.state);
    out.optional_integer("desired", workload.desired)
        .integer("ready", workload.ready)
        .optional_integer("updated", workload.updated)
        .optional_integer("available", workload.available)
        .count("pods", workload.pods.len())
        .integer("restarts", workload.restarts)
        .optional_integer("lastRestart", workload.last_restart);
    match &workload.object {
        Some(object) => write::created(&mut out, object),
        None => {
            out.optional_integer("createdAt", None::<i64>);
        }
    }
    out.strings("images", images(workload));
    let of = |resource: &str, which| sum(workload, resource, which);
    write::cpu_and_memory(
        out.object("requested"),
        (of("cpu", requests), of("memory", requests)),
    );
    write::cpu_and_memory(out.object("limits"), (of("cpu", limits), of("memory", limits)));
}

pub(super) fn requests(container: &Container) -> &Resources {
    &container.resources.requests
}

pub(super) fn limits(container: &Container) -> &Resources {
    &container.resources.limits
}

/// Sums up what the pods that have not ended ask for or may take; `None` if a container does not say.
fn sum(
    workload: &WorkloadView,
    resource: &str,
    of: for<'a> fn(&'a Container) -> &'a Resources,
) -> Option<f64> {
    let mut sum = 0.0;
    for pod in &workload.pods {
        if let Some(pod) = running(pod) {
            sum += requested(pod, resource, of)?;
        }
    }
    Some(sum)
}

fn running(object: &KubernetesObject) -> Option<&cluster::objects::Pod> {
    match &object.body {
        Body::Pod(pod) if !matches!(&*pod.status.phase, "Succeeded" | "Failed") => Some(pod),
        _ => None,
    }
}

fn images(workload: &WorkloadView) -> Vec<&str> {
    let mut images = Vec::new();
    for pod in &workload.pods {
        let Body::Pod(pod) = &pod.body else { continue };
        for container in containers(pod) {
            let image = container.spec.image.as_str();
            if images.len() < MAX_IMAGES && !images.contains(&image) {
                images.push(image);
            }
        }
    }
    images
}
