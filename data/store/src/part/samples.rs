//! Reading the samples of a series.

use model::{SampleBuffer, TimeRange};

use super::cursor::Cursor;
use super::directory::{ChunkEntry, decode_directory};
use super::footer::CHUNKS;
use super::reader::{Part, PartError};
use crate::bytes::Malformed;

/// Bytes of a directory of format 1 that are read at first; most series have few chunks.
const FIRST_DIRECTORY: usize = 256;

/// A vector takes at most eleven bytes a time, and a block header.
pub(super) fn longest_vector(n: usize) -> usize {
    11 * n + 64
}

impl Part {
    /// Calls `each` with the chunks of a series, ascending, until it returns false.
    pub(crate) fn chunks(&self, id: u32, mut each: impl FnMut(&ChunkEntry) -> bool) -> Result<(), PartError> {
        Cursor::default().chunks(self, id, &mut each)
    }

    pub(super) fn first_chunks(
        &self,
        id: u32,
        mut each: impl FnMut(&ChunkEntry) -> bool,
    ) -> Result<(), PartError> {
        let mut place = None;
        self.first_rows(&[id], |_, found, _| place = Some(found))?;
        let place = place.ok_or(Malformed)?;
        let mut pages = self.pages(CHUNKS);
        let mut len = FIRST_DIRECTORY;
        loop {
            let bytes = pages.up_to(place.chunks, len)?;
            let whole = bytes.len() < len;
            let mut entries = Vec::new();
            let decoded = decode_directory(bytes, (self.footer.base, place.values), 1, |entry| {
                entries.push(*entry);
                true
            });
            match decoded {
                Ok(()) => {
                    let _all = entries.iter().all(&mut each);
                    return Ok(());
                }
                Err(Malformed) if whole => return Err(Malformed.into()),
                Err(Malformed) => len *= 8,
            }
        }
    }

    /// Appends the samples of a series in `range` to `out`, whose samples are earlier. Chunks outside are not
    /// read.
    #[cfg(test)]
    pub(crate) fn samples(&self, id: u32, range: TimeRange, out: &mut SampleBuffer) -> Result<(), PartError> {
        Cursor::default().samples((self, id), range, out)
    }

    /// Starts to read chunks.
    pub(crate) fn chunk_reader(&self) -> ChunkReader<'_> {
        ChunkReader {
            part: self,
            cursor: Cursor::default(),
        }
    }
}

/// Reads chunks of a part, best in the order they lie in.
pub(crate) struct ChunkReader<'a> {
    part: &'a Part,
    cursor: Cursor,
}

impl ChunkReader<'_> {
    /// Appends the samples of a chunk in `range` to `out`.
    pub(crate) fn samples(
        &mut self,
        entry: &ChunkEntry,
        range: TimeRange,
        out: &mut SampleBuffer,
    ) -> Result<(), PartError> {
        self.cursor.chunk(self.part, entry, (range, out))
    }

    /// Returns the bytes of a chunk's vector of times, to be read as far as it goes, and of its payload.
    pub(crate) fn stored(&mut self, entry: &ChunkEntry) -> Result<(&[u8], &[u8]), PartError> {
        let cursor = &mut self.cursor;
        let times = cursor
            .times
            .up_to(self.part, entry.times_at, longest_vector(entry.n))?;
        let values = cursor.values.bytes(self.part, entry.values_at, entry.len)?;
        Ok((times, values))
    }
}
