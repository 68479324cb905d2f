//! Forgetting what parts hold.

use hashbrown::HashTable;
use model::{Millis, PackedLabels};

use super::Shard;
use super::series::{NONE, Sealed, Series};
use super::slab::Slot;

/// Series that must have left before a rebuild is worth it.
const MIN_DEAD: usize = 1024;

impl Shard {
    /// Stops showing samples before `until`: a published part holds them.
    pub(crate) fn hide_before(&mut self, until: Millis) {
        self.floor = self.floor.max(until);
        self.shown.from = self.shown.from.max(until);
    }

    /// Frees chunks of the series in `from..to` whose samples are all hidden; series without samples leave.
    /// Returns whether there are series at or after `to`.
    pub(crate) fn evict(&mut self, from: u32, to: u32) -> bool {
        let until = self.shown.from;
        let end = to.min(self.series.len() as u32);
        for id in from..end {
            if !self.series[id as usize].dead {
                self.evict_series(id, until);
            }
        }
        (end as usize) < self.series.len()
    }

    fn evict_series(&mut self, id: u32, until: Millis) {
        let mut at = self.series[id as usize].first_sealed;
        while let Some(chunk) = self.sealed.get_mut(at as usize) {
            if chunk.max_t >= until {
                break;
            }
            let (next, timeline) = (chunk.next, chunk.timeline);
            chunk.values = Box::default();
            self.free_sealed.push(at);
            self.release_timeline(timeline);
            at = next;
        }
        let series = &mut self.series[id as usize];
        series.first_sealed = at;
        if at == NONE {
            series.last_sealed = NONE;
        }
        if self.series[id as usize].has_side {
            self.evict_side(id, until);
        }
        let series = &self.series[id as usize];
        if series.last_t < until && !self.has_backfill(id) {
            self.remove(id);
        }
    }

    /// Takes a series out whose samples are all hidden.
    fn remove(&mut self, id: u32) {
        let series = &mut self.series[id as usize];
        let (hash, slot, timeline) = (series.hash, series.slot, series.timeline);
        series.dead = true;
        series.slot = Slot::EMPTY;
        series.timeline = NONE;
        (series.n, series.len, series.run) = (0, 0, 0);
        self.n_dead += 1;
        self.sides.remove(&id);
        self.slab.release(slot);
        self.release_timeline(timeline);
        if let Ok(entry) = self.by_labels.find_entry(hash, |other| *other == id) {
            entry.remove();
        }
    }

    /// Hides samples before `floor`, which parts hold, and lets series without samples leave.
    pub(crate) fn settle(&mut self, floor: Millis) {
        self.hide_before(floor);
        self.evict(0, u32::MAX);
        self.tidy();
    }

    /// Frees what nothing refers to, times among it, and rebuilds the index if many series have left.
    pub(crate) fn tidy(&mut self) {
        let mut first_used = vec![u32::MAX; self.timelines.len()];
        let mut note = |timeline: u32, start: u32| {
            if let Some(first) = first_used.get_mut(timeline as usize) {
                *first = start.min(*first);
            }
        };
        let (mut oldest, mut newest) = (Millis::MAX, Millis::MIN);
        for series in self.series.iter().filter(|s| !s.dead) {
            let mut at = series.first_sealed;
            while let Some(chunk) = self.sealed.get(at as usize) {
                note(chunk.timeline, chunk.start);
                oldest = oldest.min(chunk.min_t);
                at = chunk.next;
            }
            note(series.timeline, series.start);
            newest = newest.max(series.last_t);
            if series.n > 0 {
                let mut first = Vec::new();
                if let Some(Some(timeline)) = self.timelines.get(series.timeline as usize) {
                    timeline.copy(series.start, 1, &mut first);
                }
                oldest = oldest.min(first.first().copied().unwrap_or(Millis::MAX));
            }
        }
        for side in self.sides.values() {
            let late = side.late.first_key_value().map(|first| *first.0);
            let first = [late, side.histograms.first_t()].into_iter().flatten().min();
            oldest = oldest.min(first.unwrap_or(Millis::MAX));
        }
        self.oldest = oldest.max(self.shown.from);
        self.newest = newest;
        for (timeline, first) in self.timelines.iter_mut().zip(first_used) {
            if let Some(timeline) = timeline {
                timeline.trim(first.min(timeline.end().saturating_sub(1)));
            }
        }
        self.cadences.clear();
        self.slab.trim();
        if self.free_sealed.len() > self.sealed.len() / 2 {
            self.pack_sealed();
        }
        if self.n_dead > MIN_DEAD && self.n_dead > self.n_series() / 2 {
            self.rebuild();
        }
    }

    /// Numbers the chunks of the series anew, so that those that are gone take no place.
    fn pack_sealed(&mut self) {
        let mut before = std::mem::take(&mut self.sealed);
        self.sealed.reserve_exact(before.len() - self.free_sealed.len());
        self.free_sealed = Vec::new();
        for id in 0..self.series.len() {
            let mut series = std::mem::replace(&mut self.series[id], Series::new(0, 0, 0));
            let mut at = std::mem::replace(&mut series.first_sealed, NONE);
            series.last_sealed = NONE;
            while let Some(chunk) = before.get_mut(at as usize) {
                at = chunk.next;
                let moved = Sealed {
                    values: std::mem::take(&mut chunk.values),
                    next: NONE,
                    ..*chunk
                };
                self.link_sealed(&mut series, moved);
            }
            self.series[id] = series;
        }
    }

    /// Numbers the living series anew and drops the symbols of the others.
    fn rebuild(&mut self) {
        let old_symbols = std::mem::take(&mut self.symbols);
        let old_series = std::mem::take(&mut self.series);
        let old_ids = std::mem::take(&mut self.label_ids);
        let mut old_sides = std::mem::take(&mut self.sides);
        let mut numbers = vec![NONE; old_series.len()];
        self.by_labels = HashTable::new();
        let mut packed = String::new();
        for (old_id, series) in old_series.into_iter().enumerate().filter(|(_, s)| !s.dead) {
            let start = series.labels_at as usize;
            let pairs = old_ids
                .get(start..start + usize::from(series.n_labels))
                .unwrap_or_default();
            packed.clear();
            pairs
                .iter()
                .for_each(|pair| packed.push_str(old_symbols.text(*pair)));
            let id = self.series.len() as u32;
            let old_id = old_id as u32;
            if let Some(side) = old_sides.remove(&old_id) {
                self.sides.insert(id, side);
            }
            numbers[old_id as usize] = id;
            self.adopt(id, series, &packed);
        }
        self.pasts_mut().for_each(|past| past.renumber(&numbers));
        self.n_dead = 0;
        self.previous = NONE;
        self.incarnation += 1;
    }

    fn adopt(&mut self, id: u32, series: Series, packed: &str) {
        let labels_at = self.label_ids.len();
        let interned = self
            .symbols
            .intern(PackedLabels::trusted(packed), &mut self.label_ids);
        debug_assert!(interned.is_some(), "fewer symbols than before have room");
        for at in labels_at..self.label_ids.len() {
            self.symbols.note(self.label_ids[at], id);
        }
        let hash = series.hash;
        self.series.push(Series {
            labels_at: labels_at as u32,
            next: NONE,
            log_epoch: 0,
            log_chain: 0,
            ..series
        });
        let series = &self.series;
        self.by_labels
            .insert_unique(hash, id, |id| series[*id as usize].hash);
    }
}
