//! Columns of numbers as few bytes, bit for bit.
//!
//! A chunk is a run of samples of one series. Its values and its timestamps are separate columns, because
//! series of one target share timestamps. How many numbers a column has is written beside it, not in it.
//!
//! - [`encode_floats`]/[`decode_floats`]: sealed values (layout in `chunk/floats.rs`);
//! - [`encode_ints`]/[`decode_ints`]: timestamps, and the integers behind decimal values (`chunk/ints.rs`);
//! - [`encode_histograms`]/[`decode_histograms`]: native histograms (`chunk/histograms.rs`);
//! - [`encode_samples`]/[`decode_samples`]: the chunks of parts, made of the above (`chunk/samples.rs`);
//! - [`Stream`]: values still arriving, appended byte-wise (`chunk/stream.rs`).
//!
//! Values pass through as `u64` bits wherever they are not proven to be plain decimals, so NaN payloads, the
//! stale marker and the sign of zero survive.

pub(crate) mod bitpack;
mod floats;
mod histograms;
mod ints;
mod samples;
mod stream;

pub(crate) use floats::{as_decimal, decode_floats, encode_floats, power_of};
pub(crate) use histograms::{MAX_NUMBERS, numbers_of};
pub(crate) use ints::{decode_ints, encode_ints};
#[cfg(test)]
pub(crate) use samples::tests as sample_tests;
pub(crate) use samples::{FLOATS, decode_samples, encode_samples, has_histograms, rows_of};
#[cfg(test)]
pub(crate) use stream::MAX_TOKEN;
pub(crate) use stream::{Stream, TokenBuffer, decode_stream, put_token, read_token};

#[cfg(test)]
mod tests;
