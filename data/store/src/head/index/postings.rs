//! Ascending series ids as varints of their differences.

use crate::bytes::{Malformed, Reader, put_uvarint};

/// A list of ascending `u32` that only grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Postings {
    bytes: Vec<u8>,
    len: u32,
    last: u32,
}

impl Postings {
    /// Appends an id larger than all before.
    pub(crate) fn push(&mut self, id: u32) {
        let gap = if self.len == 0 {
            id
        } else {
            id.wrapping_sub(self.last)
        };
        put_uvarint(&mut self.bytes, u64::from(gap));
        self.last = id;
        self.len += 1;
    }

    /// Returns the number of ids.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Returns the last id, zero if there is none.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    /// Iterates over the ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let mut reader = Reader::new(&self.bytes);
        let mut id = 0u32;
        std::iter::from_fn(move || {
            let gap = reader.number::<u32>().ok()?;
            id = id.wrapping_add(gap);
            Some(id)
        })
    }
}

/// Appends `n` ids from encoded bytes to `out`.
pub(crate) fn decode_postings(bytes: &[u8], n: usize, out: &mut Vec<u32>) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    let mut id = 0u32;
    for _ in 0..n {
        id = id.checked_add(reader.number()?).ok_or(Malformed)?;
        out.push(id);
    }
    Ok(())
}
