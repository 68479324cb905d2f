//! Taking rows of batches: finding their series, and telling the log.

mod repeat;

use model::{Histogram, Millis, PackedLabels, Rejection};

use super::append::Taken;
use super::series::NONE;
use super::{Shard, hash_labels};
pub(crate) use repeat::shard_of_handle;

/// Samples per series after which values in the log start from zero again, so that a lost record spoils little.
const CHAIN_LENGTH: u64 = 32;

/// Encoded bytes at which a batch goes on in another log record.
const MAX_RECORD_BYTES: usize = 4 << 20;

/// One sample to be taken: a float, or a histogram with its sum.
#[derive(Clone, Copy)]
pub(crate) struct Sample<'a> {
    pub(crate) t: Millis,
    pub(crate) bits: u64,
    /// When its counting began, 0 if that is not known.
    pub(crate) start: Millis,
    pub(crate) histogram: Option<&'a Histogram>,
}

/// What a shard needs to know to take a row.
pub(crate) struct Terms {
    /// Last time that is taken.
    pub(crate) newest: Millis,
    /// First time that retention keeps.
    pub(crate) oldest: Millis,
    /// How far behind its series a sample may come.
    pub(crate) window: Millis,
    /// How many more series may be created.
    pub(crate) series_left: usize,
    /// The bound behind `series_left`, for messages.
    pub(crate) max_series: usize,
    /// Epoch of the log that new records belong to.
    pub(crate) epoch: u32,
    /// Bounds of label sets.
    pub(crate) labels: LabelLimits,
    /// How many more series may be created this minute.
    pub(crate) new_left: usize,
    /// The bound behind `new_left`, for messages.
    pub(crate) max_new: usize,
}

/// Bounds of label sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelLimits {
    pub(crate) count: usize,
    pub(crate) name_bytes: usize,
    pub(crate) value_bytes: usize,
}

/// The chain of a series whose floats follow a histogram. They are written whole until the next epoch: a record is read
/// with its absolute rows before its chained ones, so none may come behind a chained row of the same series.
const BROKEN: u32 = u32::MAX;

impl Terms {
    /// For samples that were accepted once.
    pub(crate) const UNBOUND: Self = Self {
        newest: Millis::MAX,
        oldest: Millis::MIN,
        window: Millis::MAX,
        series_left: usize::MAX,
        max_series: usize::MAX,
        epoch: 0,
        labels: LabelLimits {
            count: usize::MAX,
            name_bytes: usize::MAX,
            value_bytes: usize::MAX,
        },
        new_left: usize::MAX,
        max_new: usize::MAX,
    };
}

