//! Those who read the cluster: started, asked whether they know everything, scraped.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use testkit::{Client, Peer, Periplus, free_port, peer_path};

use super::plane::{Plane, logged, program};
use crate::engine::Place;
use crate::stop;
use crate::usage::Usage;

/// How long reading everything may take.
const SYNC_DEADLINE: Duration = Duration::from_secs(600);
/// Time between two questions whether everything is known: rarely enough to cost nothing.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// What ours says of itself then.
const SYNCED: &str = "periplus_cluster_synced{cluster=\"bench\"} 1\n";
/// Seconds between two scrapes, and between two deliveries of ours to its own store.
pub(super) const INTERVAL: u64 = 30;

/// One process that reads the cluster.
#[derive(Debug)]
pub(super) struct Reader {
    /// The name for tables.
    pub(super) name: &'static str,
    process: Process,
    /// Tells whether everything is known.
    health: Client,
    /// Address that serves the state of objects as text, of those that do.
    scraped: Option<String>,
}

#[derive(Debug)]
enum Process {
    Peer(Peer),
    Periplus(Periplus),
    Example(Example),
}

/// The example `state` of `collect/cluster`; killed when dropped.
#[derive(Debug)]
struct Example {
    child: Child,
}

impl Drop for Example {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What reading everything cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Synced {
    /// From the start until everything is known.
    pub(super) took: Duration,
    /// CPU and memory at that time.
    pub(super) usage: Usage,
}

impl Reader {
    /// Starts kube-state-metrics with its defaults.
    ///
    /// # Errors
    /// It is not built.
    pub(super) fn kube_state_metrics(plane: &Plane, folder: &Path) -> anyhow::Result<Self> {
        let (port, telemetry) = (free_port()?, free_port()?);
        let mut command = program("kube-state-metrics")?;
        command
            .arg("--kubeconfig")
            .arg(&plane.kubeconfig)
            .args(["--host=127.0.0.1", "--telemetry-host=127.0.0.1"])
            .args([format!("--port={port}"), format!("--telemetry-port={telemetry}")]);
        logged(&mut command, &folder.join("kube-state-metrics.log"))?;
        let peer = Peer::spawn(command, port)?;
        Ok(Self {
            name: "kube-state-metrics",
            process: Process::Peer(peer),
            health: Client::new(format!("http://127.0.0.1:{telemetry}")),
            scraped: Some(format!("127.0.0.1:{port}")),
        })
    }

    /// Starts the example that does what kube-state-metrics does and nothing else.
    ///
    /// # Errors
    /// It is not built beside `periplus`.
    pub(super) fn example(place: &Place, plane: &Plane) -> anyhow::Result<Self> {
        let path = place.periplus.with_file_name("examples").join("state");
        anyhow::ensure!(
            path.exists(),
            "{} is missing: `make bench` builds it",
            path.display()
        );
        let mut command = Command::new(path);
        command.arg("--kubeconfig").arg(&plane.kubeconfig);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("stdout is a pipe")?;
        let example = Example { child };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches("/metrics");
        anyhow::ensure!(
            !address.is_empty(),
            "the example ended before it printed its address"
        );
        Ok(Self {
            name: "Periplus, the state of objects as text and nothing else",
            process: Process::Example(example),
            health: Client::new(format!("http://{address}")),
            scraped: Some(address.to_owned()),
        })
    }

    /// Starts the whole of ours: objects, events, page, and its own store of metrics.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn edge(place: &Place, plane: &Plane, folder: &Path) -> anyhow::Result<Self> {
        let config = folder.join("periplus.yml");
        let text = json!({"periplus": {"clusters": [{
            "name": "bench", "kubeconfig": plane.kubeconfig, "metrics_interval": format!("{INTERVAL}s"),
            // There is nobody at the nodes' addresses.
            "targets": {"enabled": false},
        }]}});
        fs::write(&config, text.to_string())?;
        let mut command = Command::new(&place.periplus);
        command
            .args(["server", "--role", "edge", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.join("edge"))
            .arg("--config")
            .arg(&config);
        let periplus = Periplus::start(command)?;
        Ok(Self {
            name: "Periplus, whole: objects, events, store, page",
            health: Client::new(periplus.client.base()),
            process: Process::Periplus(periplus),
            scraped: None,
        })
    }

