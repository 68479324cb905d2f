//! Columns of numbers as few bytes, bit for bit.
//!
//! A chunk is a run of samples of one series. Its values and its timestamps are separate columns, because
//! series of one target share timestamps. How many numbers a column has is written beside it, not in it.
//!
//! - [`encode_floats`]/[`decode_floats`]: sealed values (layout in `chunk/floats.rs`);
//! - [`encode_ints`]/[`decode_ints`]: timestamps, and the integers behind decimal values (`chunk/ints.rs`);
//! - [`Stream`]: values still arriving, appended byte-wise (`chunk/stream.rs`).
//!
//! Values pass through as `u64` bits wherever they are not proven to be plain decimals, so NaN payloads, the
//! stale marker and the sign of zero survive. The first byte of sealed values is their kind; kinds from 0x40 on
//! are reserved for native histograms.

mod bitpack;
mod floats;
mod ints;
mod stream;

pub(crate) use floats::{decode_floats, encode_floats};
pub(crate) use ints::{decode_ints, encode_ints};
#[cfg(test)]
pub(crate) use stream::MAX_TOKEN;
pub(crate) use stream::{Stream, TokenBuffer, decode_stream, put_token, read_token};

#[cfg(test)]
mod tests;
