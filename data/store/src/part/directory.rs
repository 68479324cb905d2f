//! The directory of chunks: when each begins and ends, where it is, and what its values amount to.
//!
//! Section `chunks`, a series after the other:
//! ```text
//! uvarint n chunks, n times:
//!   u8 kind (chunk/samples.rs), uvarint samples, ivarint first time minus the last of the chunk before (first
//!   chunk: minus the part's base), uvarint last minus first time, uvarint offset in `times`,
//!   uvarint bytes in `values`, summary
//! summary: u8 form, 0 to 15: all numbers are integers divided by 10^form, as the decimals of chunk/floats.rs;
//!   16 to 31: the same, and all values are one; 32: bits. With 64 added the sum is there as bits
//!   0..15:  ivarint first, ivarint last - first, uvarint min(first, last) - minimum,
//!           uvarint maximum - max(first, last), ivarint 2·sum - samples·(first + last) or u64 bits of the sum
//!   16..31: ivarint value
//!   32:     u64 first, last, minimum, maximum, sum, uvarint stale markers
//! ```
//! The directory of format 1 has no summaries.

use model::{Millis, is_stale};

use crate::bytes::{Malformed, Reader, put_ivarint, put_uvarint};
use crate::chunk::{as_decimal, power_of};

const ONE_VALUE: u8 = 16;
const BITS: u8 = 32;
const SUM_BITS: u8 = 64;

/// What the values of a chunk amount to. Of histograms the values are the sums.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    pub(crate) first: f64,
    pub(crate) last: f64,
    /// Smallest value that is a number; NaN if none is. Stale markers are left out here and below.
    pub(crate) min: f64,
    /// Largest value that is a number; NaN if none is.
    pub(crate) max: f64,
    /// Sum, to within the last two bits; NaN if a value is.
    pub(crate) sum: f64,
    pub(crate) n_stale: u64,
}

/// One chunk of a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkEntry {
    pub(crate) kind: u8,
    pub(crate) n: usize,
    pub(crate) first_t: Millis,
    pub(crate) last_t: Millis,
    /// Offset in section `times`.
    pub(crate) times_at: u64,
    /// Offset in section `values`.
    pub(crate) values_at: u64,
    /// Bytes in section `values`.
    pub(crate) len: usize,
    /// `None` in parts of format 1.
    pub(crate) summary: Option<Summary>,
}

impl Summary {
    /// Sums up values, at least one.
    pub(crate) fn of(values: &[f64]) -> Self {
        let (mut min, mut max) = (f64::NAN, f64::NAN);
        let (mut sum, mut lost, mut n_stale) = (0.0f64, 0.0f64, 0);
        for value in values {
            if is_stale(*value) {
                n_stale += 1;
                continue;
            }
            // Both ignore NaN if the other is a number.
            min = min.min(*value);
            max = max.max(*value);
            // Neumaier's compensated sum.
            let next = sum + value;
            lost += if sum.abs() >= value.abs() {
                (sum - next) + value
            } else {
                (value - next) + sum
            };
            sum = next;
        }
        Self {
            first: values.first().copied().unwrap_or(f64::NAN),
            last: values.last().copied().unwrap_or(f64::NAN),
            min,
            max,
            // Infinities leave NaN behind in what was lost.
            sum: if sum.is_finite() { sum + lost } else { sum },
            n_stale,
        }
    }

