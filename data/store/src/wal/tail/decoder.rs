//! From records to batches.

use hashbrown::HashMap;
use model::{Batch, BatchSeries, PackedLabels};

use crate::wal::decode::{Decoded, NO_HANDLE, RecordSink, RefTable};
use crate::wal::record::{SamplesReader, decode_exemplars, decode_metadata};
use crate::wal::segment::{KIND_EXEMPLARS, KIND_EXTENDED, KIND_METADATA, KIND_SAMPLES};

/// What records of one epoch refer to.
#[derive(Default)]
pub(super) struct Decoder {
    epoch: u64,
    last_position: u64,
    tables: HashMap<u32, RefTable>,
    /// Labels by handle.
    labels: Vec<Box<str>>,
}

struct Sink<'a> {
    labels: &'a mut Vec<Box<str>>,
    batch: Option<&'a mut Batch>,
    /// The series of the sample before.
    before: Option<(u64, BatchSeries)>,
}

impl RecordSink for Sink<'_> {
    fn define(&mut self, packed: &str) -> u64 {
        if PackedLabels::parse(packed).is_err() {
            return NO_HANDLE;
        }
        self.labels.push(packed.into());
        (self.labels.len() - 1) as u64
    }

    fn sample(&mut self, handle: u64, sample: Decoded) {
        let Some(batch) = &mut self.batch else { return };
        let series = match self.before.take().filter(|before| before.0 == handle) {
            Some((_, series)) => series,
            None => {
                let Some(packed) = self.labels.get(handle as usize) else {
                    return;
                };
                match batch.add_packed(PackedLabels::trusted(packed)) {
                    Ok(series) => series,
                    // A record is far smaller than what a batch can hold.
                    Err(_) => return,
                }
            }
        };
        match sample.histogram {
            Some(histogram) => batch.push_histogram(&series, sample.t, histogram),
            None => batch.push(&series, sample.t, f64::from_bits(sample.bits)),
        }
        batch.set_start(sample.start);
        self.before = Some((handle, series));
    }
}

impl Decoder {
    /// Says which epoch the records that follow belong to.
    pub(super) fn begin(&mut self, epoch: u64) {
        if self.epoch != epoch {
            self.tables.clear();
            self.labels.clear();
        }
        self.epoch = epoch;
    }

    /// Reads a record, into a batch if one is given; false if it holds nothing, or was read before.
    pub(super) fn read(
        &mut self,
        kind: u8,
        (position, payload): (u64, &[u8]),
        batch: Option<&mut Batch>,
    ) -> bool {
        if position <= self.last_position {
            return false;
        }
        if position != self.last_position + 1 {
            self.tables
                .values_mut()
                .for_each(|table| table.break_chains(position));
        }
        self.last_position = position;
        match (kind, batch) {
            (KIND_SAMPLES | KIND_EXTENDED, batch) => self.samples(kind, (position, payload), batch),
            (KIND_METADATA, Some(batch)) => {
                decode_metadata(payload, |name, metadata| batch.describe(name, metadata)).is_ok()
            }
            (KIND_EXEMPLARS, Some(batch)) => decode_exemplars(payload, |series, exemplar| {
                if let Ok(series) = batch.add_packed(series) {
                    batch.push_exemplar(&series, exemplar);
                }
            })
            .is_ok(),
            _ => false,
        }
    }

    fn samples(&mut self, kind: u8, (position, payload): (u64, &[u8]), batch: Option<&mut Batch>) -> bool {
        let epoch = u32::try_from(self.epoch).unwrap_or(u32::MAX);
        let mut sink = Sink {
            labels: &mut self.labels,
            batch,
            before: None,
        };
        let read = SamplesReader::shard_of(payload).and_then(|shard| {
            let table = self.tables.entry(shard).or_default();
            table.read((epoch, position), (kind, payload), &mut sink)
        });
        match read {
            Ok(0) => {}
            Ok(n_lost) => tracing::warn!(position, n_lost, "log record follows one that is lost"),
            Err(error) => {
                tracing::warn!(position, %error, "log record is malformed and skipped");
                return false;
            }
        }
        sink.batch.is_some_and(|batch| !batch.rows().is_empty())
    }
}
