//! Random series with everything that makes evaluation hard: gaps, counter resets, stale markers, NaN and
//! infinite values, native histograms, series that appear and end, intervals that fit no step.

mod native;

use model::{Batch, Histogram, LabelsBuilder, stale_marker};
use rand::RngExt as _;
use rand::rngs::SmallRng;
use testkit::Client;

use native::Native;

/// Time of the first sample, in milliseconds since 1970: fixed, so that a seed says everything.
pub(super) const START: i64 = 1_700_000_000_000;
/// Span of the samples in milliseconds.
pub(super) const SPAN: i64 = 2 * 3_600_000;
/// Span of samples in one request.
const SLICE: i64 = 10 * 60_000;

/// A metric and the values its labels have.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [(&'static str, &'static [&'static str])],
}

/// How the values of a metric run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Goes up by integers, sometimes begins anew.
    Counter,
    /// Wanders in steps of one eighth, exactly representable so that sums do not depend on their order.
    Gauge,
    /// Differs from every other series of the metric at every time.
    Distinct,
    /// A gauge with NaN and infinities.
    Odd,
    /// Cumulative buckets of a classic histogram by their label `le`.
    Buckets,
    /// 1.
    Info,
    /// Native histograms with exponential buckets that count up.
    Native,
    /// Native histograms that are gauges.
    NativeGauge,
    /// Native histograms with custom bounds.
    Custom,
    /// Now floats, now native histograms.
    Mixed,
}

impl Kind {
    /// Whether there are native histograms.
    pub(super) fn is_native(self) -> bool {
        matches!(
            self,
            Self::Native | Self::NativeGauge | Self::Custom | Self::Mixed
        )
    }
}

/// The metrics there are.
pub(super) const METRICS: [Metric; 12] = [
    Metric {
        name: "requests_total",
        kind: Kind::Counter,
        labels: &[
            ("job", &["api", "web"]),
            ("instance", &["a:1", "b:1", "c:2"]),
            ("code", &["200", "404", "500"]),
        ],
    },
    Metric {
        name: "errors_total",
        kind: Kind::Counter,
        labels: &[("job", &["api", "web"]), ("instance", &["a:1", "b:1", "d:9"])],
    },
    Metric {
        name: "temperature",
        kind: Kind::Gauge,
        labels: &[
            ("job", &["api", "db"]),
            ("instance", &["a:1", "b:1", "c:2"]),
            ("room", &["", "über \"all\"", "x"]),
        ],
    },
    Metric {
        name: "distinct",
        kind: Kind::Distinct,
        labels: &[
            ("job", &["api", "web"]),
            ("instance", &["a:1", "b:1", "c:2", "d:9"]),
        ],
    },
    Metric {
        name: "odd",
        kind: Kind::Odd,
        labels: &[("job", &["api"]), ("instance", &["a:1", "b:1", "c:2"])],
    },
    Metric {
        name: "latency_bucket",
        kind: Kind::Buckets,
        labels: &[
            ("job", &["api", "web"]),
            ("instance", &["a:1", "b:1"]),
            ("le", &["0.1", "0.5", "1", "2.5", "+Inf"]),
        ],
    },
    Metric {
        name: "build_info",
        kind: Kind::Info,
        labels: &[
            ("job", &["api", "web"]),
            ("instance", &["a:1", "b:1", "c:2"]),
            ("version", &["1.0"]),
        ],
    },
    Metric {
        name: "job:temperature:mean5m",
        kind: Kind::Gauge,
        labels: &[("job", &["api", "db"])],
    },
    Metric {
        name: "native_seconds",
        kind: Kind::Native,
        labels: &[("job", &["api", "web"]), ("instance", &["a:1", "b:1", "c:2"])],
    },
    Metric {
        name: "native_gauge",
        kind: Kind::NativeGauge,
        labels: &[("job", &["api", "web"]), ("instance", &["a:1", "b:1"])],
    },
    Metric {
        name: "custom_seconds",
        kind: Kind::Custom,
        labels: &[("job", &["api", "web"]), ("instance", &["a:1", "b:1", "c:2"])],
    },
    Metric {
        name: "mixed",
        kind: Kind::Mixed,
        labels: &[("job", &["api"]), ("instance", &["a:1", "b:1"])],
    },
];

