//! How a cluster is as a whole, and its control plane.

use scrape::{ActiveTarget, TargetHealth};

use super::text;
use super::{Finding, NodeView, Severity, State, View, WorkloadView, node_views, workloads};
use crate::cluster::ClusterHandle;
use crate::discovery::TargetOptions;
use crate::objects::{Body, Kind};
use crate::status::SyncState;

/// Findings of a whole cluster.
const MAX_FINDINGS: usize = 100;
/// A lease that was not renewed for so many times its length belongs to nobody who lives.
const MISSED_RENEWALS: i64 = 3;
/// Kinds that are looked at for findings beside workloads and nodes.
const OTHERS: [Kind; 12] = [
    Kind::PersistentVolumeClaim,
    Kind::PersistentVolume,
    Kind::Service,
    Kind::Ingress,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
    Kind::ResourceQuota,
    Kind::Namespace,
    Kind::ApiService,
    Kind::CustomResourceDefinition,
    Kind::MutatingWebhookConfiguration,
    Kind::ValidatingWebhookConfiguration,
];

/// A part of the control plane.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name, as in `kube-scheduler`.
    pub name: &'static str,
    /// How it is.
    pub state: State,
}

/// A cluster at a glance.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How it is.
    pub state: State,
    /// The control plane.
    pub components: Vec<Component>,
    /// What is wrong, the worst first, at most 100.
    pub findings: Vec<Finding>,
    /// All nodes.
    pub nodes: Vec<NodeView>,
    /// Nodes that are ready.
    pub nodes_ready: usize,
    /// Pods by phase: running, pending, failed, succeeded.
    pub phases: [usize; 4],
    /// Workloads: all, those that do not work, those that somebody should look at.
    pub workloads: [usize; 3],
}

/// Finds what is scraped, by the name of the pool.
pub type Targets<'a> = &'a dyn Fn(&str) -> Vec<ActiveTarget>;

/// Looks at everything.
pub fn summary(cluster: &ClusterHandle, targets: Targets<'_>) -> Summary {
    let view = View::new(cluster);
    let mut summary = Summary {
        components: control_plane(cluster, targets),
        nodes: node_views(&view),
        ..Summary::default()
    };
    for node in &summary.nodes {
        let assessment = view.assess(&node.object);
        let Body::Node(body) = &node.object.body else {
            continue;
        };
        let ready = super::condition_is(&body.status.conditions, "Ready", super::Status::True);
        summary.nodes_ready += usize::from(ready.is_some());
        summary.findings.extend(assessment.findings);
    }
    for WorkloadView { assessment, .. } in workloads(&view) {
        summary.workloads[0] += 1;
        match assessment.state.severity {
            Severity::Critical => summary.workloads[1] += 1,
            Severity::Warning | Severity::Unknown => summary.workloads[2] += 1,
            Severity::Ok | Severity::Progressing => {}
        }
        summary.findings.extend(assessment.findings.into_iter().take(3));
    }
    for pod in view.store.list(&Kind::Pod) {
        if let Body::Pod(pod) = &pod.body {
            let place = match &*pod.status.phase {
                "Running" => 0,
                "Pending" => 1,
                "Failed" => 2,
                "Succeeded" => 3,
                _ => continue,
            };
            summary.phases[place] += 1;
        }
    }
    for kind in OTHERS {
        for object in view.store.list(&kind) {
            summary.findings.extend(view.assess(&object).findings);
        }
    }
    summary
        .findings
        .retain(|one| one.state.severity >= Severity::Unknown);
    summary.findings.sort_by(|a, b| {
        let order = b.state.severity.cmp(&a.state.severity);
        order
            .then_with(|| b.since.cmp(&a.since))
            .then_with(|| a.object.cmp(&b.object))
    });
    summary.findings.truncate(MAX_FINDINGS);
    summary.state = sum_up(cluster, &summary);
    summary
}

fn sum_up(cluster: &ClusterHandle, summary: &Summary) -> State {
    let server = cluster.server();
    if server.reachable == Some(false) {
        return State::new(
            Severity::Unknown,
            "unreachable",
            format!(
                "the API server does not answer: {}",
                text::brief(&server.last_error)
            ),
        );
    }
    let down: Vec<_> = summary
        .components
        .iter()
        .filter(|one| one.state.severity == Severity::Critical)
        .map(|one| one.name)
        .collect();
    if !down.is_empty() {
        let sentence = format!("{} is not well", down.join(", "));
        return State::new(Severity::Critical, "control_plane", sentence).with("components", down.join(","));
    }
    let n_nodes = summary.nodes.len();
    let not_ready = n_nodes - summary.nodes_ready;
    if not_ready > 0 {
        let severity = if summary.nodes_ready == 0 {
            Severity::Critical
        } else {
            Severity::Warning
        };
        return State::new(
            severity,
            "nodes_not_ready",
            format!("{not_ready} of {} not ready", nodes(n_nodes)),
        )
        .with("notReady", not_ready)
        .with("nodes", n_nodes);
    }
    let [_, critical, warning] = summary.workloads;
    if critical > 0 {
        let sentence = format!(
            "{} not work",
            if critical == 1 {
                "1 workload does".to_owned()
            } else {
                format!("{critical} workloads do")
            }
        );
        return State::new(Severity::Warning, "workloads", sentence).with("critical", critical);
    }
    if !cluster.is_synced() {
        return State::plain(Severity::Progressing, "syncing", "is being read");
    }
    if warning > 0 {
        let sentence = format!("works; {warning} of its workloads should be looked at");
        return State::new(Severity::Ok, "workloads_warn", sentence).with("warning", warning);
    }
    State::ok("healthy", "all is well")
}

