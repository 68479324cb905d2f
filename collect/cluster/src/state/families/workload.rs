//! Metrics of what keeps pods running.

use crate::objects::{
    DaemonSet, Deployment, IntOrPercent, ReplicaSet, ReplicationController, RollingUpdate, Rounding,
    StatefulSet,
};
use crate::state::row::{
    CONDITION, CREATED, GENERATION, OBSERVED, OWNER, Of, Out, Row, Stability, created, generation, owners,
};

const WANTED: &str = "Pods that are wanted.";
const PODS: &str = "Pods that there are.";
const READY: &str = "Pods that are ready.";
const AVAILABLE: &str = "Pods that have been ready for long enough.";

pub(in crate::state) const DEPLOYMENTS: &[Row<Deployment>] = &[
    Row::stable("kube_deployment_created", CREATED, created),
    Row::stable("kube_deployment_metadata_generation", GENERATION, generation),
    Row::labels("kube_deployment_labels", Stability::Stable),
    Row::annotations("kube_deployment_annotations"),
    Row::stable("kube_deployment_spec_replicas", WANTED, |one, out| {
        out.maybe(one.body.spec.replicas);
    }),
    Row::stable(
        "kube_deployment_spec_paused",
        "Whether changes wait.",
        |one, out| {
            out.value(one.body.spec.paused);
        },
    ),
    Row::stable(
        "kube_deployment_spec_strategy_rollingupdate_max_unavailable",
        "Pods that may be missing while changes are rolled out.",
        |one, out| rolling(one, |update| update.max_unavailable.as_ref(), Rounding::Down, out),
    ),
    Row::stable(
        "kube_deployment_spec_strategy_rollingupdate_max_surge",
        "Pods that may be too many while changes are rolled out.",
        |one, out| rolling(one, |update| update.max_surge.as_ref(), Rounding::Up, out),
    ),
    Row::stable("kube_deployment_status_replicas", PODS, |one, out| {
        out.value(one.body.status.replicas);
    }),
    Row::stable("kube_deployment_status_replicas_ready", READY, |one, out| {
        out.value(one.body.status.ready_replicas);
    }),
    Row::stable(
        "kube_deployment_status_replicas_available",
        AVAILABLE,
        |one, out| {
            out.value(one.body.status.available_replicas);
        },
    ),
    Row::stable(
        "kube_deployment_status_replicas_unavailable",
        "Pods that are missing.",
        |one, out| {
            out.value(one.body.status.unavailable_replicas);
        },
    ),
    Row::stable(
        "kube_deployment_status_replicas_updated",
        "Pods of the newest version.",
        |one, out| {
            out.value(one.body.status.updated_replicas);
        },
    ),
    Row::stable(
        "kube_deployment_status_observed_generation",
        OBSERVED,
        |one, out| {
            out.whole(one.body.status.observed_generation);
        },
    ),
    Row::stable("kube_deployment_status_condition", CONDITION, |one, out| {
        out.conditions(&one.body.status.conditions);
    }),
];

pub(in crate::state) const REPLICA_SETS: &[Row<ReplicaSet>] = &[
    Row::stable("kube_replicaset_created", CREATED, created),
    Row::stable("kube_replicaset_metadata_generation", GENERATION, generation),
    Row::stable("kube_replicaset_owner", OWNER, owners),
    Row::labels("kube_replicaset_labels", Stability::Stable),
    Row::annotations("kube_replicaset_annotations"),
    Row::stable("kube_replicaset_spec_replicas", WANTED, |one, out| {
        out.maybe(one.body.spec.replicas);
    }),
    Row::stable("kube_replicaset_status_replicas", PODS, |one, out| {
        out.value(one.body.status.replicas);
    }),
    Row::stable(
        "kube_replicaset_status_fully_labeled_replicas",
        "Pods that have all labels of the template.",
        |one, out| out.value(one.body.status.fully_labeled_replicas),
    ),
    Row::stable("kube_replicaset_status_ready_replicas", READY, |one, out| {
        out.value(one.body.status.ready_replicas);
    }),
    Row::stable(
        "kube_replicaset_status_observed_generation",
        OBSERVED,
        |one, out| {
            out.whole(one.body.status.observed_generation);
        },
    ),
];

pub(in crate::state) const REPLICATION_CONTROLLERS: &[Row<ReplicationController>] = &[
    Row::stable("kube_replicationcontroller_created", CREATED, created),
    Row::stable(
        "kube_replicationcontroller_metadata_generation",
        GENERATION,
        generation,
    ),
    Row::experimental("kube_replicationcontroller_owner", OWNER, owners),
    Row::stable("kube_replicationcontroller_spec_replicas", WANTED, |one, out| {
        out.maybe(one.body.spec.replicas);
    }),
    Row::stable("kube_replicationcontroller_status_replicas", PODS, |one, out| {
        out.value(one.body.status.replicas);
    }),
    Row::stable(
        "kube_replicationcontroller_status_fully_labeled_replicas",
        "Pods that have all labels of the template.",
        |one, out| out.value(one.body.status.fully_labeled_replicas),
    ),
    Row::stable(
        "kube_replicationcontroller_status_ready_replicas",
        READY,
        |one, out| {
            out.value(one.body.status.ready_replicas);
        },
    ),
    Row::stable(
        "kube_replicationcontroller_status_available_replicas",
        AVAILABLE,
        |one, out| {
            out.value(one.body.status.available_replicas);
        },
    ),
    Row::stable(
        "kube_replicationcontroller_status_observed_generation",
        OBSERVED,
        |one, out| {
            out.whole(one.body.status.observed_generation);
        },
    ),
];

