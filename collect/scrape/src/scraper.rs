//! All jobs: sources, pools, reloads, and the view for the API.
//!
//! [`Scraper::run`] owns every task: one for each source and one for each target. [`ScrapeHandle`] is what others
//! hold: it reads the view and asks for reloads.

mod handle;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use model::{Clock, Ingest, Labels};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_64;

use crate::client::HttpClient;
use crate::config::{Config, ConfigError, Job, OfferedJob};
use crate::discovery::{self, Discovery, Found, GroupSink, Groups, Sources};
use crate::metrics::Metrics;
use crate::pool::{Pool, PoolView};
use crate::status::ReloadStatus;
use crate::worker::Shared;

/// Messages of sources that wait for being taken; a source waits while there are so many.
const FOUND: usize = 64;
/// Reloads that wait.
const RELOADS: usize = 4;
/// Bound of the wait for the last samples of all targets.
const END: Duration = Duration::from_secs(10);

/// Why a configuration is not taken over. The one before stays in force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Scraping runs without a file.
    #[error("there is no configuration file: name one with --config")]
    NoFile,
    /// What a job needs is not to be had.
    #[error("job {job:?} cannot be set up: {reason}")]
    Job {
        /// The job.
        job: String,
        /// What is missing.
        reason: String,
    },
    /// Scraping has stopped.
    #[error("scraping has stopped")]
    Stopped,
}

/// What scraping needs from outside.
pub struct ScraperOptions {
    /// The file that a reload reads again.
    pub path: Option<PathBuf>,
    /// Where samples go.
    pub ingest: Arc<dyn Ingest>,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Name of this machine as others know it.
    pub host_name: String,
    /// How many pages are read at the same time; as many as there are CPUs is a good number.
    pub readers: usize,
    /// Where the sources come from that scraping does not know itself.
    pub sources: Option<Arc<dyn Sources>>,
}

/// An offered job that is not run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferProblem {
    /// The job.
    pub job: String,
    /// What is wrong.
    pub reason: String,
}

/// What is asked of the scraper.
enum Command {
    Apply {
        config: Box<Config>,
        done: oneshot::Sender<Result<(), ReloadError>>,
    },
    Offer {
        owner: String,
        jobs: Vec<OfferedJob>,
        done: oneshot::Sender<Vec<OfferProblem>>,
    },
}

/// What the scraper and its handles share.
struct View {
    shared: Arc<Shared>,
    path: Option<PathBuf>,
    pools: RwLock<BTreeMap<String, PoolView>>,
    printed: Mutex<String>,
    external_labels: Mutex<Labels>,
    reload: Mutex<ReloadStatus>,
}

/// Reads what scraping does, and asks for reloads. Cloning copies a pointer.
#[derive(Clone)]
pub struct ScrapeHandle {
    view: Arc<View>,
    commands: mpsc::Sender<Command>,
}

/// A source of targets that runs.
struct Searching {
    stop: CancellationToken,
}

/// Everything of a job that can fail to be made, made.
struct Prepared {
    job: Arc<Job>,
    client: Arc<HttpClient>,
    /// `None` if the sources are those that run already.
    sources: Option<Vec<Box<dyn Discovery>>>,
}

/// Scrapes.
pub struct Scraper {
    view: Arc<View>,
    pools: BTreeMap<String, Pool>,
    searching: BTreeMap<String, Searching>,
    generation: u64,
    workers: JoinSet<()>,
    searches: JoinSet<()>,
    commands: mpsc::Receiver<Command>,
    found_in: mpsc::Sender<Found>,
    found: mpsc::Receiver<Found>,
    sources: Option<Arc<dyn Sources>>,
    config: Config,
    /// Jobs that are not in the file, by who asks for them.
    offers: BTreeMap<String, Vec<OfferedJob>>,
}

