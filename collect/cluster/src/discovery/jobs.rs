//! Keeps the jobs of a cluster in step with its credentials and with the monitors that it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use scrape::{OfferProblem, OfferedJob, ScrapeHandle};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::TargetOptions;
use super::builtin::BuiltIn;
use super::credentials::Credentials;
use super::monitors::{self, Caller, Keys, MonitorStatus};
use crate::client::Access;
use crate::cluster::ClusterHandle;
use crate::objects::Kind;

/// Certificates, tokens and keys of secrets are rotated; files of a kubeconfig are read for each connection anyhow.
const REFRESH: Duration = Duration::from_secs(60);
/// Services come and go, and with them what monitors make needless.
const LOOK: Duration = Duration::from_secs(30);
/// Changes of monitors often come many at a time.
const SETTLE: Duration = Duration::from_millis(500);
/// Monitors may make jobs needless: the first jobs wait for them so long.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// The jobs of one cluster.
pub struct ClusterTargets {
    /// What the cluster is called; the label `cluster` of its targets.
    pub name: String,
    /// Where it is.
    pub access: Access,
    /// Which jobs there are.
    pub options: TargetOptions,
}

/// What is needed to make jobs, and what came of it.
struct Work {
    targets: Arc<ClusterTargets>,
    cluster: ClusterHandle,
    credentials: Credentials,
    keys: Keys,
    jobs: Vec<OfferedJob>,
    status: Vec<MonitorStatus>,
    too_many: usize,
}

/// The keeping of the jobs.
struct Keeper {
    scraping: ScrapeHandle,
    /// `None` only while somebody works on it.
    work: Option<Work>,
    keys_read: Instant,
    offered: Vec<OfferedJob>,
    /// Jobs that scraping does not run, and why.
    refused: BTreeMap<String, String>,
    complaint: String,
    warned_of_many: bool,
}

/// Scraping has stopped, or the process is about to.
struct Over;

impl ClusterTargets {
    /// Asks for the jobs, and again when something of what they depend on has changed, until told to stop.
    pub async fn run(self, cluster: ClusterHandle, scraping: ScrapeHandle, stop: CancellationToken) {
        if !self.options.enabled {
            return;
        }
        let keeper = Keeper {
            scraping,
            work: Some(Work {
                targets: Arc::new(self),
                cluster,
                credentials: Credentials::default(),
                keys: Keys::default(),
                jobs: Vec::new(),
                status: Vec::new(),
                too_many: 0,
            }),
            keys_read: Instant::now(),
            offered: Vec::new(),
            refused: BTreeMap::new(),
            complaint: String::new(),
            warned_of_many: false,
        };
        // What is half done when the process stops is of no use.
        _ = stop.run_until_cancelled(keeper.run()).await;
    }
}

impl Keeper {
    async fn run(mut self) {
        let Some(cluster) = self.work.as_ref().map(|work| work.cluster.clone()) else {
            return;
        };
        let begun = Instant::now();
        while !cluster.is_synced() && begun.elapsed() < PATIENCE {
            sleep(PAUSE).await;
        }
        loop {
            if self.pass().await.is_err() {
                return;
            }
            let changed = async {
                cluster.monitor_book().wait().await;
                sleep(SETTLE).await;
            };
            tokio::select! {
                () = changed => {}
                () = sleep(LOOK) => {}
            }
        }
    }

    /// Makes the jobs, and asks for them if they are not as before.
    async fn pass(&mut self) -> Result<(), Over> {
        let mut work = self.work.take().ok_or(Over)?;
        let access = work.targets.access.clone();
        let loaded = spawn_blocking(move || Credentials::load(&access)).await;
        match loaded.unwrap_or_else(|_| Err("reading the credentials panicked".to_owned())) {
            Ok(credentials) => {
                work.credentials = credentials;
                self.complaint.clear();
            }
            Err(error) => {
                self.complain(&work.targets.name, error);
                if self.offered.is_empty() {
                    self.work = Some(work);
                    return Ok(());
                }
            }
        }
        let cluster = work.cluster.clone();
        if self.keys_read.elapsed() >= REFRESH {
            self.keys_read = Instant::now();
            work.keys
                .learn(monitors::read(cluster.client(), work.keys.wanted()).await);
        }
        let (mut work, unread) = made(work).await?;
        if !unread.is_empty() {
            work.keys.learn(monitors::read(cluster.client(), unread).await);
            (work, _) = made(work).await?;
        }
        self.offer(&mut work).await?;
        self.note(&mut work);
        self.work = Some(work);
        Ok(())
    }

    fn complain(&mut self, cluster: &str, error: String) {
        if error != self.complaint {
            tracing::warn!(cluster, error, "the cluster's own targets cannot be scraped");
            self.complaint = error;
        }
    }

