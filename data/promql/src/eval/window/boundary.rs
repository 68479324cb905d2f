//! `anchored` and `smoothed`: growth between the exact ends of a range, without extrapolation.
//!
//! `anchored` takes the values at the ends from the samples before them; `smoothed` interpolates between the
//! samples around them. Samples up to one lookback outside the range are read for that.
//! Source: Prometheus proposal PROM-52 and its `extendedRate`.

use model::Millis;

use crate::ast::Boundary;
use crate::error::EvalError;
use crate::eval::window::counter::Growth;
use crate::eval::window::{Kernel, PerWindow, Samples, SeriesKernel, Window};
use crate::functions::FunctionId;

/// The samples of a window that bear on its range, and the values at its ends.
struct Ends {
    left: f64,
    right: f64,
    /// First and one past the last sample strictly inside.
    inside: (usize, usize),
}

/// Finds the values at the ends of a window; `None` if the range holds nothing to go by.
fn ends(window: &Window<'_>, boundary: Boundary, growth: Growth) -> Option<Ends> {
    let smoothed = boundary == Boundary::Smoothed;
    let (timestamps, values) = (window.timestamps(), window.values());
    let newest = timestamps.len().checked_sub(1)?;
    let before = timestamps[..newest].partition_point(|t| *t <= window.start);
    let mut first = before.saturating_sub(1);
    let mut last = newest;
    if smoothed {
        last = timestamps[..newest].partition_point(|t| *t < window.end);
    }
    if timestamps[last] <= window.start || (smoothed && timestamps[first] > window.end) {
        return None;
    }
    let samples = Samples { timestamps, values };
    let left = if timestamps[first] < window.start && smoothed {
        interpolate(samples, (first, window.start), growth)
    } else {
        values[first]
    };
    let right = match last.checked_sub(1) {
        Some(previous) if timestamps[last] > window.end && smoothed => {
            interpolate(samples, (previous, window.end), growth)
        }
        Some(previous) if timestamps[last] > window.end => values[previous],
        _ => values[last],
    };
    if timestamps[first] <= window.start {
        first += 1;
    }
    let end = if timestamps[last] >= window.end {
        last
    } else {
        last + 1
    };
    Some(Ends {
        left,
        right,
        inside: (first, end.max(first)),
    })
}

/// Value at a time between a sample and the next one; a counter that fell started again at zero.
fn interpolate(samples: Samples<'_>, (at, time): (usize, Millis), growth: Growth) -> f64 {
    let (t0, t1) = (samples.timestamps[at], samples.timestamps[at + 1]);
    let (mut before, after) = (samples.values[at], samples.values[at + 1]);
    if growth.is_of_counter() && after < before {
        before = 0.0;
    }
    before + (after - before) * (time - t0) as f64 / (t1 - t0) as f64
}

fn growth(window: &Window<'_>, boundary: Boundary, growth: Growth) -> Option<f64> {
    let Ends { left, right, inside } = ends(window, boundary, growth)?;
    let mut result = right - left;
    if growth.is_of_counter() {
        let mut previous = left;
        let mut correction = 0.0;
        for value in window.values()[inside.0..inside.1]
            .iter()
            .chain(std::iter::once(&right))
        {
            if *value < previous {
                correction += previous;
            }
            previous = *value;
        }
        result += correction;
    }
    Some(match growth {
        Growth::Rate { seconds } => result / seconds,
        _ => result,
    })
}

/// Counts events between neighbours, from the last sample at or before the start of the range.
fn events(window: &Window<'_>, happens: fn(f64, f64) -> bool) -> Option<f64> {
    let before = window.timestamps().partition_point(|t| *t <= window.start);
    if before == window.len() {
        return None;
    }
    let values = window.values().get(before.saturating_sub(1)..)?;
    Some(values.windows(2).filter(|pair| happens(pair[0], pair[1])).count() as f64)
}

/// Returns the kernel of a function over a range with exact ends.
pub(super) fn kernel_for(
    function: FunctionId,
    name: &str,
    boundary: Boundary,
    seconds: f64,
) -> Result<Box<dyn SeriesKernel>, EvalError> {
    use FunctionId as F;
    let smoothed = boundary == Boundary::Smoothed;
    let of = move |kind: Growth| PerWindow(move |w: &Window<'_>| growth(w, boundary, kind));
    Ok(match function {
        F::Rate => Box::new(of(Growth::Rate { seconds })),
        F::Increase => Box::new(of(Growth::Increase)),
        F::Delta => Box::new(of(Growth::Delta)),
        F::Resets if !smoothed => Box::new(PerWindow(|w: &Window<'_>| events(w, super::counter::is_reset))),
        F::Changes if !smoothed => Box::new(PerWindow(|w: &Window<'_>| events(w, super::counter::is_change))),
        _ => {
            let (word, allowed) = match boundary {
                Boundary::Anchored => ("anchored", "changes, delta, increase, rate, resets"),
                Boundary::Smoothed => ("smoothed", "delta, increase, rate"),
            };
            let message = format!("{word} modifier can only be used with: {allowed} - not with {name}");
            return Err(EvalError::invalid(message));
        }
    })
}

/// Returns the samples of a range with the values at its ends as samples of their own.
pub(super) fn extended(window: &Window<'_>, boundary: Boundary) -> Vec<(Millis, f64)> {
    let Some(Ends { left, right, inside }) = ends(window, boundary, Growth::Delta) else {
        return Vec::new();
    };
    let pairs = window
        .timestamps()
        .iter()
        .copied()
        .zip(window.values().iter().copied());
    let mut samples = vec![(window.start, left)];
    samples.extend(pairs.skip(inside.0).take(inside.1 - inside.0));
    samples.push((window.end, right));
    samples
}

/// Interpolates the value at a time, which lies in the middle of a window of two lookbacks.
pub(super) struct Smoothed;

impl Kernel for Smoothed {
    fn at(&mut self, window: &Window<'_>) -> Option<f64> {
        let time = window.start + (window.end - window.start) / 2;
        let (timestamps, values) = (window.timestamps(), window.values());
        let next = timestamps.partition_point(|t| *t < time);
        if timestamps.get(next) == Some(&time) {
            return Some(values[next]);
        }
        let previous = next.checked_sub(1)?;
        if next == timestamps.len() {
            return Some(values[previous]);
        }
        Some(interpolate(
            Samples { timestamps, values },
            (previous, time),
            Growth::Delta,
        ))
    }
}
