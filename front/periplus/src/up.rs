//! `periplus up`: all roles in one process; `periplus server` and `periplus agent` are parts of it, by the same path.
//!
//! Order of the start: folder, store and lake, agent, clusters, server, words. Order of the stop: the server refuses new work and
//! ends what is open, the agent hands over its last samples, forwarders note how far they came, lake and store bring
//! everything to disk. A part that
//! ends by itself ends the whole, by the same path.

mod collecting;
mod config;
mod forwarding;
mod greeting;
mod hints;
mod node;
mod orders;
mod own_metrics;
mod reload;
mod scraping;
mod settings;
mod watching;

use std::convert::Infallible;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;
use std::time::Duration;

use agent::{Agent, AgentStatus, CollectorState};
use anyhow::Context as _;
use lake::Lake;
use lake::events::Events;
use model::{Clock, Millis};
use server::{Degradation, Server, Sources};
use service::signals::Signals;
use service::{Stage, Stages, SystemClock, TaskError, Tasks};
use store::Store;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use self::collecting::Collecting;
pub(crate) use self::config::Scope;
use self::config::UpConfig;
use self::forwarding::{Forwarding, Receivers};
use self::greeting::Greeting;
use self::orders::Orders;
use self::own_metrics::OwnMetrics;
use self::reload::{File, Reloader};
use self::scraping::{Outside, Scraping};
use self::watching::{Destination, Searching, Watching};
use crate::cli::{AgentArgs, UpArgs};
use crate::report::{Failure, OrHint as _};
use crate::screen::{self, Paint};

/// Everything is stopped by then, or said not to be. Kubernetes kills after 30 s, systemd after 90 s.
const STOP_DEADLINE: Duration = Duration::from_secs(20);
/// How long the start waits for the first word of the collectors.
const FIRST_WORD: Duration = Duration::from_millis(1500);
/// The work is waiting for sockets; queries run on threads of their own.
const WORKERS: usize = 2;
/// Threads for queries and files; more wait in a queue.
const MAX_BLOCKING_THREADS: usize = 64;
/// Longer than the usual interval, so that the queries of a page find their thread again; then its stack goes.
const BLOCKING_KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Runs until asked to stop.
///
/// # Errors
/// The command line is wrong, something cannot be opened, or a part failed while running.
pub(crate) fn run(args: &UpArgs, scope: Scope) -> Result<(), Failure> {
    let mut config = UpConfig::check(args)?.scoped(scope);
    let file = config.config.as_deref().map(reload::load).transpose()?;
    if let Some(file) = &file {
        config.adopt(file.settings.clone())?;
    }
    run_as(config, file)
}

/// Collects this machine and sends what comes until asked to stop.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_agent(args: &AgentArgs) -> Result<(), Failure> {
    run_as(node::check(args)?, None)
}

