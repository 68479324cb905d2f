//! Metrics of the containers of pods.
//!
//! Containers and init containers have the same metrics under two names, of which some exist only once.

use crate::objects::{Container, ContainerState, ContainerStatus, Pod, Resources};
use crate::state::row::{Of, Out, Row, flag, unit, with_resource_name};

type P<'a> = Of<'a, Pod>;

pub(super) const CONTAINERS: &[Row<Pod>] = &[
    Row::stable(
        "kube_pod_container_info",
        "Images of a container, as wanted and as run.",
        |pod, out| {
            let ran = &*pod.body.status.containers;
            info(&pod.body.spec.containers, ran, |labels, _| out.info(labels));
        },
    ),
    Row::experimental(
        "kube_pod_container_resource_requests",
        "What a container asks for.",
        |pod, out| resources(pod, &pod.body.spec.containers, |one| &one.resources.requests, out),
    ),
    Row::experimental(
        "kube_pod_container_resource_limits",
        "What a container may take.",
        |pod, out| {
            resources(pod, &pod.body.spec.containers, |one| &one.resources.limits, out);
        },
    ),
    Row::stable(
        "kube_pod_container_state_started",
        "When a container was started, in seconds since 1970.",
        state_started,
    ),
    Row::stable(
        "kube_pod_container_status_ready",
        "Whether a container is ready.",
        |pod, out| {
            each(&pod.body.status.containers, out, |one| flag(one.ready));
        },
    ),
    Row::counter(
        "kube_pod_container_status_restarts_total",
        "How often a container was started again.",
        |pod, out| each(&pod.body.status.containers, out, |one| one.restarts.into()),
    ),
    Row::stable(
        "kube_pod_container_status_running",
        "Whether a container runs.",
        |pod, out| {
            each(&pod.body.status.containers, out, is_running);
        },
    ),
    Row::stable(
        "kube_pod_container_status_terminated",
        "Whether a container has ended.",
        |pod, out| {
            each(&pod.body.status.containers, out, is_terminated);
        },
    ),
    Row::experimental(
        "kube_pod_container_status_terminated_reason",
        "Why a container has ended.",
        |pod, out| {
            terminated_reason(&pod.body.status.containers, out);
        },
    ),
    Row::stable(
        "kube_pod_container_status_waiting",
        "Whether a container waits to start.",
        |pod, out| {
            each(&pod.body.status.containers, out, is_waiting);
        },
    ),
    Row::stable(
        "kube_pod_container_status_waiting_reason",
        "Why a container waits to start.",
        |pod, out| {
            waiting_reason(&pod.body.status.containers, out);
        },
    ),
    Row::experimental(
        "kube_pod_container_status_last_terminated_reason",
        "Why a container ended the time before.",
        |pod, out| last_terminated_reason(&pod.body.status.containers, out),
    ),
    Row::experimental(
        "kube_pod_container_status_last_terminated_exitcode",
        "With which exit code a container ended the time before.",
        |pod, out| {
            for (one, last) in ended_before(&pod.body.status.containers) {
                out.add(&[("container", &one.name)], last.exit_code.into());
            }
        },
    ),
    Row::experimental(
        "kube_pod_container_status_last_terminated_timestamp",
        "When a container ended the time before, in seconds since 1970.",
        |pod, out| {
            for (one, last) in ended_before(&pod.body.status.containers) {
                out.add(&[("container", &one.name)], last.finished_at as f64);
            }
        },
    ),
];

pub(super) const INIT_CONTAINERS: &[Row<Pod>] = &[
    Row::stable(
        "kube_pod_init_container_info",
        "Images of an init container, as wanted and as run.",
        init_info,
    ),
    Row::experimental(
        "kube_pod_init_container_resource_requests",
        "What an init container asks for.",
        |pod, out| {
            resources(
                pod,
                &pod.body.spec.init_containers,
                |one| &one.resources.requests,
                out,
            )
        },
    ),
    Row::experimental(
        "kube_pod_init_container_resource_limits",
        "What an init container may take.",
        |pod, out| {
            resources(
                pod,
                &pod.body.spec.init_containers,
                |one| &one.resources.limits,
                out,
            )
        },
    ),
    Row::stable(
        "kube_pod_init_container_status_ready",
        "Whether an init container is done or ready.",
        |pod, out| {
            each(&pod.body.status.init_containers, out, |one| flag(one.ready));
        },
    ),
    Row::counter(
        "kube_pod_init_container_status_restarts_total",
        "How often an init container was started again.",
        |pod, out| each(&pod.body.status.init_containers, out, |one| one.restarts.into()),
    ),
    Row::stable(
        "kube_pod_init_container_status_running",
        "Whether an init container runs.",
        |pod, out| {
            each(&pod.body.status.init_containers, out, is_running);
        },
    ),
    Row::stable(
        "kube_pod_init_container_status_terminated",
        "Whether an init container has ended.",
        |pod, out| {
            each(&pod.body.status.init_containers, out, is_terminated);
        },
    ),
    Row::experimental(
        "kube_pod_init_container_status_terminated_reason",
        "Why an init container has ended.",
        |pod, out| terminated_reason(&pod.body.status.init_containers, out),
    ),
    Row::stable(
        "kube_pod_init_container_status_waiting",
        "Whether an init container waits to start.",
        |pod, out| {
            each(&pod.body.status.init_containers, out, is_waiting);
        },
    ),
    Row::experimental(
        "kube_pod_init_container_status_waiting_reason",
        "Why an init container waits to start.",
        |pod, out| waiting_reason(&pod.body.status.init_containers, out),
    ),
    Row::experimental(
        "kube_pod_init_container_status_last_terminated_reason",
        "Why an init container ended the time before.",
        |pod, out| last_terminated_reason(&pod.body.status.init_containers, out),
    ),
];

