//! Numbers of a fixed width in bits, lowest bit first, without gaps.

use crate::bytes::Malformed;

/// Numbers per block; every block has its own width.
pub(crate) const BLOCK: usize = 64;

/// Returns how many bits a number needs.
#[inline]
pub(crate) fn width_of(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// Appends the numbers, each below `2^width`.
pub(crate) fn pack(values: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    if width == 0 {
        return;
    }
    let (mut acc, mut filled) = (0u64, 0u32);
    for value in values {
        acc |= value << filled;
        if filled + width >= u64::BITS {
            out.extend_from_slice(&acc.to_le_bytes());
            acc = if filled == 0 {
                0
            } else {
                value >> (u64::BITS - filled)
            };
            filled = filled + width - u64::BITS;
        } else {
            filled += width;
        }
    }
    let tail = acc.to_le_bytes();
    out.extend_from_slice(tail.get(..filled.div_ceil(8) as usize).unwrap_or(&tail));
}

/// Returns how many bytes `n` numbers take.
pub(crate) fn packed_len(n: usize, width: u32) -> usize {
    (n * width as usize).div_ceil(8)
}

/// Bytes of a full block of the widest numbers, and zeros behind them that make every word below whole.
const PADDED: usize = BLOCK * 8 + 8;

/// Widest numbers of which each lies in eight bytes, wherever it begins.
const ONE_WORD: u32 = 56;

/// Replaces the first `n` numbers of a block, at most all of it, by those in `bytes`; leaves anything in the rest.
#[inline]
pub(crate) fn unpack_block(
    bytes: &[u8],
    width: u32,
    (n, block): (usize, &mut [u64; BLOCK]),
) -> Result<(), Malformed> {
    if width > u64::BITS || n > BLOCK || bytes.len() < packed_len(n, width) {
        return Err(Malformed);
    }
    if width > ONE_WORD {
        return unpack_wide(bytes, width, (n, block));
    }
    let mut padded = [0u8; PADDED];
    let bytes = bytes.get(..packed_len(n, width)).ok_or(Malformed)?;
    padded
        .get_mut(..bytes.len())
        .ok_or(Malformed)?
        .copy_from_slice(bytes);
    macro_rules! unpack_width {
        ($($known:literal)*) => {
            match width {
                $($known => unpack_groups::<$known>(&padded, block),)*
                _ => block.fill(0),
            }
        };
    }
    unpack_width!(
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28
        29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56
    );
    Ok(())
}

/// Unpacks a block, eight numbers at a time: they begin at a whole byte, so all shifts are known for a width.
fn unpack_groups<const WIDTH: usize>(padded: &[u8; PADDED], block: &mut [u64; BLOCK]) {
    let mask = u64::MAX >> (64 - WIDTH);
    let (groups, _) = block.as_chunks_mut::<8>();
    for (at, group) in groups.iter_mut().enumerate() {
        let bytes = &padded[at * WIDTH..at * WIDTH + WIDTH + 8];
        for (number, slot) in group.iter_mut().enumerate() {
            let bit = number * WIDTH;
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[bit / 8..bit / 8 + 8]);
            *slot = (u64::from_le_bytes(word) >> (bit % 8)) & mask;
        }
    }
}

/// Unpacks numbers that may touch nine bytes.
fn unpack_wide(bytes: &[u8], width: u32, (n, block): (usize, &mut [u64; BLOCK])) -> Result<(), Malformed> {
    let mut slots = block.iter_mut();
    unpack(bytes, width, n, |number| {
        if let Some(slot) = slots.next() {
            *slot = number;
        }
    })
}

/// Calls `each` with `n` numbers from `bytes`.
#[inline]
pub(crate) fn unpack(bytes: &[u8], width: u32, n: usize, mut each: impl FnMut(u64)) -> Result<(), Malformed> {
    if width > u64::BITS || bytes.len() < packed_len(n, width) {
        return Err(Malformed);
    }
    if width == 0 {
        (0..n).for_each(|_| each(0));
        return Ok(());
    }
    let mask = u64::MAX >> (u64::BITS - width);
    for i in 0..n {
        let bit = i * width as usize;
        let (byte, shift) = (bit / 8, (bit % 8) as u32);
        let value = match bytes.get(byte..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(word) if width <= ONE_WORD => u64::from_le_bytes(*word) >> shift,
            _ => wide(bytes.get(byte..).unwrap_or_default(), shift),
        };
        each(value & mask);
    }
    Ok(())
}

/// Returns one number of those packed, zero beyond the end.
#[inline]
pub(crate) fn get(bytes: &[u8], width: u32, at: usize) -> u64 {
    if width == 0 || width > u64::BITS {
        return 0;
    }
    let bit = at.saturating_mul(width as usize);
    let (rest, shift) = (bytes.get(bit / 8..).unwrap_or_default(), (bit % 8) as u32);
    let word = match rest.first_chunk::<8>() {
        Some(word) if width <= ONE_WORD => u64::from_le_bytes(*word) >> shift,
        _ => wide(rest, shift),
    };
    word & (u64::MAX >> (u64::BITS - width))
}

/// Reads 64 bits that may touch nine bytes, or fewer than eight at the end.
fn wide(bytes: &[u8], shift: u32) -> u64 {
    let mut buffer = [0u8; 16];
    for (to, from) in buffer.iter_mut().zip(bytes) {
        *to = *from;
    }
    // The nine bytes read cover 64 bits after a shift of less than 8.
    (u128::from_le_bytes(buffer) >> shift) as u64
}
