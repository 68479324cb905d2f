//! Scraping beside a real Prometheus: both scrape the same server by the same file, and answer alike.
//!
//! The server goes through phases; a phase ends when both have scraped it often enough. Answers are compared at the
//! end of each phase, and as a range over all of them at the steps that lie well within a phase.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde_json::Value;
use testkit::{Client, Peer, Periplus, Up, free_port, peer_path, wait_for};

/// Scrapes that each of the two makes of a phase.
const SCRAPES: usize = 7;
/// Steps so near to a change of phase are not compared: the two scrape at different places of a second.
const MARGIN_S: f64 = 2.1;

const FIRST: &str = "\
# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code=\"200\",job=\"inner\"} 10
requests_total{code=\"500\"} 2
# TYPE latency_seconds histogram
latency_seconds_bucket{le=\"1\"} 3
latency_seconds_bucket{le=\"+Inf\"} 4
latency_seconds_sum 5.5
latency_seconds_count 4
# TYPE quantiles summary
quantiles{quantile=\"0.5\"} 1e-7
quantiles_sum NaN
quantiles_count 3
dropped_by_rule 1
{\"utf8.name\",\"a.b\"=\"c \\\"d\\\" \\\\ \\n\"} -Inf
";
const SECOND: &str = "\
# TYPE requests_total counter
requests_total{code=\"200\",job=\"inner\"} 17
new_series 1
";
const BROKEN: &str = "this is {not a page\n";

/// What the server answers with: status, content type, body.
const PHASES: [(&str, &str, &str); 7] = [
    ("200 OK", "text/plain; version=0.0.4", FIRST),
    ("200 OK", "text/plain; version=0.0.4", SECOND),
    ("500 Internal Server Error", "text/plain", FIRST),
    ("200 OK", "text/plain; version=0.0.4", FIRST),
    ("200 OK", "text/plain; version=0.0.4", BROKEN),
    ("200 OK", "text/html", FIRST),
    (
        "200 OK",
        "application/openmetrics-text; version=1.0.0",
        "# TYPE n counter\nn_total 7 # {trace_id=\"x\"} 1\nn_created 5\n# EOF\n",
    ),
];

/// A server of pages; ends when dropped.
struct Exposition {
    port: u16,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    phase: AtomicUsize,
    stop: AtomicBool,
    /// Requests of the phase, by Prometheus and by us.
    theirs: AtomicUsize,
    ours: AtomicUsize,
}

impl Exposition {
    fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        let served = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("exposition".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    if served.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    // A client that goes away early is its own problem.
                    drop(stream.map(|stream| answer(stream, &served)));
                }
            })?;
        Ok(Self {
            port,
            state,
            thread: Some(thread),
        })
    }

    /// Waits until both have scraped the phase so often.
    fn wait(&self, scrapes: usize) -> anyhow::Result<()> {
        wait_for("both to scrape the phase", || {
            let enough = |counter: &AtomicUsize| counter.load(Ordering::Relaxed) >= scrapes;
            (enough(&self.state.theirs) && enough(&self.state.ours)).then_some(())
        })
    }

    fn next_phase(&self) {
        self.state.phase.fetch_add(1, Ordering::Relaxed);
        self.state.theirs.store(0, Ordering::Relaxed);
        self.state.ours.store(0, Ordering::Relaxed);
    }
}

impl Drop for Exposition {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Relaxed);
        // Wakes the thread; whether it is heard is seen by the join.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn answer(mut stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut ours = false;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(line) = lines.next().transpose()? {
        let line = line.to_ascii_lowercase();
        ours |= line.starts_with("user-agent: periplus");
        if line.is_empty() {
            break;
        }
    }
    let phase = state.phase.load(Ordering::Relaxed);
    let (status, content_type, body) = PHASES[phase.min(PHASES.len() - 1)];
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let counter = if ours { &state.ours } else { &state.theirs };
    counter.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

fn start_prometheus(folder: &Path, config: &Path) -> anyhow::Result<Peer> {
    let port = free_port()?;
    let mut command = Command::new(peer_path("prometheus")?);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("prometheus").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"));
    Peer::start(command, port, "/-/ready")
}

fn start_periplus(folder: &Path, config: &Path) -> anyhow::Result<Periplus> {
    Periplus::up(&Up {
        data: &folder.join("periplus"),
        arguments: &["--config", &config.to_string_lossy()],
    })
}

fn now() -> anyhow::Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64())
}

