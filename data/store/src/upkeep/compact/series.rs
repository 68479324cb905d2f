//! One series of several parts as the chunks of one.

use hashbrown::HashMap;
use model::{Millis, SampleBuffer, TimeRange};

use crate::bytes::{Malformed, Reader};
use crate::chunk::decode_ints;
use crate::part::{ChunkEntry, ChunkReader, MAX_CHUNK, Part, PartError, PartWriter};
use crate::select::merge::merge;
use crate::tombstones::bury;

/// Samples that a chunk must have to stay as it is.
const MIN_COPIED: usize = 128;

/// Decoded samples that are gathered before they are cut into chunks.
const MAX_PENDING: usize = 16 * MAX_CHUNK;

/// Vectors of times whose place in the new part is remembered.
const MAX_VECTORS: usize = 1 << 18;

/// A chunk of one of the parts.
struct Piece {
    part: usize,
    entry: ChunkEntry,
    /// Something in it is deleted.
    cut: bool,
}

/// Merges series after series.
pub(super) struct SeriesMerger<'a> {
    parts: &'a [&'a Part],
    readers: Vec<ChunkReader<'a>>,
    /// Places of the parts in the group, oldest part first.
    by_age: Vec<usize>,
    /// Offset in the new part of a vector of times, by part, offset there and length.
    vectors: HashMap<(usize, u64, usize), u64>,
    pieces: Vec<Piece>,
    pending: SampleBuffer,
}

impl<'a> SeriesMerger<'a> {
    pub(super) fn new(parts: &'a [&'a Part]) -> Self {
        let mut by_age: Vec<usize> = (0..parts.len()).collect();
        by_age.sort_by_key(|at| parts.get(*at).map(|part| part.info().age()));
        Self {
            parts,
            readers: parts.iter().map(|part| part.chunk_reader()).collect(),
            by_age,
            vectors: HashMap::new(),
            pieces: Vec::new(),
            pending: SampleBuffer::default(),
        }
    }

    /// Writes the samples of a series, given by part, id and what is deleted of it, without its name.
    pub(super) fn merge(
        &mut self,
        places: &[(usize, u32, Vec<TimeRange>)],
        writer: &mut PartWriter,
    ) -> Result<(), (usize, PartError)> {
        self.gather(places)?;
        let pieces = std::mem::take(&mut self.pieces);
        // Chunks that share a time with one another are read together.
        let mut rest = pieces.as_slice();
        while let Some(first) = rest.first() {
            let mut end = first.entry.last_t;
            let mut n = 0;
            for piece in rest {
                if n > 0 && piece.entry.first_t > end {
                    break;
                }
                end = end.max(piece.entry.last_t);
                n += 1;
            }
            let (together, after) = rest.split_at(n);
            rest = after;
            if n == 1 && self.stays(first) {
                self.flush(writer);
                self.copy(first, writer).map_err(|error| (first.part, error))?;
                continue;
            }
            self.decode(together, places)?;
            if self.pending.len() >= MAX_PENDING {
                self.flush(writer);
            }
        }
        self.flush(writer);
        self.pieces = pieces;
        Ok(())
    }

    fn gather(&mut self, places: &[(usize, u32, Vec<TimeRange>)]) -> Result<(), (usize, PartError)> {
        self.pieces.clear();
        for (at, id, deleted) in places {
            let Some(part) = self.parts.get(*at) else { continue };
            let pieces = &mut self.pieces;
            let gathered = part.chunks(*id, |entry| {
                let gone = |span: &TimeRange| span.start <= entry.first_t && entry.last_t <= span.end;
                let touched = |span: &TimeRange| span.start <= entry.last_t && entry.first_t <= span.end;
                if !deleted.iter().any(gone) {
                    pieces.push(Piece {
                        part: *at,
                        entry: *entry,
                        cut: deleted.iter().any(touched),
                    });
                }
                true
            });
            gathered.map_err(|error| (*at, error))?;
        }
        self.pieces.sort_by_key(|piece| piece.entry.first_t);
        Ok(())
    }

    /// Tells whether a chunk that stands alone is good as it is.
    fn stays(&self, piece: &Piece) -> bool {
        let n = piece.entry.n;
        let waiting = self.pending.len();
        let joins = waiting > 0 && waiting < MIN_COPIED && waiting + n <= MAX_CHUNK;
        !piece.cut && piece.entry.summary.is_some() && n >= MIN_COPIED && !joins
    }

    fn copy(&mut self, piece: &Piece, writer: &mut PartWriter) -> Result<(), PartError> {
        let Some(reader) = self.readers.get_mut(piece.part) else {
            return Ok(());
        };
        let (times, payload) = reader.stored(&piece.entry)?;
        let key = (piece.part, piece.entry.times_at, piece.entry.n);
        let times_at = match self.vectors.get(&key) {
            Some(at) => *at,
            None => {
                let mut rest = Reader::new(times);
                let mut decoded: Vec<Millis> = Vec::with_capacity(piece.entry.n);
                decode_ints(&mut rest, piece.entry.n, &mut decoded)?;
                let len = times.len() - rest.rest().len();
                let vector = times.get(..len).ok_or(Malformed)?;
                let at = writer.time_vector(vector, piece.entry.n);
                if self.vectors.len() >= MAX_VECTORS {
                    self.vectors.clear();
                }
                self.vectors.insert(key, at);
                at
            }
        };
        let entry = ChunkEntry {
            times_at,
            ..piece.entry
        };
        writer.push_stored(&entry, payload);
        Ok(())
    }

    /// Reads chunks that overlap; of two samples at one time that of the older part stays.
    fn decode(
        &mut self,
        pieces: &[Piece],
        places: &[(usize, u32, Vec<TimeRange>)],
    ) -> Result<(), (usize, PartError)> {
        let mut together = SampleBuffer::default();
        let mut samples = SampleBuffer::default();
        for at in &self.by_age {
            let Some(reader) = self.readers.get_mut(*at) else {
                continue;
            };
            samples.clear();
            for piece in pieces.iter().filter(|piece| piece.part == *at) {
                let read = reader.samples(&piece.entry, TimeRange::ALL, &mut samples);
                read.map_err(|error| (*at, error))?;
            }
            let deleted = places.iter().find(|(part, ..)| part == at);
            if let Some((_, _, deleted)) = deleted {
                bury(&mut samples, deleted.clone());
            }
            merge(&mut together, &samples);
        }
        merge(&mut self.pending, &together);
        Ok(())
    }

    fn flush(&mut self, writer: &mut PartWriter) {
        writer.push_samples(&self.pending);
        self.pending.clear();
    }
}
