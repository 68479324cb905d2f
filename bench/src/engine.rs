//! The three engines, started, watched and killed in the same way.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use testkit::{Client, Peer, free_port, peer_path};

use crate::stop;
use crate::usage::Usage;

/// How long an engine may take to answer after its start, reading its log back included.
const START_DEADLINE: Duration = Duration::from_secs(300);
/// Longer than VictoriaMetrics keeps samples in memory only: two turns of `-inmemoryDataFlushInterval` with their
/// jitter.
const MEMORY_INTERVAL: Duration = Duration::from_secs(12);
/// Longer than the longest that each of them lets a query run.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(150);
/// Work in the background is over once less of one core than this share was used for a second.
const IDLE_SHARE: f64 = 0.05;
/// How long that is waited for.
const IDLE_DEADLINE: Duration = Duration::from_secs(60);

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours.
    Periplus,
    /// VictoriaMetrics, single node.
    VictoriaMetrics,
    /// Prometheus.
    Prometheus,
}

impl Kind {
    /// All of them, in the order of the tables.
    pub(crate) const ALL: [Self; 3] = [Self::Periplus, Self::VictoriaMetrics, Self::Prometheus];

    /// Returns the name for tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Periplus => "Periplus",
            Self::VictoriaMetrics => "VictoriaMetrics",
            Self::Prometheus => "Prometheus",
        }
    }

    /// Returns the path that answers with 200 as soon as the engine takes requests.
    fn health(self) -> &'static str {
        match self {
            Self::VictoriaMetrics => "/health",
            Self::Periplus | Self::Prometheus => "/-/ready",
        }
    }
}

/// Where binaries and folders are.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The `periplus` to measure.
    pub(crate) periplus: PathBuf,
    /// Data of the engines; removed at the end of the run.
    pub(crate) folder: PathBuf,
}

/// A running engine; killed when dropped.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Which one.
    pub(crate) kind: Kind,
    peer: Peer,
    data: PathBuf,
}

impl Engine {
    /// Starts an engine on a folder, new or left by one before, and waits until it takes requests.
    ///
    /// # Errors
    /// It is not built, or it does not answer.
    pub(crate) fn start(place: &Place, kind: Kind, name: &str) -> anyhow::Result<Self> {
        let engine = Self::spawn(place, kind, name)?;
        let end = Instant::now() + START_DEADLINE;
        while !engine.is_healthy() {
            stop::check()?;
            anyhow::ensure!(
                Instant::now() < end,
                "{} does not answer {START_DEADLINE:?} after its start; see {}",
                kind.name(),
                log_path(&engine.data).display()
            );
            std::thread::park_timeout(Duration::from_millis(5));
        }
        Ok(engine)
    }

    /// Starts an engine and waits for nothing.
    ///
    /// # Errors
    /// It is not built.
    pub(crate) fn spawn(place: &Place, kind: Kind, name: &str) -> anyhow::Result<Self> {
        let data = place
            .folder
            .join(format!("{name}-{}", kind.name().to_lowercase()));
        fs::create_dir_all(&data)?;
        let port = free_port()?;
        // Ends the engine with this process, whatever ends that: nothing is left behind.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]);
        match kind {
            Kind::Periplus => {
                command.arg(&place.periplus).arg("up").arg("--data").arg(&data);
                command.arg(format!("--listen=127.0.0.1:{port}"));
                // It collects its machine once at its start, and then not again within a run.
                command.arg("--interval=1h");
            }
            Kind::VictoriaMetrics => {
                command.arg(peer_path("victoriametrics")?);
                command.arg(format!("-httpListenAddr=127.0.0.1:{port}"));
                command.arg(format!("-storageDataPath={}", data.display()));
                command.args(["-search.maxQueryDuration=2m", "-loggerLevel=WARN"]);
            }
            Kind::Prometheus => {
                let config = data.with_extension("yml");
                // Connections are never further apart in time than this, so nothing is refused.
                fs::write(&config, "storage:\n  tsdb:\n    out_of_order_time_window: 30m\n")?;
                command.arg(peer_path("prometheus")?);
                command.arg(format!("--config.file={}", config.display()));
                command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
                command.arg(format!("--storage.tsdb.path={}", data.display()));
                command.args(["--web.enable-remote-write-receiver", "--log.level=warn"]);
            }
        }
        let log = File::options().create(true).append(true).open(log_path(&data))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let peer = Peer::spawn(command, port).with_context(|| format!("failed to start {}", kind.name()))?;
        let peer = peer.with_timeout(ANSWER_TIMEOUT);
        Ok(Self { kind, peer, data })
    }

    /// Returns what speaks to it.
    pub(crate) fn client(&self) -> &Client {
        &self.peer.client
    }

    /// Returns the id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.peer.pid()
    }

    /// Tells whether it takes requests.
    pub(crate) fn is_healthy(&self) -> bool {
        let answer = self.client().get(self.kind.health());
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Has it write to disk what it keeps back in memory. What the others acknowledge is in their logs already.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) fn flush(&self) -> anyhow::Result<()> {
        if self.kind == Kind::VictoriaMetrics {
            let answer = self.client().get("/internal/force_flush")?;
            anyhow::ensure!(answer.status == 200, "a flush answered {}", answer.status);
            // That makes samples visible; they reach the disk with the next turn of its clock.
            let end = Instant::now() + MEMORY_INTERVAL;
            while Instant::now() < end {
                stop::check()?;
                std::thread::park_timeout(Duration::from_millis(200));
            }
        }
        Ok(())
    }

    /// Returns what its process has used.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.pid()).with_context(|| {
            let log = log_path(&self.data);
            format!(
                "{} is gone; its last words are in {}",
                self.kind.name(),
                log.display()
            )
        })
    }

    /// Waits until work in the background is over, or for a minute.
    ///
    /// # Errors
    /// The process is gone, or the run is being stopped.
    pub(crate) fn wait_idle(&self) -> anyhow::Result<()> {
        let end = Instant::now() + IDLE_DEADLINE;
        loop {
            let (before, start) = (self.usage()?, Instant::now());
            std::thread::park_timeout(Duration::from_secs(1));
            stop::check()?;
            let used_ms = self.usage()?.cpu_ms - before.cpu_ms;
            if used_ms / 1000.0 < IDLE_SHARE * start.elapsed().as_secs_f64() || Instant::now() > end {
                return Ok(());
            }
        }
    }

    /// Returns the bytes of its files: length or allocated blocks, whichever is less, as files are allocated ahead.
    pub(crate) fn disk_bytes(&self) -> u64 {
        folder_bytes(&self.data)
    }
}

fn log_path(data: &Path) -> PathBuf {
    data.with_extension("log")
}

/// Files that vanish meanwhile, as merged ones do, count nothing.
fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            Ok(metadata) => metadata.len().min(metadata.blocks() * 512),
            Err(_) => 0,
        })
        .sum()
}
