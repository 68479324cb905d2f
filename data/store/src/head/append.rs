//! Taking one sample.

use model::{Millis, Rejection};

use super::late::Stored;
use super::series::{NONE, Sealed, Series};
use super::slab::Slot;
use super::timeline::Timeline;
use super::{Sample, Shard, Terms};
use crate::chunk::{Stream, TokenBuffer, decode_stream, encode_floats};

/// Samples at which an open chunk is sealed even though its values hardly take space.
const MAX_OPEN_SAMPLES: u16 = 4096;

/// A chunk that ends with fewer samples than this has found the wrong timeline.
const SHORT_CHUNK: u16 = 4;

/// Entries at which the table of cadences starts anew.
const MAX_CADENCES: usize = 4096;

/// How a sample was taken.
pub(super) enum Taken {
    /// It is the latest one of its series.
    InOrder,
    /// It is older than the latest one.
    Late,
    /// It is older than what the head is for.
    Backfill,
    /// The very same sample was there already.
    Repeated,
}

impl Shard {
    /// Adds a sample to a series.
    pub(super) fn append(&mut self, id: u32, sample: Sample<'_>, terms: &Terms) -> Result<Taken, Rejection> {
        let Sample { t, bits, start, .. } = sample;
        let series = &self.series[id as usize];
        let (last_t, last) = (series.last_t, series.last);
        if t == last_t && last_t != Millis::MIN && !(series.has_side && self.is_hidden(id, t)) {
            let same = match (series.is_histogram, sample.histogram) {
                (false, None) => bits == last,
                (true, Some(_)) => {
                    let stored = self.sides.get(&id).and_then(|side| side.histograms.last());
                    stored.is_some_and(|stored| sample.is(&Stored::Histogram(Box::new(stored))))
                }
                _ => false,
            };
            return if same {
                Ok(Taken::Repeated)
            } else {
                Err(Rejection::Duplicate { timestamp: t })
            };
        }
        if t < self.floor {
            return self.append_backfill(id, sample, terms);
        }
        // At the time of the latest one if that is deleted.
        if t <= last_t {
            return self.append_late(id, sample, terms);
        }
        match sample.histogram {
            Some(histogram) => {
                // An open chunk goes on from the latest value, which is not a float's any more.
                self.seal(id);
                self.side(id).histograms.push(t, histogram);
            }
            None => {
                if !self.continue_chunk(id, t, bits) {
                    self.start_chunk(id, t, bits);
                }
                self.neighbour = self.series[id as usize].timeline;
            }
        }
        if start != 0 || self.series[id as usize].has_side {
            self.note_start(id, t, start);
        }
        let series = &mut self.series[id as usize];
        series.last_t = t;
        series.last = bits;
        series.is_histogram = sample.histogram.is_some();
        self.newest = self.newest.max(t);
        self.oldest = self.oldest.min(t);
        Ok(Taken::InOrder)
    }

    /// Adds to the open chunk if the time is the next one of its timeline and the value finds room.
    #[inline]
    fn continue_chunk(&mut self, id: u32, t: Millis, bits: u64) -> bool {
        let series = &self.series[id as usize];
        if series.n == 0 || series.n >= MAX_OPEN_SAMPLES {
            return false;
        }
        let next = series.start + u32::from(series.n);
        let Some(Some(timeline)) = self.timelines.get_mut(series.timeline as usize) else {
            return false;
        };
        timeline.matches(next, t) && self.push_value(id, bits)
    }

    #[inline]
    fn push_value(&mut self, id: u32, bits: u64) -> bool {
        let series = &mut self.series[id as usize];
        let last = if series.n == 0 { 0 } else { series.last };
        let mut stream = Stream {
            last,
            run: series.run,
        };
        let mut token = TokenBuffer::default();
        stream.push(bits, &mut token);
        let bytes = token.as_slice();
        if !bytes.is_empty() {
            let Some(slot) = self.slab.append(series.slot, usize::from(series.len), bytes) else {
                return false;
            };
            series.slot = slot;
            series.len += bytes.len() as u16;
        }
        series.run = stream.run;
        series.n += 1;
        true
    }

    /// Seals the open chunk and starts another one on the timeline that suits best.
    fn start_chunk(&mut self, id: u32, t: Millis, bits: u64) {
        let series = &self.series[id as usize];
        let (own, last_t) = (series.timeline, series.last_t);
        let next = series.start + u32::from(series.n);
        let short = own != NONE && series.n < SHORT_CHUNK;
        self.seal(id);
        let (timeline, start) = self
            .rejoin(own, next, t)
            .or_else(|| self.join_neighbour(t, short.then_some(last_t)))
            .or_else(|| {
                if short {
                    self.join_cadence(last_t, t)
                } else {
                    self.extend(own, t)
                }
            })
            .unwrap_or_else(|| {
                let timeline = self.add_timeline(t);
                if short {
                    self.note_cadence(last_t, t, timeline);
                }
                (timeline, 0)
            });
        if let Some(Some(user)) = self.timelines.get_mut(timeline as usize) {
            user.users += 1;
        }
        self.release_timeline(own);
        let series = &mut self.series[id as usize];
        series.timeline = timeline;
        series.start = start;
        let fits = self.push_value(id, bits);
        debug_assert!(fits, "an empty buffer has room for one value");
    }

