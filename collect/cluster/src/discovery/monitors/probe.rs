//! Probe: one job that asks a prober, such as the blackbox exporter, about listed addresses or about ingresses.

use ::scrape::OfferedJob;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::job::{Desk, Draft};
use super::rules::{Selection, namespaces, written};
use super::service::search;
use crate::discovery::rules::{constant, copy, rule};

/// The path of a prober that none is given for.
const PATH: &str = "/probe";

/// Makes the job.
pub(super) fn jobs(desk: &mut Desk<'_>, mut spec: Fields) -> Vec<OfferedJob> {
    let mut draft = desk.draft(None);
    let common = desk.common(&mut spec);
    draft.add(&common);
    let times = [
        ("interval", "scrape_interval"),
        ("scrapeTimeout", "scrape_timeout"),
    ];
    spec.hand_over(&times, &mut draft.job);
    let mut prober = spec
        .object("prober")
        .unwrap_or_else(|| Fields::new(Value::Null, "spec.prober"));
    draft.scheme(&mut prober);
    let path = prober.text("path");
    let path = path.unwrap_or_else(|| PATH.to_owned());
    draft.job.insert("metrics_path".to_owned(), json!(path));
    let address = prober.text("url");
    // Its proxy is the way to the prober.
    desk.http(&mut prober, &mut draft.job);
    prober.end(&mut desk.problems);
    desk.http(&mut spec, &mut draft.job);
    parameters(&mut spec, &mut draft);
    if let Some(name) = spec.text("jobName") {
        draft.rules.push(constant("job", &name));
    }
    let of_series = written(spec.each("metricRelabelings"), &mut desk.problems);
    if !of_series.is_empty() {
        draft
            .job
            .insert("metric_relabel_configs".to_owned(), json!(of_series));
    }
    let targets = spec.object("targets");
    spec.end(&mut desk.problems);
    let (Some(address), Some(mut targets)) = (address, targets) else {
        desk.problems
            .add("spec: prober.url and targets are needed".to_owned());
        return Vec::new();
    };
    // If both are given, the list counts.
    let (list, ingress) = (targets.object("staticConfig"), targets.object("ingress"));
    targets.end(&mut desk.problems);
    match (list, ingress) {
        (Some(list), _) => listed(desk, &mut draft, list, &address),
        (None, Some(ingress)) => ingresses(desk, &mut draft, ingress, &address),
        (None, None) => {
            desk.problems
                .add("spec.targets: staticConfig or ingress is needed".to_owned());
            return Vec::new();
        }
    }
    vec![desk.offer(draft)]
}

fn parameters(spec: &mut Fields, draft: &mut Draft) {
    let mut params = Map::new();
    let module = spec.text("module");
    for mut one in spec.each("params") {
        if let Some(name) = one.text("name") {
            params.insert(name, json!(one.texts("values")));
        }
    }
    if let Some(module) = module {
        params.insert("module".to_owned(), json!([module]));
    }
    if !params.is_empty() {
        draft.job.insert("params".to_owned(), Value::Object(params));
    }
}

fn listed(desk: &mut Desk<'_>, draft: &mut Draft, mut list: Fields, prober: &str) {
    let targets = list.texts("static");
    let labels = list.object("labels").map(|mut labels| labels.remaining());
    let mut labels = labels.unwrap_or_default();
    labels
        .entry("namespace")
        .or_insert_with(|| json!(desk.monitor.namespace));
    let group = json!({"targets": targets, "labels": labels});
    draft.job.insert("static_configs".to_owned(), json!([group]));
    draft.rules.extend([
        copy("__address__", "__param_target"),
        copy("__param_target", "instance"),
        constant("__address__", prober),
    ]);
    let own_rules = written(list.each("relabelingConfigs"), &mut desk.problems);
    draft.rules.extend(own_rules);
    list.end(&mut desk.problems);
}

fn ingresses(desk: &mut Desk<'_>, draft: &mut Draft, mut ingress: Fields, prober: &str) {
    let names = ingress.object("namespaceSelector");
    let names = namespaces(names, &desk.monitor.namespace, &mut desk.problems);
    let selector = ingress.object("selector");
    let selection = Selection::new(selector, &mut desk.problems);
    let mut search = search(desk.caller.cluster, &names);
    search["role"] = json!("ingress");
    selection.narrow(&mut search);
    draft
        .job
        .insert("kubernetes_sd_configs".to_owned(), json!([search]));
    draft.rules.extend(selection.rules("ingress"));
    let parts = [
        "__meta_kubernetes_ingress_scheme",
        "__address__",
        "__meta_kubernetes_ingress_path",
    ];
    draft.rules.extend([
        rule(&parts, "(.+);(.+);(.+)", ("__param_target", "$1://$2$3")),
        copy("__meta_kubernetes_namespace", "namespace"),
        copy("__meta_kubernetes_ingress_name", "ingress"),
        copy("__address__", "__tmp_ingress_address"),
        copy("__param_target", "instance"),
        constant("__address__", prober),
    ]);
    let own_rules = written(ingress.each("relabelingConfigs"), &mut desk.problems);
    draft.rules.extend(own_rules);
    ingress.end(&mut desk.problems);
}
