//! Against a server that behaves as the API's concepts say, and misbehaves as servers do.

pub(crate) mod fake;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use model::{Batch, Clock, Event, EventFuture, EventLog, Ingest, IngestError, Ingested, LastSeen, Millis};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::fake::Fake;
use super::{Cluster, ClusterHandle, Outside};
use crate::client::Access;
use crate::config::{ClusterConfig, KindFilter, KindPattern};
use crate::objects::Kind;
use crate::reflector::Timing;
use crate::state::{CustomResources, StateMetrics, StateOptions};
use crate::status::{KindStatus, SyncState};

const PODS: &str = "/api/v1/pods";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const THINGS: &str = "/apis/example.org/v1/things";
const EVENTS: &str = "/apis/events.k8s.io/v1/events";
const DEADLINE: Duration = Duration::from_secs(30);

struct Now;

impl Clock for Now {
    fn now(&self) -> Millis {
        1_800_000_000_000
    }
}

struct Nowhere;

impl Ingest for Nowhere {
    fn ingest(&self, _: &Batch) -> Result<Ingested, IngestError> {
        Ok(Ingested::default())
    }
}

#[derive(Default)]
struct Log {
    events: Mutex<Vec<Event>>,
    last_seen: LastSeen,
}

impl EventLog for Log {
    fn append(&self, events: Vec<Event>) -> EventFuture<'_, ()> {
        self.events.lock().extend(events);
        Box::pin(async { Ok(()) })
    }

    fn last_seen<'a>(&'a self, _: &'a str, _: Millis) -> EventFuture<'a, LastSeen> {
        Box::pin(async { Ok(self.last_seen.clone()) })
    }
}

/// A cluster that is read.
struct Reading {
    handle: ClusterHandle,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Reading {
    fn start(fake: &Fake, allow: &str, log: Option<Arc<Log>>) -> Self {
        let access = Access::Open {
            url: fake.url.clone(),
        };
        let allow = allow
            .split(',')
            .map(|text| KindPattern::parse(text).expect("it is a kind"));
        let config = ClusterConfig {
            kinds: KindFilter {
                allow: allow.collect(),
                ..KindFilter::default()
            },
            // A delivery holds what is gone until the next.
            metrics_interval: None,
            ..ClusterConfig::new("test", access)
        };
        let outside = Outside {
            ingest: Arc::new(Nowhere),
            metrics: StateMetrics::new(&StateOptions::default()).expect("the default options are fine"),
            custom: CustomResources::default(),
            instance: "here".to_owned(),
            events: log.map(|log| log as _),
            clock: Arc::new(Now),
        };
        let (cluster, handle) = Cluster::new(config, outside);
        let cluster = cluster.with_timing(Timing {
            min_wait: Duration::from_millis(2),
            max_wait: Duration::from_millis(20),
            slow_wait: Duration::from_millis(20),
            healthy: Duration::ZERO,
            min_watch: Duration::from_secs(60),
        });
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(cluster.run(stop.clone()));
        Self { handle, stop, tasks }
    }

    fn names(&self, kind: &Kind) -> Vec<String> {
        let mut names: Vec<_> = self
            .handle
            .store()
            .list(kind)
            .iter()
            .map(|object| object.meta.name.to_string())
            .collect();
        names.sort();
        names
    }

    fn status(&self, kind: &str) -> Option<KindStatus> {
        let kinds = self.handle.kinds();
        kinds.into_iter().find(|status| status.kind.to_string() == kind)
    }

    async fn has(&self, kind: &Kind, names: &[&str]) {
        until(|| self.names(kind) == names, || format!("{:?}", self.names(kind))).await;
    }

    /// Stops; all tasks end.
    async fn end(mut self) {
        self.stop.cancel();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(DEADLINE, ended)
            .await
            .expect("all tasks end");
    }
}

/// Waits for a condition.
async fn until(is_so: impl Fn() -> bool, tell: impl Fn() -> String) {
    let waiting = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(3));
        while !is_so() {
            ticks.tick().await;
        }
    };
    if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
        panic!("it did not come true: {}", tell());
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(test);
}

fn pod(name: &str) -> Value {
    json!({"kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "shop", "uid": uid(name), "labels": {"app": "cart"}},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "cart:1"}]},
        "status": {"phase": "Running"}})
}

fn uid(name: &str) -> String {
    let hash = xxhash_rust::xxh3::xxh3_128(name.as_bytes());
    crate::objects::Uid(hash).to_string()
}

