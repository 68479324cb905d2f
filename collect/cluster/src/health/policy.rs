//! How autoscalers, disruption budgets, quotas and namespaces are.

use super::text;
use super::{Assessment, Finding, Severity, State, View, condition_is, seconds};
use crate::objects::{
    Body, BudgetStatus, HorizontalPodAutoscaler, Namespace, Object, PodDisruptionBudget, ResourceQuota,
    Status,
};

/// A namespace is empty within this time.
const PATIENCE: i64 = 120;

pub(super) fn assess(view: &View<'_>, object: &Object) -> Assessment {
    match &object.body {
        Body::HorizontalPodAutoscaler(one) => scaled(object, one),
        Body::PodDisruptionBudget(one) => budgeted(object, one),
        Body::ResourceQuota(one) => limited(object, one),
        Body::Namespace(one) => named(view, object, one),
        _ => Assessment::of(State::ok("exists", "exists")),
    }
}

fn scaled(object: &Object, autoscaler: &HorizontalPodAutoscaler) -> Assessment {
    let conditions = &autoscaler.status.conditions;
    let mut findings = Vec::new();
    for (kind, severity, words) in [
        (
            "ScalingActive",
            Severity::Critical,
            "cannot tell how many pods are needed",
        ),
        ("AbleToScale", Severity::Critical, "cannot scale its target"),
    ] {
        // A target that is scaled to zero is left alone on purpose.
        let Some(one) =
            condition_is(conditions, kind, Status::False).filter(|one| &*one.reason != "ScalingDisabled")
        else {
            continue;
        };
        let state = State::new(
            severity,
            "autoscaler_fails",
            format!("{words}: {}", text::brief(&one.message)),
        )
        .with("message", &one.message);
        let advice = "see whether its target exists, whether its pods have requests, and whether the metrics API answers";
        findings.push(Finding::new(object, state, advice).because_of(one));
    }
    if let Some(one) = condition_is(conditions, "ScalingLimited", Status::True)
        && &*one.reason == "TooManyReplicas"
    {
        let state = State::new(
            Severity::Warning,
            "autoscaler_at_maximum",
            format!("wants more than its maximum of {}", autoscaler.spec.max_replicas),
        )
        .with("maximum", autoscaler.spec.max_replicas);
        findings.push(Finding::new(object, state, "raise maxReplicas if the load is real").because_of(one));
    }
    let status = &autoscaler.status;
    let otherwise = State::new(
        Severity::Ok,
        "scaling",
        format!(
            "keeps {} between {} and {}",
            text::count(i64::from(status.current_replicas), "pod", "pods"),
            autoscaler.spec.min_replicas.unwrap_or(1),
            autoscaler.spec.max_replicas
        ),
    );
    Assessment::from_findings(findings, otherwise)
}

fn budgeted(object: &Object, budget: &PodDisruptionBudget) -> Assessment {
    let BudgetStatus {
        current_healthy: healthy,
        desired_healthy: desired,
        disruptions_allowed: allowed,
        expected_pods: expected,
        ..
    } = budget.status;
    if expected > 0 && healthy < desired {
        let state = State::new(
            Severity::Warning,
            "budget_exceeded",
            format!("{healthy} of {desired} pods are healthy: no node with its pods can be drained"),
        )
        .with("healthy", healthy)
        .with("desired", desired);
        let finding = Finding::new(object, state, "see why its pods are not healthy").because(
            "status",
            format!("currentHealthy {healthy}, desiredHealthy {desired}"),
        );
        return Assessment::from_findings(vec![finding], State::default());
    }
    if expected > 0 && allowed == 0 && desired >= expected {
        let state = State::new(
            Severity::Warning,
            "budget_blocks",
            format!("allows no pod of {expected} to be evicted, ever: no node with its pods can be drained"),
        )
        .with("pods", expected);
        let finding = Finding::new(
            object,
            state,
            "run more pods than minAvailable, or allow one to be missing",
        )
        .because(
            "status",
            format!("desiredHealthy {desired}, expectedPods {expected}, disruptionsAllowed 0"),
        );
        return Assessment::from_findings(vec![finding], State::default());
    }
    let state = State::new(
        Severity::Ok,
        "budget_kept",
        format!(
            "{} may be evicted now",
            text::count(i64::from(allowed), "pod", "pods")
        ),
    );
    Assessment::of(state.with("allowed", allowed))
}

fn limited(object: &Object, quota: &ResourceQuota) -> Assessment {
    let used_up = quota.status.hard.iter().filter_map(|(name, hard)| {
        let used = quota.status.used.get(name)?.value();
        let hard = hard.value();
        (used >= hard && used > 0.0).then_some((name, used, hard))
    });
    let findings = used_up.map(|(name, used, hard)| {
        let state = State::new(
            Severity::Warning,
            "quota_used_up",
            format!("{name} is used up: {used} of {hard}"),
        )
        .with("resource", name)
        .with("used", used)
        .with("hard", hard);
        Finding::new(object, state, "raise the quota, or free some of it")
            .because(format!("status.used[{name}]"), format!("{used}, hard {hard}"))
    });
    Assessment::from_findings(findings.collect(), State::ok("within_quota", "has room"))
}

fn named(view: &View<'_>, object: &Object, namespace: &Namespace) -> Assessment {
    if &*namespace.status.phase != "Terminating" {
        return Assessment::of(State::ok("active", "is active"));
    }
    let since = object.meta.deleted.unwrap_or(object.meta.created);
    let waits = view.now - since;
    let state = State::plain(
        Severity::Progressing,
        "terminating",
        "is being deleted with all that is in it",
    );
    if waits < PATIENCE {
        return Assessment::of(state);
    }
    let stuck = State::new(
        Severity::Warning,
        "stuck_terminating",
        format!("is to be deleted since {} and is not", text::span(waits)),
    )
    .with("seconds", waits);
    let mut finding = Finding::new(
        object,
        stuck,
        "the conditions name what is left and what holds it: objects with finalizers, or an API that does not answer",
    )
    .since(seconds(since));
    for one in namespace
        .status
        .conditions
        .iter()
        .filter(|one| one.status == Status::True)
    {
        finding = finding.because_of(one);
    }
    Assessment::from_findings(vec![finding], state)
}
