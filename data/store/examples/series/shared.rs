//! The series that the examples measure with: eleven labels each, and a mix of constants, counters, gauges with few
//! decimals, and full-precision floats.

use std::error::Error;
use std::time::{Duration, Instant};

use model::{Batch, BatchSeries, Clock, LabelsBuilder, Millis};

/// Time of the first round.
pub(crate) const START: Millis = 1_800_000_000_000;

/// A clock that goes on from a time.
pub(crate) struct From {
    start: Millis,
    began: Instant,
}

impl From {
    /// Starts it.
    pub(crate) fn start(start: Millis) -> Self {
        Self {
            start,
            began: Instant::now(),
        }
    }
}

impl Clock for From {
    fn now(&self) -> Millis {
        self.start + self.began.elapsed().as_millis() as Millis
    }
}

/// Returns a number that looks random and is the same for the same seed.
pub(crate) fn noise(seed: u64) -> u64 {
    let x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 16
}

/// Returns the value of a series in a round: 35 % constants, 10 % slow gauges, 20 % counters of events, 10 % of
/// microseconds, 10 % of bytes, 10 % pages of memory, 5 % full floats.
pub(crate) fn value(series: u64, round: u64) -> f64 {
    let id = noise(series);
    let random = noise(series << 20 | round);
    match series % 20 {
        0..7 => (id % 1_000_000) as f64,
        7..9 => (id % 100 + round / 20) as f64,
        9..13 => (id % 10_000 + round * (3 + id % 5) + random % 4) as f64,
        13..15 => ((id % 1_000_000) * 1000 + round * 150_000 + random % 20_000) as f64 / 1e6,
        15..17 => (id % (1 << 40) + round * 120_000 + random % 60_000) as f64,
        17..19 => ((id % 100_000 + random % 64) * 4096) as f64,
        _ => (random % (1 << 40)) as f64 / 7.3e9,
    }
}

/// Adds the labels of a target's series to a batch.
pub(crate) fn label(target: u64, series: u64, batch: &mut Batch) -> Result<BatchSeries, Box<dyn Error>> {
    let mut labels = LabelsBuilder::default();
    let text = |prefix: &str, n: u64| format!("{prefix}-{n}");
    labels.add("__name__", &format!("container_subsystem_{}_total", series / 8));
    labels.add("cluster", "production-europe-west");
    labels.add("container", &text("application", target % 12));
    labels.add("device", &text("device", series % 8));
    labels.add("endpoint", "https-metrics");
    labels.add(
        "image",
        &format!("registry.example.com/team/application:{:x}", noise(target % 40)),
    );
    labels.add(
        "instance",
        &format!("10.{}.{}.7:9100", target / 250, target % 250),
    );
    labels.add("job", "kubelet-cadvisor");
    labels.add("namespace", &text("namespace", target % 30));
    labels.add("node", &format!("node-{:x}.internal", noise(target / 10)));
    labels.add("pod", &format!("application-{:x}-{}", noise(target), target % 7));
    Ok(batch.add_series(&mut labels)?)
}

/// CPU time of this thread, so that a busy machine does not distort what is measured; zero where the system does
/// not tell.
pub(crate) fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// CPU time of all threads of this process, to ten milliseconds; zero where the system does not tell.
pub(crate) fn process_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the command's name, which may hold anything: fields 14 and 15, in hundredths of a second.
    let fields = text.rsplit_once(") ").map_or("", |split| split.1);
    let ticks = fields
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}
