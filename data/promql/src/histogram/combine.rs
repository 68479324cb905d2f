//! Sums and differences of two histograms whose layouts need not agree.

use std::iter::Peekable;
use std::sync::Arc;

use model::{Buckets, Histogram, Indexed, ResetHint, exponential_bound};

use super::kahan::{Compensation, Running, increment};
use super::{custom, zero};

/// What is to be remarked about a combination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Combined {
    /// One histogram is known to follow a counter reset, the other is known not to.
    pub hint_collision: bool,
    /// Custom bounds differed; the result has those that both had.
    pub bounds_reconciled: bool,
}

/// One histogram has exponential buckets, the other custom bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incompatible;

/// Whether buckets are added or taken away.
#[derive(Clone, Copy)]
pub(super) enum Sign {
    Plus,
    Minus,
}

impl Sign {
    pub(super) fn of(self, value: f64) -> f64 {
        match self {
            Self::Plus => value,
            Self::Minus => -value,
        }
    }
}

/// Adds a histogram. The result has the lower of both resolutions, the higher zero threshold (raised to the end of
/// a bucket with a count where it would cut one) and the bounds that both have. The hint about resets is that of
/// both if they agree, else gauge if one is a gauge, else unknown.
///
/// # Errors
/// Only one of the two has custom bounds; nothing was changed.
pub fn add(into: &mut Histogram, other: &Histogram) -> Result<Combined, Incompatible> {
    combine(into, None, other, Sign::Plus)
}

/// Takes a histogram away; layouts and hints are treated as by [`add`]. The operator `-` makes a gauge of the
/// result, a mean does not: that is the caller's.
///
/// # Errors
/// As [`add`].
pub fn subtract(into: &mut Histogram, other: &Histogram) -> Result<Combined, Incompatible> {
    combine(into, None, other, Sign::Minus)
}

/// Tells whether two lists of custom bounds are the same.
pub(super) fn same_bounds(a: &Arc<[f64]>, b: &Arc<[f64]>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

pub(super) fn combine(
    into: &mut Histogram,
    mut lost: Option<&mut Compensation>,
    other: &Histogram,
    sign: Sign,
) -> Result<Combined, Incompatible> {
    if into.has_custom_buckets() != other.has_custom_buckets() {
        return Err(Incompatible);
    }
    let mut combined = Combined {
        hint_collision: combine_hints(into, other.reset_hint),
        bounds_reconciled: false,
    };
    into.integer = false;
    if !into.has_custom_buckets() {
        let (count, count_lost) = zero::reconcile(into, lost.as_deref_mut(), other);
        let zero_lost = lost.as_deref_mut().map(|lost| &mut lost.zero_count);
        match zero_lost {
            Some(lost) => {
                increment(sign.of(count), &mut into.zero_count, lost);
                increment(sign.of(count_lost), &mut into.zero_count, lost);
            }
            None => into.zero_count += sign.of(count),
        }
    }
    if let Some(lost) = lost.as_deref_mut() {
        increment(sign.of(other.count), &mut into.count, &mut lost.count);
        increment(sign.of(other.sum), &mut into.sum, &mut lost.sum);
    } else {
        into.count += sign.of(other.count);
        into.sum += sign.of(other.sum);
    }
    let (positive_lost, negative_lost) = match lost {
        Some(lost) => (Some(&mut lost.positive), Some(&mut lost.negative)),
        None => (None, None),
    };
    if into.has_custom_buckets() && !same_bounds(&into.custom_values, &other.custom_values) {
        combined.bounds_reconciled = true;
        custom::combine(into, positive_lost, other, sign);
        return Ok(combined);
    }
    let (from, to) = (into.schema, into.schema.min(other.schema));
    into.schema = to;
    let custom = into.has_custom_buckets();
    let threshold = into.zero_threshold;
    let sides = [
        (&mut into.positive, positive_lost, &other.positive),
        (&mut into.negative, negative_lost, &other.negative),
    ];
    for (buckets, lost, others) in sides {
        let mut running = Running { buckets, lost };
        if from != to {
            reduce(&mut running, from, to);
        }
        let within_zero = |index: i32| !custom && exponential_bound(index, to) <= threshold;
        let cells = Cells::new(others, other.schema, to).after(within_zero);
        add_cells(&mut running, cells, sign);
    }
    Ok(combined)
}

/// Sets the hint of a combination; returns whether the two contradict each other.
fn combine_hints(into: &mut Histogram, other: ResetHint) -> bool {
    match (into.reset_hint, other) {
        (a, b) if a == b => false,
        (ResetHint::Gauge, _) | (_, ResetHint::Gauge) => {
            into.reset_hint = ResetHint::Gauge;
            false
        }
        (a, b) => {
            into.reset_hint = ResetHint::Unknown;
            a != ResetHint::Unknown && b != ResetHint::Unknown
        }
    }
}

/// A bucket of a layout that may have been merged from several.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) index: i32,
    pub(super) count: f64,
    /// What rounding lost when buckets were merged.
    lost: f64,
}

