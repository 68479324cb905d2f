//! What others ask of scraping: its state, for the API, and reloads.

use std::sync::Arc;

use model::{EditableLabels, Labels, Millis, Sink};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::{Command, OfferProblem, ReloadError, ScrapeHandle};
use crate::config::{Config, ConfigError, OfferedJob};
use crate::pool::PoolView;
use crate::status::{
    ActiveTarget, MetadataRequest, PoolStatus, RelabelStep, ReloadStatus, ScrapeStatus, TargetMetadata,
};
use crate::worker::TargetState;

/// Entries of metadata that a request may get, whatever it asks for.
const MAX_METADATA: usize = 1_000_000;

impl ScrapeHandle {
    /// Reads the file again and takes it over. If that fails, the configuration before stays in force.
    ///
    /// # Errors
    /// There is no file, it is wrong, or what it asks for cannot be set up.
    pub async fn reload(&self) -> Result<Vec<String>, ReloadError> {
        let (warnings, ()) = self.reload_if(|_| Ok(())).await?;
        Ok(warnings)
    }

    /// Reads the file again and takes it over if `check` finds no mistakes in what scraping does not read of it.
    /// Returns warnings, and what `check` made of it; `check` runs where it may block.
    ///
    /// # Errors
    /// There is no file, it is wrong, or what it asks for cannot be set up.
    pub async fn reload_if<T: Send + 'static>(
        &self,
        check: impl FnOnce(&Config) -> Result<T, Vec<String>> + Send + 'static,
    ) -> Result<(Vec<String>, T), ReloadError> {
        let result = self.try_reload(check).await;
        let error = result.as_ref().err().map(|error| model::with_causes(error));
        self.note_reload(error);
        result
    }

    /// Notes that a part of the process other than scraping could not take over the configuration that was read last.
    pub fn note_failed_reload(&self, why: String) {
        self.note_reload(Some(why));
    }

    fn note_reload(&self, error: Option<String>) {
        let view = &self.view;
        view.shared.metrics.reloaded(error.is_none());
        let now = view.shared.clock.now();
        let mut status = view.reload.lock();
        status.successful = error.is_none();
        if error.is_none() {
            status.last_success = Some(now);
        }
        status.error = error;
    }

    async fn try_reload<T: Send + 'static>(
        &self,
        check: impl FnOnce(&Config) -> Result<T, Vec<String>> + Send + 'static,
    ) -> Result<(Vec<String>, T), ReloadError> {
        let path = self.view.path.clone().ok_or(ReloadError::NoFile)?;
        let loaded = spawn_blocking(move || {
            let config = Config::load(&path)?;
            let checked = check(&config).map_err(|mistakes| ConfigError { path, mistakes })?;
            Ok::<_, ConfigError>((config, checked))
        });
        let (config, checked) = loaded.await.map_err(|_| ReloadError::Stopped)??;
        let warnings = config.warnings.clone();
        self.apply(config).await?;
        Ok((warnings, checked))
    }

    /// Takes over a configuration that did not come from the file.
    ///
    /// # Errors
    /// What it asks for cannot be set up; the configuration before stays in force.
    pub async fn apply(&self, config: Config) -> Result<(), ReloadError> {
        let (done, answer) = oneshot::channel();
        let config = Box::new(config);
        let sent = self.commands.send(Command::Apply { config, done }).await;
        sent.map_err(|_| ReloadError::Stopped)?;
        answer.await.map_err(|_| ReloadError::Stopped)?
    }

    /// Runs jobs that are not in the file, in place of those that the same owner asked for before. Jobs that stay as
    /// they were are left alone. Returns those that cannot be run.
    ///
    /// # Errors
    /// Scraping has stopped.
    pub async fn offer(&self, owner: &str, jobs: Vec<OfferedJob>) -> Result<Vec<OfferProblem>, ReloadError> {
        let (done, answer) = oneshot::channel();
        let command = Command::Offer {
            owner: owner.to_owned(),
            jobs,
            done,
        };
        let sent = self.commands.send(command).await;
        sent.map_err(|_| ReloadError::Stopped)?;
        answer.await.map_err(|_| ReloadError::Stopped)
    }

    /// Returns what became of the last reload.
    pub fn reload_status(&self) -> ReloadStatus {
        self.view.reload.lock().clone()
    }

    /// Returns the configuration in force as YAML, secrets replaced by `<secret>`.
    pub fn config_yaml(&self) -> String {
        self.view.printed.lock().clone()
    }

    /// Returns one job as YAML, secrets replaced by `<secret>`; `None` if there is no such job.
    pub fn pool_config(&self, pool: &str) -> Option<String> {
        let pools = self.view.pools.read();
        pools.get(pool)?.job.as_ref().map(|job| job.printed.clone())
    }

    /// Returns the labels for what leaves this process.
    pub fn external_labels(&self) -> Labels {
        self.view.external_labels.lock().clone()
    }

    /// Returns all jobs with their targets.
    pub fn status(&self) -> ScrapeStatus {
        let pools = self.view.pools.read().clone();
        let pools = pools.into_iter().map(|(name, view)| self.pool_status(name, view));
        ScrapeStatus {
            pools: pools.collect(),
        }
    }

    /// Returns the targets of one job, none if there is no such job.
    pub fn targets(&self, pool: &str) -> Vec<ActiveTarget> {
        let view = self.view.pools.read().get(pool).cloned();
        let states = view.map(|view| view.active).unwrap_or_default();
        states.iter().map(|state| self.active(pool, state)).collect()
    }

    fn pool_status(&self, name: String, view: PoolView) -> PoolStatus {
        let active = view
            .active
            .iter()
            .map(|state| self.active(&name, state))
            .collect();
        PoolStatus {
            name,
            active,
            dropped: view.dropped,
            n_dropped: view.n_dropped,
            problems: view.problems,
        }
    }

    fn active(&self, pool: &str, state: &TargetState) -> ActiveTarget {
        let target = Arc::clone(&state.plan.lock().target);
        let last = state.last.lock().clone();
        ActiveTarget {
            discovered_labels: target.discovered.clone(),
            labels: target.labels.clone(),
            scrape_pool: pool.to_owned(),
            scrape_url: target.shown_url(),
            global_url: target.global_url(&self.view.shared.host_name),
            last_error: last.error,
            last_scrape: last.at,
            last_scrape_duration: last.took,
            health: last.health,
            scrape_interval: target.interval,
            scrape_timeout: target.timeout,
        }
    }

    /// Returns what targets say about their families.
    pub fn metadata(&self, request: &MetadataRequest) -> Vec<TargetMetadata> {
        let limit = request.limit.unwrap_or(MAX_METADATA).min(MAX_METADATA);
        let states: Vec<_> = {
            let pools = self.view.pools.read();
            pools.values().flat_map(|pool| pool.active.clone()).collect()
        };
        let mut out = Vec::new();
        for state in states {
            let target = Arc::clone(&state.plan.lock().target);
            if !target.matches(&request.matchers) {
                continue;
            }
            for (metric, metadata) in state.metadata.list() {
                if request.metric.as_ref().is_some_and(|wanted| *wanted != metric) {
                    continue;
                }
                if out.len() >= limit {
                    return out;
                }
                out.push(TargetMetadata {
                    target: target.labels.clone(),
                    metric,
                    metadata,
                });
            }
        }
        out
    }

    /// Returns what each of a job's rules makes of discovered labels, up to the one that drops them; `None` if there
    /// is no such job.
    pub fn relabel_steps(&self, pool: &str, discovered: &Labels) -> Option<Vec<RelabelStep>> {
        let job = self.view.pools.read().get(pool)?.job.clone()?;
        let mut labels = EditableLabels::from_packed(discovered.as_packed());
        let mut steps = Vec::with_capacity(job.relabel.len());
        for (rule, text) in job.relabel.iter().zip(&job.relabel_text) {
            let keep = rule.apply(&mut labels);
            steps.push(RelabelStep {
                rule: text.clone(),
                output: labels.to_labels().unwrap_or_default(),
                keep,
            });
            if !keep {
                break;
            }
        }
        Some(steps)
    }

    /// Reports the metrics of scraping.
    pub fn report(&self, out: &mut dyn Sink) {
        let counts = {
            let pools = self.view.pools.read();
            let active = pools.values().map(|pool| pool.active.len()).sum();
            (active, pools.values().map(|pool| pool.n_dropped).sum())
        };
        let reload_ok = self.view.reload.lock().successful;
        self.view.shared.metrics.report(out, counts, reload_ok);
    }

    /// Returns when the configuration in force was taken over.
    pub fn configured_at(&self) -> Option<Millis> {
        self.view.reload.lock().last_success
    }
}
