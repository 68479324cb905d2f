//! Forwarding from one process to another, as it is meant to be used: by a configuration file, over HTTP, through
//! crashes of either side.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use testkit::{Client, Peer, Periplus, Up, free_port, peer_path, periplus_path, wait_for};

/// Scrapes that are waited for before and after each crash.
const SCRAPES: f64 = 4.0;

/// Series, time and value of samples.
type Samples = BTreeSet<(String, String, String)>;

/// A receiver that always has the same address.
struct Receiver {
    data: PathBuf,
    port: u16,
}

impl Receiver {
    fn start(&self) -> anyhow::Result<Periplus> {
        let mut command = Command::new(periplus_path()?);
        command
            .args(["up", "--interval", "1m", "--listen"])
            .arg(format!("127.0.0.1:{}", self.port))
            .arg("--data")
            .arg(&self.data);
        Periplus::start(command)
    }
}

fn start_sender(folder: &Path, config: &Path) -> anyhow::Result<Periplus> {
    Periplus::up(&Up {
        data: &folder.join("sender"),
        arguments: &["--interval", "1m", "--config", &config.to_string_lossy()],
    })
}

fn receiver(port: u16) -> String {
    format!(
        "remote_write:\n\
         - url: http://127.0.0.1:{port}/api/v1/write\n  name: other\n\
         \x20 protobuf_message: io.prometheus.write.v2.Request\n\
         \x20 write_relabel_configs: [{{action: keep, source_labels: [job], regex: node}}]\n\
         \x20 queue_config: {{batch_send_deadline: 200ms, max_backoff: 200ms}}\n"
    )
}

fn scraping(target: u16) -> String {
    format!(
        "scrape_configs:\n- job_name: node\n  scrape_interval: 1s\n  static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
    )
}

/// Returns how many samples a process has of `up`, 0 if it does not answer.
fn scrapes(client: &Client) -> f64 {
    let found = client.query("count_over_time(up{job=\"node\"}[1h])");
    let found = found.unwrap_or_default();
    found.first().map_or(0.0, |(_, _, value)| *value)
}

fn wait_for_scrapes(client: &Client, n: f64) -> anyhow::Result<()> {
    wait_for("scrapes", || (scrapes(client) >= n).then_some(()))
}

/// Returns all samples of the exporter up to a time.
fn samples(client: &Client, at: &str) -> anyhow::Result<Samples> {
    let data = client.api("query", &[("query", "{job=\"node\"}[1h]"), ("time", at)])?;
    let mut found = Samples::new();
    for series in data["result"].as_array().context("a matrix has results")? {
        let labels = series["metric"].to_string();
        for point in series["values"].as_array().into_iter().flatten() {
            found.insert((labels.clone(), point[0].to_string(), point[1].to_string()));
        }
    }
    Ok(found)
}

fn now() -> anyhow::Result<String> {
    Ok(SystemTime::now()
        .duration_since(UNIX_EPOCH)?
        .as_secs_f64()
        .to_string())
}

fn start_exporter() -> anyhow::Result<(Peer, u16)> {
    let port = free_port()?;
    let mut command = Command::new(peer_path("node_exporter")?);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    Ok((Peer::start(command, port, "/metrics")?, port))
}

