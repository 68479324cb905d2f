//! Their side: Prometheus with the rules, node_exporter and kube-state-metrics.
//!
//! Targets have the labels that the ServiceMonitors of kube-prometheus give them, and `cluster` beside.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::{Value, json};
use testkit::{Client, Peer, free_port, peer_path, tool_path};

use crate::machine::{INTERVAL, Machine};
use crate::ours::EDGE;
use crate::questions;

/// The processes; killed when dropped.
#[derive(Debug)]
pub(crate) struct Prometheus {
    prometheus: Peer,
    _exporters: [Peer; 2],
}

impl Prometheus {
    /// Starts everything.
    ///
    /// # Errors
    /// A peer is not built, or does not answer.
    pub(crate) fn start(machine: &Machine, data: &Path) -> anyhow::Result<Self> {
        let (state_port, own_port) = (free_port()?, free_port()?);
        let mut command = Command::new(kube_state_metrics()?);
        command
            .arg("--kubeconfig")
            .arg(&machine.kubeconfig)
            .args(["--host=127.0.0.1", "--telemetry-host=127.0.0.1"])
            .args([
                format!("--port={state_port}"),
                format!("--telemetry-port={own_port}"),
            ]);
        let state = Peer::start(command, state_port, "/healthz")?;
        let node_port = free_port()?;
        let mut command = Command::new(peer_path("node_exporter")?);
        command.arg(format!("--web.listen-address=127.0.0.1:{node_port}"));
        let node = Peer::start(command, node_port, "/metrics")?;

        let rules = machine.folder.join("rules.yaml");
        let adapted = adapt(&std::fs::read_to_string(data.join("rules.yaml"))?)?;
        std::fs::write(&rules, adapted.to_string())?;
        let config = configuration(machine, (state_port, node_port));
        let path = machine.folder.join("prometheus.yml");
        std::fs::write(&path, config.to_string())?;
        let port = free_port()?;
        let mut command = Command::new(peer_path("prometheus")?);
        command
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg(format!(
                "--storage.tsdb.path={}",
                machine.folder.join("prometheus").display()
            ));
        let prometheus = Peer::start(command, port, "/-/ready")?;
        Ok(Self {
            prometheus,
            _exporters: [state, node],
        })
    }

    /// Speaks to Prometheus.
    pub(crate) fn client(&self) -> &Client {
        &self.prometheus.client
    }
}

/// Returns rules as both sides evaluate them: all groups as often as is scraped, as no comparison of a moment can follow
/// those that have minutes of their own, and over windows of which both sides have everything.
fn adapt(rules: &str) -> anyhow::Result<Value> {
    let mut rules: Value = serde_saphyr::from_str(rules)?;
    let groups = rules["groups"].as_array_mut().context("there are groups")?;
    for group in groups {
        group["interval"] = json!(INTERVAL);
        for rule in group["rules"].as_array_mut().into_iter().flatten() {
            let query = rule["expr"].as_str().context("a rule has an expression")?;
            rule["expr"] = json!(questions::shorten(query));
        }
    }
    Ok(rules)
}

/// Returns the kube-state-metrics that the test bed has built.
fn kube_state_metrics() -> anyhow::Result<PathBuf> {
    let tool = tool_path()?;
    let cache = tool.parent().context("the tool is in a folder")?;
    let built = std::fs::read_dir(cache)?
        .flatten()
        .map(|entry| entry.path().join("kube-state-metrics"));
    built
        .filter(|path| path.is_file())
        .max()
        .context("kube-state-metrics is not built: run `make testbed`")
}

