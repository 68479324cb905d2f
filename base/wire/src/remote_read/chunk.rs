//! Samples as the chunks of Prometheus' storage, the form in which remote read streams them.
//!
//! Formats: `tsdb/docs/format/chunks.md` of Prometheus; floats as in the Gorilla paper (VLDB 2015, section 4.1).

use model::{Histogram, Millis, SampleBuffer};

mod bits;
mod floats;
mod histograms;
mod layout;

use floats::FloatChunk;
use histograms::HistogramChunk;

/// Samples of a chunk at most, as Prometheus cuts them; readers count them in 16 bits.
const MAX_SAMPLES: u16 = 120;

/// A chunk and what readers must know about it. Encodings: 1 floats, 2 histograms of integers, 3 of floats.
#[derive(Debug, PartialEq)]
pub(super) struct Chunk {
    pub(super) encoding: u64,
    pub(super) start: Millis,
    pub(super) end: Millis,
    pub(super) data: Vec<u8>,
}

/// What is being written.
enum Open {
    Floats(FloatChunk),
    Histograms(Box<HistogramChunk>),
}

/// Cuts samples into chunks, in order of time.
pub(super) fn cut_chunks(samples: &SampleBuffer, take: &mut dyn FnMut(Chunk)) {
    let mut open: Option<(Open, Millis, Millis)> = None;
    for (row, (&timestamp, &value)) in samples.timestamps.iter().zip(&samples.values).enumerate() {
        let histogram = samples.histogram(row);
        let appended = open
            .as_mut()
            .is_some_and(|(chunk, _, _)| chunk.append(timestamp, value, histogram));
        if appended {
            if let Some((_, _, end)) = &mut open {
                *end = timestamp;
            }
            continue;
        }
        if let Some(done) = open.take() {
            take(finish(done));
        }
        let chunk = match histogram {
            Some(histogram) => Open::Histograms(Box::new(HistogramChunk::new(timestamp, histogram))),
            None => Open::Floats(FloatChunk::new(timestamp, value)),
        };
        open = Some((chunk, timestamp, timestamp));
    }
    if let Some(done) = open {
        take(finish(done));
    }
}

impl Open {
    /// Appends a sample; false if it does not belong in this chunk.
    fn append(&mut self, timestamp: Millis, value: f64, histogram: Option<&Histogram>) -> bool {
        match (self, histogram) {
            (Self::Floats(chunk), None) => chunk.append(timestamp, value),
            (Self::Histograms(chunk), Some(histogram)) => chunk.append(timestamp, histogram),
            _ => false,
        }
    }
}

fn finish((open, start, end): (Open, Millis, Millis)) -> Chunk {
    let (encoding, data) = match open {
        Open::Floats(chunk) => (1, chunk.finish()),
        Open::Histograms(chunk) => chunk.finish(),
    };
    Chunk {
        encoding,
        start,
        end,
        data,
    }
}