async fn fake_with(names: &[&str]) -> Fake {
    let fake = Fake::start().await;
    fake.put_all(PODS, names.iter().map(|name| pod(name)).collect());
    fake
}

#[test]
fn what_is_there_and_what_changes_is_known() {
    run(async {
        let fake = fake_with(&["a", "b"]).await;
        let reading = Reading::start(&fake, "pods", None);
        reading.has(&Kind::Pod, &["a", "b"]).await;
        fake.put(PODS, pod("c"));
        fake.remove_if(PODS, |key| key == "shop/a");
        reading.has(&Kind::Pod, &["b", "c"]).await;
        until(|| reading.handle.is_synced(), String::new).await;
        let status = reading.status("pods").expect("pods are read");
        assert_eq!(status.state, SyncState::Synced);
        assert_eq!((status.objects, status.lists, status.errors), (2, 1, 0));
        assert_eq!(fake.requests(PODS, "list"), 1);
        reading.end().await;
    });
}

#[test]
fn what_there_is_is_listed_by_pages() {
    run(async {
        let fake = Fake::start().await;
        let names: Vec<String> = (0..1201).map(|i| format!("p{i:04}")).collect();
        fake.put_all(PODS, names.iter().map(|name| pod(name)).collect());
        let reading = Reading::start(&fake, "pods", None);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        reading.has(&Kind::Pod, &names).await;
        assert_eq!(fake.requests(PODS, "list"), 3);
        fake.put(PODS, pod("z"));
        until(|| reading.names(&Kind::Pod).len() == 1202, String::new).await;
        reading.end().await;
    });
}

#[test]
fn a_list_that_becomes_too_old_is_begun_again() {
    run(async {
        let fake = Fake::start().await;
        fake.state.lock().expire_after_pages = Some(1);
        let names: Vec<String> = (0..1201).map(|i| format!("p{i:04}")).collect();
        fake.put_all(PODS, names.iter().map(|name| pod(name)).collect());
        let reading = Reading::start(&fake, "pods", None);
        until(|| reading.names(&Kind::Pod).len() == 1201, String::new).await;
        until(|| reading.handle.is_synced(), String::new).await;
        // One page and one refusal; then all in one larger page.
        assert_eq!(fake.requests(PODS, "list"), 3);
        reading.end().await;
    });
}

#[test]
fn a_watch_that_is_cut_goes_on_where_it_was() {
    run(async {
        let fake = fake_with(&["a"]).await;
        let reading = Reading::start(&fake, "pods", None);
        reading.has(&Kind::Pod, &["a"]).await;
        for (i, name) in ["b", "c", "d"].iter().enumerate() {
            fake.cut();
            fake.put(PODS, pod(name));
            until(|| reading.names(&Kind::Pod).len() == i + 2, String::new).await;
        }
        assert_eq!(fake.requests(PODS, "list"), 1);
        assert!(fake.requests(PODS, "watch") >= 3);
        reading.end().await;
    });
}

#[test]
fn after_a_compaction_everything_is_taken_in_again() {
    run(async {
        let fake = fake_with(&["a", "b", "c"]).await;
        let reading = Reading::start(&fake, "pods", None);
        reading.has(&Kind::Pod, &["a", "b", "c"]).await;
        // While nobody watches, one goes and one comes, and nothing remembers it.
        fake.state.lock().down = true;
        fake.cut();
        fake.remove_if(PODS, |key| key == "shop/b");
        fake.put(PODS, pod("d"));
        fake.compact();
        until(
            || {
                reading
                    .status("pods")
                    .is_some_and(|s| s.state == SyncState::Retrying)
            },
            String::new,
        )
        .await;
        // What was known stays known meanwhile.
        assert_eq!(reading.names(&Kind::Pod), ["a", "b", "c"]);
        fake.state.lock().down = false;
        reading.has(&Kind::Pod, &["a", "c", "d"]).await;
        until(
            || {
                reading
                    .status("pods")
                    .is_some_and(|s| s.state == SyncState::Synced)
            },
            String::new,
        )
        .await;
        let status = reading.status("pods").expect("pods are read");
        assert_eq!((status.expired, status.lists), (1, 2));
        assert_eq!(status.last_error, "");
        reading.end().await;
    });
}

