//! Range vectors: reading them, and feeding them to kernels.

use std::sync::Arc;

use model::{Histogram, Labels, Matcher, Millis, ResetHint, SampleBuffer, TimeRange};

use crate::ast::Span;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::{Row, RowSink, histogram_at, without_metadata};
use crate::eval::select::{differ_without_metadata, drop_stale, kept, subquery_steps};
use crate::eval::spread::{RowMaker, Rows};
use crate::eval::steps::{Steps, all_steps, steps_of};
use crate::eval::window::mixed::{Mixed, RangeSeries};
use crate::eval::window::notes::Notes;
use crate::eval::window::{Output, PerWindow, Samples, SeriesKernel, Window, Windows, boundary, kernel_for};
use crate::functions::FunctionId;
use crate::histogram::size_in_samples;
use crate::plan::{RangePlan, RangeSource, SelectorPlan, WindowPlan};
use crate::value::Series;

impl Evaluator<'_> {
    /// Tells whether the rows of a window function have different labels whatever the data, so that they need
    /// not be compared with each other.
    pub(in crate::eval) fn keeps_series_apart(
        &self,
        plan: &WindowPlan,
        steps: &Steps,
    ) -> Result<bool, EvalError> {
        if plan.function == FunctionId::AbsentOverTime {
            return Ok(false);
        }
        if self.params.delayed_name_removal || keeps_name(plan.function) {
            return Ok(true);
        }
        match &plan.range.source {
            RangeSource::Subquery { .. } => Ok(false),
            RangeSource::Stored { matchers, .. } => {
                let set = self.select(
                    matchers,
                    stored_range(&Windows::new(&plan.range, steps, self.params.lookback)),
                )?;
                Ok(differ_without_metadata(&*set, matchers))
            }
        }
    }

    /// Returns the matchers of a function of stored series, and the span of time whose samples it needs.
    pub(in crate::eval) fn window_range<'p>(
        &self,
        plan: &'p WindowPlan,
        steps: &Steps,
    ) -> Option<(&'p Vec<Matcher>, TimeRange)> {
        let RangeSource::Stored { matchers, .. } = &plan.range.source else {
            return None;
        };
        let windows = Windows::new(&plan.range, steps, self.params.lookback);
        Some((matchers, stored_range(&windows)))
    }

    /// Evaluates a function of a range vector, row by row.
    pub(in crate::eval) fn stream_window(
        &self,
        plan: &WindowPlan,
        steps: &Steps,
        sink: &mut dyn RowSink,
    ) -> Result<(), EvalError> {
        if plan.function == FunctionId::AbsentOverTime {
            return self.absent_over_time(plan, steps, sink);
        }
        if steps.count() == 0 {
            return Ok(());
        }
        let args = plan
            .args
            .iter()
            .map(|arg| self.scalar(arg, steps))
            .collect::<Result<Vec<_>, _>>()?;
        self.check_parameters(plan, &args)?;
        let quantiles = self.invalid_quantiles(plan, &args);
        let windows = Windows::new(&plan.range, steps, self.params.lookback);
        let job = WindowJob {
            plan,
            args,
            windows,
            lookback: self.params.lookback,
            starts: self.params.start_timestamps && uses_starts(plan.function),
        };
        let mut finish = |head: Row<'_>, out: &Output| self.finish_row((plan, &quantiles), (head, out), sink);
        let RangeSource::Stored {
            matchers,
            keep,
            detail,
            ..
        } = &plan.range.source
        else {
            let mut maker = job.series_maker()?;
            let mut out = Output::new(steps.count());
            return self.for_each_range(&plan.range, steps, |head, series| {
                out.clear();
                maker(series, &mut out);
                finish(head, &out)
            });
        };
        let set = kept(self.select(matchers, stored_range(&windows))?, (matchers, keep));
        let make = || -> Result<RowMaker<'_>, EvalError> {
            let mut maker = job.series_maker()?;
            Ok(Box::new(move |_, buffer, out| {
                let histograms = take_samples(buffer);
                maker(series_of(buffer, &histograms), out);
                Ok(())
            }))
        };
        let rows = Rows {
            set: &*set,
            detail: *detail,
            n_steps: steps.count(),
            make: &make,
        };
        self.spread(&rows, &mut |labels, out| finish(head_of(labels), out))
    }

    /// Hands on a row of a function, with what there is to remark on it.
    fn finish_row(
        &self,
        (plan, quantiles): (&WindowPlan, &[(Span, f64)]),
        (head, out): (Row<'_>, &Output),
        sink: &mut dyn RowSink,
    ) -> Result<(), EvalError> {
        self.remark_series(plan, &out.notes, head.labels);
        if out.present.iter().all(|word| *word == 0) {
            return Ok(());
        }
        let counter = matches!(plan.function, FunctionId::Rate | FunctionId::Increase);
        if counter && out.has_floats() {
            self.remark_non_counter(plan, head.labels.metric_name());
        }
        for (span, q) in quantiles {
            self.annotate(|notes| notes.invalid_quantile(*span, *q));
        }
        let drop_name = head.drop_name || !keeps_name(plan.function);
        let dropped;
        let labels = if drop_name && !self.params.delayed_name_removal {
            dropped = without_metadata(head.labels);
            &dropped
        } else {
            head.labels
        };
        sink.row(Row {
            labels,
            drop_name,
            values: &out.values,
            present: &out.present,
            histograms: &out.histograms,
        })
    }

    /// Returns the quantiles that are none, to be remarked once there is a result.
    fn invalid_quantiles(&self, plan: &WindowPlan, args: &[Vec<f64>]) -> Vec<(Span, f64)> {
        let (FunctionId::QuantileOverTime, [values], [arg]) = (plan.function, args, plan.args.as_slice())
        else {
            return Vec::new();
        };
        let mut invalid: Vec<f64> = values.clone();
        invalid.retain(|q| !(0.0..=1.0).contains(q));
        invalid.dedup_by_key(|q| q.to_bits());
        invalid.into_iter().map(|q| (arg.span, q)).collect()
    }

    /// Interpolates the value of each series at each step.
    pub(in crate::eval) fn stream_smoothed(
        &self,
        (plan, span): (&SelectorPlan, Span),
        steps: &Steps,
        sink: &mut dyn RowSink,
    ) -> Result<(), EvalError> {
        let lookback = self.params.lookback;
        // The window of a time reaches one lookback to both sides.
        let range = RangePlan {
            source: RangeSource::Stored {
                matchers: plan.matchers.clone(),
                keep: Vec::new(),
                boundary: None,
                detail: plan.detail,
            },
            range: 2 * lookback,
            offset: plan.offset - lookback,
            at: plan.at,
        };
        let mut out = Output::new(steps.count());
        let windows = Windows::new(&range, steps, lookback);
        let mixed = Mixed::smoothed();
        self.for_each_range(&range, steps, |head, series| {
            out.clear();
            if series.histograms.is_empty() {
                boundary::Smoothed.run(series.all, &windows, &mut out);
            } else {
                mixed.run(&mut boundary::Smoothed, (series, &windows), &mut out);
            }
            if !out.notes.is_empty() {
                let metric = head.labels.metric_name();
                self.annotate(|notes| out.notes.write((span, span), metric, notes));
            }
            sink.row(Row {
                labels: head.labels,
                drop_name: false,
                values: &out.values,
                present: &out.present,
                histograms: &out.histograms,
            })
        })
    }

    fn remark_series(&self, plan: &WindowPlan, found: &Notes, labels: &Labels) {
        if found.is_empty() {
            return;
        }
        // Prometheus points at the first argument here, which is not the range for one function.
        let first = match (plan.function, plan.args.first()) {
            (FunctionId::QuantileOverTime, Some(arg)) => arg.span,
            _ => plan.range_span,
        };
        self.annotate(|notes| found.write((plan.range_span, first), labels.metric_name(), notes));
    }

    /// Feeds the samples of each series of a range vector.
    fn for_each_range(
        &self,
        plan: &RangePlan,
        steps: &Steps,
        mut series: impl FnMut(Row<'_>, RangeSeries<'_>) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let windows = Windows::new(plan, steps, self.params.lookback);
        match &plan.source {
            RangeSource::Stored { matchers, detail, .. } => {
                let set = self.select(matchers, stored_range(&windows))?;
                self.for_each_series(&*set, *detail, |labels, buffer| {
                    let histograms = take_samples(buffer);
                    series(head_of(&labels), series_of(buffer, &histograms))
                })
            }
            RangeSource::Subquery { node, step } => {
                let (first, last) = windows.ends();
                let step = step.unwrap_or(self.params.default_subquery_step).max(1);
                let inner = subquery_steps(first, last, plan.range, step);
                let frame = self.subquery(node, &inner)?;
                let mut buffer = SampleBuffer::default();
                let mut histograms = Vec::new();
                for row in frame.rows() {
                    samples_of(row, &inner, (&mut buffer, &mut histograms));
                    series(row, series_of(&buffer, &histograms))?;
                }
                Ok(())
            }
        }
    }

    /// Evaluates a range vector at the only step of an instant query.
    pub(in crate::eval) fn range_vector(
        &self,
        plan: &RangePlan,
        steps: &Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let windows = Windows::new(plan, steps, self.params.lookback);
        let (end, _) = windows.ends();
        let start = end.saturating_sub(plan.range);
        let mut all = Vec::new();
        let mut lease = self.budget.lease();
        self.for_each_range(plan, steps, |head, series| {
            let samples = series.all;
            if let Some(boundary) = plan.boundary()
                && !series.histograms.is_empty()
            {
                let word = boundary.as_str();
                let message = format!("{word} modifier is not supported with histograms");
                return Err(EvalError::invalid(message));
            }
            let floats: Vec<_> = match plan.boundary() {
                Some(boundary) => {
                    let mut found = Vec::new();
                    windows.each(samples.timestamps, |place| {
                        found = boundary::extended(&place.window(samples), boundary);
                    });
                    found
                }
                None => in_range(samples.timestamps, (start, end))
                    .filter(|row| series.histogram(*row).is_none())
                    .map(|row| (samples.timestamps[row], samples.values[row]))
                    .collect(),
            };
            let histograms: Vec<_> = in_range(samples.timestamps, (start, end))
                .filter_map(|row| Some((samples.timestamps[row], Arc::clone(series.histogram(row)?))))
                .collect();
            if floats.is_empty() && histograms.is_empty() {
                return Ok(());
            }
            let sizes: usize = histograms.iter().map(|(_, h)| size_in_samples(h)).sum();
            lease.grow(floats.len() + sizes)?;
            let labels = if head.drop_name {
                without_metadata(head.labels)
            } else {
                head.labels.clone()
            };
            all.push(Series {
                labels,
                floats,
                histograms,
            });
            Ok(())
        })?;
        Ok(all)
    }

    fn absent_over_time(
        &self,
        plan: &WindowPlan,
        steps: &Steps,
        sink: &mut dyn RowSink,
    ) -> Result<(), EvalError> {
        let windows = Windows::new(&plan.range, steps, self.params.lookback);
        let n = steps.count();
        let mut out = Output::new(n);
        out.values.fill(1.0);
        let mut kernel = PerWindow(|_: &Window<'_>| Some(1.0));
        self.for_each_range(&plan.range, steps, |_, series| {
            kernel.run(series.all, &windows, &mut out);
            Ok(())
        })?;
        let mut absent = all_steps(n);
        for (absent, present) in absent.iter_mut().zip(&out.present) {
            *absent &= !present;
        }
        let labels = match &plan.range.source {
            RangeSource::Stored { matchers, .. } => crate::eval::call::labels_of_absent(matchers)?,
            RangeSource::Subquery { .. } => Labels::default(),
        };
        sink.row(Row {
            labels: &labels,
            drop_name: true,
            values: &out.values,
            present: &absent,
            histograms: &[],
        })
    }

    fn check_parameters(&self, plan: &WindowPlan, args: &[Vec<f64>]) -> Result<(), EvalError> {
        match (plan.function, args) {
            (FunctionId::DoubleExponentialSmoothing, [smoothing, trend]) => {
                for (name, short, values) in [("smoothing", "sf", smoothing), ("trend", "tf", trend)] {
                    if let Some(bad) = values.iter().find(|v| !(**v > 0.0 && **v < 1.0)) {
                        let message =
                            format!("invalid {name} factor. Expected: 0 < {short} < 1, got: {bad:.6}");
                        return Err(EvalError::invalid(message));
                    }
                }
            }
            (FunctionId::Integral, [strategy]) => {
                for value in strategy.iter().filter(|value| ![0.0, 1.0, 2.0].contains(*value)) {
                    let span = plan.args.first().map_or(plan.range_span, |arg| arg.span);
                    self.annotate(|notes| notes.invalid_integral_strategy(span, *value));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn remark_non_counter(&self, plan: &WindowPlan, metric: &str) {
        let suffixes = ["_total", "_sum", "_count", "_bucket"];
        if !metric.is_empty() && !suffixes.iter().any(|suffix| metric.ends_with(suffix)) {
            self.annotate(|notes| notes.possible_non_counter(plan.range_span, metric));
        }
    }
}

/// Computes the rows of a function, on any thread.
struct WindowJob<'a> {
    plan: &'a WindowPlan,
    args: Vec<Vec<f64>>,
    windows: Windows,
    lookback: Millis,
    /// Whether it matters when counters began.
    starts: bool,
}

impl WindowJob<'_> {
    /// Returns what computes a row from the samples of a series.
    fn series_maker(&self) -> Result<impl FnMut(RangeSeries<'_>, &mut Output), EvalError> {
        let mut kernel = kernel_for(self.plan, self.args.clone(), self.lookback)?;
        let mixed = Mixed::new(self.plan, self.lookback);
        Ok(move |mut series: RangeSeries<'_>, out: &mut Output| {
            if !self.starts {
                series.all.starts = &[];
            }
            if series.histograms.is_empty() {
                kernel.run(series.all, &self.windows, out);
            } else {
                mixed.run(&mut *kernel, (series, &self.windows), out);
            }
        })
    }
}

/// Makes samples of a range of what was read: without stale markers, and with histograms that can be shared.
fn take_samples(buffer: &mut SampleBuffer) -> Vec<(u32, Arc<Histogram>)> {
    drop_stale(buffer);
    std::mem::take(&mut buffer.histograms)
        .into_iter()
        .map(|(row, histogram)| (row, Arc::new(histogram)))
        .collect()
}

/// Returns the head of a stored series, without samples.
fn head_of(labels: &Labels) -> Row<'_> {
    Row {
        labels,
        drop_name: false,
        values: &[],
        present: &[],
        histograms: &[],
    }
}

/// Returns the span of time whose samples windows of stored series need.
fn stored_range(windows: &Windows) -> TimeRange {
    let (first, last) = windows.ends();
    let oldest = first
        .saturating_sub(windows.range)
        .saturating_sub(windows.margins.0);
    TimeRange {
        start: oldest.saturating_add(1),
        end: last.saturating_add(windows.margins.1),
    }
}

/// Tells whether a function returns samples as they are, under their name.
fn keeps_name(function: FunctionId) -> bool {
    matches!(function, FunctionId::LastOverTime | FunctionId::FirstOverTime)
}

/// Tells whether a function looks at when its counters began.
fn uses_starts(function: FunctionId) -> bool {
    matches!(
        function,
        FunctionId::Rate | FunctionId::Irate | FunctionId::Increase | FunctionId::Resets
    )
}

/// Returns the rows with `start < t <= end`.
fn in_range(timestamps: &[Millis], (start, end): (Millis, Millis)) -> std::ops::Range<usize> {
    timestamps.partition_point(|t| *t <= start)..timestamps.partition_point(|t| *t <= end)
}

/// Borrows what was read of a series.
fn series_of<'a>(buffer: &'a SampleBuffer, histograms: &'a [(u32, Arc<Histogram>)]) -> RangeSeries<'a> {
    RangeSeries {
        all: Samples {
            timestamps: &buffer.timestamps,
            values: &buffer.values,
            starts: &buffer.starts,
        },
        histograms,
    }
}

/// Copies the steps of a row that are present into a buffer of samples, and histograms beside it.
fn samples_of(
    row: Row<'_>,
    steps: &Steps,
    (out, histograms): (&mut SampleBuffer, &mut Vec<(u32, Arc<Histogram>)>),
) {
    out.clear();
    histograms.clear();
    for i in steps_of(row.present) {
        if let Some(histogram) = histogram_at(row.histograms, i) {
            let mut histogram = Arc::clone(histogram);
            if matches!(histogram.reset_hint, ResetHint::Reset | ResetHint::NoReset) {
                // Samples left out, or taken twice, would make the hint a wrong one.
                Arc::make_mut(&mut histogram).reset_hint = ResetHint::Unknown;
            }
            histograms.push((u32::try_from(out.len()).unwrap_or(u32::MAX), histogram));
        }
        out.push(steps.start + i as Millis * steps.step, row.values[i]);
    }
}