#[test]
fn nothing_is_lost_when_either_side_is_killed() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (_exporter, target) = start_exporter()?;
    let other = Receiver {
        data: folder.path().join("receiver"),
        port: free_port()?,
    };
    let config = folder.path().join("periplus.yml");
    std::fs::write(&config, scraping(target) + &receiver(other.port))?;

    let receiver = other.start()?;
    let sender = start_sender(folder.path(), &config)?;
    wait_for_scrapes(&receiver.client, SCRAPES)?;

    receiver.kill()?;
    let before = scrapes(&sender.client);
    wait_for_scrapes(&sender.client, before + SCRAPES)?;
    let receiver = other.start()?;
    wait_for_scrapes(&receiver.client, before + SCRAPES)?;

    sender.kill()?;
    let sender = start_sender(folder.path(), &config)?;
    let before = scrapes(&sender.client);
    wait_for_scrapes(&sender.client, before + SCRAPES)?;

    // What is being scraped now is not yet durable; it is compared up to a time before it.
    let at = now()?;
    wait_for_scrapes(&sender.client, before + 2.0 * SCRAPES)?;
    let theirs = samples(&sender.client, &at)?;
    assert!(theirs.len() > 3_000, "only {} samples are compared", theirs.len());
    let mut ours = Samples::new();
    let arrived = wait_for("all samples to arrive", || {
        ours = samples(&receiver.client, &at).ok()?;
        theirs.is_subset(&ours).then_some(())
    });
    let lost: Vec<_> = theirs.difference(&ours).take(20).collect();
    assert!(
        arrived.is_ok(),
        "{} samples, lost among them {lost:#?}",
        theirs.len()
    );
    let invented: Vec<_> = ours.difference(&theirs).take(20).collect();
    assert!(invented.is_empty(), "only the receiver has {invented:#?}");
    println!("{} samples arrived through two crashes", theirs.len());
    Ok(())
}

#[test]
fn a_reload_starts_changes_and_stops_receivers() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (_exporter, target) = start_exporter()?;
    let other = Receiver {
        data: folder.path().join("receiver"),
        port: free_port()?,
    };
    let receiving = other.start()?;
    let config = folder.path().join("periplus.yml");
    std::fs::write(&config, scraping(target))?;
    let sender = start_sender(folder.path(), &config)?;
    wait_for_scrapes(&sender.client, 2.0)?;
    assert_eq!(scrapes(&receiving.client), 0.0);
    let reload = |text: String| -> anyhow::Result<()> {
        std::fs::write(&config, text)?;
        let status = Command::new("kill")
            .args(["-HUP", &sender.pid().to_string()])
            .status()?;
        anyhow::ensure!(status.success(), "kill failed");
        Ok(())
    };

    // Started: what comes from now on arrives.
    reload(scraping(target) + &receiver(other.port))?;
    wait_for_scrapes(&receiving.client, SCRAPES)?;
    let checkpoint = folder.path().join("sender/forward/other.checkpoint");

    // Changed in place: it goes on where it was, with the new label.
    let labelled = format!("global: {{external_labels: {{site: a}}}}\n{}", scraping(target));
    reload(labelled.clone() + &receiver(other.port))?;
    wait_for("the new label", || {
        let found = receiving.client.query("up{job=\"node\",site=\"a\"}").ok()?;
        (found.len() == 1).then_some(())
    })?;

    // Stopped: nothing arrives any more, and the checkpoint stays.
    reload(labelled.clone())?;
    let count = || -> anyhow::Result<f64> {
        let found = receiving.client.query("count_over_time(up{site=\"a\"}[1h])")?;
        Ok(found.first().map_or(0.0, |(_, _, value)| *value))
    };
    // The last requests may be under way: it has ended when the sender went on and the receiver did not.
    wait_for("the receiver to be left alone", || {
        let (before, sent) = (count().ok()?, scrapes(&sender.client));
        wait_for_scrapes(&sender.client, sent + 2.0).ok()?;
        (count().ok()? == before).then_some(())
    })?;
    assert!(checkpoint.exists(), "{} is gone", checkpoint.display());
    let missed = count()?;

    // Back again: what was not sent meanwhile comes from the log.
    reload(labelled + &receiver(other.port))?;
    let at = now()?;
    wait_for("what was left out", || {
        (count().ok()? > missed + 2.0).then_some(())
    })?;
    let site = |samples: Samples| -> BTreeSet<String> {
        let of_up = samples.into_iter();
        of_up
            .filter(|(labels, ..)| labels.contains("\"__name__\":\"up\""))
            .map(|(_, time, _)| time)
            .collect()
    };
    let first = samples(&receiving.client, &at)?;
    let began = site(first).first().cloned().context("something was received")?;
    wait_for("all times", || {
        let theirs: BTreeSet<_> = site(samples(&sender.client, &at).ok()?)
            .into_iter()
            .filter(|time| *time >= began)
            .collect();
        let ours = site(samples(&receiving.client, &at).ok()?);
        (!theirs.is_empty() && theirs.is_subset(&ours)).then_some(())
    })
}
