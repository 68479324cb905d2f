//! Histogram chunks: one layout, then columns of differences of differences (integers) or of bits (floats).
//!
//! Readers take every histogram but the first of a chunk of counters as "no reset before this one". So a chunk ends
//! where the layout changes, where the source says that there was a reset, and where a count falls.

use model::{Buckets, Histogram, Millis, ResetHint};

use super::MAX_SAMPLES;
use super::bits::{BitWriter, XorColumn};
use super::floats::set_count;
use super::layout::push_layout;

/// A chunk of histograms in the making.
#[derive(Debug)]
pub(super) struct HistogramChunk {
    n_samples: u16,
    out: BitWriter,
    timestamp: DoubleDelta,
    columns: Columns,
    sum: XorColumn,
    last: Histogram,
}

/// Total, zero bucket and buckets, each a column.
#[derive(Debug)]
enum Columns {
    Integers(Vec<DoubleDelta>),
    Floats(Vec<XorColumn>),
}

/// A column of integers, written as differences of differences.
#[derive(Debug)]
struct DoubleDelta {
    value: i64,
    delta: i64,
}

impl DoubleDelta {
    fn new(value: i64) -> Self {
        Self { value, delta: 0 }
    }

    fn push(&mut self, out: &mut BitWriter, value: i64) {
        let delta = value.wrapping_sub(self.value);
        out.push_varbit(delta.wrapping_sub(self.delta));
        *self = Self { value, delta };
    }
}

impl HistogramChunk {
    pub(super) fn new(timestamp: Millis, histogram: &Histogram) -> Self {
        // Number of samples, filled in at the end, and what is known about a reset before the first.
        let flags = match histogram.reset_hint {
            ResetHint::Unknown => 0,
            ResetHint::NoReset => 0b0100_0000,
            ResetHint::Reset => 0b1000_0000,
            ResetHint::Gauge => 0b1100_0000,
        };
        let mut out = BitWriter::behind(vec![0, 0, flags]);
        push_layout(&mut out, histogram);
        out.push_varbit(timestamp);
        let columns = if histogram.integer {
            Columns::Integers(first_integers(&mut out, histogram))
        } else {
            Columns::Floats(first_floats(&mut out, histogram))
        };
        Self {
            n_samples: 1,
            out,
            timestamp: DoubleDelta::new(timestamp),
            columns,
            sum: XorColumn::new(histogram.sum),
            last: histogram.clone(),
        }
    }

    /// Appends a histogram; false if the chunk is full or the histogram does not belong in it.
    pub(super) fn append(&mut self, timestamp: Millis, histogram: &Histogram) -> bool {
        if self.n_samples == MAX_SAMPLES || !continues(&self.last, histogram) {
            return false;
        }
        let Self {
            out, columns, sum, ..
        } = self;
        self.timestamp.push(out, timestamp);
        match columns {
            Columns::Integers(columns) => {
                // Total and zero bucket come before the sum, buckets behind it.
                let mut values = integers(histogram).into_iter();
                let mut columns = columns.iter_mut();
                for (column, value) in columns.by_ref().take(2).zip(values.by_ref()) {
                    column.push(out, value);
                }
                sum.push(out, histogram.sum);
                for (column, value) in columns.zip(values.by_ref()) {
                    column.push(out, value);
                }
            }
            Columns::Floats(columns) => {
                let mut columns = columns.iter_mut();
                for (column, value) in columns
                    .by_ref()
                    .take(2)
                    .zip([histogram.count, histogram.zero_count])
                {
                    column.push(out, value);
                }
                sum.push(out, histogram.sum);
                for (column, &value) in columns.zip(buckets(histogram)) {
                    column.push(out, value);
                }
            }
        }
        self.last.clone_from(histogram);
        self.n_samples += 1;
        true
    }

    /// Returns the encoding and the bytes.
    pub(super) fn finish(mut self) -> (u64, Vec<u8>) {
        set_count(self.out.bytes_mut(), self.n_samples);
        let encoding = match self.columns {
            Columns::Integers(_) => 2,
            Columns::Floats(_) => 3,
        };
        (encoding, self.out.finish())
    }
}

fn first_integers(out: &mut BitWriter, histogram: &Histogram) -> Vec<DoubleDelta> {
    let values = integers(histogram);
    for &value in values.iter().take(2) {
        out.push_varbit_unsigned(value.cast_unsigned());
    }
    out.push(histogram.sum.to_bits(), 64);
    for &value in values.iter().skip(2) {
        out.push_varbit(value);
    }
    values.into_iter().map(DoubleDelta::new).collect()
}

fn first_floats(out: &mut BitWriter, histogram: &Histogram) -> Vec<XorColumn> {
    for value in [histogram.count, histogram.zero_count, histogram.sum] {
        out.push(value.to_bits(), 64);
    }
    for value in buckets(histogram) {
        out.push(value.to_bits(), 64);
    }
    [histogram.count, histogram.zero_count]
        .iter()
        .chain(buckets(histogram))
        .map(|&value| XorColumn::new(value))
        .collect()
}

fn buckets(histogram: &Histogram) -> impl Iterator<Item = &f64> {
    histogram.positive.counts.iter().chain(&histogram.negative.counts)
}

/// Total, zero bucket, and buckets as differences to their neighbours.
fn integers(histogram: &Histogram) -> Vec<i64> {
    let mut values = vec![integer(histogram.count), integer(histogram.zero_count)];
    for side in [&histogram.positive, &histogram.negative] {
        let mut last = 0;
        for &count in &side.counts {
            values.push(integer(count) - last);
            last = integer(count);
        }
    }
    values
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only counts of histograms that count in integers come here; the cast saturates"
)]
fn integer(count: f64) -> i64 {
    count as i64
}

/// Tells whether a histogram may follow another in a chunk.
#[expect(clippy::float_cmp, reason = "a layout is the same or it is not")]
fn continues(last: &Histogram, next: &Histogram) -> bool {
    let same_layout = last.schema == next.schema
        && last.integer == next.integer
        && last.zero_threshold == next.zero_threshold
        && last.positive.spans == next.positive.spans
        && last.negative.spans == next.negative.spans
        && last.custom_values == next.custom_values;
    let is_gauge = next.reset_hint == ResetHint::Gauge;
    if !same_layout || is_gauge != (last.reset_hint == ResetHint::Gauge) {
        return false;
    }
    is_gauge || (next.reset_hint != ResetHint::Reset && !falls(last, next))
}

fn falls(last: &Histogram, next: &Histogram) -> bool {
    let side_falls = |a: &Buckets, b: &Buckets| a.counts.iter().zip(&b.counts).any(|(a, b)| b < a);
    next.count < last.count
        || next.zero_count < last.zero_count
        || side_falls(&last.positive, &next.positive)
        || side_falls(&last.negative, &next.negative)
}
