//! Metrics of pods.

use std::net::IpAddr;

use crate::objects::{Meta, Pod, Status, Toleration};
use crate::state::row::{CREATED, DELETED, OWNER, Of, Out, Row, Stability, created, deleted, owners, word};

use super::container::{CONTAINERS, INIT_CONTAINERS};

type P<'a> = Of<'a, Pod>;

/// Reasons of a whole pod that have a series each.
const REASONS: &[&str] = &[
    "Evicted",
    "NodeAffinity",
    "NodeLost",
    "Shutdown",
    "UnexpectedAdmissionError",
];
const PHASES: &[&str] = &["Pending", "Succeeded", "Failed", "Unknown", "Running"];
const QOS_CLASSES: &[&str] = &["BestEffort", "Burstable", "Guaranteed"];

/// Families of pods: those of the pod itself, of its containers, of its init containers.
pub(in crate::state) const PODS: &[&[Row<Pod>]] = &[POD, CONTAINERS, INIT_CONTAINERS];

const POD: &[Row<Pod>] = &[
    Row::stable("kube_pod_info", "Where the pod runs and who made it.", info),
    Row::stable("kube_pod_created", CREATED, created),
    Row::experimental("kube_pod_deletion_timestamp", DELETED, deleted),
    Row::stable("kube_pod_owner", OWNER, owners),
    Row::labels("kube_pod_labels", Stability::Stable),
    Row::annotations("kube_pod_annotations"),
    Row::stable(
        "kube_pod_start_time",
        "When the kubelet took the pod on, in seconds since 1970.",
        |pod, out| {
            out.time(pod.body.status.start_time);
        },
    ),
    Row::stable(
        "kube_pod_completion_time",
        "When the last container ended, in seconds since 1970.",
        completion_time,
    ),
    Row::experimental("kube_pod_ips", "Addresses of the pod.", ips),
    Row::stable(
        "kube_pod_restart_policy",
        "When containers are started again.",
        |pod, out| {
            out.info(&[("type", &pod.body.spec.restart_policy)]);
        },
    ),
    Row::experimental(
        "kube_pod_runtimeclass_name_info",
        "Runtime class that the pod asks for.",
        |pod, out| {
            if let Some(class) = &pod.body.spec.runtime_class_name {
                out.info(&[("runtimeclass_name", class)]);
            }
        },
    ),
    Row::experimental(
        "kube_pod_service_account",
        "Service account of the pod.",
        |pod, out| {
            out.info(&[("service_account", &pod.body.spec.service_account_name)]);
        },
    ),
    Row::experimental("kube_pod_scheduler", "Scheduler of the pod.", |pod, out| {
        out.info(&[("name", &pod.body.spec.scheduler_name)]);
    }),
    Row::experimental(
        "kube_pod_overhead_cpu_cores",
        "Cores that running the pod costs beside its containers.",
        |pod, out| {
            out.maybe(
                pod.body
                    .spec
                    .overhead
                    .get("cpu")
                    .map(crate::objects::Quantity::value),
            );
        },
    ),
    Row::experimental(
        "kube_pod_overhead_memory_bytes",
        "Memory that running the pod costs beside its containers.",
        |pod, out| {
            if let Some(memory) = pod.body.spec.overhead.get("memory") {
                out.whole(memory.whole());
            }
        },
    ),
    Row::stable(
        "kube_pod_spec_volumes_persistentvolumeclaims_info",
        "Claims that the pod mounts.",
        |pod, out| {
            for claim in &pod.body.spec.claims {
                out.info(&[("volume", &claim.volume), ("persistentvolumeclaim", &claim.claim)]);
            }
        },
    ),
    Row::stable(
        "kube_pod_spec_volumes_persistentvolumeclaims_readonly",
        "Whether the pod only reads a claim.",
        |pod, out| {
            for claim in &pod.body.spec.claims {
                let labels = [
                    ("volume", &*claim.volume),
                    ("persistentvolumeclaim", &*claim.claim),
                ];
                out.add(&labels, f64::from(u8::from(claim.read_only)));
            }
        },
    ),
    Row::stable(
        "kube_pod_status_phase",
        "Phase of the pod: 1 for the present one.",
        |pod, out| {
            if !pod.body.status.phase.is_empty() {
                out.states("phase", PHASES, &pod.body.status.phase);
            }
        },
    ),
    Row::experimental(
        "kube_pod_status_qos_class",
        "Quality of service: 1 for the class of the pod.",
        |pod, out| {
            if !pod.body.status.qos_class.is_empty() {
                out.states("qos_class", QOS_CLASSES, &pod.body.status.qos_class);
            }
        },
    ),
    Row::experimental(
        "kube_pod_status_reason",
        "Why the pod is as it is: 1 for the present reason.",
        |pod, out| {
            out.states("reason", REASONS, &pod.body.status.reason);
        },
    ),
    Row::stable(
        "kube_pod_status_ready",
        "Whether the pod is ready: 1 for the status that it has.",
        |pod, out| {
            condition(pod, "Ready", out);
        },
    ),
    Row::stable(
        "kube_pod_status_scheduled",
        "Whether the pod has a node: 1 for the status that it has.",
        |pod, out| {
            condition(pod, "PodScheduled", out);
        },
    ),
    Row::stable(
        "kube_pod_status_unschedulable",
        "1 if no node takes the pod.",
        |pod, out| {
            for condition in &pod.body.status.conditions {
                if &*condition.kind == "PodScheduled" && condition.status == Status::False {
                    out.value(1);
                }
            }
        },
    ),
    Row::stable(
        "kube_pod_status_scheduled_time",
        "When the pod got its node, in seconds since 1970.",
        |pod, out| {
            since(pod, "PodScheduled", out);
        },
    ),
    Row::experimental(
        "kube_pod_status_initialized_time",
        "When the init containers were done, in seconds since 1970.",
        |pod, out| since(pod, "Initialized", out),
    ),
    Row::experimental(
        "kube_pod_status_ready_time",
        "When the pod became ready, in seconds since 1970.",
        |pod, out| {
            since(pod, "Ready", out);
        },
    ),
    Row::experimental(
        "kube_pod_status_container_ready_time",
        "When the containers became ready, in seconds since 1970.",
        |pod, out| since(pod, "ContainersReady", out),
    ),
    Row::experimental(
        "kube_pod_tolerations",
        "Taints that the pod tolerates.",
        tolerations,
    ),
    Row::opt_in(
        "kube_pod_nodeselectors",
        "Labels that the pod's node must have.",
        |pod, out| {
            out.pairs("nodeselector", &pod.body.spec.node_selector);
        },
    ),
];

