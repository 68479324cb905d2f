//! What PromQL does with native histograms, as pure functions over [`model::Histogram`].
//!
//! Everything here follows Prometheus 3.16 in its results: how layouts are brought together, where sums are
//! compensated, which hint about counter resets remains, how values within a bucket are interpolated, what NaN
//! observations mean. Nothing here makes annotations: functions return what there is to remark, and the evaluator
//! knows the metric and the place.
//!
//! - [`add`], [`subtract`], [`multiply`], [`divide`], [`equal`], [`trim`]: the operators.
//! - [`HistogramSum`], [`HistogramMean`]: aggregation over series and over time.
//! - [`detect_reset`], [`increase`], [`increase_over_resets`], [`interpolate`]: counters.
//! - [`quantile`], [`fraction`], [`average`], [`variance`]: estimates.
//!
//! Functions change their first argument in place and allocate only where the layout of buckets changes, since
//! they run once a step and series. Results of operators still hold empty buckets where the reference leaves
//! them: [`model::Histogram::compact`] with 0 is called where Prometheus calls it (after every binary operator,
//! `sum` and `avg`; not after `sum_over_time`).

mod combine;
mod custom;
mod kahan;
mod moments;
mod quantile;
mod rate;
mod reset;
mod scale;
mod sum;
mod trim;
mod zero;

use model::Histogram;

pub use combine::{Combined, Incompatible, add, subtract};
pub use moments::{average, variance};
pub use quantile::{NanNote, fraction, quantile};
pub use rate::{Increase, RateNotes, increase, increase_over_resets, interpolate};
pub use reset::detect_reset;
pub use scale::{divide, multiply};
pub use sum::{HistogramMean, HistogramSum};
pub use trim::{Trim, trim};

/// Tells whether two histograms are equal to the operator `==`: the same data bit by bit in the same layout. Both
/// are expected to be compact.
pub fn equal(a: &Histogram, b: &Histogram) -> bool {
    a.is_identical(b)
}

/// Returns as how many samples a histogram counts against the limit of samples in memory: its size in 16 bytes,
/// 168 bytes for the fields and 8 a span, count and bound.
pub fn size_in_samples(histogram: &Histogram) -> usize {
    let side = |buckets: &model::Buckets| buckets.spans.len() + buckets.counts.len();
    let parts = side(&histogram.positive) + side(&histogram.negative) + histogram.custom_values.len();
    (168 + 8 * parts + 8) / 16
}

#[cfg(test)]
mod tests;