/// One series: its labels with the name, and its samples.
struct Series {
    labels: Vec<(&'static str, &'static str)>,
    samples: Vec<(i64, Sample)>,
}

#[derive(Clone)]
enum Sample {
    Float(f64),
    Histogram(Histogram),
}

impl Sample {
    fn is_float(&self) -> bool {
        matches!(self, Self::Float(_))
    }

    fn is_marker(&self) -> bool {
        matches!(self, Self::Float(value) if model::is_stale(*value))
    }
}

/// Makes the data of a seed and writes it to all servers, the same bytes to each. Returns the number of samples.
pub(super) fn load(random: &mut SmallRng, clients: &[&Client]) -> anyhow::Result<usize> {
    let mut all = Vec::new();
    for metric in &METRICS {
        let number = all.len();
        add_metric(metric, random, number, &mut all);
    }
    let mut written = 0;
    let mut from = START;
    while from <= START + SPAN {
        // Prometheus wants floats and histograms of a series in requests of their own: run after run. It also loses a
        // stale marker that follows a histogram if floats come behind it in the same request: they are written first.
        for run in 0.. {
            let batch = batch(&all, from, run)?;
            if batch.rows().is_empty() {
                break;
            }
            written += batch.rows().len();
            let body = wire::encode_remote_write_v1(&batch);
            for client in clients {
                let answer = client.remote_write(&body)?;
                anyhow::ensure!(answer.status / 100 == 2, "{}: {}", client.base(), answer.body);
            }
        }
        from += SLICE;
    }
    Ok(written)
}

/// Packs of each series the given run of samples of one type among those of a slice of time.
fn batch(all: &[Series], from: i64, run: usize) -> anyhow::Result<Batch> {
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    for series in all {
        let start = series.samples.partition_point(|(t, _)| *t < from);
        let end = series.samples.partition_point(|(t, _)| *t < from + SLICE);
        let slice = &series.samples[start..end];
        let mut runs = slice.chunk_by(|(_, a), (_, b)| a.is_float() == b.is_float() && !a.is_marker());
        let Some(samples) = runs.nth(run) else {
            continue;
        };
        labels.clear();
        for (name, value) in &series.labels {
            labels.add(name, value);
        }
        let packed = batch.add_series(&mut labels)?;
        for (t, value) in samples {
            match value {
                Sample::Float(value) => batch.push(&packed, *t, *value),
                Sample::Histogram(histogram) => batch.push_histogram(&packed, *t, histogram.clone()),
            }
        }
    }
    Ok(batch)
}

