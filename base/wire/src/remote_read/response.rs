//! Answers to read requests.

use model::{Labels, Millis, SampleBuffer};

use super::chunk::{Chunk, cut_chunks};
use super::push_labels;
use crate::histogram::write_histogram;
use crate::protobuf::{push_bytes, push_double, push_int, push_message, push_varint};
use crate::snappy::compress;

/// An answer of raw samples in the making. All of it is held in memory: bound what is put in by
/// [`SamplesResponse::n_samples`].
#[derive(Debug, Default)]
pub struct SamplesResponse {
    results: Vec<Vec<u8>>,
    n_samples: usize,
}

impl SamplesResponse {
    /// Begins the result of the next query of the request; every query has one, be it empty.
    pub fn begin_query(&mut self) {
        self.results.push(Vec::new());
    }

    /// Adds a series to the result begun last. Series come in order of labels.
    pub fn push_series(&mut self, labels: &Labels, samples: &SampleBuffer) {
        self.n_samples += samples.len();
        if self.results.is_empty() {
            self.begin_query();
        }
        let Some(result) = self.results.last_mut() else {
            return;
        };
        push_message(result, 1, |out| {
            push_labels(out, labels);
            let rows = samples.timestamps.iter().zip(&samples.values).enumerate();
            let floats = rows.filter(|(row, _)| samples.histogram(*row).is_none());
            for (_, (&timestamp, &value)) in floats {
                push_message(out, 2, |out| {
                    push_double(out, 1, value);
                    push_int(out, 2, timestamp.cast_unsigned());
                });
            }
            for (row, histogram) in &samples.histograms {
                let timestamp = samples.timestamps.get(*row as usize).copied().unwrap_or(0);
                push_message(out, 4, |out| write_histogram(out, histogram, (timestamp, 0)));
            }
        });
    }

    /// Returns how many samples were added.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Returns the snappy-compressed `prometheus.ReadResponse`.
    pub fn finish(self) -> Vec<u8> {
        let mut body = Vec::new();
        for result in &self.results {
            push_bytes(&mut body, 1, result);
        }
        compress(&body)
    }
}

/// Appends the frames of one series to `out`: each is its length as a varint, the CRC-32C of what follows in big
/// endian, and a `ChunkedReadResponse` with one series and as many of its chunks as fit about `max_frame_bytes`
/// (1 MiB in Prometheus), one at least. A series without samples has no frame.
pub fn push_chunked_series(
    out: &mut Vec<u8>,
    query: usize,
    (labels, samples): (&Labels, &SampleBuffer),
    max_frame_bytes: usize,
) {
    let mut head = Vec::new();
    push_labels(&mut head, labels);
    let budget = max_frame_bytes.saturating_sub(head.len());
    let mut series = head.clone();
    cut_chunks(samples, &mut |chunk: Chunk| {
        push_message(&mut series, 2, |out| push_chunk(out, &chunk));
        if series.len() - head.len() >= budget {
            push_frame(out, query, &series);
            series.truncate(head.len());
        }
    });
    if series.len() > head.len() {
        push_frame(out, query, &series);
    }
}

fn push_chunk(out: &mut Vec<u8>, chunk: &Chunk) {
    let time = |t: Millis| t.cast_unsigned();
    push_int(out, 1, time(chunk.start));
    push_int(out, 2, time(chunk.end));
    push_int(out, 3, chunk.encoding);
    push_bytes(out, 4, &chunk.data);
}

fn push_frame(out: &mut Vec<u8>, query: usize, series: &[u8]) {
    let mut frame = Vec::with_capacity(series.len() + 16);
    push_bytes(&mut frame, 1, series);
    push_int(&mut frame, 2, query as u64);
    push_varint(out, frame.len() as u64);
    out.extend_from_slice(&crc32c::crc32c(&frame).to_be_bytes());
    out.extend_from_slice(&frame);
}
