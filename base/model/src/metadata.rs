//! What a metric family says about itself.

use std::fmt;

/// The kind of a metric family, as OpenMetrics 1.0 names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MetricType {
    /// Only goes up, or starts again at zero.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Cumulative buckets with a sum and a count.
    Histogram,
    /// Buckets that can also fall.
    GaugeHistogram,
    /// Pre-computed quantiles with a sum and a count.
    Summary,
    /// Constant 1 whose labels are the information.
    Info,
    /// One series per state, 1 for the current one.
    StateSet,
    /// Not declared.
    #[default]
    Unknown,
}

impl MetricType {
    /// Returns the word used by the exposition formats and the metadata API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the type for its word, [`MetricType::Unknown`] for `unknown`, `untyped` and words not known.
    pub fn from_word(word: &str) -> Self {
        match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Type, help and unit of a metric family.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// The kind of the family.
    pub metric_type: MetricType,
    /// One sentence for people; may be empty.
    pub help: String,
    /// Base unit in plural, as in the name's suffix (`seconds`, `bytes`); empty if none is declared.
    pub unit: String,
}
