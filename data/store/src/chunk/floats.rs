//! Sealed values: decimals as integers where that is exact, XOR of neighbours otherwise.
//!
//! Layout of `n >= 1` values:
//! ```text
//! u8 kind             0 constant, 1 decimal, 2 xor
//! constant: u64 bits
//! decimal:  u8 exponent, uvarint n_exceptions, exceptions, integers (see chunk/ints.rs)
//!             exception: uvarint distance to the previous exception's index (first: index), u64 bits
//! xor:      u64 first bits, then blocks of at most 64 for values 1..n:
//!             u8 trailing zero bits cut, u8 width, XORs with the previous value, `width` bits each
//! ```
//! A decimal value is `integer / 10^exponent` in IEEE division, which is the correctly rounded double of that
//! decimal as both operands are exact (integer below 2^51, 10^exponent with exponent at most 15). The encoder
//! keeps a value as integer only if the division gives back its very bits.

use super::bitpack::{self, BLOCK, width_of};
use super::ints::{decode_ints_as, encode_ints};
use crate::bytes::{Malformed, Reader, put_uvarint};

const CONSTANT: u8 = 0;
const DECIMAL: u8 = 1;
const XOR: u8 = 2;

const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// Adding and subtracting 1.5 · 2^52 rounds a double of magnitude below 2^51 to the nearest integer.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
const MAX_INTEGER: f64 = 2_251_799_813_685_248.0;

/// Appends the values, given as bits.
pub(crate) fn encode_floats(values: &[u64], out: &mut Vec<u8>) {
    let Some((first, rest)) = values.split_first() else {
        return;
    };
    if rest.iter().all(|v| v == first) {
        out.push(CONSTANT);
        out.extend_from_slice(&first.to_le_bytes());
        return;
    }
    let start = out.len();
    if encode_decimal(values, out) && out.len() - start < values.len() * 8 {
        return;
    }
    out.truncate(start);
    encode_xor(*first, rest, out);
}

/// Appends `n` values to `out`.
pub(crate) fn decode_floats(bytes: &[u8], n: usize, out: &mut Vec<f64>) -> Result<(), Malformed> {
    if n == 0 {
        return Ok(());
    }
    let mut reader = Reader::new(bytes);
    match reader.u8()? {
        CONSTANT => out.resize(out.len() + n, f64::from_bits(reader.u64()?)),
        DECIMAL => decode_decimal(reader, n, out)?,
        XOR => decode_xor(reader, n, out)?,
        _ => return Err(Malformed),
    }
    Ok(())
}

/// Returns a power of ten that decimals may be divided by.
pub(crate) fn power_of(exponent: u8) -> Option<f64> {
    POWERS.get(usize::from(exponent)).copied()
}

/// Returns the integer that divided by a power of ten is the value to the bit, if there is one.
#[inline]
pub(crate) fn as_decimal(value: f64, power: f64) -> Option<i64> {
    let integer = (value * power + ROUNDER) - ROUNDER;
    let exact = integer.abs() <= MAX_INTEGER && (integer / power).to_bits() == value.to_bits();
    // In range, so the cast is exact.
    exact.then_some(integer as i64)
}

/// Finds the smallest exponent that suits all values but a few; `None` if too many suit none.
fn common_exponent(values: &[u64]) -> Option<usize> {
    let budget = 2 + values.len() / 16;
    let (mut exponent, mut misfits) = (0, 0);
    for bits in values {
        let value = f64::from_bits(*bits);
        if as_decimal(value, POWERS[exponent]).is_some() {
            continue;
        }
        match (exponent + 1..POWERS.len()).find(|e| as_decimal(value, POWERS[*e]).is_some()) {
            Some(found) => exponent = found,
            None => misfits += 1,
        }
        if misfits > budget {
            return None;
        }
    }
    Some(exponent)
}

fn encode_decimal(values: &[u64], out: &mut Vec<u8>) -> bool {
    let Some(exponent) = common_exponent(values) else {
        return false;
    };
    let power = POWERS[exponent];
    let mut exceptions = Vec::new();
    let mut integers = Vec::with_capacity(values.len());
    // An exception repeats its predecessor, which costs least in every shape.
    let mut last = None;
    for (i, bits) in values.iter().enumerate() {
        match as_decimal(f64::from_bits(*bits), power) {
            Some(integer) => {
                if last.is_none() {
                    integers.fill(integer);
                }
                integers.push(integer);
                last = Some(integer);
            }
            None => {
                exceptions.push((i, *bits));
                integers.push(last.unwrap_or(0));
            }
        }
    }
    out.push(DECIMAL);
    out.push(exponent as u8);
    put_uvarint(out, exceptions.len() as u64);
    let mut previous = 0;
    for (i, bits) in exceptions {
        put_uvarint(out, (i - previous) as u64);
        out.extend_from_slice(&bits.to_le_bytes());
        previous = i;
    }
    encode_ints(&integers, out);
    true
}

fn decode_decimal(mut reader: Reader<'_>, n: usize, out: &mut Vec<f64>) -> Result<(), Malformed> {
    let power = *POWERS.get(usize::from(reader.u8()?)).ok_or(Malformed)?;
    let n_exceptions = reader.number::<usize>()?;
    if n_exceptions > n {
        return Err(Malformed);
    }
    let mut exceptions = Vec::with_capacity(n_exceptions);
    let mut position = 0usize;
    for _ in 0..n_exceptions {
        position = position.checked_add(reader.number::<usize>()?).ok_or(Malformed)?;
        exceptions.push((position, reader.u64()?));
    }
    let start = out.len();
    if power == 1.0 {
        decode_ints_as(&mut reader, n, (|integer| integer as f64, &mut *out))?;
    } else {
        decode_ints_as(&mut reader, n, (|integer| integer as f64 / power, &mut *out))?;
    }
    for (position, bits) in exceptions {
        *out.get_mut(start + position).ok_or(Malformed)? = f64::from_bits(bits);
    }
    Ok(())
}

fn encode_xor(first: u64, rest: &[u64], out: &mut Vec<u8>) {
    out.push(XOR);
    out.extend_from_slice(&first.to_le_bytes());
    let mut previous = first;
    let mut xors = [0u64; BLOCK];
    for part in rest.chunks(BLOCK) {
        let mut union = 0;
        for (slot, bits) in xors.iter_mut().zip(part) {
            *slot = bits ^ previous;
            union |= *slot;
            previous = *bits;
        }
        let cut = if union == 0 { 0 } else { union.trailing_zeros() };
        let width = width_of(union >> cut);
        out.push(cut as u8);
        out.push(width as u8);
        bitpack::pack(xors.iter().take(part.len()).map(|x| x >> cut), width, out);
    }
}

fn decode_xor(mut reader: Reader<'_>, n: usize, out: &mut Vec<f64>) -> Result<(), Malformed> {
    let mut bits = reader.u64()?;
    out.push(f64::from_bits(bits));
    let mut block = [0u64; BLOCK];
    let mut left = n - 1;
    while left > 0 {
        let len = left.min(BLOCK);
        let cut = u32::from(reader.u8()?);
        let width = u32::from(reader.u8()?);
        if cut >= u64::BITS || width > u64::BITS {
            return Err(Malformed);
        }
        let packed = reader.bytes(bitpack::packed_len(len, width))?;
        bitpack::unpack_block(packed, width, (len, &mut block))?;
        out.extend(block.iter().take(len).map(|x| {
            bits ^= x << cut;
            f64::from_bits(bits)
        }));
        left -= len;
    }
    Ok(())
}
