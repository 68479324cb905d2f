//! A cluster of the test bed, and a server of the role `edge` that watches it.

use std::path::Path;
use std::process::Command;

use parking_lot::{Mutex, MutexGuard};
use serde_json::Value;
use testkit::{Bed, Client, Periplus, periplus_path, wait_for};

/// Held while a test has a cluster: each takes a good part of the machine.
static TURN: Mutex<()> = Mutex::new(());

/// Waits until no other test has a cluster.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock()
}

/// Starts a server that keeps its data in `folder` and watches the bed under its name, and waits until it knows the
/// cluster. `keys` are further keys of the cluster in the configuration file, each line indented by six spaces.
pub(crate) fn edge(bed: &Bed, folder: &Path, keys: &str) -> anyhow::Result<Periplus> {
    let config = folder.join("periplus.yml");
    let (name, kubeconfig) = (bed.name(), bed.kubeconfig().display());
    std::fs::write(
        &config,
        format!(
            "periplus:\n  clusters:\n    - name: {name}\n      kubeconfig: {kubeconfig}\n      \
             metrics_interval: 1s\n{keys}"
        ),
    )?;
    let mut command = Command::new(periplus_path()?);
    command
        .args(["server", "--role", "edge", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.join("data"))
        .arg("--config")
        .arg(&config);
    let server = Periplus::start(command)?;
    wait_for("the cluster to be known", || {
        cluster(&server.client)
            .ok()
            .filter(|cluster| cluster["synced"] == true)
    })?;
    Ok(server)
}

/// What the server says of the cluster that it watches.
pub(crate) fn cluster(client: &Client) -> anyhow::Result<Value> {
    let mut answer = client.api("kubernetes/clusters", &[])?;
    Ok(answer["clusters"][0].take())
}