/// Hands over the labels of each container that is wanted and reported.
fn info(
    wanted: &[Container],
    reported: &[ContainerStatus],
    mut take: impl FnMut(&[(&str, &str)], &Container),
) {
    let mut id = String::new();
    for container in wanted {
        for status in reported.iter().filter(|one| one.name == container.name) {
            id.clear();
            status.id.push_to(&mut id);
            let labels = [
                ("container", &*status.name),
                ("image_spec", &*container.image),
                ("image", &*status.image),
                ("image_id", &*status.image_id),
                ("container_id", &*id),
            ];
            take(&labels, container);
        }
    }
}

fn init_info(pod: &P<'_>, out: &mut Out<'_>) {
    let reported = &*pod.body.status.init_containers;
    info(&pod.body.spec.init_containers, reported, |labels, container| {
        let [name, spec, image, image_id, id] = *labels else {
            return;
        };
        let policy = container.restart_policy.as_deref().unwrap_or("");
        out.info(&[name, spec, image, image_id, id, ("restart_policy", policy)]);
    });
}

fn resources(pod: &P<'_>, containers: &[Container], which: fn(&Container) -> &Resources, out: &mut Out<'_>) {
    for container in containers {
        for (resource, amount) in &**which(container) {
            let Some(unit) = unit(resource) else {
                continue;
            };
            let value = match unit {
                "core" => amount.value(),
                _ => amount.whole() as f64,
            };
            with_resource_name(resource, |name| {
                let labels = [
                    ("container", &*container.name),
                    ("node", &*pod.body.spec.node),
                    ("resource", name),
                    ("unit", unit),
                ];
                out.add(&labels, value);
            });
        }
    }
}

fn state_started(pod: &P<'_>, out: &mut Out<'_>) {
    for one in &pod.body.status.containers {
        let started = match &one.state {
            ContainerState::Running(since) => *since,
            ContainerState::Terminated(end) => end.started_at,
            ContainerState::Waiting(_) | ContainerState::Unset => continue,
        };
        out.add(&[("container", &one.name)], started as f64);
    }
}

fn each(containers: &[ContainerStatus], out: &mut Out<'_>, value: impl Fn(&ContainerStatus) -> f64) {
    for one in containers {
        out.add(&[("container", &one.name)], value(one));
    }
}

fn is_running(one: &ContainerStatus) -> f64 {
    flag(matches!(one.state, ContainerState::Running(_)))
}

fn is_terminated(one: &ContainerStatus) -> f64 {
    flag(matches!(one.state, ContainerState::Terminated(_)))
}

fn is_waiting(one: &ContainerStatus) -> f64 {
    flag(matches!(one.state, ContainerState::Waiting(_)))
}

fn terminated_reason(containers: &[ContainerStatus], out: &mut Out<'_>) {
    for one in containers {
        if let Some(end) = one.state.terminated() {
            out.info(&[("container", &one.name), ("reason", &end.reason)]);
        }
    }
}

fn waiting_reason(containers: &[ContainerStatus], out: &mut Out<'_>) {
    for one in containers {
        if let ContainerState::Waiting(waiting) = &one.state {
            out.info(&[("container", &one.name), ("reason", &waiting.reason)]);
        }
    }
}

fn ended_before(
    containers: &[ContainerStatus],
) -> impl Iterator<Item = (&ContainerStatus, &crate::objects::Terminated)> {
    containers
        .iter()
        .filter_map(|one| Some((one, one.last.as_deref()?)))
}

fn last_terminated_reason(containers: &[ContainerStatus], out: &mut Out<'_>) {
    for (one, last) in ended_before(containers) {
        out.info(&[("container", &one.name), ("reason", &last.reason)]);
    }
}
