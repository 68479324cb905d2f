//! The readers of files, for a fuzzer: bytes from a disk may be anything, and a checksum that fits them by a mistake
//! of the writer must not bring the process down.
//!
//! A fuzzer does not guess checksums, so these take what is inside of them.

use model::{Batch, Buckets, Histogram, PackedLabels, SampleBuffer, Span, TimeRange};

use crate::bytes::Reader;
use crate::chunk::{decode_ints, decode_samples, encode_ints, encode_samples};
use crate::head::{Dump, HeadSamples, Restored, Sample, Shard, Terms, hash_labels};
use crate::wal::{
    CAPTURE_BITS, Decoded, NO_HANDLE, Payload, RecordBuilder, RecordSink, RefTable, decode_exemplars,
    decode_metadata,
};
use crate::{part, store, tombstones};

/// Reads a part: two bytes little-endian that say how long the footer is, the footer, the file between header and
/// footer. Checksums are made to fit.
pub fn part(bytes: &[u8]) {
    part::fuzzing::read(bytes);
}

/// Turns a part into what [`part`] takes, with all pages unpacked, so that a mutation changes what is in them.
///
/// # Errors
/// It is no part.
pub fn part_input(file: &std::path::Path) -> Result<Vec<u8>, crate::StoreError> {
    part::fuzzing::input(file)
}

/// Reads a chunk: its kind, the number of its samples, the bytes of its times (two bytes little-endian), its times,
/// its payload.
pub fn chunk(bytes: &[u8]) {
    let [kind, n, low, high, rest @ ..] = bytes else {
        return;
    };
    let n = usize::from(*n);
    let (times, payload) = rest.split_at(usize::from(u16::from_le_bytes([*low, *high])).min(rest.len()));
    let mut samples = SampleBuffer::default();
    if decode_ints(&mut Reader::new(times), n, &mut samples.timestamps).is_err() {
        return;
    }
    assert_eq!(samples.timestamps.len(), n);
    if decode_samples(*kind, payload, (n, &mut samples)).is_ok() {
        assert_eq!(samples.values.len(), n);
        assert!(samples.starts.is_empty() || samples.starts.len() == n);
        assert!(samples.histograms.iter().all(|(row, _)| (*row as usize) < n));
    }
}

fn histogram(count: f64) -> Histogram {
    Histogram {
        schema: 2,
        integer: true,
        count,
        sum: count * 2.0,
        positive: Buckets {
            spans: vec![Span { offset: 1, length: 1 }],
            counts: vec![count],
        },
        ..Histogram::default()
    }
}

/// Returns chunks as the store writes them, for [`chunk`] to begin with: integers, decimals, other floats, with start
/// timestamps, with histograms.
pub fn chunk_inputs() -> Vec<Vec<u8>> {
    let kinds: [fn(&mut SampleBuffer, u8); 5] = [
        |out, n| out.push(i64::from(n) * 15_000, f64::from(n)),
        |out, n| out.push(i64::from(n) * 15_000 + 3, f64::from(n) / 10.0),
        |out, n| out.push(i64::from(n) * i64::from(n), f64::from(n).sqrt()),
        |out, n| {
            out.push(i64::from(n) * 15_000, f64::from(n));
            out.starts.push(i64::from(n / 3) + 1);
        },
        |out, n| {
            out.push(i64::from(n) * 15_000, f64::from(n) * 2.0);
            out.histograms.push((u32::from(n), histogram(f64::from(n))));
        },
    ];
    let inputs = kinds.into_iter().map(|push| {
        let mut samples = SampleBuffer::default();
        (0..20).for_each(|n| push(&mut samples, n));
        let (mut times, mut payload) = (Vec::new(), Vec::new());
        encode_ints(&samples.timestamps, &mut times);
        let kind = encode_samples(&samples, 0..20, &mut payload);
        let len = u16::try_from(times.len()).unwrap_or_default().to_le_bytes();
        [&[kind, 20], &len[..], &times, &payload].concat()
    });
    inputs.collect()
}

