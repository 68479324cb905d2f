//! A cluster as a collector: everything that runs for it, and what others may ask of it.
//!
//! [`Cluster::run`] owns every task: one a kind, one for events, one for the server's health, one that delivers
//! metrics. [`ClusterHandle`] is what others hold; it never waits for the API server unless it says so.

mod custom;
mod deliver;
mod handle;
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, EventLog, Ingest};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use self::deliver::DeliveryStatus;
pub use self::handle::ClusterHandle;
pub use self::server::{Check, ServerStatus};
use crate::client::{Client, Resource};
use crate::config::ClusterConfig;
use crate::discovery::monitors::MonitorBook;
use crate::events::{EventBook, Flusher, HasLog};
use crate::graph;
use crate::objects::{Kind, Uid};
use crate::reflector::receiver::ObjectReceiver;
use crate::reflector::{Receiver, Reflector, Timing};
use crate::state::{CustomResources, StateMetrics};
use crate::status::{KindCell, KindName, SyncState};
use crate::store::Store;

/// Kinds that are taken in at the same time: each holds a page, and the API server answers others too.
const SYNCS: usize = 3;
/// Time between two looks at whether everything is known.
const LOOK: Duration = Duration::from_millis(200);
/// The first events wait so long for the objects that tell owners and nodes.
const OWNERS: Duration = Duration::from_secs(60);

/// What reading a cluster needs from outside.
pub struct Outside {
    /// Where metrics go.
    pub ingest: Arc<dyn Ingest>,
    /// Which metrics of the state of objects there are.
    pub metrics: StateMetrics,
    /// Metrics of custom resources, worked out when an object is read; the same as in `metrics`.
    pub custom: CustomResources,
    /// The label `instance` of metrics.
    pub instance: String,
    /// Where events go; `None` if they are not kept.
    pub events: Option<Arc<dyn EventLog>>,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
}

/// Reads a cluster.
pub struct Cluster {
    shared: Arc<Shared>,
    outside: Outside,
    timing: Timing,
}

/// What the tasks and the handles share.
pub(crate) struct Shared {
    pub(crate) config: ClusterConfig,
    pub(crate) client: Arc<Client>,
    pub(crate) store: Arc<Store>,
    pub(crate) book: Arc<EventBook>,
    pub(crate) clock: Arc<dyn Clock>,
    /// By [`KindName`], as it is written.
    pub(crate) kinds: RwLock<BTreeMap<String, Arc<KindCell>>>,
    pub(crate) server: Mutex<ServerStatus>,
    /// Custom resources that are not read as there are too many definitions.
    pub(crate) left_out: Mutex<usize>,
    pub(crate) delivery: Mutex<DeliveryStatus>,
    pub(crate) custom: CustomResources,
    pub(crate) monitors: Arc<MonitorBook>,
    instance: String,
    /// Bounds how many kinds are taken in at the same time.
    room: Arc<Semaphore>,
}

impl Cluster {
    /// Prepares reading a cluster; nothing is asked yet.
    pub fn new(config: ClusterConfig, outside: Outside) -> (Self, ClusterHandle) {
        let has_log = match outside.events {
            Some(_) => HasLog::Yes,
            None => HasLog::No,
        };
        let shared = Arc::new(Shared {
            client: Client::new(config.access.clone()),
            store: Arc::new(Store::default()),
            book: EventBook::new(config.name.clone(), Arc::clone(&outside.clock), has_log),
            clock: Arc::clone(&outside.clock),
            kinds: RwLock::default(),
            server: Mutex::default(),
            left_out: Mutex::new(0),
            delivery: Mutex::default(),
            custom: outside.custom.clone(),
            monitors: Arc::default(),
            instance: outside.instance.clone(),
            room: Arc::new(Semaphore::new(SYNCS)),
            config,
        });
        let handle = ClusterHandle::new(Arc::clone(&shared));
        let cluster = Self {
            shared,
            outside,
            timing: Timing::default(),
        };
        (cluster, handle)
    }

