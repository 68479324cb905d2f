//! The monitors of a cluster as its watches bring them, and what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Notify;

use crate::objects::Kind;

/// The API group of these kinds.
const GROUP: &str = "monitoring.coreos.com";
/// Objects that become jobs; of a cluster with more, those first by kind and name.
pub(crate) const MAX_MONITORS: usize = 5_000;

/// Which of the operator's kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MonitorKind {
    /// Targets behind services.
    ServiceMonitor,
    /// Pods.
    PodMonitor,
    /// What a prober is asked about.
    Probe,
    /// Whatever a scrape configuration can say.
    ScrapeConfig,
}

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Monitor {
    pub(crate) kind: MonitorKind,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// As it is written.
    pub(crate) spec: Value,
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorStatus {
    /// Its kind.
    pub kind: MonitorKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Names of its jobs, as the list of targets has them.
    pub jobs: Vec<String>,
    /// What of it is not acted on, and why.
    pub problems: Vec<String>,
}

/// The monitors of a cluster.
#[derive(Debug, Default)]
pub(crate) struct MonitorBook {
    monitors: Mutex<BTreeMap<Name, Arc<Monitor>>>,
    /// Woken at each change.
    changed: Notify,
    status: Mutex<Vec<MonitorStatus>>,
}

/// Kind, namespace and name.
type Name = (MonitorKind, String, String);

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMonitor {
    metadata: RawMetadata,
    spec: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMetadata {
    namespace: String,
    name: String,
}

impl MonitorKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::ServiceMonitor,
        Self::PodMonitor,
        Self::Probe,
        Self::ScrapeConfig,
    ];

    /// Returns the name in the singular.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServiceMonitor => "ServiceMonitor",
            Self::PodMonitor => "PodMonitor",
            Self::Probe => "Probe",
            Self::ScrapeConfig => "ScrapeConfig",
        }
    }

    /// Returns the name in addresses and in the configuration.
    pub fn plural(self) -> &'static str {
        match self {
            Self::ServiceMonitor => "servicemonitors",
            Self::PodMonitor => "podmonitors",
            Self::Probe => "probes",
            Self::ScrapeConfig => "scrapeconfigs",
        }
    }

    /// Returns what the names of jobs begin with.
    pub(crate) fn of_jobs(self) -> &'static str {
        match self {
            Self::ServiceMonitor => "serviceMonitor",
            Self::PodMonitor => "podMonitor",
            Self::Probe => "probe",
            Self::ScrapeConfig => "scrapeConfig",
        }
    }

    /// Finds the kind of monitor that a kind of object is.
    fn of(kind: &Kind) -> Option<Self> {
        let Kind::Custom(custom) = kind else {
            return None;
        };
        let mut all = Self::ALL.into_iter().filter(|_| custom.group == GROUP);
        all.find(|one| one.as_str() == custom.kind)
    }
}

impl fmt::Display for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.as_str(), self.namespace, self.name)
    }
}

impl MonitorBook {
    /// Takes an object, if it is a monitor. What cannot be read is the store's to complain of.
    pub(crate) fn put(&self, kind: &Kind, json: &str) {
        let Some(kind) = MonitorKind::of(kind) else {
            return;
        };
        let Ok(RawMonitor { metadata, spec }) = serde_json::from_str(json) else {
            return;
        };
        let name = (kind, metadata.namespace.clone(), metadata.name.clone());
        let monitor = Monitor {
            kind,
            namespace: metadata.namespace,
            name: metadata.name,
            spec,
        };
        let mut monitors = self.monitors.lock();
        // The operator writes the status of its objects often.
        if monitors.get(&name).is_some_and(|known| **known == monitor) {
            return;
        }
        monitors.insert(name, Arc::new(monitor));
        drop(monitors);
        self.changed.notify_one();
    }

    /// Forgets the objects of a kind that are not among those which there are, `(namespace, name)`.
    pub(crate) fn keep(&self, kind: &Kind, there_are: &dyn Fn(&str, &str) -> bool) {
        let Some(kind) = MonitorKind::of(kind) else {
            return;
        };
        let mut monitors = self.monitors.lock();
        let before = monitors.len();
        monitors.retain(|(one, namespace, name), _| *one != kind || there_are(namespace, name));
        let has_changed = monitors.len() != before;
        drop(monitors);
        if has_changed {
            self.changed.notify_one();
        }
    }

    /// Waits for a change.
    pub(crate) async fn wait(&self) {
        self.changed.notified().await;
    }

    /// Returns the objects of those kinds that are not left out, and how many are too many.
    pub(crate) fn monitors(&self, left_out: &[String]) -> (Vec<Arc<Monitor>>, usize) {
        let monitors = self.monitors.lock();
        let wanted = monitors
            .values()
            .filter(|one| !left_out.iter().any(|name| name == one.kind.plural()));
        let mut wanted: Vec<_> = wanted.cloned().collect();
        let too_many = wanted.len().saturating_sub(MAX_MONITORS);
        wanted.truncate(MAX_MONITORS);
        (wanted, too_many)
    }

    /// Notes what became of the objects. Returns those whose problems are new.
    pub(crate) fn note(&self, status: Vec<MonitorStatus>) -> Vec<MonitorStatus> {
        let mut known = self.status.lock();
        let before: BTreeSet<_> = known
            .iter()
            .map(|one| (one.kind, &*one.namespace, &*one.name, &*one.problems))
            .collect();
        let is_news = |one: &&MonitorStatus| {
            !one.problems.is_empty()
                && !before.contains(&(one.kind, &*one.namespace, &*one.name, &*one.problems))
        };
        let news = status.iter().filter(is_news).cloned().collect();
        *known = status;
        news
    }

    /// Returns what became of the objects.
    pub(crate) fn status(&self) -> Vec<MonitorStatus> {
        self.status.lock().clone()
    }
}
