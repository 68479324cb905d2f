//! ServiceMonitor: one job for each endpoint, of the addresses behind the services that it selects.

use ::scrape::OfferedJob;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::job::Desk;
use super::rules::{Selection, escape, labels_of, namespaces, running, sanitize, written};
use crate::discovery::rules::{constant, copy, keep, rule};

/// Begins the labels that only the role `endpoints` has.
const OF_ENDPOINTS: [&str; 2] = ["__meta_kubernetes_endpoint_", "__meta_kubernetes_endpoints_"];

/// What all endpoints of the object share.
struct Shared {
    common: Map<String, Value>,
    search: Value,
    selection: Selection,
    by_selector: bool,
    attach: Option<Value>,
    /// `Endpoints` or `EndpointSlice`, if the object says.
    role: Option<String>,
    job_label: Option<String>,
    target_labels: Vec<String>,
    pod_target_labels: Vec<String>,
}

/// Makes the jobs.
pub(super) fn jobs(desk: &mut Desk<'_>, mut spec: Fields) -> Vec<OfferedJob> {
    let names = spec.object("namespaceSelector");
    let names = namespaces(names, &desk.monitor.namespace, &mut desk.problems);
    let selector = spec.object("selector");
    let shared = Shared {
        common: desk.common(&mut spec),
        search: search(desk.caller.cluster, &names),
        selection: Selection::new(selector, &mut desk.problems),
        by_selector: spec
            .text("selectorMechanism")
            .is_some_and(|word| word == "RoleSelector"),
        attach: spec.take("attachMetadata"),
        role: spec.text("serviceDiscoveryRole"),
        job_label: spec.text("jobLabel"),
        target_labels: spec.texts("targetLabels"),
        pod_target_labels: spec.texts("podTargetLabels"),
    };
    let endpoints = spec.each("endpoints").into_iter().enumerate();
    let jobs = endpoints
        .map(|(i, endpoint)| job(desk, &shared, i, endpoint))
        .collect();
    spec.end(&mut desk.problems);
    jobs
}

/// Begins a search in the cluster that is watched.
pub(super) fn search(cluster: &str, namespaces: &[String]) -> Value {
    match namespaces {
        [] => json!({"watched_cluster": cluster}),
        names => json!({"watched_cluster": cluster, "namespaces": {"names": names}}),
    }
}

fn job(desk: &mut Desk<'_>, shared: &Shared, i: usize, mut endpoint: Fields) -> OfferedJob {
    let mut draft = desk.draft(Some(i));
    draft.add(&shared.common);
    draft.endpoint(&mut endpoint);
    desk.http(&mut endpoint, &mut draft.job);
    let own_rules = written(endpoint.each("relabelings"), &mut desk.problems);
    let of_series = written(endpoint.each("metricRelabelings"), &mut desk.problems);
    if !of_series.is_empty() {
        draft
            .job
            .insert("metric_relabel_configs".to_owned(), json!(of_series));
    }
    let role = role(shared, &own_rules);
    let mut search = shared.search.clone();
    search["role"] = json!(role);
    if let Some(attach) = &shared.attach {
        search["attach_metadata"] = attach.clone();
    }
    if shared.by_selector {
        let label = shared.selection.text();
        search["selectors"] = json!([{"role": role, "label": label}, {"role": "service", "label": label}]);
    } else {
        shared.selection.narrow(&mut search);
        draft.rules.extend(shared.selection.rules("service"));
    }
    draft
        .job
        .insert("kubernetes_sd_configs".to_owned(), json!([search]));

    let port = Port::take(&mut endpoint);
    let of = if role == "endpoints" {
        "endpoint"
    } else {
        "endpointslice"
    };
    draft
        .rules
        .extend(port.keep(&format!("__meta_kubernetes_{of}_port_name")));
    let target = [
        &*format!("__meta_kubernetes_{of}_address_target_kind"),
        &*format!("__meta_kubernetes_{of}_address_target_name"),
    ];
    draft.rules.extend([
        rule(&target, "Node;(.*)", ("node", "$1")),
        rule(&target, "Pod;(.*)", ("pod", "$1")),
        copy("__meta_kubernetes_namespace", "namespace"),
        copy("__meta_kubernetes_service_name", "service"),
        copy("__meta_kubernetes_pod_name", "pod"),
        copy("__meta_kubernetes_pod_container_name", "container"),
    ]);
    if endpoint.truth("filterRunning").unwrap_or(true) {
        draft.rules.push(running());
    }
    draft.rules.extend(labels_of("service", &shared.target_labels));
    draft.rules.extend(labels_of("pod", &shared.pod_target_labels));
    draft.rules.push(copy("__meta_kubernetes_service_name", "job"));
    if let Some(label) = &shared.job_label {
        let from = format!("__meta_kubernetes_service_label_{}", sanitize(label));
        draft.rules.push(copy(&from, "job"));
    }
    draft.rules.extend(port.endpoint());
    draft.rules.extend(own_rules);
    endpoint.end(&mut desk.problems);
    desk.offer(draft)
}

/// Endpoints are looked at only for those who ask for their labels: the API server holds them for old clients.
fn role(shared: &Shared, rules: &[Value]) -> &'static str {
    let asks = |rule: &Value| {
        let text = rule.to_string();
        OF_ENDPOINTS.iter().any(|prefix| text.contains(prefix))
    };
    match shared.role.as_deref() {
        Some("Endpoints") => "endpoints",
        Some(_) => "endpointslice",
        None if rules.iter().any(asks) => "endpoints",
        None => "endpointslice",
    }
}

/// Which port of a target is meant.
#[derive(Debug, Default)]
pub(super) struct Port {
    name: Option<String>,
    number: Option<u64>,
    /// Name or number of a container's port.
    target: Option<Value>,
}

impl Port {
    /// Takes the fields that say it.
    pub(super) fn take(endpoint: &mut Fields) -> Self {
        Self {
            name: endpoint.text("port"),
            number: endpoint.take("portNumber").and_then(|number| number.as_u64()),
            target: endpoint.take("targetPort"),
        }
    }

    /// Returns a rule that keeps the port; `named` is the label with its name.
    pub(super) fn keep(&self, named: &str) -> Option<Value> {
        let of_container = |what: &str| format!("__meta_kubernetes_pod_container_port_{what}");
        if let Some(name) = &self.name {
            return Some(keep(named, &escape(name)));
        }
        if let Some(number) = self.number.filter(|number| *number != 0) {
            return Some(keep(&of_container("number"), &number.to_string()));
        }
        match self.target.as_ref()? {
            Value::String(name) if name.is_empty() => None,
            Value::String(name) => Some(keep(&of_container("name"), &escape(name))),
            number if number.as_u64() == Some(0) => None,
            number => Some(keep(&of_container("number"), &number.to_string())),
        }
    }

    /// Returns a rule that says the port as the label `endpoint`.
    pub(super) fn endpoint(&self) -> Option<Value> {
        let text = match (&self.name, &self.target) {
            (Some(name), _) | (None, Some(Value::String(name))) => name.clone(),
            (None, Some(number)) => number.to_string(),
            (None, None) => return None,
        };
        (!text.is_empty()).then(|| constant("endpoint", &text))
    }
}
