//! Integers: difference to the first one, divided by their common divisor, then the cheapest of four shapes.
//!
//! Layout of `n >= 1` integers:
//! ```text
//! ivarint first
//! if n > 1:
//!   u8 shape          0 constant, 1 constant step, 2 plain, 3 steps, 4 steps of steps
//!   shape 1: ivarint step
//!   shape 2..4: uvarint divisor, then blocks of at most 64 numbers for integers 1..n:
//!     ivarint minimum, u8 width, numbers minus minimum, `width` bits each, padded to a byte
//! ```
//! With `k[i] = (x[i] - x[0]) / divisor`, the numbers are `k[i]`, `k[i] - k[i-1]`, or the differences of the
//! latter, starting from zero. All arithmetic wraps, which keeps the round trip exact for any input.

use super::bitpack::{self, BLOCK, width_of};
use crate::bytes::{Malformed, Reader, put_ivarint, put_uvarint};

const CONSTANT: u8 = 0;
const STEP: u8 = 1;
const PLAIN: u8 = 2;
const DELTA: u8 = 3;
const DELTA2: u8 = 4;

/// Appends the integers.
pub(crate) fn encode_ints(values: &[i64], out: &mut Vec<u8>) {
    let Some((&first, rest)) = values.split_first() else {
        return;
    };
    put_ivarint(out, first);
    let Some(&second) = rest.first() else { return };
    let step = second.wrapping_sub(first);
    if values.windows(2).all(|w| w[1].wrapping_sub(w[0]) == step) {
        if step == 0 {
            out.push(CONSTANT);
        } else {
            out.push(STEP);
            put_ivarint(out, step);
        }
        return;
    }
    let divisor = common_divisor(first, rest);
    let ks: Vec<i64> = if divisor == 1 {
        rest.iter().map(|v| v.wrapping_sub(first)).collect()
    } else {
        rest.iter().map(|v| v.wrapping_sub(first) / divisor).collect()
    };
    let shape = cheapest_shape(&ks);
    out.push(shape);
    put_uvarint(out, divisor.cast_unsigned());
    let mut state = State::default();
    let mut block = [0i64; BLOCK];
    for part in ks.chunks(BLOCK) {
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        for (slot, k) in block.iter_mut().zip(part) {
            *slot = state.forward(shape, *k);
            low = low.min(*slot);
            high = high.max(*slot);
        }
        let width = width_of(high.wrapping_sub(low).cast_unsigned());
        put_ivarint(out, low);
        out.push(width as u8);
        let numbers = block
            .iter()
            .take(part.len())
            .map(|w| w.wrapping_sub(low).cast_unsigned());
        bitpack::pack(numbers, width, out);
    }
}

/// Appends `n` integers to `out`.
pub(crate) fn decode_ints(reader: &mut Reader<'_>, n: usize, out: &mut Vec<i64>) -> Result<(), Malformed> {
    decode_ints_as(reader, n, (|integer| integer, out))
}

/// Appends what `to` makes of each of `n` integers to `out`.
#[inline]
pub(super) fn decode_ints_as<T: Copy>(
    reader: &mut Reader<'_>,
    n: usize,
    (to, out): (impl Fn(i64) -> T, &mut Vec<T>),
) -> Result<(), Malformed> {
    if n == 0 {
        return Ok(());
    }
    let first = reader.ivarint()?;
    out.push(to(first));
    if n == 1 {
        return Ok(());
    }
    let shape = reader.u8()?;
    match shape {
        CONSTANT => out.resize(out.len() + n - 1, to(first)),
        STEP => {
            let step = reader.ivarint()?;
            let mut value = first;
            out.extend((1..n).map(|_| {
                value = value.wrapping_add(step);
                to(value)
            }));
        }
        PLAIN | DELTA | DELTA2 => {
            let divisor = reader.uvarint()?.cast_signed();
            let mut state = State::default();
            let mut block = [0u64; BLOCK];
            let mut left = n - 1;
            out.reserve(left);
            while left > 0 {
                let len = left.min(BLOCK);
                let low = reader.ivarint()?;
                let width = u32::from(reader.u8()?);
                let packed = reader.bytes(bitpack::packed_len(len, width.min(u64::BITS)))?;
                bitpack::unpack_block(packed, width, (len, &mut block))?;
                let numbers = block.iter().take(len);
                let numbers = numbers.map(|number| number.cast_signed().wrapping_add(low));
                let value = |k: i64| to(first.wrapping_add(k.wrapping_mul(divisor)));
                // A loop for each shape, so that none asks which it is for every number.
                match shape {
                    PLAIN => out.extend(numbers.map(value)),
                    DELTA => out.extend(numbers.map(|number| {
                        state.k = state.k.wrapping_add(number);
                        value(state.k)
                    })),
                    _ => out.extend(numbers.map(|number| {
                        state.step = state.step.wrapping_add(number);
                        state.k = state.k.wrapping_add(state.step);
                        value(state.k)
                    })),
                }
                left -= len;
            }
        }
        _ => return Err(Malformed),
    }
    Ok(())
}

/// Last `k` and last step, both zero at the start.
#[derive(Default)]
struct State {
    k: i64,
    step: i64,
}

impl State {
    #[inline]
    fn forward(&mut self, shape: u8, k: i64) -> i64 {
        let step = k.wrapping_sub(self.k);
        let number = match shape {
            PLAIN => k,
            DELTA => step,
            _ => step.wrapping_sub(self.step),
        };
        self.k = k;
        self.step = step;
        number
    }
}

/// Returns the greatest common divisor of all differences to the first, 1 where a difference overflows.
fn common_divisor(first: i64, rest: &[i64]) -> i64 {
    let mut divisor = 0u64;
    for value in rest {
        let Some(difference) = value.checked_sub(first) else {
            return 1;
        };
        let (mut a, mut b) = (divisor, difference.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
        if divisor == 1 {
            return 1;
        }
    }
    i64::try_from(divisor).map_or(1, |d| d.max(1))
}

/// Returns the shape whose blocks take the fewest bits.
fn cheapest_shape(ks: &[i64]) -> u8 {
    let shapes = [PLAIN, DELTA, DELTA2];
    let mut states = [State::default(), State::default(), State::default()];
    let mut bits = [0u64; 3];
    for part in ks.chunks(BLOCK) {
        for ((shape, state), total) in shapes.iter().zip(&mut states).zip(&mut bits) {
            let (mut low, mut high) = (i64::MAX, i64::MIN);
            for k in part {
                let number = state.forward(*shape, *k);
                low = low.min(number);
                high = high.max(number);
            }
            let width = width_of(high.wrapping_sub(low).cast_unsigned());
            *total += u64::from(width) * part.len() as u64 + u64::from(width_of(low.unsigned_abs()));
        }
    }
    let best = (0..3).min_by_key(|i| bits[*i]).unwrap_or(0);
    shapes[best]
}
