//! How well a cluster is known: one line a kind.

mod metrics;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use model::Millis;
use parking_lot::Mutex;

use crate::objects::Kind;
use crate::reflector::Outcome;

/// Names of unreadable objects that are remembered, so that each is named once.
const MAX_REMEMBERED: usize = 1000;
/// Names of unreadable objects that are shown.
const MAX_SHOWN: usize = 10;

/// Where the following of a kind stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SyncState {
    /// Not asked for yet.
    #[default]
    Starting,
    /// Everything is being taken in.
    Syncing,
    /// What is known is what the API server holds.
    Synced,
    /// Something failed and is being tried again; what is known may be old.
    Retrying,
    /// The permission is missing.
    Forbidden,
    /// The API server does not have the kind.
    Absent,
}

impl SyncState {
    /// Returns the word for it in the API and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Syncing => "syncing",
            Self::Synced => "synced",
            Self::Retrying => "retrying",
            Self::Forbidden => "forbidden",
            Self::Absent => "absent",
        }
    }

    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Starting,
        Self::Syncing,
        Self::Synced,
        Self::Retrying,
        Self::Forbidden,
        Self::Absent,
    ];
}

/// How well a kind is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindStatus {
    /// The kind.
    pub kind: KindName,
    /// Where its following stands.
    pub state: SyncState,
    /// Whether everything was taken in at least once, and nothing was forgotten for want of permission since.
    pub known: bool,
    /// Objects that are known.
    pub objects: usize,
    /// When an object was last taken or forgotten.
    pub last_change: Option<Millis>,
    /// When everything was last taken in.
    pub synced_at: Option<Millis>,
    /// How often everything was taken in, or begun to be.
    pub lists: u64,
    /// How often a watch went on from a version.
    pub watches: u64,
    /// How often the version to go on from was too old.
    pub expired: u64,
    /// Objects taken or forgotten.
    pub changes: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Those among them that were to take everything in.
    pub list_errors: u64,
    /// How often an object, or a line of a watch, could not be read.
    pub unreadable: u64,
    /// Some of the objects that cannot be read, each with the reason.
    pub unreadable_objects: Vec<String>,
    /// What failed last; empty once it went well again.
    pub last_error: String,
}

/// What is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindName {
    /// Objects of a kind.
    Objects(Kind),
    /// Events, which are handed on and not kept.
    Events,
}

impl std::fmt::Display for KindName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Objects(kind) => kind.fmt(f),
            Self::Events => f.write_str("events.events.k8s.io"),
        }
    }
}

/// The status of a kind, as its reflector writes it.
#[derive(Debug)]
pub(crate) struct KindCell {
    status: Mutex<KindStatus>,
    remembered: Mutex<HashSet<String>>,
    /// Failures in a row.
    failures: Mutex<u64>,
    /// Whether everything is being taken in, rather than followed.
    listing: AtomicBool,
}

impl KindCell {
    pub(crate) fn new(kind: KindName) -> Self {
        Self {
            status: Mutex::new(KindStatus {
                kind,
                state: SyncState::Starting,
                known: false,
                objects: 0,
                last_change: None,
                synced_at: None,
                lists: 0,
                watches: 0,
                expired: 0,
                changes: 0,
                errors: 0,
                list_errors: 0,
                unreadable: 0,
                unreadable_objects: Vec::new(),
                last_error: String::new(),
            }),
            remembered: Mutex::default(),
            failures: Mutex::new(0),
            listing: AtomicBool::new(true),
        }
    }

    pub(crate) fn read(&self) -> KindStatus {
        self.status.lock().clone()
    }

    pub(crate) fn begin_list(&self) {
        self.listing.store(true, Ordering::Relaxed);
        let mut status = self.status.lock();
        status.lists += 1;
        if !status.known {
            status.state = SyncState::Syncing;
        }
        status.unreadable_objects.clear();
        drop(status);
        self.remembered.lock().clear();
    }

    pub(crate) fn begin_watch(&self) {
        self.listing.store(false, Ordering::Relaxed);
        let mut status = self.status.lock();
        status.watches += 1;
        status.state = SyncState::Synced;
        status.last_error.clear();
    }

    pub(crate) fn took(&self, outcome: &Outcome, objects: usize, now: Millis) {
        let mut status = self.status.lock();
        status.objects = objects;
        status.changes += outcome.changes as u64;
        status.unreadable += (outcome.unreadable.len() + outcome.malformed) as u64;
        if outcome.changes > 0 {
            status.last_change = Some(now);
        }
    }

    pub(crate) fn synced(&self, objects: usize, now: Millis) {
        let mut status = self.status.lock();
        status.objects = objects;
        status.known = true;
        status.state = SyncState::Synced;
        status.synced_at = Some(now);
        status.last_error.clear();
    }

    pub(crate) fn expired(&self) {
        self.status.lock().expired += 1;
    }

    /// Notes a failure. Returns how many there were in a row that led to the same state.
    pub(crate) fn fail(&self, state: SyncState, objects: usize, text: &str) -> u64 {
        let mut status = self.status.lock();
        status.errors += 1;
        status.list_errors += u64::from(self.listing.load(Ordering::Relaxed));
        status.objects = objects;
        if matches!(state, SyncState::Forbidden | SyncState::Absent) {
            status.known = false;
        }
        let in_row = status.state == state && !status.last_error.is_empty();
        status.state = state;
        text.clone_into(&mut status.last_error);
        drop(status);
        let mut failures = self.failures.lock();
        *failures = if in_row { *failures + 1 } else { 1 };
        *failures
    }

    /// Notes an object that cannot be read; `true` if it was not noted before.
    pub(crate) fn is_news(&self, name: &str, reason: &str) -> bool {
        let mut remembered = self.remembered.lock();
        if remembered.len() >= MAX_REMEMBERED || !remembered.insert(name.to_owned()) {
            return false;
        }
        drop(remembered);
        let mut status = self.status.lock();
        if status.unreadable_objects.len() < MAX_SHOWN {
            status.unreadable_objects.push(format!("{name}: {reason}"));
        }
        true
    }
}