    /// Sets the times of all that is tried again.
    #[cfg(test)]
    pub(crate) fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Reads the cluster until told to stop. Whatever fails is tried again.
    pub async fn run(self, stop: CancellationToken) {
        let Self {
            shared,
            outside,
            timing,
        } = self;
        let mut tasks = JoinSet::new();
        let definitions = Arc::new(Notify::new());
        for kind in Kind::built_in().filter(|kind| shared.config.kinds.takes(kind)) {
            let changed = (kind == Kind::CustomResourceDefinition).then(|| Arc::clone(&definitions));
            let reflector = shared.reflector(kind, changed, timing);
            tasks.spawn(reflector.run(stop.clone()));
        }
        if let Some(interval) = shared.config.metrics_interval {
            let made = (outside.metrics, outside.ingest);
            tasks.spawn(deliver::run(Arc::clone(&shared), made, interval, stop.clone()));
        }
        tasks.spawn(server::watch(Arc::clone(&shared), timing, stop.clone()));
        if shared.config.events {
            let following = events(Arc::clone(&shared), outside.events, timing, stop.clone());
            tasks.spawn(following);
        }
        tasks.spawn(custom::follow(
            Arc::clone(&shared),
            definitions,
            timing,
            stop.clone(),
        ));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended
                && error.is_panic()
            {
                tracing::error!(cluster = shared.config.name, %error, "a part of reading the cluster panicked and is not done any more");
            }
        }
    }
}

impl Shared {
    /// Returns the labels that say where metrics come from.
    fn fixed_labels(&self) -> Vec<(&'static str, String)> {
        vec![
            ("job", "kube-state-metrics".to_owned()),
            ("instance", self.instance.clone()),
            ("cluster", self.config.name.clone()),
        ]
    }

    /// Tells whether every kind that can be read is known.
    pub(crate) fn is_synced(&self) -> bool {
        let kinds = self.kinds.read();
        let settled = |state| !matches!(state, SyncState::Starting | SyncState::Syncing);
        !kinds.is_empty()
            && kinds.values().all(|cell| {
                let status = cell.read();
                settled(status.state) && (status.known || status.state != SyncState::Retrying)
            })
    }

    /// Waits until every kind that can be read is known, and no longer than `at_most`.
    async fn until_synced(&self, at_most: Duration) {
        let synced = async {
            let mut ticks = tokio::time::interval(LOOK);
            while !self.is_synced() {
                ticks.tick().await;
            }
        };
        // What is not known by then is known later.
        drop(tokio::time::timeout(at_most, synced).await);
    }

    /// Prepares the following of a kind.
    fn reflector(self: &Arc<Self>, kind: Kind, changed: Option<Arc<Notify>>, timing: Timing) -> Reflector {
        let resource = Resource::of(&kind);
        let name = KindName::Objects(kind.clone());
        let receiver = ObjectReceiver {
            kind,
            store: Arc::clone(&self.store),
            custom: self.custom.clone(),
            monitors: Arc::clone(&self.monitors),
            changed,
        };
        self.reflect((name, resource), Arc::new(receiver), timing)
    }

    fn reflect(
        self: &Arc<Self>,
        (name, resource): (KindName, Resource),
        receiver: Arc<dyn Receiver>,
        timing: Timing,
    ) -> Reflector {
        let key = name.to_string();
        let status = Arc::new(KindCell::new(name));
        self.kinds.write().insert(key, Arc::clone(&status));
        Reflector {
            client: Arc::clone(&self.client),
            resource,
            receiver,
            status,
            room: Arc::clone(&self.room),
            timing,
            clock: Arc::clone(&self.clock),
            taking: Arc::default(),
        }
    }
}

/// Follows events and hands them to the log, if there is one.
async fn events(
    shared: Arc<Shared>,
    log: Option<Arc<dyn EventLog>>,
    timing: Timing,
    stop: CancellationToken,
) {
    let book: Arc<dyn Receiver> = Arc::clone(&shared.book) as _;
    let reflector = shared.reflect((KindName::Events, EventBook::resource()), book, timing);
    let Some(log) = log else {
        return reflector.run(stop).await;
    };
    let of_cluster = Arc::clone(&shared);
    let flusher = Flusher {
        book: Arc::clone(&shared.book),
        log,
        enrich: Box::new(move |event| enrich(&of_cluster.store, event)),
        timing,
    };
    if !flusher.remember(&stop).await {
        return;
    }
    let handing_over = async {
        // Told to stop meanwhile, the flusher still hands over what waits.
        stop.run_until_cancelled(shared.until_synced(OWNERS)).await;
        flusher.run(stop.clone()).await;
    };
    tokio::join!(reflector.run(stop.clone()), handing_over);
}

/// Fills in the workload, and the node, of what an event is about.
fn enrich(store: &Store, event: &mut model::Event) {
    let Some(object) = store.find_uid(Uid::parse(&event.object.uid)) else {
        return;
    };
    let workload = graph::workload(store, &object).reference;
    if !(*workload.kind == *event.object.kind && *workload.name == *event.object.name) {
        event.owner = Some(model::EventOwner {
            kind: workload.kind,
            name: workload.name.to_string(),
        });
    }
    if let crate::objects::Body::Pod(pod) = &object.body
        && !pod.spec.node.is_empty()
    {
        event.node = pod.spec.node.to_string();
    }
}

#[cfg(test)]
pub(crate) mod tests;
