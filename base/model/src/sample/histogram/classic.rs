//! Between classic histograms (a series a bucket) and native ones with custom bounds.
//!
//! Classic buckets are cumulative and come one by one, in an exposition or in a test's load; together with count
//! and sum they are one [`Histogram`] with [`CUSTOM_BUCKETS`], and can be had from it again.

use std::sync::Arc;

use super::{Buckets, CUSTOM_BUCKETS, Histogram, HistogramError, ResetHint, Span};

/// Most buckets of one classic histogram.
const MAX_CLASSIC_BUCKETS: usize = 10_000;

/// Why a classic histogram cannot be read as a native one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClassicError {
    /// A count of a bucket that is negative or not a number.
    #[error("bucket count must be non-negative: le={bound}, count={count}")]
    NegativeBucketCount {
        /// Upper bound.
        bound: f64,
        /// Its count.
        count: f64,
    },
    /// More buckets than anybody has.
    #[error("there are more than {MAX_CLASSIC_BUCKETS} buckets")]
    TooManyBuckets,
    /// A bound that is no number.
    #[error("bucket boundary must not be NaN")]
    NanBound,
    /// A count of all observations that is negative or not a number.
    #[error("count must be non-negative: count={0}")]
    NegativeCount(f64),
    /// Neither a bucket nor a count.
    #[error("count must be provided when no buckets are present")]
    MissingCount,
    /// The count differs from that of the infinite bucket.
    #[error("count mismatch: count={count} != le=+Inf count={infinite}")]
    CountMismatch {
        /// Count of all observations.
        count: f64,
        /// Count of the infinite bucket.
        infinite: f64,
    },
    /// A bucket has less observations than one below it.
    #[error("count is not cumulative: {higher} < {lower}")]
    NotCumulative {
        /// Count of the bucket with the lower bound.
        lower: f64,
        /// Count of the bucket with the higher bound.
        higher: f64,
    },
    /// The result would not be valid.
    #[error("invalid histogram: {0}")]
    Invalid(#[from] HistogramError),
}

/// Which series of a classic histogram a metric name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassicPart {
    /// `_bucket`: the observations up to the bound in the label `le`.
    Bucket,
    /// `_count`: all observations.
    Count,
    /// `_sum`: sum of the observations.
    Sum,
}

impl ClassicPart {
    /// Splits a metric name into the name of the histogram and the part it stands for; `None` if the name has
    /// none of the suffixes.
    pub fn split(name: &str) -> Option<(&str, Self)> {
        let suffixes = [
            ("_bucket", Self::Bucket),
            ("_sum", Self::Sum),
            ("_count", Self::Count),
        ];
        let mut split = suffixes.iter();
        split.find_map(|(suffix, part)| Some((name.strip_suffix(suffix)?, *part)))
    }
}

/// A classic histogram on its way to become a native one: what is known of it so far.
///
/// The first thing wrong is remembered and returned by every later call.
#[derive(Clone, Debug, Default)]
pub struct ClassicHistogram {
    /// `(upper bound, cumulative count)` in ascending order.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
    error: Option<ClassicError>,
}