/// Walks buckets as if they had a lower schema, without building that layout.
#[derive(Clone)]
pub(super) struct Cells<'a> {
    buckets: Peekable<Indexed<'a>>,
    from: i8,
    to: i8,
    /// The buckets themselves while none is merged or left out: equal spans then need no walk.
    whole: Option<&'a Buckets>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(buckets: &'a Buckets, from: i8, to: i8) -> Self {
        Self {
            buckets: buckets.indexed().peekable(),
            from,
            to,
            whole: (from == to).then_some(buckets),
        }
    }

    /// Leaves out leading buckets.
    pub(super) fn after(mut self, skip: impl Fn(i32) -> bool) -> Self {
        let (from, to) = (self.from, self.to);
        let skipped = |(index, _): &(i32, f64)| skip(Buckets::reduced_index(*index, from, to));
        while self.buckets.next_if(skipped).is_some() {
            self.whole = None;
        }
        self
    }
}

impl Iterator for Cells<'_> {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        let (index, mut count) = self.buckets.next()?;
        let mut lost = 0.0;
        if self.from == self.to {
            return Some(Cell { index, count, lost });
        }
        let (from, to) = (self.from, self.to);
        let reduced = Buckets::reduced_index(index, from, to);
        let same = |(index, _): &(i32, f64)| Buckets::reduced_index(*index, from, to) == reduced;
        while let Some((_, more)) = self.buckets.next_if(same) {
            increment(more, &mut count, &mut lost);
        }
        Some(Cell {
            index: reduced,
            count,
            lost,
        })
    }
}

fn add_cells(into: &mut Running<'_>, cells: Cells<'_>, sign: Sign) {
    if cells.whole.is_some_and(|others| {
        others.spans == into.buckets.spans && others.counts.len() == into.buckets.counts.len()
    }) {
        for (position, cell) in cells.enumerate() {
            into.increment(position, sign.of(cell.count));
        }
        return;
    }
    if has_room(into.buckets, cells.clone()) {
        let indexes: Vec<i32> = into.buckets.indexed().map(|(index, _)| index).collect();
        let mut position = 0;
        for cell in cells {
            while indexes.get(position).is_some_and(|index| *index < cell.index) {
                position += 1;
            }
            add_cell(into, position, cell, sign);
        }
        return;
    }
    merge(into, cells, sign);
}

fn add_cell(into: &mut Running<'_>, position: usize, cell: Cell, sign: Sign) {
    into.increment(position, sign.of(cell.count));
    if cell.lost != 0.0 && into.lost.is_some() {
        into.increment(position, sign.of(cell.lost));
    }
}

/// Tells whether every cell has a bucket.
fn has_room(buckets: &Buckets, cells: Cells<'_>) -> bool {
    let mut indexes = buckets.indexed();
    cells.into_iter().all(|cell| {
        let found = indexes.find(|(index, _)| *index >= cell.index);
        found.is_some_and(|(index, _)| index == cell.index)
    })
}

/// Adds cells of which some have no bucket yet.
fn merge(into: &mut Running<'_>, cells: Cells<'_>, sign: Sign) {
    let mut merged = Buckets::default();
    let mut lost = Vec::new();
    let mut end = 0;
    let mut put = |index: i32, count: f64, count_lost: f64| {
        merged.push(end, index, count);
        lost.push(count_lost);
        end = index.wrapping_add(1);
    };
    let mut cells = cells.peekable();
    for (position, (index, mut count)) in into.buckets.indexed().enumerate() {
        let mut count_lost = into.lost(position);
        while let Some(cell) = cells.next_if(|cell| cell.index < index) {
            put(cell.index, sign.of(cell.count), sign.of(cell.lost));
        }
        if let Some(cell) = cells.next_if(|cell| cell.index == index) {
            increment(sign.of(cell.count), &mut count, &mut count_lost);
            if cell.lost != 0.0 && into.lost.is_some() {
                increment(sign.of(cell.lost), &mut count, &mut count_lost);
            }
        }
        put(index, count, count_lost);
    }
    for cell in cells {
        put(cell.index, sign.of(cell.count), sign.of(cell.lost));
    }
    into.replace(merged, lost);
}

/// Merges the buckets of a running sum into those of a lower schema.
fn reduce(running: &mut Running<'_>, from: i8, to: i8) {
    if running.lost.is_none() {
        running.buckets.reduce_resolution(from, to);
        return;
    }
    let mut merged = Buckets::default();
    let mut lost: Vec<f64> = Vec::new();
    let mut end = 0;
    for (position, (index, count)) in running.buckets.indexed().enumerate() {
        let index = Buckets::reduced_index(index, from, to);
        let last = merged.counts.last_mut().zip(lost.last_mut());
        if let (Some((sum, sum_lost)), true) = (last, index.wrapping_add(1) == end) {
            increment(count, sum, sum_lost);
            increment(running.lost(position), sum, sum_lost);
        } else {
            merged.push(end, index, count);
            lost.push(running.lost(position));
            end = index.wrapping_add(1);
        }
    }
    running.replace(merged, lost);
}
