//! What `rate`, `increase` and `delta` need of histograms: the change over a window.

use std::sync::Arc;

use model::{Histogram, ResetHint};

use super::combine::{Incompatible, add, subtract};
use super::reset::detect_reset;
use super::scale::multiply;

/// What a series of histograms is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Increase {
    /// `rate`, `increase`: what was counted before a reset is added.
    Counter,
    /// `delta`: last less first.
    Gauge,
}

/// What is to be remarked about a change over a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateNotes {
    /// A gauge was taken for a counter.
    pub not_counter: bool,
    /// A counter was taken for a gauge.
    pub not_gauge: bool,
    /// Exponential buckets and custom bounds are mixed: there is no result.
    pub incompatible: bool,
    /// Custom bounds differed in a subtraction.
    pub subtracted_bounds: bool,
    /// Custom bounds differed in an addition.
    pub added_bounds: bool,
}

impl RateNotes {
    const INCOMPATIBLE: Self = Self {
        not_counter: false,
        not_gauge: false,
        incompatible: true,
        subtracted_bounds: false,
        added_bounds: false,
    };
}

/// Returns by how much histograms changed from the first to the last of a window, as a compact gauge, before any
/// extrapolation. `None` if they cannot be compared or there are fewer than two.
///
/// `restarted(i)` tells whether start timestamps say that there was a reset between point `i - 1` and point `i` of
/// the window; buckets and hints are asked besides. If there was one between the first two points, the first counts
/// for nothing and its layout does not matter.
pub fn increase<'a, I>(
    points: I,
    kind: Increase,
    restarted: impl Fn(usize) -> bool,
) -> (Option<Histogram>, RateNotes)
where
    I: DoubleEndedIterator<Item = &'a Histogram> + Clone,
{
    let is_reset =
        |at, previous: &Histogram, point: &Histogram| restarted(at) || detect_reset(point, previous);
    increase_between(points, kind, is_reset)
}

/// As [`increase`], for windows that overlap: `was_reset(i)` knows of each point whether there was a reset before it,
/// so that neighbours are compared once a series and not once a window.
pub fn increase_over_resets<'a, I>(
    points: I,
    kind: Increase,
    was_reset: impl Fn(usize) -> bool,
) -> (Option<Histogram>, RateNotes)
where
    I: DoubleEndedIterator<Item = &'a Histogram> + Clone,
{
    increase_between(points, kind, |at, _: &Histogram, _: &Histogram| was_reset(at))
}

fn increase_between<'a, I>(
    points: I,
    kind: Increase,
    is_reset: impl Fn(usize, &Histogram, &Histogram) -> bool,
) -> (Option<Histogram>, RateNotes)
where
    I: DoubleEndedIterator<Item = &'a Histogram> + Clone,
{
    let mut notes = RateNotes::default();
    let mut ends = points.clone();
    let (Some(first), Some(last)) = (ends.next(), ends.next_back()) else {
        return (None, notes);
    };
    let second = ends.clone().next().unwrap_or(last);
    let is_gauge = |histogram: &Histogram| histogram.reset_hint == ResetHint::Gauge;
    let counter = kind == Increase::Counter;
    notes.not_counter = counter && (is_gauge(first) || is_gauge(last));
    notes.not_gauge = kind == Increase::Gauge && (!is_gauge(first) || !is_gauge(last));

    let nothing;
    let mut previous = first;
    if counter && is_reset(1, first, second) {
        nothing = Histogram {
            schema: second.schema,
            custom_values: Arc::clone(&second.custom_values),
            ..Histogram::default()
        };
        previous = &nothing;
    }
    let custom = previous.has_custom_buckets();
    if last.has_custom_buckets() != custom {
        notes.incompatible = true;
        notes.not_gauge = false;
        return (None, notes);
    }
    let mut schema = last.schema.min(previous.schema);
    if counter {
        for point in ends {
            notes.not_counter |= is_gauge(point);
            schema = schema.min(point.schema);
            if point.has_custom_buckets() != custom {
                return (None, RateNotes::INCOMPATIBLE);
            }
        }
    }
    let mut change = last.clone();
    if !custom && change.schema != schema {
        change.positive.reduce_resolution(change.schema, schema);
        change.negative.reduce_resolution(change.schema, schema);
        change.schema = schema;
    }
    // Hints that contradict each other are meant to meet here: resets are seen to right below.
    match subtract(&mut change, previous) {
        Ok(combined) => notes.subtracted_bounds = combined.bounds_reconciled,
        Err(Incompatible) => return (None, RateNotes::INCOMPATIBLE),
    }
    if counter {
        for (at, point) in points.enumerate().skip(1) {
            if is_reset(at, previous, point) {
                match add(&mut change, previous) {
                    Ok(combined) => notes.added_bounds |= combined.bounds_reconciled,
                    Err(Incompatible) => return (None, RateNotes::INCOMPATIBLE),
                }
            }
            previous = point;
        }
    }
    change.reset_hint = ResetHint::Gauge;
    change.compact(0);
    (Some(change), notes)
}

/// Returns the histogram that lies a fraction of the way from one to the next, 0 to 1. A counter that was reset in
/// between is taken to begin at zero after the first.
///
/// # Errors
/// Only one of the two has custom bounds.
pub fn interpolate(
    before: &Histogram,
    after: &Histogram,
    fraction: f64,
    kind: Increase,
) -> Result<(Histogram, RateNotes), Incompatible> {
    let mut notes = RateNotes::default();
    if fraction == 0.0 {
        return Ok((before.clone(), notes));
    }
    let mut between = after.clone();
    if fraction == 1.0 {
        return Ok((between, notes));
    }
    if kind == Increase::Counter && detect_reset(after, before) {
        multiply(&mut between, fraction);
        return Ok((between, notes));
    }
    notes.subtracted_bounds = subtract(&mut between, before)?.bounds_reconciled;
    multiply(&mut between, fraction);
    notes.added_bounds = add(&mut between, before)?.bounds_reconciled;
    Ok((between, notes))
}