impl ClassicHistogram {
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.buckets.clear();
        self.count = None;
        self.sum = 0.0;
        self.error = None;
    }

    /// Tells whether nothing is known yet.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.count.is_none() && self.sum == 0.0 && self.error.is_none()
    }

    /// Adds a bucket, in any order of bounds; a bound that is known already is ignored.
    ///
    /// # Errors
    /// The bound is NaN, the count is negative, NaN or not cumulative, there are more than 10,000 buckets, or
    /// something was wrong before.
    pub fn set_bucket(&mut self, bound: f64, count: f64) -> Result<(), ClassicError> {
        self.check(bound.is_nan(), || ClassicError::NanBound)?;
        self.check(count < 0.0 || count.is_nan(), || {
            ClassicError::NegativeBucketCount { bound, count }
        })?;
        let at = self.buckets.partition_point(|(known, _)| *known < bound);
        let above = self.buckets.get(at).copied();
        if above.is_some_and(|(known, _)| known == bound) {
            return Ok(());
        }
        if let Some((_, lower)) = at
            .checked_sub(1)
            .and_then(|below| self.buckets.get(below))
            .copied()
        {
            self.check(count < lower, || ClassicError::NotCumulative {
                lower,
                higher: count,
            })?;
        }
        if let Some((_, higher)) = above {
            self.check(count > higher, || ClassicError::NotCumulative {
                lower: count,
                higher,
            })?;
        }
        self.check(self.buckets.len() >= MAX_CLASSIC_BUCKETS, || {
            ClassicError::TooManyBuckets
        })?;
        self.buckets.insert(at, (bound, count));
        Ok(())
    }

    /// Sets the count of all observations.
    ///
    /// # Errors
    /// The count is negative or NaN, or something was wrong before.
    pub fn set_count(&mut self, count: f64) -> Result<(), ClassicError> {
        self.check(count < 0.0 || count.is_nan(), || {
            ClassicError::NegativeCount(count)
        })?;
        self.count = Some(count);
        Ok(())
    }

    /// Sets the sum of the observations.
    ///
    /// # Errors
    /// Something was wrong before.
    pub fn set_sum(&mut self, sum: f64) -> Result<(), ClassicError> {
        self.check(false, || ClassicError::MissingCount)?;
        self.sum = sum;
        Ok(())
    }

    /// Builds the native histogram. Without a count the highest bucket says it, without an infinite bucket the
    /// count does. The histogram counts in integers if all counts are integers.
    ///
    /// # Errors
    /// There is neither bucket nor count, the two differ, or something was wrong before.
    pub fn to_histogram(&self) -> Result<Histogram, ClassicError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let highest = self.buckets.last().copied();
        let Some(count) = self.count.or(highest.map(|(_, count)| count)) else {
            return Err(ClassicError::MissingCount);
        };
        let infinite = highest
            .filter(|(bound, _)| *bound == f64::INFINITY)
            .map(|(_, count)| count);
        if infinite.is_some_and(|infinite| infinite != count) {
            let infinite = infinite.unwrap_or(count);
            return Err(ClassicError::CountMismatch { count, infinite });
        }
        let finite = self.buckets.iter().filter(|(bound, _)| *bound != f64::INFINITY);
        let custom_values: Arc<[f64]> = finite.clone().map(|(bound, _)| *bound).collect();
        let mut below = 0.0;
        let mut counts = Vec::with_capacity(custom_values.len() + 1);
        let mut integer = is_integer(count);
        for cumulative in finite.map(|(_, count)| *count).chain([count]) {
            counts.push(cumulative - below);
            below = cumulative;
            integer &= is_integer(cumulative);
        }
        let mut positive = Buckets {
            spans: vec![Span {
                offset: 0,
                length: u32::try_from(counts.len()).unwrap_or(u32::MAX),
            }],
            counts,
        };
        // As Prometheus lays them out, so that what both store is alike.
        positive.compact(if integer { 2 } else { 0 });
        let histogram = Histogram {
            schema: CUSTOM_BUCKETS,
            integer,
            reset_hint: ResetHint::Unknown,
            count,
            sum: self.sum,
            positive,
            custom_values,
            ..Histogram::default()
        };
        histogram.validate()?;
        Ok(histogram)
    }

    fn check(&mut self, wrong: bool, error: impl FnOnce() -> ClassicError) -> Result<(), ClassicError> {
        if self.error.is_none() && wrong {
            self.error = Some(error());
        }
        self.error.clone().map_or(Ok(()), Err)
    }
}

impl Histogram {
    /// Returns the `(upper bound, cumulative count)` of the classic buckets that a histogram with custom bounds
    /// stands for: one a bound, then the infinite one. Without custom bounds there are none.
    pub fn classic_buckets(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let bounds = self.custom_values.iter().copied().chain([f64::INFINITY]);
        let bounds = bounds.take(if self.has_custom_buckets() { usize::MAX } else { 0 });
        let mut counts = self.positive.indexed().peekable();
        let mut total = 0.0;
        (0_i32..).zip(bounds).map(move |(index, bound)| {
            while let Some((_, count)) = counts.next_if(|(at, _)| *at <= index) {
                total += count;
            }
            (bound, total)
        })
    }
}

/// Tells whether a count is an integer that fits 64 bits.
fn is_integer(count: f64) -> bool {
    count.fract() == 0.0 && count.abs() < 9.2e18
}

#[cfg(test)]
mod tests;
