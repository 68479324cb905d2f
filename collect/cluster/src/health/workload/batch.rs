//! How Jobs and CronJobs are.

use std::sync::Arc;

use super::super::text;
use super::super::{Assessment, Finding, Severity, State, View, condition_is, seconds};
use super::of_pods;
use crate::objects::{Body, CronJob, Job, Object, Status};

/// A CronJob is late when its Job is not there so long after its time.
const LATE: i64 = 90;

/// Says how a Job is.
pub(super) fn job(view: &View<'_>, object: &Object, job: &Job, pods: &[Arc<Object>]) -> Assessment {
    let conditions = &job.status.conditions;
    if condition_is(conditions, "Complete", Status::True).is_some() {
        return Assessment::of(State::ok("completed", "has done its work"));
    }
    let mut findings = of_pods(view, pods, true);
    if let Some(failed) = condition_is(conditions, "Failed", Status::True) {
        let mut sentence = format!("has failed: {}", text::brief(&failed.message));
        if let Some(worst) = findings.first() {
            sentence.push_str("; ");
            sentence.push_str(&worst.state.sentence);
        }
        let state = State::new(Severity::Critical, "job_failed", sentence)
            .with("reason", &failed.reason)
            .with("message", &failed.message);
        let advice = "read the log of its last pod; a Job that has failed is not tried again";
        findings.insert(0, Finding::new(object, state, advice).because_of(failed));
        return Assessment::from_findings(findings, State::default());
    }
    if condition_is(conditions, "Suspended", Status::True).is_some() || job.spec.suspend == Some(true) {
        return Assessment::of(State::ok("suspended", "is suspended"));
    }
    let done = job.status.succeeded;
    let wanted = job.spec.completions.or(job.spec.parallelism).unwrap_or(1);
    let otherwise = if job.status.active > 0 {
        State::new(
            Severity::Progressing,
            "job_running",
            format!(
                "runs: {} at work, {done} of {wanted} done",
                text::count(i64::from(job.status.active), "pod", "pods")
            ),
        )
    } else {
        State::plain(Severity::Progressing, "job_starting", "is starting")
    };
    Assessment::from_findings(findings, otherwise)
}

/// Says how a CronJob is.
pub(super) fn cron_job(view: &View<'_>, object: &Object, cron: &CronJob) -> Assessment {
    if cron.spec.suspend == Some(true) {
        return Assessment::of(State::ok("suspended", "is suspended"));
    }
    let mut findings = Vec::new();
    let newest = view
        .jobs_of(object)
        .iter()
        .max_by_key(|job| (job.meta.created, job.meta.resource_version));
    if let Some(newest) = newest
        && let Body::Job(body) = &newest.body
        && condition_is(&body.status.conditions, "Failed", Status::True).is_some()
    {
        let last = super::assess(view, newest);
        findings.extend(last.findings);
        let state = State::new(
            Severity::Warning,
            "last_job_failed",
            format!("its last Job, {}, {}", newest.meta.name, last.state.sentence),
        )
        .with("job", &newest.meta.name);
        let finding = Finding::new(object, state, "see the Job's pods and their logs")
            .since(seconds(newest.meta.created));
        findings.insert(0, finding);
        // The Job's own findings explain; the CronJob itself goes on.
        for finding in &mut findings {
            finding.state.severity = finding.state.severity.min(Severity::Warning);
        }
    }
    let late = cron.next.map(|next| view.now - next).filter(|late| *late > LATE);
    let waits_for_last = &*cron.spec.concurrency_policy == "Forbid" && cron.status.active.0 > 0;
    if let Some(late) = late.filter(|_| !waits_for_last) {
        let state = State::new(
            Severity::Warning,
            "missed_schedule",
            format!("should have started a Job {} ago", text::span(late)),
        )
        .with("seconds", late);
        findings.push(
            Finding::new(
                object,
                state,
                "see the CronJob's events, its startingDeadlineSeconds, and whether kube-controller-manager runs",
            )
            .because("spec.schedule", cron.spec.schedule.as_str())
            .because(
                "status.lastScheduleTime",
                cron.status.last_schedule_time.map(text::time).unwrap_or_default(),
            ),
        );
    }
    let otherwise = match cron.next {
        Some(next) => State::new(
            Severity::Ok,
            "scheduled",
            format!("next Job {}", text::time(next)),
        )
        .with("next", next.saturating_mul(1000)),
        None => State::plain(Severity::Warning, "bad_schedule", "its schedule cannot be read"),
    };
    Assessment::from_findings(findings, otherwise)
}
