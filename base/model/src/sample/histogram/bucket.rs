//! Buckets with their bounds, in order.
//!
//! The layout of a histogram (spans of consecutive buckets) is walked from both ends without allocation. A layout
//! that [`validate`](super::Histogram::validate) refuses is walked as far as it makes sense and never panics.

use std::slice;

use super::{Buckets, CUSTOM_BUCKETS, Histogram, Span, exponential_bound};

/// One bucket of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Number within the schema and the side of zero; 0 for the zero bucket.
    pub index: i32,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// An observation equal to the lower bound is counted here.
    pub lower_inclusive: bool,
    /// An observation equal to the upper bound is counted here.
    pub upper_inclusive: bool,
    /// Observations.
    pub count: f64,
}

impl Bucket {
    /// Returns which bounds belong to the bucket, as the HTTP API of Prometheus writes it: 0 the upper one, 1 the
    /// lower one, 2 none, 3 both.
    pub fn boundaries(&self) -> u8 {
        match (self.lower_inclusive, self.upper_inclusive) {
            (false, true) => 0,
            (true, false) => 1,
            (false, false) => 2,
            (true, true) => 3,
        }
    }
}

/// Which side of zero buckets lie on.
#[derive(Clone, Copy)]
enum Side {
    Positive,
    Negative,
}

impl Histogram {
    /// Returns all buckets in ascending order: those below zero, the zero bucket if it has a count, those above.
    /// A bucket that reaches into the zero bucket is cut at the zero threshold. Empty buckets of the layout are
    /// included.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        let threshold = self.zero_threshold;
        let below = self.negative_buckets().rev().map(move |mut bucket| {
            if bucket.upper < 0.0 && bucket.upper > -threshold {
                bucket.upper = -threshold;
            }
            bucket
        });
        let above = self.positive_buckets().map(move |mut bucket| {
            if bucket.lower > 0.0 && bucket.lower < threshold {
                bucket.lower = threshold;
            }
            bucket
        });
        let zero = (self.zero_count > 0.0).then(|| self.zero_bucket());
        below.chain(zero).chain(above)
    }

    /// Returns the buckets above zero (all of them for custom bounds) in ascending order, uncut.
    pub fn positive_buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        let counts = self.positive.indexed();
        counts.map(|(index, count)| self.bucket(Side::Positive, index, count))
    }

    /// Returns the buckets below zero by ascending absolute value, uncut.
    pub fn negative_buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        let counts = self.negative.indexed();
        counts.map(|(index, count)| self.bucket(Side::Negative, index, count))
    }

    /// Returns the zero bucket.
    pub fn zero_bucket(&self) -> Bucket {
        Bucket {
            index: 0,
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            lower_inclusive: true,
            upper_inclusive: true,
            count: self.zero_count,
        }
    }

    /// Returns the upper bound of bucket `index` above zero.
    pub fn bound(&self, index: i32) -> f64 {
        if self.schema != CUSTOM_BUCKETS {
            return exponential_bound(index, self.schema);
        }
        let Ok(at) = usize::try_from(index) else {
            return f64::NEG_INFINITY;
        };
        self.custom_values.get(at).copied().unwrap_or(f64::INFINITY)
    }

    fn bucket(&self, side: Side, index: i32, count: f64) -> Bucket {
        let far = self.bound(index);
        let near = self.bound(index.wrapping_sub(1));
        let (lower, upper) = match side {
            Side::Positive => (near, far),
            Side::Negative => (-far, -near),
        };
        let custom = self.has_custom_buckets();
        Bucket {
            index,
            lower,
            upper,
            lower_inclusive: if custom { index == 0 } else { lower < 0.0 },
            upper_inclusive: custom || upper > 0.0,
            count,
        }
    }
}

impl Buckets {
    /// Returns `(bucket index, count)` in ascending order of index.
    pub fn indexed(&self) -> Indexed<'_> {
        let end = |end: i32, span: &Span| end.wrapping_add(span.offset).wrapping_add(span.length as i32);
        Indexed {
            ahead: self.spans.iter(),
            behind: self.spans.iter(),
            counts: self.counts.iter(),
            front: 0,
            front_left: 0,
            back: self.spans.iter().fold(0, end),
            back_left: 0,
            back_gap: 0,
        }
    }

    /// Tells whether there is no bucket, not even an empty one.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

/// Walks the buckets of one side; see [`Buckets::indexed`].
#[derive(Clone, Debug)]
pub struct Indexed<'a> {
    ahead: slice::Iter<'a, Span>,
    behind: slice::Iter<'a, Span>,
    /// What neither end has taken yet: ends the walk.
    counts: slice::Iter<'a, f64>,
    /// Index of the next bucket from the front.
    front: i32,
    front_left: u32,
    /// One above the index of the next bucket from the back.
    back: i32,
    back_left: u32,
    /// Gap before the span the back is in.
    back_gap: i32,
}

impl Iterator for Indexed<'_> {
    type Item = (i32, f64);

    fn next(&mut self) -> Option<Self::Item> {
        while self.front_left == 0 {
            let span = self.ahead.next()?;
            self.front = self.front.wrapping_add(span.offset);
            self.front_left = span.length;
        }
        let count = *self.counts.next()?;
        let index = self.front;
        self.front = index.wrapping_add(1);
        self.front_left -= 1;
        Some((index, count))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.counts.len()))
    }
}

impl DoubleEndedIterator for Indexed<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        while self.back_left == 0 {
            let span = self.behind.next_back()?;
            self.back = self.back.wrapping_sub(self.back_gap);
            self.back_gap = span.offset;
            self.back_left = span.length;
        }
        let count = *self.counts.next_back()?;
        self.back = self.back.wrapping_sub(1);
        self.back_left -= 1;
        Some((self.back, count))
    }
}

#[cfg(test)]
mod tests;
