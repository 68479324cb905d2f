//! The same queries over the same day to all three engines, answers compared first.
//!
//! All engines hold the same samples, loaded by remote write in order of time, and have come to rest. A question goes
//! to one engine at a time, as Grafana sends it, with caches of answers off: `nocache=1` is how VictoriaMetrics is told,
//! the others have none or do not use it across different questions.

pub(crate) mod dashboards;
pub(crate) mod ranges;
mod timing;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use self::timing::{Timing, time_query};
use crate::compare::{self, Answer};
use crate::engine::{Engine, Kind, Place};
use crate::load::body::{Bodies, Schedule, write_bodies};
use crate::load::request::Protocol;
use crate::load::send::send;
use crate::load::series::Corpus;
use crate::progress::Progress;
use crate::report::Table;
use crate::stop;

/// Prometheus looks for something to compact once a minute; ours writes the last of a history after half a minute without
/// any, and merges it after another half.
const REST: Duration = Duration::from_secs(120);

/// Something that is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Where it comes from.
    pub(crate) name: String,
    /// The expression.
    pub(crate) query: String,
    /// Asked for one time, the end of the range.
    pub(crate) instant: bool,
}

impl Question {
    /// Tells whether VictoriaMetrics means something else by it, by its documentation: it does not extrapolate, and it
    /// takes the sample before a window into account.
    fn differs_by_design(&self) -> bool {
        [
            "rate(",
            "increase(",
            "delta(",
            "deriv(",
            "changes(",
            "resets(",
            "quantile_over_time(",
        ]
        .iter()
        .any(|function| self.query.contains(function))
    }
}

/// The range that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// First time, Unix milliseconds.
    pub(crate) start: i64,
    /// Last time.
    pub(crate) end: i64,
    /// Milliseconds between two times.
    pub(crate) step: i64,
}

impl Span {
    /// Returns the last so many milliseconds of a schedule, on multiples of a step.
    pub(crate) fn last(schedule: &Schedule, length: i64, step: i64) -> Self {
        let end = schedule.end() / step * step;
        Self {
            start: (end - length) / step * step,
            end,
            step,
        }
    }
}

/// Engines that hold the same samples.
#[derive(Debug)]
pub(crate) struct Arena {
    engines: Vec<Engine>,
    /// Rows of the table about the load.
    pub(crate) sizes: Table,
    /// The same for machines.
    pub(crate) json: Value,
}

impl Arena {
    /// Starts all engines and loads a corpus into each.
    ///
    /// # Errors
    /// An engine is not built, does not answer, or refuses samples.
    pub(crate) fn fill(
        place: &Place,
        name: &str,
        corpus: Corpus,
        schedule: Schedule,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(&place.folder)?;
        let bodies = write(corpus, schedule, folder.path())?;
        let mut loads = Vec::new();
        for kind in Kind::ALL {
            let engine = Engine::start(place, kind, name)?;
            let before = engine.usage()?;
            let progress = Progress::new(format!("{} takes a day", kind.name()), bodies.samples);
            let sent = send(engine.client(), &bodies, &progress)?;
            anyhow::ensure!(
                sent.acknowledged == bodies.samples,
                "{} refused {} of {} samples: {}",
                kind.name(),
                bodies.samples - sent.acknowledged,
                bodies.samples,
                sent.first_error.unwrap_or_default()
            );
            engine.flush()?;
            loads.push((engine, before));
        }
        drop(folder);
        let start = Instant::now();
        let progress = Progress::new("all come to rest", REST.as_secs());
        while start.elapsed() < REST {
            std::thread::park_timeout(Duration::from_secs(1));
            progress.advance(1)?;
        }
        drop(progress);
        let columns = [
            "engine",
            "CPU s of loading",
            "peak MB",
            "MB at rest",
            "disk B a sample",
        ];
        let mut sizes = Table::new("Loading it, work in the background included:", &columns);
        let mut rows = Vec::new();
        for (engine, before) in &loads {
            engine.wait_idle()?;
            let (after, disk) = (engine.usage()?, engine.disk_bytes());
            let cpu = (after.cpu_ms - before.cpu_ms) / 1000.0;
            sizes.rows.push(vec![
                engine.kind.name().to_owned(),
                format!("{cpu:.1}"),
                format!("{:.0}", after.peak / 1e6),
                format!("{:.0}", after.resident / 1e6),
                format!("{:.2}", disk as f64 / bodies.samples as f64),
            ]);
            rows.push(json!({
                "engine": engine.kind.name(), "cpu_seconds": cpu, "peak_bytes": after.peak,
                "resident_bytes": after.resident, "anonymous_bytes": after.anonymous, "disk_bytes": disk,
            }));
        }
        Ok(Self {
            engines: loads.into_iter().map(|(engine, _)| engine).collect(),
            sizes,
            json: json!({ "series": bodies.series, "samples": bodies.samples, "engines": rows }),
        })
    }

