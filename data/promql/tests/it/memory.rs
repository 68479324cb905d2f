//! Series in memory, as a [`Query`].

use std::collections::BTreeMap;

use model::{
    Histogram, Labels, Matcher, Metadata, Millis, NamesRequest, Query, QueryError, ResetHint, SampleBuffer,
    Selection, SeriesSet, TimeRange, is_stale,
};
use promql::histogram::detect_reset;

/// A stored sample.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) value: f64,
    pub(crate) histogram: Option<Histogram>,
    /// When its counting began, 0 if that is not known.
    pub(crate) start: Millis,
}

#[derive(Clone, Default)]
pub(crate) struct Memory {
    series: BTreeMap<Labels, BTreeMap<Millis, Stored>>,
}

impl Memory {
    pub(crate) fn add(&mut self, labels: &Labels, timestamp: Millis, value: f64) {
        let sample = Stored {
            value,
            histogram: None,
            start: 0,
        };
        self.add_sample(labels, timestamp, sample);
    }

    pub(crate) fn add_sample(&mut self, labels: &Labels, timestamp: Millis, sample: Stored) {
        self.series
            .entry(labels.clone())
            .or_default()
            .entry(timestamp)
            .or_insert(sample);
    }

    pub(crate) fn clear(&mut self) {
        self.series.clear();
    }
}

struct Found {
    range: TimeRange,
    series: Vec<(Labels, BTreeMap<Millis, Stored>)>,
}

fn fits(labels: &Labels, matchers: &[Matcher]) -> bool {
    matchers
        .iter()
        .all(|m| m.matches(labels.get(m.name()).unwrap_or("")))
}

/// Says what a store that compares histograms as they come knows about resets, as Prometheus' chunks do: within a
/// chunk there is none, and a chunk goes on as long as there is none and the layout stays. What begins a chunk is
/// not trusted to follow what was before.
fn with_hints(samples: &BTreeMap<Millis, Stored>) -> Vec<(Millis, Stored)> {
    let mut out: Vec<(Millis, Stored)> = Vec::new();
    // The last histogram, as long as nothing else came.
    let mut previous: Option<Histogram> = None;
    for (time, sample) in samples {
        let mut sample = sample.clone();
        let given = sample.histogram.clone();
        if let Some(histogram) = &mut sample.histogram {
            histogram.reset_hint = match (histogram.reset_hint, &previous) {
                (ResetHint::Gauge, _) => ResetHint::Gauge,
                (ResetHint::Unknown | ResetHint::NoReset, Some(previous)) if goes_on(histogram, previous) => {
                    ResetHint::NoReset
                }
                _ => ResetHint::Unknown,
            };
        }
        previous = given;
        out.push((*time, sample));
    }
    out
}

fn goes_on(histogram: &Histogram, previous: &Histogram) -> bool {
    let unmarked = Histogram {
        reset_hint: ResetHint::Unknown,
        ..histogram.clone()
    };
    previous.reset_hint != ResetHint::Gauge
        && histogram.schema == previous.schema
        && histogram.zero_threshold == previous.zero_threshold
        && histogram.custom_values == previous.custom_values
        && !detect_reset(&unmarked, previous)
}

impl SeriesSet for Found {
    fn len(&self) -> usize {
        self.series.len()
    }

    fn labels(&self, idx: usize) -> Labels {
        self.series[idx].0.clone()
    }

    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError> {
        out.clear();
        for (time, sample) in with_hints(&self.series[idx].1) {
            if !self.range.contains(time) {
                continue;
            }
            match sample.histogram {
                Some(histogram) => out.push_histogram(time, histogram),
                None => out.push(time, sample.value),
            }
            if !is_stale(sample.value) {
                out.set_start(sample.start);
            }
        }
        Ok(())
    }
}

impl Query for Memory {
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        let found = self
            .series
            .iter()
            .filter(|(labels, _)| fits(labels, &selection.matchers));
        let series = found
            .map(|(labels, samples)| (labels.clone(), samples.clone()))
            .collect();
        Ok(Box::new(Found {
            range: selection.range,
            series,
        }))
    }

    fn may_have_histograms(&self, metric: &str, range: TimeRange) -> Result<bool, QueryError> {
        let of_metric = self
            .series
            .iter()
            .filter(|(labels, _)| labels.metric_name() == metric);
        let mut samples = of_metric.flat_map(|(_, samples)| samples);
        Ok(samples.any(|(time, sample)| range.contains(*time) && sample.histogram.is_some()))
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
