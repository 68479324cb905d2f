//! Bounds: on the number of pods, on their going, on what a namespace may have.

use serde::Deserialize;
use serde::de::Deserializer;

use super::workload::Selector;
use crate::objects::Text;
use crate::objects::value::{Condition, IntOrPercent, List, Quantity, Resources, option_time};

/// A HorizontalPodAutoscaler.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct HorizontalPodAutoscaler {
    /// What is wanted.
    pub spec: AutoscalerSpec,
    /// How it is.
    pub status: AutoscalerStatus,
}

/// What is wanted of an autoscaler.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AutoscalerSpec {
    /// What it scales.
    pub scale_target_ref: ScaleTarget,
    /// How few pods there may be.
    pub min_replicas: Option<i32>,
    /// How many pods there may be.
    pub max_replicas: i32,
    /// What it looks at, and what that should be.
    #[serde(deserialize_with = "metrics")]
    pub metrics: List<AutoscalerMetric>,
}

/// What an autoscaler scales.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ScaleTarget {
    /// Group and version, as in `apps/v1`.
    pub api_version: Text,
    /// Name of the kind in the singular.
    pub kind: Text,
    /// Name.
    pub name: Text,
}

/// What a metric of an autoscaler is, or should be.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoscalerMetric {
    /// Name of the metric or resource.
    pub name: Text,
    /// As a value.
    pub value: Option<Quantity>,
    /// As a mean over pods.
    pub average: Option<Quantity>,
    /// As percent of what is asked for, a mean over pods.
    pub utilization: Option<i32>,
}

/// How an autoscaler is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AutoscalerStatus {
    /// How many pods there are.
    pub current_replicas: i32,
    /// How many pods there should be.
    pub desired_replicas: i32,
    /// When it changed the number last, in seconds since 1970.
    #[serde(deserialize_with = "option_time")]
    pub last_scale_time: Option<i64>,
    /// What its metrics are.
    #[serde(deserialize_with = "metrics")]
    pub current_metrics: List<AutoscalerMetric>,
    /// Conditions.
    pub conditions: List<Condition>,
}

/// A metric as the API server writes it: `type` says which of the others is there.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MetricWire {
    r#type: Text,
    object: Option<SourceWire>,
    pods: Option<SourceWire>,
    resource: Option<SourceWire>,
    container_resource: Option<SourceWire>,
    external: Option<SourceWire>,
}

/// Where a metric comes from; resources have a name, all others a metric.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SourceWire {
    name: Text,
    metric: MetricNameWire,
    /// What it should be.
    target: ValueWire,
    /// What it is.
    current: ValueWire,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MetricNameWire {
    name: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ValueWire {
    value: Option<Quantity>,
    average_value: Option<Quantity>,
    average_utilization: Option<i32>,
}

/// Reads what metrics should be and what they are; the API server has one of the two in a place.
fn metrics<'de, D: Deserializer<'de>>(deserializer: D) -> Result<List<AutoscalerMetric>, D::Error> {
    let wires: List<MetricWire> = List::deserialize(deserializer)?;
    let metrics = wires.into_iter().filter_map(|wire| {
        let (source, is_resource) = match wire.r#type.as_str() {
            "Object" => (&wire.object, false),
            "Pods" => (&wire.pods, false),
            "Resource" => (&wire.resource, true),
            "ContainerResource" => (&wire.container_resource, true),
            "External" => (&wire.external, false),
            _ => return None,
        };
        let source = source.as_ref()?;
        let name = if is_resource {
            &source.name
        } else {
            &source.metric.name
        };
        Some(AutoscalerMetric {
            name: name.clone(),
            value: source.target.value.or(source.current.value),
            average: source.target.average_value.or(source.current.average_value),
            utilization: source
                .target
                .average_utilization
                .or(source.current.average_utilization),
        })
    });
    Ok(List::from(metrics.collect::<Vec<_>>()))
}

/// A PodDisruptionBudget.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PodDisruptionBudget {
    /// What is wanted.
    pub spec: BudgetSpec,
    /// How it is.
    pub status: BudgetStatus,
}

/// What is wanted of a budget.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BudgetSpec {
    /// Pods it is for.
    pub selector: Selector,
    /// How many must stay.
    pub min_available: Option<IntOrPercent>,
    /// How many may go.
    pub max_unavailable: Option<IntOrPercent>,
}

/// How a budget is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BudgetStatus {
    /// Generation that its controller saw last.
    pub observed_generation: i64,
    /// Pods that are healthy.
    pub current_healthy: i32,
    /// Pods that must be healthy.
    pub desired_healthy: i32,
    /// How many may go now.
    pub disruptions_allowed: i32,
    /// Pods in all.
    pub expected_pods: i32,
}

/// A ResourceQuota.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ResourceQuota {
    /// How it is.
    pub status: QuotaStatus,
}

/// How a quota is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct QuotaStatus {
    /// What there may be.
    pub hard: Resources,
    /// What there is.
    pub used: Resources,
}

/// A LimitRange.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LimitRange {
    /// What it says.
    pub spec: LimitRangeSpec,
}

/// What a LimitRange says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LimitRangeSpec {
    /// Limits, one a kind of thing.
    pub limits: List<Limit>,
}

/// Limits of a kind of thing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Limit {
    /// `Pod`, `Container` or `PersistentVolumeClaim`.
    #[serde(rename = "type")]
    pub kind: Text,
    /// The least.
    pub min: Resources,
    /// The most.
    pub max: Resources,
    /// What may be taken if nothing is said.
    pub default: Resources,
    /// What is asked for if nothing is said.
    pub default_request: Resources,
    /// How many times what is asked for may be taken.
    pub max_limit_request_ratio: Resources,
}

/// A PriorityClass.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PriorityClass {
    /// Priority; higher goes first.
    pub value: i32,
    /// Whether it is for pods that name none.
    pub global_default: bool,
}
