//! What was acknowledged survives `kill -9`, once.
//!
//! A writer sends remote-write requests one after another while the process is killed at random moments, also
//! while it starts. After every restart each acknowledged sample of the round must be there; at the end, all of
//! them. A sample that was sent but not acknowledged may be there or not.

mod mixed;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use model::{Batch, LabelsBuilder};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use testkit::{Client, Periplus, Up, free_port, periplus_path};

const ROUNDS: u64 = 200;
const SERIES: usize = 20;

/// What the writer knows: for each series, time and value of each sample, acknowledged or not.
#[derive(Default)]
struct Ledger {
    acknowledged: Vec<BTreeMap<i64, f64>>,
    sent: Vec<BTreeMap<i64, f64>>,
    last: i64,
}

#[test]
fn acknowledged_samples_survive_kill_9() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    // A folder that lost something is evidence: it stays.
    let result = rounds(data.path());
    if result.is_err() {
        println!("the data folder is kept: {}", data.keep().display());
    }
    result
}

fn rounds(data: &Path) -> anyhow::Result<()> {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(rand::random);
    println!("SEED={seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let mut ledger = Ledger::default();
    ledger.acknowledged.resize_with(SERIES, BTreeMap::new);
    ledger.sent.resize_with(SERIES, BTreeMap::new);
    let mut requests = 0;
    for round in 0..ROUNDS {
        let port = free_port()?;
        let child = start(data, port)?;
        // Some are killed while they start, most under load.
        let life = Duration::from_micros(random.random_range(0..450_000));
        requests += load_until_killed(child, port, life, &mut ledger)?;
        if round % 20 == 19 {
            let restarted = Periplus::up(&Up {
                data,
                arguments: &["--interval", "1m"],
            })?;
            verify(&restarted.client, &ledger).with_context(|| format!("round {round}, SEED={seed}"))?;
            restarted.kill()?;
        }
    }
    let acknowledged: usize = ledger.acknowledged.iter().map(BTreeMap::len).sum();
    println!("{ROUNDS} rounds, {requests} requests and {acknowledged} samples acknowledged");
    assert!(
        acknowledged > SERIES * 200,
        "the rounds were too short to mean anything: {acknowledged} samples"
    );
    let restarted = Periplus::up(&Up {
        data,
        arguments: &["--interval", "1m"],
    })?;
    verify(&restarted.client, &ledger).with_context(|| format!("at the end, SEED={seed}"))
}

fn start(data: &Path, port: u16) -> anyhow::Result<Child> {
    let mut command = Command::new(periplus_path()?);
    command
        .args(["up", "--interval", "1m", "--listen"])
        .arg(format!("127.0.0.1:{port}"));
    command
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(command.spawn()?)
}

/// Writes until the process has been killed after `life`; returns the number of requests acknowledged.
fn load_until_killed(
    mut child: Child,
    port: u16,
    life: Duration,
    ledger: &mut Ledger,
) -> anyhow::Result<usize> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let killer = std::thread::Builder::new()
        .name("killer".to_owned())
        .spawn(move || {
            // The random moment; a wake-up before it is as random.
            std::thread::park_timeout(life);
            let done = child.kill().and_then(|()| child.wait());
            flag.store(true, Ordering::Release);
            done
        })?;
    let client = Client::new(format!("http://127.0.0.1:{port}"));
    let mut acknowledged = 0;
    while !stop.load(Ordering::Acquire) {
        // One attempt at a connection is enough: until it listens, or once it is dead, it is refused at once.
        acknowledged += usize::from(send(&client, ledger)?);
    }
    killer
        .join()
        .map_err(|_| anyhow::anyhow!("the killer thread panicked"))??;
    Ok(acknowledged)
}

fn now() -> anyhow::Result<i64> {
    Ok(i64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis(),
    )?)
}

/// Sends one request of one sample a series; tells whether it was acknowledged.
fn send(client: &Client, ledger: &mut Ledger) -> anyhow::Result<bool> {
    let time = now()?.max(ledger.last + 1);
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    let value = |series: usize| time as f64 + series as f64 / 100.0;
    for series in 0..SERIES {
        labels.clear();
        labels
            .add("__name__", "durable")
            .add("series", &series.to_string());
        let row = batch.add_series(&mut labels)?;
        batch.push(&row, time, value(series));
    }
    let answer = client.remote_write(&wire::encode_remote_write_v1(&batch));
    let acknowledged = match answer {
        Ok(answer) if answer.status == 204 => true,
        Ok(answer) => anyhow::bail!("the request was refused: {} {}", answer.status, answer.body),
        Err(_) => false,
    };
    ledger.last = time;
    for series in 0..SERIES {
        let ledgers = if acknowledged {
            &mut ledger.acknowledged
        } else {
            &mut ledger.sent
        };
        ledgers[series].insert(time, value(series));
    }
    Ok(acknowledged)
}

/// Checks that every acknowledged sample is there once, and nothing that was never sent.
fn verify(client: &Client, ledger: &Ledger) -> anyhow::Result<()> {
    // Refused connections are many a millisecond, so sample times run ahead of the clock.
    let at = (ledger.last / 1000 + 1).to_string();
    let data = client.api("query", &[("query", "durable[1h]"), ("time", &at)])?;
    let mut found = vec![BTreeMap::new(); SERIES];
    for series in data["result"].as_array().context("a matrix")? {
        let index: usize = series["metric"]["series"].as_str().context("a label")?.parse()?;
        for sample in series["values"].as_array().context("samples")? {
            let time = (sample[0].as_f64().context("a time")? * 1000.0).round() as i64;
            let value: f64 = sample[1].as_str().context("a value")?.parse()?;
            let earlier = found[index].insert(time, value);
            anyhow::ensure!(earlier.is_none(), "series {index} has two samples at {time}");
        }
    }
    for (index, found) in found.iter().enumerate() {
        let got = |time: &i64| found.get(time);
        let lost: Vec<_> = ledger.acknowledged[index]
            .iter()
            .filter(|(t, v)| got(t) != Some(v))
            .collect();
        if let (Some(first), Some(last)) = (lost.first(), lost.last()) {
            let (n, all) = (lost.len(), ledger.acknowledged[index].len());
            anyhow::bail!("series {index} lost {n} of {all} samples, from {first:?} to {last:?}");
        }
        for (time, value) in found {
            let known = ledger.acknowledged[index]
                .get(time)
                .or_else(|| ledger.sent[index].get(time));
            anyhow::ensure!(
                known == Some(value),
                "series {index} at {time}: {value} was never sent"
            );
        }
    }
    Ok(())
}
