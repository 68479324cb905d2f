//! Measures a store: `cargo run --release -p store --example ingest [targets] [series per target] [rounds]`.
//!
//! Each round is one scrape of every target, 15 s apart, with eleven labels a series and a mix of constants,
//! counters, gauges with few decimals, and full-precision floats. Prints CPU time per sample, memory per series,
//! and bytes per sample of log and parts.

#[path = "series/shared.rs"]
mod series;

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Batch, Ingest, Matcher, Millis, Query, SampleBuffer, Selection, TimeRange};
use store::{Store, StoreConfig};

/// Resident memory in bytes, by `/proc/self/statm`.
fn resident() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text.split(' ').nth(1).ok_or("statm is short")?.parse()?;
    Ok(pages * 4096)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let mut next = |default| args.next().unwrap_or(Ok(default));
    let (targets, per_target, rounds) = (next(200)?, next(1000)?, next(60)?);
    let dir = tempfile::tempdir()?;
    let config = StoreConfig {
        upkeep_interval: None,
        ..StoreConfig::new(dir.path())
    };
    let store = Store::open(config, Arc::new(series::From::start(Millis::MAX / 2)))?;
    let mut out = io::stdout().lock();
    let before = resident()?;
    let (mut first, mut steady) = (Duration::ZERO, Duration::ZERO);
    let mut batch = Batch::default();
    for round in 0..rounds {
        for target in 0..targets {
            batch.clear();
            let t = series::START + round as Millis * 15_000 + (target % 15_000) as Millis;
            for at in 0..per_target {
                let named = series::label(target, at, &mut batch)?;
                batch.push(&named, t, series::value(target * per_target + at, round));
            }
            let start = series::thread_cpu();
            let ingested = store.ingest(&batch)?;
            let took = series::thread_cpu().saturating_sub(start);
            *(if round == 0 { &mut first } else { &mut steady }) += took;
            if target % 16 == 15 {
                store.wait_durable(ingested.position)?;
            }
        }
    }
    let n_series = targets * per_target;
    writeln!(out, "all CPU       {:.2} s", series::process_cpu().as_secs_f64())?;
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
    let late = series::label(0, 0, &mut batch)?;
    batch.push(&late, series::START + 6 * 3_600_000, 0.0);
    store.ingest(&batch)?;
    let start = series::thread_cpu();
    store.maintain(series::START);
    let status = store.status();
    let parts: u64 = status.parts.iter().map(|part| part.bytes).sum();
    writeln!(
        out,
        "flush         {:.0} ns/sample, {:.2} B/sample",
        per(series::thread_cpu().saturating_sub(start), samples),
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
