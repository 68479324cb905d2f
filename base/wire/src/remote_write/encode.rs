//! A batch as a remote write 1.0 request.

use model::{Batch, BatchRow, Metadata};

use super::METRIC_TYPES;

/// Writes a batch as a snappy-compressed `prometheus.WriteRequest`.
///
/// Neighbouring rows that share a label set by construction become one `TimeSeries`.
pub fn encode_remote_write_v1(batch: &Batch) -> Vec<u8> {
    let mut body = Vec::new();
    let (mut series, mut part) = (Vec::new(), Vec::new());
    for rows in batch.rows().chunk_by(Batch::same_series) {
        series.clear();
        push_series(&mut series, &mut part, batch, rows);
        push_bytes(&mut body, 1, &series);
    }
    for (name, metadata) in batch.metadata() {
        part.clear();
        push_metadata(&mut part, name, metadata);
        push_bytes(&mut body, 3, &part);
    }
    compress(&body)
}

fn compress(body: &[u8]) -> Vec<u8> {
    let mut out = vec![0; snap::raw::max_compress_len(body.len())];
    let len = snap::raw::Encoder::new()
        .compress(body, &mut out)
        .expect("the buffer has the size the encoder asks for, and requests are far below 4 GiB");
    out.truncate(len);
    out
}

fn push_series(out: &mut Vec<u8>, part: &mut Vec<u8>, batch: &Batch, rows: &[BatchRow]) {
    for (name, value) in rows.iter().take(1).flat_map(|row| batch.labels(row).iter()) {
        part.clear();
        push_bytes(part, 1, name.as_bytes());
        push_bytes(part, 2, value.as_bytes());
        push_bytes(out, 1, part);
    }
    for row in rows {
        part.clear();
        push_varint(part, (1 << 3) | 1);
        part.extend_from_slice(&row.value.to_bits().to_le_bytes());
        push_varint(part, 2 << 3);
        push_varint(part, row.timestamp.cast_unsigned());
        push_bytes(out, 2, part);
    }
}

fn push_metadata(out: &mut Vec<u8>, name: &str, metadata: &Metadata) {
    let number = METRIC_TYPES.iter().position(|&t| t == metadata.metric_type);
    push_varint(out, 1 << 3);
    push_varint(out, number.unwrap_or(0) as u64);
    push_bytes(out, 2, name.as_bytes());
    push_bytes(out, 4, metadata.help.as_bytes());
    push_bytes(out, 5, metadata.unit.as_bytes());
}

fn push_bytes(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    push_varint(out, (number << 3) | 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
