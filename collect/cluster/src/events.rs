//! Events: what the parts of a cluster say while they work.
//!
//! Events are not kept here but handed to a [`model::EventLog`], each observation once: over restarts of watches and
//! of this process, what was counted before is known by the event's identity, and only the difference is new. Beside
//! that the newest warnings about each object stay in memory as evidence for what is wrong with it.

mod decode;
mod flush;
mod warnings;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;
use model::{Clock, Event, LastSeen, Millis};
use parking_lot::Mutex;
use tokio::sync::Notify;

use self::decode::{Observation, gone};
pub(crate) use self::flush::Flusher;
pub use self::warnings::Warning;
use self::warnings::Warnings;
use crate::client::{Form, Resource};
use crate::objects::{Interner, Uid};
use crate::reflector::{Receiver, Unreadable};

/// Events that wait for the log; beyond, the oldest are dropped and counted.
const MAX_WAITING: usize = 50_000;
/// Events that are counted apart; beyond, the reason is `other`.
const MAX_COUNTED: usize = 5_000;

/// Whether somebody keeps events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HasLog {
    Yes,
    No,
}

/// Takes the events of a cluster.
pub(crate) struct EventBook {
    log: HasLog,
    cluster: String,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Woken when something waits.
    pub(crate) waiting: Notify,
    dropped: AtomicU64,
    failures: AtomicU64,
    stored: AtomicU64,
}

#[derive(Default)]
struct State {
    seen: HashMap<Uid, Seen>,
    stamp: u32,
    queue: VecDeque<Event>,
    warnings: Warnings,
    counters: HashMap<CounterKey, u64>,
    interner: Interner,
}

/// What is known of an event object.
struct Seen {
    count: u64,
    version: u64,
    /// What it is about.
    object: Uid,
    stamp: u32,
}

/// What events are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CounterKey {
    pub(crate) namespace: Box<str>,
    pub(crate) kind: Box<str>,
    pub(crate) reason: Box<str>,
    pub(crate) event_type: &'static str,
}

/// How events fare on their way to the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventStatus {
    /// Events that wait for the log.
    pub waiting: usize,
    /// Events that the log has taken.
    pub stored: u64,
    /// Events that were dropped as too many waited or the log refused them.
    pub dropped: u64,
    /// How often the log could not take events.
    pub failures: u64,
}

impl EventBook {
    /// Makes a book; what it observes waits for a log if there is one.
    pub(crate) fn new(cluster: String, clock: Arc<dyn Clock>, log: HasLog) -> Arc<Self> {
        Arc::new(Self {
            log,
            cluster,
            clock,
            state: Mutex::default(),
            waiting: Notify::new(),
            dropped: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            stored: AtomicU64::new(0),
        })
    }

    /// Returns how events are asked for.
    pub(crate) fn resource() -> Resource {
        Resource {
            path: "/apis/events.k8s.io/v1/events".to_owned(),
            form: Form::Whole,
            page: 500,
        }
    }

    /// Takes over what an earlier process had handed to the log.
    pub(crate) fn remember(&self, last_seen: LastSeen) {
        let mut state = self.state.lock();
        let stamp = state.stamp;
        for (uid, seen) in last_seen {
            state.seen.entry(Uid::parse(&uid)).or_insert(Seen {
                count: seen.count,
                version: seen.resource_version.parse().unwrap_or(0),
                object: Uid::default(),
                stamp,
            });
        }
    }

    /// Returns the newest warnings about an object, the newest first.
    pub(crate) fn warnings(&self, object: Uid) -> Vec<Warning> {
        self.state.lock().warnings.about(object)
    }

