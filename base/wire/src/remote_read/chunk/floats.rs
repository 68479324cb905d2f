//! The XOR chunk: timestamps as differences of differences, values as differences in bits.

use model::Millis;

use super::MAX_SAMPLES;
use super::bits::{BitWriter, XorColumn, fits};
use crate::protobuf::{push_varint, to_zigzag};

/// Prefixes and widths of differences of differences; what fits none is written whole.
const WIDTHS: [(u64, u32, u32); 3] = [(0b10, 2, 14), (0b110, 3, 17), (0b1110, 4, 20)];

/// A chunk of floats in the making.
#[derive(Debug)]
pub(super) struct FloatChunk {
    n_samples: u16,
    out: BitWriter,
    timestamp: Millis,
    delta: i64,
    values: XorColumn,
}

impl FloatChunk {
    pub(super) fn new(timestamp: Millis, value: f64) -> Self {
        // The number of samples comes first and is filled in at the end.
        let mut head = vec![0, 0];
        push_varint(&mut head, to_zigzag(timestamp));
        let mut out = BitWriter::behind(head);
        out.push(value.to_bits(), 64);
        Self {
            n_samples: 1,
            out,
            timestamp,
            delta: 0,
            values: XorColumn::new(value),
        }
    }

    /// Appends a sample; false if the chunk is full.
    pub(super) fn append(&mut self, timestamp: Millis, value: f64) -> bool {
        if self.n_samples == MAX_SAMPLES {
            return false;
        }
        let delta = timestamp.wrapping_sub(self.timestamp);
        if self.n_samples == 1 {
            self.push_first_delta(delta.cast_unsigned());
        } else {
            self.push_change(delta.wrapping_sub(self.delta));
        }
        self.values.push(&mut self.out, value);
        self.n_samples += 1;
        self.timestamp = timestamp;
        self.delta = delta;
        true
    }

    fn push_first_delta(&mut self, delta: u64) {
        let mut bytes = Vec::with_capacity(10);
        push_varint(&mut bytes, delta);
        for byte in bytes {
            self.out.push(u64::from(byte), 8);
        }
    }

    fn push_change(&mut self, change: i64) {
        if change == 0 {
            return self.out.push(0, 1);
        }
        match WIDTHS.into_iter().find(|&(_, _, width)| fits(change, width)) {
            Some((prefix, len, width)) => {
                self.out.push(prefix, len);
                self.out.push(change.cast_unsigned(), width);
            }
            None => {
                self.out.push(0b1111, 4);
                self.out.push(change.cast_unsigned(), 64);
            }
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        set_count(self.out.bytes_mut(), self.n_samples);
        self.out.finish()
    }
}

/// Fills in the number of samples.
pub(super) fn set_count(chunk: &mut [u8], n_samples: u16) {
    if let Some(head) = chunk.first_chunk_mut::<2>() {
        *head = n_samples.to_be_bytes();
    }
}
