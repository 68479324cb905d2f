//! Real processes under test, ended when they go out of scope.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

use crate::{Client, wait_for};

/// Returns the `periplus` built beside the running test, or what `PERIPLUS_BIN` names.
///
/// # Errors
/// There is none; the error says how to build it.
pub fn periplus_path() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("PERIPLUS_BIN") {
        return Ok(path.into());
    }
    let test = std::env::current_exe()?;
    let profile = test
        .ancestors()
        .nth(2)
        .context("a test runs in target/PROFILE/deps")?;
    let path = profile.join("periplus");
    anyhow::ensure!(
        path.exists(),
        "{} is missing: run `cargo build --workspace`",
        path.display()
    );
    Ok(path)
}

/// Returns a peer that `make test` or `make bench` has built.
///
/// # Errors
/// There is none; the error says how to build it.
pub fn peer_path(name: &str) -> anyhow::Result<PathBuf> {
    let folder = match std::env::var_os("PERIPLUS_PEERS") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let home = std::env::var_os("HOME").context("HOME is not set")?;
            Path::new(&home).join(".cache/periplus/peers")
        }
    };
    let path = folder.join(name);
    anyhow::ensure!(
        path.exists(),
        "{} is missing: `make test` builds it",
        path.display()
    );
    Ok(path)
}

/// Returns a port of the loopback that was free a moment ago, for peers that cannot choose one themselves.
///
/// # Errors
/// No port can be bound.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// How to start `periplus up`.
#[derive(Debug)]
pub struct Up<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// Further arguments.
    pub arguments: &'a [&'a str],
}

/// A running `periplus up`; killed when dropped.
#[derive(Debug)]
pub struct Periplus {
    child: Child,
    /// Kept open, so that the process never writes into a closed pipe.
    _stdout: BufReader<ChildStdout>,
    /// Speaks to it.
    pub client: Client,
    /// Lines it printed up to the one with its address.
    pub greeting: String,
}

impl Periplus {
    /// Starts it on a free port of the loopback and waits until it is ready.
    ///
    /// # Errors
    /// It ends or prints no address, or does not become ready.
    pub fn up(options: &Up<'_>) -> anyhow::Result<Self> {
        let mut command = Command::new(periplus_path()?);
        command
            .args(["up", "--listen", "127.0.0.1:0", "--data"])
            .arg(options.data)
            .args(options.arguments);
        Self::start(command)
    }

    /// Starts a prepared command that ends in `periplus up` on a free port, and waits until it is ready.
    ///
    /// # Errors
    /// As [`Periplus::up`].
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("stdout is a pipe")?);
        let mut greeting = String::new();
        let base = loop {
            let start = greeting.len();
            if stdout.read_line(&mut greeting)? == 0 {
                let status = child.wait()?;
                anyhow::bail!("periplus ended with {status} before it printed its address:\n{greeting}");
            }
            let line = greeting.get(start..).unwrap_or_default();
            let address = line.split_whitespace().find(|word| word.starts_with("http://"));
            if let Some(address) = address {
                break address.trim_end_matches('/').to_owned();
            }
        };
        let running = Self {
            child,
            _stdout: stdout,
            client: Client::new(base),
            greeting,
        };
        wait_for("periplus to be ready", || {
            running.client.get("/-/ready").ok().filter(|a| a.status == 200)
        })?;
        Ok(running)
    }

    /// Returns the id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    ///
    /// # Errors
    /// It cannot be signalled or does not end in time.
    pub fn stop(mut self) -> anyhow::Result<ExitStatus> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .context("a child has an id")?;
        kill_process(pid, Signal::TERM)?;
        wait_for("periplus to stop", || self.child.try_wait().ok().flatten())
    }

    /// Kills it as `kill -9` does and waits for its end.
    ///
    /// # Errors
    /// It cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Periplus {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A peer beside us; killed when dropped.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    /// Speaks to it.
    pub client: Client,
}

impl Peer {
    /// Starts a peer and waits until `path` of `http://127.0.0.1:port` answers with 200.
    ///
    /// # Errors
    /// It cannot be started or does not answer.
    pub fn start(mut command: Command, port: u16, path: &str) -> anyhow::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let peer = Self::spawn(command, port)?;
        wait_for("the peer to answer", || {
            peer.client.get(path).ok().filter(|answer| answer.status == 200)
        })?;
        Ok(peer)
    }

    /// Starts a peer that will listen on a port of the loopback, and waits for nothing.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(mut command: Command, port: u16) -> anyhow::Result<Self> {
        Ok(Self {
            child: command.spawn()?,
            client: Client::new(format!("http://127.0.0.1:{port}")),
        })
    }

    /// Has its client wait so long for an answer.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.client = Client::with_timeout(self.client.base(), timeout);
        self
    }

    /// Returns the id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Both calls fail only if the child has ended already, which is what is wanted.
fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}
