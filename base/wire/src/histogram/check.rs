//! What a histogram must not contradict.
//!
//! The rules are those by which Prometheus refuses histograms (`model/histogram`, `Validate`).

use model::{Buckets, CUSTOM_BUCKETS, Histogram};

/// From here on neighbouring integers share a float, so sums of counts are compared with some slack.
const EXACT: f64 = 9_007_199_254_740_992.0;
const SLACK: f64 = 1e-12;

/// What is wrong with a native histogram.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HistogramError {
    /// A schema without a meaning here.
    #[error("histogram has schema {0}, which is neither -4 to 8 nor -53")]
    Schema(i32),
    /// More buckets than allowed.
    #[error("histogram has more than {limit} buckets, spans and bounds")]
    TooManyBuckets {
        /// The limit.
        limit: usize,
    },
    /// Spans and counts do not fit each other.
    #[error("histogram has {spanned} {side} buckets by its spans, but counts for {counted}")]
    SpanMismatch {
        /// `positive` or `negative`.
        side: &'static str,
        /// Buckets the spans cover.
        spanned: u64,
        /// Counts given.
        counted: usize,
    },
    /// Spans run backwards or beyond all indices.
    #[error("histogram has {side} spans that overlap or run out of range")]
    SpanOrder {
        /// `positive` or `negative`.
        side: &'static str,
    },
    /// A count below zero.
    #[error("histogram has a negative {side} count")]
    NegativeCount {
        /// Which count: `positive`, `negative`, `zero`, `total` or `delta`.
        side: &'static str,
    },
    /// The count is not the sum of the buckets.
    #[error("histogram counts {count} observations, but its buckets hold {found}")]
    CountMismatch {
        /// All observations, as declared.
        count: f64,
        /// Observations found in buckets.
        found: f64,
    },
    /// Bounds that are not finite and ascending.
    #[error("histogram has custom bounds that are not finite and strictly ascending")]
    BoundOrder,
    /// Fewer bounds than buckets.
    #[error("histogram has {bounds} custom bounds, too few for its buckets")]
    TooFewBounds {
        /// Bounds given.
        bounds: usize,
    },
    /// Bounds, zero bucket or negative buckets where the schema has none.
    #[error("histogram of schema {schema} must not have {what}")]
    Unexpected {
        /// The schema.
        schema: i8,
        /// What it must not have.
        what: &'static str,
    },
}

/// Checks that a histogram does not contradict itself.
///
/// # Errors
/// The first contradiction found.
pub fn check_histogram(histogram: &Histogram) -> Result<(), HistogramError> {
    check_spans("positive", &histogram.positive)?;
    check_spans("negative", &histogram.negative)?;
    match histogram.schema {
        CUSTOM_BUCKETS => check_custom(histogram)?,
        -4..=8 if !histogram.custom_values.is_empty() => {
            return Err(unexpected(histogram, "custom bounds"));
        }
        -4..=8 => {}
        other => return Err(HistogramError::Schema(i32::from(other))),
    }
    for (side, count) in [("zero", histogram.zero_count), ("total", histogram.count)] {
        if count < 0.0 {
            return Err(HistogramError::NegativeCount { side });
        }
    }
    if histogram.integer {
        check_count(histogram)?;
    }
    Ok(())
}

/// Checks the layout of one side.
pub(super) fn check_spans(side: &'static str, buckets: &Buckets) -> Result<(), HistogramError> {
    let mut spanned = 0_u64;
    let mut index = 0_i64;
    for (i, span) in buckets.spans.iter().enumerate() {
        if i > 0 && span.offset < 0 {
            return Err(HistogramError::SpanOrder { side });
        }
        spanned += u64::from(span.length);
        index += i64::from(span.offset) + i64::from(span.length);
        // An index one beyond the last must still be an index.
        if i32::try_from(index).is_err() {
            return Err(HistogramError::SpanOrder { side });
        }
    }
    let counted = buckets.counts.len();
    if spanned != counted as u64 {
        return Err(HistogramError::SpanMismatch {
            side,
            spanned,
            counted,
        });
    }
    if buckets.counts.iter().any(|&count| count < 0.0) {
        return Err(HistogramError::NegativeCount { side });
    }
    Ok(())
}

fn check_custom(histogram: &Histogram) -> Result<(), HistogramError> {
    let bounds = &histogram.custom_values;
    let finite = bounds.iter().all(|bound| bound.is_finite());
    if !finite || !bounds.is_sorted_by(|a, b| a < b) {
        return Err(HistogramError::BoundOrder);
    }
    let spans = &histogram.positive.spans;
    if spans.first().is_some_and(|span| span.offset < 0) {
        return Err(HistogramError::SpanOrder { side: "positive" });
    }
    let reached: i64 = spans
        .iter()
        .map(|span| i64::from(span.offset) + i64::from(span.length))
        .sum();
    // The bucket behind the last bound reaches to +Inf.
    if usize::try_from(reached).is_ok_and(|reached| reached > bounds.len() + 1) {
        return Err(HistogramError::TooFewBounds { bounds: bounds.len() });
    }
    if histogram.zero_count != 0.0 || histogram.zero_threshold != 0.0 {
        return Err(unexpected(histogram, "a zero bucket"));
    }
    if !histogram.negative.spans.is_empty() {
        return Err(unexpected(histogram, "negative buckets"));
    }
    Ok(())
}

/// In integers every observation is in a bucket, except for NaN, which makes the sum NaN.
fn check_count(histogram: &Histogram) -> Result<(), HistogramError> {
    let counts = histogram.positive.counts.iter().chain(&histogram.negative.counts);
    let found = counts.sum::<f64>() + histogram.zero_count;
    let count = histogram.count;
    let slack = if found.max(count) < EXACT {
        0.0
    } else {
        SLACK * found.max(count)
    };
    let fits = if histogram.sum.is_nan() {
        found <= count + slack
    } else {
        (found - count).abs() <= slack
    };
    if fits {
        Ok(())
    } else {
        Err(HistogramError::CountMismatch { count, found })
    }
}

fn unexpected(histogram: &Histogram, what: &'static str) -> HistogramError {
    HistogramError::Unexpected {
        schema: histogram.schema,
        what,
    }
}
