//! What does not fit the columns of a series: samples out of order, and start timestamps.
//!
//! A sample older than its series' latest is *late* while its time is still the head's, and backfill ([`past`])
//! when parts hold that time already. Late samples are flushed with the others.

pub(super) mod past;

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

    pub(super) fn to_late(self) -> Late {
        Late {
            bits: self.bits,
            start: self.start,
            histogram: self.histogram.map(|histogram| Box::new(histogram.clone())),
        }
    }
}

impl Late {
    /// A float.
    pub(super) fn of(bits: u64) -> Self {
        Self {
            bits,
            start: 0,
            histogram: None,
        }
    }

    /// Returns about what it takes in memory, with its place by time.
    pub(super) fn bytes(&self) -> usize {
        let of = |buckets: &model::Buckets| size_of_val(&*buckets.spans) + size_of_val(&*buckets.counts);
        let histogram = self.histogram.as_ref().map_or(0, |histogram| {
            size_of::<Histogram>() + of(&histogram.positive) + of(&histogram.negative)
        });
        2 * size_of::<(Millis, Self)>() + histogram
    }

    pub(super) fn to_stored(&self) -> Stored {
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

    /// Tells whether the very sample is in memory, refusing one before `oldest` and another one at its time.
    pub(super) fn holds(&self, id: u32, sample: &Sample<'_>, oldest: Millis) -> Result<bool, Rejection> {
        let t = sample.t;
        if t < oldest {
            return Err(Rejection::TooOld { timestamp: t, oldest });
        }
        let series = &self.series[id as usize];
        let side = series.has_side.then(|| self.sides.get(&id)).flatten();
        let stored = side
            .and_then(|side| side.late.get(&t))
            .map(Late::to_stored)
            .or_else(|| self.backfill_at(id, t))
            .or_else(|| self.stored_in_order(id, t).filter(|_| !self.is_hidden(id, t)));
        match stored {
            None => Ok(false),
            Some(stored) if sample.is(&stored) => Ok(true),
            Some(_) => Err(Rejection::Duplicate { timestamp: t }),
        }
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
