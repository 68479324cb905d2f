//! Histograms with custom bounds that differ: both are read as if they had only the bounds they share.

use std::sync::Arc;

use model::{Buckets, Histogram};

use super::combine::Sign;
use super::kahan::increment;

/// Combines buckets over the bounds that both histograms have, and gives the result those bounds.
pub(super) fn combine(into: &mut Histogram, lost: Option<&mut Vec<f64>>, other: &Histogram, sign: Sign) {
    let shared = intersect(&into.custom_values, &other.custom_values);
    let mut target = Target {
        counts: vec![0.0; shared.len() + 1],
        lost: vec![0.0; shared.len() + 1],
        bounds: &shared,
    };
    let own_lost = lost.as_deref().map(Vec::as_slice).unwrap_or_default();
    let mut own_lost = own_lost.iter();
    target.take(into, |count| (count, own_lost.next().copied().unwrap_or(0.0)));
    target.take(other, |count| (sign.of(count), 0.0));
    let mut buckets = Buckets::default();
    let mut new_lost = Vec::new();
    let mut end = 0;
    for ((index, count), count_lost) in (0_i32..).zip(&target.counts).zip(&target.lost) {
        if *count != 0.0 || *count_lost != 0.0 {
            buckets.push(end, index, *count);
            new_lost.push(*count_lost);
            end = index + 1;
        }
    }
    into.positive = buckets;
    if let Some(lost) = lost {
        *lost = new_lost;
    }
    into.custom_values = shared;
}

/// Returns the bounds that two ascending lists share.
pub(super) fn intersect(a: &[f64], b: &[f64]) -> Arc<[f64]> {
    let mut others = b.iter().peekable();
    let shared = a.iter().copied().filter(|bound| {
        while others.next_if(|other| *other < bound).is_some() {}
        others.next_if(|other| *other == bound).is_some()
    });
    shared.collect()
}

/// Buckets over shared bounds, none left out.
struct Target<'a> {
    counts: Vec<f64>,
    lost: Vec<f64>,
    bounds: &'a [f64],
}

impl Target<'_> {
    /// Adds buckets; `summands` says what each count adds: itself, and what rounding lost of it.
    fn take(&mut self, histogram: &Histogram, mut summands: impl FnMut(f64) -> (f64, f64)) {
        let bounds = &histogram.custom_values;
        let infinite = self.bounds.len();
        let mut at = 0;
        for (index, count) in histogram.positive.indexed() {
            let bound = usize::try_from(index).ok().and_then(|index| bounds.get(index));
            let place = match bound {
                Some(bound) => {
                    while at < infinite && self.bounds[at] < *bound {
                        at += 1;
                    }
                    at
                }
                None => infinite,
            };
            let (count, lost) = summands(count);
            increment(count, &mut self.counts[place], &mut self.lost[place]);
            if lost != 0.0 {
                increment(lost, &mut self.counts[place], &mut self.lost[place]);
            }
        }
    }
}
