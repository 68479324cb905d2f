//! What tombstones mean for one part: which of its series they hit, and which of those have nothing left.

use std::sync::Arc;

use model::{SampleBuffer, TimeRange};

use super::Tombstones;
use crate::part::{Part, PartError};
use crate::select::merge::append;
use crate::select::part::part_ids;

/// The series of a part that tombstones hit.
#[derive(Default)]
pub(crate) struct Buried {
    /// Which tombstones these are.
    version: u64,
    /// Series ids, ascending, and what of them is deleted.
    hits: Vec<(Vec<u32>, TimeRange)>,
    /// Series of which nothing is left, ascending.
    gone: Vec<u32>,
}

impl Buried {
    /// Tells whether no series is hit.
    pub(crate) fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// Returns how many series are hit, those hit twice counted twice.
    pub(crate) fn n_hits(&self) -> u64 {
        self.hits.iter().map(|(ids, _)| ids.len() as u64).sum()
    }

    /// Returns the spans of a series that are deleted.
    pub(crate) fn of(&self, id: u32) -> Vec<TimeRange> {
        let hit = |(ids, range): &(Vec<u32>, TimeRange)| ids.binary_search(&id).ok().map(|_| *range);
        self.hits.iter().filter_map(hit).collect()
    }

    /// Takes out of the ids, ascending, the series of which nothing is left.
    pub(crate) fn leave(&self, ids: &mut Vec<u32>) {
        if !self.gone.is_empty() {
            ids.retain(|id| self.gone.binary_search(id).is_err());
        }
    }

    /// Tells whether there are series of which nothing is left.
    pub(crate) fn has_gone(&self) -> bool {
        !self.gone.is_empty()
    }
}

impl Part {
    /// Returns what the tombstones mean for this part.
    pub(crate) fn buried(&self, tombstones: &Tombstones) -> Result<Arc<Buried>, PartError> {
        let mut kept = self.buried.lock();
        if let Some(buried) = kept
            .as_ref()
            .filter(|buried| buried.version == tombstones.version)
        {
            return Ok(Arc::clone(buried));
        }
        let mut buried = Buried {
            version: tombstones.version,
            ..Buried::default()
        };
        for tombstone in &tombstones.list {
            if self.info().id < tombstone.before && self.range().overlaps(tombstone.range) {
                let ids = part_ids(self, &tombstone.matchers)?;
                if !ids.is_empty() {
                    buried.hits.push((ids, tombstone.range));
                }
            }
        }
        let mut hit: Vec<u32> = buried.hits.iter().flat_map(|(ids, _)| ids).copied().collect();
        hit.sort_unstable();
        hit.dedup();
        for id in hit {
            let spans = joined(buried.of(id));
            let mut left = false;
            self.chunks(id, |chunk| {
                let inside = |span: &TimeRange| span.start <= chunk.first_t && chunk.last_t <= span.end;
                left |= !spans.iter().any(inside);
                !left
            })?;
            // A chunk that is cut may have nothing between the cuts, but then only a reader can tell.
            if !left {
                buried.gone.push(id);
            }
        }
        let buried = Arc::new(buried);
        *kept = Some(Arc::clone(&buried));
        Ok(buried)
    }
}

/// Returns the spans in order, those that touch as one.
pub(crate) fn joined(mut spans: Vec<TimeRange>) -> Vec<TimeRange> {
    spans.sort_unstable_by_key(|span| span.start);
    let mut joined: Vec<TimeRange> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end.saturating_add(1) => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// Takes the samples in the spans out of a buffer.
pub(crate) fn bury(samples: &mut SampleBuffer, spans: Vec<TimeRange>) {
    let spans = joined(spans);
    let hit = |span: &TimeRange| {
        let times = &samples.timestamps;
        let (from, to) = (
            times.partition_point(|t| *t < span.start),
            times.partition_point(|t| *t <= span.end),
        );
        (from < to).then_some((from, to))
    };
    let cuts: Vec<(usize, usize)> = spans.iter().filter_map(hit).collect();
    if cuts.is_empty() {
        return;
    }
    let mut left = SampleBuffer::default();
    let mut from = 0;
    for (start, end) in cuts {
        append(&mut left, samples, from..start);
        from = end;
    }
    append(&mut left, samples, from..samples.len());
    *samples = left;
}
