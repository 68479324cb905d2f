//! Where queries run.
//!
//! A query is CPU and file reads, so it runs on a blocking thread, never on one that answers others. A bounded
//! number runs at once; a slot is held until the thread is really done, also when nobody waits for it any more.
//! The thread is told to stop when the client goes away or the time is over. While few queries run, each may spread
//! its series over more threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use promql::{Interrupt, Job, Workers};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::Semaphore;

use crate::api::answer::{ApiError, ErrorKind};
use crate::metrics::Metrics;

const RUNNING: u8 = 0;
const CANCELLED: u8 = 1;
const TIMED_OUT: u8 = 2;

/// Runs queries.
#[derive(Debug)]
pub(crate) struct QueryPool {
    slots: Arc<Semaphore>,
    metrics: Arc<Metrics>,
    threads: Option<Arc<ThreadPool>>,
}

/// Threads that are lent to a query.
#[derive(Clone, Debug)]
pub(crate) struct Lent {
    threads: Option<Arc<ThreadPool>>,
    metrics: Arc<Metrics>,
}

impl Workers for Lent {
    /// All threads for one query alone, a share for each of several.
    fn width(&self) -> usize {
        let threads = self
            .threads
            .as_ref()
            .map_or(1, |threads| threads.current_num_threads());
        (threads / self.metrics.running.count().max(1)).max(1)
    }

    fn run(&self, jobs: Vec<Job<'_>>, own: &mut dyn FnMut()) {
        match &self.threads {
            Some(threads) => threads.in_place_scope(|scope| {
                for job in jobs {
                    scope.spawn(|_| job());
                }
                own();
            }),
            None => {
                own();
                jobs.into_iter().for_each(|job| job());
            }
        }
    }
}

/// Tells a running query to stop.
#[derive(Debug, Default)]
pub(crate) struct Stop(AtomicU8);

impl Stop {
    /// Returns why the query should stop, `None` to go on.
    pub(crate) fn interrupt(&self) -> Option<Interrupt> {
        match self.0.load(Ordering::Relaxed) {
            RUNNING => None,
            TIMED_OUT => Some(Interrupt::TimedOut),
            _ => Some(Interrupt::Cancelled),
        }
    }

    fn set(&self, state: u8) {
        // The first reason stays.
        let first = self
            .0
            .compare_exchange(RUNNING, state, Ordering::Relaxed, Ordering::Relaxed);
        if first.is_err() {
            tracing::trace!("query was stopped before");
        }
    }
}

/// Stops the query when the future that waits for it is dropped, which is how a client goes away.
struct StopOnDrop(Arc<Stop>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.set(CANCELLED);
    }
}

impl QueryPool {
    /// Makes room for so many queries at once.
    pub(crate) fn new(max_concurrent: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(max_concurrent.max(1))),
            metrics,
            threads: start_threads(),
        }
    }

    /// Returns the threads a query may use beside its own.
    pub(crate) fn lend(&self) -> Lent {
        Lent {
            threads: self.threads.clone(),
            metrics: Arc::clone(&self.metrics),
        }
    }

    /// Runs `work` on a blocking thread within `timeout`, the time in the queue included.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&Stop) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let deadline = tokio::time::Instant::now() + timeout;
        let waiting = self.metrics.waiting.enter();
        let slot = match tokio::time::timeout_at(deadline, Arc::clone(&self.slots).acquire_owned()).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_closed)) => return Err(ApiError::new(ErrorKind::Unavailable, "the server is stopping")),
            Err(_) => return Err(timed_out("query timed out in query queue")),
        };
        drop(waiting);
        let stop = Arc::new(Stop::default());
        let guard = StopOnDrop(Arc::clone(&stop));
        let metrics = Arc::clone(&self.metrics);
        let mut task = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            let _running = metrics.running.enter();
            let started = Instant::now();
            let result = work(&stop);
            metrics.count_query(started.elapsed());
            result
        });
        match tokio::time::timeout_at(deadline, &mut task).await {
            Ok(joined) => joined.unwrap_or_else(|error| {
                tracing::error!(%error, "query failed inside");
                Err(ApiError::new(
                    ErrorKind::Internal,
                    "query failed inside the server",
                ))
            }),
            Err(_) => {
                guard.0.set(TIMED_OUT);
                Err(timed_out("query timed out in expression evaluation"))
            }
        }
    }
}

/// One thread a core; none where there is one core, or where the system gives none, as queries run without.
fn start_threads() -> Option<Arc<ThreadPool>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores == 1 {
        return None;
    }
    let built = ThreadPoolBuilder::new()
        .num_threads(cores)
        .thread_name(|n| format!("query-{n}"))
        .build();
    built
        .map_err(|error| tracing::warn!(%error, "failed to start threads for queries; each runs on one"))
        .ok()
        .map(Arc::new)
}

fn timed_out(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Timeout, message)
        .hint("narrow the selector or the time range, or allow more time with `timeout`")
}