/// Values by label set; what differs from scrape to scrape is left out.
fn instant(client: &Client, query: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let data = client.api("query", &[("query", query)])?;
    let result = data["result"].as_array().context("a vector has results")?;
    let entry = |series: &Value| (series["metric"].to_string(), series["value"][1].to_string());
    Ok(result
        .iter()
        .map(entry)
        .filter(|(labels, _)| !labels.contains("scrape_duration_seconds"))
        .collect())
}

/// Values by label set and time.
fn range(
    client: &Client,
    query: &str,
    (start, end): (f64, f64),
) -> anyhow::Result<BTreeMap<(String, u64), String>> {
    let (start, end) = (start.floor().to_string(), end.floor().to_string());
    let parameters = [("query", query), ("start", &start), ("end", &end), ("step", "1")];
    let data = client.api("query_range", &parameters)?;
    let mut out = BTreeMap::new();
    for series in data["result"].as_array().context("a matrix has results")? {
        let labels = series["metric"].to_string();
        for point in series["values"].as_array().context("a series has values")? {
            let at = point[0].as_f64().context("a point has a time")?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole seconds since 1970"
            )]
            out.insert((labels.clone(), at as u64), point[1].to_string());
        }
    }
    Ok(out)
}

#[test]
fn pages_and_failures_leave_what_prometheus_leaves() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Exposition::start()?;
    let config = folder.path().join("scrape.yml");
    let text = format!(
        "global: {{scrape_interval: 1s, external_labels: {{cluster: c}}}}\n\
         scrape_configs:\n\
         - job_name: awkward\n  params: {{m: [x]}}\n\
         \x20 static_configs: [{{targets: ['127.0.0.1:{}'], labels: {{env: test}}}}]\n\
         \x20 relabel_configs: [{{source_labels: [env], target_label: stage, regex: 't(.*)', replacement: '$1'}}]\n\
         \x20 metric_relabel_configs: [{{action: drop, source_labels: [__name__], regex: dropped.*}}]\n",
        server.port
    );
    std::fs::write(&config, text)?;
    let theirs = start_prometheus(folder.path(), &config)?;
    let ours = start_periplus(folder.path(), &config)?;

    // Prometheus waits some seconds before it takes over what discovery finds.
    server.wait(1)?;
    let began = now()?;
    let mut changes = vec![began];
    for (phase, (status, content_type, _)) in PHASES.iter().enumerate() {
        server.wait(SCRAPES)?;
        // The last answers may not be stored yet: equal answers are waited for.
        let mut last = (BTreeMap::new(), BTreeMap::new());
        let equal = wait_for("equal answers", || {
            last = (
                instant(&theirs.client, "{job=\"awkward\"}").ok()?,
                instant(&ours.client, "{job=\"awkward\"}").ok()?,
            );
            (last.0 == last.1 && !last.0.is_empty()).then_some(())
        });
        assert!(
            equal.is_ok(),
            "phase {phase} ({status}, {content_type}):\ntheirs {:#?}\nours {:#?}",
            last.0,
            last.1
        );
        println!(
            "phase {phase} ({status}, {content_type}): {} series alike",
            last.0.len()
        );
        changes.push(now()?);
        server.next_phase();
    }

    let span = (began, now()?);
    let query = "{job=\"awkward\",__name__!~\"scrape_.*\"}";
    let is_inner = |at: u64| {
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
        let at = at as f64;
        changes
            .windows(2)
            .any(|phase| at > phase[0] + MARGIN_S && at < phase[1])
    };
    let inner = |points: BTreeMap<(String, u64), String>| -> BTreeMap<_, _> {
        points.into_iter().filter(|((_, at), _)| is_inner(*at)).collect()
    };
    let theirs = inner(range(&theirs.client, query, span)?);
    let ours = inner(range(&ours.client, query, span)?);
    assert!(theirs.len() > 50, "only {} points were compared", theirs.len());
    let differing: Vec<_> = theirs
        .keys()
        .chain(ours.keys())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|key| theirs.get(*key) != ours.get(*key))
        .map(|key| format!("{key:?}: theirs {:?}, ours {:?}", theirs.get(key), ours.get(key)))
        .collect();
    assert!(
        differing.is_empty(),
        "{} of {} points differ:\n{}",
        differing.len(),
        theirs.len(),
        differing.join("\n")
    );
    println!("{} points of the range alike", theirs.len());
    Ok(())
}

