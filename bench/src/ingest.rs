//! The same remote-write requests to all three engines: what they cost, what is kept of them, and how fast a killed
//! engine is back.

use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::compare::{self, Answer};
use crate::engine::{Engine, Kind, Place};
use crate::load::body::{Bodies, SAMPLES_PER_REQUEST, Schedule, write_bodies};
use crate::load::mix::{JOB, METRICS, kubernetes_mix, metric};
use crate::load::request::Protocol;
use crate::load::send::{Sent, send};
use crate::progress::Progress;
use crate::report::{Section, Table};
use crate::stop;
use crate::usage::Usage;

/// Milliseconds from one sample of a series to the next.
const INTERVAL: i64 = 15_000;
/// How long an engine that answers again may take to know all series.
const GRACE: Duration = Duration::from_secs(15);
/// How often a killed engine is asked whether it takes requests, which costs it nothing, and then for its series.
const POLL: Duration = Duration::from_millis(2);
/// How long an engine may take after a kill.
const RECOVERY_DEADLINE: Duration = Duration::from_secs(300);

/// What is measured of one engine.
#[derive(Debug)]
struct Row {
    kind: Kind,
    sent: Sent,
    /// CPU seconds until everything is on disk.
    cpu: f64,
    /// CPU seconds until work in the background is over.
    settled_cpu: f64,
    after: Usage,
    /// Bytes on disk at the last acknowledgement, and when everything is on disk.
    disk: (u64, u64),
    /// Bytes a second round of upkeep leaves.
    settled_disk: u64,
    recovery: Recovery,
    /// CPU seconds of the same samples by remote write 2.0.
    second: Option<f64>,
}

/// What a kill leaves.
#[derive(Debug)]
struct Recovery {
    /// From the start of the process to a right answer, or to its first one if it never gets right.
    ready: Duration,
    /// Series that are gone.
    lost_series: f64,
    /// Acknowledged samples that are gone.
    lost: f64,
}

impl Recovery {
    /// Seconds, and what was not right even then.
    fn cell(&self) -> String {
        let seconds = self.ready.as_secs_f64();
        match self.lost_series {
            0.0 => format!("{seconds:.2}"),
            lost => format!("{seconds:.2}, without {lost:.0} series"),
        }
    }
}

/// Measures all engines one after the other.
///
/// # Errors
/// An engine is not built, does not answer, or its answers are wrong.
pub(crate) fn measure(place: &Place, quick: bool) -> anyhow::Result<Section> {
    let (n_series, rounds) = if quick { (10_000, 20) } else { (200_000, 60) };
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_millis() as i64;
    let schedule = Schedule {
        start: (now / INTERVAL - i64::from(rounds) - 2) * INTERVAL,
        interval: INTERVAL,
        rounds,
        rounds_per_block: 1,
    };
    let bodies = Load::write(place, (n_series, schedule), Protocol::One)?;
    let mut rows = Vec::new();
    let mut answers = Vec::new();
    for kind in Kind::ALL {
        let (row, answer) = measure_one(place, kind, &bodies)?;
        rows.push(row);
        answers.push((kind, answer));
    }
    check_agreement(&answers)?;
    drop(bodies);
    let bodies = Load::write(place, (n_series, schedule), Protocol::Two)?;
    for row in &mut rows {
        row.second = measure_second(place, row.kind, &bodies)?;
    }
    Ok(section(&rows, (n_series, rounds), &bodies))
}

/// The requests that are measured, and one more round that is sent right before the kill.
struct Load {
    measured: Bodies,
    last: Bodies,
    /// Removes the files.
    _folder: tempfile::TempDir,
}