    /// Stays on the timeline of the chunk before if the time is its next one.
    fn rejoin(&mut self, own: u32, next: u32, t: Millis) -> Option<(u32, u32)> {
        let timeline = self.timelines.get_mut(own as usize)?.as_mut()?;
        timeline.matches(next, t).then_some((own, next))
    }

    /// Joins the timeline of the row before: one target's series come one after another, each with one sample or with
    /// several. With `last_t`, only if that fits its past as well.
    fn join_neighbour(&self, t: Millis, last_t: Option<Millis>) -> Option<(u32, u32)> {
        self.join(self.neighbour, t, last_t)
    }

    /// Joins series that came at the same two times.
    fn join_cadence(&self, last_t: Millis, t: Millis) -> Option<(u32, u32)> {
        self.join(*self.cadences.get(&(last_t, t))?, t, None)
    }

    fn join(&self, at: u32, t: Millis, last_t: Option<Millis>) -> Option<(u32, u32)> {
        let timeline = self.timelines.get(at as usize)?.as_ref()?;
        let index = timeline.find(t)?;
        (last_t.is_none() || timeline.before(index) == last_t).then_some((at, index))
    }

    /// Goes on with the own timeline after a gap.
    fn extend(&mut self, own: u32, t: Millis) -> Option<(u32, u32)> {
        let timeline = self.timelines.get_mut(own as usize)?.as_mut()?;
        if let Some(index) = timeline.find(t) {
            return Some((own, index));
        }
        timeline.push(t).then(|| (own, timeline.end() - 1))
    }

    fn note_cadence(&mut self, last_t: Millis, t: Millis, timeline: u32) {
        if self.cadences.len() >= MAX_CADENCES {
            self.cadences.clear();
        }
        self.cadences.insert((last_t, t), timeline);
    }

    pub(super) fn add_timeline(&mut self, t: Millis) -> u32 {
        let timeline = Some(Timeline::new(t));
        if let Some(free) = self.free_timelines.pop() {
            self.timelines[free as usize] = timeline;
            return free;
        }
        self.timelines.push(timeline);
        (self.timelines.len() - 1) as u32
    }

    /// Gives up one use of a timeline, and the timeline with its last use.
    pub(super) fn release_timeline(&mut self, at: u32) {
        let Some(slot) = self.timelines.get_mut(at as usize) else {
            return;
        };
        if let Some(timeline) = slot {
            timeline.users = timeline.users.saturating_sub(1);
            if timeline.users == 0 {
                *slot = None;
                self.free_timelines.push(at);
            }
        }
    }

    /// Turns the open chunk into a sealed one. The series keeps its use of the timeline.
    fn seal(&mut self, id: u32) {
        let series = &self.series[id as usize];
        if series.n == 0 {
            return;
        }
        let mut values = Vec::with_capacity(usize::from(series.n));
        let mut times = Vec::with_capacity(usize::from(series.n));
        let stream = self.slab.bytes(series.slot, usize::from(series.len));
        let decoded = decode_stream((stream, series.run), usize::from(series.n), &mut values);
        debug_assert!(decoded.is_ok(), "the shard wrote the stream");
        let (timeline, start, n) = (series.timeline, series.start, series.n);
        if let Some(Some(owner)) = self.timelines.get_mut(timeline as usize) {
            owner.copy(start, usize::from(n), &mut times);
            owner.users += 1;
        }
        let mut bytes = Vec::new();
        encode_floats(&values, &mut bytes);
        let chunk = Sealed {
            min_t: times.first().copied().unwrap_or(Millis::MIN),
            max_t: times.last().copied().unwrap_or(Millis::MAX),
            values: bytes.into_boxed_slice(),
            timeline,
            start,
            next: NONE,
            n,
        };
        let mut series = std::mem::replace(&mut self.series[id as usize], Series::new(0, 0, 0));
        self.link_sealed(&mut series, chunk);
        let slot = std::mem::replace(&mut series.slot, Slot::EMPTY);
        (series.n, series.len, series.run) = (0, 0, 0);
        self.series[id as usize] = series;
        self.slab.release(slot);
    }

    /// Puts a sealed chunk behind the others of a series.
    pub(super) fn link_sealed(&mut self, series: &mut Series, chunk: Sealed) {
        let at = match self.free_sealed.pop() {
            Some(free) => {
                self.sealed[free as usize] = chunk;
                free
            }
            None => {
                self.sealed.push(chunk);
                (self.sealed.len() - 1) as u32
            }
        };
        match self.sealed.get_mut(series.last_sealed as usize) {
            Some(last) => last.next = at,
            None => series.first_sealed = at,
        }
        series.last_sealed = at;
    }

    /// Returns the sealed chunks of a series in order.
    pub(super) fn sealed_of<'a>(&'a self, series: &Series) -> impl Iterator<Item = &'a Sealed> {
        let mut at = series.first_sealed;
        std::iter::from_fn(move || {
            let chunk = self.sealed.get(at as usize)?;
            at = chunk.next;
            Some(chunk)
        })
    }
}

#[cfg(test)]
mod tests;