impl Shard {
    /// Takes one row. The labels' hash, if it is not given, is computed only for series that were not predicted.
    pub(crate) fn take_row(
        &mut self,
        (labels, hash): (PackedLabels<'_>, Option<u64>),
        sample: Sample<'_>,
        terms: &mut Terms,
    ) -> Result<(), Rejection> {
        let predicted = self.predicted(labels);
        let previous = std::mem::replace(&mut self.previous, NONE);
        if sample.t > terms.newest {
            return Err(Rejection::TooNew {
                timestamp: sample.t,
                newest: terms.newest,
            });
        }
        let id = match predicted {
            Some(id) => id,
            None => {
                let id = self.ensure_series(
                    labels,
                    hash.unwrap_or_else(|| hash_labels(labels.packed())),
                    terms,
                )?;
                if let Some(previous) = self.series.get_mut(previous as usize) {
                    previous.next = id;
                }
                id
            }
        };
        self.previous = id;
        self.take_sample(id, sample, terms)
    }

    /// Takes a further sample of the series of the row before; false if there was no such row.
    pub(crate) fn take_next(&mut self, sample: Sample<'_>, terms: &Terms) -> Result<bool, Rejection> {
        if self.previous == NONE {
            return Ok(false);
        }
        if sample.t > terms.newest {
            return Err(Rejection::TooNew {
                timestamp: sample.t,
                newest: terms.newest,
            });
        }
        self.take_sample(self.previous, sample, terms).map(|()| true)
    }

    /// Ends the run of rows that predict one another.
    pub(crate) fn end_batch(&mut self) {
        self.previous = NONE;
    }

    fn take_sample(&mut self, id: u32, sample: Sample<'_>, terms: &Terms) -> Result<(), Rejection> {
        let Sample {
            t,
            bits,
            start,
            histogram,
        } = sample;
        let series = &self.series[id as usize];
        let before = series.last;
        let start_before = if series.has_side {
            self.current_start(id)
        } else {
            0
        };
        let taken = self.append(id, sample, terms)?;
        if matches!(taken, Taken::Repeated) {
            return Ok(());
        }
        let series = &mut self.series[id as usize];
        if series.log_epoch != terms.epoch {
            series.log_epoch = terms.epoch;
            series.log_chain = 0;
            self.define(id);
        }
        let series = &mut self.series[id as usize];
        if let Some(histogram) = histogram {
            if matches!(taken, Taken::InOrder) {
                series.log_chain = BROKEN;
            }
            self.log.histogram(id, t, (histogram, start));
        } else if !matches!(taken, Taken::InOrder) || series.log_chain == BROKEN {
            self.log.late(id, t, (bits, start));
        } else if series.log_chain == self.chain {
            self.log.chained(id, t, (before, bits));
            if start != start_before {
                self.log.change_start(start);
            }
        } else {
            series.log_chain = self.chain;
            self.log.absolute(id, t, (bits, start));
        }
        if matches!(taken, Taken::Backfill) {
            self.log.note_backfill();
        }
        Ok(())
    }

    fn define(&mut self, id: u32) {
        let mut packed = std::mem::take(&mut self.text);
        packed.clear();
        self.write_labels(id, &mut packed);
        self.log.define(id, &packed);
        self.text = packed;
    }

    /// Takes a sample that is in the log already. The log knows that it was accepted once, so it is bound by
    /// nothing. With `as_backfill` it was older than the head's floor then.
    pub(crate) fn replay(&mut self, id: u32, sample: Sample<'_>, as_backfill: bool) {
        let terms = Terms::UNBOUND;
        let result = if as_backfill {
            self.append_backfill(id, sample, &terms)
        } else {
            self.append(id, sample, &terms)
        };
        // Refusals are repetitions.
        if result.is_err() {
            tracing::trace!(t = sample.t, "log sample is in the store already");
        }
    }

    /// Returns the encoded rows since the last call if there are any, or only if they are many.
    pub(crate) fn take_record(&mut self, only_large: bool) -> Option<crate::wal::Payload> {
        if self.log.is_empty() || (only_large && self.log.len() < MAX_RECORD_BYTES) {
            return None;
        }
        let header = [self.id, self.incarnation, self.chain];
        self.rows_in_chain += self.log.n_rows();
        if self.rows_in_chain >= CHAIN_LENGTH * self.n_series() as u64 {
            self.rows_in_chain = 0;
            self.chain = self.chain.wrapping_add(1).max(1);
        }
        Some(self.log.finish(header))
    }
}

impl LabelLimits {
    pub(super) fn check(self, labels: PackedLabels<'_>) -> Result<(), Rejection> {
        let exceeded = |what, found, limit| Err(Rejection::LabelLimit { what, found, limit });
        let mut count = 0;
        for (name, value) in labels.iter() {
            count += 1;
            if name.len() > self.name_bytes {
                return exceeded("length of a label name", name.len(), self.name_bytes);
            }
            if value.len() > self.value_bytes {
                return exceeded("length of a label value", value.len(), self.value_bytes);
            }
        }
        if count > self.count {
            return exceeded("number of labels", count, self.count);
        }
        Ok(())
    }
}