pub(in crate::state) const STATEFUL_SETS: &[Row<StatefulSet>] = &[
    Row::stable("kube_statefulset_created", CREATED, created),
    Row::stable("kube_statefulset_metadata_generation", GENERATION, generation),
    Row::labels("kube_statefulset_labels", Stability::Stable),
    Row::annotations("kube_statefulset_annotations"),
    Row::stable("kube_statefulset_replicas", WANTED, |one, out| {
        out.maybe(one.body.spec.replicas);
    }),
    Row::stable(
        "kube_statefulset_ordinals_start",
        "Number of the first pod.",
        |one, out| {
            out.maybe(one.body.spec.ordinals.as_ref().map(|ordinals| ordinals.start));
        },
    ),
    Row::experimental(
        "kube_statefulset_persistentvolumeclaim_retention_policy",
        "What becomes of the claims of pods that are gone.",
        retention,
    ),
    Row::stable("kube_statefulset_status_replicas", PODS, |one, out| {
        out.value(one.body.status.replicas);
    }),
    Row::stable("kube_statefulset_status_replicas_ready", READY, |one, out| {
        out.value(one.body.status.ready_replicas);
    }),
    Row::experimental(
        "kube_statefulset_status_replicas_available",
        AVAILABLE,
        |one, out| {
            out.value(one.body.status.available_replicas);
        },
    ),
    Row::stable(
        "kube_statefulset_status_replicas_current",
        "Pods of the version that is left.",
        |one, out| {
            out.value(one.body.status.current_replicas);
        },
    ),
    Row::stable(
        "kube_statefulset_status_replicas_updated",
        "Pods of the version that is rolled out.",
        |one, out| {
            out.value(one.body.status.updated_replicas);
        },
    ),
    Row::stable(
        "kube_statefulset_status_observed_generation",
        OBSERVED,
        |one, out| {
            out.whole(one.body.status.observed_generation);
        },
    ),
    Row::stable(
        "kube_statefulset_status_current_revision",
        "Version that is left.",
        |one, out| {
            out.info(&[("revision", &one.body.status.current_revision)]);
        },
    ),
    Row::stable(
        "kube_statefulset_status_update_revision",
        "Version that is rolled out.",
        |one, out| {
            out.info(&[("revision", &one.body.status.update_revision)]);
        },
    ),
];

pub(in crate::state) const DAEMON_SETS: &[Row<DaemonSet>] = &[
    Row::stable("kube_daemonset_created", CREATED, created),
    Row::stable("kube_daemonset_metadata_generation", GENERATION, generation),
    Row::labels("kube_daemonset_labels", Stability::Stable),
    Row::annotations("kube_daemonset_annotations"),
    Row::stable(
        "kube_daemonset_status_current_number_scheduled",
        "Nodes that should run a pod and do.",
        |one, out| out.value(one.body.status.current_number_scheduled),
    ),
    Row::stable(
        "kube_daemonset_status_desired_number_scheduled",
        "Nodes that should run a pod.",
        |one, out| {
            out.value(one.body.status.desired_number_scheduled);
        },
    ),
    Row::stable(
        "kube_daemonset_status_number_available",
        "Nodes whose pod has been ready for long enough.",
        |one, out| out.value(one.body.status.number_available),
    ),
    Row::stable(
        "kube_daemonset_status_number_misscheduled",
        "Nodes that run a pod and should not.",
        |one, out| out.value(one.body.status.number_misscheduled),
    ),
    Row::stable(
        "kube_daemonset_status_number_ready",
        "Nodes whose pod is ready.",
        |one, out| {
            out.value(one.body.status.number_ready);
        },
    ),
    Row::stable(
        "kube_daemonset_status_number_unavailable",
        "Nodes whose pod is missing.",
        |one, out| {
            out.value(one.body.status.number_unavailable);
        },
    ),
    Row::stable(
        "kube_daemonset_status_observed_generation",
        OBSERVED,
        |one, out| {
            out.whole(one.body.status.observed_generation);
        },
    ),
    Row::stable(
        "kube_daemonset_status_updated_number_scheduled",
        "Nodes whose pod is of the newest version.",
        |one, out| out.value(one.body.status.updated_number_scheduled),
    ),
];

fn rolling(
    one: &Of<'_, Deployment>,
    which: fn(&RollingUpdate) -> Option<&IntOrPercent>,
    rounding: Rounding,
    out: &mut Out<'_>,
) {
    let spec = &one.body.spec;
    let share = spec.strategy.rolling_update.as_ref().and_then(which);
    let wanted = spec.replicas.unwrap_or(1);
    if let Some(pods) = share.and_then(|share| share.of(wanted.into(), rounding)) {
        out.whole(pods);
    }
}

fn retention(one: &Of<'_, StatefulSet>, out: &mut Out<'_>) {
    let Some(policy) = &one.body.spec.persistent_volume_claim_retention_policy else {
        return;
    };
    if !policy.when_deleted.is_empty() || !policy.when_scaled.is_empty() {
        out.info(&[
            ("when_deleted", &policy.when_deleted),
            ("when_scaled", &policy.when_scaled),
        ]);
    }
}
