//! From records back to samples: what refs mean and which values chained rows follow.
//!
//! One [`RefTable`] belongs to one logged shard. A ref holds within an epoch and an incarnation of its shard, a
//! chain until a record is lost. A table may be seeded by a snapshot, which knows the state of each series as of
//! some position: rows up to there are in the snapshot and are passed over.

mod refs;

use model::{Histogram, Millis};

pub(crate) use refs::Refs;

use super::record::{Base, Row, SamplesReader, read_value};
use crate::bytes::Malformed;

/// Stands for a series that cannot be had.
pub(crate) const NO_HANDLE: u64 = u64::MAX;

/// Series captured under one hold of a shard's lock, as a power of two: they share a position.
pub(crate) const CAPTURE_BITS: u32 = 10;

/// A float or, with a histogram, its sum, and the start of its counting or 0.
pub(crate) struct Decoded {
    pub(crate) t: Millis,
    pub(crate) bits: u64,
    pub(crate) start: Millis,
    pub(crate) histogram: Option<Histogram>,
}

/// Takes what records hold.
pub(crate) trait RecordSink {
    /// Returns a handle for a series, [`NO_HANDLE`] if it cannot be had.
    fn define(&mut self, packed: &str) -> u64;
    /// Takes a sample.
    fn sample(&mut self, handle: u64, sample: Decoded);
}

/// State of a ref.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) epoch: u32,
    /// Chain that holds the latest value, 0 if that is not known.
    pub(crate) chain: u32,
    pub(crate) handle: u64,
    /// Latest value of the chain, and its start.
    pub(crate) bits: u64,
    pub(crate) start: Millis,
}

impl Known {
    /// A ref that means nothing.
    pub(crate) const UNKNOWN: Self = Self {
        epoch: 0,
        chain: 0,
        handle: NO_HANDLE,
        bits: 0,
        start: 0,
    };

    fn is_unknown(&self) -> bool {
        self.epoch == 0 && self.handle == NO_HANDLE
    }
}

/// What a snapshot holds of a shard's series.
#[derive(Clone, Default)]
pub(crate) struct Captured {
    /// For each run of `2^CAPTURE_BITS` refs the position up to which it is complete.
    pub(crate) positions: Vec<u64>,
    /// Refs below this are captured.
    pub(crate) n_refs: u32,
    /// The largest of `positions`.
    pub(crate) last: u64,
}

impl Captured {
    /// Tells whether a series was captured behind a position.
    pub(crate) fn is_behind(&self, id: u32, position: u64) -> bool {
        position < self.last && covers(self, id, position.saturating_add(1))
    }
}

/// Refs of one logged shard.
#[derive(Default)]
pub(crate) struct RefTable {
    pub(crate) incarnation: u32,
    pub(crate) known: Refs,
    pub(crate) captured: Captured,
}

impl RefTable {
    /// After a gap no value before it is known to be the latest of its chain, but for those that a snapshot
    /// captured behind the gap.
    pub(crate) fn break_chains(&mut self, position: u64) {
        let captured = &self.captured;
        for (id, known) in self.known.iter_mut() {
            if position > captured.last || !covers(captured, id, position) {
                known.chain = 0;
            }
        }
    }

    /// Gives the samples of a record to a sink. Returns how many rows could not be read because what they follow
    /// is lost.
    pub(crate) fn read(
        &mut self,
        (epoch, position): (u32, u64),
        (kind, payload): (u8, &[u8]),
        sink: &mut impl RecordSink,
    ) -> Result<u64, Malformed> {
        let mut record = SamplesReader::new(kind, payload)?;
        if self.incarnation != record.incarnation {
            self.incarnation = record.incarnation;
            self.known.clear();
            self.captured = Captured::default();
        }
        let check_captured = position <= self.captured.last;
        for (id, packed) in &record.definitions {
            let seeded = self.known.get(*id).is_some_and(|known| known.epoch == epoch);
            if check_captured && seeded && covers(&self.captured, *id, position) {
                continue;
            }
            let handle = sink.define(packed);
            let known = Known {
                epoch,
                handle,
                ..Known::UNKNOWN
            };
            self.known.define(*id, known);
        }
        let chain = record.chain;
        let mut n_lost = 0;
        let histograms = std::mem::take(&mut record.histograms);
        let (known, captured) = (&mut self.known, &self.captured);
        record.for_each_row(|row, reader| {
            let Row { base, id, t, start } = row;
            let known = known.get_mut(id).filter(|known| known.epoch == epoch);
            let before = known.as_ref().filter(|k| k.chain == chain).map(|k| k.bits);
            let bits = read_value(base, before, reader)?;
            if check_captured && covers(captured, id, position) {
                return Ok(());
            }
            let (Some(known), Some(bits)) = (known, bits) else {
                n_lost += 1;
                return Ok(());
            };
            let start = match base {
                Base::Chained => start.unwrap_or(known.start),
                Base::Absolute | Base::Late => start.unwrap_or(0),
            };
            if base != Base::Late {
                (known.chain, known.bits, known.start) = (chain, bits, start);
            }
            if known.handle != NO_HANDLE {
                let histogram = None;
                sink.sample(
                    known.handle,
                    Decoded {
                        t,
                        bits,
                        start,
                        histogram,
                    },
                );
            }
            Ok(())
        })?;
        for (id, t, start, histogram) in histograms {
            if check_captured && covers(captured, id, position) {
                continue;
            }
            match known.get(id).filter(|known| known.epoch == epoch) {
                None => n_lost += 1,
                Some(known) if known.handle == NO_HANDLE => {}
                Some(known) => sink.sample(
                    known.handle,
                    Decoded {
                        t,
                        bits: histogram.sum.to_bits(),
                        start,
                        histogram: Some(histogram),
                    },
                ),
            }
        }
        Ok(n_lost)
    }
}

fn covers(captured: &Captured, id: u32, position: u64) -> bool {
    id < captured.n_refs
        && captured
            .positions
            .get((id >> CAPTURE_BITS) as usize)
            .is_some_and(|complete| position <= *complete)
}
