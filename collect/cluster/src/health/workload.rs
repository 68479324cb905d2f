//! How a workload is: Deployments and what else keeps pods running.

mod batch;
mod list;

use std::cmp::Reverse;
use std::sync::Arc;

use super::text;
use super::{Assessment, Finding, Severity, State, View, condition_is};
use crate::graph;
use crate::objects::{Body, Condition, List, Object, Status};

pub use self::list::{WorkloadView, workloads};

/// Findings of pods that are shown for a workload: one of each code is enough to know what to do.
const MAX_FINDINGS: usize = 10;
/// A controller that has not seen a change for so long does not run.
const UNSEEN: i64 = 60;

/// Pods as a workload counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Wanted; `None` where nothing counts it.
    pub(super) desired: Option<i64>,
    pub(super) ready: i64,
    pub(super) updated: Option<i64>,
    pub(super) available: Option<i64>,
}

/// Says how a workload is.
pub(super) fn assess(view: &View<'_>, object: &Arc<Object>) -> Assessment {
    let pods = pods_of(view, object);
    judge(view, object, &pods)
}

/// Returns the pods of a workload, by what the pods and what lies between say.
fn pods_of(view: &View<'_>, object: &Arc<Object>) -> Vec<Arc<Object>> {
    let related = graph::relations(view.store, object);
    let pods = related
        .into_iter()
        .find(|one| one.relation == graph::Relation::Pods);
    pods.map(|pods| pods.objects).unwrap_or_default()
}

/// Says how a workload with these pods is.
pub(super) fn judge(view: &View<'_>, object: &Arc<Object>, pods: &[Arc<Object>]) -> Assessment {
    match &object.body {
        Body::Job(job) => return batch::job(view, object, job, pods),
        Body::CronJob(cron) => return batch::cron_job(view, object, cron),
        Body::Pod(_) => return view.assess(object),
        _ => {}
    }
    let counts = count(object, pods);
    let mut findings = own_findings(view, object);
    let not_ready = counts.desired.is_some_and(|desired| counts.ready < desired);
    findings.extend(of_pods(view, pods, not_ready));
    let state = sum_up(object, &counts, &findings);
    findings.sort_by_key(|one| Reverse(one.state.severity));
    Assessment { state, findings }
}

/// Counts the pods of a workload.
pub(super) fn count(object: &Object, pods: &[Arc<Object>]) -> Counts {
    let wanted = |replicas: Option<i32>| Some(i64::from(replicas.unwrap_or(1)));
    match &object.body {
        Body::Deployment(one) => Counts {
            desired: wanted(one.spec.replicas),
            ready: i64::from(one.status.ready_replicas),
            updated: Some(i64::from(one.status.updated_replicas)),
            available: Some(i64::from(one.status.available_replicas)),
        },
        Body::StatefulSet(one) => Counts {
            desired: wanted(one.spec.replicas),
            ready: i64::from(one.status.ready_replicas),
            updated: Some(i64::from(one.status.updated_replicas)),
            available: Some(i64::from(one.status.available_replicas)),
        },
        Body::DaemonSet(one) => Counts {
            desired: Some(i64::from(one.status.desired_number_scheduled)),
            ready: i64::from(one.status.number_ready),
            updated: Some(i64::from(one.status.updated_number_scheduled)),
            available: Some(i64::from(one.status.number_available)),
        },
        Body::ReplicaSet(one) => Counts {
            desired: wanted(one.spec.replicas),
            ready: i64::from(one.status.ready_replicas),
            updated: None,
            available: Some(i64::from(one.status.available_replicas)),
        },
        Body::ReplicationController(one) => Counts {
            desired: wanted(one.spec.replicas),
            ready: i64::from(one.status.ready_replicas),
            updated: None,
            available: Some(i64::from(one.status.available_replicas)),
        },
        Body::Job(one) => Counts {
            desired: Some(i64::from(
                one.spec.completions.or(one.spec.parallelism).unwrap_or(1),
            )),
            ready: i64::from(one.status.succeeded) + ready_pods(pods),
            updated: None,
            available: None,
        },
        Body::Pod(_) => Counts {
            desired: Some(1),
            ready: ready_pods(pods),
            updated: None,
            available: None,
        },
        _ => Counts {
            desired: None,
            ready: ready_pods(pods),
            updated: None,
            available: None,
        },
    }
}

