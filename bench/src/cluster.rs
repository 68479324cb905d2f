//! A large cluster read by us and by kube-state-metrics: how long, how much CPU, how much memory.
//!
//! All read the same real API server at the same time, each in the encoding that it asks for. One after the other they
//! read everything; then pods change at a steady pace while all are scraped every half minute.

mod objects;
mod plane;
mod readers;

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::objects::{Size, pod};
use self::plane::Plane;
use self::readers::{INTERVAL, Reader, Synced};
use crate::engine::Place;
use crate::progress::Progress;
use crate::report::{Section, Table};
use crate::stop;
use crate::usage::Usage;

/// Pods that change in a second.
const CHANGES_PER_SECOND: u32 = 50;
/// Changes written at once.
const CHANGES_AT_ONCE: u32 = 5;
/// Scrapes before measuring: buffers grow to their size.
const WARM_UP: u32 = 2;

/// One cluster and who reads it.
#[derive(Clone, Copy, Debug)]
struct Round {
    size: Size,
    /// Scrapes that are measured.
    scrapes: u32,
    /// Whether a Prometheus scrapes kube-state-metrics; at full size it takes more memory than there is.
    prometheus: bool,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    name: String,
    synced: Option<Synced>,
    cpu_share: f64,
    end: Usage,
    scrape_bytes: Option<u64>,
}

/// Measures both sizes.
///
/// # Errors
/// A program is not built, or does not answer.
pub(crate) fn measure(place: &Place, quick: bool) -> anyhow::Result<Section> {
    let size = |nodes| Size {
        nodes,
        pods_per_node: 20,
    };
    let rounds = if quick {
        vec![Round {
            size: size(50),
            scrapes: 2,
            prometheus: true,
        }]
    } else {
        vec![
            Round {
                size: size(5_000),
                scrapes: 10,
                prometheus: false,
            },
            Round {
                size: size(500),
                scrapes: 10,
                prometheus: true,
            },
        ]
    };
    let (mut tables, mut report) = (Vec::new(), Vec::new());
    for round in rounds {
        let (table, json) = measure_round(place, round)?;
        println_progress(&table);
        tables.push(table);
        report.push(json);
    }
    let text = format!(
        "A real etcd and kube-apiserver 1.36 with nodes, leases, Deployments, ReplicaSets, Services with endpoints and \
         slices, maps, secrets, service accounts, pods (20 a node and 20 a workload) and events. All read it at the same \
         time, with their defaults: kube-state-metrics as protobuf, ours as JSON. One after the other they read \
         everything; then {CHANGES_PER_SECOND} pods a second change, and every {INTERVAL} seconds the state of all \
         objects is scraped and the text thrown away, or delivered to the store. CPU is user and system time by the \
         kernel's accounts. kube-state-metrics reads the 28 kinds of its default; ours reads those for its text, and as a \
         whole also everything else and events, which it stores."
    );
    Ok(Section {
        name: "cluster",
        text,
        tables,
        json: Value::Array(report),
    })
}

/// A round takes ten minutes: what it found is shown at once.
#[expect(clippy::print_stderr, reason = "who waits is told")]
fn println_progress(table: &Table) {
    eprintln!("{}", table.markdown());
}

fn measure_round(place: &Place, round: Round) -> anyhow::Result<(Table, Value)> {
    let folder = tempfile::tempdir_in(&place.folder)?;
    let plane = Plane::start(&folder.path().join("plane"), round.size)?;
    let own = folder.path().join("readers");
    fs::create_dir_all(&own)?;
    let mut readers: Vec<(Reader, Option<Synced>)> = Vec::new();
    let mut begin = |start: &dyn Fn() -> anyhow::Result<Reader>| -> anyhow::Result<()> {
        let started = Instant::now();
        let reader = start()?;
        let synced = reader.wait_synced(started)?;
        readers.push((reader, Some(synced)));
        Ok(())
    };
    begin(&|| Reader::kube_state_metrics(&plane, &own))?;
    begin(&|| Reader::example(place, &plane))?;
    begin(&|| Reader::edge(place, &plane, &own))?;
    if round.prometheus
        && let Some((of, _)) = readers.first()
    {
        let prometheus = Reader::prometheus(of, &own)?;
        readers.push((prometheus, None));
    }
    let (rows, changes) = run_steadily(&plane, round, &readers)?;
    let series = readers
        .iter()
        .find_map(|(reader, _)| reader.stored_series())
        .unwrap_or(0.0);
    let known = (plane.objects, plane.bytes);
    Ok((
        table(round, (known, series, changes), &rows),
        json_of(round, (known, series, changes), &rows),
    ))
}