fn add_metric(metric: &Metric, random: &mut SmallRng, first: usize, all: &mut Vec<Series>) {
    let sizes: Vec<usize> = metric.labels.iter().map(|(_, values)| values.len()).collect();
    let n_series: usize = sizes.iter().product();
    let interval = [15_000, 15_000, 60_000, 7_000, 31_001][random.random_range(0..5)];
    let offset = random.random_range(0..interval);
    // Buckets of one histogram lie next to each other: each counts what the one before does, and more.
    let mut below: Vec<(i64, f64)> = Vec::new();
    let floats = |samples: Vec<(i64, f64)>| {
        samples
            .into_iter()
            .map(|(t, value)| (t, Sample::Float(value)))
            .collect()
    };
    for number in 0..n_series {
        let mut labels = vec![("__name__", metric.name)];
        let mut rest = number;
        for (size, (name, values)) in sizes.iter().zip(metric.labels).rev() {
            let value = values[rest % size];
            rest /= size;
            if !value.is_empty() {
                labels.push((name, value));
            }
        }
        let is_first_bucket = metric.kind == Kind::Buckets && number % sizes[sizes.len() - 1] == 0;
        if is_first_bucket || metric.kind != Kind::Buckets {
            below.clear();
        }
        if metric.kind.is_native() {
            let times = times(random, interval, offset);
            let samples = natives(metric.kind, random, &times);
            all.push(Series { labels, samples });
            continue;
        }
        let samples = if below.is_empty() {
            let times = times(random, interval, offset);
            values(metric.kind, random, &times, first + number)
        } else {
            let mut more = 0.0;
            let cumulative = below.iter().map(|(t, count)| {
                more += f64::from(random.random_range(0..4_u8));
                (
                    *t,
                    if model::is_stale(*count) {
                        *count
                    } else {
                        count + more
                    },
                )
            });
            cumulative.collect()
        };
        if metric.kind == Kind::Buckets {
            below.clone_from(&samples);
        }
        let samples = floats(samples);
        all.push(Series { labels, samples });
    }
}

/// Returns the times at which a series is scraped; `true` marks where it ends with a stale marker.
fn times(random: &mut SmallRng, interval: i64, offset: i64) -> Vec<(i64, bool)> {
    let mut times = Vec::new();
    // Some series appear late, some end early, some come back.
    let late = random.random_bool(0.2);
    let mut t = START + offset;
    if late {
        t += interval * random.random_range(1..SPAN / interval / 2);
    }
    while t <= START + SPAN {
        if random.random_bool(0.01) {
            times.push((t, true));
            t += interval * random.random_range(1..40);
        } else if random.random_bool(0.02) {
            // A gap without a marker, at times longer than the lookback.
            t += interval * random.random_range(1..60);
        } else {
            let jitter = if random.random_bool(0.2) {
                random.random_range(0..900)
            } else {
                0
            };
            times.push((t + jitter, false));
        }
        t += interval;
        if random.random_bool(0.001) {
            break;
        }
    }
    times
}

fn natives(kind: Kind, random: &mut SmallRng, times: &[(i64, bool)]) -> Vec<(i64, Sample)> {
    let mut native = Native::new(kind, random);
    let mut is_float = false;
    let mut samples = Vec::with_capacity(times.len());
    for (t, stale) in times {
        if kind == Kind::Mixed && random.random_bool(0.03) {
            is_float = !is_float;
        }
        let sample = if *stale {
            Sample::Float(stale_marker())
        } else if is_float {
            Sample::Float(f64::from(random.random_range(0..100_u8)))
        } else {
            Sample::Histogram(native.next(random))
        };
        samples.push((*t, sample));
    }
    samples
}

fn values(kind: Kind, random: &mut SmallRng, times: &[(i64, bool)], number: usize) -> Vec<(i64, f64)> {
    let mut value: f64 = match kind {
        Kind::Gauge | Kind::Odd => f64::from(random.random_range(-80..80_i16)),
        _ => 0.0,
    };
    let constant = random.random_bool(0.1);
    let mut next = |t: i64| {
        match kind {
            Kind::Info => return 1.0,
            Kind::Distinct => {
                let step = random.random_range(-50..50_i32) * 64;
                return f64::from(step) + number as f64;
            }
            Kind::Counter | Kind::Buckets if random.random_bool(0.01) => value = 0.0,
            Kind::Odd if random.random_bool(0.1) => {
                return [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0][random.random_range(0..4)];
            }
            _ if constant && t % 7 != 0 => {}
            Kind::Counter | Kind::Buckets => value += f64::from(random.random_range(0..30_u8)),
            _ => value += f64::from(random.random_range(-20..=20_i8)) / 8.0,
        }
        value
    };
    let sample = |(t, stale): &(i64, bool)| (*t, if *stale { stale_marker() } else { next(*t) });
    times.iter().map(sample).collect()
}
