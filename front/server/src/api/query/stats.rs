//! What a query cost, for requests that ask with `stats`.
//!
//! Counted where series are read, so the engine knows nothing of it: a sample that several steps use is counted
//! once, and series once a selection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use model::{
    ExemplarRequest, Labels, Metadata, NamesRequest, Query, QueryError, SampleBuffer, Selection,
    SeriesExemplars, SeriesSet, TimeRange,
};
use std::sync::Arc;

use crate::api::answer::json::Object;

#[derive(Debug, Default)]
struct Counts {
    series: AtomicUsize,
    samples: AtomicUsize,
    largest: AtomicUsize,
}

/// Reads through to another reader and counts.
pub(super) struct Counting<'a> {
    inner: &'a dyn Query,
    counts: Arc<Counts>,
}

struct CountingSet {
    inner: Box<dyn SeriesSet>,
    counts: Arc<Counts>,
}

/// What a query cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Stats {
    series: usize,
    samples: usize,
    largest: usize,
    waited: Duration,
    evaluated: Duration,
}

impl<'a> Counting<'a> {
    pub(super) fn new(inner: &'a dyn Query) -> Self {
        Self {
            inner,
            counts: Arc::default(),
        }
    }

    /// Returns what was counted, with the times of the query.
    pub(super) fn stats(&self, waited: Duration, evaluated: Duration) -> Stats {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        Stats {
            series: count(&self.counts.series),
            samples: count(&self.counts.samples),
            largest: count(&self.counts.largest),
            waited,
            evaluated,
        }
    }
}

impl Stats {
    /// Writes the value of `stats`.
    pub(crate) fn write(&self, mut out: Object<'_>) {
        let (waited, evaluated) = (self.waited.as_secs_f64(), self.evaluated.as_secs_f64());
        out.object("timings")
            .number("evalTotalTime", evaluated)
            .number("resultSortTime", 0.0)
            .number("queryPreparationTime", 0.0)
            .number("innerEvalTime", evaluated)
            .number("execQueueTime", waited)
            .number("execTotalTime", waited + evaluated);
        out.object("samples")
            .count("totalQueryableSamples", self.samples)
            .count("samplesRead", self.samples)
            .count("seriesTouched", self.series)
            .count("peakSamples", self.largest);
    }
}

impl Query for Counting<'_> {
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        let inner = self.inner.select(selection)?;
        self.counts.series.fetch_add(inner.len(), Ordering::Relaxed);
        Ok(Box::new(CountingSet {
            inner,
            counts: Arc::clone(&self.counts),
        }))
    }

    fn may_have_histograms(&self, metric: &str, range: TimeRange) -> Result<bool, QueryError> {
        self.inner.may_have_histograms(metric, range)
    }

    fn label_names(&self, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
        self.inner.label_names(request)
    }

    fn label_values(&self, name: &str, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
        self.inner.label_values(name, request)
    }

    fn metadata(&self, metric: Option<&str>) -> Vec<(String, Metadata)> {
        self.inner.metadata(metric)
    }

    fn exemplars(&self, request: &ExemplarRequest) -> Result<Vec<SeriesExemplars>, QueryError> {
        self.inner.exemplars(request)
    }
}

impl SeriesSet for CountingSet {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn labels(&self, idx: usize) -> Labels {
        self.inner.labels(idx)
    }

    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError> {
        self.inner.read(idx, out)?;
        self.counts.samples.fetch_add(out.len(), Ordering::Relaxed);
        self.counts.largest.fetch_max(out.len(), Ordering::Relaxed);
        Ok(())
    }
}