    /// Asks for the jobs if they are not as before.
    async fn offer(&mut self, work: &mut Work) -> Result<(), Over> {
        let jobs = std::mem::take(&mut work.jobs);
        if jobs == self.offered {
            return Ok(());
        }
        let cluster = &work.targets.name;
        let owner = format!("cluster {cluster}");
        let problems = self.scraping.offer(&owner, jobs.clone()).await;
        let problems = problems.map_err(|_| Over)?;
        self.offered = jobs;
        let mut refused = BTreeMap::new();
        for OfferProblem { job, reason } in problems {
            if self.refused.get(&job) != Some(&reason) {
                tracing::warn!(cluster, job, reason, "a job of the cluster is not run");
            }
            refused.insert(job, reason);
        }
        self.refused = refused;
        Ok(())
    }

    /// Tells what became of the monitors.
    fn note(&mut self, work: &mut Work) {
        let mut status = std::mem::take(&mut work.status);
        for one in &mut status {
            let refused = one.jobs.iter().filter_map(|job| self.refused.get(job));
            let refused: Vec<_> = refused.cloned().collect();
            one.problems.extend(refused);
        }
        let cluster = &work.targets.name;
        for news in work.cluster.monitor_book().note(status) {
            let kind = news.kind.as_str();
            let (namespace, name) = (news.namespace, news.name);
            let problems = news.problems.join("; ");
            tracing::warn!(
                cluster,
                kind,
                namespace,
                name,
                problems,
                "a monitor does not work as it is written"
            );
        }
        if work.too_many > 0 && !self.warned_of_many {
            let (most, more) = (monitors::MAX_MONITORS, work.too_many);
            tracing::warn!(
                cluster,
                most,
                more,
                "the cluster has more monitors than are acted on"
            );
            self.warned_of_many = true;
        }
    }
}

/// Makes the jobs where that may take long. Returns the keys of secrets that are still to be read, too.
async fn made(mut work: Work) -> Result<(Work, BTreeSet<monitors::Reference>), Over> {
    let making = spawn_blocking(move || {
        let unread = work.make();
        (work, unread)
    });
    making.await.map_err(|error| {
        tracing::error!(%error, "making the jobs of a cluster panicked; they stay as they are");
        Over
    })
}

impl Work {
    fn make(&mut self) -> BTreeSet<monitors::Reference> {
        let ClusterTargets { name, options, .. } = &*self.targets;
        let caller = Caller {
            cluster: name,
            credentials: &self.credentials,
            credentials_for: &options.credentials_for,
        };
        let built_in = BuiltIn {
            cluster: name,
            credentials: &self.credentials,
            options,
        };
        self.jobs = built_in.jobs();
        let own = Own {
            cluster: name,
            jobs: self.jobs.iter().map(|job| job.name.clone()).collect(),
            state_metrics: self.cluster.config().metrics_interval.is_some(),
        };
        let services = self.cluster.store().list(&Kind::Service);
        let (monitors, too_many) = self.cluster.monitor_book().monitors(&options.leave_out);
        self.too_many = too_many;
        self.keys.begin();
        let mut needless = BTreeSet::new();
        self.status.clear();
        for monitor in monitors {
            let mut made = monitors::make(&monitor, caller, &mut self.keys);
            own.part(&mut made, monitors::overlaps(&monitor, &services), &mut needless);
            self.status.push(MonitorStatus {
                kind: monitor.kind,
                namespace: monitor.namespace.clone(),
                name: monitor.name.clone(),
                jobs: made.jobs.iter().map(|job| job.name.clone()).collect(),
                problems: made.problems,
            });
            self.jobs.extend(made.jobs);
        }
        let is_given = |job: &str| {
            let own = job.split_once('/').map_or(job, |(_, own)| own);
            options.addresses.contains_key(own)
        };
        self.jobs
            .retain(|job| !needless.contains(&job.name) || is_given(&job.name));
        self.keys.unread()
    }
}

/// What every cluster has.
struct Own<'a> {
    cluster: &'a str,
    /// Names of jobs.
    jobs: BTreeSet<String>,
    /// Whether the state of objects is delivered.
    state_metrics: bool,
}

impl Own<'_> {
    /// Leaves one of two jobs with the same targets: a monitor's if it works, and notes the other in `needless`.
    fn part(
        &self,
        made: &mut monitors::Made,
        overlaps: Vec<monitors::Overlap>,
        needless: &mut BTreeSet<String>,
    ) {
        let mut gone = BTreeSet::new();
        for monitors::Overlap { endpoint, job } in overlaps {
            let Some(of_monitor) = made.jobs.get(endpoint) else {
                continue;
            };
            let own = format!("{}/{job}", self.cluster);
            if job == monitors::STATE_METRICS && self.state_metrics {
                made.problems.push(format!(
                    "spec.endpoints[{endpoint}] is left out: its series are delivered already; metrics_interval: 0s of \
                     the cluster takes them from {job} instead"
                ));
                gone.insert(endpoint);
            } else if self.jobs.contains(&own) && of_monitor.hindrance.is_some() {
                made.problems.push(format!(
                    "spec.endpoints[{endpoint}] is left out: the job {own} has its targets"
                ));
                gone.insert(endpoint);
            } else {
                needless.insert(own);
            }
        }
        let mut endpoint = 0;
        made.jobs.retain(|_| {
            endpoint += 1;
            !gone.contains(&(endpoint - 1))
        });
    }
}
