//! Reading the samples of a series.

use model::{Millis, SampleBuffer, TimeRange};

use super::directory::{ChunkEntry, decode_directory};
use super::footer::{CHUNKS, SERIES, TIMES, VALUES};
use super::index::rows::{BLOCK_ROWS, Block, Place};
use super::reader::{Part, PartError};
use crate::bytes::{Malformed, Reader};
use crate::chunk::{FLOATS, decode_ints, decode_samples};
use crate::select::merge::{append, truncate};

/// Bytes of a directory of format 1 that are read at first; most series have few chunks.
const FIRST_DIRECTORY: usize = 256;

/// A vector takes at most eleven bytes a time, and a block header.
fn longest_vector(n: usize) -> usize {
    11 * n + 64
}

impl Part {
    /// Calls `each` with the chunks of a series, ascending, until it returns false.
    pub(crate) fn chunks(&self, id: u32, mut each: impl FnMut(&ChunkEntry) -> bool) -> Result<(), PartError> {
        if self.version() == 1 {
            return self.first_chunks(id, each);
        }
        let (place, _) = self.place(id)?;
        let mut pages = self.pages(CHUNKS);
        let len = usize::try_from(place.chunks.1).map_err(|_| Malformed)?;
        let bytes = pages.bytes(place.chunks.0, len)?;
        decode_directory(
            bytes,
            (self.footer.base, place.values.0),
            self.version(),
            &mut each,
        )?;
        Ok(())
    }

    /// Returns where a series' chunks are.
    fn place(&self, id: u32) -> Result<(Place, usize), PartError> {
        let block = id as usize / BLOCK_ROWS;
        let mut pages = self.pages(SERIES);
        let block = Block::parse(self.row_block(&mut pages, block)?, Some(u32::MAX))?;
        let at = id as usize % BLOCK_ROWS;
        if at >= block.rows {
            return Err(Malformed.into());
        }
        Ok((block.place(at), at))
    }

    fn first_chunks(&self, id: u32, mut each: impl FnMut(&ChunkEntry) -> bool) -> Result<(), PartError> {
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
    pub(crate) fn samples(&self, id: u32, range: TimeRange, out: &mut SampleBuffer) -> Result<(), PartError> {
        let mut entries = Vec::new();
        self.chunks(id, |entry| {
            if entry.last_t >= range.start && entry.first_t <= range.end {
                entries.push(*entry);
            }
            entry.last_t < range.end
        })?;
        let mut reader = self.chunk_reader();
        entries
            .iter()
            .try_for_each(|entry| reader.samples(entry, range, out))
    }

    /// Starts to read chunks.
    pub(crate) fn chunk_reader(&self) -> ChunkReader<'_> {
        ChunkReader {
            times: self.pages(TIMES),
            values: self.pages(VALUES),
            chunk: SampleBuffer::default(),
        }
    }
}

/// Reads chunks of a part, best in the order they lie in.
pub(crate) struct ChunkReader<'a> {
    times: super::pages::Pages<'a>,
    values: super::pages::Pages<'a>,
    chunk: SampleBuffer,
}

impl ChunkReader<'_> {
    /// Appends the samples of a chunk in `range` to `out`.
    pub(crate) fn samples(
        &mut self,
        entry: &ChunkEntry,
        range: TimeRange,
        out: &mut SampleBuffer,
    ) -> Result<(), PartError> {
        let whole = range.start <= entry.first_t && entry.last_t <= range.end;
        if whole || entry.kind == FLOATS {
            let kept = out.len();
            self.decode(entry, out)?;
            if !whole {
                clip(out, kept, range);
            }
            return Ok(());
        }
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.clear();
        self.decode(entry, &mut chunk)?;
        let from = chunk.timestamps.partition_point(|t| *t < range.start);
        let to = chunk.timestamps.partition_point(|t| *t <= range.end);
        append(out, &chunk, from..to);
        self.chunk = chunk;
        Ok(())
    }

    fn decode(&mut self, entry: &ChunkEntry, out: &mut SampleBuffer) -> Result<(), PartError> {
        let (n, kept) = (entry.n, out.len());
        let bytes = self.times.up_to(entry.times_at, longest_vector(n))?;
        let decoded = decode_ints(&mut Reader::new(bytes), n, &mut out.timestamps);
        let payload = self.values.bytes(entry.values_at, entry.len);
        let decoded = match (decoded, payload) {
            (Ok(()), Ok(payload)) => decode_samples(entry.kind, payload, (n, out)).map_err(PartError::from),
            (Err(error), _) => Err(error.into()),
            (_, Err(error)) => Err(error),
        };
        if decoded.is_err() {
            truncate(out, kept);
        }
        decoded
    }

    /// Returns the bytes of a chunk's vector of times, to be read as far as it goes, and of its payload.
    pub(crate) fn stored(&mut self, entry: &ChunkEntry) -> Result<(&[u8], &[u8]), PartError> {
        let times = self.times.up_to(entry.times_at, longest_vector(entry.n))?;
        Ok((times, self.values.bytes(entry.values_at, entry.len)?))
    }
}

/// Leaves of the floats behind the first `kept` samples those in range.
fn clip(out: &mut SampleBuffer, kept: usize, range: TimeRange) {
    let (from, to) = {
        let times: &[Millis] = out.timestamps.get(kept..).unwrap_or_default();
        (
            kept + times.partition_point(|t| *t < range.start),
            kept + times.partition_point(|t| *t <= range.end),
        )
    };
    truncate(out, to);
    out.timestamps.drain(kept..from);
    out.values.drain(kept..from);
    if !out.starts.is_empty() {
        out.starts.drain(kept..from);
    }
}
