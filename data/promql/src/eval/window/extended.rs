//! `anchored` and `smoothed` over histograms: as over floats, bucket by bucket.
//!
//! Source: Prometheus' `extendedHistogramRate` and `smoothSeries`.

use model::{Histogram, Millis, ResetHint};

use crate::annotations::HistogramOperation;
use crate::eval::window::boundary::{Manner, bearing};
use crate::eval::window::counter::Growth;
use crate::eval::window::mixed::HistogramWindow;
use crate::eval::window::notes::{Note, Notes};
use crate::histogram::{Incompatible, Increase, add, detect_reset, divide, interpolate, subtract};

/// Growth between the exact ends of a range.
pub(super) fn growth(
    window: &HistogramWindow<'_>,
    (growth, manner): (Growth, Manner),
    notes: &mut Notes,
) -> Option<Histogram> {
    let HistogramWindow {
        timestamps,
        histograms,
        start,
        end,
        ..
    } = *window;
    let (first, last) = bearing(timestamps, (start, end), manner.smoothed)?;
    if manner.smoothed && timestamps[first] > end {
        return None;
    }
    check(window, (first, last), manner, notes)?;
    let left = if manner.smoothed && timestamps[first] < start {
        value_at(window, (first, start), growth.increase(), notes)?
    } else {
        Histogram::clone(&histograms[first])
    };
    let right = match last.checked_sub(1) {
        Some(previous) if manner.smoothed && timestamps[last] > end => {
            value_at(window, (previous, end), growth.increase(), notes)?
        }
        _ => Histogram::clone(&histograms[last]),
    };
    let are_gauges = left.reset_hint == ResetHint::Gauge && right.reset_hint == ResetHint::Gauge;
    if !manner.counter && !are_gauges {
        notes.add(Note::NotGauge);
    }
    let mut result = right.clone();
    notes.add_combined(subtract(&mut result, &left), HistogramOperation::Subtraction)?;
    if manner.counter {
        let pairs = neighbours(window, (first, last), (&left, &right), manner);
        add_hidden(&mut result, &pairs, notes)?;
    }
    if let Growth::Rate { seconds } = growth {
        divide(&mut result, seconds);
    }
    result.reset_hint = ResetHint::Gauge;
    result.compact(0);
    Some(result)
}

/// Checks that all histograms have the same kind of buckets, and remarks gauges among counters.
fn check(
    window: &HistogramWindow<'_>,
    (first, last): (usize, usize),
    manner: Manner,
    notes: &mut Notes,
) -> Option<()> {
    let bearing = &window.histograms[first..=last];
    let custom = bearing.first()?.has_custom_buckets();
    for histogram in bearing {
        if histogram.has_custom_buckets() != custom {
            notes.add(Note::MixedSchemas);
            return None;
        }
        if manner.counter && histogram.reset_hint == ResetHint::Gauge {
            notes.add(Note::NotCounter);
        }
    }
    Some(())
}

/// Interpolates between a histogram and the next one.
fn value_at(
    window: &HistogramWindow<'_>,
    (at, time): (usize, Millis),
    kind: Increase,
    notes: &mut Notes,
) -> Option<Histogram> {
    let (from, to) = (window.timestamps[at], window.timestamps[at + 1]);
    let fraction = (time - from) as f64 / (to - from) as f64;
    match interpolate(&window.histograms[at], &window.histograms[at + 1], fraction, kind) {
        Ok((histogram, remarks)) => {
            notes.add_rate(remarks);
            Some(histogram)
        }
        Err(Incompatible) => {
            notes.add(Note::MixedSchemas);
            None
        }
    }
}

/// Returns the histograms of a range in order, from the value at its start to the value at its end; those next to
/// each other are to be asked for resets.
fn neighbours<'a>(
    window: &HistogramWindow<'a>,
    (first, last): (usize, usize),
    (left, right): (&'a Histogram, &'a Histogram),
    manner: Manner,
) -> Vec<&'a Histogram> {
    let histograms = window.histograms;
    let mut all = vec![left];
    let mut from = first + 1;
    if manner.smoothed
        && window.timestamps[first] < window.start
        && histograms
            .get(from)
            .is_some_and(|next| detect_reset(next, &histograms[first]))
    {
        // The value at the start lies beyond this reset already.
        all = vec![&*histograms[from]];
        from += 1;
    }
    // The last histogram is what the value at the end was made from, hint included.
    if from <= last {
        all.extend(histograms[from..last].iter().map(|histogram| &**histogram));
        all.push(right);
    }
    all
}

/// Adds what a counter had each time before it started again.
fn add_hidden(result: &mut Histogram, neighbours: &[&Histogram], notes: &mut Notes) -> Option<()> {
    let mut hidden: Option<Histogram> = None;
    for (before, after) in neighbours.iter().zip(neighbours.iter().skip(1)) {
        if !detect_reset(after, before) {
            continue;
        }
        match &mut hidden {
            None => hidden = Some(Histogram::clone(before)),
            Some(sum) => notes.add_combined(add(sum, before), HistogramOperation::Addition)?,
        }
    }
    match hidden {
        Some(hidden) => notes.add_combined(add(result, &hidden), HistogramOperation::Addition),
        None => Some(()),
    }
}

/// Value in the middle of a window of two lookbacks: interpolated, or the last before it.
pub(super) fn smoothed(window: &HistogramWindow<'_>, notes: &mut Notes) -> Option<Histogram> {
    let time = window.start + (window.end - window.start) / 2;
    let next = window.timestamps.partition_point(|t| *t < time);
    if window.timestamps.get(next) == Some(&time) {
        return Some(Histogram::clone(&window.histograms[next]));
    }
    let previous = next.checked_sub(1)?;
    let before = &window.histograms[previous];
    let Some(after) = window.histograms.get(next) else {
        // A hint is about a sample and the one before it, not about a value carried on.
        return Some(Histogram {
            reset_hint: ResetHint::Unknown,
            ..Histogram::clone(before)
        });
    };
    let gauges = before.reset_hint == ResetHint::Gauge && after.reset_hint == ResetHint::Gauge;
    let kind = if gauges {
        Increase::Gauge
    } else {
        Increase::Counter
    };
    if before.has_custom_buckets() != after.has_custom_buckets() {
        notes.add(Note::MixedSchemas);
        return None;
    }
    value_at(window, (previous, time), kind, notes)
}
