//! Runs the default collectors on this machine and prints what each of them costs.
//!
//! `cargo run --profile quick -p agent --example budget -- [TICKS] [INTERVAL_MS] [OPT_IN ...]`
#![expect(clippy::print_stdout, reason = "an example speaks to its terminal")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use agent::{Agent, AgentConfig, Selection};
use model::{Batch, Clock, Ingest, IngestError, Ingested, Millis};
use rustix::time::{ClockId, clock_gettime};

/// Takes everything and keeps nothing but its number.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Ingest for Counter {
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError> {
        let samples = batch.rows().len();
        self.0.fetch_add(samples, Ordering::Relaxed);
        Ok(Ingested {
            samples,
            ..Ingested::default()
        })
    }
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Millis {
        let now = clock_gettime(ClockId::Realtime);
        now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }
}

fn main() -> Result<(), agent::AgentError> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| {
        arguments
            .next()
            .and_then(|word| word.parse().ok())
            .unwrap_or(default)
    };
    let (ticks, interval) = (number(20), Duration::from_millis(number(500)));
    let config = AgentConfig {
        root: host::Root::at("/"),
        instance: "budget".to_owned(),
        interval,
        patience: Duration::from_millis(250),
        timeout: Duration::from_secs(10),
        selection: Selection {
            opt_in: arguments.collect(),
            disabled: Vec::new(),
        },
        extra_labels: Vec::new(),
    };
    let ingest = Arc::new(Counter::default());
    let agent = Agent::start(config, Vec::new(), ingest.clone(), Arc::new(WallClock))?;
    let deadline = Instant::now() + interval * u32::try_from(ticks + 20).unwrap_or(u32::MAX);
    while agent.status().ticks < ticks && Instant::now() < deadline {
        std::thread::sleep(interval / 10);
    }
    let status = agent.status();
    println!(
        "{:24} {:>12} {:>10} {:>10} {:>7}  state",
        "collector", "cpu/run", "cpu last", "wall", "series"
    );
    let mut sum = Duration::ZERO;
    for c in &status.collectors {
        if c.runs == 0 {
            continue;
        }
        let mean = c.cpu_total / u32::try_from(c.runs).unwrap_or(u32::MAX);
        sum += c.cpu_total;
        println!(
            "{:24} {mean:>12.1?} {:>10.1?} {:>10.1?} {:>7}  {} {}",
            c.name,
            c.cpu_last,
            c.last_duration,
            c.series,
            c.state.as_str(),
            c.message
        );
    }
    let n = status.ticks.max(1);
    let process = clock_gettime(ClockId::ProcessCPUTime);
    let process = Duration::new(
        process.tv_sec.unsigned_abs(),
        u32::try_from(process.tv_nsec).unwrap_or(0),
    );
    println!(
        "{n} ticks, {} samples; a tick: {:.2?} of CPU in collectors, {:.2?} in the whole process",
        ingest.0.load(Ordering::Relaxed),
        sum / u32::try_from(n).unwrap_or(u32::MAX),
        process / u32::try_from(n).unwrap_or(u32::MAX)
    );
    agent.stop(Duration::from_secs(5));
    Ok(())
}
