//! What does not fit the columns of a series: samples out of order, and start timestamps.
//!
//! A sample older than its series' latest is *late* while its time is still the head's, and *backfill* when parts
//! hold that time already. Late samples are flushed with the others; backfill becomes parts of its own, which
//! overlap older ones.

use std::collections::BTreeMap;

use model::{Histogram, Millis, Rejection, TimeRange};

use super::append::Taken;
use super::histograms::HistogramColumn;
use super::{Sample, Shard, Terms};

/// A sample outside the columns.
#[derive(Clone, Debug)]
pub(crate) struct Late {
    /// Value; for a histogram its sum.
    pub(crate) bits: u64,
    /// When its counting began, 0 if that is not known.
    pub(crate) start: Millis,
    pub(crate) histogram: Option<Box<Histogram>>,
}

/// Samples out of order by time.
pub(crate) type LateSamples = BTreeMap<Millis, Late>;

/// What few series have.
#[derive(Default)]
pub(super) struct Side {
    pub(super) late: LateSamples,
    /// `(time, start)`: from that sample in order on, samples in order have this start.
    pub(super) starts: Vec<(Millis, Millis)>,
    pub(super) histograms: HistogramColumn,
    /// Spans in which samples in order are deleted, in order.
    pub(super) hidden: Vec<TimeRange>,
}

impl Side {
    fn is_empty(&self) -> bool {
        self.late.is_empty()
            && self.starts.is_empty()
            && self.histograms.runs.is_empty()
            && self.hidden.is_empty()
    }
}

/// A stored sample to compare with.
pub(super) enum Stored {
    Float(u64),
    Histogram(Box<Histogram>),
}

impl Sample<'_> {
    /// Tells whether a stored sample is the very same.
    pub(super) fn is(&self, stored: &Stored) -> bool {
        match (stored, self.histogram) {
            (Stored::Float(bits), None) => *bits == self.bits,
            (Stored::Histogram(stored), Some(histogram)) => stored.is_identical(histogram),
            (Stored::Float(_), Some(_)) | (Stored::Histogram(_), None) => false,
        }
    }

    fn to_late(self) -> Late {
        Late {
            bits: self.bits,
            start: self.start,
            histogram: self.histogram.map(|histogram| Box::new(histogram.clone())),
        }
    }
}

impl Late {
    fn to_stored(&self) -> Stored {
        match &self.histogram {
            Some(histogram) => Stored::Histogram(histogram.clone()),
            None => Stored::Float(self.bits),
        }
    }
}

impl Shard {
    pub(super) fn side(&mut self, id: u32) -> &mut Side {
        self.series[id as usize].has_side = true;
        self.sides.entry(id).or_default()
    }

    /// Returns the start of the latest sample in order.
    pub(super) fn current_start(&self, id: u32) -> Millis {
        let side = self.sides.get(&id);
        side.and_then(|side| side.starts.last()).map_or(0, |last| last.1)
    }

    /// Notes the start of a sample that was appended in order.
    pub(super) fn note_start(&mut self, id: u32, t: Millis, start: Millis) {
        if self.current_start(id) != start {
            self.side(id).starts.push((t, start));
        }
    }

    pub(super) fn append_late(
        &mut self,
        id: u32,
        sample: Sample<'_>,
        terms: &Terms,
    ) -> Result<Taken, Rejection> {
        let oldest = self.series[id as usize].last_t.saturating_sub(terms.window);
        if self.holds(id, &sample, oldest)? {
            return Ok(Taken::Repeated);
        }
        self.side(id).late.insert(sample.t, sample.to_late());
        self.oldest = self.oldest.min(sample.t);
        Ok(Taken::Late)
    }

