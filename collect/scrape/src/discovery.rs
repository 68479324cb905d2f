//! Where targets come from. A source hands over groups; what it hands over replaces the group of the same name.
//!
//! A source that fails keeps what it found before: a server of names that is down must not end all scraping.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::{DiscoveryConfig, StaticGroup};
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

/// Everything that one source knows.
#[derive(Debug)]
pub(crate) struct Found {
    /// The job.
    pub(crate) job: Arc<str>,
    /// The number of the source in its job.
    pub(crate) number: usize,
    /// Which configuration started the source; what older ones hand over late is not wanted.
    pub(crate) generation: u64,
    /// All its groups.
    pub(crate) groups: Vec<TargetGroup>,
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
    /// Hands over all groups of the source; waits while many others do.
    pub async fn replace(&self, groups: Vec<TargetGroup>) {
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

/// Makes the source that a job asks for.
///
/// # Errors
/// A certificate or key of the source cannot be read.
pub(crate) fn of_config(
    config: &DiscoveryConfig,
    bodies: &Arc<AtomicUsize>,
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