fn nodes(n: usize) -> String {
    if n == 1 {
        "1 node is".to_owned()
    } else {
        format!("{n} nodes are")
    }
}

/// Returns the parts of the control plane of which anything is known, from the cluster's own objects or else from those
/// that are scraped.
fn control_plane(cluster: &ClusterHandle, targets: Targets<'_>) -> Vec<Component> {
    let view = View::new(cluster);
    let mut components = vec![Component {
        name: "kube-apiserver",
        state: api_server(cluster),
    }];
    let checks = cluster.server().checks;
    let etcd: Vec<_> = checks
        .iter()
        .filter(|check| check.name.starts_with("etcd"))
        .collect();
    if !etcd.is_empty() {
        let state = if etcd.iter().all(|check| check.ok) {
            State::ok("answers", "answers the API server")
        } else {
            State::plain(Severity::Critical, "silent", "does not answer the API server")
        };
        components.push(Component { name: "etcd", state });
    }
    let scraped = |job: &str| answering(&targets(&TargetOptions::pool(cluster.name(), job)));
    for name in ["kube-scheduler", "kube-controller-manager"] {
        if let Some(state) = leased(&view, name).or_else(|| scraped(name)) {
            components.push(Component { name, state });
        }
    }
    for (name, workload, job) in [
        ("cluster-dns", DNS, "kube-dns"),
        ("kube-proxy", PROXY, "kube-proxy"),
    ] {
        if let Some(state) = running(&view, workload).or_else(|| scraped(job)) {
            components.push(Component { name, state });
        }
    }
    components
}

/// How a part is of which nothing is known but whether its metrics can be had; it may well do its work when they cannot.
fn answering(targets: &[ActiveTarget]) -> Option<State> {
    let with = |health| targets.iter().filter(move |one| one.health == health);
    let (up, down) = (with(TargetHealth::Up).count(), with(TargetHealth::Down).count());
    let Some(failed) = with(TargetHealth::Down).next() else {
        let addresses = text::count(i64::try_from(up).unwrap_or(0), "address", "addresses");
        return (up > 0)
            .then(|| State::new(Severity::Ok, "scraped", format!("answers at {addresses}")).with("up", up));
    };
    let error = text::brief(&failed.last_error);
    let sentence = format!("{down} of {} cannot be asked: {error}", up + down);
    let state = State::new(Severity::Unknown, "not_scraped", sentence);
    Some(
        state
            .with("down", down)
            .with("all", up + down)
            .with("error", error),
    )
}

/// How a part of the control plane that runs as pods is found: kind and names.
type Found = (Kind, &'static [&'static str]);

const DNS: Found = (
    Kind::Deployment,
    &["coredns", "kube-dns", "rke2-coredns-rke2-coredns"],
);
const PROXY: Found = (Kind::DaemonSet, &["kube-proxy"]);

fn api_server(cluster: &ClusterHandle) -> State {
    let server = cluster.server();
    match server.reachable {
        None => State::plain(Severity::Progressing, "asking", "is being asked"),
        Some(false) => State::new(
            Severity::Critical,
            "silent",
            format!("does not answer: {}", text::brief(&server.last_error)),
        ),
        Some(true) => {
            let failing = server.checks.iter().filter(|check| !check.ok);
            let failing: Vec<_> = failing.map(|check| check.name.as_str()).collect();
            if !failing.is_empty() {
                let sentence = format!("says that it is not ready: {}", failing.join(", "));
                return State::new(Severity::Critical, "not_ready", sentence)
                    .with("checks", failing.join(","));
            }
            let stuck = cluster
                .kinds()
                .into_iter()
                .filter(|kind| kind.state == SyncState::Retrying);
            match stuck.count() {
                0 => State::ok("answers", "answers"),
                n => State::new(
                    Severity::Warning,
                    "partly",
                    format!(
                        "answers, and {} cannot be followed",
                        text::count(i64::try_from(n).unwrap_or(0), "kind", "kinds")
                    ),
                ),
            }
        }
    }
}

/// Who leads holds a lease and renews it. Without a lease nothing is known: there may be one instance that needs none.
fn leased(view: &View<'_>, name: &str) -> Option<State> {
    let lease = view.store.find(&Kind::Lease, "kube-system", name)?;
    let Body::Lease(lease) = &lease.body else {
        return None;
    };
    let renewed = lease.spec.renew_time?;
    let length = i64::from(lease.spec.lease_duration_seconds.unwrap_or(15));
    let silent = view.now - renewed;
    if silent > length * MISSED_RENEWALS {
        let sentence = format!("has not renewed its lease for {}", text::span(silent));
        return Some(State::new(Severity::Critical, "silent", sentence).with("seconds", silent));
    }
    let holder = lease
        .spec
        .holder_identity
        .split('_')
        .next()
        .unwrap_or("")
        .to_owned();
    let sentence = format!("led by {holder}");
    Some(State::new(Severity::Ok, "leads", sentence).with("leader", holder))
}

fn running(view: &View<'_>, (kind, names): Found) -> Option<State> {
    let mut found = names
        .iter()
        .filter_map(|name| view.store.find(&kind, "kube-system", name));
    found.next().map(|object| view.assess(&object).state)
}