#[test]
fn node_exporter_yields_the_series_that_prometheus_has() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let port = free_port()?;
    let mut command = Command::new(peer_path("node_exporter")?);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let _exporter = Peer::start(command, port, "/metrics")?;
    let config = folder.path().join("scrape.yml");
    std::fs::write(
        &config,
        format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: node, static_configs: [{{targets: ['localhost:{port}']}}]}}]\n"
        ),
    )?;
    let theirs = start_prometheus(folder.path(), &config)?;
    let ours = start_periplus(folder.path(), &config)?;
    let series = |client: &Client| -> Option<BTreeSet<String>> {
        let found = instant(client, "{job=\"node\"}").ok()?;
        (found.len() > 300).then(|| found.into_keys().collect())
    };
    let mut last = (BTreeSet::new(), BTreeSet::new());
    let equal = wait_for("equal sets of series", || {
        last = (series(&theirs.client)?, series(&ours.client)?);
        (last.0 == last.1).then_some(())
    });
    let (theirs, ours) = last;
    assert!(
        equal.is_ok(),
        "only theirs {:#?}\nonly ours {:#?}",
        theirs.difference(&ours).collect::<Vec<_>>(),
        ours.difference(&theirs).collect::<Vec<_>>()
    );
    println!("{} series alike", ours.len());
    Ok(())
}

#[test]
fn a_reload_takes_over_and_a_wrong_file_does_not() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Exposition::start()?;
    let config = folder.path().join("scrape.yml");
    let write = |job: &str| {
        let target = format!("127.0.0.1:{}", server.port);
        let text = format!(
            "scrape_configs:\n- job_name: {job}\n  scrape_interval: 1s\n  static_configs: [{{targets: ['{target}']}}]\n"
        );
        std::fs::write(&config, text)
    };
    write("before")?;
    let ours = start_periplus(folder.path(), &config)?;
    let up = |job: &str| {
        instant(&ours.client, &format!("up{{job=\"{job}\"}}"))
            .ok()
            .map(|found| found.len())
    };
    let hang_up = || -> anyhow::Result<()> {
        let pid = i32::try_from(ours.pid())?;
        let status = Command::new("kill").args(["-HUP", &pid.to_string()]).status()?;
        anyhow::ensure!(status.success(), "kill failed");
        Ok(())
    };
    wait_for("the first job", || (up("before")? == 1).then_some(()))?;

    std::fs::write(&config, "scrape_configs:\n- job_nam: x\n")?;
    hang_up()?;
    wait_for("the failed reload to be counted", || {
        let found = ours
            .client
            .query("periplus_scrape_config_last_reload_successful == 0")
            .ok()?;
        (found.len() == 1).then_some(())
    })?;
    assert_eq!(up("before"), Some(1), "the configuration before stays in force");

    write("after")?;
    hang_up()?;
    wait_for("the second job", || (up("after")? == 1).then_some(()))?;
    wait_for("the first job to end", || (up("before")? == 0).then_some(()))?;
    Ok(())
}
