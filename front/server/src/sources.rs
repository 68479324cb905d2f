//! What the server answers from.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use agent::{Agent, AgentStatus};
use cluster::ClusterHandle;
use lake::Lake;
use model::{Clock, Ingest, Labels, Millis, Query, Sink};
use scrape::{
    ActiveTarget, MetadataRequest, RelabelStep, ReloadStatus, ScrapeHandle, ScrapeStatus, TargetMetadata,
};
use store::Store;
use tokio::sync::watch;

/// Everything the server answers from.
#[derive(Clone)]
pub struct Sources {
    /// The store, for durability and its own state.
    pub store: Arc<Store>,
    /// Where queries read.
    pub query: Arc<dyn Query>,
    /// Where remote write goes.
    pub ingest: Arc<dyn Ingest>,
    /// What collects on this machine, if anything does.
    pub collection: Option<Arc<dyn Collection>>,
    /// What scrapes targets, if anything does.
    pub scraping: Option<Arc<dyn Scraping>>,
    /// What sends samples on, if anything does.
    pub forwarding: Option<Arc<dyn Report>>,
    /// Tables of what is not metrics, if this process keeps any.
    pub lake: Option<Arc<Lake>>,
    /// The clusters that are watched.
    pub clusters: Vec<ClusterHandle>,
    /// What an operator may order over HTTP; `None` refuses.
    pub lifecycle: Option<Arc<dyn Lifecycle>>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// What this process found it cannot do when it started.
    pub degraded: Vec<Degradation>,
    /// Name of this machine.
    pub host: String,
    /// Time between two collections.
    pub interval: Duration,
    /// How long the store keeps samples.
    pub retention: Duration,
    /// How many bytes the store keeps, if that is bounded.
    pub retention_bytes: Option<u64>,
}

/// Something that does not work as it could, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Degradation {
    /// What does not work.
    pub what: String,
    /// Why.
    pub why: String,
    /// What the operator can do; may be empty.
    pub hint: String,
    /// Since when.
    pub since: Millis,
}

/// What collects on this machine, as the server sees it.
pub trait Collection: Send + Sync {
    /// Returns how the collectors stand.
    fn status(&self) -> AgentStatus;

    /// Returns the time of the latest tick, and of each one to come.
    fn ticks(&self) -> watch::Receiver<Millis>;

    /// Says what collecting costs.
    fn report(&self, out: &mut dyn Sink);
}

/// What says how it stands.
pub trait Report: Send + Sync {
    /// Says it as metrics.
    fn report(&self, out: &mut dyn Sink);
}

/// What scrapes targets, as the server sees it.
pub trait Scraping: Send + Sync {
    /// Returns how all targets stand.
    fn status(&self) -> ScrapeStatus;

    /// Returns the targets of one pool, none if there is no such pool.
    fn targets(&self, pool: &str) -> Vec<ActiveTarget>;

    /// Returns what targets say about their metrics.
    fn metadata(&self, request: &MetadataRequest) -> Vec<TargetMetadata>;

    /// Returns how a pool is scraped, as YAML; `None` if there is no such pool.
    fn pool_config(&self, pool: &str) -> Option<String>;

    /// Applies the relabelling rules of a pool one by one; `None` if there is no such pool.
    fn relabel_steps(&self, pool: &str, labels: &Labels) -> Option<Vec<RelabelStep>>;

    /// Returns the whole configuration in force, as YAML without secrets.
    fn config(&self) -> String;

    /// Returns the labels for what leaves this process.
    fn external_labels(&self) -> Labels;

    /// Returns how the latest reading of the configuration went.
    fn reload_status(&self) -> ReloadStatus;

    /// Says what scraping costs.
    fn report(&self, out: &mut dyn Sink);
}

/// What an operator may order over HTTP.
pub trait Lifecycle: Send + Sync {
    /// Reads the configuration anew. The answer is what is wrong with it, with its causes; the old one then stays
    /// in force.
    fn reload(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

    /// Stops the process as a signal would.
    fn quit(&self);
}

impl Collection for Agent {
    fn status(&self) -> AgentStatus {
        Self::status(self)
    }

    fn ticks(&self) -> watch::Receiver<Millis> {
        Self::ticks(self)
    }

    fn report(&self, out: &mut dyn Sink) {
        Self::report(self, out);
    }
}

impl Scraping for ScrapeHandle {
    fn status(&self) -> ScrapeStatus {
        Self::status(self)
    }

    fn targets(&self, pool: &str) -> Vec<ActiveTarget> {
        Self::targets(self, pool)
    }

    fn metadata(&self, request: &MetadataRequest) -> Vec<TargetMetadata> {
        Self::metadata(self, request)
    }

    fn pool_config(&self, pool: &str) -> Option<String> {
        Self::pool_config(self, pool)
    }

    fn relabel_steps(&self, pool: &str, labels: &Labels) -> Option<Vec<RelabelStep>> {
        Self::relabel_steps(self, pool, labels)
    }

    fn config(&self) -> String {
        self.config_yaml()
    }

    fn external_labels(&self) -> Labels {
        Self::external_labels(self)
    }

    fn reload_status(&self) -> ReloadStatus {
        Self::reload_status(self)
    }

    fn report(&self, out: &mut dyn Sink) {
        Self::report(self, out);
    }
}
