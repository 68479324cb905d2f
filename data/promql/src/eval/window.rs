//! Functions of range vectors.
//!
//! A kernel sees the samples of one series, then one window after another. Windows only move forward, so two
//! indices that only grow find them, and kernels keep what they can from one window to the next.

mod boundary;
mod counter;
mod evaluate;
mod fit;
mod order;
mod sum;

use model::Millis;

use crate::ast::Boundary;
use crate::error::EvalError;
use crate::eval::steps::{Steps, add_step};
use crate::functions::FunctionId;
use crate::plan::{RangePlan, WindowPlan};

/// The samples of one series.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a> {
    pub(crate) timestamps: &'a [Millis],
    pub(crate) values: &'a [f64],
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

/// A kernel with the loop over windows compiled for it.
trait SeriesKernel {
    fn run(&mut self, samples: Samples<'_>, windows: &Windows, out: &mut Output);
}

/// One value a step.
struct Output {
    values: Vec<f64>,
    present: Vec<u64>,
}

impl<K: Kernel> SeriesKernel for K {
    fn run(&mut self, samples: Samples<'_>, windows: &Windows, out: &mut Output) {
        self.begin(samples);
        let (mut from, mut to) = (0, 0);
        let timestamps = samples.timestamps;
        for (step, time) in windows.steps.times().enumerate() {
            let end = windows.at.unwrap_or(time).saturating_sub(windows.offset);
            let start = end.saturating_sub(windows.range);
            while timestamps
                .get(to)
                .is_some_and(|t| *t <= end.saturating_add(windows.margins.1))
            {
                to += 1;
            }
            while from < to && timestamps[from] <= start.saturating_sub(windows.margins.0) {
                from += 1;
            }
            if from == to {
                continue;
            }
            let window = Window {
                samples,
                from,
                to,
                start,
                end,
                step,
                time,
            };
            if let Some(value) = self.at(&window) {
                out.values[step] = value;
                add_step(&mut out.present, step);
            }
        }
    }
}

fn kernel_for(plan: &WindowPlan, args: Vec<Vec<f64>>) -> Result<Box<dyn SeriesKernel>, EvalError> {
    use FunctionId as F;
    let function = plan.function;
    let seconds = plan.range.range as f64 / 1000.0;
    if let Some(boundary) = plan.range.boundary() {
        return boundary::kernel_for(function, plan.name, boundary, seconds);
    }
    let mut args = args.into_iter();
    let mut arg = || args.next().unwrap_or_default();
    Ok(match function {
        F::Rate => Box::new(counter::Extrapolated::new(counter::Growth::Rate { seconds })),
        F::Increase => Box::new(counter::Extrapolated::new(counter::Growth::Increase)),
        F::Delta => Box::new(counter::Extrapolated::new(counter::Growth::Delta)),
        F::Irate => Box::new(PerWindow(counter::irate)),
        F::Idelta => Box::new(PerWindow(counter::idelta)),
        F::Resets => Box::new(counter::Events::new(counter::is_reset)),
        F::Changes => Box::new(counter::Events::new(counter::is_change)),
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
