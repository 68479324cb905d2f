//! All workloads of a cluster, in one pass over its objects.

use std::cmp::Reverse;
use std::sync::Arc;

use hashbrown::HashMap;
use model::Millis;

use super::super::{Assessment, PodCounts, View, pod, seconds};
use super::{count, judge};
use crate::graph::{self, Ref};
use crate::objects::{Body, Kind, Object, Uid};

/// A workload with its pods.
#[derive(Clone, Debug)]
pub struct WorkloadView {
    /// Its names.
    pub reference: Ref,
    /// The object; `None` for kinds that only their controller knows.
    pub object: Option<Arc<Object>>,
    /// Its pods.
    pub pods: Vec<Arc<Object>>,
    /// How it is, and why.
    pub assessment: Assessment,
    /// Pods that are wanted; `None` where nothing counts it.
    pub desired: Option<i64>,
    /// Pods that are ready.
    pub ready: i64,
    /// Pods of the newest version; `None` where nothing counts it.
    pub updated: Option<i64>,
    /// Pods that have been ready for long enough; `None` where nothing counts it.
    pub available: Option<i64>,
    /// Restarts of all containers.
    pub restarts: i64,
    /// When a container ended last before it was restarted.
    pub last_restart: Option<Millis>,
}

/// Who a pod or a Job belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Known(Uid),
    Unknown(Ref),
}

/// Names of a workload, the object if it is known, and its pods.
type Found = (Ref, Option<Arc<Object>>, Vec<Arc<Object>>);

/// Kinds that are workloads whatever owns them.
const TOP: [Kind; 4] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::CronJob,
];
/// Kinds that are workloads if nothing owns them.
const ALONE: [Kind; 3] = [Kind::ReplicaSet, Kind::ReplicationController, Kind::Job];

/// Returns all workloads, those that need attention first.
pub fn workloads(view: &View<'_>) -> Vec<WorkloadView> {
    let mut found: HashMap<Owner, Found> = HashMap::new();
    for kind in TOP.iter().chain(&ALONE) {
        for object in view.store.list(kind) {
            if ALONE.contains(kind) && object.meta.controller().is_some() {
                continue;
            }
            let entry = (Ref::to(&object), Some(Arc::clone(&object)), Vec::new());
            found.insert(Owner::Known(object.meta.uid), entry);
        }
    }
    // Pods of one owner come to the same workload.
    let mut of_controller: HashMap<Uid, Owner> = HashMap::new();
    for pod in view.store.list(&Kind::Pod) {
        let controller = pod.meta.controller().map(|owner| owner.uid);
        let known = controller.and_then(|uid| of_controller.get(&uid).cloned());
        let owner = known.unwrap_or_else(|| {
            let workload = graph::workload(view.store, &pod);
            let owner = match &workload.object {
                Some(object) => Owner::Known(object.meta.uid),
                None => Owner::Unknown(workload.reference.clone()),
            };
            if let Some(uid) = controller
                && !matches!(&workload.object, Some(object) if Arc::ptr_eq(object, &pod))
            {
                of_controller.insert(uid, owner.clone());
            }
            found
                .entry(owner.clone())
                .or_insert_with(|| (workload.reference, workload.object, Vec::new()));
            owner
        });
        if let Some((_, _, pods)) = found.get_mut(&owner) {
            pods.push(pod);
        }
    }
    let mut views: Vec<_> = found.into_values().map(|found| make(view, found)).collect();
    views.sort_by_cached_key(|one| {
        (
            Reverse(one.assessment.state.severity),
            Reverse(one.restarts),
            one.reference.namespace.clone(),
            one.reference.name.clone(),
            one.reference.kind.clone(),
        )
    });
    views
}

fn make(view: &View<'_>, (reference, object, pods): Found) -> WorkloadView {
    let mut restarts = 0;
    let mut last_restart = None;
    for one in &pods {
        if let Body::Pod(body) = &one.body {
            let counts = pod::PodCounts::of(body);
            let PodCounts {
                restarts: n,
                last_restart: last,
                ..
            } = counts;
            restarts += n;
            last_restart = last_restart.max(last);
        }
    }
    let (assessment, counts) = match &object {
        Some(object) => (judge(view, object, &pods), count(object, &pods)),
        None => {
            let findings = super::of_pods(view, &pods, true);
            let counts = super::Counts {
                ready: super::ready_pods(&pods),
                ..super::Counts::default()
            };
            let otherwise = super::State::ok("running", "runs");
            (Assessment::from_findings(findings, otherwise), counts)
        }
    };
    WorkloadView {
        reference,
        object,
        pods,
        assessment,
        desired: counts.desired,
        ready: counts.ready,
        updated: counts.updated,
        available: counts.available,
        restarts,
        last_restart: last_restart.and_then(seconds),
    }
}
