//! One target's scrapes: when they happen, and what each leaves behind.
//!
//! A scrape is due at a fixed place of each interval, counted from 1970, so that the samples of a target stand at
//! equal distances over restarts too. Its samples get that time exactly unless it begins more than a tenth of the
//! interval late: equal distances cost no space. Each target is a task of its own that waits for nobody but its
//! server; reading pages takes CPU and is done on other threads, a few at a time.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use model::{Clock, Ingest, Millis};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

mod report;
mod scrape;

use self::scrape::{Done, Scrape};
use crate::append::{MetadataCache, TargetMemory};
use crate::client::HttpClient;
use crate::config::Job;
use crate::metrics::Metrics;
use crate::status::TargetHealth;
use crate::target::Target;

/// What all targets share.
pub(crate) struct Shared {
    pub(crate) ingest: Arc<dyn Ingest>,
    pub(crate) clock: Arc<dyn Clock>,
    /// How many pages are read at the same time.
    pub(crate) readers: Arc<Semaphore>,
    /// Bytes of all answers.
    pub(crate) bodies: Arc<AtomicUsize>,
    /// Parts the places of this server's scrapes from those of others.
    pub(crate) seed: u64,
    pub(crate) metrics: Metrics,
    /// Name of this machine as others know it.
    pub(crate) host_name: String,
}

/// How a target is scraped now; a reload replaces it.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) job: Arc<Job>,
    pub(crate) client: Arc<HttpClient>,
    pub(crate) target: Arc<Target>,
    /// Why every scrape fails, whatever the server says.
    pub(crate) forced_error: Option<String>,
    /// Grows with each change of the job.
    pub(crate) generation: u64,
}

/// What is known about a target, for its task and for the API.
pub(crate) struct TargetState {
    pub(crate) plan: Mutex<Plan>,
    pub(crate) last: Mutex<LastScrape>,
    pub(crate) metadata: MetadataCache,
}

/// The last scrape of a target.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastScrape {
    pub(crate) at: Option<Millis>,
    pub(crate) took: Duration,
    pub(crate) health: TargetHealth,
    pub(crate) error: String,
}

impl TargetState {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan: Mutex::new(plan),
            last: Mutex::default(),
            metadata: MetadataCache::default(),
        }
    }
}

/// Scrapes a target until `stop`; then its series end.
pub(crate) async fn run(state: Arc<TargetState>, shared: Arc<Shared>, stop: CancellationToken) {
    let mut memory = TargetMemory::default();
    let mut last_at: Option<Millis> = None;
    let mut generation = None;
    loop {
        let (interval, offset) = {
            let plan = state.plan.lock();
            (interval_ms(&plan.target), plan.target.offset_ms(shared.seed))
        };
        let now = shared.clock.now();
        let due = next_due(now.max(last_at.map_or(now, |last| last + 1)), interval, offset);
        if let Some(last) = last_at {
            let missed = (due - last) / interval - 1;
            shared.metrics.missed(usize::try_from(missed).unwrap_or(0));
        }
        let wait = Duration::from_millis(u64::try_from(due - now).unwrap_or(0));
        if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            break;
        }
        let began = shared.clock.now();
        let at = scrape_time(due, began, interval);
        if at != due {
            shared.metrics.late();
        }
        let plan = state.plan.lock().clone();
        if generation.replace(plan.generation) != Some(plan.generation) {
            memory.forget_texts();
        }
        last_at = Some(at);
        // A scrape under way is given up at a stop: its series end then.
        let page = stop.run_until_cancelled(fetch(&plan)).await;
        let Some(fetched) = page else { break };
        let scrape = Scrape {
            plan,
            state: Arc::clone(&state),
            shared: Arc::clone(&shared),
            at,
            began,
        };
        memory = finish(scrape, fetched, memory).await;
    }
    let Some(last) = last_at else { return };
    let at = shared.clock.now().max(last + 1);
    let end = spawn_blocking(move || scrape::end(&state, &shared, memory, at));
    if let Err(error) = end.await {
        tracing::error!(%error, "ending the series of a target panicked");
    }
}

/// An answer, or why there is none, and when it was asked for.
pub(crate) struct Fetched {
    answer: Result<crate::client::Answer, String>,
    too_large: bool,
    since: Instant,
}

async fn fetch(plan: &Plan) -> Fetched {
    let since = Instant::now();
    let mut too_large = false;
    let answer = match &plan.forced_error {
        Some(reason) => Err(reason.clone()),
        None => {
            let fetched = scrape::fetch(plan).await;
            fetched.map_err(|error| {
                too_large = error.is_too_large();
                model::with_causes(&error)
            })
        }
    };
    Fetched {
        answer,
        too_large,
        since,
    }
}

/// Reads the page on another thread.
async fn finish(scrape: Scrape, fetched: Fetched, memory: TargetMemory) -> TargetMemory {
    let Ok(permit) = Arc::clone(&scrape.shared.readers).acquire_owned().await else {
        return memory;
    };
    let url = scrape.plan.target.url.clone();
    let work = spawn_blocking(move || {
        let Done { memory } = scrape::finish(&scrape, fetched, memory);
        drop(permit);
        memory
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(url = %crate::client::shown(&url), %error, "reading a page panicked");
        TargetMemory::default()
    })
}

fn interval_ms(target: &Target) -> Millis {
    Millis::try_from(target.interval.as_millis())
        .unwrap_or(Millis::MAX)
        .max(1)
}

/// Returns the first time from `from` on that stands at `offset` in its interval.
fn next_due(from: Millis, interval: Millis, offset: Millis) -> Millis {
    from + (offset - from).rem_euclid(interval)
}

/// Returns the time of the samples of a scrape: the one it was due at, unless it began too late.
fn scrape_time(due: Millis, began: Millis, interval: Millis) -> Millis {
    if (began - due).abs() <= interval / 10 {
        due
    } else {
        began
    }
}

#[cfg(test)]
mod tests;