    /// Starts a Prometheus that scrapes another reader.
    ///
    /// # Errors
    /// It is not built, or does not answer.
    pub(super) fn prometheus(of: &Self, folder: &Path) -> anyhow::Result<Self> {
        let target = of.scraped.as_deref().context("a reader that is scraped")?;
        let (port, config) = (free_port()?, folder.join("prometheus.yml"));
        let text = json!({"scrape_configs": [{"job_name": "kube-state-metrics", "honor_labels": true,
            "scrape_interval": format!("{INTERVAL}s"), "static_configs": [{"targets": [target]}]}]});
        fs::write(&config, text.to_string())?;
        let mut command = Command::new(peer_path("prometheus")?);
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("prometheus").display()
            ));
        let peer = Peer::start(command, port, "/-/ready")?;
        Ok(Self {
            name: "Prometheus",
            health: peer.client.clone(),
            process: Process::Peer(peer),
            scraped: None,
        })
    }

    fn pid(&self) -> u32 {
        match &self.process {
            Process::Peer(peer) => peer.pid(),
            Process::Periplus(periplus) => periplus.pid(),
            Process::Example(example) => example.child.id(),
        }
    }

    /// Returns what the process has used.
    ///
    /// # Errors
    /// It is gone.
    pub(super) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.pid()).with_context(|| format!("{} is gone", self.name))
    }

    /// Waits until everything is known, `started` being when it was started.
    ///
    /// # Errors
    /// It is not within ten minutes, or the process is gone.
    pub(super) fn wait_synced(&self, started: Instant) -> anyhow::Result<Synced> {
        while !self.is_synced() {
            stop::check()?;
            self.usage()?;
            anyhow::ensure!(
                started.elapsed() < SYNC_DEADLINE,
                "{} has not read everything",
                self.name
            );
            std::thread::park_timeout(ASK_EVERY);
        }
        Ok(Synced {
            took: started.elapsed(),
            usage: self.usage()?,
        })
    }

    fn is_synced(&self) -> bool {
        match &self.process {
            Process::Peer(_) => self
                .health
                .get("/metrics")
                .is_ok_and(|answer| watches_all(&answer.body)),
            Process::Example(_) => self
                .health
                .get("/healthz")
                .is_ok_and(|answer| answer.status == 200),
            Process::Periplus(_) => {
                let answer = self.health.get("/metrics");
                answer.is_ok_and(|answer| answer.body.contains(SYNCED))
            }
        }
    }

    /// Reads the text of the state of objects to its end, as a scrape does; returns its bytes, `None` where there is
    /// no such text.
    ///
    /// # Errors
    /// The answer breaks off.
    pub(super) fn scrape(&self) -> anyhow::Result<Option<u64>> {
        let Some(address) = &self.scraped else {
            return Ok(None);
        };
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let (mut buffer, mut bytes) = (vec![0; 1 << 20], 0);
        loop {
            match stream
                .read(&mut buffer)
                .with_context(|| format!("scraping {}", self.name))?
            {
                0 => return Ok(Some(bytes)),
                n => bytes += n as u64,
            }
        }
    }

    /// Returns the series that a store has.
    pub(super) fn stored_series(&self) -> Option<f64> {
        let status = self.health.api("status/tsdb", &[]).ok()?;
        status["headStats"]["numSeries"].as_f64()
    }
}

/// kube-state-metrics begins to watch a kind when it has taken in the list.
fn watches_all(text: &str) -> bool {
    let resources = |name: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with(name));
        let resource = |line: &str| {
            line.split_once("resource=\"")?
                .1
                .split('"')
                .next()
                .map(str::to_owned)
        };
        lines.filter_map(resource).collect()
    };
    let watched = resources("kube_state_metrics_watch_total");
    let pods = watched.iter().any(|resource| resource == "*v1.Pod");
    pods && resources("kube_state_metrics_list_total")
        .iter()
        .all(|resource| watched.contains(resource))
}
