//! Stored series: finding them, reading them, and their value at each step.

use std::sync::Arc;

use hashbrown::HashSet;
use model::{
    Histogram, Labels, METRIC_NAME, MatchOp, Matcher, Millis, QueryError, SampleBuffer, Selection, SeriesSet,
    TimeRange, is_stale,
};

use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::{Frame, Row, RowSink, is_metadata_label, without_metadata};
use crate::eval::spread::{RowMaker, Rows};
use crate::eval::steps::Steps;
use crate::eval::window::Output;
use crate::plan::{Keep, Node, SelectorPlan};

impl Evaluator<'_> {
    /// Finds series; equal selections of one query are made once.
    pub(super) fn select(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Arc<dyn SeriesSet>, EvalError> {
        let mut known = self.selections.borrow_mut();
        let found = known
            .iter()
            .find(|(selection, _)| selection.range == range && selection.matchers == matchers);
        if let Some((_, set)) = found {
            return Ok(Arc::clone(set));
        }
        let selection = Selection {
            matchers: matchers.to_vec(),
            range,
        };
        let set: Arc<dyn SeriesSet> = Arc::from(self.source.select(&selection)?);
        known.push((selection, Arc::clone(&set)));
        Ok(set)
    }

    /// Streams the value of each series at each step.
    pub(super) fn stream_selector(
        &self,
        plan: &SelectorPlan,
        steps: &Steps,
        sink: &mut dyn RowSink,
    ) -> Result<(), EvalError> {
        self.selector_rows((plan, Pick::Value), steps, sink)
    }

    /// Returns the times of the samples a selector finds, in seconds, or when their counters began.
    pub(super) fn sample_times(
        &self,
        plan: &SelectorPlan,
        pick: Pick,
        steps: &Steps,
    ) -> Result<Frame, EvalError> {
        let mut frame = self.frame(steps);
        self.selector_rows((plan, pick), steps, &mut frame)?;
        self.without_names(frame)
    }

    /// Streams the times of the samples a selector of info series finds, in seconds, under the full labels.
    pub(super) fn stream_info_times(
        &self,
        plan: &SelectorPlan,
        steps: &Steps,
        sink: &mut dyn RowSink,
    ) -> Result<(), EvalError> {
        self.selector_rows((plan, Pick::InfoTime), steps, sink)
    }

    fn selector_rows(
        &self,
        (plan, pick): (&SelectorPlan, Pick),
        steps: &Steps,
        sink: &mut dyn RowSink,
    ) -> Result<(), EvalError> {
        let n = steps.count();
        if n == 0 {
            return Ok(());
        }
        let lookback = self.params.lookback;
        let set = self.select(&plan.matchers, self.selected_range(plan, steps))?;
        let set = kept(set, (&plan.matchers, &plan.keep));
        let make = || -> Result<RowMaker<'_>, EvalError> {
            Ok(Box::new(move |labels, buffer, out| {
                pick_samples((plan, pick, lookback), steps, (labels, buffer), out)
            }))
        };
        let rows = Rows {
            set: &*set,
            detail: plan.detail,
            n_steps: n,
            make: &make,
        };
        self.spread(&rows, &mut |labels, out| {
            sink.row(Row {
                labels,
                drop_name: false,
                values: &out.values,
                present: &out.present,
                histograms: &out.histograms,
            })
        })
    }

    /// Returns the span of time whose samples a selector needs.
    pub(super) fn selected_range(&self, plan: &SelectorPlan, steps: &Steps) -> TimeRange {
        let (first, last) = match plan.at {
            Some(at) => (at, at),
            None => (steps.start, steps.last()),
        };
        TimeRange {
            start: first
                .saturating_sub(plan.offset)
                .saturating_sub(self.params.lookback - 1),
            end: last.saturating_sub(plan.offset),
        }
    }

    /// Evaluates a subquery: its expression at its own steps.
    pub(super) fn subquery(&self, node: &Node, inner: &Steps) -> Result<Frame, EvalError> {
        // Scratch vectors of operators have one number a step, so steps alone can be too many.
        let limit = self.params.limits.max_samples;
        if inner.count() > limit / 8 {
            return Err(EvalError::TooManySamples { limit });
        }
        if inner.count() == 0 {
            Ok(self.frame(inner))
        } else {
            self.vector(node, inner)
        }
    }
}

/// Finds the newest sample of a series at each step.
fn pick_samples(
    (plan, pick, lookback): (&SelectorPlan, Pick, Millis),
    steps: &Steps,
    (labels, buffer): (&Labels, &mut SampleBuffer),
    out: &mut Output,
) -> Result<(), EvalError> {
    let mut shared = Shared::new(buffer);
    let mut next = 0;
    for (i, time) in steps.times().enumerate() {
        let wanted = plan.at.unwrap_or(time).saturating_sub(plan.offset);
        while buffer.timestamps.get(next).is_some_and(|t| *t <= wanted) {
            next += 1;
        }
        let Some(newest) = next.checked_sub(1) else {
            continue;
        };
        let (t, value) = (buffer.timestamps[newest], buffer.values[newest]);
        if t <= wanted.saturating_sub(lookback) || is_stale(value) {
            continue;
        }
        match (pick, shared.get(newest)) {
            (Pick::Value, Some(histogram)) => out.put_histogram(i, histogram),
            (Pick::Value, None) => out.put(i, value),
            (Pick::InfoTime, Some(_)) => {
                return Err(EvalError::invalid(format!(
                    "this should be an info metric, with float samples: {labels}"
                )));
            }
            (Pick::Time | Pick::InfoTime, _) => out.put(i, t as f64 / 1000.0),
            (Pick::Start, _) => out.put(i, buffer.start(newest) as f64 / 1000.0),
        }
    }
    Ok(())
}

