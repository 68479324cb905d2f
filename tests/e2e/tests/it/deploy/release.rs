//! A release of the chart on a cluster, and someone who asks it questions from outside.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;
use tempfile::TempDir;
use testkit::{Running, Space, periplus_path};

use super::rendered;

/// The image that the test makes of the binary.
const IMAGE: &str = "localhost/periplus:test";

/// A release; what of it lies outside its namespace is deleted when dropped.
pub(super) struct Release<'a> {
    /// Where it is.
    pub(super) space: &'a Space<'a>,
    /// Its name, and the beginning of those of all its objects.
    pub(super) name: String,
    /// What it calls the cluster.
    pub(super) cluster: String,
    /// The edge's port on this machine.
    pub(super) port: u16,
    token: String,
    authority: PathBuf,
    forward: Option<Running>,
    _folder: TempDir,
}

impl<'a> Release<'a> {
    /// Installs the chart with the binary under test and waits until all of it runs.
    pub(super) fn install(space: &'a Space<'a>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        make_image(space, folder.path())?;
        let name = format!("periplus-{}", space.name);
        let mut release = Self {
            space,
            cluster: space.bed.name().to_owned(),
            port: 0,
            token: String::new(),
            authority: folder.path().join("ca.crt"),
            forward: None,
            _folder: folder,
            name,
        };
        release.make_volume()?;
        space.apply(&release.manifest()?)?;
        space.rollout(&format!("daemonset/{}-agent", release.name))?;
        space.rollout(&format!("statefulset/{}-edge", release.name))?;
        release.token = release.secret("token")?;
        std::fs::write(&release.authority, release.secret("ca.crt")?)?;
        release.connect()?;
        Ok(release)
    }

    fn manifest(&self) -> anyhow::Result<String> {
        let (repository, tag) = IMAGE.rsplit_once(':').context("an image has a tag")?;
        let set = [
            format!("image.repository={repository},image.tag={tag},image.pullPolicy=Never"),
            format!("clusterName={}", self.cluster),
            "agent.interval=1s".to_owned(),
            format!("agent.hostPath=/var/lib/{}", self.name),
            "edge.persistence.storageClass=test,edge.persistence.size=1Gi".to_owned(),
            // The binary under test is not made to be small or fast.
            "agent.resources.limits.memory=1Gi,edge.resources.requests.cpu=10m,agent.resources.requests.cpu=10m".to_owned(),
        ];
        let mut arguments = vec!["--namespace", &self.space.name, "--name-template", &self.name];
        for one in &set {
            arguments.extend(["--set", one]);
        }
        // Nodes that are only played keep pods away; agents would be played there too.
        arguments.extend(["--set-json", "agent.tolerations=[]"]);
        rendered(&arguments)
    }

    /// Makes the volume that the edge claims: a folder of the first node that belongs to the edge's user.
    fn make_volume(&self) -> anyhow::Result<()> {
        let nodes = self.space.bed.real_nodes()?;
        let node = nodes.first().context("a real node")?;
        let manifest = include_str!("volume.yaml")
            .replace("NAMESPACE", &self.space.name)
            .replace("RELEASE", &self.name)
            .replace("NODE", node);
        self.space.apply(&manifest)?;
        self.space
            .wait("pod/prepare", "jsonpath={.status.phase}=Succeeded")
    }

    /// Reads a key of the release's secret, as its administrator.
    pub(super) fn secret(&self, key: &str) -> anyhow::Result<String> {
        let template = format!("--output=go-template={{{{index .data {key:?} | base64decode}}}}");
        let name = format!("{}-credentials", self.name);
        self.space.kubectl(&["get", "secret", &name, &template])
    }

    /// Opens a way to the edge, in place of the one there was.
    pub(super) fn connect(&mut self) -> anyhow::Result<()> {
        let namespace = format!("--namespace={}", self.space.name);
        let service = format!("service/{}-edge", self.name);
        let mut forward = self
            .space
            .bed
            .start_kubectl(&[&namespace, "port-forward", &service, ":8420"])?;
        self.port = forward.find(|line| {
            let rest = line.strip_prefix("Forwarding from 127.0.0.1:")?;
            rest.split_whitespace().next()?.parse().ok()
        })?;
        self.forward = Some(forward);
        Ok(())
    }

    /// Asks the edge with a token, in PromQL, by the command line.
    pub(super) fn ask_as(&self, token: &str, query: &str) -> anyhow::Result<Value> {
        let server = format!("https://127.0.0.1:{}", self.port);
        let output = Command::new(periplus_path()?)
            .args(["query", "--output", "json", "--server", &server, "--ca-cert"])
            .arg(&self.authority)
            .arg(query)
            .env("PERIPLUS_TOKEN", token)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "{said}");
        let mut answer: Value = serde_json::from_slice(&output.stdout)?;
        Ok(answer["result"].take())
    }

    /// Asks for the series of a vector and their values.
    pub(super) fn query(&self, query: &str) -> anyhow::Result<Vec<(Value, f64)>> {
        let mut result = self.ask_as(&self.token, query)?;
        let series = result.as_array_mut().context("a vector")?;
        let entry = |series: &mut Value| {
            let value = series["value"][1].as_str()?.parse().ok()?;
            Some((series["metric"].take(), value))
        };
        let found = series.iter_mut().map(entry).collect::<Option<_>>();
        found.with_context(|| format!("{query} has values"))
    }

    /// Asks for the one value of a vector.
    pub(super) fn value(&self, query: &str) -> anyhow::Result<f64> {
        let series = self.query(query)?;
        let [(_, value)] = series.as_slice() else {
            anyhow::bail!("{query} has {} series", series.len());
        };
        Ok(*value)
    }

    /// Asks for the values of the samples of one series.
    pub(super) fn samples(&self, range: &str) -> anyhow::Result<Vec<f64>> {
        let result = self.ask_as(&self.token, range)?;
        let series = result.as_array().context("a matrix")?;
        let [one] = series.as_slice() else {
            anyhow::bail!("{range} has {} series", series.len());
        };
        let values = one["values"].as_array().context("samples")?;
        let values = values.iter().map(|sample| sample[1].as_str()?.parse().ok());
        values.collect::<Option<_>>().context("numbers")
    }
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        let edge = format!("{}-edge", self.name);
        let bed = self.space.bed;
        for object in [
            format!("clusterrole/{edge}"),
            format!("clusterrolebinding/{edge}"),
            format!("persistentvolume/{}", self.name),
        ] {
            drop(bed.kubectl(&["delete", &object, "--wait=false", "--ignore-not-found"]));
        }
    }
}

/// Makes an image of the binary under test, without what only debuggers read, which is most of it.
fn make_image(space: &Space<'_>, folder: &Path) -> anyhow::Result<()> {
    let small = folder.join("periplus");
    let stripped = Command::new("strip")
        .arg("-o")
        .arg(&small)
        .arg(periplus_path()?)
        .output()?;
    let said = String::from_utf8_lossy(&stripped.stderr);
    anyhow::ensure!(stripped.status.success(), "strip: {said}");
    let file = format!("{}:/periplus", small.display());
    let bed = space.bed;
    bed.testbed(&[
        "image",
        "--name",
        bed.name(),
        "--tag",
        IMAGE,
        "--file",
        &file,
        "--entrypoint",
        "/periplus",
    ])
    .map(drop)
}