fn configuration(machine: &Machine, (state_port, node_port): (u16, u16)) -> Value {
    let (region, names) = (&machine.region, &machine.names);
    let mut jobs: Vec<Value> = [
        ("", true),
        ("/cadvisor", false),
        ("/probes", true),
        ("/resource", true),
    ]
    .into_iter()
    .map(|path| kubelet(machine, path))
    .collect();
    jobs.push(cluster_dns(machine));
    let proxies: Vec<String> = machine
        .nodes
        .iter()
        .map(|address| format!("{address}:10249"))
        .collect();
    let system = json!({"namespace": "kube-system"});
    let apiserver = json!({"namespace": "default", "service": "kubernetes", "endpoint": "https"});
    let exporter = json!({"instance": names.node, "namespace": "monitoring", "pod": "node-exporter",
        "container": "node-exporter"});
    let one = |address: String| vec![address];
    for (job, scheme, targets, labels) in [
        ("apiserver", "https", one(format!("{region}:6443")), &apiserver),
        ("kube-etcd", "http", one(format!("{region}:2381")), &system),
        ("kube-scheduler", "https", one(format!("{region}:10259")), &system),
        (
            "kube-controller-manager",
            "https",
            one(format!("{region}:10257")),
            &system,
        ),
        ("kube-proxy", "http", proxies, &system),
        (
            "kube-state-metrics",
            "http",
            one(format!("127.0.0.1:{state_port}")),
            &json!({"instance": EDGE}),
        ),
        (
            "node-exporter",
            "http",
            one(format!("127.0.0.1:{node_port}")),
            &exporter,
        ),
    ] {
        let mut labels = labels.clone();
        labels["cluster"] = json!(names.cluster);
        let mut job = json!({"job_name": job, "scheme": scheme, "honor_labels": true,
            "static_configs": [{"targets": targets, "labels": labels}]});
        if scheme == "https" {
            job["tls_config"] = tls(machine);
        }
        jobs.push(job);
    }
    json!({
        "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": [machine.folder.join("rules.yaml")],
        "scrape_configs": jobs,
    })
}

fn tls(machine: &Machine) -> Value {
    json!({"insecure_skip_verify": true, "cert_file": machine.folder.join("client.pem"),
        "key_file": machine.folder.join("client.key")})
}

fn kubelet(machine: &Machine, (path, own_times): (&str, bool)) -> Value {
    let constant = |label: &str, value: &str| json!({"target_label": label, "replacement": value});
    let copy = |from: &str, to: &str| json!({"source_labels": [from], "target_label": to});
    json!({
        "job_name": format!("kubelet{path}"), "scheme": "https", "metrics_path": format!("/metrics{path}"),
        "honor_labels": true, "honor_timestamps": own_times, "tls_config": tls(machine),
        "kubernetes_sd_configs": [{"role": "node", "kubeconfig_file": machine.kubeconfig}],
        "relabel_configs": [
            constant("job", "kubelet"), constant("cluster", &machine.names.cluster),
            copy("__meta_kubernetes_node_name", "node"), copy("__metrics_path__", "metrics_path"),
            copy("__address__", "instance"), constant("namespace", "kube-system"),
            constant("service", "kubelet"), constant("endpoint", "https-metrics"),
        ],
    })
}

fn cluster_dns(machine: &Machine) -> Value {
    let constant = |label: &str, value: &str| json!({"target_label": label, "replacement": value});
    let copy = |from: &str, to: &str| json!({"source_labels": [format!("__meta_kubernetes_{from}")], "target_label": to});
    let keep = |from: &str, value: &str| json!({"source_labels": [format!("__meta_kubernetes_{from}")], "regex": value, "action": "keep"});
    json!({
        "job_name": "kube-dns", "honor_labels": true,
        "kubernetes_sd_configs": [{"role": "endpointslice", "kubeconfig_file": machine.kubeconfig,
            "namespaces": {"names": ["kube-system"]}}],
        "relabel_configs": [
            keep("service_label_k8s_app", "kube-dns"), keep("endpointslice_port_name", "metrics"),
            constant("cluster", &machine.names.cluster), constant("namespace", "kube-system"),
            copy("service_name", "service"), copy("endpointslice_port_name", "endpoint"), copy("pod_name", "pod"),
            copy("pod_container_name", "container"), copy("pod_node_name", "node"),
        ],
    })
}
