//! Our side: an edge that watches and scrapes the cluster, and the collectors of the machine that forward to it.

use std::process::Command;

use serde_json::{Value, json};
use testkit::{Periplus, Up, periplus_path};

use crate::machine::{INTERVAL, Machine};

/// What the edge calls itself, the label `instance` of the state of objects.
pub(crate) const EDGE: &str = "edge";

/// The processes; killed when dropped.
#[derive(Debug)]
pub(crate) struct Ours {
    /// Knows everything.
    pub(crate) edge: Periplus,
    /// Collects the machine.
    _node: Periplus,
}

impl Ours {
    /// Starts both.
    ///
    /// # Errors
    /// `periplus` is not built, or does not become ready.
    pub(crate) fn start(machine: &Machine) -> anyhow::Result<Self> {
        let region = &machine.region;
        let proxies: Vec<String> = machine
            .nodes
            .iter()
            .map(|address| format!("{address}:10249"))
            .collect();
        let config = json!({
            "global": {"scrape_interval": INTERVAL},
            "periplus": {"clusters": [{
                "name": machine.names.cluster, "kubeconfig": machine.kubeconfig, "metrics_interval": INTERVAL,
                // The bed's control plane and proxies are processes: no pod tells where they are.
                "targets": {"addresses": {
                    "kube-etcd": [format!("{region}:2381")],
                    "kube-scheduler": [format!("{region}:10259")],
                    "kube-controller-manager": [format!("{region}:10257")],
                    "kube-proxy": proxies,
                }},
            }]},
        });
        let path = write(machine, "edge.yml", &config)?;
        let mut command = Command::new(periplus_path()?);
        command
            .args([
                "server",
                "--role",
                "edge",
                "--listen",
                "127.0.0.1:0",
                "--instance",
                EDGE,
                "--data",
            ])
            .arg(machine.folder.join("edge"))
            .args(["--config", &path]);
        let edge = Periplus::start(command)?;
        let label = |name: &str, value: &str| json!({"target_label": name, "replacement": value});
        let config = json!({"remote_write": [{
            "url": format!("{}/api/v1/write", edge.client.base()), "name": EDGE,
            "protobuf_message": "io.prometheus.write.v2.Request",
            "queue_config": {"batch_send_deadline": "500ms"},
            "write_relabel_configs": [
                {"action": "keep", "source_labels": ["job"], "regex": "node-exporter"},
                label("cluster", &machine.names.cluster), label("namespace", "monitoring"),
                label("pod", "node-exporter"), label("container", "node-exporter"),
            ],
        }]});
        let path = write(machine, "node.yml", &config)?;
        let node = Periplus::up(&Up {
            data: &machine.folder.join("node"),
            arguments: &[
                "--interval",
                INTERVAL,
                "--instance",
                &machine.names.node,
                "--config",
                &path,
            ],
        })?;
        Ok(Self { edge, _node: node })
    }
}

/// Writes a configuration; JSON is YAML.
fn write(machine: &Machine, name: &str, config: &Value) -> anyhow::Result<String> {
    let path = machine.folder.join(name);
    std::fs::write(&path, config.to_string())?;
    Ok(path.to_string_lossy().into_owned())
}