    /// Asks all engines all questions: first for the answers, which have to agree, then for the time.
    ///
    /// # Errors
    /// Answers disagree, or an engine does not answer.
    pub(crate) fn ask(&self, questions: &[Question], span: Span) -> anyhow::Result<Vec<Asked>> {
        let progress = Progress::new("asking", questions.len() as u64);
        let mut all = Vec::with_capacity(questions.len());
        let mut disagreements = Vec::new();
        for question in questions {
            let mut asked = Asked {
                question: question.clone(),
                series: 0,
                timings: Vec::new(),
            };
            let mut expected: Option<Answer> = None;
            // Prometheus is last in the tables and first to be believed.
            for engine in self.engines.iter().rev() {
                stop::check()?;
                let (text, timing) = time_query(engine, question, span)
                    .with_context(|| format!("{} on {}", engine.kind.name(), question.query))?;
                let answer = compare::parse(&text)
                    .with_context(|| format!("{} on {}", engine.kind.name(), question.query))?;
                asked.timings.insert(0, timing);
                match &expected {
                    None => {
                        asked.series = answer.len();
                        expected = Some(answer);
                    }
                    Some(expected) => {
                        if let Some(difference) = disagreement(engine.kind, question, (expected, &answer)) {
                            disagreements.push(difference);
                        }
                    }
                }
            }
            all.push(asked);
            progress.advance(1)?;
        }
        anyhow::ensure!(
            disagreements.is_empty(),
            "{} answers disagree with Prometheus:\n{}",
            disagreements.len(),
            disagreements.join("\n")
        );
        Ok(all)
    }
}

fn write(mut corpus: Corpus, schedule: Schedule, folder: &std::path::Path) -> anyhow::Result<Bodies> {
    let progress = Progress::new("making a day", u64::from(schedule.rounds));
    write_bodies(&mut corpus, (schedule, Protocol::One), folder, &progress)
}

fn disagreement(kind: Kind, question: &Question, (expected, found): (&Answer, &Answer)) -> Option<String> {
    let difference = if kind == Kind::VictoriaMetrics && question.differs_by_design() {
        // A window with one sample is empty for Prometheus; VictoriaMetrics takes the sample before it.
        if expected.is_empty() {
            return None;
        }
        compare::label_difference(expected, found)
    } else {
        compare::difference(expected, found, compare::tolerance(kind))
    };
    let difference = difference?;
    Some(format!(
        "{} on {} ({}): {difference}",
        kind.name(),
        question.query,
        question.name
    ))
}

/// What asking one question took.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The question.
    pub(crate) question: Question,
    /// Series of the answer.
    pub(crate) series: usize,
    /// In the order of [`Kind::ALL`].
    pub(crate) timings: Vec<Timing>,
}

impl Asked {
    /// Returns it for machines.
    pub(crate) fn json(&self) -> Value {
        let timing = |(kind, timing): (Kind, &Timing)| {
            json!({
                "engine": kind.name(), "wall_ms": timing.wall_ms, "cpu_ms": timing.cpu_ms,
                "runs": timing.runs, "answer_bytes": timing.bytes,
            })
        };
        let timings: Vec<Value> = Kind::ALL.into_iter().zip(&self.timings).map(timing).collect();
        json!({
            "name": self.question.name, "query": self.question.query, "instant": self.question.instant,
            "series": self.series, "engines": timings,
        })
    }

    /// Returns the times of ours, VictoriaMetrics and Prometheus as cells, and the ratios.
    pub(crate) fn cells(&self) -> Vec<String> {
        let [ours, second, third] = self.timings.as_slice() else {
            return Vec::new();
        };
        vec![
            format!("{:.1}", ours.wall_ms),
            format!("{:.1}", second.wall_ms),
            format!("{:.1}", third.wall_ms),
            format!("{:.2}", ours.wall_ms / second.wall_ms),
            format!("{:.2}", ours.cpu_ms / second.cpu_ms),
            format!("{:.2}", ours.wall_ms / third.wall_ms),
            format!("{:.2}", ours.cpu_ms / third.cpu_ms),
        ]
    }
}

/// Heads of the columns of [`Asked::cells`], behind one for the question.
pub(crate) const COLUMNS: [&str; 8] = [
    "query",
    "Periplus ms",
    "VictoriaMetrics ms",
    "Prometheus ms",
    "ours / VM, time",
    "ours / VM, CPU",
    "ours / Prometheus, time",
    "ours / Prometheus, CPU",
];

/// Makes the table of totals.
pub(crate) fn totals(asked: &[Asked]) -> Table {
    let columns = [
        "engine",
        "total s",
        "CPU s",
        "median ms",
        "99th percentile ms",
        "slowest ms",
        "ours / it, time",
        "ours / it, CPU",
    ];
    let mut table = Table::new("All of them once, by the median of several runs each:", &columns);
    let sums: Vec<(f64, f64)> = (0..Kind::ALL.len())
        .map(|at| {
            let timings = asked.iter().filter_map(|one| one.timings.get(at));
            timings.fold((0.0, 0.0), |(wall, cpu), timing| {
                (wall + timing.wall_ms, cpu + timing.cpu_ms)
            })
        })
        .collect();
    let ours = sums.first().copied().unwrap_or((0.0, 0.0));
    for (at, (kind, sum)) in Kind::ALL.into_iter().zip(&sums).enumerate() {
        let mut walls: Vec<f64> = asked
            .iter()
            .filter_map(|one| one.timings.get(at))
            .map(|timing| timing.wall_ms)
            .collect();
        walls.sort_by(f64::total_cmp);
        let quantile = |q: f64| {
            let at = (q * walls.len().saturating_sub(1) as f64).round() as usize;
            walls.get(at).copied().unwrap_or(0.0)
        };
        table.rows.push(vec![
            kind.name().to_owned(),
            format!("{:.2}", sum.0 / 1000.0),
            format!("{:.2}", sum.1 / 1000.0),
            format!("{:.1}", quantile(0.5)),
            format!("{:.0}", quantile(0.99)),
            format!("{:.0}", quantile(1.0)),
            format!("{:.2}", ours.0 / sum.0),
            format!("{:.2}", ours.1 / sum.1),
        ]);
    }
    table
}