fn run_as(config: UpConfig, file: Option<File>) -> Result<(), Failure> {
    service::log::log_panics();
    if let Err(error) = service::limits::raise_open_files() {
        tracing::warn!(%error, "failed to raise the limit of open files");
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .thread_keep_alive(BLOCKING_KEEP_ALIVE)
        .thread_name("periplus")
        .enable_all()
        .build()
        .context("failed to start the runtime")
        .map_err(Failure::new)?;
    let result = runtime.block_on(up(config, file));
    // What still blocks a thread now was named by the stop.
    runtime.shutdown_background();
    result
}

async fn up(config: UpConfig, file: Option<File>) -> Result<(), Failure> {
    let stop = CancellationToken::new();
    let _attendant = attend_signals(&stop)?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let Some(opened) = stop.run_until_cancelled(open(&config, Arc::clone(&clock))).await else {
        screen::say("stopped while the data folder was being opened; nothing was changed");
        return Ok(());
    };
    let (store, lake) = opened?;
    let kept = Kept {
        store: Arc::clone(&store),
        lake,
        clock,
    };
    let mut running = match Running::start(config, file, kept.clone(), &stop) {
        Ok(running) => running,
        Err(failure) => {
            kept.close().await;
            return Err(failure);
        }
    };
    let greeting = running.greeting.take();
    let mut tasks = Tasks::new(stop.clone());
    if let Some(server) = running.server.take() {
        tasks.start("server", server.run(stop.clone()));
    }
    if let Some((scraping, reloader)) = running.scraping.take() {
        if let Some(searching) = running.searching.take() {
            let clusters = running.watching.as_ref().map(|watching| &*watching.handles);
            let clusters = clusters.unwrap_or_default();
            searching.start((&scraping.handle, clusters), &mut tasks, &stop);
        }
        scraping.start(reloader, &mut tasks, &stop);
    }
    if let Some(watching) = running.watching.take() {
        watching.start(&mut tasks, &stop);
    }
    let greeted = greet(greeting, &running, &stop).await;
    let ended = match greeted {
        Ok(()) => tasks.watch().await,
        Err(_) => Ok(()),
    };
    stop.cancel();
    shut_down(running, tasks).await;
    greeted
        .context("failed to write to standard output")
        .map_err(Failure::new)?;
    ended.map_err(part_failed)
}

/// Watches for signals as long as what it returns lives, also during the stop: a second signal ends that.
fn attend_signals(stop: &CancellationToken) -> Result<Tasks, Failure> {
    let signals = Signals::install()
        .context("failed to catch signals")
        .map_err(Failure::new)?;
    let mut attendant = Tasks::new(stop.clone());
    let stop = stop.clone();
    attendant.start("signals", async move {
        signals.watch(stop, leave_at_once).await;
        Ok::<(), Infallible>(())
    });
    Ok(attendant)
}

/// What keeps data, and the present.
#[derive(Clone)]
struct Kept {
    store: Arc<Store>,
    /// `None` in a process that keeps nothing.
    lake: Option<Arc<Lake>>,
    clock: Arc<dyn Clock>,
}

impl Kept {
    /// Closes what is open when the rest could not start.
    async fn close(self) {
        closed(move || {
            if let Some(lake) = self.lake {
                lake.close();
            }
            self.store.close();
        })
        .await;
    }
}

/// Everything between the folder and the words.
struct Running {
    store: Arc<Store>,
    lake: Option<Arc<Lake>>,
    collecting: Arc<Collecting>,
    server: Option<Server>,
    scraping: Option<(Scraping, Option<Reloader>)>,
    searching: Option<Searching>,
    watching: Option<Watching>,
    forwarding: Arc<Forwarding>,
    greeting: Option<Greeting>,
}

impl Running {
    fn start(
        config: UpConfig,
        file: Option<File>,
        Kept { store, lake, clock }: Kept,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        let forwarding = Arc::new(Forwarding::new((&config.data, config.hold), (&store, &clock)));
        config.send_by(&forwarding)?;
        let watched = config.watched()?;
        let (searching, sources) = Searching::new(&watched, &clock);
        let to = Outside {
            ingest: Arc::clone(&store) as _,
            clock: Arc::clone(&clock),
            host_name: config.instance.clone(),
            sources,
        };
        let scraping = match file {
            Some(file) => Some(start_configured(file, &config, (&forwarding, &store), to)?),
            // Clusters have targets of their own.
            None if !watched.is_empty() => Some((Scraping::unconfigured(to)?, None)),
            None => None,
        };
        let handle = scraping.as_ref().map(|(scraping, _)| scraping.handle.clone());
        let own = OwnMetrics::new((Arc::clone(&store), lake.clone()), Arc::clone(&forwarding));
        let extras = vec![own.as_extra()];
        let agent = Agent::start(
            config.agent(),
            extras,
            Arc::clone(&store) as _,
            Arc::clone(&clock),
        )
        .map_err(Failure::new)?;
        let collecting = Arc::new(Collecting::new(agent));
        let watching = Watching::new(
            watched,
            &Destination {
                ingest: Arc::clone(&store) as _,
                events: lake.clone().map(|lake| Arc::new(Events::new(lake)) as _),
                clock: Arc::clone(&clock),
                instance: config.instance.clone(),
            },
        )?;
        let token = config.rotated_token()?;
        let now = clock.now();
        let sources = Sources {
            store: Arc::clone(&store),
            query: Arc::clone(&store) as _,
            ingest: Arc::clone(&store) as _,
            collection: Some(Arc::clone(&collecting) as _),
            scraping: handle.clone().map(|handle| Arc::new(handle) as _),
            forwarding: Some(Arc::clone(&forwarding) as _),
            lake: lake.clone(),
            clusters: watching.handles.clone(),
            lifecycle: config.enable_lifecycle.then(|| {
                Arc::new(Orders {
                    reloader: scraping.as_ref().and_then(|(_, reloader)| reloader.clone()),
                    stop: stop.clone(),
                }) as _
            }),
            clock,
            degraded: degraded(&config, lake.as_deref(), now),
            host: config.instance.clone(),
            retention: config.retention,
            retention_bytes: config.retention_bytes,
            interval: config.interval,
        };
        let limits = sources.degraded.clone();
        let server = Server::bind(config.server(), sources).map_err(|error| hints::server(error, &config))?;
        if let Some((_, Some(reloader))) = &scraping {
            reloader.complete(server.adjuster());
        }
        own.complete(&collecting, (server.reporter(), handle, watching.handles.clone()));
        let greeting = Greeting::new(config, server.announcement().clone(), token, limits)
            .with_clusters(&watching.handles);
        Ok(Self {
            store,
            lake,
            collecting,
            server: Some(server),
            scraping,
            searching: Some(searching),
            watching: Some(watching),
            forwarding,
            greeting: Some(greeting),
        })
    }
}

/// Returns what does not work from the start.
fn degraded(config: &UpConfig, lake: Option<&Lake>, now: Millis) -> Vec<Degradation> {
    let mut degraded = config.degradations(now);
    for table in lake.map(Lake::status).unwrap_or_default() {
        if let Some(reason) = table.aside {
            degraded.push(Degradation {
                what: format!(
                    "table {} of the lake: nothing of it is read or kept",
                    table.def.name
                ),
                why: reason.to_string(),
                hint: "put its files right as said, then start again".to_owned(),
                since: now,
            });
        }
    }
    degraded
}

/// Prepares scraping, and begins to forward, as the file says.
fn start_configured(
    file: File,
    config: &UpConfig,
    (forwarding, store): (&Arc<Forwarding>, &Arc<Store>),
    outside: Outside,
) -> Result<(Scraping, Option<Reloader>), Failure> {
    let receivers = Receivers {
        configs: file.settings.receivers.clone(),
        external_labels: file.scraping.external_labels.clone(),
    };
    forwarding.apply(receivers).map_err(|failed| {
        Failure::message("cannot forward to the receivers under remote_write").detail(failed)
    })?;
    let scraping = Scraping::new(file.scraping, Some(&file.path), outside)?;
    let handle = scraping.handle.clone();
    let reloader = Reloader::new(
        handle,
        (Arc::clone(forwarding), Arc::clone(store)),
        (file.path, file.settings),
        config.delta,
    );
    Ok((scraping, Some(reloader)))
}

/// Opens store and lake side by side, without holding up the signals: reading a large log back takes seconds.
async fn open(config: &UpConfig, clock: Arc<dyn Clock>) -> Result<(Arc<Store>, Option<Arc<Lake>>), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .with_context(|| format!("failed to create the data folder {}", config.data.display()))
        .or_hint("choose a folder that this user may write with --data DIR")?;
    let both = tokio::join!(open_store(config, Arc::clone(&clock)), open_lake(config, clock));
    match both {
        (Ok(store), Ok(lake)) => Ok((store, lake)),
        (Ok(store), Err(failure)) => {
            closed(move || store.close()).await;
            Err(failure)
        }
        (Err(failure), lake) => {
            if let Ok(Some(lake)) = lake {
                closed(move || lake.close()).await;
            }
            Err(failure)
        }
    }
}

