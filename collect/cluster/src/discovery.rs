//! Targets in Kubernetes: `kubernetes_sd_configs`, what every cluster has, and what monitors of the Prometheus operator
//! name.
//!
//! [`KubernetesSources`] makes the searches that scraping asks for; all of them share watches, which
//! [`KubernetesTasks`] runs. Promises:
//!
//! - The labels of targets are those of Prometheus 3.10.
//! - What was found stays while the API server cannot be reached, or refuses.
//! - The API server hears of one watch for all searches of the same objects.

mod builtin;
mod credentials;
mod groups;
mod hub;
mod jobs;
pub(crate) mod monitors;
mod objects;
mod rules;
mod search;
mod table;

use std::path::Path;
use std::sync::Arc;

use model::Clock;
use scrape::config::{KubernetesApi, KubernetesConfig};
use scrape::{Discovery, Sources};
use tokio_util::sync::CancellationToken;

pub use self::builtin::TargetOptions;
use self::hub::{Hub, HubTasks};
pub use self::jobs::ClusterTargets;
pub use self::monitors::{MonitorKind, MonitorStatus};
use self::search::KubernetesSearch;
use crate::client::Access;
use crate::reflector::Timing;

/// Where the service account of a pod lies.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Makes searches for targets in Kubernetes.
pub struct KubernetesSources {
    hub: Arc<Hub>,
    /// Clusters that are watched, by name.
    watched: Vec<(String, Access)>,
}

/// Runs what the searches share.
pub struct KubernetesTasks(HubTasks);

impl KubernetesSources {
    /// Prepares searching. `watched` are the clusters that `watched_cluster` may name.
    pub fn new(watched: Vec<(String, Access)>, clock: Arc<dyn Clock>) -> (Self, KubernetesTasks) {
        Self::with_timing(watched, clock, Timing::default())
    }

    pub(crate) fn with_timing(
        watched: Vec<(String, Access)>,
        clock: Arc<dyn Clock>,
        timing: Timing,
    ) -> (Self, KubernetesTasks) {
        let (hub, tasks) = Hub::new(clock, timing);
        (Self { hub, watched }, KubernetesTasks(tasks))
    }

    fn access(&self, api: &KubernetesApi) -> Result<Access, String> {
        match api {
            KubernetesApi::OfPod => Ok(Access::ServiceAccount),
            KubernetesApi::Kubeconfig(path) => Ok(Access::Kubeconfig {
                path: path.clone(),
                context: None,
            }),
            KubernetesApi::Server { url, http } => Ok(Access::Http {
                url: url.clone(),
                http: http.clone(),
            }),
            KubernetesApi::Watched(name) => {
                let found = self.watched.iter().find(|(known, _)| known == name);
                found
                    .map(|(_, access)| access.clone())
                    .ok_or_else(|| format!("watched_cluster {name:?} is no cluster that is watched"))
            }
        }
    }
}

impl KubernetesTasks {
    /// Runs until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        self.0.run(stop).await;
    }
}

impl Sources for KubernetesSources {
    fn kubernetes(&self, config: &KubernetesConfig) -> Result<Box<dyn Discovery>, String> {
        let access = self.access(&config.api)?;
        let mut namespaces = config.namespaces.clone();
        if config.own_namespace {
            namespaces.push(own_namespace(Path::new(SERVICE_ACCOUNT))?);
        }
        Ok(Box::new(KubernetesSearch {
            hub: Arc::clone(&self.hub),
            access,
            config: config.clone(),
            namespaces,
        }))
    }
}

/// Returns the namespace that this process runs in.
fn own_namespace(account: &Path) -> Result<String, String> {
    let path = account.join("namespace");
    let text = std::fs::read_to_string(&path).map_err(|error| {
        format!(
            "own_namespace needs a pod: failed to read {}: {error}",
            path.display()
        )
    })?;
    match text.trim() {
        "" => Err(format!("own_namespace needs a pod: {} is empty", path.display())),
        name => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests;
