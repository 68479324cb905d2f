//! How a collector speaks.

use crate::MetricType;

/// A metric family as a collector declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family<'a> {
    /// Metric name, with unit and `_total` suffix as the conventions ask.
    pub name: &'a str,
    /// Kind of the family.
    pub metric_type: MetricType,
    /// One sentence for people.
    pub help: &'a str,
}

impl<'a> Family<'a> {
    /// Declares a counter.
    pub const fn counter(name: &'a str, help: &'a str) -> Self {
        Self {
            name,
            metric_type: MetricType::Counter,
            help,
        }
    }

    /// Declares a gauge.
    pub const fn gauge(name: &'a str, help: &'a str) -> Self {
        Self {
            name,
            metric_type: MetricType::Gauge,
            help,
        }
    }

    /// Declares a family whose kind the source does not tell.
    pub const fn untyped(name: &'a str, help: &'a str) -> Self {
        Self {
            name,
            metric_type: MetricType::Unknown,
            help,
        }
    }
}

/// Takes the samples of one collection. The timestamp, and the labels that say where the samples come from
/// (`job`, `instance`), are the sink's to add.
pub trait Sink {
    /// Takes one sample. `labels` are in any order, without the metric name; empty values are left out.
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64);
}