/// Changes pods and scrapes everyone; returns what that cost, and how many changes there were a second.
fn run_steadily(
    plane: &Plane,
    round: Round,
    readers: &[(Reader, Option<Synced>)],
) -> anyhow::Result<(Vec<Row>, f64)> {
    let (over, changes) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let changing = std::thread::Builder::new()
            .name("changes".to_owned())
            .spawn_scoped(scope, || change(plane, round.size, (&over, &changes)))?;
        let measured = scrape_all(round, readers, &changes);
        over.store(true, Ordering::Relaxed);
        let changed = changing
            .join()
            .map_err(|_| anyhow::anyhow!("changing pods panicked"))?;
        changed.and(measured)
    })
}

/// Changes one pod after the other until it is over.
fn change(plane: &Plane, size: Size, (over, changes): (&AtomicBool, &AtomicU64)) -> anyhow::Result<()> {
    let pause = Duration::from_secs(1) * CHANGES_AT_ONCE / CHANGES_PER_SECOND;
    let began = Instant::now();
    for number in 0_u32.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let first = u64::from(number * CHANGES_AT_ONCE);
        let some: Vec<_> = (first..first + u64::from(CHANGES_AT_ONCE))
            .map(|n| {
                // Spread over all workloads, each pod once in a while.
                let at = n as usize * 7919 % size.pods();
                pod(at, size, 1 + n / size.pods() as u64)
            })
            .collect();
        plane.put(&some)?;
        changes.fetch_add(some.len() as u64, Ordering::Relaxed);
        let due = pause * (number + 1);
        std::thread::park_timeout(due.saturating_sub(began.elapsed()));
    }
    Ok(())
}

fn scrape_all(
    round: Round,
    readers: &[(Reader, Option<Synced>)],
    changes: &AtomicU64,
) -> anyhow::Result<(Vec<Row>, f64)> {
    let progress = Progress::new("scraping", u64::from(WARM_UP + round.scrapes));
    let interval = Duration::from_secs(INTERVAL);
    let began = Instant::now();
    let (mut before, mut from) = (Vec::new(), (Instant::now(), 0));
    let mut bytes = vec![None; readers.len()];
    for scrape in 0..WARM_UP + round.scrapes {
        if scrape == WARM_UP {
            before = usages(readers)?;
            from = (Instant::now(), changes.load(Ordering::Relaxed));
        }
        for (at, (reader, _)) in readers.iter().enumerate() {
            // Prometheus does it where there is one.
            let is_first = at == 0;
            if !(is_first && round.prometheus)
                && let Some(read) = reader.scrape()?
                && let Some(slot) = bytes.get_mut(at)
            {
                *slot = Some(read);
            }
        }
        progress.advance(1)?;
        while began.elapsed() < interval * (scrape + 1) {
            stop::check()?;
            std::thread::park_timeout(Duration::from_millis(200));
        }
    }
    let after = usages(readers)?;
    let seconds = from.0.elapsed().as_secs_f64();
    let rate = (changes.load(Ordering::Relaxed) - from.1) as f64 / seconds;
    let rows = readers.iter().zip(before.iter().zip(&after)).zip(bytes);
    let rows = rows.map(|(((reader, synced), (first, last)), scrape_bytes)| Row {
        name: reader.name.to_owned(),
        synced: *synced,
        cpu_share: (last.cpu_ms - first.cpu_ms) / 1000.0 / seconds,
        end: *last,
        scrape_bytes,
    });
    Ok((rows.collect(), rate))
}

fn usages(readers: &[(Reader, Option<Synced>)]) -> anyhow::Result<Vec<Usage>> {
    readers.iter().map(|(reader, _)| reader.usage()).collect()
}

