//! The targets of one job, kept in step with what discovery finds and what the configuration says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::client::HttpClient;
use crate::config::Job;
use crate::discovery::{Found, Groups, TargetGroup};
use crate::status::DroppedTarget;
use crate::target::{self, Populated, Target};
use crate::worker::{self, Plan, Shared, TargetState};

/// Targets of all jobs; beyond, those found last are left out and named as a problem.
const MAX_TARGETS: usize = 100_000;
/// Problems that are kept to be shown.
const MAX_PROBLEMS: usize = 10;

/// What the API may look at without waiting for a scrape.
#[derive(Clone, Default)]
pub(crate) struct PoolView {
    pub(crate) job: Option<Arc<Job>>,
    pub(crate) active: Vec<Arc<TargetState>>,
    pub(crate) dropped: Vec<DroppedTarget>,
    pub(crate) n_dropped: usize,
    pub(crate) problems: Vec<String>,
}

/// A target that is being scraped.
struct Running {
    state: Arc<TargetState>,
    stop: CancellationToken,
}

/// One job.
pub(crate) struct Pool {
    pub(crate) job: Arc<Job>,
    client: Arc<HttpClient>,
    /// What each source of the job found last, by the number of the source and the name of the group.
    groups: BTreeMap<usize, BTreeMap<String, Arc<TargetGroup>>>,
    /// The configuration of the sources that the groups come from.
    generation: u64,
    /// Grows with each change of the job.
    revision: u64,
    running: HashMap<u64, Running>,
    dropped: Vec<DroppedTarget>,
    n_dropped: usize,
    problems: Vec<String>,
}

/// What label sets come to under a job.
struct Sorted {
    targets: Vec<Target>,
    dropped: Vec<DroppedTarget>,
    n_dropped: usize,
    problems: Vec<String>,
}

impl Pool {
    pub(crate) fn new(job: Arc<Job>, client: Arc<HttpClient>) -> Self {
        Self {
            job,
            client,
            groups: BTreeMap::new(),
            generation: 0,
            revision: 0,
            running: HashMap::new(),
            dropped: Vec::new(),
            n_dropped: 0,
            problems: Vec::new(),
        }
    }

    /// Takes over another configuration; the next [`Pool::sync`] brings it to the targets.
    pub(crate) fn change(&mut self, job: Arc<Job>, client: Arc<HttpClient>) {
        self.job = job;
        self.client = client;
        self.revision += 1;
    }

    /// Takes what a source found. What older sources found stays until a newer one has found something.
    pub(crate) fn take(&mut self, found: Found) {
        if found.generation < self.generation {
            return;
        }
        if found.generation > self.generation {
            self.generation = found.generation;
            self.groups.clear();
        }
        let known = self.groups.entry(found.number).or_default();
        let groups = match found.groups {
            Groups::All(groups) => {
                known.clear();
                groups
            }
            Groups::Changed(groups) => groups,
        };
        for group in groups {
            if group.targets.is_empty() {
                known.remove(&group.source);
            } else {
                known.insert(group.source.clone(), Arc::new(group));
            }
        }
    }

