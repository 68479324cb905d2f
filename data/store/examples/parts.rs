//! Measures parts: `cargo run --release -p store --example parts [targets] [series per target] [hours]`.
//!
//! Targets are scraped every 15 s with eleven labels a series and a mix of constants, counters, gauges with few
//! decimals, and full-precision floats. Prints the size of flushed and compacted parts, and the CPU time it takes
//! to read everything of 1,000 series back.

#[path = "series/shared.rs"]
mod series;

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Batch, Ingest, MatchOp, Matcher, Millis, Query, SampleBuffer, Selection, TimeRange};
use store::{Store, StoreConfig};

const DAY: Millis = 24 * 3_600_000;
/// The first round begins a day, as parts do.
const START: Millis = series::START - series::START % DAY;
const ROUNDS_PER_HOUR: u64 = 240;

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

/// Reads everything of the first 1,000 series; returns the CPU time of finding and reading, and the sum.
fn read(store: &Store, metrics: u64) -> Result<(Duration, Duration, u64, f64), Box<dyn Error>> {
    let names: Vec<String> = (0..metrics)
        .map(|n| format!("container_subsystem_{n}_total"))
        .collect();
    let matchers = vec![Matcher::new("__name__", MatchOp::Regex, &names.join("|"))?];
    let start = series::thread_cpu();
    let set = store.select(&Selection {
        matchers,
        range: TimeRange::ALL,
    })?;
    let found = series::thread_cpu().saturating_sub(start);
    let mut buffer = SampleBuffer::default();
    let (mut n, mut sum) = (0, 0.0);
    let start = series::thread_cpu();
    for idx in 0..set.len().min(1000) {
        set.read(idx, &mut buffer)?;
        n += buffer.len() as u64;
        sum += buffer.values.iter().sum::<f64>();
    }
    Ok((found, series::thread_cpu().saturating_sub(start), n, sum))
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
    let store = Store::open(config, Arc::new(series::From::start(Millis::MAX / 2)))?;
    let mut out = io::stdout().lock();
    let mut batch = Batch::default();
    let mut upkeep = Duration::ZERO;
    for round in 0..hours * ROUNDS_PER_HOUR {
        for target in 0..targets {
            batch.clear();
            let t = START + round as Millis * 15_000 + (series::noise(target) % 15_000) as Millis;
            for at in 0..per_target {
                let named = series::label(target, at, &mut batch)?;
                batch.push(&named, t, series::value(target * per_target + at, round));
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
    writeln!(
        out,
        "upkeep {:.2} s in all; CPU {:.2} s so far",
        upkeep.as_secs_f64(),
        series::process_cpu().as_secs_f64()
    )?;
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