/// Objects and bytes, series, changes a second.
type Known = ((usize, usize), f64, f64);

fn table(round: Round, ((objects, bytes), series, changes): Known, rows: &[Row]) -> Table {
    let title = format!(
        "{} pods on {} nodes, {objects} objects of {} bytes of JSON on average, {series:.0} series; {changes:.0} changes a \
         second, {} scrapes:",
        round.size.pods(),
        round.size.nodes,
        bytes / objects.max(1),
        round.scrapes,
    );
    let columns = [
        "process",
        "s until all is read",
        "CPU s of it",
        "MB then",
        "of it anonymous",
        "CPU ms a second",
        "MB at the end",
        "peak MB",
        "bytes an object",
    ];
    let mut table = Table::new(title, &columns);
    for row in rows {
        let synced = |figure: &dyn Fn(&Synced) -> String| row.synced.as_ref().map_or("–".to_owned(), figure);
        table.rows.push(vec![
            row.name.clone(),
            synced(&|synced| format!("{:.1}", synced.took.as_secs_f64())),
            synced(&|synced| format!("{:.1}", synced.usage.cpu_ms / 1000.0)),
            synced(&|synced| format!("{:.0}", synced.usage.resident / 1e6)),
            synced(&|synced| format!("{:.0}", synced.usage.anonymous / 1e6)),
            format!("{:.0}", row.cpu_share * 1000.0),
            format!("{:.0}", row.end.resident / 1e6),
            format!("{:.0}", row.end.peak / 1e6),
            format!("{:.0}", row.end.anonymous / objects.max(1) as f64),
        ]);
    }
    let Some(theirs) = rows.first() else {
        return table;
    };
    let prometheus = rows.iter().find(|row| row.name == "Prometheus");
    for row in rows.iter().filter(|row| row.name.starts_with("Periplus")) {
        let stores = row.scrape_bytes.is_none();
        let more = prometheus.filter(|_| stores);
        let cpu = theirs.cpu_share + more.map_or(0.0, |row| row.cpu_share);
        let resident = theirs.end.resident + more.map_or(0.0, |row| row.end.resident);
        let beside = if more.is_some() {
            "kube-state-metrics and Prometheus"
        } else {
            "kube-state-metrics"
        };
        let ratio = |figure: &dyn Fn(&Usage) -> f64| match (&row.synced, &theirs.synced) {
            (Some(ours), Some(theirs)) => format!("{:.2}", figure(&ours.usage) / figure(&theirs.usage)),
            _ => "–".to_owned(),
        };
        let took = match (&row.synced, &theirs.synced) {
            (Some(ours), Some(theirs)) => {
                format!("{:.2}", ours.took.as_secs_f64() / theirs.took.as_secs_f64())
            }
            _ => "–".to_owned(),
        };
        table.rows.push(vec![
            format!("{} / {beside}", if stores { "whole" } else { "text" }),
            took,
            ratio(&|usage| usage.cpu_ms),
            ratio(&|usage| usage.resident),
            ratio(&|usage| usage.anonymous),
            format!("{:.2}", row.cpu_share / cpu),
            format!("{:.2}", row.end.resident / resident),
            String::new(),
            String::new(),
        ]);
    }
    table
}

fn json_of(round: Round, ((objects, bytes), series, changes): Known, rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "name": row.name, "cpu_share": row.cpu_share, "resident_bytes": row.end.resident,
            "anonymous_bytes": row.end.anonymous, "peak_bytes": row.end.peak, "scrape_bytes": row.scrape_bytes,
            "sync_seconds": row.synced.map(|synced| synced.took.as_secs_f64()),
            "sync_cpu_ms": row.synced.map(|synced| synced.usage.cpu_ms),
            "synced_resident_bytes": row.synced.map(|synced| synced.usage.resident),
        })
    };
    json!({
        "nodes": round.size.nodes, "pods": round.size.pods(), "objects": objects, "json_bytes": bytes, "series": series,
        "changes_per_second": changes, "scrapes": round.scrapes, "readers": rows.iter().map(row).collect::<Vec<_>>(),
    })
}