    /// Takes a sample of a time that parts hold.
    pub(super) fn append_backfill(
        &mut self,
        id: u32,
        sample: Sample<'_>,
        terms: &Terms,
    ) -> Result<Taken, Rejection> {
        let last_t = self.series[id as usize].last_t;
        // The window is the series' own. One of which the head knows nothing behind the floor may be sent its history:
        // a day of it takes a while, whatever others have sent meanwhile.
        let oldest = if last_t >= self.floor {
            last_t.saturating_sub(terms.window).max(terms.oldest)
        } else {
            terms.oldest
        };
        if self.holds(id, &sample, oldest)? {
            return Ok(Taken::Repeated);
        }
        let late = sample.to_late();
        self.backfill.entry(id).or_default().insert(sample.t, late);
        self.n_backfill += 1;
        Ok(Taken::Backfill)
    }

    /// Tells whether the very sample is in memory, refusing one before `oldest` and another one at its time.
    fn holds(&self, id: u32, sample: &Sample<'_>, oldest: Millis) -> Result<bool, Rejection> {
        let t = sample.t;
        if t < oldest {
            return Err(Rejection::TooOld { timestamp: t, oldest });
        }
        let late = self.sides.get(&id).and_then(|side| side.late.get(&t));
        let out_of_order = late.or_else(|| {
            let mut buffers = [&self.backfill, &self.flushing].into_iter();
            buffers.find_map(|buffer| buffer.get(&id)?.get(&t))
        });
        let stored = out_of_order
            .map(Late::to_stored)
            .or_else(|| self.stored_in_order(id, t).filter(|_| !self.is_hidden(id, t)));
        match stored {
            None => Ok(false),
            Some(stored) if sample.is(&stored) => Ok(true),
            Some(_) => Err(Rejection::Duplicate { timestamp: t }),
        }
    }

    /// Tells whether a series has samples that parts of their own will hold.
    pub(crate) fn has_backfill(&self, id: u32) -> bool {
        self.backfill.contains_key(&id) || self.flushing.contains_key(&id)
    }

    /// Returns how many samples wait to become parts of their own.
    pub(crate) fn n_backfill(&self) -> usize {
        self.n_backfill
    }

    /// Puts all backfill aside to be flushed. It stays visible.
    pub(crate) fn begin_backfill_flush(&mut self) {
        for (id, samples) in std::mem::take(&mut self.backfill) {
            self.flushing.entry(id).or_default().extend(samples);
        }
    }

    /// Returns the series with backfill to be flushed.
    pub(crate) fn backfilled_series(&self) -> Vec<u32> {
        self.flushing.keys().copied().collect()
    }

    /// Returns the span of the backfill to be flushed.
    pub(crate) fn backfill_span(&self) -> Option<(Millis, Millis)> {
        let spans = self
            .flushing
            .values()
            .filter_map(|samples| Some((*samples.first_key_value()?.0, *samples.last_key_value()?.0)));
        spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Returns the time of the first sample after `t` among the backfill to be flushed.
    pub(crate) fn first_flushing_after(&self, t: Millis) -> Option<Millis> {
        let after = (std::ops::Bound::Excluded(t), std::ops::Bound::Unbounded);
        let firsts = self
            .flushing
            .values()
            .filter_map(|samples| samples.range(after).next());
        firsts.map(|first| *first.0).min()
    }

    /// Forgets the backfill that was put aside: a published part holds it.
    pub(crate) fn end_backfill_flush(&mut self) {
        let flushed: usize = self.flushing.values().map(BTreeMap::len).sum();
        self.n_backfill = self.n_backfill.saturating_sub(flushed);
        self.flushing = hashbrown::HashMap::new();
        self.shown.backfills += 1;
    }

    /// Frees what of a series' side parts hold.
    pub(super) fn evict_side(&mut self, id: u32, until: Millis) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        side.late = side.late.split_off(&until);
        side.histograms.evict(until);
        side.hidden.retain(|span| span.end >= until);
        // The latest start before goes on to hold.
        let past = side.starts.partition_point(|change| change.0 < until);
        side.starts.drain(..past.saturating_sub(1));
        if side.starts.first().is_some_and(|first| first.1 == 0) {
            side.starts.remove(0);
        }
        if side.is_empty() {
            self.sides.remove(&id);
            self.series[id as usize].has_side = false;
        }
    }
}
