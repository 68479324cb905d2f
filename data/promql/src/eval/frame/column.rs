//! The histograms of a row.

use std::sync::Arc;

use model::Histogram;

use crate::eval::steps::steps_of;

/// The histogram of a step; `None` if the sample of the step, if there is one, is a float.
pub(crate) type Slot = Option<Arc<Histogram>>;

/// Returns the histogram of a step.
pub(crate) fn histogram_at(column: &[Slot], step: usize) -> Option<&Arc<Histogram>> {
    column.get(step).and_then(Option::as_ref)
}

/// Tells whether any step that is present has a histogram.
pub(crate) fn has_histogram(present: &[u64], column: &[Slot]) -> bool {
    !column.is_empty() && steps_of(present).any(|step| histogram_at(column, step).is_some())
}

/// Returns the steps of a row whose samples are floats.
pub(crate) fn float_steps(present: &[u64], column: &[Slot]) -> Vec<u64> {
    let mut floats = present.to_vec();
    for (slots, word) in column.chunks(64).zip(&mut floats) {
        for (bit, slot) in slots.iter().enumerate() {
            if slot.is_some() {
                *word &= !(1 << bit);
            }
        }
    }
    floats
}
