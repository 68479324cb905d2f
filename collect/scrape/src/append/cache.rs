//! What the texts of a target's page come to, and which of its series are alive.

use std::sync::Arc;

use hashbrown::HashMap;

use super::classic::Part;

/// The number of a series of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeriesId(u32);

/// What a text comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// A rule drops it.
    Dropped,
    /// This series. Several texts may come to one series.
    Series(SeriesId),
}

#[derive(Debug)]
struct Text {
    known: Option<Known>,
    /// What it is in a classic histogram; the outer `None` if nobody has asked.
    part: Option<Option<Arc<Part>>>,
    last_seen: u64,
}

#[derive(Debug)]
struct Series {
    labels: Arc<str>,
    /// The scrape that it was first in.
    first: u64,
    last_seen: u64,
    /// The last scrape that it is alive by: one that showed it without a time of its own.
    alive: u64,
    /// `alive` and `last_seen` before this scrape, should it fail.
    before: (u64, u64),
}

/// Texts and series of one target. Scrapes are numbered from 1.
#[derive(Debug, Default)]
pub(crate) struct SeriesCache {
    scrape: u64,
    texts: HashMap<String, Text>,
    series: Vec<Series>,
    ids: HashMap<Arc<str>, SeriesId>,
    n_texts_seen: usize,
    /// How many texts there were behind the last page that was taken.
    n_texts_taken: usize,
}

/// Texts of pages that were not taken may be kept beyond twice those of the last one that was.
const SPARE_TEXTS: usize = 1000;

impl SeriesCache {
    /// Begins a scrape.
    pub(super) fn begin(&mut self) {
        self.scrape += 1;
        self.n_texts_seen = 0;
    }

    /// Looks a text up.
    pub(super) fn get(&mut self, text: &str) -> Option<Known> {
        let scrape = self.scrape;
        let found = self.texts.get_mut(text)?;
        if found.last_seen != scrape {
            found.last_seen = scrape;
            self.n_texts_seen += 1;
        }
        found.known
    }

    /// Returns what a text is in a classic histogram; the outer `None` if that is not known.
    pub(super) fn part(&mut self, text: &str) -> Option<Option<Arc<Part>>> {
        let scrape = self.scrape;
        let found = self.texts.get_mut(text)?;
        if found.last_seen != scrape {
            found.last_seen = scrape;
            self.n_texts_seen += 1;
        }
        found.part.clone()
    }

    pub(super) fn insert_part(&mut self, text: &str, part: Option<Part>) -> Option<Arc<Part>> {
        let part = part.map(Arc::new);
        self.entry(text).part = Some(part.clone());
        part
    }

    pub(super) fn insert_dropped(&mut self, text: &str) {
        self.entry(text).known = Some(Known::Dropped);
    }

    pub(super) fn insert(&mut self, text: &str, labels: &str) -> SeriesId {
        let id = self.id_of(labels);
        self.entry(text).known = Some(Known::Series(id));
        id
    }

    fn entry(&mut self, text: &str) -> &mut Text {
        let scrape = self.scrape;
        let seen = &mut self.n_texts_seen;
        self.texts.entry_ref(text).or_insert_with(|| {
            *seen += 1;
            Text {
                known: None,
                part: None,
                last_seen: scrape,
            }
        })
    }

    fn id_of(&mut self, labels: &str) -> SeriesId {
        if let Some(id) = self.ids.get(labels) {
            return *id;
        }
        let labels: Arc<str> = Arc::from(labels);
        // More than four thousand million series of one target fit no page.
        let id = SeriesId(u32::try_from(self.series.len()).unwrap_or(u32::MAX));
        self.series.push(Series {
            labels: Arc::clone(&labels),
            first: self.scrape,
            last_seen: 0,
            alive: 0,
            before: (0, 0),
        });
        self.ids.insert(labels, id);
        id
    }

    fn at(&mut self, id: SeriesId) -> Option<&mut Series> {
        self.series.get_mut(id.0 as usize)
    }

    /// Notes that a series is on the page; `false` if it was already.
    pub(super) fn see(&mut self, id: SeriesId) -> bool {
        let scrape = self.scrape;
        let Some(series) = self.at(id) else { return false };
        if series.last_seen == scrape {
            return false;
        }
        series.before = (series.alive, series.last_seen);
        series.last_seen = scrape;
        true
    }

    /// Notes that a series ends when it is not on the next page.
    pub(super) fn track(&mut self, id: SeriesId) {
        let scrape = self.scrape;
        if let Some(series) = self.at(id) {
            series.alive = scrape;
        }
    }

    /// Tells whether a series was on no page before this one.
    pub(super) fn is_new(&self, id: SeriesId) -> bool {
        let series = self.series.get(id.0 as usize);
        series.is_some_and(|series| series.first == self.scrape)
    }

    /// Returns the packed labels of a series.
    pub(super) fn labels(&self, id: SeriesId) -> &str {
        self.series.get(id.0 as usize).map_or("", |series| &series.labels)
    }

    /// Forgets that series were on this page.
    pub(super) fn undo(&mut self) {
        for series in self
            .series
            .iter_mut()
            .filter(|series| series.last_seen == self.scrape)
        {
            (series.alive, series.last_seen) = series.before;
        }
    }

    /// Calls `end` with the packed labels of the series that were alive at the scrape before and are not now.
    pub(super) fn each_ended(&mut self, mut end: impl FnMut(&str)) {
        for series in &mut self.series {
            if series.alive != 0 && series.alive < self.scrape {
                series.alive = 0;
                end(&series.labels);
            }
        }
    }

    /// Ends a scrape. Texts that are not on the page any more are forgotten if the page was taken, or if there are
    /// too many.
    pub(super) fn end(&mut self, taken: bool) {
        let crowded = self.texts.len() > 2 * self.n_texts_taken + SPARE_TEXTS;
        if (taken || crowded) && self.n_texts_seen < self.texts.len() {
            let scrape = self.scrape;
            self.texts.retain(|_, text| text.last_seen == scrape);
            self.drop_series();
        }
        if taken {
            self.n_texts_taken = self.texts.len();
        }
    }

    /// Drops the series that no text comes to, and numbers the others anew.
    fn drop_series(&mut self) {
        let mut used = vec![false; self.series.len()];
        for text in self.texts.values() {
            if let Some(Known::Series(id)) = text.known
                && let Some(used) = used.get_mut(id.0 as usize)
            {
                *used = true;
            }
        }
        let mut numbers = Vec::with_capacity(self.series.len());
        let mut next = 0_u32;
        for used in &used {
            numbers.push(SeriesId(next));
            next += u32::from(*used);
        }
        let mut idx = 0;
        self.series.retain(|_| {
            idx += 1;
            used.get(idx - 1).copied().unwrap_or(false)
        });
        let number = |id: SeriesId| numbers.get(id.0 as usize).copied().unwrap_or(id);
        self.ids
            .retain(|_, id| used.get(id.0 as usize).copied().unwrap_or(false));
        self.ids.values_mut().for_each(|id| *id = number(*id));
        for text in self.texts.values_mut() {
            if let Some(Known::Series(id)) = &mut text.known {
                *id = number(*id);
            }
        }
    }

    /// Forgets what texts come to, but not which series are alive.
    pub(super) fn forget_texts(&mut self) {
        self.texts.clear();
        self.n_texts_taken = 0;
    }
}
