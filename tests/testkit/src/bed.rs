//! A real Kubernetes cluster on this machine, made by the test bed in `tests/cluster`.
//!
//! A cluster costs half a minute, so the tests of one run share one and each has a namespace of its own
//! ([`Bed::shared`], [`Bed::space`]); the shared one stays until `testbed down --all`, which `make test` runs at its end.
//! A test that does things to the cluster itself makes its own by [`Bed::up`]. Waiting is watching: `kubectl wait` ends
//! when the API server tells the change.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;

use crate::{is_root, wait_for};

/// The name of the cluster that tests share.
const SHARED: &str = "shared";
/// Its nodes.
const SHARED_NODES: &str = "real:2,fake:50";
/// Selects the nodes that the test bed does not only play.
const REAL_NODES: &str = "!testbed.periplus.dev/fake";
/// How long one wait may take, as `kubectl wait` writes it.
const PATIENCE: &str = "--timeout=120s";

/// A cluster that is up.
#[derive(Debug)]
pub struct Bed {
    name: String,
    tool: PathBuf,
    kubeconfig: PathBuf,
    lives_on: bool,
}

impl Bed {
    /// Says why no cluster can be made here, if none can.
    pub fn missing() -> Option<&'static str> {
        (!is_root()).then_some("needs root for network namespaces, containers and cgroups")
    }

    /// Returns the cluster that all tests of a run share, of two real nodes and fifty played ones; makes it if it is not
    /// there. What a test does in it must stay within its own namespace.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn shared() -> anyhow::Result<&'static Self> {
        static SHARED_BED: OnceLock<Result<Bed, String>> = OnceLock::new();
        let bed = SHARED_BED.get_or_init(|| Self::find_or_make().map_err(|error| format!("{error:#}")));
        bed.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    fn find_or_make() -> anyhow::Result<Self> {
        let tool = swept_tool()?;
        let known = run(&tool, &["kubeconfig", SHARED], "");
        let bed = match known {
            Ok(path) => Self {
                name: SHARED.to_owned(),
                tool,
                kubeconfig: path.trim().into(),
                lives_on: true,
            },
            Err(_) => {
                let mut made = Self::make(SHARED, &["--nodes", SHARED_NODES])?;
                made.lives_on = true;
                made
            }
        };
        bed.kubectl(&["get", "--raw", "/readyz"])?;
        Ok(bed)
    }

    /// Makes a cluster of its own for one test; it is taken down when dropped, or by [`Bed::down`] with a result.
    ///
    /// # Errors
    /// It cannot be made, or was not ready in time.
    pub fn up(name: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        // Should this program be killed, the next one sweeps the cluster away.
        let user = std::process::id().to_string();
        Self::make(name, &[&["--for", &user], arguments].concat())
    }

    fn make(name: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        let tool = swept_tool()?;
        let path = run(&tool, &[&["up", "--name", name], arguments].concat(), "")?;
        Ok(Self {
            name: name.to_owned(),
            tool,
            kubeconfig: path.trim().into(),
            lives_on: false,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs `testbed` with these arguments and returns what it prints.
    ///
    /// # Errors
    /// It fails; the error holds what it said.
    pub fn testbed(&self, arguments: &[&str]) -> anyhow::Result<String> {
        run(&self.tool, arguments, "")
    }

    /// Runs `kubectl` as the cluster's administrator and returns what it prints.
    ///
    /// # Errors
    /// It fails; the error holds what it said.
    pub fn kubectl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        run(&self.tool, &self.command(arguments), "")
    }

    /// Starts a `kubectl` that runs until it is dropped, as `port-forward` does.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_kubectl(&self, arguments: &[&str]) -> anyhow::Result<Running> {
        let mut command = Command::new(&self.tool);
        command.args(self.command(arguments)).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("stdout is a pipe")?);
        Ok(Running { child, lines })
    }

    /// The names of the real nodes.
    ///
    /// # Errors
    /// The API server does not answer.
    pub fn real_nodes(&self) -> anyhow::Result<Vec<String>> {
        let names = self.kubectl(&["get", "nodes", "--output", "name", "--selector", REAL_NODES])?;
        let names = names
            .lines()
            .map(|name| name.trim_start_matches("node/").to_owned());
        Ok(names.collect())
    }

    /// Makes a namespace that is deleted when dropped.
    ///
    /// # Errors
    /// The API server refuses it.
    pub fn space(&self) -> anyhow::Result<Space<'_>> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test-{}-{number}", std::process::id());
        self.kubectl(&["create", "namespace", &name])?;
        let space = Space { bed: self, name };
        // Pods are refused until the namespace has its service account.
        space.wait("serviceaccount/default", "create")?;
        Ok(space)
    }

    /// Takes it down.
    ///
    /// # Errors
    /// Something of it cannot be removed.
    pub fn down(mut self) -> anyhow::Result<()> {
        self.lives_on = true;
        self.testbed(&["down", &self.name]).map(drop)
    }

    fn command<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [&["kubectl", "--name", self.name.as_str()], arguments].concat()
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if !self.lives_on {
            drop(self.testbed(&["down", &self.name]));
        }
    }
}

