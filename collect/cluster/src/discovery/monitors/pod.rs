//! PodMonitor: one job for each endpoint, of the pods that it selects.

use ::scrape::OfferedJob;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::job::Desk;
use super::rules::{Selection, labels_of, namespaces, running, sanitize, written};
use super::service::{Port, search};
use crate::discovery::rules::{constant, copy};

/// What all endpoints of the object share.
struct Shared {
    common: Map<String, Value>,
    search: Value,
    /// Keep the pods that are meant; none if the search itself does.
    selection: Vec<Value>,
    job_label: Option<String>,
    pod_target_labels: Vec<String>,
}

/// Makes the jobs.
pub(super) fn jobs(desk: &mut Desk<'_>, mut spec: Fields) -> Vec<OfferedJob> {
    let names = spec.object("namespaceSelector");
    let names = namespaces(names, &desk.monitor.namespace, &mut desk.problems);
    let selector = spec.object("selector");
    let selection = Selection::new(selector, &mut desk.problems);
    let mut search = search(desk.caller.cluster, &names);
    search["role"] = json!("pod");
    if let Some(attach) = spec.take("attachMetadata") {
        search["attach_metadata"] = attach;
    }
    let by_selector = spec
        .text("selectorMechanism")
        .is_some_and(|word| word == "RoleSelector");
    if by_selector {
        search["selectors"] = json!([{"role": "pod", "label": selection.text()}]);
    } else {
        selection.narrow(&mut search);
    }
    let shared = Shared {
        common: desk.common(&mut spec),
        search,
        selection: if by_selector {
            Vec::new()
        } else {
            selection.rules("pod")
        },
        job_label: spec.text("jobLabel"),
        pod_target_labels: spec.texts("podTargetLabels"),
    };
    let endpoints = spec.each("podMetricsEndpoints").into_iter().enumerate();
    let jobs = endpoints
        .map(|(i, endpoint)| job(desk, &shared, i, endpoint))
        .collect();
    spec.end(&mut desk.problems);
    jobs
}

fn job(desk: &mut Desk<'_>, shared: &Shared, i: usize, mut endpoint: Fields) -> OfferedJob {
    let mut draft = desk.draft(Some(i));
    draft.add(&shared.common);
    draft.endpoint(&mut endpoint);
    desk.http(&mut endpoint, &mut draft.job);
    draft
        .job
        .insert("kubernetes_sd_configs".to_owned(), json!([shared.search]));
    let of_series = written(endpoint.each("metricRelabelings"), &mut desk.problems);
    if !of_series.is_empty() {
        draft
            .job
            .insert("metric_relabel_configs".to_owned(), json!(of_series));
    }
    if endpoint.truth("filterRunning").unwrap_or(true) {
        draft.rules.push(running());
    }
    draft.rules.extend(shared.selection.iter().cloned());
    let port = Port::take(&mut endpoint);
    draft
        .rules
        .extend(port.keep("__meta_kubernetes_pod_container_port_name"));
    draft.rules.extend([
        copy("__meta_kubernetes_namespace", "namespace"),
        copy("__meta_kubernetes_pod_container_name", "container"),
        copy("__meta_kubernetes_pod_name", "pod"),
    ]);
    draft.rules.extend(labels_of("pod", &shared.pod_target_labels));
    let (namespace, name) = (&desk.monitor.namespace, &desk.monitor.name);
    draft.rules.push(constant("job", &format!("{namespace}/{name}")));
    if let Some(label) = &shared.job_label {
        let from = format!("__meta_kubernetes_pod_label_{}", sanitize(label));
        draft.rules.push(copy(&from, "job"));
    }
    draft.rules.extend(port.endpoint());
    let own_rules = written(endpoint.each("relabelings"), &mut desk.problems);
    draft.rules.extend(own_rules);
    endpoint.end(&mut desk.problems);
    desk.offer(draft)
}
