//! How a pod is.

use super::text;
use super::{Assessment, Finding, Severity, State, View, condition, condition_is, container, seconds};
use crate::events::Warning;
use crate::objects::{Container, ContainerState, Kind, Object, Pod, Resources, Status};

/// A pod without a node for so long, of which no scheduler has said anything, has no scheduler.
const UNSCHEDULED: i64 = 30;
/// A pod that is deleted has this much time beyond what it was given.
const TERMINATION: i64 = 30;
/// Reasons of warnings that keep a pod's containers from being made.
const BLOCKERS: &[&str] = &[
    "FailedMount",
    "FailedAttachVolume",
    "FailedMapVolume",
    "FailedCreatePodSandBox",
    "FailedCreatePodContainer",
    "NetworkNotReady",
    "FailedSync",
    "FailedPodSandBoxStatus",
    "FailedPrepareDynamicResources",
];

/// Containers of a pod, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodCounts {
    /// Containers that are ready.
    pub ready: usize,
    /// Restarts of all its containers.
    pub restarts: i64,
    /// When a container ended last before it was restarted, in seconds since 1970.
    pub last_restart: Option<i64>,
}

impl PodCounts {
    /// Counts the containers of a pod.
    pub fn of(pod: &Pod) -> Self {
        let mut counts = Self {
            ready: pod.status.containers.iter().filter(|one| one.ready).count(),
            ..Self::default()
        };
        for status in pod.status.init_containers.iter().chain(&pod.status.containers) {
            counts.restarts += i64::from(status.restarts);
            if status.restarts > 0 {
                let ended = match (&status.state, &status.last) {
                    (ContainerState::Terminated(ended), _) => Some(ended.finished_at),
                    (_, Some(last)) => Some(last.finished_at),
                    _ => None,
                };
                counts.last_restart = counts.last_restart.max(ended);
            }
        }
        counts
    }
}

/// Returns what a pod's containers ask for (`requests`) or may take (`limits`) of a resource, as the scheduler counts
/// it: the containers that run at the same time together, or the greediest of those that run before. `None` if a
/// container does not say.
pub fn requested(pod: &Pod, resource: &str, of: for<'a> fn(&'a Container) -> &'a Resources) -> Option<f64> {
    let mut together = 0.0;
    let mut before: f64 = 0.0;
    let mut all_say = true;
    for one in container::containers(pod) {
        let amount = of(one.spec).get(resource).map(|quantity| quantity.value());
        match one.kind {
            container::ContainerKind::Init => before = before.max(amount.unwrap_or(0.0) + together),
            _ => {
                all_say &= amount.is_some();
                together += amount.unwrap_or(0.0);
            }
        }
    }
    let overhead = pod
        .spec
        .overhead
        .get(resource)
        .map_or(0.0, |quantity| quantity.value());
    all_say.then_some(before.max(together) + overhead)
}

/// Says how a pod is.
pub(super) fn assess(view: &View<'_>, object: &Object, pod: &Pod) -> Assessment {
    if let Some(at) = object.meta.deleted {
        return terminating(view, object, pod, at);
    }
    match &*pod.status.phase {
        "Succeeded" => return Assessment::of(State::ok("completed", "has done its work")),
        "Failed" => return failed(view, object, pod),
        _ => {}
    }
    if pod.spec.node.is_empty() {
        return unscheduled(view, object, pod);
    }
    let warnings = view.warnings(object);
    let mut findings: Vec<_> = container::containers(pod)
        .filter_map(|one| container::assess(view, (object, pod), one, &warnings))
        .collect();
    findings.extend(blocked(object, pod, &warnings));
    findings.extend(on_lost_node(view, object, pod));
    let otherwise = otherwise(pod);
    Assessment::from_findings(findings, otherwise)
}

fn otherwise(pod: &Pod) -> State {
    if condition_is(&pod.status.conditions, "Ready", Status::True).is_some() {
        return State::ok("running", "runs and is ready");
    }
    let gate = pod
        .status
        .conditions
        .iter()
        .find(|one| one.status == Status::False && &*one.reason == "ReadinessGatesNotReady");
    if let Some(gate) = gate {
        return State::new(
            Severity::Progressing,
            "readiness_gate",
            format!("waits for a readiness gate: {}", text::brief(&gate.message)),
        );
    }
    let has_begun = pod
        .status
        .containers
        .iter()
        .any(|one| matches!(one.state, ContainerState::Running(_)));
    if has_begun {
        State::plain(Severity::Progressing, "starting", "is starting")
    } else if pod
        .status
        .init_containers
        .iter()
        .any(|one| matches!(one.state, ContainerState::Running(_)))
    {
        State::plain(Severity::Progressing, "initializing", "runs its init containers")
    } else {
        State::plain(Severity::Progressing, "creating", "is being set up on its node")
    }
}

fn terminating(view: &View<'_>, object: &Object, pod: &Pod, at: i64) -> Assessment {
    // The deletion timestamp of a pod is the end of its grace.
    let over = view.now - at;
    let state = State::plain(Severity::Progressing, "terminating", "is being stopped");
    if over < TERMINATION {
        return Assessment::of(state);
    }
    let stuck = State::new(
        Severity::Warning,
        "stuck_terminating",
        format!("should have been gone {} ago", text::span(over)),
    )
    .with("seconds", over);
    let finalizers: Vec<_> = object.meta.finalizers.iter().map(|one| one.as_str()).collect();
    let finding = Finding::new(
        object,
        stuck,
        "see whether its node answers, what its finalizers wait for, and whether a process cannot be killed",
    )
    .because("metadata.deletionTimestamp", text::time(at))
    .because("metadata.finalizers", finalizers.join(", "))
    .since(seconds(at));
    let mut findings = vec![finding];
    findings.extend(on_lost_node(view, object, pod));
    Assessment::from_findings(findings, state)
}

