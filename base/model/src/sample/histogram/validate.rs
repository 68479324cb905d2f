//! What makes a histogram fit to be stored, and the reasons by which it is refused.
//!
//! Rules and texts are those of Prometheus' `Validate`, since senders match the texts.

use super::{Buckets, Histogram, MAX_SCHEMA, MIN_SCHEMA};

/// Why a histogram cannot be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HistogramError {
    /// A schema that no reader knows.
    #[error(
        "histogram has an invalid schema, which must be between {MIN_SCHEMA} and {MAX_SCHEMA} for exponential \
         buckets, or -53 for custom buckets, got schema {0}"
    )]
    Schema(i32),
    /// Something is wrong with the buckets on one side of zero.
    #[error("{side} side: {problem}")]
    Side {
        /// `positive` or `negative`.
        side: &'static str,
        /// What is wrong.
        problem: LayoutError,
    },
    /// Something is wrong with custom bounds or their buckets.
    #[error("custom buckets: {0}")]
    Custom(LayoutError),
    /// A field is used that custom bounds have no use for.
    #[error("custom buckets: must {0}")]
    CustomField(&'static str),
    /// Custom bounds beside an exponential schema.
    #[error("histogram with exponential schema must not have custom bounds")]
    BoundsOfExponential,
    /// A negative count of the zero bucket.
    #[error(
        "zero bucket has observation count of {0}: histogram has a bucket whose observation count is negative"
    )]
    NegativeZeroCount(f64),
    /// A negative count of all observations.
    #[error("observation count is {0}: histogram's observation count is negative")]
    NegativeCount(f64),
    /// Integer counts of buckets add up to another number than the count of all observations.
    #[error(
        "{buckets} observations found in buckets, but the Count field is {count}: histogram's observation count \
         should equal the number of observations found in the buckets (in absence of NaN)"
    )]
    CountMismatch {
        /// Sum of the buckets.
        buckets: f64,
        /// Count of all observations.
        count: f64,
    },
    /// There are NaN observations (the sum is NaN), yet integer counts of buckets add up to more than all.
    #[error(
        "{buckets} observations found in buckets, but the Count field is {count}: histogram's observation count \
         should be at least the number of observations found in the buckets"
    )]
    CountTooSmall {
        /// Sum of the buckets.
        buckets: f64,
        /// Count of all observations.
        count: f64,
    },
    /// Buckets cannot be merged into another schema.
    #[error("cannot reduce resolution from schema {from} to {to}")]
    Resolution {
        /// Schema of the histogram.
        from: i8,
        /// Schema asked for.
        to: i8,
    },
    /// Spans and counts do not fit each other.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

/// What is wrong with spans, counts or bounds.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LayoutError {
    /// A span that begins before the one before it has ended.
    #[error("span number {number} with offset {offset}: histogram has a span whose offset is negative")]
    NegativeOffset {
        /// Counted from 1.
        number: usize,
        /// Its offset.
        offset: i32,
    },
    /// Bucket indexes beyond 32 bits.
    #[error(
        "span number {number} {place} at bucket index {index}: histogram has a span whose bucket index is out of range"
    )]
    IndexOutOfRange {
        /// Counted from 1.
        number: usize,
        /// `starts` or `ends`.
        place: &'static str,
        /// The index.
        index: i64,
    },
    /// Lengths of the spans do not add up to the number of counts.
    #[error(
        "spans need {needed} buckets, have {present} buckets: histogram spans specify different number of buckets \
         than provided"
    )]
    CountsMismatch {
        /// Sum of the lengths.
        needed: u64,
        /// Number of counts.
        present: usize,
    },
    /// A negative count.
    #[error(
        "bucket number {number} has observation count of {count}: histogram has a bucket whose observation count \
         is negative"
    )]
    NegativeCount {
        /// Counted from 1.
        number: usize,
        /// Its count.
        count: f64,
    },
    /// A bound that is no number.
    #[error("histogram custom bounds must not be NaN")]
    NanBound,
    /// A bound that is not above the one before.
    #[error(
        "previous bound is {previous:.6} and current is {current:.6}: histogram custom bounds must be in strictly \
         increasing order"
    )]
    BoundsOrder {
        /// The bound before.
        previous: f64,
        /// The bound.
        current: f64,
    },
    /// The bound of the last bucket is written although it is always infinite.
    #[error("last +Inf bound must not be explicitly defined: histogram custom bounds must be finite")]
    InfiniteBound,
    /// Spans reach beyond the last bound.
    #[error(
        "only {bounds} custom bounds defined which is insufficient to cover total span length of {length}: \
         histogram custom bounds are too few"
    )]
    TooFewBounds {
        /// Number of bounds.
        bounds: usize,
        /// Buckets reached by the spans, gaps included.
        length: u64,
    },
}

