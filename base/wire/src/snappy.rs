//! Snappy blocks, with the size checked before memory is taken.

use crate::DecodeError;

/// Decompresses a block into `out`, which is only ever grown, and returns the part of it that was filled.
pub(crate) fn decompress<'a>(
    compressed: &[u8],
    limit: usize,
    out: &'a mut Vec<u8>,
) -> Result<&'a [u8], DecodeError> {
    if compressed.is_empty() {
        return Err(DecodeError::Empty);
    }
    let bytes = snap::raw::decompress_len(compressed).map_err(DecodeError::Snappy)?;
    if bytes > limit {
        return Err(DecodeError::TooLarge { bytes, limit });
    }
    // A block of n bytes cannot stand for more than 64 bytes of copies an element of three bytes; what declares more
    // is not worth its memory.
    if bytes / 32 > compressed.len() {
        return Err(DecodeError::Snappy(snap::Error::HeaderMismatch {
            expected_len: bytes as u64,
            got_len: 0,
        }));
    }
    if out.len() < bytes {
        out.resize(bytes, 0);
    }
    let len = snap::raw::Decoder::new()
        .decompress(compressed, out)
        .map_err(DecodeError::Snappy)?;
    Ok(out.get(..len).unwrap_or_default())
}

/// Compresses a block.
pub(crate) fn compress(body: &[u8]) -> Vec<u8> {
    let mut out = vec![0; snap::raw::max_compress_len(body.len())];
    let len = snap::raw::Encoder::new()
        .compress(body, &mut out)
        .expect("the buffer has the size the encoder asks for, and requests are far below 4 GiB");
    out.truncate(len);
    out
}