fn failed(view: &View<'_>, object: &Object, pod: &Pod) -> Assessment {
    let status = &pod.status;
    let of_job = object
        .meta
        .controller()
        .is_some_and(|owner| &*owner.kind == "Job");
    if !status.reason.is_empty() {
        let code = match &*status.reason {
            "Evicted" => "evicted",
            _ => "failed",
        };
        let state = State::new(
            Severity::Warning,
            code,
            format!("has failed: {}: {}", status.reason, text::brief(&status.message)),
        )
        .with("reason", &status.reason)
        .with("message", &status.message);
        let finding = Finding::new(
            object,
            state.clone(),
            "see what its node was short of at that time",
        )
        .because("status.reason", status.reason.as_str())
        .because("status.message", status.message.as_str());
        return Assessment::from_findings(vec![finding], state);
    }
    let warnings = view.warnings(object);
    let mut findings: Vec<_> = container::containers(pod)
        .filter_map(|one| container::assess(view, (object, pod), one, &warnings))
        .collect();
    if of_job {
        // The Job tries again, or says itself that it has failed.
        for finding in &mut findings {
            finding.state.severity = finding.state.severity.min(Severity::Warning);
        }
    }
    let severity = if of_job {
        Severity::Warning
    } else {
        Severity::Critical
    };
    Assessment::from_findings(findings, State::plain(severity, "failed", "has failed"))
}

fn unscheduled(view: &View<'_>, object: &Object, pod: &Pod) -> Assessment {
    let age = view.now - object.meta.created;
    let Some(scheduled) = condition(&pod.status.conditions, "PodScheduled") else {
        let state = State::plain(Severity::Progressing, "scheduling", "waits for a node");
        if age < UNSCHEDULED {
            return Assessment::of(state);
        }
        let state = State::new(
            Severity::Critical,
            "no_scheduler",
            format!(
                "no scheduler has looked at it for {} (schedulerName {})",
                text::span(age),
                pod.spec.scheduler_name
            ),
        )
        .with("scheduler", &pod.spec.scheduler_name);
        let finding = Finding::new(
            object,
            state.clone(),
            "see whether that scheduler exists and runs",
        )
        .because("spec.schedulerName", pod.spec.scheduler_name.as_str())
        .since(seconds(object.meta.created));
        return Assessment::from_findings(vec![finding], state);
    };
    if &*scheduled.reason == "SchedulingGated" {
        return Assessment::of(State::plain(
            Severity::Progressing,
            "scheduling_gated",
            "is held back by a scheduling gate",
        ));
    }
    let state = State::new(
        Severity::Critical,
        "unschedulable",
        format!("no node takes it: {}", text::brief(&scheduled.message)),
    )
    .with("message", &scheduled.message);
    let advice = "compare what it asks for (requests, node selector, affinity, tolerations, claims) with what the nodes \
        have";
    let finding = Finding::new(object, state.clone(), advice).because_of(scheduled);
    Assessment::from_findings(vec![finding], state)
}

/// What keeps the containers of a pod from being made is said by events only.
fn blocked(object: &Object, pod: &Pod, warnings: &[Warning]) -> Option<Finding> {
    let waits = pod.status.containers.is_empty()
        || pod.status.containers.iter().any(|one| {
            matches!(&one.state, ContainerState::Waiting(waiting)
                if matches!(&*waiting.reason, "ContainerCreating" | "PodInitializing"))
        });
    if !waits {
        return None;
    }
    let warning = warnings.iter().find(|one| BLOCKERS.contains(&&*one.reason))?;
    let (code, advice) = match &*warning.reason {
        "FailedMount" | "FailedAttachVolume" | "FailedMapVolume" => (
            "volume_fails",
            "the message names the volume; see its claim, and whether the secret or config map exists",
        ),
        "FailedCreatePodSandBox" | "NetworkNotReady" | "FailedPodSandBoxStatus" => (
            "sandbox_fails",
            "the pod's network cannot be set up: see the network plug-in on that node",
        ),
        _ => ("setup_fails", "see the kubelet's log on that node"),
    };
    let state = State::new(
        Severity::Critical,
        code,
        format!(
            "cannot be set up on {}: {}",
            pod.spec.node,
            text::brief(&warning.message)
        ),
    )
    .with("node", &pod.spec.node)
    .with("reason", &warning.reason)
    .with("message", &warning.message);
    Some(
        Finding::new(object, state, advice)
            .because_warned(warning)
            .since(seconds(object.meta.created)),
    )
}

/// What a pod says of itself is old once its node is silent.
fn on_lost_node(view: &View<'_>, object: &Object, pod: &Pod) -> Option<Finding> {
    use crate::objects::Body;
    let node = view.store.find(&Kind::Node, "", &pod.spec.node);
    let Some(node) = node else {
        if !view.knows(&Kind::Node) {
            return None;
        }
        let state = State::new(
            Severity::Critical,
            "node_gone",
            format!("its node {} does not exist any more", pod.spec.node),
        )
        .with("node", &pod.spec.node);
        return Some(
            Finding::new(object, state, "delete the pod, so that it is made anew")
                .because("spec.nodeName", pod.spec.node.as_str()),
        );
    };
    let Body::Node(body) = &node.body else {
        return None;
    };
    let ready = condition(&body.status.conditions, "Ready")?;
    if ready.status == Status::True {
        return None;
    }
    let state = State::new(
        Severity::Unknown,
        "node_not_ready",
        format!("its node {} is not ready", pod.spec.node),
    )
    .with("node", &pod.spec.node);
    Some(Finding::new(object, state, "see the node").because_of(ready))
}
