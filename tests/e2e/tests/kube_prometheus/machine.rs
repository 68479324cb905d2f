//! What both sides read: a cluster with something in it, and the machine it stands on.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use testkit::{Bed, wait_for};

/// Seconds between two scrapes, on both sides.
pub(crate) const INTERVAL: &str = "10s";

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The administrator's kubeconfig.
    pub(crate) kubeconfig: PathBuf,
    /// Address of the control plane.
    pub(crate) region: String,
    /// Addresses of the real nodes.
    pub(crate) nodes: Vec<String>,
    /// What the variables of dashboards stand for.
    pub(crate) names: Names,
    /// For files of both sides.
    pub(crate) folder: PathBuf,
}

/// One of each thing that dashboards let people choose.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The cluster.
    pub(crate) cluster: String,
    /// The node whose collectors both sides have.
    pub(crate) node: String,
    /// A pod of the Deployment `web` in the namespace `shop`.
    pub(crate) pod: String,
}

impl Machine {
    /// Looks where the parts of a cluster are, and puts credentials where Prometheus can read them.
    ///
    /// # Errors
    /// The API server does not answer.
    pub(crate) fn of(bed: &Bed, folder: &Path) -> anyhow::Result<Self> {
        let config: Value =
            serde_json::from_str(&bed.kubectl(&["config", "view", "--raw", "--output=json"])?)?;
        let user = &config["users"][0]["user"];
        for (file, key) in [
            ("client.pem", "client-certificate-data"),
            ("client.key", "client-key-data"),
        ] {
            let text = user[key]
                .as_str()
                .with_context(|| format!("the administrator has a {key}"))?;
            std::fs::write(folder.join(file), BASE64.decode(text)?)?;
        }
        let server = config["clusters"][0]["cluster"]["server"]
            .as_str()
            .unwrap_or_default();
        let region = server
            .trim_start_matches("https://")
            .split(':')
            .next()
            .unwrap_or_default();
        let names = bed.real_nodes()?;
        let address = |node: &String| {
            let path = "--output=jsonpath={.status.addresses[?(@.type==\"InternalIP\")].address}";
            bed.kubectl(&["get", "node", node, path])
        };
        Ok(Self {
            kubeconfig: bed.kubeconfig().to_owned(),
            region: region.to_owned(),
            nodes: names.iter().map(address).collect::<anyhow::Result<_>>()?,
            names: Names {
                cluster: bed.name().to_owned(),
                node: names.first().context("there is a real node")?.clone(),
                pod: String::new(),
            },
            folder: folder.to_owned(),
        })
    }

    /// Fills the cluster and waits until all runs that is to run.
    ///
    /// # Errors
    /// It does not within the deadline.
    pub(crate) fn populate(&mut self, bed: &Bed) -> anyhow::Result<()> {
        let path = self.folder.join("shop.yaml");
        std::fs::write(
            &path,
            include_str!("manifests/shop.yaml").replace("NODE", &self.names.node),
        )?;
        bed.kubectl(&["apply", "--filename", &path.to_string_lossy()])?;
        for object in ["deployment/web", "daemonset/client", "statefulset/store"] {
            bed.kubectl(&["--namespace=shop", "rollout", "status", object, "--timeout=120s"])?;
        }
        // What an alert and some panels ask for.
        wait_for("the broken pod to have failed", || {
            let path = "--output=jsonpath={.status.containerStatuses[0].restartCount}";
            let restarts = bed
                .kubectl(&["--namespace=shop", "get", "pod", "broken", path])
                .ok()?;
            restarts.trim().parse::<u32>().ok().filter(|n| *n > 0)
        })?;
        let path = "--output=jsonpath={.items[0].metadata.name}";
        self.names.pod = bed.kubectl(&["--namespace=shop", "get", "pods", "--selector=app=web", path])?;
        Ok(())
    }
}
