//! Stored series: finding them, reading them, and their value at each step.

use std::rc::Rc;

use hashbrown::HashSet;
use model::{
    Labels, METRIC_NAME, MatchOp, Matcher, Millis, SampleBuffer, Selection, SeriesSet, TimeRange, is_stale,
};

use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::{Frame, Row, RowSink, is_metadata_label, without_metadata};
use crate::eval::steps::{Steps, add_step, steps_of, words_for};
use crate::plan::{Node, SelectorPlan};

/// How often the caller is asked whether to go on, in series.
const INTERRUPT_EVERY: usize = 64;

impl Evaluator<'_> {
    /// Finds series; equal selections of one query are made once.
    pub(super) fn select(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Rc<dyn SeriesSet>, EvalError> {
        let mut known = self.selections.borrow_mut();
        let found = known
            .iter()
            .find(|(selection, _)| selection.range == range && selection.matchers == matchers);
        if let Some((_, set)) = found {
            return Ok(Rc::clone(set));
        }
        let selection = Selection {
            matchers: matchers.to_vec(),
            range,
        };
        let set: Rc<dyn SeriesSet> = Rc::from(self.source.select(&selection)?);
        known.push((selection, Rc::clone(&set)));
        Ok(set)
    }

    /// Reads series after series into one buffer.
    pub(super) fn for_each_series(
        &self,
        set: &dyn SeriesSet,
        mut series: impl FnMut(Labels, &mut SampleBuffer) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let mut buffer = SampleBuffer::default();
        let mut lease = self.budget.lease();
        let mut room = 0;
        for idx in 0..set.len() {
            if idx % INTERRUPT_EVERY == 0 {
                self.check_interrupt()?;
            }
            buffer.clear();
            set.read(idx, &mut buffer)?;
            if buffer.is_empty() {
                continue;
            }
            if buffer.len() > room {
                lease.grow(buffer.len() - room)?;
                room = buffer.len();
            }
            series(set.labels(idx), &mut buffer)?;
        }
        Ok(())
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

    /// Returns the times of the samples a selector finds, in seconds, for `timestamp`.
    pub(super) fn sample_times(&self, plan: &SelectorPlan, steps: &Steps) -> Result<Frame, EvalError> {
        let mut frame = self.frame(steps);
        self.selector_rows((plan, Pick::Time), steps, &mut frame)?;
        self.drop_names(&mut frame);
        self.settle_names(frame)
    }

    /// Streams the times of the samples a selector finds, in seconds, under the full labels.
    pub(super) fn stream_sample_times(
        &self,
        plan: &SelectorPlan,
        steps: &Steps,
        sink: &mut dyn RowSink,
    ) -> Result<(), EvalError> {
        self.selector_rows((plan, Pick::Time), steps, sink)
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
        let (first, last) = match plan.at {
            Some(at) => (at, at),
            None => (steps.start, steps.last()),
        };
        let lookback = self.params.lookback;
        let range = TimeRange {
            start: first.saturating_sub(plan.offset).saturating_sub(lookback - 1),
            end: last.saturating_sub(plan.offset),
        };
        let set = self.select(&plan.matchers, range)?;
        let mut values = vec![0.0; n];
        let mut present = vec![0; words_for(n)];
        self.for_each_series(&*set, |labels, buffer| {
            present.fill(0);
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
                if t > wanted.saturating_sub(lookback) && !is_stale(value) {
                    values[i] = match pick {
                        Pick::Value => value,
                        Pick::Time => t as f64 / 1000.0,
                    };
                    add_step(&mut present, i);
                }
            }
            sink.row(Row {
                labels: &labels,
                drop_name: false,
                values: &values,
                present: &present,
            })
        })
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

/// What is wanted of a sample.
#[derive(Clone, Copy)]
enum Pick {
    Value,
    Time,
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

/// Drops the stale markers of a series; they end it for instant vectors, but are no samples of a range.
pub(super) fn drop_stale(buffer: &mut SampleBuffer) {
    if !buffer.values.iter().any(|value| is_stale(*value)) {
        return;
    }
    let mut kept = 0;
    for i in 0..buffer.len() {
        if !is_stale(buffer.values[i]) {
            buffer.values[kept] = buffer.values[i];
            buffer.timestamps[kept] = buffer.timestamps[i];
            kept += 1;
        }
    }
    buffer.values.truncate(kept);
    buffer.timestamps.truncate(kept);
}

/// Copies the steps of a row that are present into a buffer of samples.
pub(super) fn samples_of(row: Row<'_>, steps: &Steps, out: &mut SampleBuffer) {
    out.clear();
    for i in steps_of(row.present) {
        out.push(steps.start + i as Millis * steps.step, row.values[i]);
    }
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
