//! An API server with a large cluster behind it: real etcd, real kube-apiserver, nothing else.
//!
//! The objects are written into etcd as the API server would have them there, so a hundred thousand pods take a minute
//! and no controller, scheduler or kubelet has to be played for them. From there on everything is what it is in any
//! cluster: lists in pages, watches with bookmarks, JSON or protobuf as each client asks for it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use testkit::{Client, Peer, free_port, tool_path};

use super::objects::{Size, Stored};
use crate::progress::Progress;
use crate::stop;

/// Objects of one transaction: etcd takes 128 operations and 1.5 MB.
const BATCH: usize = 100;
/// How long the API server may take to have everything in its caches.
const START_DEADLINE: Duration = Duration::from_secs(300);
/// What the bench calls itself.
const TOKEN: &str = "bench";

/// A running API server with its etcd; both are killed when dropped.
#[derive(Debug)]
pub(crate) struct Plane {
    /// Dropped first: without etcd the API server would wait.
    _server: Peer,
    etcd: Peer,
    /// How to reach the API server as an administrator.
    pub(crate) kubeconfig: PathBuf,
    /// Objects written at the start.
    pub(crate) objects: usize,
    /// Bytes of their JSON.
    pub(crate) bytes: usize,
}

impl Plane {
    /// Starts both on an empty folder, with the objects of a cluster.
    ///
    /// # Errors
    /// The test bed's programs are not built, or do not answer.
    pub(crate) fn start(folder: &Path, size: Size) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let (port, peer_port) = (free_port()?, free_port()?);
        let url = format!("http://127.0.0.1:{port}");
        let peers = format!("http://127.0.0.1:{peer_port}");
        let mut command = program("etcd")?;
        command
            .arg(format!("--data-dir={}", folder.join("etcd").display()))
            .args([
                format!("--listen-client-urls={url}"),
                format!("--advertise-client-urls={url}"),
            ])
            .args([
                format!("--listen-peer-urls={peers}"),
                format!("--initial-advertise-peer-urls={peers}"),
            ])
            .arg(format!("--initial-cluster=default={peers}"))
            // What is lost when the machine dies is made again.
            .args(["--unsafe-no-fsync", "--quota-backend-bytes=8589934592"]);
        logged(&mut command, &folder.join("etcd.log"))?;
        let etcd = Peer::spawn(command, port)?;
        wait(&etcd.client, "/health", folder)?;
        let (objects, bytes) = fill(&etcd.client, size)?;
        let secure = free_port()?;
        let server = start_server(folder, &url, secure)?;
        let kubeconfig = folder.join("kubeconfig");
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": {"server": format!("https://127.0.0.1:{secure}"), "insecure-skip-tls-verify": true}}],
            "users": [{"name": "bench", "user": {"token": TOKEN}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        });
        fs::write(&kubeconfig, config.to_string())?;
        let plane = Self {
            _server: server,
            etcd,
            kubeconfig,
            objects,
            bytes,
        };
        plane.wait_ready(folder)?;
        Ok(plane)
    }

    /// Writes objects as they now are; those who watch are told.
    ///
    /// # Errors
    /// etcd does not take them.
    pub(crate) fn put(&self, objects: &[Stored]) -> anyhow::Result<()> {
        put(&self.etcd.client, objects).map(drop)
    }

    /// Waits until the API server says that it is ready: all of its own caches are filled.
    fn wait_ready(&self, folder: &Path) -> anyhow::Result<()> {
        let end = Instant::now() + START_DEADLINE;
        loop {
            let mut command = program("kubectl")?;
            let arguments = ["get", "--raw", "/readyz", "--request-timeout=10s"];
            command.arg("--kubeconfig").arg(&self.kubeconfig).args(arguments);
            if command.stderr(Stdio::null()).output()?.status.success() {
                return Ok(());
            }
            stop::check()?;
            let log = folder.join("apiserver.log");
            anyhow::ensure!(
                Instant::now() < end,
                "the API server is not ready; see {}",
                log.display()
            );
            std::thread::park_timeout(Duration::from_secs(1));
        }
    }
}

