//! Functions of range vectors.
//!
//! A kernel sees the samples of one series, then one window after another. Windows only move forward, so two
//! indices that only grow find them, and kernels keep what they can from one window to the next. Kernels know
//! floats only; series that have histograms go through [`mixed`], which leaves the floats to the kernels.

mod boundary;
mod counter;
mod evaluate;
mod extended;
mod fit;
mod growth;
mod lanes;
mod mixed;
mod notes;
mod order;
mod start;
mod sum;

use std::sync::Arc;

use model::{Histogram, Millis};

use crate::ast::Boundary;
use crate::error::EvalError;
use crate::eval::frame::{Slot, float_steps};
use crate::eval::steps::{Steps, add_step, words_for};
use crate::eval::window::notes::Notes;
use crate::functions::FunctionId;
use crate::plan::{RangePlan, WindowPlan};

/// The float samples of one series.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a> {
    pub(crate) timestamps: &'a [Millis],
    pub(crate) values: &'a [f64],
    /// When the counting began that led to each sample, 0 if that is not known; empty if it is known for none, or
    /// of no matter.
    pub(crate) starts: &'a [Millis],
}

impl<'a> Samples<'a> {
    /// Returns when the counting began that led to a sample, 0 if that is not known.
    fn start(&self, idx: usize) -> Millis {
        self.starts.get(idx).copied().unwrap_or(0)
    }

    fn slice(&self, from: usize, to: usize) -> Samples<'a> {
        Samples {
            timestamps: &self.timestamps[from..to],
            values: &self.values[from..to],
            starts: self.starts.get(from..to).unwrap_or(&[]),
        }
    }
}

/// The samples `from..to`, those with `start < t <= end`, or more around them for `anchored` and `smoothed`; never
/// empty.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) samples: Samples<'a>,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) start: Millis,
    pub(crate) end: Millis,
    /// Index of the step.
    pub(crate) step: usize,
    /// Time of the step.
    pub(crate) time: Millis,
}

impl<'a> Window<'a> {
    fn values(&self) -> &'a [f64] {
        &self.samples.values[self.from..self.to]
    }

    fn timestamps(&self) -> &'a [Millis] {
        &self.samples.timestamps[self.from..self.to]
    }

    fn len(&self) -> usize {
        self.to - self.from
    }
}

/// Computes one value a window.
trait Kernel {
    /// A new series begins.
    fn begin(&mut self, _samples: Samples<'_>) {}

    /// Returns the value of a window, `None` if it has none.
    fn at(&mut self, window: &Window<'_>) -> Option<f64>;

    /// Adds what there is to remark on the series, after its last window.
    fn end(&mut self, _notes: &mut Notes) {}
}

/// Kernels without memory.
struct PerWindow<F>(F);

impl<F: FnMut(&Window<'_>) -> Option<f64>> Kernel for PerWindow<F> {
    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        (self.0)(window)
    }
}

/// Where the windows of a range vector are.
#[derive(Clone, Copy)]
struct Windows {
    steps: Steps,
    range: Millis,
    offset: Millis,
    at: Option<Millis>,
    /// How far before the range, and after it, samples are of use.
    margins: (Millis, Millis),
}

impl Windows {
    fn new(plan: &RangePlan, steps: &Steps, lookback: Millis) -> Self {
        let margins = match plan.boundary() {
            None => (0, 0),
            Some(Boundary::Anchored) => (lookback, 0),
            Some(Boundary::Smoothed) => (lookback, lookback),
        };
        Self {
            steps: *steps,
            range: plan.range,
            offset: plan.offset,
            at: plan.at,
            margins,
        }
    }