impl Load {
    fn write(
        place: &Place,
        (n_series, schedule): (u32, Schedule),
        protocol: Protocol,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(&place.folder)?;
        let mut corpus = kubernetes_mix(n_series);
        let label = format!("making requests, {}", protocol.name());
        let progress = Progress::new(label, u64::from(schedule.rounds) + 1);
        let at = folder.path().join("measured");
        std::fs::create_dir(&at)?;
        let measured = write_bodies(&mut corpus, (schedule, protocol), &at, &progress)?;
        let at = folder.path().join("last");
        std::fs::create_dir(&at)?;
        let schedule = Schedule {
            start: schedule.end(),
            rounds: 1,
            ..schedule
        };
        let last = write_bodies(&mut corpus, (schedule, protocol), &at, &progress)?;
        Ok(Self {
            measured,
            last,
            _folder: folder,
        })
    }
}

fn measure_one(place: &Place, kind: Kind, load: &Load) -> anyhow::Result<(Row, Vec<Answer>)> {
    let engine = Engine::start(place, kind, "ingest")?;
    engine.wait_idle()?;
    let before = engine.usage()?;
    let progress = Progress::new(format!("{} takes samples", kind.name()), load.measured.samples);
    let sent = send(engine.client(), &load.measured, &progress)?;
    drop(progress);
    let acknowledged_disk = engine.disk_bytes();
    engine.flush()?;
    let (flushed, disk) = (engine.usage()?, engine.disk_bytes());
    engine.wait_idle()?;
    let (after, settled_disk) = (engine.usage()?, engine.disk_bytes());
    let answers = ask_all(&engine, load)?;
    let recovery = kill(place, engine, load)?;
    let row = Row {
        kind,
        sent,
        cpu: (flushed.cpu_ms - before.cpu_ms) / 1000.0,
        settled_cpu: (after.cpu_ms - before.cpu_ms) / 1000.0,
        after,
        disk: (acknowledged_disk, disk),
        settled_disk,
        recovery,
        second: None,
    };
    Ok((row, answers))
}

/// Sends one more round, kills the engine with its last acknowledgement, and waits for it to be back.
fn kill(place: &Place, engine: Engine, load: &Load) -> anyhow::Result<Recovery> {
    let kind = engine.kind;
    let progress = Progress::new(format!("{} is killed", kind.name()), load.last.samples);
    let sent = send(engine.client(), &load.last, &progress)?;
    drop(engine);
    let start = Instant::now();
    let engine = Engine::spawn(place, kind, "ingest")?;
    let time = seconds(load.last.schedule.end());
    let count = |query: &str| -> Option<f64> {
        let answer = compare::ask(
            engine.client(),
            "/api/v1/query",
            &[("query", query), ("time", &time)],
        );
        Some(answer.ok()?.values().next()?.first()?.1)
    };
    let all = format!("count({{job=\"{JOB}\"}})");
    let expected = load.measured.series as f64;
    let mut first_answer = None;
    let (ready, series) = loop {
        let mut lasted = start.elapsed();
        // Counting takes time that an engine still needs to read its log.
        if first_answer.is_some() || engine.is_healthy() {
            let first = *first_answer.get_or_insert(lasted);
            let series = count(&all).unwrap_or(0.0);
            lasted = start.elapsed();
            if series == expected {
                break (lasted, series);
            }
            if lasted > first + GRACE {
                break (first, series);
            }
        }
        stop::check()?;
        anyhow::ensure!(
            lasted < RECOVERY_DEADLINE,
            "{} does not answer {lasted:?} after a kill",
            kind.name()
        );
        std::thread::park_timeout(POLL);
    };
    // Name by name, as series without their names would be the same.
    let of_metric = |number| count(&format!("sum(count_over_time({}[2h]))", metric(number))).unwrap_or(0.0);
    let samples: f64 = (0..METRICS).map(of_metric).sum();
    Ok(Recovery {
        ready,
        lost_series: expected - series,
        lost: (load.measured.samples + sent.acknowledged) as f64 - samples,
    })
}