    /// Returns how events fare.
    pub(crate) fn status(&self) -> EventStatus {
        EventStatus {
            waiting: self.state.lock().queue.len(),
            stored: self.stored.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }

    /// Returns how often what happened since this process started.
    pub(crate) fn counters(&self) -> Vec<(CounterKey, u64)> {
        let state = self.state.lock();
        let counters = state.counters.iter();
        counters.map(|(key, count)| (key.clone(), *count)).collect()
    }

    fn observe(&self, observation: Observation) -> u64 {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let State {
            seen,
            stamp,
            queue,
            warnings,
            counters,
            interner,
        } = &mut *state;
        let Observation {
            mut event,
            uid,
            object,
            version,
        } = observation;
        warnings.note((object, uid), &event, interner);
        let before = seen.get(&uid).map(|seen| (seen.count, seen.version));
        seen.insert(
            uid,
            Seen {
                count: event.count,
                version,
                object,
                stamp: *stamp,
            },
        );
        event.delta = match before {
            Some((_, known)) if known == version && version != 0 => return version,
            Some((count, _)) if count <= event.count => event.count - count,
            Some(_) | None => event.count,
        };
        if event.delta == 0 {
            return version;
        }
        count(counters, &event);
        if self.log == HasLog::No {
            return version;
        }
        event.cluster.clone_from(&self.cluster);
        event.observed_time = now;
        queue.push_back(event);
        if queue.len() > MAX_WAITING {
            queue.pop_front();
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        drop(state);
        self.waiting.notify_one();
        version
    }

    /// Takes the oldest events that wait.
    pub(crate) fn take(&self, n: usize) -> Vec<Event> {
        let mut state = self.state.lock();
        let n = n.min(state.queue.len());
        state.queue.drain(..n).collect()
    }

    /// Puts back what the log did not take.
    pub(crate) fn put_back(&self, events: Vec<Event>) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state.lock();
        for event in events.into_iter().rev() {
            if state.queue.len() >= MAX_WAITING {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            state.queue.push_front(event);
        }
    }

    /// Notes what became of events that were taken.
    pub(crate) fn handed_over(&self, n: usize) {
        self.stored.fetch_add(n as u64, Ordering::Relaxed);
    }

    /// Notes events that the log will never take.
    pub(crate) fn refused(&self, n: usize) {
        self.dropped.fetch_add(n as u64, Ordering::Relaxed);
    }

    /// Returns the present.
    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Returns the name of the cluster.
    pub(crate) fn cluster(&self) -> &str {
        &self.cluster
    }
}

fn count(counters: &mut HashMap<CounterKey, u64>, event: &Event) {
    let mut key = CounterKey {
        namespace: event.object.namespace.as_str().into(),
        kind: event.object.kind.as_str().into(),
        reason: event.reason.as_str().into(),
        event_type: event.event_type.as_str(),
    };
    if counters.len() >= MAX_COUNTED && !counters.contains_key(&key) {
        key = CounterKey {
            namespace: "".into(),
            kind: "".into(),
            reason: "other".into(),
            event_type: key.event_type,
        };
    }
    let counter = counters.entry(key).or_default();
    *counter = counter.saturating_add(event.delta);
}

impl Receiver for EventBook {
    fn begin(&self) {
        let mut state = self.state.lock();
        state.stamp = state.stamp.wrapping_add(1);
    }

    fn apply(&self, json: &str) -> Result<u64, Unreadable> {
        let observation = decode::decode(json)?;
        Ok(self.observe(observation))
    }

    fn delete(&self, json: &str) -> Result<u64, Unreadable> {
        let (uid, version) = gone(json)?;
        let mut state = self.state.lock();
        if let Some(seen) = state.seen.remove(&uid) {
            state.warnings.forget(seen.object, uid);
        }
        Ok(version)
    }

    fn complete(&self) {
        let mut state = self.state.lock();
        let State {
            seen,
            stamp,
            warnings,
            interner,
            ..
        } = &mut *state;
        seen.retain(|uid, seen| {
            let stays = seen.stamp == *stamp;
            if !stays {
                warnings.forget(seen.object, *uid);
            }
            stays
        });
        seen.shrink_to_fit();
        interner.sweep();
    }

    fn clear(&self) {
        let mut state = self.state.lock();
        state.warnings = Warnings::default();
        // What was handed on stays known, so that nothing is counted twice once events may be read again.
    }

    fn count(&self) -> usize {
        self.state.lock().seen.len()
    }
}

#[cfg(test)]
mod tests;