    /// Returns the ends of the first and last window.
    fn ends(&self) -> (Millis, Millis) {
        let (first, last) = match self.at {
            Some(at) => (at, at),
            None => (self.steps.start, self.steps.last()),
        };
        (
            first.saturating_sub(self.offset),
            last.saturating_sub(self.offset),
        )
    }
}

/// Where a window is: its step, its ends, and its samples `from..to`.
#[derive(Clone, Copy)]
struct Place {
    step: usize,
    time: Millis,
    start: Millis,
    end: Millis,
    from: usize,
    to: usize,
}

impl Place {
    #[inline]
    fn window<'a>(&self, samples: Samples<'a>) -> Window<'a> {
        Window {
            samples,
            from: self.from,
            to: self.to,
            start: self.start,
            end: self.end,
            step: self.step,
            time: self.time,
        }
    }
}

impl Windows {
    /// Finds the windows that have samples.
    #[inline]
    fn each(&self, timestamps: &[Millis], mut window: impl FnMut(Place)) {
        let (mut from, mut to) = (0, 0);
        let (mut from_step, mut to_step) = (0, 0);
        for (step, time) in self.steps.times().enumerate() {
            let end = self.at.unwrap_or(time).saturating_sub(self.offset);
            let start = end.saturating_sub(self.range);
            let (before_from, before_to) = (from, to);
            to = after(timestamps, (to, to_step), end.saturating_add(self.margins.1));
            from = after(
                timestamps,
                (from, from_step),
                start.saturating_sub(self.margins.0),
            )
            .min(to);
            (from_step, to_step) = (from - before_from, to - before_to);
            if from < to {
                window(Place {
                    step,
                    time,
                    start,
                    end,
                    from,
                    to,
                });
            }
        }
    }
}

/// Returns the first index from `at` on whose time is after `bound`. Where samples come regularly, as many go by
/// each time, so that is tried first.
#[inline]
fn after(timestamps: &[Millis], (at, step): (usize, usize), bound: Millis) -> usize {
    let guess = at + step;
    let behind = guess == at || timestamps.get(guess - 1).is_some_and(|t| *t <= bound);
    if behind && timestamps.get(guess).is_none_or(|t| *t > bound) {
        return guess;
    }
    let passed = timestamps.iter().skip(at).take_while(|t| **t <= bound);
    at + passed.count()
}

/// A kernel with the loop over windows compiled for it.
trait SeriesKernel {
    fn run(&mut self, samples: Samples<'_>, windows: &Windows, out: &mut Output);
}

/// The row of a series under construction.
pub(super) struct Output {
    /// One value a step.
    pub(super) values: Vec<f64>,
    pub(super) present: Vec<u64>,
    /// Empty, or one slot a step.
    pub(super) histograms: Vec<Slot>,
    notes: Notes,
}

impl Output {
    pub(super) fn new(n_steps: usize) -> Self {
        Self {
            values: vec![0.0; n_steps],
            present: vec![0; words_for(n_steps)],
            histograms: Vec::new(),
            notes: Notes::default(),
        }
    }

    /// Forgets the series before.
    pub(super) fn clear(&mut self) {
        self.present.fill(0);
        self.histograms.clear();
        self.notes = Notes::default();
    }

    /// Tells whether any sample is a float.
    fn has_floats(&self) -> bool {
        float_steps(&self.present, &self.histograms)
            .iter()
            .any(|word| *word != 0)
    }

    pub(super) fn put(&mut self, step: usize, value: f64) {
        self.values[step] = value;
        add_step(&mut self.present, step);
    }

    fn remove(&mut self, step: usize) {
        if let Some(word) = self.present.get_mut(step / 64) {
            *word &= !(1 << (step % 64));
        }
    }

