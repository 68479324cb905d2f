//! Which targets two jobs would have: one that every cluster has, and that of a ServiceMonitor.
//!
//! kube-prometheus brings monitors for the kubelets, the control plane, DNS, the proxies and kube-state-metrics. Both
//! would write the same series, so one has to go: the job out of the box where the monitor's works, else the monitor's.

use std::sync::Arc;

use serde::Deserialize;

use super::book::{Monitor, MonitorKind};
use crate::graph::matches;
use crate::objects::{Body, Object, Selector};

const SYSTEM: &str = "kube-system";
/// Labels of the pods of a job, as services select them.
const PODS: [(&str, &str, &str); 5] = [
    ("k8s-app", "kube-dns", "kube-dns"),
    ("k8s-app", "kube-proxy", "kube-proxy"),
    ("component", "etcd", "kube-etcd"),
    ("component", "kube-scheduler", "kube-scheduler"),
    ("component", "kube-controller-manager", "kube-controller-manager"),
];
/// Labels of the service that the operator keeps for the kubelets.
const KUBELET: [(&str, &str); 2] = [("k8s-app", "kubelet"), ("app.kubernetes.io/name", "kubelet")];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawSpec {
    selector: Selector,
    namespace_selector: RawNamespaces,
    endpoints: Vec<RawEndpoint>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawNamespaces {
    any: bool,
    match_names: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawEndpoint {
    path: String,
}

impl RawNamespaces {
    fn has(&self, own: &str, namespace: &str) -> bool {
        match (self.any, self.match_names.as_slice()) {
            (true, _) => true,
            (false, []) => own == namespace,
            (false, names) => names.iter().any(|name| name == namespace),
        }
    }
}

/// What one endpoint of a monitor has in common with what every cluster has.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Overlap {
    /// The endpoint, and its job, by number.
    pub(crate) endpoint: usize,
    /// The job out of the box, as in `apiserver` and `kubelet/metrics/cadvisor`.
    pub(crate) job: String,
}

/// The state of objects, which this process delivers itself.
pub(crate) const STATE_METRICS: &str = "kube-state-metrics";

/// Finds what a monitor has in common with what every cluster has.
pub(crate) fn overlaps(monitor: &Monitor, services: &[Arc<Object>]) -> Vec<Overlap> {
    let mut found = Vec::new();
    if monitor.kind != MonitorKind::ServiceMonitor {
        return found;
    }
    let Ok(spec) = serde_json::from_value::<RawSpec>(monitor.spec.clone()) else {
        return found;
    };
    for service in services {
        let meta = &service.meta;
        if !spec.namespace_selector.has(&monitor.namespace, &meta.namespace)
            || !matches(&spec.selector, &meta.labels)
        {
            continue;
        }
        let Some(job) = job_of(service) else { continue };
        let endpoints = spec.endpoints.iter().enumerate();
        found.extend(endpoints.map(|(endpoint, RawEndpoint { path })| Overlap {
            endpoint,
            job: match path.as_str() {
                "" | "/metrics" => job.to_owned(),
                path if job == "kubelet" => format!("kubelet{path}"),
                _ => job.to_owned(),
            },
        }));
    }
    found.sort();
    found.dedup();
    found
}

/// Returns the job that has the targets behind a service.
fn job_of(service: &Object) -> Option<&'static str> {
    let meta = &service.meta;
    if &*meta.namespace == "default" && &*meta.name == "kubernetes" {
        return Some("apiserver");
    }
    if meta.labels.get("app.kubernetes.io/name") == Some(STATE_METRICS) {
        return Some(STATE_METRICS);
    }
    if &*meta.namespace != SYSTEM {
        return None;
    }
    if KUBELET
        .iter()
        .any(|(name, value)| meta.labels.get(name) == Some(value))
    {
        return Some("kubelet");
    }
    let Body::Service(service) = &service.body else {
        return None;
    };
    let selects = |name: &str, value: &str| service.spec.selector.get(name) == Some(value);
    let row = PODS.iter().find(|(name, value, _)| selects(name, value));
    row.map(|(_, _, job)| *job)
}