#[test]
fn an_object_that_cannot_be_read_is_named_once_and_forgotten() {
    run(async {
        let fake = fake_with(&["a", "b"]).await;
        let reading = Reading::start(&fake, "pods", None);
        reading.has(&Kind::Pod, &["a", "b"]).await;
        let broken = || json!({"metadata": {"name": "b", "namespace": "shop"}, "spec": {"containers": 7}});
        fake.put(PODS, broken());
        reading.has(&Kind::Pod, &["a"]).await;
        fake.put(PODS, broken());
        fake.put(PODS, pod("c"));
        reading.has(&Kind::Pod, &["a", "c"]).await;
        let status = reading.status("pods").expect("pods are read");
        assert_eq!((status.unreadable, status.state), (2, SyncState::Synced));
        assert_eq!(status.unreadable_objects.len(), 1);
        assert!(
            status.unreadable_objects[0].starts_with("shop/b: cannot decode"),
            "{status:?}"
        );
        // A line that is no event harms nobody either.
        fake.state.lock().garbage = Some("{\"type\":\"ADDED\"".to_owned());
        fake.put(PODS, pod("b"));
        reading.has(&Kind::Pod, &["a", "b", "c"]).await;
        reading.end().await;
    });
}

#[test]
fn ten_thousand_pods_deleted_at_once_are_gone_with_their_strings() {
    run(async {
        let fake = fake_with(&["stays"]).await;
        let reading = Reading::start(&fake, "pods", None);
        reading.has(&Kind::Pod, &["stays"]).await;
        let store = reading.handle.store();
        let before = (store.index_bytes(), store.interner().size().0);
        let names: Vec<String> = (0..10_000).map(|i| format!("p{i:05}")).collect();
        fake.put_all(PODS, names.iter().map(|name| pod(name)).collect());
        until(
            || store.count(&Kind::Pod) == 10_001,
            || store.count(&Kind::Pod).to_string(),
        )
        .await;
        fake.remove_if(PODS, |key| key != "shop/stays");
        reading.has(&Kind::Pod, &["stays"]).await;
        // Who took the last of them in may not have let go of it yet.
        let after = || {
            store.interner().sweep();
            (store.index_bytes(), store.interner().size().0)
        };
        until(
            || after().0 < before.0 + 64 * 1024 && after().1 <= before.1 + 1,
            || format!("{before:?} {:?}", after()),
        )
        .await;
        reading.end().await;
    });
}

fn definition(established: bool) -> Value {
    let status = if established { "True" } else { "False" };
    json!({"metadata": {"name": "things.example.org", "uid": uid("things")},
        "spec": {"group": "example.org", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1beta1", "served": true, "storage": false},
                         {"name": "v1", "served": true, "storage": true}]},
        "status": {"conditions": [{"type": "Established", "status": status}]}})
}

#[test]
fn custom_resources_come_and_go_with_their_definition() {
    run(async {
        let fake = Fake::start().await;
        fake.state.lock().served.insert(DEFINITIONS.to_owned());
        let reading = Reading::start(&fake, "customresourcedefinitions.apiextensions.k8s.io", None);
        until(|| reading.handle.is_synced(), String::new).await;

        fake.put(DEFINITIONS, definition(false));
        fake.put(
            THINGS,
            json!({"metadata": {"name": "one", "namespace": "shop", "uid": uid("one")}}),
        );
        fake.put(DEFINITIONS, definition(true));
        until(
            || {
                reading
                    .status("things.example.org")
                    .is_some_and(|s| s.objects == 1)
            },
            String::new,
        )
        .await;
        let kinds = reading.handle.store().kinds();
        let thing = kinds
            .iter()
            .find(|kind| kind.name() == "Thing")
            .expect("it is known");
        assert_eq!(thing.api_version(), "example.org/v1");

        // The server stops serving them before those who watch the definitions hear of it.
        fake.unserve(THINGS);
        fake.announce();
        until(
            || {
                reading
                    .status("things.example.org")
                    .is_some_and(|s| s.state == SyncState::Absent)
            },
            String::new,
        )
        .await;
        fake.remove_if(DEFINITIONS, |_| true);
        until(|| reading.status("things.example.org").is_none(), String::new).await;
        assert_eq!(reading.handle.store().kinds(), []);
        let connections = fake.open_connections();

        fake.put(
            THINGS,
            json!({"metadata": {"name": "two", "namespace": "shop", "uid": uid("two")}}),
        );
        fake.put(DEFINITIONS, definition(true));
        until(
            || {
                reading
                    .status("things.example.org")
                    .is_some_and(|s| s.objects == 1)
            },
            String::new,
        )
        .await;
        assert!(fake.open_connections() <= connections + 2);
        reading.end().await;
        until(
            || fake.open_connections() == 0,
            || fake.open_connections().to_string(),
        )
        .await;
    });
}

