//! What the threads of an agent share.

use std::collections::VecDeque;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use host::{CollectError, Root};
use model::Millis;
use parking_lot::{Condvar, Mutex};

use crate::gather::Runner;
use crate::status::AgentStatus;

/// Everything that more than one thread of an agent touches.
pub(crate) struct Shared {
    pub(crate) root: Root,
    pub(crate) pool: Mutex<Pool>,
    /// Wakes the schedule: results, a request to stop.
    pub(crate) to_scheduler: Condvar,
    /// Wakes the worker: collections to run, a request to stop.
    pub(crate) to_worker: Condvar,
    /// Wakes whoever waits for threads to end.
    pub(crate) ended: Condvar,
    /// What readers see; written by the schedule after each change.
    pub(crate) status: Mutex<AgentStatus>,
}

/// Collections to run, running and done.
#[derive(Default)]
pub(crate) struct Pool {
    /// Due collections of this tick, by index of their slot.
    pub(crate) queue: VecDeque<(usize, Box<Runner>)>,
    /// Timestamp of the tick.
    pub(crate) tick: Millis,
    /// What the worker is at.
    pub(crate) running: Option<Running>,
    /// The worker that may take from the queue; one of an older generation ends when it returns.
    pub(crate) generation: u64,
    /// Whether a worker of this generation lives.
    pub(crate) staffed: bool,
    pub(crate) done: Vec<Outcome>,
    pub(crate) stopping: bool,
    /// Threads that have not ended.
    pub(crate) alive: usize,
    pub(crate) handles: Vec<JoinHandle<()>>,
}

/// A collection that has not returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) slot: usize,
    pub(crate) tick: Millis,
    pub(crate) started: Instant,
}

/// A collection that has returned.
pub(crate) struct Outcome {
    pub(crate) slot: usize,
    pub(crate) runner: Box<Runner>,
    pub(crate) tick: Millis,
    pub(crate) verdict: Verdict,
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// How a collection went.
pub(crate) enum Verdict {
    /// Everything was read.
    Whole,
    /// See the error.
    Failed(CollectError),
    /// The collector panicked, with this message.
    Panicked(String),
}

impl Shared {
    pub(crate) fn new(root: Root, status: AgentStatus) -> Self {
        Self {
            root,
            pool: Mutex::new(Pool::default()),
            to_scheduler: Condvar::new(),
            to_worker: Condvar::new(),
            ended: Condvar::new(),
            status: Mutex::new(status),
        }
    }

    /// Asks all threads to end after what they are at.
    pub(crate) fn request_stop(&self) {
        self.pool.lock().stopping = true;
        self.to_scheduler.notify_all();
        self.to_worker.notify_all();
    }
}

/// Counts a thread while it lives, also when it ends by a panic.
pub(crate) struct Presence<'s>(&'s Shared);

impl<'s> Presence<'s> {
    /// Takes over the place in the count that the thread's maker reserved.
    pub(crate) fn of(shared: &'s Shared) -> Self {
        Self(shared)
    }
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        self.0.pool.lock().alive -= 1;
        self.0.ended.notify_all();
    }
}