    pub(super) fn encode(&self, n: usize, out: &mut Vec<u8>) {
        if self.n_stale == 0 {
            for exponent in 0..16 {
                if self.encode_decimal(n, exponent, out) {
                    return;
                }
            }
        }
        out.push(BITS);
        for value in [self.first, self.last, self.min, self.max, self.sum] {
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        put_uvarint(out, self.n_stale);
    }

    fn encode_decimal(&self, n: usize, exponent: u8, out: &mut Vec<u8>) -> bool {
        let Some(power) = power_of(exponent) else {
            return false;
        };
        let integer = |value| as_decimal(value, power);
        let (Some(first), Some(last)) = (integer(self.first), integer(self.last)) else {
            return false;
        };
        let (Some(min), Some(max)) = (integer(self.min), integer(self.max)) else {
            return false;
        };
        if min == max {
            out.push(ONE_VALUE + exponent);
            put_ivarint(out, first);
            return true;
        }
        let sum = (self.sum * power).round();
        let near = (sum / power - self.sum).abs() <= self.sum.abs() * (2.0 * f64::EPSILON);
        let sum = (near && sum.abs() < 9.0e15).then_some(sum as i64);
        out.push(exponent | if sum.is_some() { 0 } else { SUM_BITS });
        put_ivarint(out, first);
        put_ivarint(out, last - first);
        put_uvarint(out, (first.min(last) - min).unsigned_abs());
        put_uvarint(out, (max - first.max(last)).unsigned_abs());
        match sum {
            Some(sum) => put_ivarint(out, residue(sum, n, first + last)),
            None => out.extend_from_slice(&self.sum.to_bits().to_le_bytes()),
        }
        true
    }

    pub(super) fn decode(reader: &mut Reader<'_>, n: usize) -> Result<Self, Malformed> {
        let form = reader.u8()?;
        if form == BITS {
            let mut next = || reader.u64().map(f64::from_bits);
            return Ok(Self {
                first: next()?,
                last: next()?,
                min: next()?,
                max: next()?,
                sum: next()?,
                n_stale: reader.uvarint()?,
            });
        }
        let power = power_of(form & 15).ok_or(Malformed)?;
        let first = reader.ivarint()?;
        let value = |integer: i64| integer as f64 / power;
        if form & !15 == ONE_VALUE {
            let one = value(first);
            return Ok(Self {
                first: one,
                last: one,
                min: one,
                max: one,
                sum: one * n as f64,
                n_stale: 0,
            });
        }
        if form & !(15 | SUM_BITS) != 0 {
            return Err(Malformed);
        }
        let last = first.wrapping_add(reader.ivarint()?);
        let min = first.min(last).wrapping_sub(reader.uvarint()?.cast_signed());
        let max = first.max(last).wrapping_add(reader.uvarint()?.cast_signed());
        let sum = if form & SUM_BITS != 0 {
            f64::from_bits(reader.u64()?)
        } else {
            value(unresidue(reader.ivarint()?, n, first.wrapping_add(last)))
        };
        Ok(Self {
            first: value(first),
            last: value(last),
            min: value(min),
            max: value(max),
            sum,
            n_stale: 0,
        })
    }
}

/// Twice the sum, minus what it would be if the values went from first to last in equal steps.
fn residue(sum: i64, n: usize, ends: i64) -> i64 {
    sum.wrapping_mul(2).wrapping_sub(ends.wrapping_mul(n as i64))
}

fn unresidue(residue: i64, n: usize, ends: i64) -> i64 {
    // The doubled sum is below 2^63, so what wrapped comes back.
    residue.wrapping_add(ends.wrapping_mul(n as i64)) / 2
}

impl ChunkEntry {
    /// Appends the entry; `before` is the last time of the chunk before.
    pub(super) fn encode(&self, before: Millis, out: &mut Vec<u8>) {
        out.push(self.kind);
        put_uvarint(out, self.n as u64);
        put_ivarint(out, self.first_t.wrapping_sub(before));
        put_uvarint(out, self.last_t.wrapping_sub(self.first_t).cast_unsigned());
        put_uvarint(out, self.times_at);
        put_uvarint(out, self.len as u64);
        if let Some(summary) = &self.summary {
            summary.encode(self.n, out);
        }
    }

    fn decode(
        reader: &mut Reader<'_>,
        (before, values_at): (Millis, u64),
        version: u32,
    ) -> Result<Self, Malformed> {
        let kind = reader.u8()?;
        let n = reader.number::<usize>()?;
        let first_t = before.wrapping_add(reader.ivarint()?);
        let last_t = first_t.wrapping_add(reader.uvarint()?.cast_signed());
        let times_at = reader.uvarint()?;
        let len = reader.number::<usize>()?;
        if n == 0 || n > usize::from(u16::MAX) {
            return Err(Malformed);
        }
        let summary = match version {
            1 => None,
            _ => Some(Summary::decode(reader, n)?),
        };
        Ok(Self {
            kind,
            n,
            first_t,
            last_t,
            times_at,
            values_at,
            len,
            summary,
        })
    }
}

/// Calls `each` with the chunks of a series until it returns false.
pub(super) fn decode_directory(
    bytes: &[u8],
    (base, mut values_at): (Millis, u64),
    version: u32,
    mut each: impl FnMut(&ChunkEntry) -> bool,
) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    let mut before = base;
    for _ in 0..reader.uvarint()? {
        let entry = ChunkEntry::decode(&mut reader, (before, values_at), version)?;
        before = entry.last_t;
        values_at = values_at.checked_add(entry.len as u64).ok_or(Malformed)?;
        if !each(&entry) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
