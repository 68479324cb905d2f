//! What every cluster has to be scraped: kubelets, the control plane, DNS, the proxies, and what says so itself by
//! annotations.
//!
//! Jobs and labels are those that the dashboards and rules of kube-prometheus ask for: `job`, `metrics_path` of
//! kubelets, `node`, `namespace`, `pod`, `service`, `endpoint`, `instance`; beside them `cluster`.

use std::collections::BTreeMap;

use scrape::OfferedJob;
use serde_json::{Value, json};
use tls::Secret;

use super::credentials::Credentials;
use super::rules::{constant, copy, drop_if, keep, rule};

/// Targets of a cluster that are scraped without being configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetOptions {
    /// Whether there are any.
    pub enabled: bool,
    /// What is left out: jobs, as in `kubelet` or `kubernetes-pods`, and kinds of monitors, as in `probes`.
    pub leave_out: Vec<String>,
    /// Namespaces whose monitors of the Prometheus operator may use the credentials for the cluster.
    pub credentials_for: Vec<String>,
    /// Addresses of targets that no object of the cluster tells of, by job, as in `kube-etcd`: `10.0.0.1:2381`.
    pub addresses: BTreeMap<String, Vec<String>>,
}

impl Default for TargetOptions {
    fn default() -> Self {
        Self {
            enabled: true,
            leave_out: Vec::new(),
            credentials_for: Vec::new(),
            addresses: BTreeMap::new(),
        }
    }
}

impl TargetOptions {
    /// Returns the name of a job's pool of targets in a cluster.
    pub fn pool(cluster: &str, job: &str) -> String {
        format!("{cluster}/{job}")
    }

    /// The jobs that there are beside those of monitors.
    pub const JOBS: [&str; 9] = [
        "kubelet",
        "apiserver",
        "kube-scheduler",
        "kube-controller-manager",
        "kube-etcd",
        "kube-dns",
        "kube-proxy",
        "kubernetes-pods",
        "kubernetes-service-endpoints",
    ];
}

/// What a kubelet offers, and whether it is taken at the time of the scrape: cAdvisor says times of its own that lie
/// behind, and its series would outlive their containers.
const KUBELET_PATHS: [(&str, bool); 4] = [
    ("/metrics", true),
    ("/metrics/cadvisor", false),
    ("/metrics/resource", false),
    ("/metrics/probes", true),
];
/// Series of cAdvisor that are many and that no dashboard asks for, as kube-prometheus has it.
const UNASKED: &str =
    "container_(network_tcp_usage_total|network_udp_usage_total|tasks_state|cpu_load_average_10s)";
/// Pods of the system by job, with the label that tells them, as meta labels write it.
const PODS: [(&str, &str, &str); 6] = [
    ("apiserver", "component", "kube-apiserver"),
    ("kube-scheduler", "component", "kube-scheduler"),
    ("kube-controller-manager", "component", "kube-controller-manager"),
    ("kube-etcd", "component", "etcd"),
    ("kube-dns", "k8s_app", "kube-dns"),
    ("kube-proxy", "k8s_app", "kube-proxy"),
];
/// Targets that rules drop are too many to be shown.
const SHOWN_DROPPED: u64 = 100;

/// Makes the jobs of one cluster.
pub(super) struct BuiltIn<'a> {
    pub(super) cluster: &'a str,
    pub(super) credentials: &'a Credentials,
    pub(super) options: &'a TargetOptions,
}

