//! `anchored` and `smoothed`: growth between the exact ends of a range, without extrapolation.
//!
//! `anchored` takes the values at the ends from the samples before them; `smoothed` interpolates between the
//! samples around them. Samples up to one lookback outside the range are read for that.
//! Source: Prometheus proposal PROM-52 and its `extendedRate`.

use model::Millis;

use crate::ast::Boundary;
use crate::error::EvalError;
use crate::eval::window::counter::{self, Growth};
use crate::eval::window::start::{self, Point};
use crate::eval::window::{Kernel, PerWindow, Samples, SeriesKernel, Window};
use crate::functions::FunctionId;

/// How the ends of a range are found.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    pub(super) smoothed: bool,
    /// Whether values that fall mean a new start.
    pub(super) counter: bool,
    pub(super) lookback: Millis,
}

/// A value at an end of a range, and when the counting began that led to it, 0 if that is not known.
#[derive(Clone, Copy)]
struct End {
    value: f64,
    start: Millis,
}

/// The samples of a window that bear on its range, and the values at its ends.
struct Ends {
    left: End,
    right: End,
    /// First and one past the last sample strictly inside.
    inside: (usize, usize),
}

/// A sample, moved to where its counting began at zero if there was a reset.
#[derive(Clone, Copy)]
struct Anchor {
    time: Millis,
    value: f64,
}

impl Anchor {
    fn of(samples: Samples<'_>, idx: usize) -> Self {
        Self {
            time: samples.timestamps[idx],
            value: samples.values[idx],
        }
    }

    fn zero(time: Millis) -> Self {
        Self { time, value: 0.0 }
    }

    /// Value at a time between this and the next sample; a counter that fell started again at zero.
    fn interpolate(self, next: Self, time: Millis, counter: bool) -> f64 {
        let before = if counter && next.value < self.value {
            0.0
        } else {
            self.value
        };
        before + (next.value - before) * (time - self.time) as f64 / (next.time - self.time) as f64
    }
}

/// Finds the samples of a window that bear on the ends of its range: the last at or before its start, or the first
/// at all; and for smoothed the first at or after its end, or the last at all. `None` if all lie before it.
pub(super) fn bearing(
    timestamps: &[Millis],
    (start, end): (Millis, Millis),
    smoothed: bool,
) -> Option<(usize, usize)> {
    let newest = timestamps.len().checked_sub(1)?;
    let before = timestamps[..newest].partition_point(|t| *t <= start);
    let first = before.saturating_sub(1);
    let last = if smoothed {
        timestamps[..newest].partition_point(|t| *t < end)
    } else {
        newest
    };
    (timestamps[last] > start).then_some((first, last))
}