pub(super) fn ready_pods(pods: &[Arc<Object>]) -> i64 {
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    i64::try_from(ready).unwrap_or(i64::MAX)
}

fn is_ready(pod: &Object) -> bool {
    matches!(&pod.body, Body::Pod(pod) if condition_is(&pod.status.conditions, "Ready", Status::True).is_some())
}

/// What the workload's own status, and warnings about it, say.
fn own_findings(view: &View<'_>, object: &Object) -> Vec<Finding> {
    let mut findings = Vec::new();
    let no_conditions = List::default();
    let (conditions, observed) = match &object.body {
        Body::Deployment(one) => (&one.status.conditions, one.status.observed_generation),
        Body::ReplicaSet(one) => (&one.status.conditions, one.status.observed_generation),
        Body::ReplicationController(one) => (&one.status.conditions, one.status.observed_generation),
        Body::StatefulSet(one) => (&one.status.conditions, one.status.observed_generation),
        Body::DaemonSet(one) => (&one.status.conditions, one.status.observed_generation),
        _ => (&no_conditions, i64::MAX),
    };
    findings.extend(replica_failure(object, conditions));
    if let Some(stuck) = condition_is(conditions, "Progressing", Status::False)
        .filter(|one| &*one.reason == "ProgressDeadlineExceeded")
    {
        let state = State::plain(
            Severity::Warning,
            "rollout_stuck",
            "its newest version has not become available in time",
        );
        let advice =
            "see the pods of the newest version, or go back to the one before (kubectl rollout undo)";
        findings.push(Finding::new(object, state, advice).because_of(stuck));
    }
    let changed_long_ago = view.now - object.meta.created > UNSEEN;
    if observed < object.meta.generation && observed == 0 && changed_long_ago {
        let state = State::plain(
            Severity::Critical,
            "no_controller",
            "no controller has looked at it",
        );
        let advice = "see whether kube-controller-manager runs";
        findings.push(Finding::new(object, state, advice).because(
            "status.observedGeneration",
            format!("{observed}, metadata.generation {}", object.meta.generation),
        ));
    }
    if findings.is_empty() {
        // StatefulSets and DaemonSets have no condition for it.
        let creation = view
            .warnings(object)
            .into_iter()
            .find(|one| &*one.reason == "FailedCreate");
        if let Some(warning) = creation {
            findings.push(cannot_create(object, &warning.message).because_warned(&warning));
        }
    }
    if let Body::Deployment(_) = &object.body {
        // The reason stands at the ReplicaSet in full.
        for set in view.sets_of(object) {
            if let Body::ReplicaSet(body) = &set.body
                && findings.iter().all(|one| !is_creation(one.state.code))
            {
                findings.extend(replica_failure(set, &body.status.conditions));
            }
        }
    }
    findings
}

fn is_creation(code: &str) -> bool {
    matches!(code, "quota_exceeded" | "create_fails")
}

fn replica_failure(object: &Object, conditions: &List<Condition>) -> Option<Finding> {
    let failure = condition_is(conditions, "ReplicaFailure", Status::True)?;
    Some(cannot_create(object, &failure.message).because_of(failure))
}

fn cannot_create(object: &Object, message: &str) -> Finding {
    let (code, words, advice) = if message.contains("exceeded quota") {
        (
            "quota_exceeded",
            "a quota of its namespace is used up",
            "raise the quota, or lower what the pods ask for",
        )
    } else {
        (
            "create_fails",
            "its pods cannot be created",
            "the message names who refuses: a quota, a limit range, a policy, a webhook, or a missing service account",
        )
    };
    let state = State::new(
        Severity::Critical,
        code,
        format!("{words}: {}", text::brief(message)),
    )
    .with("message", message);
    Finding::new(object, state, advice)
}

