//! Where events go, as those who watch clusters see it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use crate::{Event, Millis};

/// What an [`EventLog`] answers with. Boxed, so that the trait is known without an async runtime.
pub type EventFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, EventLogError>> + Send + 'a>>;

/// Observations remembered from before, by the UID of the event object.
pub type LastSeen = HashMap<String, SeenEvent>;

/// Keeps events, and remembers what it was given last.
pub trait EventLog: Send + Sync {
    /// Keeps events; all of them or none. They are durable when the future ends well, and may be so if it is
    /// dropped before.
    fn append(&self, events: Vec<Event>) -> EventFuture<'_, ()>;

    /// Returns the newest observation of every event object of a cluster that was observed at `since` or later. A
    /// watcher that starts again asks for the time that a cluster keeps events, an hour and some more, and tells
    /// by it what is new.
    fn last_seen<'a>(&'a self, cluster: &'a str, since: Millis) -> EventFuture<'a, LastSeen>;
}

/// The newest observation of an event object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenEvent {
    /// How often it had happened by then.
    pub count: u64,
    /// Version of the event object.
    pub resource_version: String,
    /// When it had happened last.
    pub last_time: Millis,
}

/// Why events are not kept or not remembered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EventLogError {
    /// Nothing can be written now (disk full, failed sync); trying again later may work.
    #[error("events cannot be stored: {reason}")]
    Unavailable {
        /// What stands in the way, and what to do.
        reason: String,
    },
    /// Too much is waiting to be written; try again later.
    #[error("event store is overloaded: {waiting_bytes} bytes wait to be written")]
    Overloaded {
        /// Bytes that wait.
        waiting_bytes: usize,
    },
    /// These events can never be stored; trying again is of no use.
    #[error("events are refused: {reason}")]
    Refused {
        /// What is wrong with them.
        reason: String,
    },
    /// What was stored cannot be read.
    #[error("stored events cannot be read: {reason}")]
    Unreadable {
        /// What happened.
        reason: String,
    },
}

impl EventLogError {
    /// Tells whether trying again later may work.
    pub fn retryable(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}
