//! Changes of layout that keep the observations: leaving out empty buckets, halving the resolution, comparing.

use super::validate::{HistogramError, check_spans};
use super::{Buckets, Histogram, Span};

impl Histogram {
    /// Leaves out empty buckets, but for up to `max_empty` between two others: those cost less than a new span.
    /// Neighbouring spans are joined.
    pub fn compact(&mut self, max_empty: u32) {
        self.positive.compact(max_empty);
        self.negative.compact(max_empty);
    }

    /// Merges buckets until the histogram has the given exponential schema, which must not be above its own.
    /// Schemas above 8, which a sender may use, can be reduced too.
    ///
    /// # Errors
    /// The bounds are custom, the schema is above the histogram's, or spans and counts do not fit each other; the
    /// histogram is as it was.
    pub fn reduce_resolution(&mut self, schema: i8) -> Result<(), HistogramError> {
        if self.has_custom_buckets() || schema > self.schema {
            return Err(HistogramError::Resolution {
                from: self.schema,
                to: schema,
            });
        }
        check_spans(&self.positive)?;
        check_spans(&self.negative)?;
        self.positive.reduce_resolution(self.schema, schema);
        self.negative.reduce_resolution(self.schema, schema);
        self.schema = schema;
        Ok(())
    }

    /// Tells whether two histograms hold the same data bit by bit: the stale marker equals itself, layouts that
    /// differ in empty buckets only do not equal. What is known about resets and the kind of counts do not matter.
    pub fn is_identical(&self, other: &Self) -> bool {
        let bits = |a: f64, b: f64| a.to_bits() == b.to_bits();
        self.schema == other.schema
            && bits(self.count, other.count)
            && bits(self.sum, other.sum)
            && self.zero_threshold == other.zero_threshold
            && bits(self.zero_count, other.zero_count)
            && (!self.has_custom_buckets() || self.custom_values == other.custom_values)
            && self.positive.is_identical(&other.positive)
            && self.negative.is_identical(&other.negative)
    }
}

impl Buckets {
    /// Returns the index that a bucket of schema `from` has in schema `to <= from`.
    pub fn reduced_index(index: i32, from: i8, to: i8) -> i32 {
        let shift = u32::try_from(i32::from(from) - i32::from(to)).unwrap_or(0);
        (index.wrapping_sub(1) >> shift.min(31)).wrapping_add(1)
    }

    /// Merges the buckets of schema `from` into those of schema `to <= from`.
    pub fn reduce_resolution(&mut self, from: i8, to: i8) {
        if from == to {
            return;
        }
        let mut merged = Self::default();
        let mut next = 0;
        for (index, count) in self.indexed() {
            let index = Self::reduced_index(index, from, to);
            if let (Some(last), true) = (merged.counts.last_mut(), index.wrapping_add(1) == next) {
                *last += count;
            } else {
                merged.push(next, index, count);
                next = index.wrapping_add(1);
            }
        }
        *self = merged;
    }

    /// Appends a bucket; `end` is one above the index of the last bucket, 0 if there is none.
    pub fn push(&mut self, end: i32, index: i32, count: f64) {
        self.counts.push(count);
        match self.spans.last_mut() {
            Some(span) if index == end => span.length += 1,
            _ => self.spans.push(Span {
                offset: index.wrapping_sub(end),
                length: 1,
            }),
        }
    }

    /// Leaves out empty buckets; see [`Histogram::compact`].
    pub fn compact(&mut self, max_empty: u32) {
        let gap = i32::try_from(max_empty).unwrap_or(i32::MAX);
        let spans = self.spans.iter().skip(1);
        let is_compact = spans.map(|span| span.offset).all(|offset| offset > gap)
            && self.spans.iter().all(|span| span.length > 0)
            && self.counts.iter().all(|count| *count != 0.0);
        if is_compact {
            return;
        }
        self.retain(|_, count| count != 0.0);
        if gap > 0 {
            self.fill_gaps(gap);
        }
    }

    /// Keeps the buckets for which `keep(position in counts, count)` holds, in spans that do not touch.
    pub fn retain(&mut self, mut keep: impl FnMut(usize, f64) -> bool) {
        let mut spans: Vec<Span> = Vec::with_capacity(self.spans.len());
        let (mut read, mut written) = (0, 0);
        let (mut index, mut end) = (0_i32, 0_i32);
        for span in &self.spans {
            index = index.wrapping_add(span.offset);
            for _ in 0..span.length {
                let Some(count) = self.counts.get(read).copied() else {
                    break;
                };
                if keep(read, count) {
                    self.counts[written] = count;
                    written += 1;
                    match spans.last_mut() {
                        Some(last) if index == end => last.length += 1,
                        _ => spans.push(Span {
                            offset: index.wrapping_sub(end),
                            length: 1,
                        }),
                    }
                    end = index.wrapping_add(1);
                }
                read += 1;
                index = index.wrapping_add(1);
            }
        }
        self.counts.truncate(written);
        self.spans = spans;
    }

    /// Joins spans at most `gap` apart by empty buckets.
    fn fill_gaps(&mut self, gap: i32) {
        let mut filled = Self::default();
        let mut end = 0;
        for (index, count) in self.indexed() {
            while !filled.is_empty() && end < index && index.wrapping_sub(end) <= gap {
                filled.push(end, end, 0.0);
                end += 1;
            }
            filled.push(end, index, count);
            end = index.wrapping_add(1);
        }
        *self = filled;
    }

    fn is_identical(&self, other: &Self) -> bool {
        // Spans without buckets only move what follows them.
        fn filled(buckets: &Buckets) -> impl Iterator<Item = Span> + '_ {
            let mut gap = 0_i32;
            buckets.spans.iter().filter_map(move |span| {
                gap = gap.wrapping_add(span.offset);
                let length = span.length;
                (length > 0).then(|| Span {
                    offset: std::mem::take(&mut gap),
                    length,
                })
            })
        }
        let same_bits = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
        (self.spans == other.spans || filled(self).eq(filled(other)))
            && self.counts.len() == other.counts.len()
            && self.counts.iter().zip(&other.counts).all(same_bits)
    }
}

#[cfg(test)]
mod tests;
