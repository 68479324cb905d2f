//! Series in memory, as a [`Query`].

use std::collections::BTreeMap;

use model::{
    Labels, Matcher, Metadata, Millis, NamesRequest, Query, QueryError, SampleBuffer, Selection, SeriesSet,
    TimeRange,
};

#[derive(Clone, Default)]
pub(crate) struct Memory {
    series: BTreeMap<Labels, BTreeMap<Millis, f64>>,
}

impl Memory {
    pub(crate) fn add(&mut self, labels: &Labels, timestamp: Millis, value: f64) {
        self.series
            .entry(labels.clone())
            .or_default()
            .entry(timestamp)
            .or_insert(value);
    }

    pub(crate) fn clear(&mut self) {
        self.series.clear();
    }
}

struct Found {
    range: TimeRange,
    series: Vec<(Labels, BTreeMap<Millis, f64>)>,
}

fn fits(labels: &Labels, matchers: &[Matcher]) -> bool {
    matchers
        .iter()
        .all(|m| m.matches(labels.get(m.name()).unwrap_or("")))
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
        if self.range.start <= self.range.end {
            for (t, v) in self.series[idx].1.range(self.range.start..=self.range.end) {
                out.push(*t, *v);
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