/// Returns records as the store writes them, for [`log_records`] to begin with.
pub fn log_records_input() -> Vec<u8> {
    let mut builder = RecordBuilder::default();
    let mut input = Vec::new();
    let mut put = |payload: Payload| {
        let len = u16::try_from(payload.bytes.len()).unwrap_or_default();
        input.push(payload.kind);
        input.extend_from_slice(&len.to_le_bytes());
        input.extend_from_slice(&payload.bytes);
    };
    for id in 0..3 {
        builder.define(id, "\u{8}__name__\u{2}up");
        builder.absolute(id, 1_000, (1.5_f64.to_bits(), 0));
    }
    put(builder.finish([0, 1, 1]));
    builder.chained(1, 2_000, (1.5_f64.to_bits(), 2.5_f64.to_bits()));
    builder.change_start(500);
    builder.late(0, 10, (1.0_f64.to_bits(), 5));
    builder.histogram(2, 2_000, (&histogram(3.0), 7));
    put(builder.finish([0, 1, 1]));
    input
}

#[derive(Default)]
struct Series(u64);

impl RecordSink for Series {
    fn define(&mut self, packed: &str) -> u64 {
        if PackedLabels::parse(packed).is_err() {
            return NO_HANDLE;
        }
        self.0 += 1;
        self.0 - 1
    }

    fn sample(&mut self, handle: u64, _: Decoded) {
        assert!(handle < self.0, "samples are of series that were defined");
    }
}

/// Reads records of the log, one after another: kind, length (two bytes little-endian), payload. A kind from 128 on
/// stands for that less 128, behind a gap.
pub fn log_records(bytes: &[u8]) {
    let mut table = RefTable::default();
    let mut series = Series::default();
    let mut batch = Batch::default();
    let (mut rest, mut position) = (bytes, 0);
    while let [kind, low, high, behind @ ..] = rest {
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let (payload, next) = behind.split_at(len);
        rest = next;
        position += 1;
        if *kind >= 128 {
            position += 1;
            table.break_chains(position);
        }
        // Each reader must stand the records of the others.
        let _refused = table.read((1, position), (kind % 128, payload), &mut series);
        let _refused = decode_metadata(payload, |name, metadata| batch.describe(name, metadata));
        let _refused = decode_exemplars(payload, |labels, exemplar| {
            if let Ok(series) = batch.add_packed(labels) {
                batch.push_exemplar(&series, exemplar);
            }
        });
    }
}

/// Returns a slice of a shard as snapshots hold it, for [`state_files`] to begin with.
pub fn slice_input() -> Vec<u8> {
    let (mut shard, mut terms) = (Shard::new(0, 0), Terms::UNBOUND);
    for n in 0..4_i64 {
        let packed = format!("\u{8}__name__\u{2}up\u{1}n\u{1}{n}");
        let labels = PackedLabels::trusted(&packed);
        let Ok(id) = shard.ensure_series(labels, hash_labels(&packed), &mut terms) else {
            continue;
        };
        for row in 0..200 {
            let value = ((row * n) as f64).sqrt();
            let histogram = (n == 3).then(|| histogram(value));
            let sample = Sample {
                t: row * 15_000,
                bits: value.to_bits(),
                start: n,
                histogram: histogram.as_ref(),
            };
            shard.replay(id, sample, row < n);
        }
    }
    let mut out = vec![2, 0];
    Dump::default().slice(&shard, 1 << CAPTURE_BITS, &mut out);
    out
}

/// Reads the small files: which one, its format, its content.
pub fn state_files(bytes: &[u8]) {
    let [which, version, rest @ ..] = bytes else {
        return;
    };
    let version = u32::from(*version);
    match which % 3 {
        0 => drop(store::manifest::decode(Reader::new(rest), version)),
        1 => drop(tombstones::decode(Reader::new(rest), version)),
        _ => restored(rest),
    }
}

/// Reads a slice of a shard, and then all that the shard says.
fn restored(bytes: &[u8]) {
    let mut restored = Restored::new(Shard::new(0, 0));
    if restored.slice(bytes).is_err() {
        return;
    }
    let shard = &restored.shard;
    let (mut copied, mut samples) = (HeadSamples::default(), SampleBuffer::default());
    for id in 0..u32::try_from(restored.known.len()).unwrap_or(u32::MAX) {
        let packed = shard.packed_labels(id);
        let _found = shard.find(&packed, hash_labels(&packed));
        shard.copy_samples(id, TimeRange::ALL, &mut copied);
        shard.copy_backfill(id, TimeRange::ALL, &mut copied);
        samples.clear();
        if copied.decode(TimeRange::ALL, &mut samples).is_ok() {
            assert_eq!(samples.timestamps.len(), samples.values.len());
        }
    }
}
