//! The times at which an expression is evaluated, and sets of them.

use model::Millis;

/// Evaluation times: `start`, `start + step`, … up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) start: Millis,
    pub(crate) end: Millis,
    /// At least 1.
    pub(crate) step: Millis,
}

impl Steps {
    /// Returns the number of times.
    pub(crate) fn count(&self) -> usize {
        if self.end < self.start {
            return 0;
        }
        usize::try_from(self.end.saturating_sub(self.start) / self.step)
            .unwrap_or(usize::MAX)
            .saturating_add(1)
    }

    /// Tells whether there is one time only by intent.
    pub(crate) fn is_instant(&self) -> bool {
        self.start == self.end
    }

    /// Returns the first time alone.
    pub(crate) fn first(&self) -> Self {
        Self {
            start: self.start,
            end: self.start,
            step: self.step,
        }
    }

    /// Iterates over the times.
    pub(crate) fn times(&self) -> impl Iterator<Item = Millis> + use<> {
        let (start, step) = (self.start, self.step);
        (0..self.count()).map(move |i| start + i as Millis * step)
    }

    /// Returns the last time.
    pub(crate) fn last(&self) -> Millis {
        self.start + (self.count().saturating_sub(1)) as Millis * self.step
    }
}

/// Returns how many words hold a set of `n` steps.
pub(crate) fn words_for(n: usize) -> usize {
    n.div_ceil(64)
}

/// Returns the set of all of `n` steps.
pub(crate) fn all_steps(n: usize) -> Vec<u64> {
    let mut set = vec![u64::MAX; words_for(n)];
    if !n.is_multiple_of(64)
        && let Some(last) = set.last_mut()
    {
        *last = (1 << (n % 64)) - 1;
    }
    set
}

/// Tells whether a step is in a set.
pub(crate) fn has_step(set: &[u64], i: usize) -> bool {
    set.get(i / 64).is_some_and(|word| word & (1 << (i % 64)) != 0)
}

/// Adds a step to a set.
pub(crate) fn add_step(set: &mut [u64], i: usize) {
    if let Some(word) = set.get_mut(i / 64) {
        *word |= 1 << (i % 64);
    }
}

/// Iterates over the steps of a set in order.
pub(crate) fn steps_of(set: &[u64]) -> impl Iterator<Item = usize> + '_ {
    set.iter().enumerate().flat_map(|(w, &word)| {
        let mut left = word;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            Some(w * 64 + bit)
        })
    })
}

/// Returns the number of steps in a set.
pub(crate) fn count_steps(set: &[u64]) -> usize {
    set.iter().map(|word| word.count_ones() as usize).sum()
}

/// Tells whether two sets share a step.
pub(crate) fn overlap(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).any(|(a, b)| a & b != 0)
}

/// Adds the steps of `b` to `a`.
pub(crate) fn unite(a: &mut [u64], b: &[u64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a |= b;
    }
}
