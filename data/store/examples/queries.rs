//! Measures reading stored parts: `cargo run --release -p store --example queries [folder]`.
//!
//! Two stores are made in the folder unless they are there: a day of 10,000 series every 15 s, of which series are
//! read whole, and a day of 30,000 series every five minutes, in which series are found. Both are a dozen parts and
//! a head. Prints CPU time per sample and per selection, which a busy machine does not distort.

#[path = "series/shared.rs"]
mod series;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{Batch, Ingest, MatchOp, Matcher, Millis, Query, SampleBuffer, Selection, SeriesSet, TimeRange};
use store::{Store, StoreConfig};

const HOURS: u64 = 26;
const PER_TARGET: u64 = 1000;

/// Times that each reading is repeated, and each selection after the first time.
const ROUNDS: usize = 3;
const REPEATS: u32 = 100;

/// What a store holds.
struct Shape {
    targets: u64,
    step: Millis,
}

fn open(dir: &Path, shape: &Shape) -> Result<Store, Box<dyn Error>> {
    let fresh = !dir.join("MANIFEST").exists();
    let defaults = StoreConfig::new(dir);
    let config = StoreConfig {
        upkeep_interval: None,
        // A day stays a dozen parts.
        compacted_range: defaults.head_range,
        ..defaults
    };
    let store = Store::open(config, Arc::new(series::From::start(Millis::MAX / 2)))?;
    if fresh {
        fill(&store, shape)?;
    }
    Ok(store)
}

fn fill(store: &Store, shape: &Shape) -> Result<(), Box<dyn Error>> {
    let mut batch = Batch::default();
    let rounds = HOURS * 3_600_000 / shape.step.unsigned_abs();
    for round in 0..rounds {
        for target in 0..shape.targets {
            batch.clear();
            let t = series::START
                + round as Millis * shape.step
                + ((target * 97 % 15_000) + round * 7 % 11 % 4) as Millis;
            for at in 0..PER_TARGET {
                let named = series::label(target, at, &mut batch)?;
                batch.push(&named, t, series::value(target * PER_TARGET + at, round));
            }
            let ingested = store.ingest(&batch)?;
            if target % 16 == 15 || target + 1 == shape.targets {
                store.wait_durable(ingested.position)?;
            }
        }
        if round % (rounds / HOURS) == 0 {
            store.maintain(series::START);
        }
    }
    Ok(())
}

fn select(store: &Store, matchers: &[(&str, MatchOp, &str)]) -> Result<Box<dyn SeriesSet>, Box<dyn Error>> {
    let matchers = matchers
        .iter()
        .map(|(name, op, value)| Matcher::new(name, *op, value));
    Ok(store.select(&Selection {
        matchers: matchers.collect::<Result<_, _>>()?,
        range: TimeRange::ALL,
    })?)
}

/// Reads series of a set one after another.
fn read_all(set: &dyn SeriesSet) -> Result<(u64, f64), Box<dyn Error>> {
    let mut buffer = SampleBuffer::default();
    let (mut n, mut sum) = (0, 0.0);
    for idx in 0..set.len() {
        set.read(idx, &mut buffer)?;
        n += buffer.len() as u64;
        sum += buffer.values.iter().sum::<f64>();
    }
    Ok((n, sum))
}

fn measure_reads(store: &Store, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let kinds: [(&str, String); 3] = [
        (
            "2,000 series",
            r"container_subsystem_\d?[02468]_total|container_subsystem_10[0-9]_total".to_owned(),
        ),
        ("one metric", "container_subsystem_7_total".to_owned()),
        ("all", ".+".to_owned()),
    ];
    for (what, pattern) in &kinds {
        for _ in 0..ROUNDS {
            let start = series::thread_cpu();
            let set = select(store, &[("__name__", MatchOp::Regex, pattern)])?;
            let found = series::thread_cpu().saturating_sub(start);
            let start = series::thread_cpu();
            let (n, sum) = read_all(&*set)?;
            let took = series::thread_cpu().saturating_sub(start);
            writeln!(
                out,
                "{what}: {} series found in {:.2} ms, {n} samples in {:.1} ms, {:.2} ns each (sum {sum:e})",
                set.len(),
                millis(found),
                millis(took),
                took.as_secs_f64() * 1e9 / n.max(1) as f64,
            )?;
        }
    }
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn measure_selects(store: &Store, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    use MatchOp::{Equal, NotEqual, NotRegex, Regex};
    let name = ("__name__", Equal, "container_subsystem_7_total");
    let cluster = ("cluster", Equal, "production-europe-west");
    let questions: [&[(&str, MatchOp, &str)]; 9] = [
        &[name],
        &[name, cluster, ("job", Equal, "kubelet-cadvisor")],
        &[
            name,
            cluster,
            ("container", NotEqual, ""),
            ("image", NotEqual, ""),
        ],
        &[name, cluster, ("namespace", Regex, ".+"), ("pod", Regex, ".*")],
        &[name, ("instance", Regex, r"10\.0\.1?[0-9]\.7:9100"), cluster],
        &[
            name,
            ("namespace", Regex, "namespace-1|namespace-2|namespace-3"),
            ("device", NotRegex, "device-[0-3]"),
        ],
        &[
            ("__name__", Regex, "container_subsystem_1._total"),
            ("device", Equal, "device-3"),
        ],
        &[
            cluster,
            ("instance", Equal, "10.0.3.7:9100"),
            ("device", NotEqual, "device-1"),
        ],
        &[
            cluster,
            ("device", Equal, "device-1"),
            ("container", NotEqual, ""),
        ],
    ];
    for question in questions {
        let start = series::thread_cpu();
        for _ in 0..REPEATS {
            select(store, question)?;
        }
        let took = series::thread_cpu().saturating_sub(start) / REPEATS;
        let found = select(store, question)?.len();
        let text: Vec<String> = question
            .iter()
            .map(|(n, op, v)| format!("{n}{}{v}", op.as_str()))
            .collect();
        writeln!(
            out,
            "{found} series in {:.3} ms: {}",
            millis(took),
            text.join(" ")
        )?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let folder = std::env::args()
        .nth(1)
        .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let mut out = io::stdout().lock();
    writeln!(out, "CPU {:.2} s at first", series::process_cpu().as_secs_f64())?;
    let long = Shape {
        targets: 10,
        step: 15_000,
    };
    let store = open(&folder.join("long"), &long)?;
    writeln!(
        out,
        "{} parts of 10,000 series every 15 s",
        store.status().parts.len()
    )?;
    measure_reads(&store, &mut out)?;
    drop(store);
    let wide = Shape {
        targets: 30,
        step: 300_000,
    };
    let store = open(&folder.join("wide"), &wide)?;
    writeln!(
        out,
        "{} parts of 30,000 series every 5 min",
        store.status().parts.len()
    )?;
    measure_selects(&store, &mut out)?;
    Ok(())
}
