//! One machine: our one process beside node_exporter and Prometheus, same families, same interval.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use testkit::{Client, Peer, Periplus, free_port, peer_path, wait_for};

use crate::report::{Section, Table};
use crate::stop;
use crate::usage::Usage;

/// Collections before measuring: start-up, first compilation of queries, caches.
const WARM_UP: u32 = 6;

/// Collectors that node_exporter does not have, left out where the families shall be the same.
const OURS_ONLY: [&str; 4] = ["--disable", "container", "--disable", "process"];

/// One line of the table.
#[derive(Debug)]
struct Row {
    name: &'static str,
    series: f64,
    cpu_ms: f64,
    resident: f64,
    anonymous: f64,
}

/// A browser that shows a page until it is dropped.
struct Browser(Child);

impl Browser {
    fn open(url: &str) -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
        let mut command = Command::new("node");
        command
            .arg("open.mjs")
            .current_dir(folder)
            .env("PERIPLUS_URL", url)
            .stdin(Stdio::piped());
        Ok(Self(
            command
                .stdout(Stdio::null())
                .spawn()
                .context("node runs the browser")?,
        ))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The script ends the browser when its input ends; a kill would leave the browser behind.
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

/// Runs everything and measures.
///
/// # Errors
/// A peer is not built, or a process does not start.
pub(crate) fn measure(periplus: &Path, interval: u32, collections: u32) -> anyhow::Result<Section> {
    let folder = tempfile::tempdir()?;
    let exporter_port = free_port()?;
    let mut command = Command::new(peer_path("node_exporter")?);
    command.arg(format!("--web.listen-address=127.0.0.1:{exporter_port}"));
    let exporter = Peer::start(command, exporter_port, "/metrics")?;
    let prometheus = start_prometheus(folder.path(), exporter_port, interval)?;
    let same = start_periplus(periplus, &folder.path().join("same"), interval, &OURS_ONLY)?;
    let all = start_periplus(periplus, &folder.path().join("all"), interval, &[])?;
    let pages = [
        Browser::open(same.client.base())?,
        Browser::open(all.client.base())?,
    ];

    let pids = [exporter.pid(), prometheus.pid(), same.pid(), all.pid()];
    let warm = collected(&same.client)? + f64::from(WARM_UP);
    wait_until_collected(&same.client, warm, interval)?;
    let (before, start) = (usages(&pids)?, collected(&same.client)?);
    wait_until_collected(&same.client, start + f64::from(collections), interval)?;
    let (after, end) = (usages(&pids)?, collected(&same.client)?);
    drop(pages);

    let series = |client: &Client, query: &str| -> anyhow::Result<f64> {
        Ok(client.query(query)?.first().map_or(0.0, |(_, _, value)| *value))
    };
    let node = r#"count({job="node-exporter"})"#;
    let counts = [
        series(&prometheus.client, node)?,
        series(&prometheus.client, node)?,
        series(&same.client, node)?,
        series(&all.client, r#"count({__name__!=""})"#)?,
    ];
    let names = [
        "node_exporter",
        "Prometheus",
        "Periplus, same families",
        "Periplus, everything",
    ];
    let n = end - start;
    let row = |idx: usize| -> Option<Row> {
        let (first, last): (&Usage, &Usage) = (before.get(idx)?, after.get(idx)?);
        Some(Row {
            name: names.get(idx)?,
            series: *counts.get(idx)?,
            cpu_ms: (last.cpu_ms - first.cpu_ms) / n,
            resident: last.resident,
            anonymous: last.anonymous,
        })
    };
    let rows: Vec<Row> = (0..pids.len())
        .map(|idx| row(idx).context("four processes have four rows"))
        .collect::<anyhow::Result<_>>()?;
    Ok(section(&rows, (interval, collections)))
}

fn section(rows: &[Row], (interval, collections): (u32, u32)) -> Section {
    let columns = [
        "process",
        "series",
        "CPU ms a collection",
        "resident MB",
        "of it anonymous MB",
    ];
    let mut table = Table::new("All at the same time:", &columns);
    let mut line = |name: &str, [series, cpu, resident, anonymous]: [f64; 4]| {
        table.rows.push(vec![
            name.to_owned(),
            format!("{series:.0}"),
            format!("{cpu:.2}"),
            format!("{:.1}", resident / 1e6),
            format!("{:.1}", anonymous / 1e6),
        ]);
    };
    let figures = |row: &Row| [row.series, row.cpu_ms, row.resident, row.anonymous];
    for row in rows {
        line(row.name, figures(row));
    }
    let mut text = format!(
        "node_exporter scraped by Prometheus every {interval} seconds, and `periplus up` with the same families every \
         {interval} seconds; {collections} collections after {WARM_UP} of warm-up. CPU is user and system time by the \
         kernel's accounts, memory is what is resident at the end. Ours collects, stores, and has the overview open in a \
         Chromium that refreshes after every collection; theirs collects and stores, and nobody looks."
    );
    if let [exporter, prometheus, same, ..] = rows {
        let (theirs, ours) = (figures(exporter), figures(same));
        let mut sum = figures(prometheus);
        for (total, one) in sum.iter_mut().zip(theirs).skip(1) {
            *total += one;
        }
        line("theirs together", sum);
        text.push_str(&format!(
            " **Ours / theirs, same families: CPU {:.2}, resident memory {:.2}.**",
            ours[1] / sum[1],
            ours[2] / sum[2]
        ));
    }
    let json_row = |row: &Row| {
        json!({
            "process": row.name,
            "series": row.series,
            "cpu_ms": row.cpu_ms,
            "resident_bytes": row.resident,
            "anonymous_bytes": row.anonymous,
        })
    };
    Section {
        name: "machine",
        text,
        tables: vec![table],
        json: json!({ "interval": interval, "collections": collections,
            "processes": rows.iter().map(json_row).collect::<Vec<_>>() }),
    }
}

fn start_periplus(binary: &Path, data: &Path, interval: u32, arguments: &[&str]) -> anyhow::Result<Periplus> {
    let mut command = Command::new(binary);
    command
        .args(["up", "--listen", "127.0.0.1:0", "--interval"])
        .arg(format!("{interval}s"));
    command.arg("--data").arg(data).args(arguments);
    Periplus::start(command)
}

fn start_prometheus(folder: &Path, exporter_port: u16, interval: u32) -> anyhow::Result<Peer> {
    let port = free_port()?;
    let config = folder.join("prometheus.yml");
    let text = format!(
        "global:\n  scrape_interval: {interval}s\nscrape_configs:\n- job_name: node-exporter\n  \
         static_configs:\n  - targets: ['127.0.0.1:{exporter_port}']\n"
    );
    std::fs::write(&config, text)?;
    let mut command = Command::new(peer_path("prometheus")?);
    command.arg(format!("--config.file={}", config.display()));
    command.arg(format!(
        "--storage.tsdb.path={}",
        folder.join("prometheus").display()
    ));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    Peer::start(command, port, "/-/ready")
}

fn usages(pids: &[u32]) -> anyhow::Result<Vec<Usage>> {
    pids.iter().map(|pid| Usage::of(*pid)).collect()
}

/// Returns the number of collections so far.
fn collected(client: &Client) -> anyhow::Result<f64> {
    let answer = wait_for("the first collections", || {
        client
            .query(r#"count_over_time(up{job="node-exporter"}[1d])"#)
            .ok()
            .filter(|a| !a.is_empty())
    })?;
    Ok(answer.first().map_or(0.0, |(_, _, value)| *value))
}

/// Waits, asking seldom, so that the asking is not what is measured.
fn wait_until_collected(client: &Client, count: f64, interval: u32) -> anyhow::Result<()> {
    loop {
        let missing = count - collected(client)?;
        if missing <= 0.0 {
            return Ok(());
        }
        stop::check()?;
        std::thread::park_timeout(Duration::from_secs_f64((missing * f64::from(interval)).max(1.0)));
    }
}
