//! Jobs and CronJobs.

use serde::Deserialize;

use crate::objects::Text;
use crate::objects::value::{Condition, Count, List, Schedule, option_time};

/// A Job.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Job {
    /// What is wanted.
    pub spec: JobSpec,
    /// How it is.
    pub status: JobStatus,
}

/// What is wanted of a Job.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobSpec {
    /// How many pods at a time.
    pub parallelism: Option<i32>,
    /// How many pods must succeed.
    pub completions: Option<i32>,
    /// How long it may take.
    pub active_deadline_seconds: Option<i64>,
    /// How many pods may fail.
    pub backoff_limit: Option<i32>,
    /// Whether it is held.
    pub suspend: Option<bool>,
}

/// How a Job is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobStatus {
    /// Pods that run.
    pub active: i32,
    /// Pods that succeeded.
    pub succeeded: i32,
    /// Pods that failed.
    pub failed: i32,
    /// When its controller took it on, in seconds since 1970.
    #[serde(deserialize_with = "option_time")]
    pub start_time: Option<i64>,
    /// When it succeeded, in seconds since 1970.
    #[serde(deserialize_with = "option_time")]
    pub completion_time: Option<i64>,
    /// Conditions.
    pub conditions: List<Condition>,
}

/// A CronJob.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CronJob {
    /// What is wanted.
    pub spec: CronJobSpec,
    /// How it is.
    pub status: CronJobStatus,
    /// When the next Job is due, in seconds since 1970, counted from the last one or from its own creation; `None`
    /// if its schedule cannot be read.
    #[serde(skip)]
    pub next: Option<i64>,
}

/// What is wanted of a CronJob.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CronJobSpec {
    /// When, in cron's fields.
    pub schedule: Text,
    /// Time zone of the schedule, by its IANA name.
    pub time_zone: Option<Text>,
    /// What happens when the last Job is not done: `Allow`, `Forbid` or `Replace`.
    pub concurrency_policy: Text,
    /// Whether it is held.
    pub suspend: Option<bool>,
    /// How late a Job may be started.
    pub starting_deadline_seconds: Option<i64>,
    /// How many Jobs are kept that succeeded.
    pub successful_jobs_history_limit: Option<i32>,
    /// How many Jobs are kept that failed.
    pub failed_jobs_history_limit: Option<i32>,
}

/// How a CronJob is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CronJobStatus {
    /// Jobs that run.
    pub active: Count,
    /// When a Job was made last, in seconds since 1970.
    #[serde(deserialize_with = "option_time")]
    pub last_schedule_time: Option<i64>,
    /// When a Job succeeded last, in seconds since 1970.
    #[serde(deserialize_with = "option_time")]
    pub last_successful_time: Option<i64>,
}

impl CronJob {
    /// Works out when the next Job is due; `created` is 0 if that is not known.
    pub(in crate::objects) fn plan(&mut self, created: i64) {
        let zone = self.spec.time_zone.as_deref();
        let schedule = Schedule::parse(&self.spec.schedule, zone);
        let after = self
            .status
            .last_schedule_time
            .or((created != 0).then_some(created));
        self.next = schedule.zip(after).map(|(schedule, after)| schedule.next(after));
    }
}