/// Closes what is open, which blocks a thread, when the rest could not start.
async fn closed(close: impl FnOnce() + Send + 'static) {
    if let Err(error) = spawn_blocking(close).await {
        tracing::error!(%error, "failed to close the data folder");
    }
}

async fn open_store(config: &UpConfig, clock: Arc<dyn Clock>) -> Result<Arc<Store>, Failure> {
    let settings = config.store();
    let opened = spawn_blocking(move || Store::open(settings, clock)).await;
    let store = opened
        .context("opening the store panicked")
        .map_err(Failure::new)?;
    store.map(Arc::new).map_err(hints::store)
}

async fn open_lake(config: &UpConfig, clock: Arc<dyn Clock>) -> Result<Option<Arc<Lake>>, Failure> {
    let Some(settings) = config.lake() else {
        return Ok(None);
    };
    let opened = spawn_blocking(move || Lake::open(settings, clock)).await;
    let lake = opened
        .context("opening the lake panicked")
        .map_err(Failure::new)?;
    lake.map(|lake| Some(Arc::new(lake))).map_err(hints::lake)
}

/// Says the address at once, and the rest when the collectors have had their first word.
async fn greet(
    greeting: Option<Greeting>,
    running: &Running,
    stop: &CancellationToken,
) -> std::io::Result<()> {
    let Some(greeting) = greeting else { return Ok(()) };
    screen::print(&greeting.address(Paint::stdout()))?;
    let heard = stop.run_until_cancelled(first_word(&running.collecting)).await;
    match heard {
        Some(status) => screen::print(&greeting.collection(&status, Paint::stdout())),
        None => Ok(()),
    }
}

