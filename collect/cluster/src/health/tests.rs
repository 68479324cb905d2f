//! States of objects as the API server writes them → what is said about them.

use std::sync::Arc;

use expect_test::{Expect, expect};
use model::{Batch, Clock, Ingest, IngestError, Ingested, Millis};
use scrape::{ActiveTarget, TargetHealth};
use serde_json::{Value, json};

use super::{Severity, View, summary, workloads};
use crate::client::Access;
use crate::cluster::{Cluster, ClusterHandle, Outside};
use crate::config::ClusterConfig;
use crate::objects::{Kind, Uid, decode};
use crate::state::{CustomResources, StateMetrics, StateOptions};

/// 2026-01-02T03:04:05Z.
const NOW: i64 = 1_767_323_045;

struct Now;

impl Clock for Now {
    fn now(&self) -> Millis {
        NOW * 1000
    }
}

struct Nowhere;

impl Ingest for Nowhere {
    fn ingest(&self, _: &Batch) -> Result<Ingested, IngestError> {
        Ok(Ingested::default())
    }
}

fn cluster(objects: &[(Kind, Value)]) -> ClusterHandle {
    let access = Access::Open {
        url: "http://127.0.0.1:1".to_owned(),
    };
    let outside = Outside {
        ingest: Arc::new(Nowhere),
        metrics: StateMetrics::new(&StateOptions::default()).expect("the default options are fine"),
        custom: CustomResources::default(),
        instance: "here".to_owned(),
        events: None,
        clock: Arc::new(Now),
    };
    let (_, handle) = Cluster::new(ClusterConfig::new("test", access), outside);
    for (kind, json) in objects {
        let store = handle.store();
        let object =
            decode(kind, json.to_string().as_bytes(), store.interner()).expect("it is such an object");
        store.apply(object);
    }
    handle
}

/// Says how the first object is, and which findings there are with their evidence.
fn check(objects: &[(Kind, Value)], expected: &Expect) {
    let cluster = cluster(objects);
    let view = View::new(&cluster);
    let (kind, first) = &objects[0];
    let text = |key: &str| first["metadata"][key].as_str().unwrap_or("").to_owned();
    let object = view
        .store
        .find(kind, &text("namespace"), &text("name"))
        .expect("it was applied");
    let assessment = view.assess(&object);
    let state = &assessment.state;
    let mut out = format!("{} {}: {}\n", state.severity.word(), state.code, state.sentence);
    for finding in &assessment.findings {
        out.push_str(&format!(
            "- {} {} {}: {}\n",
            finding.object.kind, finding.object.name, finding.state.code, finding.state.sentence
        ));
        for evidence in &finding.evidence {
            out.push_str(&format!("    {}: {}\n", evidence.source, evidence.text));
        }
    }
    expected.assert_eq(&out);
}

fn time(before: i64) -> String {
    super::text::time(NOW - before)
}

fn uid(name: &str) -> String {
    Uid(xxhash_rust::xxh3::xxh3_128(name.as_bytes())).to_string()
}

fn meta(name: &str, owner: Option<(&str, &str)>) -> Value {
    let owners = owner.map(|(kind, name)| {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid(name), "controller": true}])
    });
    json!({"name": name, "namespace": "shop", "uid": uid(name), "generation": 1, "creationTimestamp": time(3600),
        "labels": {"app": "cart"}, "ownerReferences": owners})
}

fn pod(name: &str, status: Value) -> (Kind, Value) {
    let pod = json!({"metadata": meta(name, Some(("ReplicaSet", "cart-1"))),
        "spec": {"nodeName": "n1", "restartPolicy": "Always", "containers": [{"name": "app", "image": "cart:1"}]},
        "status": status});
    (Kind::Pod, pod)
}

fn node(ready: &str) -> (Kind, Value) {
    let node = json!({"metadata": {"name": "n1", "uid": uid("n1")},
        "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.", "lastTransitionTime": time(300)}]}});
    (Kind::Node, node)
}

fn containers(state: Value, ready: bool, last: Value) -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
        "containerStatuses": [{"name": "app", "image": "cart:1", "ready": ready, "restartCount": 7, "state": state, "lastState": last}]})
}