#[test]
fn a_kind_without_permission_is_named_and_read_once_it_may_be() {
    run(async {
        let fake = fake_with(&["a"]).await;
        fake.state.lock().forbidden.insert(PODS.to_owned());
        let reading = Reading::start(&fake, "pods", None);
        until(
            || {
                reading
                    .status("pods")
                    .is_some_and(|s| s.state == SyncState::Forbidden)
            },
            String::new,
        )
        .await;
        let status = reading.status("pods").expect("pods are asked for");
        assert!(
            status.last_error.contains("may not list this (403 Forbidden)"),
            "{status:?}"
        );
        until(|| reading.handle.is_synced(), String::new).await;
        fake.state.lock().forbidden.clear();
        reading.has(&Kind::Pod, &["a"]).await;

        fake.state.lock().forbidden.insert(PODS.to_owned());
        fake.cut();
        reading.has(&Kind::Pod, &[]).await;
        reading.end().await;
    });
}

#[test]
fn the_server_says_how_it_is() {
    run(async {
        let fake = fake_with(&[]).await;
        let reading = Reading::start(&fake, "pods", None);
        until(|| reading.handle.server().reachable == Some(true), String::new).await;
        let server = reading.handle.server();
        assert_eq!(server.version, "v1.36.3");
        let checks: Vec<_> = server
            .checks
            .iter()
            .map(|check| (&*check.name, check.ok))
            .collect();
        assert_eq!(checks, [("ping", true), ("etcd", false)]);
        reading.end().await;
    });
}

fn event(name: &str, count: u64) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "uid": uid(name), "creationTimestamp": "2026-01-02T03:04:05Z"},
        "reason": "BackOff", "type": "Warning", "note": "Back-off restarting failed container",
        "regarding": {"kind": "Pod", "apiVersion": "v1", "namespace": "shop", "name": "a", "uid": uid("a")},
        "deprecatedFirstTimestamp": "2026-01-02T03:04:05Z", "deprecatedLastTimestamp": "2026-01-02T03:09:05Z",
        "deprecatedCount": count, "deprecatedSource": {"component": "kubelet", "host": "n1"}})
}

#[test]
fn each_event_is_handed_on_once_over_restarts_of_everything() {
    run(async {
        let fake = fake_with(&["a"]).await;
        fake.put_all(EVENTS, vec![event("e1", 3), event("e2", 5)]);
        let seen = model::SeenEvent {
            count: 4,
            resource_version: "1".to_owned(),
            last_time: 0,
        };
        let log = Arc::new(Log {
            last_seen: LastSeen::from([(uid("e2"), seen)]),
            ..Log::default()
        });
        let reading = Reading::start(&fake, "pods", Some(Arc::clone(&log)));
        let deltas = || {
            let events = log.events.lock();
            let mut deltas: Vec<_> = events
                .iter()
                .map(|event| (event.name.clone(), event.count, event.delta))
                .collect();
            deltas.sort();
            deltas
        };
        let told = |name: &str, count, delta| (name.to_owned(), count, delta);
        let first = vec![told("e1", 3, 3), told("e2", 5, 1)];
        until(|| deltas() == first, || format!("{:?}", deltas())).await;
        // The watch is begun again from nothing; nothing is told twice.
        fake.cut();
        fake.compact();
        fake.put(EVENTS, event("e1", 10));
        let second = vec![told("e1", 3, 3), told("e1", 10, 7), told("e2", 5, 1)];
        until(|| deltas() == second, || format!("{:?}", deltas())).await;
        let about_pod = reading.handle.warnings(crate::objects::Uid::parse(&uid("a")));
        assert_eq!(about_pod.len(), 2);
        assert_eq!(&*about_pod[0].reason, "BackOff");
        fake.remove_if(EVENTS, |_| true);
        until(
            || {
                reading
                    .handle
                    .warnings(crate::objects::Uid::parse(&uid("a")))
                    .is_empty()
            },
            String::new,
        )
        .await;
        assert_eq!(deltas(), second);
        reading.end().await;
    });
}