/// What is wrong with the pods, one finding of each kind, the worst first.
fn of_pods(view: &View<'_>, pods: &[Arc<Object>], not_ready: bool) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut looked: Vec<_> = pods.iter().filter(|pod| worth_a_look(pod, not_ready)).collect();
    // Pods come in no order; the same one is to speak each time.
    looked.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
    for pod in looked {
        for finding in view.assess(pod).findings {
            let same = findings.iter().position(|one| {
                one.state.code == finding.state.code && first_value(one) == first_value(&finding)
            });
            match same.and_then(|i| findings.get_mut(i)) {
                // The newest pod speaks for the others.
                Some(known) if finding.since > known.since => *known = finding,
                Some(_) => {}
                None => findings.push(finding),
            }
            if findings.len() >= MAX_FINDINGS {
                break;
            }
        }
    }
    findings.sort_by_key(|one| Reverse(one.state.severity));
    findings
}

fn first_value(finding: &Finding) -> Option<&(&'static str, String)> {
    finding.state.values.first()
}

/// Pods that are ready and were never restarted have nothing to say; of a hundred thousand most are.
fn worth_a_look(pod: &Object, not_ready: bool) -> bool {
    let Body::Pod(body) = &pod.body else { return false };
    if pod.meta.deleted.is_some() || !is_ready(pod) {
        // Pods that have ended belong to a workload that has others by now.
        return not_ready || !matches!(&*body.status.phase, "Succeeded" | "Failed");
    }
    body.status.containers.iter().any(|one| one.restarts > 0)
}

/// One sentence for a workload that keeps pods running.
fn sum_up(object: &Object, counts: &Counts, findings: &[Finding]) -> State {
    let worst = findings.iter().max_by_key(|one| one.state.severity);
    let Some(desired) = counts.desired else {
        return worst.map_or_else(|| State::ok("running", "runs"), |worst| worst.state.clone());
    };
    let Counts { ready, updated, .. } = *counts;
    if desired == 0 {
        return match &object.body {
            Body::DaemonSet(_) => State::ok("no_nodes", "no node is meant to run it"),
            _ => State::ok("scaled_to_zero", "is scaled to zero"),
        };
    }
    let all_ready = ready >= desired;
    let counted = text::ready_of(ready.min(desired), desired);
    let with_counts = |state: State| state.with("ready", ready).with("desired", desired);
    if let Some(worst) = worst.filter(|worst| worst.state.severity >= Severity::Unknown) {
        let severity = match worst.state.severity {
            // As long as enough pods are ready it does its work.
            Severity::Critical if all_ready || is_available(object, ready) => Severity::Warning,
            severity => severity,
        };
        let state = State {
            severity,
            code: worst.state.code,
            sentence: format!("{counted}; {}", worst.state.sentence).into(),
            values: worst.state.values.clone(),
        };
        return with_counts(state);
    }
    if !all_ready {
        return with_counts(State::new(Severity::Progressing, "starting", counted));
    }
    if updated.is_some_and(|updated| updated < desired) && !is_on_delete(object) {
        return with_counts(State::new(
            Severity::Progressing,
            "rolling_out",
            format!(
                "rolls out: {} of {desired} are of the newest version",
                updated.unwrap_or(0)
            ),
        ))
        .with("updated", updated.unwrap_or(0));
    }
    if let Body::Deployment(one) = &object.body
        && one.spec.paused
    {
        return with_counts(State::ok("paused", "runs; changes to it are paused"));
    }
    with_counts(State::new(Severity::Ok, "running", counted))
}

/// Tells whether a workload has as many ready pods as it needs to do its work.
fn is_available(object: &Object, ready: i64) -> bool {
    match &object.body {
        Body::Deployment(one) => condition_is(&one.status.conditions, "Available", Status::True).is_some(),
        _ => ready > 0,
    }
}

/// Versions of pods are changed only when somebody deletes them.
fn is_on_delete(object: &Object) -> bool {
    match &object.body {
        Body::StatefulSet(one) => one.status.update_revision == one.status.current_revision,
        _ => false,
    }
}