fn info(pod: &P<'_>, out: &mut Out<'_>) {
    let (kind, name) = controller(pod.meta);
    let Pod { spec, status } = pod.body;
    out.info(&[
        ("host_ip", &status.host_ip),
        ("pod_ip", &status.pod_ip),
        ("node", &spec.node),
        ("created_by_kind", kind),
        ("created_by_name", name),
        ("priority_class", &spec.priority_class_name),
        ("host_network", word(spec.host_network)),
    ]);
}

fn controller(meta: &Meta) -> (&str, &str) {
    meta.controller()
        .map_or(("", ""), |owner| (&owner.kind, &owner.name))
}

fn completion_time(pod: &P<'_>, out: &mut Out<'_>) {
    let containers = pod.body.status.containers.iter();
    let ends = containers.filter_map(|container| container.state.terminated());
    if let Some(last) = ends.map(|end| end.finished_at).max().filter(|&last| last > 0) {
        out.whole(last);
    }
}

fn ips(pod: &P<'_>, out: &mut Out<'_>) {
    for ip in pod.body.status.ips() {
        let family = match ip.parse() {
            Ok(IpAddr::V4(_)) => "4",
            // Addresses of version 4 in the clothes of version 6 count as what they are.
            Ok(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_some() => "4",
            Ok(IpAddr::V6(_)) => "6",
            Err(_) => continue,
        };
        out.info(&[("ip", ip), ("ip_family", family)]);
    }
}

fn condition(pod: &P<'_>, kind: &str, out: &mut Out<'_>) {
    for condition in &pod.body.status.conditions {
        if *condition.kind == *kind {
            out.condition(condition.status);
        }
    }
}

fn since(pod: &P<'_>, kind: &str, out: &mut Out<'_>) {
    for condition in &pod.body.status.conditions {
        if *condition.kind == *kind && condition.status == Status::True {
            out.whole(condition.since);
        }
    }
}

fn tolerations(pod: &P<'_>, out: &mut Out<'_>) {
    let all = &pod.body.spec.tolerations;
    for (i, toleration) in all.iter().enumerate() {
        if all.iter().take(i).any(|before| before == toleration) {
            continue;
        }
        let Toleration {
            key,
            operator,
            value,
            effect,
            toleration_seconds,
        } = toleration;
        let seconds = toleration_seconds.map(|seconds| seconds.to_string());
        out.info(&[
            ("key", key),
            ("operator", operator),
            ("value", value),
            ("effect", effect),
            ("toleration_seconds", seconds.as_deref().unwrap_or("")),
        ]);
    }
}
