//! Measures a store: `cargo run --release -p store --example ingest [targets] [series per target] [rounds]`.
//!
//! Each round is one scrape of every target, 15 s apart, with eleven labels a series and a mix of constants,
//! counters, gauges with few decimals, and full-precision floats. Prints samples per second, memory per series,
//! and bytes per sample of log and parts.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{
    Batch, BatchSeries, Clock, Ingest, LabelsBuilder, Matcher, Millis, Query, SampleBuffer, Selection,
    TimeRange,
};
use store::{Store, StoreConfig};

const START: Millis = 1_800_000_000_000;

struct FarAhead;

impl Clock for FarAhead {
    fn now(&self) -> Millis {
        Millis::MAX / 2
    }
}

/// Resident memory in bytes, by `/proc/self/statm`.
fn resident() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text.split(' ').nth(1).ok_or("statm is short")?.parse()?;
    Ok(pages * 4096)
}

fn noise(seed: u64) -> u64 {
    let x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 16
}

fn value(series: u64, round: u64) -> f64 {
    let id = noise(series);
    let random = noise(series << 20 | round);
    match series % 20 {
        0..7 => (id % 1_000_000) as f64,
        7..9 => (id % 100 + round / 20) as f64,
        9..13 => (id % 10_000 + round * (3 + id % 5) + random % 4) as f64,
        13..15 => ((id % 1_000_000) * 1000 + round * 150_000 + random % 20_000) as f64 / 1e6,
        15..17 => (id % (1 << 40) + round * 120_000 + random % 60_000) as f64,
        17..19 => ((id % 100_000 + random % 64) * 4096) as f64,
        _ => (random % (1 << 40)) as f64 / 7.3e9,
    }
}

fn label(target: u64, series: u64, batch: &mut Batch) -> Result<BatchSeries, Box<dyn Error>> {
    let mut labels = LabelsBuilder::default();
    let text = |prefix: &str, n: u64| format!("{prefix}-{n}");
    labels.add("__name__", &format!("container_subsystem_{}_total", series / 8));
    labels.add("cluster", "production-europe-west");
    labels.add("container", &text("application", target % 12));
    labels.add("device", &text("device", series % 8));
    labels.add("endpoint", "https-metrics");
    labels.add(
        "image",
        &format!("registry.example.com/team/application:{:x}", noise(target % 40)),
    );
    labels.add(
        "instance",
        &format!("10.{}.{}.7:9100", target / 250, target % 250),
    );
    labels.add("job", "kubelet-cadvisor");
    labels.add("namespace", &text("namespace", target % 30));
    labels.add("node", &format!("node-{:x}.internal", noise(target / 10)));
    labels.add("pod", &format!("application-{:x}-{}", noise(target), target % 7));
    Ok(batch.add_series(&mut labels)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let mut next = |default| args.next().unwrap_or(Ok(default));
    let (targets, per_target, rounds) = (next(200)?, next(1000)?, next(60)?);
    let dir = tempfile::tempdir()?;
    let config = StoreConfig {
        upkeep_interval: None,
        n_shards: 1,
        ..StoreConfig::new(dir.path())
    };
    let store = Store::open(config, Arc::new(FarAhead))?;
    let mut out = io::stdout().lock();
    let before = resident()?;
    let (mut first, mut steady) = (Duration::ZERO, Duration::ZERO);
    let mut batch = Batch::default();
    for round in 0..rounds {
        for target in 0..targets {
            batch.clear();
            let t = START + round as Millis * 15_000 + (target % 15_000) as Millis;
            for series in 0..per_target {
                let named = label(target, series, &mut batch)?;
                batch.push(&named, t, value(target * per_target + series, round));
            }
            let start = Instant::now();
            let ingested = store.ingest(&batch)?;
            let took = start.elapsed();
            *(if round == 0 { &mut first } else { &mut steady }) += took;
            if target % 16 == 15 {
                store.wait_durable(ingested.position)?;
            }
        }
    }
    let n_series = targets * per_target;
    let status = store.status();
    let grown = resident()?.saturating_sub(before);
    let per = |time: Duration, n: u64| time.as_secs_f64() * 1e9 / n.max(1) as f64;
    writeln!(out, "{n_series} series, {rounds} rounds")?;
    writeln!(out, "first round   {:.0} ns/sample", per(first, n_series))?;
    writeln!(
        out,
        "later rounds  {:.0} ns/sample",
        per(steady, n_series * rounds.saturating_sub(1))
    )?;
    writeln!(out, "memory        {} B/series", grown / n_series)?;
    let samples = status.samples_ingested;
    writeln!(
        out,
        "log           {:.2} B/sample",
        status.wal_bytes as f64 / samples as f64
    )?;

    // One sample far ahead lets everything before it be flushed.
    batch.clear();
    let late = label(0, 0, &mut batch)?;
    batch.push(&late, START + 6 * 3_600_000, 0.0);
    store.ingest(&batch)?;
    let start = Instant::now();
    store.maintain(START);
    let status = store.status();
    let parts: u64 = status.parts.iter().map(|part| part.bytes).sum();
    writeln!(
        out,
        "flush         {:.0} ns/sample, {:.2} B/sample",
        per(start.elapsed(), samples),
        parts as f64 / samples as f64
    )?;

    let matchers = vec![Matcher::equal("__name__", "container_subsystem_3_total")];
    let start = Instant::now();
    let set = store.select(&Selection {
        matchers,
        range: TimeRange::ALL,
    })?;
    let found = start.elapsed();
    let mut buffer = SampleBuffer::default();
    let mut read = 0;
    for idx in 0..set.len() {
        set.read(idx, &mut buffer)?;
        read += buffer.len();
    }
    writeln!(
        out,
        "select        {:.2} ms for {} series",
        found.as_secs_f64() * 1e3,
        set.len()
    )?;
    writeln!(
        out,
        "read          {:.0} ns/sample",
        per(start.elapsed() - found, read as u64)
    )?;
    drop(store);
    Ok(())
}