/// Waits until no collector is still at its first collection, or for a while.
async fn first_word(collecting: &Collecting) -> AgentStatus {
    let mut ticks = server::Collection::ticks(collecting);
    let all_spoke = |status: &AgentStatus| {
        status
            .collectors
            .iter()
            .all(|one| one.state != CollectorState::Starting)
    };
    let wait = async {
        while !all_spoke(&server::Collection::status(collecting)) {
            if ticks.changed().await.is_err() {
                break;
            }
        }
    };
    // Those that have not spoken by then are shown as what they are.
    _ = tokio::time::timeout(FIRST_WORD, wait).await;
    server::Collection::status(collecting)
}

async fn shut_down(running: Running, tasks: Tasks) {
    let mut stages = Stages::begin(STOP_DEADLINE);
    let server_ends_at = stages.ends_at(Stage::Drain);
    let Running {
        store,
        lake,
        collecting,
        forwarding,
        ..
    } = running;
    stages
        .run(Stage::Drain, "requests, event streams and scrapes", async {
            let errors = tasks.join_until(server_ends_at).await;
            errors.into_iter().next().map_or(Ok(()), Err)
        })
        .await;
    let patience = stages.remaining(Stage::Flush);
    stages
        .run(
            Stage::Flush,
            "the last samples",
            spawn_blocking(move || collecting.stop(patience)),
        )
        .await;
    stages
        .run(
            Stage::Flush,
            "what receivers can still take",
            spawn_blocking(move || forwarding.stop()),
        )
        .await;
    if let Some(lake) = lake {
        let closed = spawn_blocking(move || lake.close());
        stages.run(Stage::Flush, "rows of tables", closed).await;
    }
    stages
        .run(Stage::Close, "the store", spawn_blocking(move || store.close()))
        .await;
    let stopped = stages.finish();
    for unfinished in &stopped.unfinished {
        screen::say(&format!("{} {unfinished}", Paint::stderr().bold("warning:")));
    }
    if stopped.unfinished.is_empty() {
        let took = crate::units::seconds(stopped.took.as_secs_f64());
        screen::say(&format!("stopped in {took}; everything acknowledged is on disk"));
    }
}

fn part_failed(error: TaskError) -> Failure {
    Failure::new(anyhow::Error::new(error).context("a part of periplus ended, so all of it was stopped"))
        .hint("the log above says what came before; PERIPLUS_LOG=debug says more")
}

#[expect(clippy::exit, reason = "the user asked twice: nothing is waited for any more")]
fn leave_at_once(signal: service::signals::StopSignal) {
    screen::say(&format!(
        "{} again: leaving at once; the log is read back at the next start",
        signal.name()
    ));
    std::process::exit(signal.exit_code());
}
