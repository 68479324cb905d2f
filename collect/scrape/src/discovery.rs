//! Where targets come from. A source hands over groups; what it hands over replaces the group of the same name.
//!
//! A source that fails keeps what it found before: a server of names that is down must not end all scraping.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::{DiscoveryConfig, KubernetesConfig, StaticGroup};
use crate::target::ADDRESS;

mod dns;
mod files;
mod http;
mod list;

/// Targets that were found together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Where they were found; a group replaces the one from the same place.
    pub source: String,
    /// Labels of all.
    pub labels: Vec<(String, String)>,
    /// Labels of each, `__address__` among them.
    pub targets: Vec<Vec<(String, String)>>,
}

/// What a source hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// Everything that it knows; what it handed over before is forgotten.
    All(Vec<TargetGroup>),
    /// What has changed: each group replaces the one of its name, and one without targets ends it.
    Changed(Vec<TargetGroup>),
}

/// What one source found.
#[derive(Debug)]
pub struct Found {
    /// The job.
    pub(crate) job: Arc<str>,
    /// The number of the source in its job.
    pub(crate) number: usize,
    /// Which configuration started the source; what older ones hand over late is not wanted.
    pub(crate) generation: u64,
    /// What was found.
    pub groups: Groups,
}

/// Takes what a source finds.
#[derive(Clone, Debug)]
pub struct GroupSink {
    pub(crate) out: mpsc::Sender<Found>,
    pub(crate) job: Arc<str>,
    pub(crate) number: usize,
    pub(crate) generation: u64,
}

impl GroupSink {
    /// Makes a sink and what hears it, for a source that is used by itself.
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<Found>) {
        let (out, found) = mpsc::channel(capacity);
        let sink = Self {
            out,
            job: Arc::from(""),
            number: 0,
            generation: 0,
        };
        (sink, found)
    }

    /// Hands over all groups of the source; waits while many others do.
    pub async fn replace(&self, groups: Vec<TargetGroup>) {
        self.hand_over(Groups::All(groups)).await;
    }

    /// Hands over the groups that have changed, those that have ended without targets; waits while many others do.
    pub async fn update(&self, groups: Vec<TargetGroup>) {
        self.hand_over(Groups::Changed(groups)).await;
    }

    async fn hand_over(&self, groups: Groups) {
        let found = Found {
            job: Arc::clone(&self.job),
            number: self.number,
            generation: self.generation,
            groups,
        };
        // Nobody listens any more during a stop.
        drop(self.out.send(found).await);
    }
}

/// A running search; ends when it is told to, or by itself if nothing will change.
pub type Search = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A source of targets.
pub trait Discovery: Send {
    /// Searches until `stop`, and hands over what is found whenever it changes.
    fn search(self: Box<Self>, out: GroupSink, stop: CancellationToken) -> Search;
}

/// Makes the sources that need more than scraping knows of.
pub trait Sources: Send + Sync {
    /// Makes a source of `kubernetes_sd_configs`.
    ///
    /// # Errors
    /// What the configuration names is not there.
    fn kubernetes(&self, config: &KubernetesConfig) -> Result<Box<dyn Discovery>, String>;
}

/// Makes the source that a job asks for.
///
/// # Errors
/// A certificate or key of the source cannot be read.
pub(crate) fn of_config(
    config: &DiscoveryConfig,
    bodies: &Arc<AtomicUsize>,
    others: Option<&dyn Sources>,
) -> Result<Box<dyn Discovery>, String> {
    Ok(match config {
        DiscoveryConfig::Static(groups) => Box::new(Static(groups.clone())),
        DiscoveryConfig::File { files, refresh } => Box::new(files::Files::new(files.clone(), *refresh)),
        DiscoveryConfig::Dns {
            names,
            kind,
            port,
            refresh,
        } => Box::new(dns::Dns {
            names: names.clone(),
            kind: *kind,
            port: *port,
            refresh: *refresh,
            resolver: Box::new(dns::of_machine),
        }),
        DiscoveryConfig::Http { url, http, refresh } => Box::new(
            http::Http::new(url, http, *refresh, Arc::clone(bodies))
                .map_err(|error| model::with_causes(&error))?,
        ),
        DiscoveryConfig::Kubernetes(config) => others
            .ok_or_else(|| "kubernetes_sd_configs is not searched by this process".to_owned())?
            .kubernetes(config)?,
    })
}

/// Targets of the configuration itself.
struct Static(Vec<StaticGroup>);

impl Discovery for Static {
    fn search(self: Box<Self>, out: GroupSink, _stop: CancellationToken) -> Search {
        let groups = self.0.into_iter().enumerate();
        let groups = groups.map(|(i, group)| TargetGroup {
            source: i.to_string(),
            labels: group.labels,
            targets: group
                .targets
                .into_iter()
                .map(|target| vec![(ADDRESS.to_owned(), target)])
                .collect(),
        });
        let groups = groups.collect();
        Box::pin(async move { out.replace(groups).await })
    }
}
