//! What the tests share: a clock that stands where it is put, a lake in a folder of its own, events.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lake::events::Events;
use lake::{Lake, LakeConfig};
use model::{Clock, Event, EventLog as _, EventObject, EventOwner, EventType, Millis};

/// 2026-11-22T12:00:00Z.
pub(crate) const NOON: Millis = 1_795_348_800_000;
pub(crate) const MINUTE: Millis = 60_000;
pub(crate) const DAY: Millis = 86_400_000;

/// A clock that tests set.
#[derive(Debug)]
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) fn clock_at(now: Millis) -> Arc<TestClock> {
    Arc::new(TestClock(AtomicI64::new(now)))
}

/// Upkeep that runs only when it is woken: a test says when rows go to files.
pub(crate) fn quiet(folder: &Path) -> LakeConfig {
    LakeConfig {
        upkeep_interval: Duration::from_secs(86_400),
        flush_age: Duration::from_secs(86_400),
        ..LakeConfig::new(folder)
    }
}

pub(crate) fn open(folder: &Path) -> Arc<Lake> {
    Arc::new(Lake::open(quiet(folder), clock_at(NOON)).unwrap())
}

/// Runs on a small runtime, as a caller's would be.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// The nth event of a series.
pub(crate) fn event(n: u64) -> Event {
    let millis = Millis::try_from(n).unwrap();
    Event {
        cluster: "prod".to_owned(),
        namespace: "shop".to_owned(),
        name: format!("cart.{n:016x}"),
        uid: format!("uid-{n:06}"),
        resource_version: (1000 + n).to_string(),
        object: EventObject {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: "shop".to_owned(),
            name: format!("cart-{}", n % 7),
            uid: format!("pod-{}", n % 7),
            field_path: "spec.containers{cart}".to_owned(),
        },
        related: None,
        owner: Some(EventOwner {
            kind: "Deployment".to_owned(),
            name: "cart".to_owned(),
        }),
        node: format!("node-{}", n % 3),
        reason: if n.is_multiple_of(5) { "BackOff" } else { "Pulled" }.to_owned(),
        event_type: if n.is_multiple_of(5) {
            EventType::Warning
        } else {
            EventType::Normal
        },
        message: format!("message {n} of the kubelet: 100% done_here"),
        action: String::new(),
        reporting_component: "kubelet".to_owned(),
        reporting_instance: format!("node-{}", n % 3),
        first_time: NOON - DAY,
        last_time: NOON + millis * 1000,
        observed_time: NOON + millis * 1000 + 5,
        count: n + 1,
        delta: 1,
    }
}

pub(crate) fn append(lake: &Arc<Lake>, events: Vec<Event>) {
    wait(Events::new(Arc::clone(lake)).append(events)).unwrap();
}

/// Answers a query as text: a line of names, then a line a row.
pub(crate) fn sql(lake: &Lake, query: &str) -> String {
    let answer = wait(lake.sql(query)).unwrap();
    String::from_utf8(answer.encode(lake::sql::Format::Csv).unwrap()).unwrap()
}

/// Returns how many rows there are, and how many different ones.
pub(crate) fn counts(lake: &Lake) -> (u64, u64) {
    let text = sql(lake, "SELECT count(*), count(DISTINCT uid) FROM events");
    let (all, distinct) = text.lines().nth(1).unwrap().split_once(',').unwrap();
    (all.parse().unwrap(), distinct.parse().unwrap())
}

/// Returns all files below a folder whose names end so.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the Parquet files of rows.
pub(crate) fn data_files(folder: &Path) -> Vec<PathBuf> {
    let all = files(&folder.join("tables/events"), ".parquet");
    all.into_iter()
        .filter(|path| path.to_str().unwrap().contains("day="))
        .filter(|path| !path.to_str().unwrap().contains("quarantine"))
        .collect()
}