/// A namespace of one test.
#[derive(Debug)]
pub struct Space<'a> {
    /// The cluster.
    pub bed: &'a Bed,
    /// The name of the namespace.
    pub name: String,
}

impl Space<'_> {
    /// Runs `kubectl` in the namespace.
    ///
    /// # Errors
    /// It fails; the error holds what it said.
    pub fn kubectl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.bed
            .kubectl(&[&["--namespace", self.name.as_str()], arguments].concat())
    }

    /// Applies a manifest.
    ///
    /// # Errors
    /// The API server refuses it.
    pub fn apply(&self, manifest: &str) -> anyhow::Result<()> {
        let arguments = ["--namespace", self.name.as_str(), "apply", "--filename", "-"];
        run(&self.bed.tool, &self.bed.command(&arguments), manifest).map(drop)
    }

    /// Watches an object (`pod/x`, or a kind with `--selector`) until it is as `condition` says in the words of
    /// `kubectl wait --for`.
    ///
    /// # Errors
    /// It was not within two minutes; the error tells what the namespace looks like.
    pub fn wait(&self, object: &str, condition: &str) -> anyhow::Result<()> {
        let condition = format!("--for={condition}");
        let waited = self.kubectl(&["wait", object, &condition, PATIENCE]);
        waited
            .map(drop)
            .with_context(|| format!("{object} {condition} in:\n{}", self.state()))
    }

    /// Watches a Deployment, DaemonSet or StatefulSet until all of it is rolled out.
    ///
    /// # Errors
    /// As [`Space::wait`].
    pub fn rollout(&self, object: &str) -> anyhow::Result<()> {
        let rolled = self.kubectl(&["rollout", "status", object, PATIENCE]);
        rolled
            .map(drop)
            .with_context(|| format!("{object} in:\n{}", self.state()))
    }

    /// What the namespace looks like, for people.
    fn state(&self) -> String {
        let state = self.kubectl(&["get", "pods,events", "--output", "wide"]);
        state.unwrap_or_else(|error| error.to_string())
    }

    /// Runs a shell script in a pod and returns what it prints.
    ///
    /// # Errors
    /// It ends with another code than 0.
    pub fn exec(&self, pod: &str, script: &str) -> anyhow::Result<String> {
        self.kubectl(&["exec", pod, "--", "sh", "-c", script])
    }

    /// Reads one field of an object by a JSONPath without its braces: `.status.phase`.
    ///
    /// # Errors
    /// There is no such object.
    pub fn field(&self, object: &str, path: &str) -> anyhow::Result<String> {
        let path = format!("--output=jsonpath={{{path}}}");
        self.kubectl(&["get", object, &path])
    }
}

impl Drop for Space<'_> {
    fn drop(&mut self) {
        let name = self.name.as_str();
        drop(self.bed.kubectl(&["delete", "namespace", name, "--wait=false"]));
    }
}

/// A command that runs; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    /// Reads lines until `pick` takes something of one.
    ///
    /// # Errors
    /// The command ended before.
    pub fn find<T>(&mut self, pick: impl Fn(&str) -> Option<T>) -> anyhow::Result<T> {
        let mut line = String::new();
        loop {
            line.clear();
            anyhow::ensure!(self.lines.read_line(&mut line)? > 0, "the command ended early");
            if let Some(found) = pick(line.trim_end()) {
                return Ok(found);
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns the test bed's tool that `make test` has built, or what `TESTBED` names.
///
/// # Errors
/// There is none; the error says how to build it.
pub fn tool_path() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("TESTBED") {
        return Ok(path.into());
    }
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    let cache =
        std::env::var_os("XDG_CACHE_HOME").map_or_else(|| Path::new(&home).join(".cache"), PathBuf::from);
    let path = cache.join("periplus/testbed/testbed");
    anyhow::ensure!(path.exists(), "{} is missing: run `make testbed`", path.display());
    Ok(path)
}

/// The test bed's tool, when what programs that were killed have left is gone.
fn swept_tool() -> anyhow::Result<PathBuf> {
    static SWEPT: OnceLock<Result<(), String>> = OnceLock::new();
    let tool = tool_path()?;
    // Once: two that sweep at a time would meet at the same clusters.
    let swept = SWEPT.get_or_init(|| {
        run(&tool, &["sweep"], "")
            .map(drop)
            .map_err(|error| format!("{error:#}"))
    });
    swept.clone().map_err(anyhow::Error::msg)?;
    Ok(tool)
}

/// Runs a command to its end with `input` on its standard input.
fn run(tool: &Path, arguments: &[&str], input: &str) -> anyhow::Result<String> {
    let mut command = Command::new(tool);
    command.args(arguments).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("stdin is a pipe")?;
    // A command that reads no input may be gone already.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "testbed {}: {said}", arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Waits until the API server answers again after it was ended.
///
/// # Errors
/// It does not within the deadline.
pub fn wait_for_server(bed: &Bed) -> anyhow::Result<()> {
    wait_for("the API server to be ready", || {
        bed.kubectl(&["get", "--raw", "/readyz"]).ok()
    })
    .map(drop)
}
