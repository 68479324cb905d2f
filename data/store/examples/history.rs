//! Measures how a store takes a day that is over: `cargo run --release -p store --example history [targets] [series per
//! target] [rounds] [seconds between]`.
//!
//! One target is of now, all others send samples of the past, as a migration does. Prints CPU time a sample in
//! all and of upkeep, the most memory, and bytes a sample of log and parts.

#[path = "series/shared.rs"]
mod series;

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use model::{Batch, Clock, Ingest, Millis};
use store::{Store, StoreConfig};

/// The largest resident memory so far in bytes, by `/proc/self/status`.
fn peak() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("no peak")?
        .parse()?;
    Ok(kib * 1024)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let mut next = |default| args.next().unwrap_or(Ok(default));
    let (targets, per_target, rounds, step) =
        (next(10)?, next(1000)?, next(5760)?, next(15)? as Millis * 1000);
    let dir = tempfile::tempdir()?;
    let end = series::START + rounds as Millis * step;
    let clock = Arc::new(series::From::start(end));
    let store = Store::open(StoreConfig::new(dir.path()), Arc::clone(&clock) as Arc<dyn Clock>)?;
    let mut batch = Batch::default();
    let mut taking = Duration::ZERO;
    for round in 0..rounds {
        if round % 20 == 0 {
            batch.clear();
            let now = clock.now();
            for at in 0..per_target {
                let named = series::label(targets, at, &mut batch)?;
                batch.push(&named, now, series::value(at, round));
            }
            store.ingest(&batch)?;
        }
        for target in 0..targets {
            batch.clear();
            let t = series::START + round as Millis * step + (series::noise(target) % 15_000) as Millis;
            for at in 0..per_target {
                let named = series::label(target, at, &mut batch)?;
                batch.push(&named, t, series::value(target * per_target + at, round));
            }
            let start = series::thread_cpu();
            let ingested = store.ingest(&batch)?;
            taking += series::thread_cpu().saturating_sub(start);
            if target % 5 == 4 {
                store.wait_durable(ingested.position)?;
            }
        }
    }
    let samples = (targets * per_target * rounds) as f64;
    let mut out = io::stdout().lock();
    let mut tell = |when: &str| -> Result<(), Box<dyn Error>> {
        let status = store.status();
        let parts: u64 = status.parts.iter().map(|part| part.bytes).sum();
        writeln!(
            out,
            "{when}: {:.1} s of CPU, {:.1} of it to take samples; peak {:.0} MB; {} parts of {:.2} B a sample, {:.2} B of log",
            series::process_cpu().as_secs_f64(),
            taking.as_secs_f64(),
            peak()? as f64 / 1e6,
            status.parts.len(),
            parts as f64 / samples,
            status.wal_bytes as f64 / samples,
        )?;
        Ok(())
    };
    tell("taken")?;
    store.maintain(clock.now() + 60_000);
    tell("after upkeep")?;
    store.maintain(clock.now() + 7_200_000);
    tell("two hours later")?;
    Ok(())
}
