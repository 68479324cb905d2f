//! What start timestamps say about resets of counters.
//!
//! A sample may say when the counting began that led to its value. A beginning after the sample before it is a
//! reset, even if the value did not fall. Source: Prometheus' `isStartTimestampReset` and its kin.

use model::Millis;

use crate::eval::window::Samples;

/// The time of a sample, and when its counting began, 0 if that is not known.
#[derive(Clone, Copy)]
pub(super) struct Point {
    pub(super) start: Millis,
    pub(super) time: Millis,
}

impl Point {
    pub(super) fn of(samples: Samples<'_>, idx: usize) -> Self {
        Self {
            start: samples.start(idx),
            time: samples.timestamps[idx],
        }
    }
}

/// Tells whether counting began anew between two samples.
pub(super) fn is_reset(before: Point, after: Point) -> bool {
    // A beginning that did not change, is not known, lies behind its sample or at it, says nothing.
    if before.start == after.start || after.start == 0 || after.start >= after.time {
        return false;
    }
    if after.start != before.time {
        return after.start > before.time;
    }
    // It began exactly at the sample before: a delta. A counter whose beginning is not known may say the same of
    // its second sample, so the beginning of the one before must be known.
    before.start <= before.time && before.start != 0 && before.start != before.time
}

/// Tells whether counting began anew between a time and a sample.
pub(super) fn is_reset_after(time: Millis, after: Point) -> bool {
    // As if there were a sample of unknown beginning at the time.
    after.start > time && after.time > time && is_reset(Point { start: time, time }, after)
}

/// Tells whether a sample says that its counting began before the sample before it, yet not when that one's did.
pub(super) fn overlaps(before: Point, after_start: Millis) -> bool {
    after_start != 0 && after_start < before.time && after_start != before.start
}

/// Returns the beginning that stands for the start of a range, given its first sample: a zero at that time is then
/// as good as measured.
pub(super) fn zero_within(range_start: Millis, first: Point) -> Option<Millis> {
    let known = first.start != 0 && first.start > range_start && first.start < first.time;
    known.then_some(first.start)
}
