//! What survives `kill -9` under a load of all that there is: floats, histograms and exemplars by remote write 2.0,
//! samples out of order, deletions, and snapshots on request.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use model::{Batch, Buckets, Exemplar, Histogram, Labels, LabelsBuilder, Span};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use testkit::{Client, Periplus, Up};

use super::now;

const ROUNDS: u64 = 25;
const SERIES: usize = 6;

/// A value, and whether it is the sum of a histogram.
type Held = (f64, bool);

/// What the writer knows of a series.
#[derive(Default)]
struct Known {
    acknowledged: BTreeMap<i64, Held>,
    /// Sent or deleted without an answer: there or not.
    open: BTreeMap<i64, Held>,
}

#[derive(Default)]
struct Ledger {
    series: Vec<Known>,
    last: i64,
    n_deletions: usize,
    n_snapshots: usize,
}

#[test]
fn a_mixed_load_survives_kill_9() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let result = rounds(data.path());
    if result.is_err() {
        println!("the data folder is kept: {}", data.keep().display());
    }
    result
}

fn up(data: &Path) -> anyhow::Result<Periplus> {
    Periplus::up(&Up {
        data,
        arguments: &["--interval", "1m", "--enable-admin-api"],
    })
}

fn rounds(data: &Path) -> anyhow::Result<()> {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random);
    println!("SEED={seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let mut ledger = Ledger::default();
    ledger.series.resize_with(SERIES, Known::default);
    for round in 0..ROUNDS {
        let ours = up(data)?;
        let context = || format!("round {round}, SEED={seed}");
        verify(&ours.client, &ledger).with_context(context)?;
        snapshots_are_whole(data, &ledger).with_context(context)?;
        let client = ours.client.clone();
        let life = Duration::from_micros(random.random_range(20_000..400_000));
        let killer = std::thread::Builder::new()
            .name("killer".to_owned())
            .spawn(move || {
                // The random moment; a wake-up before it is as random.
                std::thread::park_timeout(life);
                ours.kill()
            })?;
        while !killer.is_finished() {
            act(&client, &mut ledger, &mut random)?;
        }
        killer
            .join()
            .map_err(|_| anyhow::anyhow!("the killer thread panicked"))??;
    }
    let ours = up(data)?;
    verify(&ours.client, &ledger).with_context(|| format!("at the end, SEED={seed}"))?;
    let n: usize = ledger.series.iter().map(|known| known.acknowledged.len()).sum();
    println!(
        "{ROUNDS} rounds, {n} samples left, {} deletions, {} snapshots",
        ledger.n_deletions, ledger.n_snapshots
    );
    assert!(n > 100 && ledger.n_deletions > 3 && ledger.n_snapshots > 0);
    assert!(
        ours.client
            .api(
                "query_exemplars",
                &[("query", "mixed"), ("start", "0"), ("end", "9e9")]
            )?
            .as_array()
            .is_some_and(|list| !list.is_empty())
    );
    Ok(())
}

fn act(client: &Client, ledger: &mut Ledger, random: &mut SmallRng) -> anyhow::Result<()> {
    match random.random_range(0..40) {
        0 => snapshot(client, ledger),
        1 | 2 => delete(client, ledger, random.random_range(0..SERIES)),
        _ => send(client, ledger, random),
    }
}

/// Asks for a copy; one that was named is checked when the process is gone.
fn snapshot(client: &Client, ledger: &mut Ledger) -> anyhow::Result<()> {
    if let Ok(answer) = client.post("/api/v1/admin/tsdb/snapshot", &[], &[]) {
        anyhow::ensure!(answer.status == 200, "{}", answer.body);
        ledger.n_snapshots += 1;
    }
    Ok(())
}

/// Deletes the second half of what a series has.
fn delete(client: &Client, ledger: &mut Ledger, series: usize) -> anyhow::Result<()> {
    let known = &mut ledger.series[series];
    let times: Vec<i64> = known.acknowledged.keys().copied().collect();
    let Some(start) = times.get(times.len() / 2).copied() else {
        return Ok(());
    };
    let end = ledger.last;
    let path = format!(
        "/api/v1/admin/tsdb/delete_series?match[]=mixed%7Bseries%3D%22{series}%22%7D&start={:.3}&end={:.3}",
        start as f64 / 1000.0,
        end as f64 / 1000.0
    );
    let answer = client.post(&path.replace("[]", "%5B%5D"), &[], &[]);
    let gone = known.acknowledged.split_off(&start);
    match answer {
        Ok(answer) => {
            anyhow::ensure!(answer.status == 204, "{} {}", answer.status, answer.body);
            known.open.retain(|t, _| *t < start || *t > end);
            ledger.n_deletions += 1;
        }
        Err(_) => known.open.extend(gone),
    }
    Ok(())
}

