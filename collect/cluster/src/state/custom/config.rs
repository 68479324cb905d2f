//! The configuration file.

use std::collections::BTreeMap;

use model::MetricType;
use serde::Deserialize;

use super::each::{Each, Gauge, Info, StateSet};
use super::path::{LabelPaths, PathError, ValuePath};
use super::{CustomFamily, Resource, Resources};

/// What the file's `kind` must be, if it has one.
const KIND: &str = "CustomResourceStateMetrics";
/// Begins the names of metrics that say nothing else.
const DEFAULT_PREFIX: &str = "kube_customresource";

/// Why a configuration of custom resources was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CustomConfigError {
    /// It is no such file.
    #[error("cannot read the configuration of custom resources")]
    Yaml(#[source] serde_saphyr::Error),
    /// It is for something else.
    #[error("unknown kind {kind:?} of a configuration of custom resources: use {KIND}")]
    Kind {
        /// What it says.
        kind: String,
    },
    /// A resource has no group.
    #[error("a custom resource of kind {kind:?} has no group: name it in groupVersionKind")]
    NoGroup {
        /// Its kind.
        kind: String,
    },
    /// A metric says something that cannot be.
    #[error("metric {metric:?}: {reason}")]
    Metric {
        /// Name of the metric.
        metric: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(default)]
struct File {
    kind: String,
    spec: Spec,
}

impl Default for File {
    fn default() -> Self {
        Self {
            kind: KIND.to_owned(),
            spec: Spec::default(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    resources: Vec<ResourceFile>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ResourceFile {
    group_version_kind: GroupVersionKind,
    metric_name_prefix: Option<String>,
    common_labels: BTreeMap<String, String>,
    labels_from_path: BTreeMap<String, Vec<String>>,
    metrics: Vec<MetricFile>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GroupVersionKind {
    group: String,
    version: String,
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MetricFile {
    name: String,
    help: String,
    common_labels: BTreeMap<String, String>,
    labels_from_path: BTreeMap<String, Vec<String>>,
    each: EachFile,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EachFile {
    r#type: String,
    gauge: Option<ValuesFile>,
    state_set: Option<ValuesFile>,
    info: Option<ValuesFile>,
}

/// What the three types of metrics say; each uses its part.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ValuesFile {
    path: Vec<String>,
    labels_from_path: BTreeMap<String, Vec<String>>,
    label_from_key: String,
    value_from: Vec<String>,
    nil_is_zero: bool,
    list: Vec<String>,
    label_name: String,
}

pub(super) fn read(yaml: &str) -> Result<Resources, CustomConfigError> {
    let file: File = serde_saphyr::from_str(yaml).map_err(CustomConfigError::Yaml)?;
    if file.kind != KIND {
        return Err(CustomConfigError::Kind { kind: file.kind });
    }
    let mut resources = Resources::default();
    for resource in file.spec.resources {
        let start = resources.families.len();
        for metric in &resource.metrics {
            let family = family(&resource, metric).map_err(|reason| CustomConfigError::Metric {
                metric: metric.name.clone(),
                reason,
            })?;
            resources.families.push(family);
        }
        let GroupVersionKind { group, version, kind } = resource.group_version_kind;
        if group.is_empty() || group == "*" {
            return Err(CustomConfigError::NoGroup { kind });
        }
        let named = |name: String| (!name.is_empty() && name != "*").then_some(name);
        resources.resources.push(Resource {
            group,
            version: named(version),
            kind: named(kind),
            families: start..resources.families.len(),
        });
    }
    Ok(resources)
}

fn family(resource: &ResourceFile, metric: &MetricFile) -> Result<CustomFamily, String> {
    let prefix = resource.metric_name_prefix.as_deref().unwrap_or(DEFAULT_PREFIX);
    let name = match prefix {
        "" => metric.name.clone(),
        prefix => format!("{prefix}_{}", metric.name),
    };
    let is_fine = |(i, byte): (usize, u8)| {
        byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || (i > 0 && byte.is_ascii_digit())
    };
    if metric.name.is_empty() || !name.bytes().enumerate().all(is_fine) {
        return Err(format!(
            "{name:?} is no name of a metric; use letters, digits and underscores"
        ));
    }
    let mut common_labels = resource.common_labels.clone();
    common_labels.extend(metric.common_labels.clone());
    let mut paths = resource.labels_from_path.clone();
    paths.extend(metric.labels_from_path.clone());
    let (each, metric_type) = each(&metric.each)?;
    Ok(CustomFamily {
        name,
        help: metric.help.clone(),
        metric_type,
        common_labels,
        label_paths: label_paths(&paths)?,
        each,
    })
}

fn each(file: &EachFile) -> Result<(Each, MetricType), String> {
    let kind = file.r#type.to_ascii_lowercase();
    let (values, metric_type) = match kind.as_str() {
        "gauge" => (&file.gauge, MetricType::Gauge),
        "info" => (&file.info, MetricType::Info),
        "stateset" => (&file.state_set, MetricType::StateSet),
        other => return Err(format!("unknown type {other:?}; use Gauge, Info or StateSet")),
    };
    let Some(values) = values else {
        return Err(format!(
            "each has the type {kind} and nothing for it; add each.{kind}"
        ));
    };
    let path = value_path(&values.path)?;
    let labels = label_paths(&values.labels_from_path)?;
    let value_from = value_path(&values.value_from)?;
    let label_from_key = values.label_from_key.clone();
    let each = match metric_type {
        MetricType::Gauge => Each::Gauge(Gauge {
            path,
            labels,
            label_from_key,
            value_from,
            nil_is_zero: values.nil_is_zero,
        }),
        MetricType::Info => Each::Info(Info {
            path,
            labels,
            label_from_key,
        }),
        _ => Each::StateSet(StateSet {
            path,
            labels,
            value_from,
            label_name: values.label_name.clone(),
            list: values.list.clone(),
        }),
    };
    Ok((each, metric_type))
}

fn value_path(parts: &[String]) -> Result<ValuePath, String> {
    ValuePath::new(parts).map_err(|e: PathError| e.to_string())
}

fn label_paths(paths: &BTreeMap<String, Vec<String>>) -> Result<LabelPaths, String> {
    LabelPaths::new(paths).map_err(|e| e.to_string())
}
