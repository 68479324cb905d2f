//! ScrapeConfig: one job, nearly in the words of a scrape configuration.

use ::scrape::OfferedJob;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::job::{Desk, Draft};
use super::rules::written;
use crate::discovery::rules::constant;

/// Fields that are keys of a job.
const JOB: [(&str, &str); 8] = [
    ("metricsPath", "metrics_path"),
    ("params", "params"),
    ("scrapeInterval", "scrape_interval"),
    ("scrapeTimeout", "scrape_timeout"),
    ("honorLabels", "honor_labels"),
    ("honorTimestamps", "honor_timestamps"),
    ("trackTimestampsStaleness", "track_timestamps_staleness"),
    ("enableCompression", "enable_compression"),
];
const REFRESH: (&str, &str) = ("refreshInterval", "refresh_interval");

/// Makes the job.
pub(super) fn jobs(desk: &mut Desk<'_>, mut spec: Fields) -> Vec<OfferedJob> {
    let mut draft = desk.draft(None);
    let common = desk.common(&mut spec);
    draft.add(&common);
    spec.hand_over(&JOB, &mut draft.job);
    draft.scheme(&mut spec);
    names(&mut spec, &mut draft);
    desk.http(&mut spec, &mut draft.job);
    // What keeps a search from its server is no reason not to scrape what others find.
    let hindrance = desk.take_hindrance();
    searches(desk, &mut spec, &mut draft);
    if let Some(reason) = hindrance {
        desk.hinder(reason);
    }
    if let Some(name) = spec.text("jobName") {
        draft.rules.push(constant("job", &name));
    }
    let own_rules = written(spec.each("relabelings"), &mut desk.problems);
    draft.rules.extend(own_rules);
    let of_series = written(spec.each("metricRelabelings"), &mut desk.problems);
    if !of_series.is_empty() {
        draft
            .job
            .insert("metric_relabel_configs".to_owned(), json!(of_series));
    }
    spec.end(&mut desk.problems);
    vec![desk.offer(draft)]
}

/// Moves which names of metrics are taken: words that the operator writes in capitals.
fn names(spec: &mut Fields, draft: &mut Draft) {
    if let Some(scheme) = spec.text("nameValidationScheme") {
        let key = "metric_name_validation_scheme";
        draft
            .job
            .insert(key.to_owned(), json!(scheme.to_ascii_lowercase()));
    }
    if let Some(scheme) = spec.text("nameEscapingScheme") {
        let word = match scheme.as_str() {
            "AllowUTF8" => "allow-utf-8".to_owned(),
            other => other.to_ascii_lowercase(),
        };
        draft
            .job
            .insert("metric_name_escaping_scheme".to_owned(), json!(word));
    }
}

/// Moves where targets come from. A search that cannot be made is left out and named.
fn searches(desk: &mut Desk<'_>, spec: &mut Fields, draft: &mut Draft) {
    let kinds: [(&str, &str, Search); 5] = [
        ("staticConfigs", "static_configs", list),
        ("fileSDConfigs", "file_sd_configs", files),
        ("httpSDConfigs", "http_sd_configs", http),
        ("dnsSDConfigs", "dns_sd_configs", dns),
        ("kubernetesSDConfigs", "kubernetes_sd_configs", kubernetes),
    ];
    for (field, key, make) in kinds {
        let mut made = Vec::new();
        for mut one in spec.each(field) {
            let search = make(desk, &mut one);
            one.end(&mut desk.problems);
            match desk.take_hindrance() {
                None => made.push(Value::Object(search)),
                Some(reason) => desk.problems.add(reason),
            }
        }
        if !made.is_empty() {
            draft.job.insert(key.to_owned(), json!(made));
        }
    }
    for kind in OTHERS {
        let why = "this kind of discovery is not supported, its targets are not found";
        spec.refuse(kind, why, &mut desk.problems);
    }
}

/// Makes a search of its fields.
type Search = fn(&mut Desk<'_>, &mut Fields) -> Map<String, Value>;

/// Kinds of discovery that there are not.
const OTHERS: [&str; 18] = [
    "azureSDConfigs",
    "consulSDConfigs",
    "digitalOceanSDConfigs",
    "dockerSDConfigs",
    "dockerSwarmSDConfigs",
    "ec2SDConfigs",
    "eurekaSDConfigs",
    "gceSDConfigs",
    "hetznerSDConfigs",
    "ionosSDConfigs",
    "kumaSDConfigs",
    "lightSailSDConfigs",
    "linodeSDConfigs",
    "nomadSDConfigs",
    "openstackSDConfigs",
    "ovhcloudSDConfigs",
    "puppetDBSDConfigs",
    "scalewaySDConfigs",
];

fn list(_: &mut Desk<'_>, fields: &mut Fields) -> Map<String, Value> {
    let mut made = Map::new();
    fields.hand_over(&[("targets", "targets"), ("labels", "labels")], &mut made);
    made
}

fn files(_: &mut Desk<'_>, fields: &mut Fields) -> Map<String, Value> {
    let mut made = Map::new();
    fields.hand_over(&[("files", "files"), REFRESH], &mut made);
    made
}

fn http(desk: &mut Desk<'_>, fields: &mut Fields) -> Map<String, Value> {
    let mut made = Map::new();
    fields.hand_over(&[("url", "url"), REFRESH], &mut made);
    desk.http(fields, &mut made);
    made
}

fn dns(_: &mut Desk<'_>, fields: &mut Fields) -> Map<String, Value> {
    let mut made = Map::new();
    let names = [("names", "names"), ("type", "type"), ("port", "port"), REFRESH];
    fields.hand_over(&names, &mut made);
    made
}

fn kubernetes(desk: &mut Desk<'_>, fields: &mut Fields) -> Map<String, Value> {
    let mut made = Map::new();
    let names = [("apiServer", "api_server"), ("attachMetadata", "attach_metadata")];
    fields.hand_over(&names, &mut made);
    if !made.contains_key("api_server") {
        made.insert("watched_cluster".to_owned(), json!(desk.caller.cluster));
    }
    let lower = |text: Option<String>| json!(text.unwrap_or_default().to_ascii_lowercase());
    made.insert("role".to_owned(), lower(fields.text("role")));
    if let Some(mut namespaces) = fields.object("namespaces") {
        let why = "there is no namespace of a Prometheus: name it";
        if namespaces.truth("ownNamespace") == Some(true) {
            desk.problems
                .add(format!("{}.ownNamespace: {why}", namespaces.place));
        }
        let names = namespaces.texts("names");
        made.insert("namespaces".to_owned(), json!({"names": names}));
        namespaces.end(&mut desk.problems);
    }
    let mut selectors = Vec::new();
    for mut one in fields.each("selectors") {
        let mut selector = Map::new();
        selector.insert("role".to_owned(), lower(one.text("role")));
        one.hand_over(&[("label", "label"), ("field", "field")], &mut selector);
        one.end(&mut desk.problems);
        selectors.push(Value::Object(selector));
    }
    if !selectors.is_empty() {
        made.insert("selectors".to_owned(), json!(selectors));
    }
    desk.http(fields, &mut made);
    if made.contains_key("watched_cluster") {
        // Only another API server is reached by what the object says.
        made.retain(|key, _| {
            [
                "watched_cluster",
                "role",
                "namespaces",
                "selectors",
                "attach_metadata",
            ]
            .contains(&key.as_str())
        });
    }
    made
}
