//! Measures a start after a crash: `cargo run --release -p store --example recover [targets] [series per target]
//! [rounds] [log]`.
//!
//! A child process takes so many rounds of scrapes, 15 s apart, of series with eleven labels, upkeep running after
//! each as in real time, and ends without closing; then the folder is opened. With the word `log` no snapshots are
//! written. Prints the time until the store answers its first query, and what is on disk.

#[path = "series/shared.rs"]
mod series;

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use model::{Batch, Family, Ingest, Matcher, Millis, Query, SampleBuffer, Selection, Sink, TimeRange};
use store::{Store, StoreConfig};

fn config(dir: &Path, with_snapshots: bool) -> StoreConfig {
    let defaults = StoreConfig::new(dir);
    StoreConfig {
        upkeep_interval: None,
        snapshot_after_bytes: defaults.snapshot_after_bytes.filter(|_| with_snapshots),
        ..defaults
    }
}

struct Load {
    targets: u64,
    per_target: u64,
    rounds: u64,
    with_snapshots: bool,
}

fn fill(dir: &Path, load: &Load) -> Result<(), Box<dyn Error>> {
    let store = Store::open(
        config(dir, load.with_snapshots),
        Arc::new(series::From::start(Millis::MAX / 2)),
    )?;
    let mut batch = Batch::default();
    let mut position = 0;
    for round in 0..load.rounds {
        for target in 0..load.targets {
            batch.clear();
            let t = series::START + round as Millis * 15_000 + (target % 15_000) as Millis;
            for at in 0..load.per_target {
                let named = series::label(target, at, &mut batch)?;
                batch.push(&named, t, series::value(target * load.per_target + at, round));
            }
            position = store.ingest(&batch)?.position;
            if target % 16 == 15 {
                store.wait_durable(position)?;
            }
        }
        store.maintain(t_of(round));
    }
    store.wait_durable(position)?;
    let written: u64 = std::fs::read_dir(dir.join("wal"))?
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    let mut seen = Seen::default();
    store.report(&mut seen);
    writeln!(
        io::stdout().lock(),
        "filled with {:.2} s CPU, {:.2} s of the sender's thread",
        series::process_cpu().as_secs_f64(),
        series::thread_cpu().as_secs_f64(),
    )?;
    writeln!(
        io::stdout().lock(),
        "log {:.1} MB, {} snapshots, the last {:.1} MB in {:.2} s",
        written as f64 / 1e6,
        seen.value("periplus_store_snapshots_total"),
        seen.value("periplus_store_snapshot_bytes") / 1e6,
        seen.value("periplus_store_snapshot_seconds"),
    )?;
    // As kill -9 would end it.
    std::process::abort();
}

/// The store's own metrics.
#[derive(Default)]
struct Seen(Vec<(String, f64)>);

impl Sink for Seen {
    fn sample(&mut self, family: &Family<'_>, _: &[(&str, &str)], value: f64) {
        self.0.push((family.name.to_owned(), value));
    }
}

impl Seen {
    fn value(&self, name: &str) -> f64 {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map_or(0.0, |(_, value)| *value)
    }
}

fn t_of(round: u64) -> Millis {
    series::START + round as Millis * 15_000
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| args.get(at).and_then(|arg| arg.parse().ok()).unwrap_or(default);
    let load = Load {
        targets: number(0, 200),
        per_target: number(1, 1000),
        rounds: number(2, 60),
        with_snapshots: !args.iter().any(|arg| arg == "log"),
    };
    if let Some(dir) = std::env::var_os("RECOVER_DIR") {
        return fill(Path::new(&dir), &load);
    }
    let dir = tempfile::tempdir()?;
    std::process::Command::new(std::env::current_exe()?)
        .args(&args)
        .env("RECOVER_DIR", dir.path())
        .status()?;
    let (start, cpu) = (Instant::now(), series::process_cpu());
    let store = Store::open(
        config(dir.path(), load.with_snapshots),
        Arc::new(series::From::start(Millis::MAX / 2)),
    )?;
    let opened = start.elapsed();
    let cpu_opened = series::process_cpu().saturating_sub(cpu);
    let set = store.select(&Selection {
        matchers: vec![Matcher::equal("__name__", "container_subsystem_3_total")],
        range: TimeRange::ALL,
    })?;
    let mut buffer = SampleBuffer::default();
    let mut n = 0;
    for idx in 0..set.len() {
        set.read(idx, &mut buffer)?;
        n += buffer.len();
    }
    let answered = start.elapsed();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} series, {} rounds: open {:.3} s ({:.2} s CPU), first answer {:.3} s ({n} samples of {} series)",
        store.status().head_series,
        load.rounds,
        opened.as_secs_f64(),
        cpu_opened.as_secs_f64(),
        answered.as_secs_f64(),
        set.len(),
    )?;
    Ok(())
}