impl BuiltIn<'_> {
    /// Returns the jobs.
    pub(super) fn jobs(&self) -> Vec<OfferedJob> {
        let mut jobs: Vec<Value> = Vec::new();
        let left_out = |job: &&str| self.options.leave_out.iter().any(|name| name == job);
        for job in TargetOptions::JOBS.into_iter().filter(|job| !left_out(job)) {
            match job {
                "kubelet" => jobs.extend(KUBELET_PATHS.map(|path| self.kubelet(path))),
                "apiserver" => jobs.push(self.apiserver()),
                "kube-scheduler" => jobs.push(self.control_plane(job, "https", 10259)),
                "kube-controller-manager" => jobs.push(self.control_plane(job, "https", 10257)),
                "kube-etcd" => jobs.push(self.control_plane(job, "http", 2381)),
                "kube-proxy" => jobs.push(self.control_plane(job, "http", 10249)),
                "kube-dns" => jobs.push(self.dns()),
                "kubernetes-pods" => jobs.push(self.annotated_pods()),
                _ => jobs.push(self.annotated_services()),
            }
        }
        let offered = jobs.into_iter().map(|job| OfferedJob {
            name: job["job_name"].as_str().unwrap_or_default().to_owned(),
            text: Secret::new(job.to_string()),
            hindrance: None,
        });
        offered.collect()
    }

    /// Makes a job: what all have in common, a search, and rules.
    fn job(&self, (name, path): (&str, &str), search: Value, rules: Vec<Value>) -> Value {
        let suffix = if path == "/metrics" { "" } else { path };
        let mut search = search;
        search["watched_cluster"] = json!(self.cluster);
        let mut all = vec![constant("job", name), constant("cluster", self.cluster)];
        all.extend(rules);
        let mut job = json!({
            "job_name": TargetOptions::pool(self.cluster, name) + suffix,
            "metrics_path": path,
            "honor_labels": true,
            "keep_dropped_targets": SHOWN_DROPPED,
            "kubernetes_sd_configs": [search],
            "relabel_configs": all,
        });
        if let Some(addresses) = self.options.addresses.get(name) {
            job["static_configs"] = json!([{"targets": addresses}]);
        }
        job
    }

    /// Reaches the targets of a job with the cluster's credentials.
    fn secured(&self, mut job: Value, tls: Value) -> Value {
        job["scheme"] = json!("https");
        job["tls_config"] = tls;
        if let Some(authorization) = &self.credentials.authorization {
            job["authorization"] = authorization.clone();
        }
        job
    }

    fn kubelet(&self, (path, own_times): (&str, bool)) -> Value {
        let rules = vec![
            copy("__meta_kubernetes_node_name", "node"),
            copy("__metrics_path__", "metrics_path"),
            copy("__address__", "instance"),
            constant("namespace", "kube-system"),
            constant("service", "kubelet"),
            constant("endpoint", "https-metrics"),
        ];
        let mut job = self.job(("kubelet", path), json!({"role": "node"}), rules);
        job["honor_timestamps"] = json!(own_times);
        if path == "/metrics/cadvisor" {
            job["metric_relabel_configs"] =
                json!([{"source_labels": ["__name__"], "regex": UNASKED, "action": "drop"}]);
        }
        // Kubelets sign their certificates themselves unless somebody approves theirs.
        self.secured(job, self.credentials.unverified())
    }

    fn apiserver(&self) -> Value {
        let search = json!({
            "role": "endpointslice",
            "namespaces": {"names": ["default"]},
            "selectors": [
                {"role": "endpointslice", "label": "kubernetes.io/service-name=kubernetes"},
                {"role": "service", "field": "metadata.name=kubernetes"},
                {"role": "pod", "label": "component=kube-apiserver"},
            ],
        });
        let rules = vec![
            keep("__meta_kubernetes_endpointslice_port_name", "https|"),
            constant("namespace", "default"),
            constant("service", "kubernetes"),
            constant("endpoint", "https"),
        ];
        let job = self.job(("apiserver", "/metrics"), search, rules);
        self.secured(job, self.credentials.verified("kubernetes"))
    }

    /// A part that runs in pods of the host's network and listens at a port that it does not declare.
    fn control_plane(&self, name: &str, scheme: &str, port: u16) -> Value {
        let label = match name {
            "kube-etcd" => "component=etcd".to_owned(),
            "kube-proxy" => "k8s-app=kube-proxy".to_owned(),
            _ => format!("component={name}"),
        };
        let search = json!({
            "role": "pod",
            "namespaces": {"names": ["kube-system"]},
            "selectors": [{"role": "pod", "label": label}],
        });
        let ip = "__meta_kubernetes_pod_ip";
        let mut rules = vec![
            drop_if("__meta_kubernetes_pod_container_init", "true"),
            rule(&[ip], "([^:]+)", ("__address__", &format!("$1:{port}"))),
            rule(&[ip], "(.+:.+)", ("__address__", &format!("[$1]:{port}"))),
            constant("namespace", "kube-system"),
        ];
        rules.extend(of_pod());
        let job = self.job((name, "/metrics"), search, rules);
        match scheme {
            "https" => self.secured(job, self.credentials.unverified()),
            _ => job,
        }
    }

    fn dns(&self) -> Value {
        let label = "k8s-app=kube-dns";
        let search = json!({
            "role": "endpointslice",
            "namespaces": {"names": ["kube-system"]},
            "selectors": [
                {"role": "endpointslice", "label": label},
                {"role": "service", "label": label},
                {"role": "pod", "label": label},
            ],
        });
        let names = [
            "__address__",
            "__meta_kubernetes_endpointslice_port_name",
            "__meta_kubernetes_pod_container_port_name",
            "__meta_kubernetes_namespace",
        ];
        let mut rules = vec![
            // The port of the service, one that only the container declares, or an address of the configuration.
            json!({"source_labels": names, "regex": ".*;metrics;.*|.*;;metrics;.*|.*;;;", "action": "keep"}),
            constant("namespace", "kube-system"),
            copy("__meta_kubernetes_service_name", "service"),
            copy("__meta_kubernetes_endpointslice_port_name", "endpoint"),
        ];
        rules.extend(of_pod());
        self.job(("kube-dns", "/metrics"), search, rules)
    }

    fn annotated_pods(&self) -> Value {
        let search = json!({"role": "pod", "annotation": "prometheus.io/scrape=true"});
        let mut rules = vec![
            drop_if(
                "__meta_kubernetes_pod_phase",
                "Pending|Succeeded|Failed|Completed",
            ),
            drop_if("__meta_kubernetes_pod_container_init", "true"),
        ];
        rules.extend(self.elsewhere());
        rules.extend(annotations("pod", "__meta_kubernetes_pod_ip"));
        rules.push(copy("__meta_kubernetes_namespace", "namespace"));
        rules.extend(
            of_pod()
                .into_iter()
                .filter(|rule| rule["target_label"] != "container"),
        );
        self.annotated("kubernetes-pods", search, rules)
    }

    fn annotated_services(&self) -> Value {
        let search = json!({"role": "endpointslice", "annotation": "prometheus.io/scrape=true"});
        // Ports that the containers declare and the service does not lead to are not the service's.
        let mut rules = vec![keep(
            "__meta_kubernetes_endpointslice_endpoint_conditions_ready",
            "true",
        )];
        rules.extend(self.elsewhere());
        rules.extend(annotations("service", "__address__"));
        rules.push(copy("__meta_kubernetes_namespace", "namespace"));
        rules.push(copy("__meta_kubernetes_service_name", "service"));
        rules.extend(
            of_pod()
                .into_iter()
                .filter(|rule| rule["target_label"] != "container"),
        );
        self.annotated("kubernetes-service-endpoints", search, rules)
    }

    /// Drops pods of the system that another job has: DNS is annotated nearly everywhere.
    fn elsewhere(&self) -> Vec<Value> {
        let has = |job: &str| !self.options.leave_out.iter().any(|name| name == job);
        let rules = PODS.iter().filter(|(job, ..)| has(job)).map(|(_, label, value)| {
            let label = format!("__meta_kubernetes_pod_label_{label}");
            json!({
                "source_labels": ["__meta_kubernetes_namespace", label],
                "regex": format!("kube-system;{value}"),
                "action": "drop",
            })
        });
        rules.collect()
    }

    /// Strangers' pages: their labels do not win over those of the target, and they do not always say what they are.
    fn annotated(&self, name: &str, search: Value, rules: Vec<Value>) -> Value {
        let mut job = self.job((name, "/metrics"), search, rules);
        job["honor_labels"] = json!(false);
        job["fallback_scrape_protocol"] = json!("PrometheusText0.0.4");
        job
    }
}

/// Scheme, path and port as annotations say them; where no port is said, that of the target stays.
fn annotations(of: &str, host: &str) -> Vec<Value> {
    let annotation = |name: &str| format!("__meta_kubernetes_{of}_annotation_prometheus_io_{name}");
    let port = annotation("port");
    vec![
        rule(&[&annotation("scheme")], "(https?)", ("__scheme__", "$1")),
        rule(&[&annotation("path")], "(.+)", ("__metrics_path__", "$1")),
        rule(
            &[host, &port],
            r"([^:;\[\]]+)(?::\d+)?;(\d+)",
            ("__address__", "$1:$2"),
        ),
        rule(
            &[host, &port],
            r"\[?([^;\]]*:[^;\]]*:[^;\]]*)\]?(?::\d+)?;(\d+)",
            ("__address__", "[$1]:$2"),
        ),
    ]
}

fn of_pod() -> Vec<Value> {
    vec![
        copy("__meta_kubernetes_pod_name", "pod"),
        copy("__meta_kubernetes_pod_container_name", "container"),
        copy("__meta_kubernetes_pod_node_name", "node"),
    ]
}

#[cfg(test)]
mod tests;