impl Scraper {
    /// Prepares scraping by a configuration; nothing runs yet.
    pub fn new(config: Config, options: ScraperOptions) -> (Self, ScrapeHandle) {
        let seed_text = format!("{}{}", options.host_name, config.external_labels);
        let now = options.clock.now();
        let shared = Arc::new(Shared {
            ingest: options.ingest,
            clock: options.clock,
            readers: Arc::new(Semaphore::new(options.readers.max(1))),
            bodies: Arc::new(AtomicUsize::new(0)),
            seed: xxh3_64(seed_text.as_bytes()),
            metrics: Metrics::default(),
            host_name: options.host_name,
        });
        let view = Arc::new(View {
            shared,
            path: options.path,
            pools: RwLock::default(),
            printed: Mutex::new(config.printed.clone()),
            external_labels: Mutex::new(config.external_labels.clone()),
            reload: Mutex::new(ReloadStatus {
                successful: true,
                last_success: Some(now),
                error: None,
            }),
        });
        let (commands_in, commands) = mpsc::channel(RELOADS);
        let (found_in, found) = mpsc::channel(FOUND);
        let handle = ScrapeHandle {
            view: Arc::clone(&view),
            commands: commands_in,
        };
        let scraper = Self {
            view,
            pools: BTreeMap::new(),
            searching: BTreeMap::new(),
            generation: 0,
            workers: JoinSet::new(),
            searches: JoinSet::new(),
            commands,
            found_in,
            found,
            sources: options.sources,
            config,
            offers: BTreeMap::new(),
        };
        (scraper, handle)
    }

