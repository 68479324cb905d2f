//! Metrics of Jobs and CronJobs.

use crate::objects::{CronJob, Job, Status};
use crate::state::row::{
    CREATED, OWNER, Of, Out, Row, Stability, VERSION, created, exists, flag, owners, resource_version,
};

/// Reasons of a failed Job that have a series each.
const FAILURES: &[&str] = &["BackoffLimitExceeded", "DeadlineExceeded", "Evicted"];

pub(in crate::state) const JOBS: &[Row<Job>] = &[
    Row::stable("kube_job_info", "There is such a Job.", exists),
    Row::stable("kube_job_created", CREATED, created),
    Row::stable("kube_job_owner", OWNER, owners),
    Row::labels("kube_job_labels", Stability::Stable),
    Row::annotations("kube_job_annotations"),
    Row::stable(
        "kube_job_spec_parallelism",
        "Pods that may run at a time.",
        |job, out| {
            out.maybe(job.body.spec.parallelism);
        },
    ),
    Row::stable(
        "kube_job_spec_completions",
        "Pods that must succeed.",
        |job, out| {
            out.maybe(job.body.spec.completions);
        },
    ),
    Row::stable(
        "kube_job_spec_active_deadline_seconds",
        "How long the Job may take.",
        |job, out| {
            out.time(job.body.spec.active_deadline_seconds);
        },
    ),
    Row::stable("kube_job_status_active", "Pods that run.", |job, out| {
        out.value(job.body.status.active);
    }),
    Row::stable("kube_job_status_succeeded", "Pods that succeeded.", |job, out| {
        out.value(job.body.status.succeeded);
    }),
    Row::stable(
        "kube_job_status_failed",
        "Pods that failed, or why the Job failed.",
        failed,
    ),
    Row::stable(
        "kube_job_complete",
        "Whether the Job succeeded: 1 for the status that it has.",
        |job, out| {
            condition(job, "Complete", out);
        },
    ),
    Row::stable(
        "kube_job_failed",
        "Whether the Job failed: 1 for the status that it has.",
        |job, out| {
            condition(job, "Failed", out);
        },
    ),
    Row::stable(
        "kube_job_status_start_time",
        "When the Job began, in seconds since 1970.",
        |job, out| {
            out.time(job.body.status.start_time);
        },
    ),
    Row::stable(
        "kube_job_status_completion_time",
        "When the Job succeeded, in seconds since 1970.",
        |job, out| {
            out.time(job.body.status.completion_time);
        },
    ),
    Row::experimental(
        "kube_job_status_suspended",
        "Whether the Job is held.",
        |job, out| {
            for condition in &job.body.status.conditions {
                if &*condition.kind == "Suspended" {
                    out.value(flag(condition.status == Status::True));
                }
            }
        },
    ),
];

pub(in crate::state) const CRON_JOBS: &[Row<CronJob>] = &[
    Row::stable("kube_cronjob_info", "Schedule of the CronJob.", |job, out| {
        let spec = &job.body.spec;
        out.info(&[
            ("schedule", &spec.schedule),
            ("concurrency_policy", &spec.concurrency_policy),
            ("timezone", spec.time_zone.as_deref().unwrap_or("local")),
        ]);
    }),
    Row::stable("kube_cronjob_created", CREATED, created),
    Row::stable(
        "kube_cronjob_metadata_resource_version",
        VERSION,
        resource_version,
    ),
    Row::labels("kube_cronjob_labels", Stability::Stable),
    Row::annotations("kube_cronjob_annotations"),
    Row::stable(
        "kube_cronjob_spec_suspend",
        "Whether the CronJob is held.",
        |job, out| {
            out.maybe(job.body.spec.suspend);
        },
    ),
    Row::stable(
        "kube_cronjob_spec_starting_deadline_seconds",
        "How late a Job may be started.",
        |job, out| {
            out.time(job.body.spec.starting_deadline_seconds);
        },
    ),
    Row::experimental(
        "kube_cronjob_spec_successful_job_history_limit",
        "How many Jobs are kept that succeeded.",
        |job, out| out.maybe(job.body.spec.successful_jobs_history_limit),
    ),
    Row::experimental(
        "kube_cronjob_spec_failed_job_history_limit",
        "How many Jobs are kept that failed.",
        |job, out| out.maybe(job.body.spec.failed_jobs_history_limit),
    ),
    Row::stable("kube_cronjob_status_active", "Jobs that run.", |job, out| {
        out.value(job.body.status.active.0);
    }),
    Row::stable(
        "kube_cronjob_status_last_schedule_time",
        "When a Job was made last, in seconds since 1970.",
        |job, out| out.time(job.body.status.last_schedule_time),
    ),
    Row::experimental(
        "kube_cronjob_status_last_successful_time",
        "When a Job succeeded last, in seconds since 1970.",
        |job, out| out.time(job.body.status.last_successful_time),
    ),
    Row::stable(
        "kube_cronjob_next_schedule_time",
        "When the next Job is due after the last one, in seconds since 1970.",
        |job, out| {
            if job.body.spec.suspend != Some(true) {
                out.time(job.body.next);
            }
        },
    ),
];

fn condition(job: &Of<'_, Job>, kind: &str, out: &mut Out<'_>) {
    for condition in &job.body.status.conditions {
        if *condition.kind == *kind {
            out.condition(condition.status);
        }
    }
}

/// Without failures 0; with a known reason one sample a known reason; else the number of pods without a reason.
fn failed(job: &Of<'_, Job>, out: &mut Out<'_>) {
    let status = &job.body.status;
    if status.failed == 0 {
        out.value(0);
        return;
    }
    let mut is_known = false;
    for condition in status.conditions.iter().filter(|one| &*one.kind == "Failed") {
        is_known |= FAILURES.contains(&&*condition.reason);
        out.states("reason", FAILURES, &condition.reason);
    }
    if !is_known {
        out.add(&[("reason", "")], status.failed.into());
    }
}
