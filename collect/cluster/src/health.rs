//! Whether something is well, and if not, why.
//!
//! Each object has a [`State`]: one sentence with a severity. Behind it are [`Finding`]s, each with the evidence that
//! it rests on: a field of an object, a condition, a warning event. All is read from what the cluster itself says; there
//! is no guessing, and nothing is found where nothing is said.

mod cluster;
mod container;
mod extension;
mod facts;
mod indices;
mod network;
mod node;
mod pod;
mod policy;
mod storage;
mod text;
mod workload;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

use model::Millis;

pub use self::cluster::{Component, Summary, Targets, summary};
pub use self::container::{ContainerKind, ContainerView, containers};
pub use self::facts::{Fact, facts};
use self::indices::Indices;
pub use self::node::{NodeView, node_views};
pub use self::pod::{PodCounts, requested};
pub use self::workload::{WorkloadView, workloads};
use crate::cluster::ClusterHandle;
use crate::events::Warning;
use crate::graph::Ref;
use crate::objects::{Body, Condition, Kind, List, NO_TIME, Object, Status};
use crate::store::Store;

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As wanted.
    #[default]
    Ok,
    /// On its way, within its time.
    Progressing,
    /// Nothing is known.
    Unknown,
    /// Works, or works in part, and somebody should look.
    Warning,
    /// Does not work.
    Critical,
}

impl Severity {
    /// Returns the word for it in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Progressing => "progressing",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Reads the word for it in the API.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Ok,
            Self::Progressing,
            Self::Unknown,
            Self::Warning,
            Self::Critical,
        ];
        all.into_iter().find(|one| one.word() == word)
    }

    /// Tells whether somebody should look.
    pub fn is_bad(self) -> bool {
        self >= Self::Warning
    }
}

/// What a sentence says, for programs and other languages: names and values.
pub type Values = Vec<(&'static str, String)>;

/// How something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in one word.
    pub code: &'static str,
    /// What it is, for people.
    pub sentence: Cow<'static, str>,
    /// What is particular about it.
    pub values: Values,
}

/// Something that is not well, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub state: State,
    /// What to do about it.
    pub advice: Cow<'static, str>,
    /// What it is about.
    pub object: Ref,
    /// Since when, if that is said.
    pub since: Option<Millis>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

/// What a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it stands: a field of the object, or `event`.
    pub source: String,
    /// What stands there.
    pub text: String,
}

/// How an object is, and why.
#[derive(Clone, Debug, Default)]
pub struct Assessment {
    /// How it is.
    pub state: State,
    /// Why, the worst first.
    pub findings: Vec<Finding>,
}

/// What objects are judged by.
pub struct View<'a> {
    /// All objects.
    pub store: &'a Store,
    /// The cluster, for its events.
    cluster: &'a ClusterHandle,
    /// The present, in seconds since 1970.
    pub now: i64,
    indices: Indices,
}

impl State {
    /// A state without particulars.
    pub fn plain(severity: Severity, code: &'static str, sentence: &'static str) -> Self {
        Self {
            severity,
            code,
            sentence: Cow::Borrowed(sentence),
            values: Vec::new(),
        }
    }

    /// All is well.
    pub fn ok(code: &'static str, sentence: &'static str) -> Self {
        Self::plain(Severity::Ok, code, sentence)
    }

    /// A state in words of its own.
    pub fn new(severity: Severity, code: &'static str, sentence: String) -> Self {
        Self {
            severity,
            code,
            sentence: Cow::Owned(sentence),
            values: Vec::new(),
        }
    }

    /// Adds what is particular.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, value.to_string()));
        self
    }
}

impl Finding {
    /// A finding about an object.
    pub fn new(object: &Object, state: State, advice: impl Into<Cow<'static, str>>) -> Self {
        Self {
            state,
            advice: advice.into(),
            object: Ref::to(object),
            since: None,
            evidence: Vec::new(),
        }
    }

    /// Adds what it rests on; what is empty says nothing.
    pub fn because(mut self, source: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.evidence.push(Evidence {
                source: source.into(),
                text,
            });
        }
        self
    }

    /// Adds a condition that it rests on, and its time.
    pub fn because_of(self, condition: &Condition) -> Self {
        let since = seconds(condition.since);
        let Condition { .. } = condition;
        let text = match (&*condition.reason, &*condition.message) {
            (reason, "") => reason.to_owned(),
            ("", message) => message.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        };
        let source = format!("status.conditions[{}]", condition.kind);
        self.because(source, text).since(since)
    }

    /// Adds a warning that it rests on.
    pub fn because_warned(self, warning: &Warning) -> Self {
        let text = format!(
            "{}: {} ({}, last {})",
            warning.reason,
            warning.message,
            text::times(warning.count),
            text::time(warning.last_time / 1000)
        );
        self.because("event", text)
    }

    /// Says since when.
    pub fn since(mut self, since: Option<Millis>) -> Self {
        self.since = self.since.or(since);
        self
    }
}

impl Assessment {
    fn of(state: State) -> Self {
        Self {
            state,
            findings: Vec::new(),
        }
    }

