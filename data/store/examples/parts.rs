//! Measures parts: `cargo run --release -p store --example parts [targets] [series per target] [hours]`.
//!
//! Targets are scraped every 15 s with eleven labels a series and a mix of constants, counters, gauges with few
//! decimals, and full-precision floats. Prints the size of flushed and compacted parts, and the CPU time it takes
//! to read everything of 1,000 series back.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{
    Batch, BatchSeries, Clock, Ingest, LabelsBuilder, MatchOp, Matcher, Millis, Query, SampleBuffer,
    Selection, TimeRange,
};
use store::{Store, StoreConfig};

const DAY: Millis = 24 * 3_600_000;
const START: Millis = 20_833 * DAY;
const ROUNDS_PER_HOUR: u64 = 240;

struct FarAhead;

impl Clock for FarAhead {
    fn now(&self) -> Millis {
        Millis::MAX / 2
    }
}

fn noise(seed: u64) -> u64 {
    let x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 16
}

/// 35 % constants, 10 % slow gauges, 20 % counters of events, 10 % of microseconds, 10 % of bytes, 10 % pages of
/// memory, 5 % full floats.
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

fn describe(store: &Store, out: &mut dyn Write) -> io::Result<()> {
    let parts = store.status().parts;
    let total = |of: &dyn Fn(&store::PartStatus) -> u64| parts.iter().map(of).sum::<u64>() as f64;
    let samples = total(&|part| part.samples);
    writeln!(
        out,
        "{} parts: {:.3} B/sample, {:.1} B/series of each part for the index",
        parts.len(),
        total(&|part| part.bytes) / samples,
        total(&|part| part.index_bytes) / total(&|part| part.series),
    )
}

/// CPU time of this thread, which other processes do not stretch, by `/proc/thread-self/schedstat`.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = text.split(' ').next().ok_or("schedstat is empty")?.parse()?;
    Ok(Duration::from_nanos(nanos))
}

/// Reads everything of the first 1,000 series; returns the CPU time of finding and reading, and the sum.
fn read(store: &Store, metrics: u64) -> Result<(Duration, Duration, u64, f64), Box<dyn Error>> {
    let names: Vec<String> = (0..metrics)
        .map(|n| format!("container_subsystem_{n}_total"))
        .collect();
    let matchers = vec![Matcher::new("__name__", MatchOp::Regex, &names.join("|"))?];
    let start = cpu_time()?;
    let set = store.select(&Selection {
        matchers,
        range: TimeRange::ALL,
    })?;
    let found = cpu_time()? - start;
    let mut buffer = SampleBuffer::default();
    let (mut n, mut sum) = (0, 0.0);
    let start = cpu_time()?;
    for idx in 0..set.len().min(1000) {
        set.read(idx, &mut buffer)?;
        n += buffer.len() as u64;
        sum += buffer.values.iter().sum::<f64>();
    }
    Ok((found, cpu_time()? - start, n, sum))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let mut next = |default| args.next().unwrap_or(Ok(default));
    let (targets, per_target, hours) = (next(10)?, next(1000)?, next(28)?);
    let dir = tempfile::tempdir()?;
    let config = StoreConfig {
        upkeep_interval: None,
        n_shards: 1,
        ..StoreConfig::new(dir.path())
    };
    let store = Store::open(config, Arc::new(FarAhead))?;
    let mut out = io::stdout().lock();
    let mut batch = Batch::default();
    let mut upkeep = Duration::ZERO;
    for round in 0..hours * ROUNDS_PER_HOUR {
        for target in 0..targets {
            batch.clear();
            let t = START + round as Millis * 15_000 + (noise(target) % 15_000) as Millis;
            for series in 0..per_target {
                let named = label(target, series, &mut batch)?;
                batch.push(&named, t, value(target * per_target + series, round));
            }
            let ingested = store.ingest(&batch)?;
            if target % 16 == 15 {
                store.wait_durable(ingested.position)?;
            }
        }
        if round % ROUNDS_PER_HOUR == ROUNDS_PER_HOUR - 1 {
            let hour = round / ROUNDS_PER_HOUR;
            if hour == 23 {
                describe(&store, &mut out)?;
            }
            let start = Instant::now();
            store.maintain(START);
            upkeep += start.elapsed();
            if hour == 26 || hour + 1 == hours {
                describe(&store, &mut out)?;
            }
        }
    }
    writeln!(out, "upkeep {:.2} s in all", upkeep.as_secs_f64())?;
    let metrics = 1000_u64.div_ceil(8 * targets);
    for _ in 0..4 {
        let (found, read, n, sum) = read(&store, metrics)?;
        writeln!(
            out,
            "found in {:.2} ms; read {n} samples in {:.1} ms of CPU, {:.1} ns each (sum {sum:e})",
            found.as_secs_f64() * 1e3,
            read.as_secs_f64() * 1e3,
            read.as_secs_f64() * 1e9 / n.max(1) as f64
        )?;
    }
    drop(store);
    Ok(())
}
