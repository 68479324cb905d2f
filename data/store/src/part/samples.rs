//! Reading the samples of a series.

use model::{Millis, SampleBuffer, TimeRange};

use super::directory::{ChunkEntry, decode_directory};
use super::footer::{CHUNKS, SERIES, TIMES, VALUES};
use super::index::rows::{BLOCK_ROWS, Block};
use super::pages::Window;
use super::reader::{Part, PartError};
use crate::bytes::{Malformed, Reader};
use crate::chunk::{FLOATS, decode_ints, decode_samples};
use crate::select::merge::{append, truncate};

/// Bytes of a directory of format 1 that are read at first; most series have few chunks.
const FIRST_DIRECTORY: usize = 256;

/// Vectors of times that a cursor keeps: as many as targets have their series mixed, within reason.
const N_VECTORS: usize = 32;

/// A vector takes at most eleven bytes a time, and a block header.
fn longest_vector(n: usize) -> usize {
    11 * n + 64
}

impl Part {
    /// Calls `each` with the chunks of a series, ascending, until it returns false.
    pub(crate) fn chunks(&self, id: u32, mut each: impl FnMut(&ChunkEntry) -> bool) -> Result<(), PartError> {
        Cursor::default().chunks(self, id, &mut each)
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
    #[cfg(test)]
    pub(crate) fn samples(&self, id: u32, range: TimeRange, out: &mut SampleBuffer) -> Result<(), PartError> {
        Cursor::default().samples(self, id, range, out)
    }

    /// Starts to read chunks.
    pub(crate) fn chunk_reader(&self) -> ChunkReader<'_> {
        ChunkReader {
            part: self,
            cursor: Cursor::default(),
        }
    }
}

/// A place in a part: pages, places of series and times that the next series is likely to need too. It belongs to
/// one part, and series are best asked for in ascending order.
pub(crate) struct Cursor {
    series: Window,
    chunks: Window,
    times: Window,
    values: Window,
    places: Places,
    entries: Vec<ChunkEntry>,
    vectors: Vectors,
    chunk: SampleBuffer,
}

/// Where the chunks of the series of one block are.
#[derive(Default)]
struct Places {
    block: Option<usize>,
    /// One more than there are series.
    ends: Vec<(u64, u64)>,
}

/// Vectors of times decoded lately, which the series of a target share.
#[derive(Default)]
struct Vectors(Vec<(u64, Vec<Millis>)>);

impl Vectors {
    /// Returns the place for a vector of `n` times and whether it is there.
    fn slot(&mut self, times_at: u64, n: usize) -> (&mut Vec<Millis>, bool) {
        if self.0.is_empty() {
            self.0.resize_with(N_VECTORS, Default::default);
        }
        // Multiplied by the golden ratio, offsets spread over the highest bits.
        let hash = times_at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let at = hash as usize % N_VECTORS;
        let (known, times) = &mut self.0[at];
        let hit = *known == times_at && times.len() == n;
        *known = times_at;
        (times, hit)
    }
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            series: Window::new(SERIES),
            chunks: Window::new(CHUNKS),
            times: Window::new(TIMES),
            values: Window::new(VALUES),
            places: Places::default(),
            entries: Vec::new(),
            vectors: Vectors::default(),
            chunk: SampleBuffer::default(),
        }
    }
}

impl Cursor {
    fn chunks(
        &mut self,
        part: &Part,
        id: u32,
        each: &mut dyn FnMut(&ChunkEntry) -> bool,
    ) -> Result<(), PartError> {
        if part.version() == 1 {
            return part.first_chunks(id, each);
        }
        let ((from, values_at), (to, _)) = self.place(part, id)?;
        let len = usize::try_from(to.wrapping_sub(from)).map_err(|_| Malformed)?;
        let bytes = self.chunks.bytes(part, from, len)?;
        decode_directory(bytes, (part.footer.base, values_at), part.version(), each)?;
        Ok(())
    }

    /// Returns where the directory and payloads of a series start, and where those of the next one do.
    fn place(&mut self, part: &Part, id: u32) -> Result<((u64, u64), (u64, u64)), PartError> {
        let number = id as usize / BLOCK_ROWS;
        if self.places.block != Some(number) {
            self.places.block = None;
            let bytes = part.row_block(&mut self.series, number)?;
            Block::parse(bytes, |_| false)?.places(&mut self.places.ends);
            self.places.block = Some(number);
        }
        let at = id as usize % BLOCK_ROWS;
        match (self.places.ends.get(at), self.places.ends.get(at + 1)) {
            (Some(from), Some(to)) => Ok((*from, *to)),
            _ => Err(Malformed.into()),
        }
    }

    /// Appends the samples of a series in `range` to `out`, whose samples are earlier. Chunks outside are not
    /// read.
    pub(crate) fn samples(
        &mut self,
        part: &Part,
        id: u32,
        range: TimeRange,
        out: &mut SampleBuffer,
    ) -> Result<(), PartError> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.clear();
        let found = self.chunks(part, id, &mut |entry| {
            if entry.last_t >= range.start && entry.first_t <= range.end {
                entries.push(*entry);
            }
            entry.last_t < range.end
        });
        let read = found.and_then(|()| {
            let mut entries = entries.iter();
            entries.try_for_each(|entry| self.chunk(part, entry, (range, &mut *out)))
        });
        self.entries = entries;
        read
    }

    /// Appends the samples of a chunk in `range` to `out`.
    fn chunk(
        &mut self,
        part: &Part,
        entry: &ChunkEntry,
        (range, out): (TimeRange, &mut SampleBuffer),
    ) -> Result<(), PartError> {
        let whole = range.start <= entry.first_t && entry.last_t <= range.end;
        if whole || entry.kind == FLOATS {
            let kept = out.len();
            self.decode(part, entry, out)?;
            if !whole {
                clip(out, kept, range);
            }
            return Ok(());
        }
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.clear();
        self.decode(part, entry, &mut chunk)?;
        let from = chunk.timestamps.partition_point(|t| *t < range.start);
        let to = chunk.timestamps.partition_point(|t| *t <= range.end);
        append(out, &chunk, from..to);
        self.chunk = chunk;
        Ok(())
    }

    fn decode(&mut self, part: &Part, entry: &ChunkEntry, out: &mut SampleBuffer) -> Result<(), PartError> {
        let (n, kept) = (entry.n, out.len());
        let times = self.decode_times(part, entry, &mut out.timestamps);
        let decoded = times.and_then(|()| {
            let payload = self.values.bytes(part, entry.values_at, entry.len)?;
            Ok(decode_samples(entry.kind, payload, (n, &mut *out))?)
        });
        if decoded.is_err() {
            truncate(out, kept);
        }
        decoded
    }

    fn decode_times(
        &mut self,
        part: &Part,
        entry: &ChunkEntry,
        out: &mut Vec<Millis>,
    ) -> Result<(), PartError> {
        let (known, hit) = self.vectors.slot(entry.times_at, entry.n);
        if !hit {
            // Until it is whole it must not be taken for the vector.
            known.clear();
            let bytes = self.times.up_to(part, entry.times_at, longest_vector(entry.n))?;
            if let Err(error) = decode_ints(&mut Reader::new(bytes), entry.n, known) {
                known.clear();
                return Err(error.into());
            }
        }
        out.extend_from_slice(known);
        Ok(())
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
