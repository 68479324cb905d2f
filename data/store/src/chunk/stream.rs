//! Values that still arrive: one token a value, byte-wise, each relative to the value before.
//!
//! Token, by its first byte `c`:
//! ```text
//! c even:  uvarint z with c as its first byte; value = integer(previous) + unzigzag(z >> 1)
//! c = 1 + 2·lead + 16·(len-1), below 0x80:
//!          `len` bytes follow; XOR with the previous bits = those bytes, big-endian, after `lead` zero bytes
//! c = 0x81: u16 count; the previous value `count` times
//! ```
//! `integer(previous)` is zero if the previous value is not a plain integer below 2^53. The value before the
//! first is +0.0. A run of equal values is kept as a count beside the bytes until another value ends it, so a
//! series that never changes costs no bytes per sample.

use crate::bytes::{Malformed, Reader, put_uvarint, unzigzag, zigzag};

const RUN: u8 = 0x81;
const MAX_INTEGER: u64 = 1 << 53;

/// Longest token, in bytes, with a run before it.
pub(crate) const MAX_TOKEN: usize = 13;

/// What an appender must remember between values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stream {
    /// Bits of the last value.
    pub(crate) last: u64,
    /// Repetitions of the last value that are not in the bytes yet.
    pub(crate) run: u16,
}

impl Stream {
    /// Appends what the value adds to the bytes, which may be nothing.
    #[inline]
    pub(crate) fn push(&mut self, bits: u64, out: &mut TokenBuffer) {
        if bits == self.last && self.run < u16::MAX {
            self.run += 1;
            return;
        }
        if self.run > 0 {
            out.extend(&[RUN]);
            out.extend(&self.run.to_le_bytes());
            self.run = 0;
        }
        encode_token(self.last, bits, out);
        self.last = bits;
    }
}

/// A few bytes on the stack, so that appending to an arena needs no allocation.
#[derive(Default)]
pub(crate) struct TokenBuffer {
    bytes: [u8; MAX_TOKEN + 3],
    len: usize,
}

impl TokenBuffer {
    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        for byte in bytes {
            // A token and a run fit by construction.
            if let Some(slot) = self.bytes.get_mut(self.len) {
                *slot = *byte;
                self.len += 1;
            }
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[inline]
fn as_integer(bits: u64) -> Option<i64> {
    let integer = f64::from_bits(bits) as i64;
    ((integer as f64).to_bits() == bits && integer.unsigned_abs() <= MAX_INTEGER).then_some(integer)
}

#[inline]
fn encode_token(previous: u64, bits: u64, out: &mut TokenBuffer) {
    if let Some(integer) = as_integer(bits) {
        let base = as_integer(previous).unwrap_or(0);
        let mut z = zigzag(integer - base) << 1;
        while z >= 0x80 {
            // The second byte and later may have any low bit; only the first one tells the token's kind.
            out.extend(&[(z as u8) | 0x80]);
            z >>= 7;
        }
        out.extend(&[z as u8]);
        return;
    }
    let xor = bits ^ previous;
    // Equal bits reach this point only when a run is full; one zero byte says so.
    let lead = (xor.leading_zeros() / 8).min(7);
    let bytes = xor.to_be_bytes();
    let end = 8 - (xor.trailing_zeros() / 8).min(7 - lead);
    let kept = bytes.get(lead as usize..end as usize).unwrap_or_default();
    out.extend(&[1 | (lead as u8) << 1 | ((kept.len() - 1) as u8) << 4]);
    out.extend(kept);
}

/// Appends the token of one value to a growing buffer.
#[inline]
pub(crate) fn put_token(previous: u64, bits: u64, out: &mut Vec<u8>) {
    if let (Some(integer), Some(base)) = (as_integer(bits), as_integer(previous)) {
        put_uvarint(out, zigzag(integer - base) << 1);
        return;
    }
    let mut token = TokenBuffer::default();
    encode_token(previous, bits, &mut token);
    out.extend_from_slice(token.as_slice());
}

/// Reads one token that is not a run.
#[inline]
pub(crate) fn read_token(reader: &mut Reader<'_>, previous: u64) -> Result<u64, Malformed> {
    let control = *reader.rest().first().ok_or(Malformed)?;
    if control & 1 == 0 {
        let base = as_integer(previous).unwrap_or(0);
        let integer = base.wrapping_add(unzigzag(reader.uvarint()? >> 1));
        return Ok((integer as f64).to_bits());
    }
    if control & 0x80 != 0 {
        return Err(Malformed);
    }
    reader.u8()?;
    let lead = usize::from(control >> 1 & 7);
    let kept = reader.bytes(usize::from(control >> 4) + 1)?;
    let mut bytes = [0u8; 8];
    bytes
        .get_mut(lead..lead + kept.len())
        .ok_or(Malformed)?
        .copy_from_slice(kept);
    Ok(previous ^ u64::from_be_bytes(bytes))
}

/// Appends all values of a stream, bytes and the run behind them, to `out`: `n` at most.
pub(crate) fn decode_stream(
    (bytes, run): (&[u8], u16),
    n: usize,
    out: &mut Vec<u64>,
) -> Result<(), Malformed> {
    let end = out.len() + n;
    let mut reader = Reader::new(bytes);
    let mut last = 0;
    let repeat = |count: usize, last: u64, out: &mut Vec<u64>| {
        if count > end.saturating_sub(out.len()) {
            return Err(Malformed);
        }
        out.resize(out.len() + count, last);
        Ok(())
    };
    while !reader.is_empty() {
        if reader.rest().first() == Some(&RUN) {
            reader.u8()?;
            let count = usize::from(reader.u8()?) | usize::from(reader.u8()?) << 8;
            repeat(count, last, out)?;
        } else {
            last = read_token(&mut reader, last)?;
            repeat(1, last, out)?;
        }
    }
    repeat(usize::from(run), last, out)
}
