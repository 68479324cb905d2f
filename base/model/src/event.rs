//! Events: what happened to an object, as a cluster or a machine tells it.
//!
//! Kubernetes keeps an event for an hour and counts repetitions in place: the same object comes again with a higher
//! `count` and a later `last_time`. An [`Event`] here is one *observation* of such an object. Its `delta` says how
//! often the thing happened since the observation before, so that sums of `delta` over any span are true even
//! where watches were restarted.

mod log;

pub use log::{EventFuture, EventLog, EventLogError, LastSeen, SeenEvent};

use crate::Millis;

/// One observation of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Name of the cluster, or of the machine for events that no cluster tells.
    pub cluster: String,
    /// Namespace of the event object itself; empty for cluster-wide objects.
    pub namespace: String,
    /// Name of the event object.
    pub name: String,
    /// UID of the event object; the same over all observations of it.
    pub uid: String,
    /// Version of the event object at this observation, as the API server wrote it.
    pub resource_version: String,
    /// What the event is about (`regarding`, formerly `involvedObject`).
    pub object: EventObject,
    /// A second object that took part.
    pub related: Option<EventObject>,
    /// The workload at the top of the object's chain of owners, if it is known.
    pub owner: Option<EventOwner>,
    /// Name of the node concerned; empty if none is known.
    pub node: String,
    /// Why, in one word (`BackOff`, `FailedScheduling`).
    pub reason: String,
    /// Whether it is bad news.
    pub event_type: EventType,
    /// What happened, for people.
    pub message: String,
    /// What was done or failed, in one word (`Binding`); empty in most events.
    pub action: String,
    /// Who tells (`kubelet`, `default-scheduler`).
    pub reporting_component: String,
    /// Which instance of it tells: a node's or a pod's name.
    pub reporting_instance: String,
    /// When it happened first.
    pub first_time: Millis,
    /// When it happened last, as of this observation. The time by which events are stored and found.
    pub last_time: Millis,
    /// When we saw it.
    pub observed_time: Millis,
    /// How often it happened up to now; at least 1.
    pub count: u64,
    /// How often it happened since the observation before; equal to `count` at the first one.
    pub delta: u64,
}

/// An object that an event speaks of; what is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventObject {
    /// Group and version (`apps/v1`, `v1`).
    pub api_version: String,
    /// Kind (`Pod`).
    pub kind: String,
    /// Namespace; empty for cluster-wide objects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Part of the object concerned (`spec.containers{app}`).
    pub field_path: String,
}

/// A workload that owns an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventOwner {
    /// Kind (`Deployment`).
    pub kind: String,
    /// Name; the namespace is that of the object.
    pub name: String,
}

/// Whether an event is bad news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EventType {
    /// All is well. Also what an event is whose type is neither of the two that Kubernetes knows.
    #[default]
    Normal,
    /// Someone may have to act.
    Warning,
}

impl EventType {
    /// Returns the word that Kubernetes has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }

    /// Reads the word that Kubernetes has for it, in any case of letters; `None` for other words.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Normal, Self::Warning]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(word))
    }
}

#[cfg(test)]
mod tests;
