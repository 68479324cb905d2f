//! How long one question takes one engine.

use std::time::{Duration, Instant};

use super::{Question, Span};
use crate::engine::{Engine, Kind};
use crate::ingest::seconds;
use crate::usage::running_ns;

/// Runs of a question; fewer, but at least two, once [`ENOUGH`] was spent on it.
const RUNS: usize = 5;
const ENOUGH: Duration = Duration::from_millis(1500);

/// Medians of several runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// From sending the question to the last byte of the answer.
    pub(crate) wall_ms: f64,
    /// What the engine's threads ran meanwhile.
    pub(crate) cpu_ms: f64,
    /// Number of runs.
    pub(crate) runs: usize,
    /// Length of the answer.
    pub(crate) bytes: usize,
}

/// Asks an engine several times; returns the last answer too.
///
/// # Errors
/// The engine does not answer.
pub(crate) fn time_query(
    engine: &Engine,
    question: &Question,
    span: Span,
) -> anyhow::Result<(String, Timing)> {
    let (start, end, step) = (seconds(span.start), seconds(span.end), seconds(span.step));
    let mut parameters = vec![("query", question.query.as_str())];
    let path = if question.instant {
        parameters.push(("time", &end));
        "/api/v1/query"
    } else {
        parameters.extend([("start", start.as_str()), ("end", &end), ("step", &step)]);
        "/api/v1/query_range"
    };
    if engine.kind == Kind::VictoriaMetrics {
        parameters.push(("nocache", "1"));
    }
    let (mut walls, mut cpus, mut text) = (Vec::new(), Vec::new(), String::new());
    let begin = Instant::now();
    for run in 0..RUNS {
        if run >= 2 && begin.elapsed() > ENOUGH {
            break;
        }
        let (cpu, begin) = (running_ns(engine.pid()), Instant::now());
        let answer = engine.client().post_form(path, &parameters)?;
        walls.push(begin.elapsed().as_secs_f64() * 1e3);
        cpus.push(running_ns(engine.pid()).saturating_sub(cpu) as f64 / 1e6);
        text = answer.body;
    }
    let timing = Timing {
        wall_ms: median(&mut walls),
        cpu_ms: median(&mut cpus),
        runs: walls.len(),
        bytes: text.len(),
    };
    Ok((text, timing))
}

/// Of an even number, the lower one: of two runs the second found the pages warm.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get(values.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or(f64::NAN)
}