/// Sends a sample a series, some of them late, every third series one of histograms.
fn send(client: &Client, ledger: &mut Ledger, random: &mut SmallRng) -> anyhow::Result<()> {
    let newest = now()?.max(ledger.last + 1);
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    let mut rows = Vec::new();
    for series in 0..SERIES {
        let late = random.random_range(0..4) == 0;
        let time = if late {
            newest - random.random_range(1..60_000)
        } else {
            newest
        };
        let known = &ledger.series[series];
        if known.acknowledged.contains_key(&time) || known.open.contains_key(&time) {
            continue;
        }
        labels.clear();
        labels.add("__name__", "mixed").add("series", &series.to_string());
        let row = batch.add_series(&mut labels)?;
        let value = f64::from(random.random_range(1..1000_u32));
        let is_histogram = series % 3 == 2;
        if is_histogram {
            batch.push_histogram(&row, time, histogram(value));
        } else {
            batch.push(&row, time, value);
        }
        let trace = format!("{time}-{series}");
        batch.push_exemplar(
            &row,
            Exemplar {
                labels: Labels::from_pairs([("trace_id", trace.as_str())])?,
                timestamp: time,
                value,
            },
        );
        rows.push((series, time, (value, is_histogram)));
    }
    let headers = [
        (
            "Content-Type",
            "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        ),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Write-Version", "2.0.0"),
    ];
    let answer = client.post("/api/v1/write", &headers, &wire::encode_remote_write_v2(&batch));
    ledger.last = newest;
    let acknowledged = match answer {
        // An exemplar that comes late is refused by itself; the samples are taken all the same.
        Ok(answer) => {
            anyhow::ensure!(
                matches!(answer.status, 204 | 400),
                "{} {}",
                answer.status,
                answer.body
            );
            anyhow::ensure!(
                answer.status == 204 || answer.body.contains("exemplar"),
                "{}",
                answer.body
            );
            true
        }
        Err(_) => false,
    };
    for (series, time, held) in rows {
        let known = &mut ledger.series[series];
        let rows = if acknowledged {
            &mut known.acknowledged
        } else {
            &mut known.open
        };
        rows.insert(time, held);
    }
    Ok(())
}

fn histogram(count: f64) -> Histogram {
    Histogram {
        integer: true,
        count,
        sum: count,
        zero_threshold: 0.5,
        positive: Buckets {
            spans: vec![Span { offset: 0, length: 1 }],
            counts: vec![count],
        },
        ..Histogram::default()
    }
}

/// Checks that each acknowledged sample is there once, and nothing that was deleted or never sent.
fn verify(client: &Client, ledger: &Ledger) -> anyhow::Result<()> {
    let at = (ledger.last / 1000 + 1).to_string();
    let data = client.api("query", &[("query", "mixed[1h]"), ("time", &at)])?;
    let mut found = vec![BTreeMap::new(); SERIES];
    for series in data["result"].as_array().context("a matrix")? {
        let index: usize = series["metric"]["series"].as_str().context("a label")?.parse()?;
        for (kind, is_histogram) in [("values", false), ("histograms", true)] {
            for sample in series[kind].as_array().into_iter().flatten() {
                let time = (sample[0].as_f64().context("a time")? * 1000.0).round() as i64;
                let text = if is_histogram {
                    &sample[1]["sum"]
                } else {
                    &sample[1]
                };
                let value: f64 = text.as_str().context("a value")?.parse()?;
                let earlier = found[index].insert(time, (value, is_histogram));
                anyhow::ensure!(earlier.is_none(), "series {index} has two samples at {time}");
            }
        }
    }
    for (index, (found, known)) in found.iter().zip(&ledger.series).enumerate() {
        for (time, held) in &known.acknowledged {
            let got = found.get(time);
            anyhow::ensure!(
                got == Some(held),
                "series {index} at {time}: {got:?}, not {held:?}"
            );
        }
        for (time, held) in found {
            let sent = known.acknowledged.get(time).or_else(|| known.open.get(time));
            anyhow::ensure!(
                sent == Some(held),
                "series {index} at {time}: {held:?} was deleted or never sent"
            );
        }
    }
    Ok(())
}

/// Checks that every copy that has a name opens and holds samples, undamaged, and drops it.
fn snapshots_are_whole(data: &Path, ledger: &Ledger) -> anyhow::Result<()> {
    let folder = data.join("store/snapshots");
    if !folder.exists() {
        return Ok(());
    }
    let mut n_whole = 0;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_none() && n_whole == 0 {
            let copy = tempfile::tempdir()?;
            std::fs::rename(&path, copy.path().join("store"))
                .or_else(|_| copy_dir(&path, &copy.path().join("store")))?;
            let ours = up(copy.path())?;
            let system = ours.client.api("status/system", &[])?;
            anyhow::ensure!(
                system["store"]["quarantined"]
                    .as_array()
                    .is_some_and(Vec::is_empty),
                "{system}"
            );
            let at = (ledger.last / 1000 + 1).to_string();
            let query = [
                ("query", "count(count_over_time(mixed[1h]))"),
                ("time", at.as_str()),
            ];
            let data = ours.client.api("query", &query)?;
            anyhow::ensure!(
                data["result"].as_array().is_some_and(|list| !list.is_empty()),
                "{data}"
            );
            n_whole += 1;
        }
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

fn copy_dir(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