    pub(super) fn put_histogram(&mut self, step: usize, histogram: Arc<Histogram>) {
        self.histograms.resize(self.values.len(), None);
        self.histograms[step] = Some(histogram);
        add_step(&mut self.present, step);
    }
}

impl<K: Kernel> SeriesKernel for K {
    fn run(&mut self, samples: Samples<'_>, windows: &Windows, out: &mut Output) {
        self.begin(samples);
        windows.each(samples.timestamps, |place| {
            let window = place.window(samples);
            if let Some(value) = self.at(&window) {
                out.put(place.step, value);
            }
        });
        self.end(&mut out.notes);
    }
}

/// Returns the kernel of a function; `args` are its scalar arguments, one value a step each.
fn kernel_for(
    plan: &WindowPlan,
    args: Vec<Vec<f64>>,
    lookback: Millis,
) -> Result<Box<dyn SeriesKernel>, EvalError> {
    use FunctionId as F;
    let function = plan.function;
    let seconds = plan.range.range as f64 / 1000.0;
    if let Some(boundary) = plan.range.boundary() {
        return boundary::kernel_for(function, plan.name, boundary, (seconds, lookback));
    }
    let mut args = args.into_iter();
    let mut arg = || args.next().unwrap_or_default();
    Ok(match function {
        F::Rate => Box::new(lanes::Extrapolation::new(counter::Growth::Rate { seconds })),
        F::Increase => Box::new(lanes::Extrapolation::new(counter::Growth::Increase)),
        F::Delta => Box::new(lanes::Extrapolation::new(counter::Growth::Delta)),
        F::Irate => Box::new(PerWindow(counter::irate)),
        F::Idelta => Box::new(PerWindow(counter::idelta)),
        F::Resets => Box::new(counter::Events::new(counter::resets_at)),
        F::Changes => Box::new(counter::Events::new(counter::changes_at)),
        F::CountOverTime => Box::new(PerWindow(|w: &Window<'_>| Some(w.len() as f64))),
        F::PresentOverTime => Box::new(PerWindow(|_: &Window<'_>| Some(1.0))),
        F::FirstOverTime => Box::new(PerWindow(|w: &Window<'_>| w.values().first().copied())),
        F::LastOverTime => Box::new(PerWindow(|w: &Window<'_>| w.values().last().copied())),
        F::TsOfFirstOverTime => Box::new(PerWindow(|w: &Window<'_>| {
            w.timestamps().first().map(|t| *t as f64 / 1000.0)
        })),
        F::TsOfLastOverTime => Box::new(PerWindow(|w: &Window<'_>| {
            w.timestamps().last().map(|t| *t as f64 / 1000.0)
        })),
        F::SumOverTime => Box::new(sum::Sums::new(sum::Summary::Sum)),
        F::AvgOverTime => Box::new(sum::Sums::new(sum::Summary::Average)),
        F::StddevOverTime => Box::new(PerWindow(|w: &Window<'_>| Some(sum::variance(w.values()).sqrt()))),
        F::StdvarOverTime => Box::new(PerWindow(|w: &Window<'_>| Some(sum::variance(w.values())))),
        F::MinOverTime => Box::new(order::Extreme::new(order::Direction::Min)),
        F::MaxOverTime => Box::new(order::Extreme::new(order::Direction::Max)),
        F::TsOfMinOverTime => Box::new(PerWindow(|w: &Window<'_>| order::time_of(w, |a, b| a <= b))),
        F::TsOfMaxOverTime => Box::new(PerWindow(|w: &Window<'_>| order::time_of(w, |a, b| a >= b))),
        F::QuantileOverTime => Box::new(order::Quantile::new(arg())),
        F::MadOverTime => Box::new(order::MedianDeviation::default()),
        F::Deriv => Box::new(PerWindow(fit::deriv)),
        F::PredictLinear => {
            let ahead = arg();
            Box::new(PerWindow(move |w: &Window<'_>| fit::predict(w, ahead[w.step])))
        }
        F::DoubleExponentialSmoothing => {
            let (smoothing, trend) = (arg(), arg());
            Box::new(PerWindow(move |w: &Window<'_>| {
                fit::smooth(w, smoothing[w.step], trend[w.step])
            }))
        }
        F::Integral => {
            let strategy = arg();
            Box::new(PerWindow(move |w: &Window<'_>| {
                Some(fit::integral(w, strategy.get(w.step).copied().unwrap_or(2.0)))
            }))
        }
        _ => return Err(EvalError::invalid("unexpected range vector argument")),
    })
}

#[cfg(test)]
mod tests;
