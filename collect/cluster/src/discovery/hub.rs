//! One watch for all searches that ask for the same objects.
//!
//! Hundreds of jobs may look at the pods of a namespace; the API server hears of one watch, and memory holds each pod
//! once. A watch ends when nobody looks at what it brings any more.

use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::Duration;

use model::Clock;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::table::Table;
use crate::client::{Access, Client, Resource};
use crate::objects::{Interner, Kind};
use crate::reflector::{Reflector, Timing};
use crate::status::{KindCell, KindName};

/// Kinds that are taken in at the same time.
const SYNCS: usize = 3;
/// Watches that wait for being begun; whoever asks for more waits.
const STARTS: usize = 64;
/// Time between two searches for strings that no object has any more.
const SWEEP: Duration = Duration::from_secs(60);

/// Which objects are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whose.
    pub(crate) access: Access,
    /// Of which kind.
    pub(crate) kind: Kind,
    /// Of this namespace only.
    pub(crate) namespace: Option<String>,
    /// Selectors of labels and of fields.
    pub(crate) selector: (String, String),
}

/// A table that is kept in step as long as somebody holds this.
pub(crate) struct Lease {
    table: Arc<Table>,
    _stop: DropGuard,
}

impl Deref for Lease {
    type Target = Table;

    fn deref(&self) -> &Table {
        &self.table
    }
}

#[cfg(test)]
impl Lease {
    /// Holds a table that nothing keeps in step.
    pub(crate) fn of(table: Arc<Table>) -> Arc<Self> {
        Arc::new(Self {
            table,
            _stop: CancellationToken::new().drop_guard(),
        })
    }
}

/// A watch that is to be begun.
type Start = (Reflector, CancellationToken);

/// Begins watches and shares them.
pub(crate) struct Hub {
    leases: Mutex<Vec<(Wanted, Weak<Lease>)>>,
    clients: Mutex<Vec<(Access, Weak<Client>)>>,
    interner: Interner,
    starts: mpsc::Sender<Start>,
    room: Arc<Semaphore>,
    timing: Timing,
    clock: Arc<dyn Clock>,
}

/// Runs the watches of a [`Hub`].
pub(crate) struct HubTasks {
    starts: mpsc::Receiver<Start>,
    interner: Interner,
}

impl Hub {
    /// Makes a hub and what runs its watches.
    pub(crate) fn new(clock: Arc<dyn Clock>, timing: Timing) -> (Arc<Self>, HubTasks) {
        let (starts, begun) = mpsc::channel(STARTS);
        let interner = Interner::default();
        let hub = Self {
            leases: Mutex::default(),
            clients: Mutex::default(),
            interner: interner.clone(),
            starts,
            room: Arc::new(Semaphore::new(SYNCS)),
            timing,
            clock,
        };
        let tasks = HubTasks {
            starts: begun,
            interner,
        };
        (Arc::new(hub), tasks)
    }

    /// Returns the table of what is wanted; a watch begins if there is none yet.
    pub(crate) async fn open(&self, wanted: Wanted) -> Arc<Lease> {
        let (lease, start) = {
            let mut leases = self.leases.lock();
            leases.retain(|(_, lease)| lease.strong_count() > 0);
            let known = leases.iter().find(|(other, _)| *other == wanted);
            if let Some(lease) = known.and_then(|(_, lease)| lease.upgrade()) {
                return lease;
            }
            let (lease, start) = self.prepare(&wanted);
            leases.push((wanted, Arc::downgrade(&lease)));
            (lease, start)
        };
        // During a stop nobody begins watches any more.
        drop(self.starts.send(start).await);
        lease
    }

    fn prepare(&self, wanted: &Wanted) -> (Arc<Lease>, Start) {
        let stop = CancellationToken::new();
        let table = Table::new(wanted.kind.clone(), self.interner.clone());
        let mut resource = Resource::of(&wanted.kind);
        if let Some(namespace) = &wanted.namespace {
            resource = resource.within(&wanted.kind, namespace);
        }
        let reflector = Reflector {
            client: self.client(&wanted.access),
            resource: resource.selecting(&wanted.selector.0, &wanted.selector.1),
            receiver: Arc::clone(&table) as _,
            status: Arc::new(KindCell::new(KindName::Objects(wanted.kind.clone()))),
            room: Arc::clone(&self.room),
            timing: self.timing,
            clock: Arc::clone(&self.clock),
            taking: Arc::default(),
        };
        let lease = Lease {
            table,
            _stop: stop.clone().drop_guard(),
        };
        (Arc::new(lease), (reflector, stop))
    }

    /// Returns the way to an API server, one for all who ask it.
    pub(crate) fn client(&self, access: &Access) -> Arc<Client> {
        let mut clients = self.clients.lock();
        clients.retain(|(_, client)| client.strong_count() > 0);
        let known = clients.iter().find(|(other, _)| other == access);
        if let Some(client) = known.and_then(|(_, client)| client.upgrade()) {
            return client;
        }
        let client = Client::new(access.clone());
        clients.push((access.clone(), Arc::downgrade(&client)));
        client
    }
}

impl HubTasks {
    /// Runs watches until told to stop.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut watches = JoinSet::new();
        let mut sweeps = tokio::time::interval(SWEEP);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some((reflector, ended)) = self.starts.recv() => {
                    watches.spawn(reflector.run(ended));
                }
                Some(ended) = watches.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        tracing::error!(%error, "a watch for targets panicked; its targets stay as they are");
                    }
                }
                _ = sweeps.tick() => self.interner.sweep(),
            }
        }
        watches.shutdown().await;
    }
}
