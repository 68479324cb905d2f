//! A Periplus that watches a cluster, and its list of targets.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Bed, Client, Periplus, periplus_path};

/// A running edge; it ends when dropped.
pub(crate) struct Edge {
    /// The process.
    pub(crate) periplus: Periplus,
    _data: TempDir,
}

impl Edge {
    /// Starts one that watches a cluster and scrapes by a file.
    pub(crate) fn start(bed: &Bed, config: &Path) -> anyhow::Result<Self> {
        let data = TempDir::new()?;
        let mut command = Command::new(periplus_path()?);
        command
            .args(["server", "--role", "edge", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .arg("--kubeconfig")
            .arg(bed.kubeconfig())
            .arg("--config")
            .arg(config);
        Ok(Self {
            periplus: Periplus::start(command)?,
            _data: data,
        })
    }
}

/// Returns the active targets of a Prometheus or Periplus.
pub(crate) fn active(client: &Client) -> anyhow::Result<Vec<Value>> {
    let answer = client.api("targets", &[("state", "active")])?;
    let list = answer["activeTargets"].as_array();
    Ok(list.cloned().unwrap_or_default())
}