    /// Starts and stops targets so that they are those that were found.
    pub(crate) async fn sync(&mut self, shared: &Arc<Shared>, workers: &mut JoinSet<()>) {
        let job = Arc::clone(&self.job);
        let groups: Vec<_> = self.groups.values().flat_map(BTreeMap::values).cloned().collect();
        // Rules for thousands of targets take long.
        let sorting = tokio::task::spawn_blocking(move || sort(&job, &groups)).await;
        let sorted = match sorting {
            Ok(sorted) => sorted,
            Err(error) => {
                tracing::error!(job = self.job.name, %error, "relabelling targets panicked; the targets stay as they are");
                return;
            }
        };
        for problem in &sorted.problems {
            tracing::warn!(job = self.job.name, %problem, "a target is left out");
        }
        let limit = self.job.limits.targets;
        let too_many = limit > 0 && sorted.targets.len() as u64 > limit;
        let forced_error = self.job.hindrance.clone().or_else(|| {
            too_many.then(|| {
                format!(
                    "target_limit of {limit} exceeded: the job has {} targets",
                    sorted.targets.len()
                )
            })
        });
        self.dropped = sorted.dropped;
        self.n_dropped = sorted.n_dropped;
        self.problems = sorted.problems;
        let mut wanted = HashMap::with_capacity(sorted.targets.len());
        for target in sorted.targets {
            // Of targets that differ in what rules drop only, the last is shown, as Prometheus has it.
            wanted.insert(target.hash, target);
        }
        self.running.retain(|hash, running| {
            let stays = wanted.contains_key(hash);
            if !stays {
                running.stop.cancel();
            }
            stays
        });
        for (hash, target) in wanted {
            let plan = Plan {
                job: Arc::clone(&self.job),
                client: Arc::clone(&self.client),
                target: Arc::new(target),
                forced_error: forced_error.clone(),
                generation: self.revision,
            };
            if let Some(running) = self.running.get(&hash) {
                *running.state.plan.lock() = plan;
                continue;
            }
            let state = Arc::new(TargetState::new(plan));
            let stop = CancellationToken::new();
            workers.spawn(worker::run(Arc::clone(&state), Arc::clone(shared), stop.clone()));
            self.running.insert(hash, Running { state, stop });
        }
    }

    /// Tells all targets to end.
    pub(crate) fn stop(&mut self) {
        for running in self.running.values() {
            running.stop.cancel();
        }
        self.running.clear();
    }

    /// Returns what the API may look at.
    pub(crate) fn view(&self) -> PoolView {
        let mut active: Vec<_> = self
            .running
            .values()
            .map(|running| Arc::clone(&running.state))
            .collect();
        active.sort_by_cached_key(|state| {
            let plan = state.plan.lock();
            (plan.target.url.to_string(), plan.target.hash)
        });
        PoolView {
            job: Some(Arc::clone(&self.job)),
            active,
            dropped: self.dropped.clone(),
            n_dropped: self.n_dropped,
            problems: self.problems.clone(),
        }
    }
}

/// Applies the job's rules to everything that was found.
fn sort(job: &Job, groups: &[Arc<TargetGroup>]) -> Sorted {
    let mut sorted = Sorted {
        targets: Vec::new(),
        dropped: Vec::new(),
        n_dropped: 0,
        problems: Vec::new(),
    };
    let kept_dropped = match usize::try_from(job.limits.kept_dropped_targets) {
        Ok(0) | Err(_) => MAX_TARGETS,
        Ok(limit) => limit,
    };
    for group in groups {
        for (i, own) in group.targets.iter().enumerate() {
            let populated = target::discovered(job, own, &group.labels)
                .and_then(|discovered| target::populate(job, discovered));
            match populated {
                Ok(Populated::Target(target)) if sorted.targets.len() < MAX_TARGETS => {
                    sorted.targets.push(*target)
                }
                Ok(Populated::Target(_)) => {
                    problem(&mut sorted.problems, || {
                        format!("the job has more than {MAX_TARGETS} targets")
                    });
                }
                Ok(Populated::Dropped(discovered_labels)) => {
                    sorted.n_dropped += 1;
                    if sorted.dropped.len() < kept_dropped {
                        sorted.dropped.push(DroppedTarget {
                            discovered_labels,
                            scrape_pool: job.name.clone(),
                        });
                    }
                }
                Err(error) => problem(&mut sorted.problems, || {
                    let reason = model::with_causes(&error);
                    format!("target {i} of group {:?}: {reason}", group.source)
                }),
            }
        }
    }
    sorted
}

fn problem(problems: &mut Vec<String>, text: impl FnOnce() -> String) {
    if problems.len() < MAX_PROBLEMS {
        problems.push(text());
    }
}