/// Sends the same samples by remote write 2.0 to an engine that takes it; returns the CPU seconds.
fn measure_second(place: &Place, kind: Kind, load: &Load) -> anyhow::Result<Option<f64>> {
    let engine = Engine::start(place, kind, "ingest-2")?;
    // The empty request: one empty symbol. VictoriaMetrics would take it for an empty request of version 1.
    let empty = snap::raw::Encoder::new().compress_vec(&[0x22, 0x00])?;
    let answer = engine
        .client()
        .post("/api/v1/write", &Protocol::Two.headers(), &empty)?;
    if kind == Kind::VictoriaMetrics || !(200..300).contains(&answer.status) {
        return Ok(None);
    }
    engine.wait_idle()?;
    let before = engine.usage()?;
    let label = format!("{} takes samples, {}", kind.name(), Protocol::Two.name());
    let progress = Progress::new(label, load.measured.samples);
    let sent = send(engine.client(), &load.measured, &progress)?;
    drop(progress);
    let cpu = (engine.usage()?.cpu_ms - before.cpu_ms) / 1000.0;
    anyhow::ensure!(
        sent.acknowledged == load.measured.samples,
        "{} refused samples by remote write 2.0: {}",
        kind.name(),
        sent.first_error.unwrap_or_default()
    );
    Ok(Some(cpu))
}

/// Questions whose answers do not depend on how an engine extrapolates or looks back.
fn questions() -> Vec<String> {
    let all = format!("{{job=\"{JOB}\"}}");
    vec![
        format!("count({all})"),
        format!("sum(count_over_time({}[2h]))", metric(1)),
        "sum by (namespace) (container_subsystem_3_total)".to_owned(),
        "sum by (container) ({__name__=~\"container_subsystem_1[0-9]_total\"})".to_owned(),
        "max by (namespace) (max_over_time(container_subsystem_5_total[10m]))".to_owned(),
        "min by (device) (last_over_time(container_subsystem_6_total[5m]))".to_owned(),
        "count by (node) (container_subsystem_9_total > 1000)".to_owned(),
        "topk(5, sum by (pod) (container_subsystem_12_total))".to_owned(),
        "quantile(0.9, container_subsystem_7_total)".to_owned(),
        "container_subsystem_2_total{pod=~\"application-.*-3\", device!=\"device-1\"}".to_owned(),
    ]
}

/// Asked of ours and of Prometheus alone: VictoriaMetrics does not extrapolate, by design.
const EXTRAPOLATED: &str = "sum by (namespace) (rate(container_subsystem_10_total[5m]))";

fn ask_all(engine: &Engine, load: &Load) -> anyhow::Result<Vec<Answer>> {
    let time = seconds(load.measured.schedule.end());
    let ask = |query: &String| {
        let parameters = [("query", query.as_str()), ("time", &time)];
        compare::ask(engine.client(), "/api/v1/query", &parameters)
    };
    questions()
        .iter()
        .chain([&EXTRAPOLATED.to_owned()])
        .map(ask)
        .collect()
}

fn check_agreement(answers: &[(Kind, Vec<Answer>)]) -> anyhow::Result<()> {
    let Some((_, expected)) = answers.iter().find(|(kind, _)| *kind == Kind::Prometheus) else {
        return Ok(());
    };
    for (kind, found) in answers {
        let questions = questions();
        let mut questions: Vec<&str> = questions.iter().map(String::as_str).collect();
        if *kind != Kind::VictoriaMetrics {
            questions.push(EXTRAPOLATED);
        }
        for (question, (expected, found)) in questions.iter().zip(expected.iter().zip(found)) {
            anyhow::ensure!(!expected.is_empty(), "Prometheus answers nothing to {question}");
            if let Some(difference) = compare::difference(expected, found, compare::tolerance(*kind)) {
                anyhow::bail!(
                    "{} disagrees with Prometheus on {question}: {difference}",
                    kind.name()
                );
            }
        }
    }
    Ok(())
}

