//! Rows that are in no file yet.
//!
//! Appends bring few rows each, and a query pays for every batch it reads: neighbours are joined as they come, each
//! row at most as often as its batch can double.

use std::collections::VecDeque;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::{concat_batches, kernels::aggregate};
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use model::Millis;

use crate::definition::TableDef;

/// Batches are not joined beyond so many rows.
const MAX_ROWS: usize = 8192;

/// Rows in memory, in the order of the log.
pub(crate) struct Memory {
    schema: SchemaRef,
    time: usize,
    batches: VecDeque<Held>,
    /// The first so many batches are being written to a file and stay as they are.
    sealed: usize,
}

/// A batch in memory.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) batch: RecordBatch,
    /// Place in the log of its last row.
    pub(crate) sequence: u64,
    /// Bytes that it counts for.
    pub(crate) bytes: usize,
    /// When its oldest rows came.
    pub(crate) since: Millis,
    /// Least time of its rows, in microseconds.
    pub(crate) min_time: i64,
    /// Greatest time of its rows, in microseconds.
    pub(crate) max_time: i64,
}

impl Memory {
    pub(super) fn new(def: &TableDef, schema: &SchemaRef) -> Self {
        Self {
            schema: SchemaRef::clone(schema),
            time: schema.index_of(def.time).unwrap_or(0),
            batches: VecDeque::new(),
            sealed: 0,
        }
    }

    /// Adds rows that the log holds up to `sequence`, with the bytes they count for and the present.
    pub(super) fn push(&mut self, sequence: u64, batch: RecordBatch, (bytes, now): (usize, Millis)) {
        let (min_time, max_time) = times(&batch, self.time);
        self.batches.push_back(Held {
            batch,
            sequence,
            bytes,
            since: now,
            min_time,
            max_time,
        });
        self.join();
    }

    fn join(&mut self) {
        while self.batches.len() >= self.sealed + 2 {
            let (Some(last), Some(before)) = (self.batches.pop_back(), self.batches.pop_back()) else {
                return;
            };
            let rows = before.batch.num_rows() + last.batch.num_rows();
            let balanced = before.batch.num_rows() <= 2 * last.batch.num_rows();
            let joined = if balanced && rows <= MAX_ROWS {
                concat_batches(&self.schema, [&before.batch, &last.batch]).ok()
            } else {
                None
            };
            let Some(batch) = joined else {
                self.batches.extend([before, last]);
                return;
            };
            self.batches.push_back(Held {
                batch,
                sequence: last.sequence,
                bytes: before.bytes + last.bytes,
                since: before.since,
                min_time: before.min_time.min(last.min_time),
                max_time: before.max_time.max(last.max_time),
            });
        }
    }

    /// Returns everything to be written to a file; it stays visible until [`Memory::drop_sealed`].
    pub(crate) fn seal(&mut self) -> Vec<Held> {
        self.sealed = self.batches.len();
        self.batches.iter().cloned().collect()
    }

    /// Forgets what was sealed: files hold it.
    pub(crate) fn drop_sealed(&mut self) {
        self.batches.drain(..self.sealed);
        self.sealed = 0;
    }

    /// Forgets everything up to a place in the log, and returns the bytes it counted for.
    pub(crate) fn drop_through(&mut self, sequence: u64) -> usize {
        let mut bytes = 0;
        while let Some(held) = self.batches.pop_front_if(|held| held.sequence <= sequence) {
            bytes += held.bytes;
            self.sealed = self.sealed.saturating_sub(1);
        }
        bytes
    }

    /// Returns all batches.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &Held> {
        self.batches.iter()
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(|held| held.batch.num_rows()).sum()
    }

    /// Returns when the oldest rows came.
    pub(crate) fn since(&self) -> Option<Millis> {
        self.batches.front().map(|held| held.since)
    }
}

/// Returns the least and the greatest time of rows, in microseconds.
pub(crate) fn times(batch: &RecordBatch, time: usize) -> (i64, i64) {
    let times = batch.column(time).as_primitive_opt::<TimestampMicrosecondType>();
    let min = times.and_then(aggregate::min).unwrap_or(i64::MIN);
    let max = times.and_then(aggregate::max).unwrap_or(i64::MAX);
    (min, max)
}
