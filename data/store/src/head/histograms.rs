//! Histograms of one series in memory.
//!
//! Successive histograms with the same layout (schema, hint, spans, bounds) are a run: the layout once, then each
//! sample as differences to the one before. Bytes of a sample:
//! ```text
//! ivarint time minus the time before (first sample of a run: nothing, its time is the run's)
//! tokens (chunk/stream.rs) of zero count, count and sum, relative to those before, at first to zero
//! a bit a bucket, positive ones first, lowest bit first: whether its count changed
//! a token for each count that changed
//! ```

use std::sync::Arc;

use model::{Buckets, Histogram, Millis, ResetHint, Span};

use crate::bytes::{Malformed, Reader, put_ivarint};
use crate::chunk::{put_token, read_token};

/// Samples of one run at most.
const MAX_RUN: u16 = 120;

/// Layouts of earlier runs that are compared before a new one is kept.
const LAYOUTS_LOOKED_AT: usize = 8;

/// Numbers of a histogram beside its buckets.
const N_PLAIN: usize = 3;

/// What histograms of a run share.
#[derive(Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) schema: i8,
    pub(super) integer: bool,
    pub(super) reset_hint: ResetHint,
    pub(super) zero_threshold: u64,
    pub(super) positive: Vec<Span>,
    pub(super) negative: Vec<Span>,
    pub(super) n_positive: usize,
    pub(super) n_negative: usize,
    /// Bits of the bounds.
    pub(super) custom_values: Arc<[u64]>,
}

impl Layout {
    pub(super) fn of(histogram: &Histogram) -> Self {
        Self {
            schema: histogram.schema,
            integer: histogram.integer,
            reset_hint: histogram.reset_hint,
            zero_threshold: histogram.zero_threshold.to_bits(),
            positive: histogram.positive.spans.clone(),
            negative: histogram.negative.spans.clone(),
            n_positive: histogram.positive.counts.len(),
            n_negative: histogram.negative.counts.len(),
            custom_values: histogram.custom_values.iter().map(|v| v.to_bits()).collect(),
        }
    }

    fn fits(&self, histogram: &Histogram) -> bool {
        let bounds = histogram.custom_values.iter().map(|v| v.to_bits());
        self.schema == histogram.schema
            && self.integer == histogram.integer
            && self.reset_hint == histogram.reset_hint
            && self.zero_threshold == histogram.zero_threshold.to_bits()
            && self.positive == histogram.positive.spans
            && self.negative == histogram.negative.spans
            && self.n_positive == histogram.positive.counts.len()
            && self.n_negative == histogram.negative.counts.len()
            && self.custom_values.iter().copied().eq(bounds)
    }

    /// Returns a histogram of this layout without observations.
    pub(super) fn empty(&self) -> Histogram {
        self.with_numbers(&[])
    }

    fn n_numbers(&self) -> usize {
        N_PLAIN + self.n_positive + self.n_negative
    }

    /// Makes a histogram of the numbers that go with this layout.
    fn with_numbers(&self, numbers: &[u64]) -> Histogram {
        let mut floats = numbers.iter().map(|bits| f64::from_bits(*bits));
        let mut next = || floats.next().unwrap_or(0.0);
        let (zero_count, count, sum) = (next(), next(), next());
        let positive = (0..self.n_positive).map(|_| next()).collect();
        let negative = (0..self.n_negative).map(|_| next()).collect();
        Histogram {
            schema: self.schema,
            integer: self.integer,
            reset_hint: self.reset_hint,
            zero_threshold: f64::from_bits(self.zero_threshold),
            zero_count,
            count,
            sum,
            positive: Buckets {
                spans: self.positive.clone(),
                counts: positive,
            },
            negative: Buckets {
                spans: self.negative.clone(),
                counts: negative,
            },
            custom_values: self
                .custom_values
                .iter()
                .map(|bits| f64::from_bits(*bits))
                .collect(),
        }
    }
}

fn numbers_of(histogram: &Histogram) -> impl Iterator<Item = u64> {
    [histogram.zero_count, histogram.count, histogram.sum]
        .into_iter()
        .chain(histogram.positive.counts.iter().copied())
        .chain(histogram.negative.counts.iter().copied())
        .map(f64::to_bits)
}

/// Successive histograms of one layout.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) layout: Arc<Layout>,
    pub(super) n: u16,
    pub(super) first_t: Millis,
    pub(super) last_t: Millis,
    pub(super) bytes: Vec<u8>,
}