/// Writes milliseconds as the API takes times.
pub(crate) fn seconds(millis: i64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

fn section(rows: &[Row], (n_series, rounds): (u32, u32), load: &Load) -> Section {
    let samples = load.measured.samples as f64;
    let mut costs = Table::new(
        "What taking the samples costs.",
        &[
            "engine",
            "CPU µs a sample",
            "samples a CPU second",
            "same with background work",
            "wall s",
            "errors",
            "CPU µs a sample, remote write 2.0",
        ],
    );
    let mut sizes = Table::new(
        "What is kept, and what a kill -9 right after the last acknowledgement of one more round costs.",
        &[
            "engine",
            "peak MB",
            "MB afterwards",
            "of it anonymous",
            "disk B a sample",
            "after background work",
            "kill to right answer s",
            "acknowledged samples lost",
        ],
    );
    let mut json_rows = Vec::new();
    for row in rows {
        let per_second = samples / row.cpu.max(1e-9);
        let second = row
            .second
            .map_or("–".to_owned(), |cpu| format!("{:.2}", cpu * 1e6 / samples));
        costs.rows.push(vec![
            row.kind.name().to_owned(),
            format!("{:.2}", row.cpu * 1e6 / samples),
            format!("{:.0}", per_second),
            format!("{:.2}", row.settled_cpu * 1e6 / samples),
            format!("{:.1}", row.sent.wall.as_secs_f64()),
            row.sent.errors.to_string(),
            second,
        ]);
        sizes.rows.push(vec![
            row.kind.name().to_owned(),
            format!("{:.0}", row.after.peak / 1e6),
            format!("{:.0}", row.after.resident / 1e6),
            format!("{:.0}", row.after.anonymous / 1e6),
            format!("{:.2}", row.disk.1 as f64 / samples),
            format!("{:.2}", row.settled_disk as f64 / samples),
            row.recovery.cell(),
            format!("{:.0}", row.recovery.lost),
        ]);
        json_rows.push(json_row(row, samples));
    }
    let text = format!(
        "{n_series} series with eleven labels of about 250 bytes × {rounds} samples every 15 s: {samples:.0} samples by \
         remote write 1.0 in requests of {SAMPLES_PER_REQUEST}, the same bytes to each engine over two connections, index \
         creation included. CPU is user and system time of the process until everything is on disk; VictoriaMetrics is \
         asked to flush for that. The mix: 35 % constants, 20 % buckets of Poisson events, 10 % slow gauges, 10 % counters of CPU microseconds, 10 % of bytes, 10 % memory in pages, 5 % \
         ratios with a full mantissa."
    );
    Section {
        name: "ingest",
        text,
        tables: vec![costs, sizes],
        json: json!({
            "series": n_series, "rounds": rounds, "samples": samples, "engines": json_rows,
        }),
    }
}

fn json_row(row: &Row, samples: f64) -> Value {
    json!({
        "engine": row.kind.name(),
        "cpu_seconds": row.cpu,
        "cpu_seconds_settled": row.settled_cpu,
        "samples_per_cpu_second": samples / row.cpu.max(1e-9),
        "wall_seconds": row.sent.wall.as_secs_f64(),
        "acknowledged": row.sent.acknowledged,
        "errors": row.sent.errors,
        "retries": row.sent.retries,
        "first_error": row.sent.first_error,
        "peak_bytes": row.after.peak,
        "resident_bytes": row.after.resident,
        "anonymous_bytes": row.after.anonymous,
        "disk_bytes_acknowledged": row.disk.0,
        "disk_bytes_flushed": row.disk.1,
        "disk_bytes_settled": row.settled_disk,
        "kill_to_answer_seconds": row.recovery.ready.as_secs_f64(),
        "acknowledged_lost": row.recovery.lost,
        "series_lost": row.recovery.lost_series,
        "cpu_seconds_remote_write_2": row.second,
    })
}