/// Finds the values at the ends of a window; `None` if the range holds nothing to go by.
fn ends(window: &Window<'_>, manner: Manner) -> Option<Ends> {
    let samples = window.samples.slice(window.from, window.to);
    let timestamps = samples.timestamps;
    let (mut first, last) = bearing(timestamps, (window.start, window.end), manner.smoothed)?;
    let lookback_start = window.start.saturating_sub(manner.lookback);
    if manner.smoothed && timestamps[first] > window.end {
        let point = Point::of(samples, first);
        // Only a counter that began within reach, and not after the range, says anything.
        let counts = manner.counter
            && start::is_reset_after(lookback_start, point)
            && !start::is_reset_after(window.end, point);
        if !counts {
            return None;
        }
    }
    let left = left_end(samples, first, (window.start, lookback_start), manner);
    let right = right_end(samples, last, (window.end, lookback_start), manner);
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

/// Value at the start of a range, given the last sample at or before it, or the first there is.
fn left_end(
    samples: Samples<'_>,
    first: usize,
    (range_start, lookback_start): (Millis, Millis),
    manner: Manner,
) -> End {
    let point = Point::of(samples, first);
    let mut anchor = Anchor::of(samples, first);
    let known = if point.start > range_start { 0 } else { point.start };
    if point.time == range_start {
        return End {
            value: anchor.value,
            start: point.start,
        };
    }
    if point.time > range_start {
        return End {
            value: before_all(anchor, point, (range_start, lookback_start), manner),
            start: known,
        };
    }
    let mut start = known;
    let next_point = Point::of(samples, first + 1);
    let mut next = Anchor::of(samples, first + 1);
    if manner.counter {
        if start::is_reset_after(range_start, next_point) {
            next = Anchor::zero(next_point.start);
        } else if start::is_reset(point, next_point) {
            anchor = Anchor::zero(next_point.start);
            start = next_point.start;
        }
    }
    let value = if manner.smoothed {
        anchor.interpolate(next, range_start, manner.counter)
    } else {
        anchor.value
    };
    End { value, start }
}

/// Value at the end of a range, given the first sample at or after it, or the last there is.
fn right_end(
    samples: Samples<'_>,
    last: usize,
    (range_end, lookback_start): (Millis, Millis),
    manner: Manner,
) -> End {
    let point = Point::of(samples, last);
    let mut anchor = Anchor::of(samples, last);
    let mut start = if point.start > range_end { 0 } else { point.start };
    if point.time <= range_end {
        return End {
            value: anchor.value,
            start,
        };
    }
    let Some(previous) = last.checked_sub(1) else {
        return End {
            value: before_all(anchor, point, (range_end, lookback_start), manner),
            start,
        };
    };
    let previous_point = Point::of(samples, previous);
    let mut before = Anchor::of(samples, previous);
    if manner.counter {
        if start::is_reset_after(range_end, point) {
            anchor = Anchor::zero(point.start);
            start = previous_point.start;
        } else if start::is_reset(previous_point, point) {
            before = Anchor::zero(point.start);
        }
    }
    let value = if manner.smoothed {
        before.interpolate(anchor, range_end, manner.counter)
    } else {
        before.value
    };
    End { value, start }
}

/// Value at an end of a range that lies before all samples: that of the first one, unless it says that the counter
/// began within reach.
fn before_all(anchor: Anchor, point: Point, (end, lookback_start): (Millis, Millis), manner: Manner) -> f64 {
    if !manner.counter || !start::is_reset_after(lookback_start, point) {
        anchor.value
    } else if start::is_reset_after(end, point) || !manner.smoothed {
        0.0
    } else {
        Anchor::zero(point.start).interpolate(anchor, end, true)
    }
}

fn growth(window: &Window<'_>, manner: Manner, growth: Growth) -> Option<f64> {
    let Ends { left, right, inside } = ends(window, manner)?;
    let mut result = right.value - left.value;
    if manner.counter {
        result += hidden_by_resets(window, (left, right), inside);
    }
    Some(match growth {
        Growth::Rate { seconds } => result / seconds,
        _ => result,
    })
}

/// Sums the values that a counter had before it started again.
fn hidden_by_resets(window: &Window<'_>, (left, right): (End, End), inside: (usize, usize)) -> f64 {
    let samples = window.samples.slice(window.from, window.to);
    let mut hidden = 0.0;
    let mut previous = left.value;
    let mut previous_point = Point {
        start: left.start,
        time: window.start,
    };
    let last = Point {
        start: right.start,
        time: window.end,
    };
    let between = (inside.0..inside.1).map(|idx| (samples.values[idx], Point::of(samples, idx)));
    for (value, point) in between.chain(std::iter::once((right.value, last))) {
        if value < previous || start::is_reset(previous_point, point) {
            hidden += previous;
        }
        (previous, previous_point) = (value, point);
    }
    hidden
}

/// Counts events between neighbours, from the last sample at or before the start of the range.
fn events(window: &Window<'_>, happens: fn(Samples<'_>, usize) -> bool) -> Option<f64> {
    let before = window.timestamps().partition_point(|t| *t <= window.start);
    if before == window.len() {
        return None;
    }
    let first = window.from + before.saturating_sub(1);
    let pairs = first + 1..window.to;
    Some(pairs.filter(|idx| happens(window.samples, *idx)).count() as f64)
}

/// Returns the kernel of a function over a range with exact ends.
pub(super) fn kernel_for(
    function: FunctionId,
    name: &str,
    boundary: Boundary,
    (seconds, lookback): (f64, Millis),
) -> Result<Box<dyn SeriesKernel>, EvalError> {
    use FunctionId as F;
    let smoothed = boundary == Boundary::Smoothed;
    let of = move |kind: Growth| {
        let manner = Manner {
            smoothed,
            counter: kind.is_of_counter(),
            lookback,
        };
        PerWindow(move |w: &Window<'_>| growth(w, manner, kind))
    };
    Ok(match function {
        F::Rate => Box::new(of(Growth::Rate { seconds })),
        F::Increase => Box::new(of(Growth::Increase)),
        F::Delta => Box::new(of(Growth::Delta)),
        F::Resets if !smoothed => Box::new(PerWindow(|w: &Window<'_>| events(w, counter::resets_at))),
        F::Changes if !smoothed => Box::new(PerWindow(|w: &Window<'_>| events(w, counter::changes_at))),
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
    let manner = Manner {
        smoothed: boundary == Boundary::Smoothed,
        counter: false,
        lookback: 0,
    };
    let Some(Ends { left, right, inside }) = ends(window, manner) else {
        return Vec::new();
    };
    let pairs = window
        .timestamps()
        .iter()
        .copied()
        .zip(window.values().iter().copied());
    let mut samples = vec![(window.start, left.value)];
    samples.extend(pairs.skip(inside.0).take(inside.1 - inside.0));
    samples.push((window.end, right.value));
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
        let samples = window.samples.slice(window.from, window.to);
        let (before, after) = (Anchor::of(samples, previous), Anchor::of(samples, next));
        Some(before.interpolate(after, time, false))
    }
}