/// Prepares one of the test bed's programs that ends with this process.
pub(super) fn program(name: &str) -> anyhow::Result<Command> {
    let tool = tool_path()?;
    let cache = tool.parent().context("the tool is in a folder")?;
    let built = fs::read_dir(cache)?
        .flatten()
        .map(|entry| entry.path().join(name));
    // The newest of several: the name of a folder tells the version.
    let path = built.filter(|path| path.is_file()).max();
    let path = path.with_context(|| format!("{name} is not in {}: run `make testbed`", cache.display()))?;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(path);
    Ok(command)
}

/// Sends what a program says to a file.
pub(super) fn logged(command: &mut Command, path: &Path) -> anyhow::Result<()> {
    let log = File::options().create(true).append(true).open(path)?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(())
}

fn start_server(folder: &Path, etcd: &str, port: u16) -> anyhow::Result<Peer> {
    let file = |name: &str| folder.join(name);
    fs::write(
        file("tokens.csv"),
        format!("{TOKEN},bench,bench,\"system:masters\"\n"),
    )?;
    let key = Command::new("openssl")
        .args(["genrsa", "-out"])
        .arg(file("sa.key"))
        .arg("2048")
        .stderr(Stdio::null())
        .status()
        .context("openssl makes a key")?;
    anyhow::ensure!(key.success(), "openssl made no key");
    let mut command = program("kube-apiserver")?;
    command
        .args([
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
        ])
        .args([
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/16",
        ])
        .args([format!("--secure-port={port}"), format!("--etcd-servers={etcd}")])
        .arg(format!("--cert-dir={}", file("certificates").display()))
        .arg(format!("--token-auth-file={}", file("tokens.csv").display()))
        .arg(format!("--service-account-key-file={}", file("sa.key").display()))
        .arg(format!(
            "--service-account-signing-key-file={}",
            file("sa.key").display()
        ))
        .arg("--authorization-mode=RBAC");
    logged(&mut command, &file("apiserver.log"))?;
    Peer::spawn(command, port)
}

fn wait(client: &Client, path: &str, folder: &Path) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(30);
    while !client.get(path).is_ok_and(|answer| answer.status == 200) {
        stop::check()?;
        anyhow::ensure!(
            Instant::now() < end,
            "etcd does not answer; see {}",
            folder.join("etcd.log").display()
        );
        std::thread::park_timeout(Duration::from_millis(50));
    }
    Ok(())
}

fn fill(client: &Client, size: Size) -> anyhow::Result<(usize, usize)> {
    let progress = Progress::new(format!("etcd takes {} pods", size.pods()), size.pods() as u64);
    let (mut count, mut bytes) = (0, 0);
    let mut batch = Vec::with_capacity(BATCH);
    for object in size.objects() {
        batch.push(object);
        if batch.len() == BATCH {
            bytes += put(client, &batch)?;
            count += batch.len();
            let pods = batch
                .iter()
                .filter(|one| one.key.starts_with("/registry/pods/"))
                .count();
            progress.advance(pods as u64)?;
            batch.clear();
        }
    }
    bytes += put(client, &batch)?;
    Ok((count + batch.len(), bytes))
}

/// Writes objects in one transaction; returns the bytes of their JSON.
fn put(client: &Client, objects: &[Stored]) -> anyhow::Result<usize> {
    let mut bytes = 0;
    let mut operation = |object: &Stored| -> Value {
        let text = object.value.to_string();
        bytes += text.len();
        json!({"requestPut": {"key": BASE64.encode(&object.key), "value": BASE64.encode(text)}})
    };
    let operations: Vec<Value> = objects.iter().map(&mut operation).collect();
    let body = json!({"success": operations}).to_string();
    let answer = client.post(
        "/v3/kv/txn",
        &[("Content-Type", "application/json")],
        body.as_bytes(),
    )?;
    anyhow::ensure!(
        answer.status == 200,
        "etcd answered {}: {}",
        answer.status,
        answer.body
    );
    Ok(bytes)
}
