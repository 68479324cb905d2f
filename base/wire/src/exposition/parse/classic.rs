//! Classic histograms, put together to native histograms with custom bounds.

use std::sync::Arc;

use model::{Buckets, CUSTOM_BUCKETS, Histogram, Span};

/// Most bounds of one histogram.
const MAX_BOUNDS: usize = 10_000;

/// Why the series of a classic histogram make no histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassicError {
    /// A bucket or the count is below zero.
    #[error("a count is below zero or not a number")]
    Negative,
    /// A bucket holds less than the one below it.
    #[error("the buckets are not cumulative")]
    NotCumulative,
    /// Neither buckets nor a count were given.
    #[error("there are neither buckets nor a count")]
    Empty,
    /// The count is not that of the last bucket.
    #[error("the count is not that of the last bucket")]
    CountMismatch,
    /// More bounds than anybody has.
    #[error("there are more than {MAX_BOUNDS} buckets")]
    TooMany,
}

/// What a series is in its classic histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClassicPart {
    /// A bucket and its upper bound, which is a number.
    Bucket(f64),
    /// The sum of the observations.
    Sum,
    /// The number of observations.
    Count,
}

/// Series of one classic histogram at one moment.
#[derive(Clone, Debug, Default)]
pub struct ClassicHistogram {
    /// `(upper bound, cumulative count)` in ascending order of bounds.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
    error: Option<ClassicError>,
}

impl ClassicPart {
    /// Finds out what a series is: by the suffix of its name and, for a bucket, by its bound. Returns the name of
    /// the histogram too.
    pub fn of<'a>(name: &'a str, bound: Option<&str>) -> Option<(&'a str, Self)> {
        if let Some(family) = name.strip_suffix("_bucket") {
            let bound = super::parse_float(bound?).filter(|bound| !bound.is_nan())?;
            return Some((family, Self::Bucket(bound)));
        }
        if let Some(family) = name.strip_suffix("_sum") {
            return Some((family, Self::Sum));
        }
        Some((name.strip_suffix("_count")?, Self::Count))
    }
}

impl ClassicHistogram {
    /// Takes one series; the first value of a bound counts.
    pub fn add(&mut self, part: ClassicPart, value: f64) {
        match part {
            ClassicPart::Sum => self.sum = value,
            _ if value < 0.0 || value.is_nan() => self.error = Some(ClassicError::Negative),
            ClassicPart::Count => self.count = Some(value),
            ClassicPart::Bucket(_) if self.buckets.len() >= MAX_BOUNDS => {
                self.error = Some(ClassicError::TooMany);
            }
            ClassicPart::Bucket(bound) => {
                // In ascending order, as is usual, the place is at the end.
                let at = self.buckets.partition_point(|(other, _)| *other < bound);
                if self.buckets.get(at).is_none_or(|(other, _)| *other > bound) {
                    self.buckets.insert(at, (bound, value));
                }
            }
        }
    }

    /// Returns the histogram and begins anew.
    ///
    /// # Errors
    /// The series make no histogram.
    pub fn take(&mut self) -> Result<Histogram, ClassicError> {
        let Self {
            mut buckets,
            count,
            sum,
            error,
        } = std::mem::take(self);
        if let Some(error) = error {
            return Err(error);
        }
        let last = buckets.last().copied();
        let count = count.or(last.map(|(_, n)| n)).ok_or(ClassicError::Empty)?;
        if last.is_none_or(|(bound, _)| bound < f64::INFINITY) {
            buckets.push((f64::INFINITY, count));
        }
        let is_integer = |n: f64| n.trunc() == n && n < 9_007_199_254_740_992.0;
        let integer = is_integer(count) && buckets.iter().all(|(_, n)| is_integer(*n));
        let mut below = 0.0;
        let mut counts = Vec::with_capacity(buckets.len());
        for &(_, cumulative) in &buckets {
            if cumulative < below {
                return Err(ClassicError::NotCumulative);
            }
            counts.push(cumulative - below);
            below = cumulative;
        }
        if below != count {
            return Err(ClassicError::CountMismatch);
        }
        buckets.pop();
        let bounds: Arc<[f64]> = buckets.iter().map(|(bound, _)| *bound).collect();
        let length = u32::try_from(counts.len()).unwrap_or(u32::MAX);
        Ok(Histogram {
            schema: CUSTOM_BUCKETS,
            integer,
            count,
            sum,
            positive: super::protobuf::compact(Buckets {
                spans: vec![Span { offset: 0, length }],
                counts,
            }),
            custom_values: bounds,
            ..Histogram::default()
        })
    }
}
