//! Clusters, as this process watches them.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use cluster::state::{StateMetrics, StateOptions};
use cluster::{
    Access, Cluster, ClusterConfig, ClusterHandle, ClusterTargets, KubernetesSources, KubernetesTasks,
    Outside, TargetOptions,
};
use model::{Clock, EventLog, Ingest};
use scrape::{ScrapeHandle, Sources};
use service::Tasks;
use tokio_util::sync::CancellationToken;

use super::settings::WatchedCluster;
use crate::report::Failure;

/// What is watched unless the configuration file says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The kubeconfig that the command line names.
    pub(super) kubeconfig: Option<PathBuf>,
    /// The context that the command line names.
    pub(super) context: Option<String>,
}

/// What watching needs from outside.
pub(super) struct Destination {
    /// Where metrics go.
    pub(super) ingest: Arc<dyn Ingest>,
    /// Where events go, if they are kept.
    pub(super) events: Option<Arc<dyn EventLog>>,
    /// Where the present comes from.
    pub(super) clock: Arc<dyn Clock>,
    /// The label `instance` of metrics.
    pub(super) instance: String,
}

/// Clusters that are about to be watched.
pub(super) struct Watching {
    clusters: Vec<Cluster>,
    /// For whoever asks.
    pub(super) handles: Vec<ClusterHandle>,
}

impl Watching {
    /// Prepares watching; nothing is asked yet.
    ///
    /// # Errors
    /// What metrics there are to be makes no sense.
    pub(super) fn new(watched: Vec<WatchedCluster>, to: &Destination) -> Result<Self, Failure> {
        let mut watching = Self {
            clusters: Vec::new(),
            handles: Vec::new(),
        };
        for one in watched {
            let metrics = StateMetrics::new(&one.metrics).map_err(Failure::new)?;
            let outside = Outside {
                ingest: Arc::clone(&to.ingest),
                metrics,
                custom: one.metrics.custom_resources.clone(),
                instance: to.instance.clone(),
                events: to.events.clone(),
                clock: Arc::clone(&to.clock),
            };
            let (cluster, handle) = Cluster::new(one.config, outside);
            watching.clusters.push(cluster);
            watching.handles.push(handle);
        }
        Ok(watching)
    }

    /// Starts it among the tasks of the process.
    pub(super) fn start(self, tasks: &mut Tasks, stop: &CancellationToken) {
        for cluster in self.clusters {
            let stop = stop.clone();
            tasks.start("watching a cluster", async move {
                cluster.run(stop).await;
                Ok::<(), Infallible>(())
            });
        }
    }
}

/// Searches for targets in Kubernetes that are about to begin.
pub(super) struct Searching {
    tasks: KubernetesTasks,
    targets: Vec<ClusterTargets>,
}

impl Searching {
    /// Prepares searching; nothing is asked yet. Returns what makes searches, too.
    pub(super) fn new(watched: &[WatchedCluster], clock: &Arc<dyn Clock>) -> (Self, Arc<dyn Sources>) {
        let known = watched.iter();
        let known = known.map(|one| (one.config.name.clone(), one.config.access.clone()));
        let (sources, tasks) = KubernetesSources::new(known.collect(), Arc::clone(clock));
        let targets = watched.iter().map(|one| ClusterTargets {
            name: one.config.name.clone(),
            access: one.config.access.clone(),
            options: one.targets.clone(),
        });
        let searching = Self {
            tasks,
            targets: targets.collect(),
        };
        (searching, Arc::new(sources))
    }

    /// Starts it among the tasks of the process.
    pub(super) fn start(
        self,
        (scraping, clusters): (&ScrapeHandle, &[ClusterHandle]),
        tasks: &mut Tasks,
        stop: &CancellationToken,
    ) {
        let watches = self.tasks.run(stop.clone());
        tasks.start("watches for targets", async move {
            watches.await;
            Ok::<(), Infallible>(())
        });
        for targets in self.targets {
            let cluster = clusters.iter().find(|cluster| cluster.name() == targets.name);
            let Some(cluster) = cluster.cloned() else { continue };
            let (scraping, stop) = (scraping.clone(), stop.clone());
            tasks.start("targets of a cluster", async move {
                targets.run(cluster, scraping, stop.clone()).await;
                // A task that ends by itself would end the process.
                stop.cancelled().await;
                Ok::<(), Infallible>(())
            });
        }
    }
}

/// Returns the clusters to watch: those of the configuration file, else that of the kubeconfig which the command line
/// or `KUBECONFIG` names, else that of the pod. The one in the home folder is not looked for: it often leads to a
/// cluster that nobody asked to watch.
///
/// # Errors
/// A kubeconfig that somebody named cannot be used.
pub(super) fn find(
    asked: &Asked,
    configured: Vec<WatchedCluster>,
    environment: Option<&std::ffi::OsStr>,
) -> Result<Vec<WatchedCluster>, Failure> {
    let named = asked.kubeconfig.clone();
    if !configured.is_empty() && named.is_none() {
        return Ok(configured);
    }
    // kubectl passes over files of the list that are not there.
    let listed = environment.and_then(|list| std::env::split_paths(list).find(|path| path.is_file()));
    let access = match named.or(listed) {
        Some(path) => Some(Access::Kubeconfig {
            path,
            context: asked.context.clone(),
        }),
        None => Access::of_pod(),
    };
    let Some(access) = access else {
        return match &asked.context {
            Some(context) => Err(
                Failure::message(format!("--context {context} needs a kubeconfig"))
                    .usage()
                    .hint("name it with --kubeconfig FILE or KUBECONFIG"),
            ),
            None => Ok(configured),
        };
    };
    let name = access.default_name().map_err(|error| {
        Failure::new(error).hint("name another kubeconfig with --kubeconfig FILE, or unset KUBECONFIG")
    })?;
    let mut all = configured;
    all.retain(|one| one.config.name != name);
    all.push(WatchedCluster {
        config: ClusterConfig::new(name, access),
        metrics: StateOptions::default(),
        targets: TargetOptions::default(),
    });
    Ok(all)
}
