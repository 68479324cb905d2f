//! Compensated sums, of single numbers and of whole histograms.

use model::Buckets;

use crate::math::Kahan;

/// Adds to a sum that keeps its compensation beside it.
pub(super) fn increment(value: f64, sum: &mut f64, compensation: &mut f64) {
    let running = Kahan {
        sum: *sum,
        compensation: *compensation,
    };
    Kahan {
        sum: *sum,
        compensation: *compensation,
    } = running.add(value);
}

/// What rounding lost in each field of a histogram that is a running sum.
#[derive(Clone, Debug, Default)]
pub(super) struct Compensation {
    pub(super) zero_count: f64,
    pub(super) count: f64,
    pub(super) sum: f64,
    /// One a count of the histogram's positive buckets.
    pub(super) positive: Vec<f64>,
    /// One a count of the histogram's negative buckets.
    pub(super) negative: Vec<f64>,
}

impl Compensation {
    /// Applies a factor to everything.
    pub(super) fn for_each(&mut self, change: impl Fn(&mut f64)) {
        change(&mut self.zero_count);
        change(&mut self.count);
        change(&mut self.sum);
        self.positive.iter_mut().for_each(&change);
        self.negative.iter_mut().for_each(&change);
    }
}

/// Buckets of a running sum: counts, and what rounding lost of each if that is kept.
pub(super) struct Running<'a> {
    pub(super) buckets: &'a mut Buckets,
    pub(super) lost: Option<&'a mut Vec<f64>>,
}

impl Running<'_> {
    /// Adds to a count.
    pub(super) fn increment(&mut self, position: usize, value: f64) {
        let count = &mut self.buckets.counts[position];
        match &mut self.lost {
            Some(lost) => increment(value, count, &mut lost[position]),
            None => *count += value,
        }
    }

    /// Replaces buckets and what they lost.
    pub(super) fn replace(&mut self, buckets: Buckets, new_lost: Vec<f64>) {
        *self.buckets = buckets;
        if let Some(lost) = &mut self.lost {
            **lost = new_lost;
        }
    }

    /// Returns what was lost of a count.
    pub(super) fn lost(&self, position: usize) -> f64 {
        self.lost.as_ref().map_or(0.0, |lost| lost[position])
    }

    /// Leaves out buckets without count and loss.
    pub(super) fn compact(&mut self) {
        let Some(lost) = &mut self.lost else {
            self.buckets.compact(0);
            return;
        };
        let cells = self.buckets.counts.iter().zip(lost.iter());
        let keep: Vec<bool> = cells.map(|(count, lost)| *count != 0.0 || *lost != 0.0).collect();
        self.buckets.retain(|position, _| keep[position]);
        let mut keep = keep.into_iter();
        lost.retain(|_| keep.next() == Some(true));
    }
}
