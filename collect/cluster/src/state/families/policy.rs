//! Metrics of bounds: autoscalers, disruption budgets, quotas, limit ranges.

use crate::objects::{
    AutoscalerMetric, HorizontalPodAutoscaler, LimitRange, PodDisruptionBudget, Quantity, ResourceQuota,
};
use crate::state::row::{
    CONDITION, CREATED, GENERATION, OBSERVED, Of, Out, Row, Stability, created, generation,
};

pub(in crate::state) const AUTOSCALERS: &[Row<HorizontalPodAutoscaler>] = &[
    Row::experimental(
        "kube_horizontalpodautoscaler_info",
        "What the autoscaler scales.",
        info,
    ),
    Row::stable(
        "kube_horizontalpodautoscaler_metadata_generation",
        GENERATION,
        generation,
    ),
    Row::labels("kube_horizontalpodautoscaler_labels", Stability::Stable),
    Row::annotations("kube_horizontalpodautoscaler_annotations"),
    Row::stable(
        "kube_horizontalpodautoscaler_spec_min_replicas",
        "How few pods there may be.",
        |one, out| {
            out.maybe(one.body.spec.min_replicas);
        },
    ),
    Row::stable(
        "kube_horizontalpodautoscaler_spec_max_replicas",
        "How many pods there may be.",
        |one, out| {
            out.value(one.body.spec.max_replicas);
        },
    ),
    Row::experimental(
        "kube_horizontalpodautoscaler_spec_target_metric",
        "What the metrics of the autoscaler should be.",
        |one, out| metrics(&one.body.spec.metrics, out),
    ),
    Row::experimental(
        "kube_horizontalpodautoscaler_status_target_metric",
        "What the metrics of the autoscaler are.",
        |one, out| metrics(&one.body.status.current_metrics, out),
    ),
    Row::stable(
        "kube_horizontalpodautoscaler_status_current_replicas",
        "Pods that there are.",
        |one, out| {
            out.value(one.body.status.current_replicas);
        },
    ),
    Row::stable(
        "kube_horizontalpodautoscaler_status_desired_replicas",
        "Pods that there should be.",
        |one, out| {
            out.value(one.body.status.desired_replicas);
        },
    ),
    Row::stable(
        "kube_horizontalpodautoscaler_status_condition",
        CONDITION,
        |one, out| {
            out.conditions(&one.body.status.conditions);
        },
    ),
];

pub(in crate::state) const BUDGETS: &[Row<PodDisruptionBudget>] = &[
    Row::stable("kube_poddisruptionbudget_created", CREATED, created),
    Row::labels("kube_poddisruptionbudget_labels", Stability::Experimental),
    Row::annotations("kube_poddisruptionbudget_annotations"),
    Row::stable(
        "kube_poddisruptionbudget_status_current_healthy",
        "Pods that are healthy.",
        |one, out| {
            out.value(one.body.status.current_healthy);
        },
    ),
    Row::stable(
        "kube_poddisruptionbudget_status_desired_healthy",
        "Pods that must be healthy.",
        |one, out| {
            out.value(one.body.status.desired_healthy);
        },
    ),
    Row::stable(
        "kube_poddisruptionbudget_status_pod_disruptions_allowed",
        "Pods that may go now.",
        |one, out| {
            out.value(one.body.status.disruptions_allowed);
        },
    ),
    Row::stable(
        "kube_poddisruptionbudget_status_expected_pods",
        "Pods in all.",
        |one, out| {
            out.value(one.body.status.expected_pods);
        },
    ),
    Row::stable(
        "kube_poddisruptionbudget_status_observed_generation",
        OBSERVED,
        |one, out| {
            out.whole(one.body.status.observed_generation);
        },
    ),
];

pub(in crate::state) const QUOTAS: &[Row<ResourceQuota>] = &[
    Row::stable("kube_resourcequota_created", CREATED, created),
    Row::labels("kube_resourcequota_labels", Stability::Stable),
    Row::annotations("kube_resourcequota_annotations"),
    Row::stable(
        "kube_resourcequota",
        "What there may be in the namespace, and what there is.",
        |quota, out| {
            let status = &quota.body.status;
            for (amounts, kind) in [(&status.hard, "hard"), (&status.used, "used")] {
                for (resource, amount) in &**amounts {
                    out.add(&[("resource", resource), ("type", kind)], amount.value());
                }
            }
        },
    ),
];

pub(in crate::state) const LIMIT_RANGES: &[Row<LimitRange>] = &[
    Row::stable(
        "kube_limitrange",
        "Bounds of what things in the namespace may ask for.",
        limits,
    ),
    Row::stable("kube_limitrange_created", CREATED, created),
];

fn info(one: &Of<'_, HorizontalPodAutoscaler>, out: &mut Out<'_>) {
    let target = &one.body.spec.scale_target_ref;
    out.info(&[
        ("scaletargetref_api_version", &target.api_version),
        ("scaletargetref_kind", &target.kind),
        ("scaletargetref_name", &target.name),
    ]);
}

fn metrics(metrics: &[AutoscalerMetric], out: &mut Out<'_>) {
    for metric in metrics {
        let values = [
            ("value", metric.value.map(Quantity::value)),
            ("utilization", metric.utilization.map(f64::from)),
            ("average", metric.average.map(Quantity::value)),
        ];
        for (kind, value) in values {
            if let Some(value) = value {
                out.add(
                    &[("metric_name", &metric.name), ("metric_target_type", kind)],
                    value,
                );
            }
        }
    }
}

fn limits(range: &Of<'_, LimitRange>, out: &mut Out<'_>) {
    for limit in &range.body.spec.limits {
        let constraints = [
            (&limit.min, "min"),
            (&limit.max, "max"),
            (&limit.default, "default"),
            (&limit.default_request, "defaultRequest"),
            (&limit.max_limit_request_ratio, "maxLimitRequestRatio"),
        ];
        for (amounts, constraint) in constraints {
            for (resource, amount) in &**amounts {
                let labels = [
                    ("resource", &**resource),
                    ("type", &*limit.kind),
                    ("constraint", constraint),
                ];
                out.add(&labels, amount.value());
            }
        }
    }
}