impl Histogram {
    /// Checks that the histogram may be stored: layout, bounds, no negative counts, nothing used that the schema
    /// has no use for; of integer counts that buckets add up to the count, unless the sum is NaN, which means
    /// that observations in no bucket may have been NaN. Counts that are floats need not add up: rounding.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn validate(&self) -> Result<(), HistogramError> {
        if self.has_custom_buckets() {
            self.check_custom()?;
        } else if (MIN_SCHEMA..=MAX_SCHEMA).contains(&self.schema) {
            check_spans(&self.positive).map_err(side("positive"))?;
            check_spans(&self.negative).map_err(side("negative"))?;
            check_counts(&self.negative).map_err(side("negative"))?;
            if self.zero_count < 0.0 {
                return Err(HistogramError::NegativeZeroCount(self.zero_count));
            }
            if !self.custom_values.is_empty() {
                return Err(HistogramError::BoundsOfExponential);
            }
        } else {
            return Err(HistogramError::Schema(self.schema.into()));
        }
        if self.count < 0.0 {
            return Err(HistogramError::NegativeCount(self.count));
        }
        check_counts(&self.positive).map_err(side("positive"))?;
        if self.integer {
            self.check_total()?;
        }
        Ok(())
    }

    fn check_custom(&self) -> Result<(), HistogramError> {
        check_bounds(&self.custom_values, &self.positive).map_err(HistogramError::Custom)?;
        if self.zero_count != 0.0 {
            return Err(HistogramError::CustomField("have zero count of 0"));
        }
        if self.zero_threshold != 0.0 {
            return Err(HistogramError::CustomField("have zero threshold of 0"));
        }
        if !self.negative.spans.is_empty() {
            return Err(HistogramError::CustomField("not have negative spans"));
        }
        if !self.negative.counts.is_empty() {
            return Err(HistogramError::CustomField("not have negative buckets"));
        }
        Ok(())
    }

    fn check_total(&self) -> Result<(), HistogramError> {
        let sides = self.negative.counts.iter().chain(&self.positive.counts);
        let buckets = sides.sum::<f64>() + self.zero_count;
        let count = self.count;
        if self.sum.is_nan() && buckets > count {
            return Err(HistogramError::CountTooSmall { buckets, count });
        }
        if !self.sum.is_nan() && buckets != count {
            return Err(HistogramError::CountMismatch { buckets, count });
        }
        Ok(())
    }
}

fn side(side: &'static str) -> impl Fn(LayoutError) -> HistogramError {
    move |problem| HistogramError::Side { side, problem }
}

/// Checks that spans are in order, stay within 32 bits and fit the counts.
pub(super) fn check_spans(buckets: &Buckets) -> Result<(), LayoutError> {
    let mut needed = 0;
    let mut end: i64 = 0;
    for (idx, span) in buckets.spans.iter().enumerate() {
        let number = idx + 1;
        if idx > 0 && span.offset < 0 {
            return Err(LayoutError::NegativeOffset {
                number,
                offset: span.offset,
            });
        }
        if idx == 0 && span.offset == i32::MIN {
            return Err(LayoutError::IndexOutOfRange {
                number,
                place: "starts",
                index: i64::from(span.offset),
            });
        }
        needed += u64::from(span.length);
        end += i64::from(span.offset) + i64::from(span.length);
        if end - 1 > i64::from(i32::MAX) {
            return Err(LayoutError::IndexOutOfRange {
                number,
                place: "ends",
                index: end - 1,
            });
        }
    }
    check_number(needed, buckets)
}

fn check_number(needed: u64, buckets: &Buckets) -> Result<(), LayoutError> {
    let present = buckets.counts.len();
    if needed == present as u64 {
        Ok(())
    } else {
        Err(LayoutError::CountsMismatch { needed, present })
    }
}

fn check_counts(buckets: &Buckets) -> Result<(), LayoutError> {
    match buckets.counts.iter().position(|count| *count < 0.0) {
        Some(idx) => Err(LayoutError::NegativeCount {
            number: idx + 1,
            count: buckets.counts[idx],
        }),
        None => Ok(()),
    }
}

fn check_bounds(bounds: &[f64], buckets: &Buckets) -> Result<(), LayoutError> {
    if bounds.iter().any(|bound| bound.is_nan()) {
        return Err(LayoutError::NanBound);
    }
    if let Some(pair) = bounds.windows(2).find(|pair| pair[1] <= pair[0]) {
        return Err(LayoutError::BoundsOrder {
            previous: pair[0],
            current: pair[1],
        });
    }
    if bounds.last() == Some(&f64::INFINITY) {
        return Err(LayoutError::InfiniteBound);
    }
    let mut needed = 0;
    let mut length = 0;
    for (idx, span) in buckets.spans.iter().enumerate() {
        let Ok(offset) = u64::try_from(span.offset) else {
            return Err(LayoutError::NegativeOffset {
                number: idx + 1,
                offset: span.offset,
            });
        };
        needed += u64::from(span.length);
        length += offset + u64::from(span.length);
    }
    check_number(needed, buckets)?;
    if (bounds.len() as u64) + 1 < length {
        return Err(LayoutError::TooFewBounds {
            bounds: bounds.len(),
            length,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
