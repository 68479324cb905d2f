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

/// Replaces the first `n` numbers of a block, at most all of it, by those in `bytes`.
#[inline]
pub(crate) fn unpack_block(
    bytes: &[u8],
    width: u32,
    (n, block): (usize, &mut [u64; BLOCK]),
) -> Result<(), Malformed> {
    if width > u64::BITS || n > BLOCK || bytes.len() < packed_len(n, width) {
        return Err(Malformed);
    }
    if width == 0 {
        block.fill(0);
        return Ok(());
    }
    // Words of a full block and zeros behind them, as many as make every index below valid.
    let mut words = [0u64; 2 * BLOCK];
    let mut chunks = bytes.chunks_exact(8);
    for (word, chunk) in words.iter_mut().zip(&mut chunks) {
        let mut whole = [0u8; 8];
        whole.copy_from_slice(chunk);
        *word = u64::from_le_bytes(whole);
    }
    if let Some(word) = words.get_mut(bytes.len() / 8) {
        let mut part = [0u8; 8];
        for (to, from) in part.iter_mut().zip(chunks.remainder()) {
            *to = *from;
        }
        *word = u64::from_le_bytes(part);
    }
    let mask = u64::MAX >> (u64::BITS - width);
    let mut bit = 0usize;
    for slot in block.iter_mut().take(n) {
        let (word, shift) = (bit / 64, (bit % 64) as u32);
        let low = words[word % words.len()] >> shift;
        // Two shifts, as one by 64 is none.
        let high = words[(word + 1) % words.len()] << 1 << (63 - shift);
        *slot = (low | high) & mask;
        bit += width as usize;
    }
    Ok(())
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
            Some(word) if width <= 56 => u64::from_le_bytes(*word) >> shift,
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
    let word = wide(bytes.get(bit / 8..).unwrap_or_default(), (bit % 8) as u32);
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
