//! How long `sum(rate(x[5m]))` and its like take over a day of a thousand series, and over four hours of a hundred
//! series of native histograms.
//!
//! Samples lie in memory and are copied into the engine's buffer, so that what is measured is the engine and not a
//! codec. `cargo run --profile quick -p promql --example rates [threads]` prints the mean CPU time
//! and the best wall clock of twenty runs.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::time::Instant;

use model::{
    Buckets, Histogram, Labels, Metadata, Millis, NamesRequest, Query, QueryError, SampleBuffer, Selection,
    SeriesSet, Span,
};
use promql::{Caller, EvalParams, Job, Options, Workers, evaluate_with, parse};

const N_SERIES: usize = 1000;
const INTERVAL: Millis = 15_000;
const DAY: Millis = 86_400_000;
const RUNS: u32 = 20;

/// Series of native histograms, over a sixth of the time.
const N_HISTOGRAMS: usize = 100;
const BUCKETS: usize = 40;

/// Counters, all with the same times; the histograms have the last sixth of them.
struct Store {
    timestamps: Vec<Millis>,
    series: Vec<(Labels, Vec<f64>)>,
    histograms: Vec<(Labels, Vec<Histogram>)>,
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
        let histograms = (0..N_HISTOGRAMS).map(|n| {
            let instance = format!("host-{n}");
            let pairs = [("__name__", "h_seconds"), ("instance", instance.as_str())];
            let labels = Labels::from_pairs(pairs).unwrap_or_default();
            let samples = (0..timestamps.len() / 6).map(|i| histogram(n, i));
            (labels, samples.collect())
        });
        let histograms = histograms.collect();
        Self {
            timestamps,
            series,
            histograms,
        }
    }
}

/// A histogram whose buckets grow at different rates.
fn histogram(n: usize, i: usize) -> Histogram {
    let counts: Vec<f64> = (0..BUCKETS)
        .map(|bucket| (i * (1 + (bucket + n) % 7)) as f64)
        .collect();
    let count = counts.iter().sum();
    Histogram {
        schema: 3,
        integer: true,
        zero_threshold: 1e-9,
        count,
        sum: count * 0.3,
        positive: Buckets {
            spans: vec![Span {
                offset: -20,
                length: BUCKETS as u32,
            }],
            counts,
        },
        ..Histogram::default()
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

struct AllHistograms(All);

impl SeriesSet for AllHistograms {
    fn len(&self) -> usize {
        self.0.store.histograms.len()
    }

    fn labels(&self, idx: usize) -> Labels {
        self.0.store.histograms[idx].0.clone()
    }

    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError> {
        let All { store, from, to } = self.0;
        let samples = &store.histograms[idx].1;
        let skipped = store.timestamps.len() - samples.len();
        for row in from.max(skipped)..to {
            out.push_histogram(store.timestamps[row], samples[row - skipped].clone());
        }
        Ok(())
    }
}

struct Source(&'static Store);

impl Query for Source {
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        let timestamps = &self.0.timestamps;
        let all = All {
            store: self.0,
            from: timestamps.partition_point(|t| *t < selection.range.start),
            to: timestamps.partition_point(|t| *t <= selection.range.end),
        };
        if selection.matchers.iter().any(|m| m.matches("h_seconds")) {
            return Ok(Box::new(AllHistograms(all)));
        }
        Ok(Box::new(all))
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

    fn run(&self, jobs: Vec<Job<'_>>, own: &mut dyn FnMut()) {
        std::thread::scope(|scope| {
            for job in jobs {
                let thread = std::thread::Builder::new().name("query".to_owned());
                if thread.spawn_scoped(scope, job).is_err() {
                    println!("a thread could not be started");
                }
            }
            own();
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
        "histogram_quantile(0.99, sum(rate(h_seconds[5m])))",
        "histogram_count(rate(h_seconds[5m]))",
        "h_seconds",
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
