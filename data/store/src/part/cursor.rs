//! Reading the samples of one series after another.

use model::{Millis, SampleBuffer, TimeRange};

use super::directory::{ChunkEntry, decode_directory};
use super::footer::{CHUNKS, SERIES, TIMES, VALUES};
use super::index::rows::{BLOCK_ROWS, Block, Place};
use super::pages::Window;
use super::reader::{Part, PartError};
use super::samples::longest_vector;
use crate::bytes::{Malformed, Reader};
use crate::chunk::{FLOATS, decode_ints, decode_samples};
use crate::select::merge::{append, truncate};

/// Vectors of times that a cursor keeps: as many as targets have their series mixed, within reason.
const N_VECTORS: usize = 32;

/// A place in a part: pages, places of series and times that the next series is likely to need too. It belongs to
/// one part, and series are best asked for in ascending order.
pub(crate) struct Cursor {
    series: Window,
    chunks: Window,
    pub(super) times: Window,
    pub(super) values: Window,
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
    ends: Vec<Place>,
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
    /// Calls `each` with the chunks of a series, ascending, until it returns false.
    pub(crate) fn chunks(
        &mut self,
        part: &Part,
        id: u32,
        each: &mut dyn FnMut(&ChunkEntry) -> bool,
    ) -> Result<(), PartError> {
        if part.version() == 1 {
            return part.first_chunks(id, each);
        }
        let (from, to) = self.place(part, id)?;
        let (from, values_at, to) = (from.chunks, from.values, to.chunks);
        let len = usize::try_from(to.wrapping_sub(from)).map_err(|_| Malformed)?;
        let bytes = self.chunks.bytes(part, from, len)?;
        decode_directory(bytes, (part.footer.base, values_at), part.version(), each)?;
        Ok(())
    }

    /// Returns where the directory and payloads of a series start, and where those of the next one do.
    fn place(&mut self, part: &Part, id: u32) -> Result<(Place, Place), PartError> {
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
        (part, id): (&Part, u32),
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
    pub(super) fn chunk(
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
