//! A mix of series as Kubernetes clusters have them, harder on purpose than most hosts: it is what ingest is measured
//! with.

use super::series::{Corpus, Target};
use super::shape::{Random, Shape};

/// Seconds from one sample to the next.
const INTERVAL: f64 = 15.0;
/// Series of one target.
const PER_TARGET: u32 = 1000;
/// The job of all of them, for queries.
pub(crate) const JOB: &str = "kubelet-cadvisor";
/// Metrics that there are.
pub(crate) const METRICS: u32 = PER_TARGET / 8;

/// Returns the name of a metric.
pub(crate) fn metric(number: u32) -> String {
    format!("container_subsystem_{number}_total")
}

/// Makes `n_series` series with eleven labels of about 250 bytes.
///
/// 35 % constants, 10 % slow gauges, 20 % buckets of Poisson events, 10 % counters of CPU microseconds, 10 % of bytes,
/// 10 % memory in pages of 4 KiB, 5 % ratios that use the whole mantissa.
pub(crate) fn kubernetes_mix(n_series: u32) -> Corpus {
    let mut corpus = Corpus::new(INTERVAL);
    for number in 0..n_series.div_ceil(PER_TARGET) {
        let mut random = Random::of(&number.to_le_bytes());
        let (a, b, c) = (random.bits(), random.bits() >> 40, number % 7);
        let labels = vec![
            ("cluster", "production-europe-west".to_owned()),
            ("container", format!("application-{}", number % 12)),
            ("endpoint", "https-metrics".to_owned()),
            (
                "image",
                format!("registry.example.com/team/application:{:x}", a >> 16),
            ),
            (
                "instance",
                format!("10.{}.{}.7:10250", number / 250, number % 250),
            ),
            ("job", JOB.to_owned()),
            ("namespace", format!("namespace-{}", number % 30)),
            ("node", format!("node-{b:x}.internal")),
            ("pod", format!("application-{:x}-{c}", a >> 32)),
        ];
        let target = Target {
            number,
            labels,
            life: (0, u32::MAX),
        };
        for idx in 0..PER_TARGET.min(n_series - number * PER_TARGET) {
            let name = metric(idx / 8);
            let device = format!("device-{}", idx % 8);
            let size = random.below(100_000);
            corpus
                .of(&target)
                .add(&name, &[("device", &device)], shape(idx % 20, size));
        }
    }
    corpus
}

fn shape(kind: u32, size: u64) -> Shape {
    match kind {
        0..7 => Shape::Constant(size as f64),
        7..9 => Shape::Slow {
            max: 200,
            chance: 0.05,
        },
        9..13 => Shape::Events {
            mean: 4.0 + (size % 8) as f64,
            share: 1.0,
        },
        13..15 => Shape::Cpu {
            cores: 0.01 + (size % 100) as f64 / 100.0,
            interval: INTERVAL,
        },
        15..17 => Shape::Bytes { mean: 1000 + size },
        17..19 => Shape::Pages { max: 1000 + size },
        _ => Shape::Ratio {
            centre: size as f64 / 7.3,
        },
    }
}
