//! Exemplars: single observations that point out of a series, most often to a trace.

use crate::{Labels, Matcher, Millis, TimeRange};

/// One observation with the labels that lead to more about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// Where it leads, `trace_id` most often; at most 128 characters together by OpenMetrics.
    pub labels: Labels,
    /// Time of the observation.
    pub timestamp: Millis,
    /// The observed value.
    pub value: f64,
}

/// The exemplars of one series, in ascending time.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesExemplars {
    /// The series.
    pub labels: Labels,
    /// Its exemplars.
    pub exemplars: Vec<Exemplar>,
}

/// Which exemplars a reader wants: those of series for which all matchers of at least one set hold.
#[derive(Clone, Debug)]
pub struct ExemplarRequest {
    /// Alternatives; empty means none.
    pub matcher_sets: Vec<Vec<Matcher>>,
    /// Exemplars outside are not returned.
    pub range: TimeRange,
}