    /// The worst finding says how it is; without findings `otherwise` does.
    fn from_findings(mut findings: Vec<Finding>, otherwise: State) -> Self {
        findings.sort_by_key(|one| Reverse(one.state.severity));
        let state = match findings.first() {
            Some(worst) if worst.state.severity >= otherwise.severity => worst.state.clone(),
            _ => otherwise,
        };
        Self { state, findings }
    }
}

impl<'a> View<'a> {
    /// Looks at a cluster now.
    pub fn new(cluster: &'a ClusterHandle) -> Self {
        Self {
            store: cluster.store(),
            now: cluster.now() / 1000,
            cluster,
            indices: Indices::default(),
        }
    }

    /// Returns the newest warnings about an object.
    fn warnings(&self, object: &Object) -> Vec<Warning> {
        self.cluster.warnings(object.meta.uid)
    }

    /// Tells whether a kind is known: where it is not, nothing is missing of it.
    fn knows(&self, kind: &Kind) -> bool {
        let kinds = self.cluster.kinds();
        kinds.iter().any(|status| {
            status.known && matches!(&status.kind, crate::status::KindName::Objects(one) if one == kind)
        })
    }

    /// Says how an object is, and why.
    pub fn assess(&self, object: &Arc<Object>) -> Assessment {
        let assessment = match &object.body {
            Body::Pod(pod) => pod::assess(self, object, pod),
            Body::Node(node) => node::assess(self, object, node),
            Body::Deployment(_)
            | Body::StatefulSet(_)
            | Body::DaemonSet(_)
            | Body::ReplicaSet(_)
            | Body::ReplicationController(_)
            | Body::Job(_)
            | Body::CronJob(_) => workload::assess(self, object),
            Body::PersistentVolumeClaim(_) | Body::PersistentVolume(_) | Body::VolumeAttachment(_) => {
                storage::assess(self, object)
            }
            Body::Service(_) | Body::Ingress(_) => network::assess(self, object),
            Body::HorizontalPodAutoscaler(_)
            | Body::PodDisruptionBudget(_)
            | Body::ResourceQuota(_)
            | Body::Namespace(_) => policy::assess(self, object),
            Body::ApiService(_)
            | Body::CustomResourceDefinition(_)
            | Body::MutatingWebhookConfiguration(_)
            | Body::ValidatingWebhookConfiguration(_) => extension::assess(self, object),
            _ => Assessment::of(State::ok("exists", "exists")),
        };
        match object.meta.deleted {
            // Pods and namespaces say more about their end.
            Some(at) if !matches!(object.body, Body::Pod(_) | Body::Namespace(_)) => {
                ending(self, object, at, assessment)
            }
            _ => assessment,
        }
    }
}

/// What is to be deleted and is not, is held by somebody.
fn ending(view: &View<'_>, object: &Object, at: i64, mut assessment: Assessment) -> Assessment {
    const PATIENCE: i64 = 60;
    let waits = view.now - at;
    if waits < PATIENCE {
        assessment.state = State::plain(Severity::Progressing, "terminating", "is being deleted");
        return assessment;
    }
    let finalizers: Vec<_> = object.meta.finalizers.iter().map(|one| one.as_str()).collect();
    let state = State::new(
        Severity::Warning,
        "stuck_terminating",
        format!("is to be deleted since {} and is not", text::span(waits)),
    )
    .with("seconds", waits);
    let finding = Finding::new(
        object,
        state.clone(),
        "find who takes care of the finalizers; without that nobody lets it go",
    )
    .because("metadata.finalizers", finalizers.join(", "))
    .since(seconds(at));
    assessment.findings.insert(0, finding);
    assessment.state = state;
    assessment
}

/// Returns a time of the API in milliseconds, if there is one.
pub fn seconds(time: i64) -> Option<Millis> {
    (time != NO_TIME && time != 0).then(|| time.saturating_mul(1000))
}

fn condition<'c>(conditions: &'c List<Condition>, kind: &str) -> Option<&'c Condition> {
    conditions.iter().find(|condition| &*condition.kind == kind)
}

fn condition_is<'c>(conditions: &'c List<Condition>, kind: &str, status: Status) -> Option<&'c Condition> {
    condition(conditions, kind).filter(|condition| condition.status == status)
}

/// Returns the conditions of an object.
pub fn conditions(object: &Object) -> &[Condition] {
    match &object.body {
        Body::Pod(one) => &one.status.conditions,
        Body::Node(one) => &one.status.conditions,
        Body::Namespace(one) => &one.status.conditions,
        Body::Deployment(one) => &one.status.conditions,
        Body::StatefulSet(one) => &one.status.conditions,
        Body::DaemonSet(one) => &one.status.conditions,
        Body::ReplicaSet(one) => &one.status.conditions,
        Body::ReplicationController(one) => &one.status.conditions,
        Body::Job(one) => &one.status.conditions,
        Body::PersistentVolumeClaim(one) => &one.status.conditions,
        Body::HorizontalPodAutoscaler(one) => &one.status.conditions,
        Body::CertificateSigningRequest(one) => &one.status.conditions,
        Body::ApiService(one) => &one.status.conditions,
        Body::CustomResourceDefinition(one) => &one.status.conditions,
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