/// What is wanted of a sample.
#[derive(Clone, Copy)]
pub(super) enum Pick {
    Value,
    /// Its time.
    Time,
    /// Its time; it must be a float.
    InfoTime,
    /// When its counter began, 0 if that is not known.
    Start,
}

/// The histograms of a buffer, to be read in ascending order and shared by the steps that see them.
struct Shared {
    histograms: std::iter::Peekable<std::vec::IntoIter<(u32, Histogram)>>,
    current: Option<(usize, Arc<Histogram>)>,
}

impl Shared {
    fn new(buffer: &mut SampleBuffer) -> Self {
        Self {
            histograms: std::mem::take(&mut buffer.histograms).into_iter().peekable(),
            current: None,
        }
    }

    /// Returns the histogram of a row; rows asked for never go back.
    fn get(&mut self, row: usize) -> Option<Arc<Histogram>> {
        while let Some((at, histogram)) = self.histograms.next_if(|(at, _)| *at as usize <= row) {
            self.current = Some((at as usize, Arc::new(histogram)));
        }
        match &self.current {
            Some((at, histogram)) if *at == row => Some(Arc::clone(histogram)),
            _ => None,
        }
    }
}

/// Returns the steps at which a subquery evaluates: multiples of its step within the ranges of all outer steps.
pub(super) fn subquery_steps(first: Millis, last: Millis, range: Millis, step: Millis) -> Steps {
    let oldest = first.saturating_sub(range);
    let mut start = step * (oldest / step);
    if start <= oldest {
        start = start.saturating_add(step);
    }
    Steps {
        start,
        end: last,
        step,
    }
}

/// How many samples are asked together whether there is a stale marker among them.
const STALE_BLOCK: usize = 64;

/// Drops the stale markers of a series; they end it for instant vectors, but are no samples of a range.
pub(super) fn drop_stale(buffer: &mut SampleBuffer) {
    // They are rare: blocks are asked as a whole, which the compiler does several samples at a time.
    let has_stale = |block: &[f64]| block.iter().fold(false, |found, value| found | is_stale(*value));
    if !buffer.values.chunks(STALE_BLOCK).any(has_stale) {
        return;
    }
    let mut kept = 0;
    let mut histograms = buffer.histograms.iter_mut().peekable();
    for i in 0..buffer.values.len() {
        if is_stale(buffer.values[i]) {
            continue;
        }
        if let Some((row, _)) = histograms.next_if(|(row, _)| *row as usize == i) {
            *row -= u32::try_from(i - kept).unwrap_or(0);
        }
        buffer.values[kept] = buffer.values[i];
        buffer.timestamps[kept] = buffer.timestamps[i];
        if !buffer.starts.is_empty() {
            buffer.starts[kept] = buffer.starts[i];
        }
        kept += 1;
    }
    buffer.values.truncate(kept);
    buffer.timestamps.truncate(kept);
    buffer.starts.truncate(kept);
}

/// Some of the series of a set.
struct Kept {
    set: Arc<dyn SeriesSet>,
    places: Vec<usize>,
}

impl SeriesSet for Kept {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn labels(&self, idx: usize) -> Labels {
        let place = self.places.get(idx);
        place.map(|place| self.set.labels(*place)).unwrap_or_default()
    }

    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError> {
        out.clear();
        match self.places.get(idx) {
            Some(place) => self.set.read(*place, out),
            None => Ok(()),
        }
    }
}

/// Leaves out series that are of no use, unless that would hide that series become equal without their names.
pub(super) fn kept(set: Arc<dyn SeriesSet>, (matchers, keep): (&[Matcher], &[Keep])) -> Arc<dyn SeriesSet> {
    if keep.is_empty() || !differ_without_metadata(&*set, matchers) {
        return set;
    }
    let is_of_use = |idx: &usize| {
        let labels = set.labels(*idx);
        keep.iter().all(|condition| condition.holds(&labels))
    };
    let places: Vec<usize> = (0..set.len()).filter(is_of_use).collect();
    if places.len() == set.len() {
        return set;
    }
    Arc::new(Kept { set, places })
}

/// Tells whether series stay different when their metadata labels go.
pub(super) fn differ_without_metadata(set: &dyn SeriesSet, matchers: &[Matcher]) -> bool {
    let pinned = matchers
        .iter()
        .any(|m| m.name() == METRIC_NAME && m.op() == MatchOp::Equal);
    let has_other = |labels: &Labels| {
        labels
            .iter()
            .any(|(name, _)| name != METRIC_NAME && is_metadata_label(name))
    };
    if pinned && !(0..set.len()).any(|idx| has_other(&set.labels(idx))) {
        // They all have one name, and nothing else goes.
        return true;
    }
    let mut seen = HashSet::with_capacity(set.len());
    (0..set.len()).all(|idx| seen.insert(without_metadata(&set.labels(idx))))
}