#[test]
fn containers_that_cannot_run() {
    let waiting = |reason: &str, message: &str| json!({"waiting": {"reason": reason, "message": message}});
    check(
        &[pod(
            "a",
            containers(
                waiting("ImagePullBackOff", "Back-off pulling image"),
                false,
                json!({}),
            ),
        )],
        &expect![[r#"
            critical image_pull: image cart:1 of container app cannot be had: ImagePullBackOff
            - Pod a image_pull: image cart:1 of container app cannot be had: ImagePullBackOff
                status.containerStatuses[app].state.waiting: ImagePullBackOff: Back-off pulling image
        "#]],
    );
    let killed = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": time(60)}});
    check(
        &[pod(
            "a",
            containers(
                waiting("CrashLoopBackOff", "back-off 5m0s"),
                false,
                killed.clone(),
            ),
        )],
        &expect![[r#"
            critical crash_loop: container app ends again and again (7 restarts): killed for memory (exit code 137)
            - Pod a crash_loop: container app ends again and again (7 restarts): killed for memory (exit code 137)
                status.containerStatuses[app].lastState.terminated: OOMKilled, exit code 137, ended 2026-01-02T03:03:05Z
                status.containerStatuses[app].restartCount: 7
                status.containerStatuses[app].state.waiting: CrashLoopBackOff: back-off 5m0s
        "#]],
    );
    check(
        &[pod(
            "a",
            containers(
                waiting("CreateContainerConfigError", "secret \"x\" not found"),
                false,
                json!({}),
            ),
        )],
        &expect![[r#"
            critical cannot_start: container app cannot be started: CreateContainerConfigError: secret "x" not found
            - Pod a cannot_start: container app cannot be started: CreateContainerConfigError: secret "x" not found
                status.containerStatuses[app].state.waiting: CreateContainerConfigError: secret "x" not found
        "#]],
    );
    let running = |before| json!({"running": {"startedAt": time(before)}});
    check(
        &[pod("a", containers(running(60), true, killed.clone()))],
        &expect![[r#"
            warning restarted: container app was restarted 60s ago (7 restarts in all): killed for memory (exit code 137)
            - Pod a restarted: container app was restarted 60s ago (7 restarts in all): killed for memory (exit code 137)
                status.containerStatuses[app].lastState.terminated: OOMKilled, exit code 137, ended 2026-01-02T03:03:05Z
        "#]],
    );
    // Each round of a loop passes through the end, the wait and a run; what is said of it stays the same.
    check(
        &[pod("a", containers(killed, false, json!({})))],
        &expect![[r#"
            critical crash_loop: container app ends again and again (7 restarts): killed for memory (exit code 137)
            - Pod a crash_loop: container app ends again and again (7 restarts): killed for memory (exit code 137)
                status.containerStatuses[app].state.terminated: OOMKilled, exit code 137, ended 2026-01-02T03:03:05Z
                status.containerStatuses[app].restartCount: 7
        "#]],
    );
    let ended = json!({"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": time(5)}});
    check(
        &[pod("a", containers(running(4), false, ended))],
        &expect![[r#"
            critical crash_loop: container app ends again and again (7 restarts): exit code 1
            - Pod a crash_loop: container app ends again and again (7 restarts): exit code 1
                status.containerStatuses[app].lastState.terminated: Error, exit code 1, ended 2026-01-02T03:04:00Z
                status.containerStatuses[app].restartCount: 7
        "#]],
    );
}

#[test]
fn pods_that_wait_run_or_are_done() {
    let running = |before| json!({"running": {"startedAt": time(before)}});
    check(
        &[pod("a", containers(running(5), false, json!({})))],
        &expect![[r#"
            progressing starting: is starting
        "#]],
    );
    check(
        &[pod("a", containers(running(5), true, json!({}))), node("Unknown")],
        &expect![[r#"
            unknown node_not_ready: its node n1 is not ready
            - Pod a node_not_ready: its node n1 is not ready
                status.conditions[Ready]: NodeStatusUnknown: Kubelet stopped posting node status.
        "#]],
    );
    check(
        &[pod("a", json!({"phase": "Succeeded"}))],
        &expect![[r#"
            ok completed: has done its work
        "#]],
    );
    let mut waiting = pod(
        "a",
        json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/2 nodes are available: 2 Insufficient cpu."}]}),
    );
    waiting.1["spec"]["nodeName"] = json!(null);
    check(
        &[waiting],
        &expect![[r#"
            critical unschedulable: no node takes it: 0/2 nodes are available: 2 Insufficient cpu.
            - Pod a unschedulable: no node takes it: 0/2 nodes are available: 2 Insufficient cpu.
                status.conditions[PodScheduled]: Unschedulable: 0/2 nodes are available: 2 Insufficient cpu.
        "#]],
    );
    let mut ending = pod("a", containers(running(5), true, json!({})));
    ending.1["metadata"]["deletionTimestamp"] = json!(time(200));
    ending.1["metadata"]["finalizers"] = json!(["example.org/hold"]);
    check(
        &[ending],
        &expect![[r#"
            warning stuck_terminating: should have been gone 3m ago
            - Pod a stuck_terminating: should have been gone 3m ago
                metadata.deletionTimestamp: 2026-01-02T03:00:45Z
                metadata.finalizers: example.org/hold
        "#]],
    );
}

fn deployment(status: Value) -> (Kind, Value) {
    let deployment = json!({"metadata": meta("cart", None),
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "cart"}}}, "status": status});
    (Kind::Deployment, deployment)
}

fn replica_set(conditions: Value) -> (Kind, Value) {
    let set = json!({"metadata": meta("cart-1", Some(("Deployment", "cart"))), "spec": {"replicas": 3},
        "status": {"observedGeneration": 1, "conditions": conditions}});
    (Kind::ReplicaSet, set)
}

#[test]
fn a_deployment_says_why_its_pods_are_not_ready() {
    let crash = containers(
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}),
        false,
        json!({"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": time(60)}}),
    );
    let status = |ready: i64, available: &str| {
        json!({"observedGeneration": 1, "replicas": 3, "readyReplicas": ready, "updatedReplicas": 3,
            "conditions": [{"type": "Available", "status": available}]})
    };
    let objects = |ready, available: &str| {
        [
            deployment(status(ready, available)),
            replica_set(json!([])),
            pod("cart-1-a", crash.clone()),
            pod("cart-1-b", crash.clone()),
        ]
    };
    check(
        &objects(1, "False"),
        &expect![[r#"
            critical crash_loop: 1 of 3 pods ready; container app ends again and again (7 restarts): exit code 1
            - Pod cart-1-a crash_loop: container app ends again and again (7 restarts): exit code 1
                status.containerStatuses[app].lastState.terminated: Error, exit code 1, ended 2026-01-02T03:03:05Z
                status.containerStatuses[app].restartCount: 7
                status.containerStatuses[app].state.waiting: CrashLoopBackOff: back-off
        "#]],
    );
    // Enough pods are ready for it to do its work.
    let cluster = cluster(&objects(2, "True"));
    let all = workloads(&View::new(&cluster));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].assessment.state.severity, Severity::Warning);
    assert_eq!((all[0].restarts, all[0].ready, all[0].pods.len()), (14, 2, 2));
}

#[test]
fn a_deployment_says_that_its_pods_cannot_be_created() {
    let refused =
        "pods \"cart-1-x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=6, limited: pods=6";
    let failure =
        json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refused}]);
    check(
        &[deployment(json!({"observedGeneration": 1})), replica_set(failure)],
        &expect![[r#"
            critical quota_exceeded: 0 of 3 pods ready; a quota of its namespace is used up: pods "cart-1-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=6, limited: pods=6
            - ReplicaSet cart-1 quota_exceeded: a quota of its namespace is used up: pods "cart-1-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=6, limited: pods=6
                status.conditions[ReplicaFailure]: FailedCreate: pods "cart-1-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=6, limited: pods=6
        "#]],
    );
    check(
        &[deployment(
            json!({"observedGeneration": 1, "readyReplicas": 3, "updatedReplicas": 1}),
        )],
        &expect![[r#"
            progressing rolling_out: rolls out: 1 of 3 are of the newest version
        "#]],
    );
}

#[test]
fn nodes_claims_services_and_budgets() {
    check(
        &[node("Unknown")],
        &expect![[r#"
            critical node_silent: its kubelet is silent for 5m
            - Node n1 node_silent: its kubelet is silent for 5m
                status.conditions[Ready]: NodeStatusUnknown: Kubelet stopped posting node status.
        "#]],
    );
    let claim = json!({"metadata": meta("data", None), "spec": {"storageClassName": "fast"}, "status": {"phase": "Lost"}});
    check(
        &[(Kind::PersistentVolumeClaim, claim)],
        &expect![[r#"
            critical claim_lost: its volume does not exist any more
            - PersistentVolumeClaim data claim_lost: its volume does not exist any more
        "#]],
    );
    let budget = json!({"metadata": meta("pdb", None), "spec": {"minAvailable": 2},
        "status": {"currentHealthy": 2, "desiredHealthy": 2, "disruptionsAllowed": 0, "expectedPods": 2}});
    check(
        &[(Kind::PodDisruptionBudget, budget)],
        &expect![[r#"
            warning budget_blocks: allows no pod of 2 to be evicted, ever: no node with its pods can be drained
            - PodDisruptionBudget pdb budget_blocks: allows no pod of 2 to be evicted, ever: no node with its pods can be drained
                status: desiredHealthy 2, expectedPods 2, disruptionsAllowed 0
        "#]],
    );
    let quota =
        json!({"metadata": meta("q", None), "status": {"hard": {"pods": "6"}, "used": {"pods": "6"}}});
    check(
        &[(Kind::ResourceQuota, quota)],
        &expect![[r#"
            warning quota_used_up: pods is used up: 6 of 6
            - ResourceQuota q quota_used_up: pods is used up: 6 of 6
                status.used[pods]: 6, hard 6
        "#]],
    );
}

#[test]
fn a_job_that_has_failed_says_how_its_pod_ended() {
    let job = json!({"metadata": meta("import", None), "spec": {"backoffLimit": 0},
        "status": {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
            "message": "Job has reached the specified backoff limit"}]}});
    let mut ended = pod(
        "import-x",
        json!({"phase": "Failed", "containerStatuses": [{"name": "app", "image": "i",
            "state": {"terminated": {"exitCode": 127, "reason": "Error"}}}]}),
    );
    ended.1["metadata"]["ownerReferences"][0]["uid"] = json!(uid("import"));
    ended.1["metadata"]["ownerReferences"][0]["kind"] = json!("Job");
    ended.1["spec"]["restartPolicy"] = json!("Never");
    check(
        &[(Kind::Job, job), ended],
        &expect![[r#"
            critical job_failed: has failed: Job has reached the specified backoff limit; container app has failed: its command is not found (exit code 127)
            - Job import job_failed: has failed: Job has reached the specified backoff limit; container app has failed: its command is not found (exit code 127)
                status.conditions[Failed]: BackoffLimitExceeded: Job has reached the specified backoff limit
            - Pod import-x container_failed: container app has failed: its command is not found (exit code 127)
                status.containerStatuses[app].state.terminated: Error, exit code 127
        "#]],
    );
}

/// The DNS answers, one of two proxies does not, and the scheduler neither, which holds a lease.
fn scraped(pool: &str) -> Vec<ActiveTarget> {
    let target = |last_error: &str| ActiveTarget {
        last_error: last_error.to_owned(),
        health: match last_error {
            "" => TargetHealth::Up,
            _ => TargetHealth::Down,
        },
        ..ActiveTarget::default()
    };
    match pool.strip_prefix("test/").expect("the pool of the cluster") {
        "kube-dns" => vec![target("")],
        "kube-proxy" => vec![target(""), target("connection refused")],
        "kube-scheduler" => vec![target("connection refused")],
        _ => Vec::new(),
    }
}

#[test]
fn a_cluster_at_a_glance() {
    let lease = json!({"metadata": {"name": "kube-scheduler", "namespace": "kube-system", "uid": uid("l")},
        "spec": {"holderIdentity": "cp-1_abc", "leaseDurationSeconds": 15, "renewTime": time(400)}});
    let cluster = cluster(&[node("True"), (Kind::Lease, lease)]);
    let summary = summary(&cluster, &scraped);
    assert_eq!((summary.nodes.len(), summary.nodes_ready), (1, 1));
    let components: Vec<_> = summary
        .components
        .iter()
        .map(|one| {
            format!(
                "{} {}: {}",
                one.name,
                one.state.severity.word(),
                one.state.sentence
            )
        })
        .collect();
    assert_eq!(
        components,
        [
            "kube-apiserver progressing: is being asked",
            "kube-scheduler critical: has not renewed its lease for 6m",
            "cluster-dns ok: answers at 1 address",
            "kube-proxy unknown: 1 of 2 cannot be asked: connection refused",
        ]
    );
    assert_eq!(summary.state.sentence, "kube-scheduler is not well");
}