impl Run {
    /// Calls `each` with time and histogram of every sample.
    pub(super) fn decode(&self, mut each: impl FnMut(Millis, Histogram)) -> Result<(), Malformed> {
        self.walk(|t, numbers| each(t, self.layout.with_numbers(numbers)))
    }

    /// Returns the numbers of the last sample.
    pub(super) fn last_numbers(&self) -> Result<Vec<u64>, Malformed> {
        let mut last = Vec::new();
        self.walk(|_, numbers| last = numbers.to_vec())?;
        Ok(last)
    }

    fn walk(&self, mut each: impl FnMut(Millis, &[u64])) -> Result<(), Malformed> {
        let mut numbers = vec![0u64; self.layout.n_numbers()];
        let mut reader = Reader::new(&self.bytes);
        let mut t = self.first_t;
        for i in 0..self.n {
            if i > 0 {
                t = t.wrapping_add(reader.ivarint()?);
            }
            let (plain, buckets) = numbers.split_at_mut_checked(N_PLAIN).ok_or(Malformed)?;
            for number in plain {
                *number = read_token(&mut reader, *number)?;
            }
            let mask = reader.bytes(buckets.len().div_ceil(8))?;
            for (at, number) in buckets.iter_mut().enumerate() {
                if mask.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1) {
                    *number = read_token(&mut reader, *number)?;
                }
            }
            each(t, &numbers);
        }
        Ok(())
    }
}

/// All histograms of a series that came in order, in order.
#[derive(Default)]
pub(super) struct HistogramColumn {
    pub(super) runs: Vec<Run>,
    /// Numbers of the last sample.
    pub(super) last: Vec<u64>,
}

impl HistogramColumn {
    /// Appends a histogram later than all before.
    pub(super) fn push(&mut self, t: Millis, histogram: &Histogram) {
        let goes_on = self
            .runs
            .last()
            .is_some_and(|run| run.n < MAX_RUN && run.layout.fits(histogram));
        if !goes_on {
            self.start_run(t, histogram);
        }
        let Some(run) = self.runs.last_mut() else { return };
        if run.n > 0 {
            put_ivarint(&mut run.bytes, t.wrapping_sub(run.last_t));
        }
        let mut numbers = numbers_of(histogram);
        for (last, number) in self.last.iter_mut().zip(numbers.by_ref().take(N_PLAIN)) {
            put_token(*last, number, &mut run.bytes);
            *last = number;
        }
        let buckets = self.last.get_mut(N_PLAIN..).unwrap_or_default();
        let mask_at = run.bytes.len();
        run.bytes.resize(mask_at + buckets.len().div_ceil(8), 0);
        for (at, (last, number)) in buckets.iter_mut().zip(numbers).enumerate() {
            if *last == number {
                continue;
            }
            if let Some(byte) = run.bytes.get_mut(mask_at + at / 8) {
                *byte |= 1 << (at % 8);
            }
            put_token(*last, number, &mut run.bytes);
            *last = number;
        }
        run.last_t = t;
        run.n += 1;
    }

    fn start_run(&mut self, t: Millis, histogram: &Histogram) {
        if let Some(run) = self.runs.last_mut() {
            run.bytes.shrink_to_fit();
        }
        let mut known = self.runs.iter().rev().take(LAYOUTS_LOOKED_AT);
        let layout = match known.find(|run| run.layout.fits(histogram)) {
            Some(run) => Arc::clone(&run.layout),
            None => Arc::new(Layout::of(histogram)),
        };
        self.last.clear();
        self.last.resize(layout.n_numbers(), 0);
        self.runs.push(Run {
            layout,
            n: 0,
            first_t: t,
            last_t: t,
            bytes: Vec::new(),
        });
    }

    /// Returns the last histogram.
    pub(super) fn last(&self) -> Option<Histogram> {
        Some(self.runs.last()?.layout.with_numbers(&self.last))
    }

    /// Returns the histogram at a time.
    pub(super) fn at(&self, t: Millis) -> Option<Histogram> {
        let run = self.runs.iter().find(|run| run.first_t <= t && t <= run.last_t)?;
        let mut found = None;
        let decoded = run.decode(|at, histogram| {
            if at == t {
                found = Some(histogram);
            }
        });
        debug_assert!(decoded.is_ok(), "the shard wrote the run");
        found
    }

    /// Forgets runs that end before a time.
    pub(super) fn evict(&mut self, until: Millis) {
        self.runs.retain(|run| run.last_t >= until);
        if self.runs.is_empty() {
            *self = Self::default();
        }
    }

    /// Returns the time of the first histogram.
    pub(super) fn first_t(&self) -> Option<Millis> {
        self.runs.first().map(|run| run.first_t)
    }
}
