//! Packed answers, unpacked under a bound: a small answer may stand for a page without end.

use std::io::Read as _;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::{Answer, Body, FetchError, Held};

/// Unpacked pieces; the bound is looked at between two of them.
const PIECE: usize = 256 << 10;

/// Returns the bytes of an answer, unpacked. Takes CPU: not for threads that others wait for.
///
/// # Errors
/// They are more than `limit`, or they are not what they are said to be.
pub(crate) fn unpack(answer: Answer, limit: u64) -> Result<Body, FetchError> {
    if !answer.packed {
        return Ok(answer.body);
    }
    let mut held = Held::none(&Arc::clone(&answer.body.held.total));
    let mut decoder = MultiGzDecoder::new(answer.body.bytes.as_slice());
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        let read = decoder
            .by_ref()
            .take(PIECE as u64)
            .read_to_end(&mut bytes)
            .map_err(FetchError::Unpack)?;
        if read == 0 {
            return Ok(Body { bytes, held });
        }
        if bytes.len() as u64 > limit {
            return Err(FetchError::TooLarge { limit });
        }
        held.grow(bytes.len() - before)?;
    }
}
