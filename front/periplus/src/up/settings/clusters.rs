//! `periplus.clusters`: which clusters are watched, and which metrics of their objects there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cluster::state::{AllowList, CustomResources, Shard, StateMetrics, StateOptions};
use cluster::{Access, ClusterConfig, KindFilter, KindPattern, MonitorKind, TargetOptions};
use serde::Deserialize;

use super::raw::Span;

/// A cluster that is watched.
#[derive(Clone, Debug)]
pub(in crate::up) struct WatchedCluster {
    /// Where it is, and what is read of it.
    pub(in crate::up) config: ClusterConfig,
    /// Which metrics of its objects there are.
    pub(in crate::up) metrics: StateOptions,
    /// What of it is scraped.
    pub(in crate::up) targets: TargetOptions,
}

/// One of `periplus.clusters`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCluster {
    name: String,
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    service_account: bool,
    kinds: RawKinds,
    custom_resources: Option<Vec<String>>,
    metrics_interval: Option<Span>,
    events: Option<bool>,
    state_metrics: RawStateMetrics,
    targets: RawTargets,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawTargets {
    enabled: Option<bool>,
    leave_out: Vec<String>,
    credentials_for: Vec<String>,
    addresses: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawKinds {
    allow: Option<Vec<String>>,
    deny: Vec<String>,
}

/// Under the names of kube-state-metrics' flags.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawStateMetrics {
    resources: Vec<String>,
    namespaces: Vec<String>,
    namespaces_denylist: Vec<String>,
    metric_allowlist: Vec<String>,
    metric_denylist: Vec<String>,
    metric_opt_in_list: Vec<String>,
    metric_labels_allowlist: String,
    metric_annotations_allowlist: String,
    shard: u32,
    total_shards: Option<u32>,
    custom_resource_state_config_file: Option<PathBuf>,
    custom_resource_state_only: bool,
}

/// Returns the clusters that are to be watched; paths are relative to `folder`.
pub(super) fn clusters(raw: &[RawCluster], folder: &Path, mistakes: &mut Vec<String>) -> Vec<WatchedCluster> {
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    for (i, one) in raw.iter().enumerate() {
        let place = match one.name.as_str() {
            "" => format!("periplus.clusters[{i}]"),
            name => format!("periplus.clusters[{name}]"),
        };
        let mut wrong = |what: String| mistakes.push(format!("{place}: {what}"));
        if one.name.is_empty() || one.name.contains('/') {
            wrong("name is needed, without a slash: it is the label cluster".to_owned());
        } else if !names.insert(one.name.as_str()) {
            wrong("there is another cluster of this name".to_owned());
        }
        let access = access(one, folder, &mut wrong);
        let kinds = kinds(one, &mut wrong);
        let metrics = state_metrics(&one.state_metrics, folder, &mut wrong);
        let targets = targets(&one.targets, &mut wrong);
        let Some(access) = access else { continue };
        let interval = one
            .metrics_interval
            .as_ref()
            .map_or(ClusterConfig::METRICS_INTERVAL, |span| span.0);
        found.push(WatchedCluster {
            config: ClusterConfig {
                kinds,
                metrics_interval: Some(interval).filter(|interval| !interval.is_zero()),
                events: one.events.unwrap_or(true),
                ..ClusterConfig::new(one.name.clone(), access)
            },
            metrics,
            targets,
        });
        if interval < Duration::from_secs(1) && !interval.is_zero() {
            wrong("metrics_interval must be at least 1s, or 0s for none".to_owned());
        }
    }
    found
}

fn access(one: &RawCluster, folder: &Path, wrong: &mut impl FnMut(String)) -> Option<Access> {
    match (&one.kubeconfig, one.service_account) {
        (Some(path), false) => Some(Access::Kubeconfig {
            path: folder.join(path),
            context: one.context.clone(),
        }),
        (None, true) => {
            if one.context.is_some() {
                wrong("context belongs to kubeconfig".to_owned());
            }
            Some(Access::ServiceAccount)
        }
        _ => {
            wrong("give either kubeconfig or service_account: true".to_owned());
            None
        }
    }
}

fn targets(raw: &RawTargets, wrong: &mut impl FnMut(String)) -> TargetOptions {
    let jobs = TargetOptions::JOBS.to_vec();
    let monitors = MonitorKind::ALL.map(MonitorKind::plural);
    let given = [
        (
            raw.leave_out.iter().collect::<Vec<_>>(),
            [&*jobs, &monitors].concat(),
        ),
        (raw.addresses.keys().collect(), jobs),
    ];
    for (names, known) in given {
        for name in names.into_iter().filter(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            wrong(format!("targets: there is no job {name:?}; known are {known}"));
        }
    }
    TargetOptions {
        enabled: raw.enabled.unwrap_or(true),
        leave_out: raw.leave_out.clone(),
        credentials_for: raw.credentials_for.clone(),
        addresses: raw.addresses.clone(),
    }
}

fn kinds(one: &RawCluster, wrong: &mut impl FnMut(String)) -> KindFilter {
    let default = KindFilter::default();
    let mut patterns = |texts: &[String]| {
        let mut found = Vec::new();
        for text in texts {
            match KindPattern::parse(text) {
                Ok(pattern) => found.push(pattern),
                Err(error) => wrong(error.to_string()),
            }
        }
        found
    };
    KindFilter {
        deny: patterns(&one.kinds.deny),
        allow: one.kinds.allow.as_deref().map_or(default.allow, &mut patterns),
        custom: one
            .custom_resources
            .as_deref()
            .map_or(default.custom, &mut patterns),
    }
}

fn state_metrics(raw: &RawStateMetrics, folder: &Path, wrong: &mut impl FnMut(String)) -> StateOptions {
    let mut allow_list = |text: &str| {
        AllowList::parse(text).unwrap_or_else(|error| {
            wrong(format!("state_metrics: {error}"));
            AllowList::default()
        })
    };
    let mut options = StateOptions {
        labels_allowlist: allow_list(&raw.metric_labels_allowlist),
        annotations_allowlist: allow_list(&raw.metric_annotations_allowlist),
        resources: raw.resources.clone(),
        namespaces: raw.namespaces.clone(),
        namespaces_denylist: raw.namespaces_denylist.clone(),
        metric_allowlist: raw.metric_allowlist.clone(),
        metric_denylist: raw.metric_denylist.clone(),
        metric_opt_in_list: raw.metric_opt_in_list.clone(),
        shard: raw.total_shards.map(|total| Shard {
            index: raw.shard,
            total,
        }),
        custom_resources: CustomResources::default(),
        custom_resources_only: raw.custom_resource_state_only,
    };
    if let Some(path) = &raw.custom_resource_state_config_file {
        let path = folder.join(path);
        let read = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let parsed = read
            .and_then(|text| CustomResources::from_yaml(&text).map_err(|error| model::with_causes(&error)));
        match parsed {
            Ok(custom) => options.custom_resources = custom,
            Err(error) => wrong(format!("state_metrics: cannot use {}: {error}", path.display())),
        }
    }
    if let Err(error) = StateMetrics::new(&options) {
        wrong(format!("state_metrics: {}", model::with_causes(&error)));
    }
    options
}