    /// Scrapes until `stop`; then all series end and the last samples are handed over.
    ///
    /// # Errors
    /// The configuration that it was made with cannot be set up.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), ReloadError> {
        self.apply(self.config.clone()).await?;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(command) = self.commands.recv() => self.obey(command).await,
                Some(found) = self.found.recv() => self.take(found).await,
                Some(ended) = self.workers.join_next() => named(ended, "a target"),
                Some(ended) = self.searches.join_next() => named(ended, "a source of targets"),
            }
        }
        self.end().await;
        Ok(())
    }

    /// Takes what sources found, together with all that waits.
    async fn take(&mut self, found: Found) {
        let mut touched = vec![Arc::clone(&found.job)];
        let mut next = Some(found);
        while let Some(found) = next {
            if !touched.contains(&found.job) {
                touched.push(Arc::clone(&found.job));
            }
            if let Some(pool) = self.pools.get_mut(&*found.job) {
                pool.take(found);
            }
            next = self.found.try_recv().ok();
        }
        for job in touched {
            self.sync(&job).await;
        }
    }

    async fn sync(&mut self, job: &str) {
        let Some(pool) = self.pools.get_mut(job) else {
            return;
        };
        pool.sync(&self.view.shared, &mut self.workers).await;
        self.view.pools.write().insert(job.to_owned(), pool.view());
    }

    async fn obey(&mut self, command: Command) {
        // Whoever asked may have gone.
        match command {
            Command::Apply { config, done } => drop(done.send(self.apply(*config).await)),
            Command::Offer { owner, jobs, done } => {
                if jobs.is_empty() {
                    self.offers.remove(&owner);
                } else {
                    self.offers.insert(owner, jobs);
                }
                drop(done.send(self.take_over(Vec::new()).await));
            }
        }
    }

    /// Takes over a configuration as a whole, or not at all.
    async fn apply(&mut self, config: Config) -> Result<(), ReloadError> {
        let mut prepared = Vec::with_capacity(config.jobs.len());
        for job in &config.jobs {
            prepared.extend(self.prepare(job)?);
        }
        self.config = config;
        for OfferProblem { job, reason } in self.take_over(prepared).await {
            tracing::warn!(job, reason, "a job that is not in the file cannot be run");
        }
        *self.view.printed.lock() = self.config.printed.clone();
        *self.view.external_labels.lock() = self.config.external_labels.clone();
        Ok(())
    }

    /// Prepares the jobs that are not in the file. Returns the names of those that run, what is to be set up, and
    /// what is wrong with the rest.
    fn prepare_offered(&self) -> (HashSet<String>, Vec<Prepared>, Vec<OfferProblem>) {
        let mut names: HashSet<String> = self.config.jobs.iter().map(|job| job.name.clone()).collect();
        let (mut prepared, mut problems) = (Vec::new(), Vec::new());
        for offered in self.offers.values().flatten() {
            let mut problem = |reason| {
                problems.push(OfferProblem {
                    job: offered.name.clone(),
                    reason,
                });
            };
            if names.contains(&offered.name) {
                problem("there is another job of this name".to_owned());
                continue;
            }
            let made = self.config.make_job(offered).map_err(ReloadError::from);
            match made.and_then(|job| self.prepare(&job)) {
                Ok(made) => {
                    names.insert(offered.name.clone());
                    prepared.extend(made);
                }
                Err(error) => problem(model::with_causes(&error)),
            }
        }
        (names, prepared, problems)
    }

    /// Ends the jobs that nobody asks for any more, and sets up those that are new or have changed: those of the
    /// file, which are prepared already, and those that others ask for. Returns what is wrong with the latter.
    async fn take_over(&mut self, mut prepared: Vec<Prepared>) -> Vec<OfferProblem> {
        let (names, offered, problems) = self.prepare_offered();
        prepared.extend(offered);
        self.generation += 1;
        let gone: Vec<_> = self
            .pools
            .keys()
            .filter(|name| !names.contains(*name))
            .cloned()
            .collect();
        for name in gone {
            if let Some(mut pool) = self.pools.remove(&name) {
                pool.stop();
            }
            if let Some(searching) = self.searching.remove(&name) {
                searching.stop.cancel();
            }
            self.view.pools.write().remove(&name);
        }
        for prepared in prepared {
            self.set_up(prepared).await;
        }
        problems
    }

    /// Makes what a job needs; nothing if it is as before.
    fn prepare(&self, job: &Arc<Job>) -> Result<Option<Prepared>, ReloadError> {
        let running = self.pools.get(&job.name);
        if running.is_some_and(|pool| pool.job == *job) {
            return Ok(None);
        }
        let fail = |reason| ReloadError::Job {
            job: job.name.clone(),
            reason,
        };
        let bodies = &self.view.shared.bodies;
        let client = HttpClient::new(job.http.clone(), Arc::clone(bodies))
            .map_err(|error| fail(model::with_causes(&error)))?;
        let same_sources = running.is_some_and(|pool| pool.job.discovery == job.discovery);
        let sources = if same_sources {
            None
        } else {
            let sources = job
                .discovery
                .iter()
                .map(|config| discovery::of_config(config, bodies, self.sources.as_deref()));
            Some(sources.collect::<Result<_, _>>().map_err(fail)?)
        };
        Ok(Some(Prepared {
            job: Arc::clone(job),
            client: Arc::new(client),
            sources,
        }))
    }

    async fn set_up(&mut self, prepared: Prepared) {
        let name = prepared.job.name.clone();
        match self.pools.get_mut(&name) {
            Some(pool) => pool.change(prepared.job, prepared.client),
            None => {
                self.pools
                    .insert(name.clone(), Pool::new(prepared.job, prepared.client));
            }
        }
        if let Some(sources) = prepared.sources {
            self.search(&name, sources);
        }
        self.sync(&name).await;
    }

    /// Starts the sources of a job in place of those that run.
    fn search(&mut self, name: &str, sources: Vec<Box<dyn Discovery>>) {
        if let Some(before) = self.searching.remove(name) {
            before.stop.cancel();
        }
        let stop = CancellationToken::new();
        let job: Arc<str> = Arc::from(name);
        let none = sources.is_empty();
        for (number, source) in sources.into_iter().enumerate() {
            let out = GroupSink {
                out: self.found_in.clone(),
                job: Arc::clone(&job),
                number,
                generation: self.generation,
            };
            self.searches.spawn(source.search(out, stop.clone()));
        }
        self.searching.insert(name.to_owned(), Searching { stop });
        if none && let Some(pool) = self.pools.get_mut(name) {
            // A job without sources has no targets, at once.
            pool.take(Found {
                job,
                number: 0,
                generation: self.generation,
                groups: Groups::All(Vec::new()),
            });
        }
    }

    async fn end(mut self) {
        for searching in self.searching.values() {
            searching.stop.cancel();
        }
        self.searches.abort_all();
        for pool in self.pools.values_mut() {
            pool.stop();
        }
        let ended = async {
            while let Some(ended) = self.workers.join_next().await {
                named(ended, "a target");
            }
        };
        if tokio::time::timeout(END, ended).await.is_err() {
            tracing::warn!("not all targets ended in time; their series end with the lookback");
        }
    }
}

fn named(ended: Result<(), tokio::task::JoinError>, what: &str) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "{what} panicked and is not scraped any more");
    }
}
