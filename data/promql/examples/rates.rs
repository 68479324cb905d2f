//! How long `sum(rate(x[5m]))` and its like take over a day of a thousand series.
//!
//! Samples lie in memory and are copied into the engine's buffer, so that what is measured is the engine and not a
//! codec. `cargo run --profile quick -p promql --example rates [threads]` prints the mean CPU time
//! and the best wall clock of twenty runs.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::time::Instant;

use model::{Labels, Metadata, Millis, NamesRequest, Query, QueryError, SampleBuffer, Selection, SeriesSet};
use promql::{Caller, EvalParams, Job, Options, Workers, evaluate_with, parse};

const N_SERIES: usize = 1000;
const INTERVAL: Millis = 15_000;
const DAY: Millis = 86_400_000;
const RUNS: u32 = 20;

/// Counters and gauges, all with the same times.
struct Store {
    timestamps: Vec<Millis>,
    series: Vec<(Labels, Vec<f64>)>,
}

impl Store {
    fn new() -> Self {
        let timestamps: Vec<_> = (0..DAY / INTERVAL).map(|i| i * INTERVAL).collect();
        let series = (0..N_SERIES).map(|n| {
            let (instance, path) = (format!("host-{}", n % 50), format!("/api/v1/{n}"));
            let pairs = [
                ("__name__", "x_total"),
                ("instance", instance.as_str()),
                ("path", path.as_str()),
            ];
            let labels = Labels::from_pairs(pairs).unwrap_or_default();
            let mut total = 0.0;
            let values = timestamps.iter().enumerate().map(|(i, _)| {
                total += ((i * 7 + n) % 13) as f64;
                if (i + n) % 4000 == 0 {
                    total = 0.0;
                }
                total
            });
            (labels, values.collect())
        });
        let series = series.collect();
        Self { timestamps, series }
    }
}

struct All {
    store: &'static Store,
    from: usize,
    to: usize,
}

impl SeriesSet for All {
    fn len(&self) -> usize {
        self.store.series.len()
    }

    fn labels(&self, idx: usize) -> Labels {
        self.store.series[idx].0.clone()
    }

    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError> {
        out.timestamps
            .extend_from_slice(&self.store.timestamps[self.from..self.to]);
        out.values
            .extend_from_slice(&self.store.series[idx].1[self.from..self.to]);
        Ok(())
    }
}

struct Source(&'static Store);

impl Query for Source {
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        let timestamps = &self.0.timestamps;
        Ok(Box::new(All {
            store: self.0,
            from: timestamps.partition_point(|t| *t < selection.range.start),
            to: timestamps.partition_point(|t| *t <= selection.range.end),
        }))
    }

    fn label_names(&self, _: &NamesRequest) -> Result<Vec<String>, QueryError> {
        Ok(Vec::new())
    }

    fn label_values(&self, _: &str, _: &NamesRequest) -> Result<Vec<String>, QueryError> {
        Ok(Vec::new())
    }

    fn metadata(&self, _: Option<&str>) -> Vec<(String, Metadata)> {
        Vec::new()
    }
}

/// Threads made for each wave of jobs.
struct Threads(usize);

impl Workers for Threads {
    fn width(&self) -> usize {
        self.0
    }

    fn run(&self, jobs: Vec<Job<'_>>) {
        std::thread::scope(|scope| {
            for job in jobs {
                let thread = std::thread::Builder::new().name("query".to_owned());
                if thread.spawn_scoped(scope, job).is_err() {
                    println!("a thread could not be started");
                }
            }
        });
    }
}

/// CPU time of the process so far in milliseconds, by `/proc/self/stat`, which counts in hundredths of a second.
fn cpu_ms() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("stat is short")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = ticks.map(str::parse).collect::<Result<_, _>>()?;
    Ok(10.0 * ticks.iter().sum::<f64>())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let width = std::env::args().nth(1).map_or(Ok(1), |n| n.parse())?;
    let caller = Caller {
        interrupt: &|| None,
        workers: &Threads(width),
    };
    let source = Source(Box::leak(Box::new(Store::new())));
    let params = EvalParams::range(0, DAY, 60_000);
    let queries = [
        "sum(rate(x_total[5m]))",
        "sum by (instance) (rate(x_total[5m]))",
        "sum by (instance) (increase(x_total[1h]))",
        "quantile(0.9, avg_over_time(x_total[10m]))",
        "max_over_time(x_total[1h])",
        "x_total",
    ];
    for text in queries {
        let expr = parse(text, &Options::STABLE)?;
        let mut best = f64::INFINITY;
        let before = cpu_ms()?;
        for _ in 0..RUNS {
            let start = Instant::now();
            evaluate_with(&expr, &source, &params, &caller)?;
            best = best.min(start.elapsed().as_secs_f64() * 1000.0);
        }
        let cpu = (cpu_ms()? - before) / f64::from(RUNS);
        println!("cpu {cpu:6.1} ms  wall {best:6.1} ms  {text}");
    }
    Ok(())
}
