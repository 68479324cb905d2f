//! Finding series of a part, and their labels.

mod check;
pub(super) mod first;
mod labels;
pub(super) mod rows;
pub(super) mod symbols;
pub(super) mod vocabulary;

use std::cmp::Ordering;
use std::sync::Arc;

use model::{METRIC_NAME, PackedLabels};

use super::footer::SERIES;
use super::pages::Window;
use super::reader::{Part, PartError};
use crate::bytes::Malformed;
use crate::head::hash_labels;
pub(crate) use check::{Check, Verdict};
pub(crate) use labels::Pairs;
pub(crate) use symbols::Found;

/// Answers that are kept, and ids in all of them.
const KEPT_ANSWERS: usize = 64;
const KEPT_IDS: usize = 1 << 16;

/// Tells of a value whether it is looked for.
type Keep<'a> = &'a mut dyn FnMut(&str) -> bool;

/// The order of series in parts.
pub(crate) fn order(a: &str, b: &str) -> Ordering {
    let name = |packed| PackedLabels::trusted(packed).get(METRIC_NAME).unwrap_or("");
    let by_name = name(a).cmp(name(b));
    by_name
        .then_with(|| hash_labels(a).cmp(&hash_labels(b)))
        .then_with(|| a.cmp(b))
}

/// What was found for matchers, by their text.
#[derive(Default)]
pub(crate) struct MatchCache {
    /// Least lately used first.
    answers: Vec<(String, Arc<[u32]>)>,
    n_ids: usize,
}

impl MatchCache {
    fn get(&mut self, key: &str) -> Option<Arc<[u32]>> {
        let at = self.answers.iter().position(|(known, _)| known == key)?;
        let answer = self.answers.remove(at);
        let ids = Arc::clone(&answer.1);
        self.answers.push(answer);
        Some(ids)
    }

    fn insert(&mut self, key: &str, ids: &Arc<[u32]>) {
        if ids.len() > KEPT_IDS / 2 {
            return;
        }
        // Found by two at once.
        if self.answers.iter().any(|(known, _)| known == key) {
            return;
        }
        self.n_ids += ids.len();
        self.answers.push((key.to_owned(), Arc::clone(ids)));
        while self.answers.len() > KEPT_ANSWERS || self.n_ids > KEPT_IDS {
            let (_, oldest) = self.answers.remove(0);
            self.n_ids -= oldest.len();
        }
    }
}

impl Part {
    /// Returns the answer to a question asked before, or else finds it; `key` is the question. Answers are ids,
    /// or bits by number of value.
    pub(crate) fn answer(
        &self,
        key: &str,
        find: impl FnOnce(&mut Vec<u32>) -> Result<(), PartError>,
    ) -> Result<Arc<[u32]>, PartError> {
        if let Some(ids) = self.matched.lock().get(key) {
            return Ok(ids);
        }
        let mut ids = Vec::new();
        find(&mut ids)?;
        let ids: Arc<[u32]> = ids.into();
        self.matched.lock().insert(key, &ids);
        Ok(ids)
    }

    /// Tells whether the answer to a question is kept.
    pub(crate) fn has_answer(&self, key: &str) -> bool {
        self.matched.lock().answers.iter().any(|(known, _)| known == key)
    }

    /// Appends the ids of series that have `name="value"`, ascending.
    pub(crate) fn equal(&self, name: &str, value: &str, out: &mut Vec<u32>) -> Result<(), PartError> {
        match self.symbol(name, value)? {
            Some((_, found)) => self.postings(&found, out),
            None => Ok(()),
        }
    }

    /// Appends the ids of series whose value of `name` is to be kept. With prefixes, values that begin with none
    /// of them are known not to be.
    pub(crate) fn scan(
        &self,
        name: &str,
        (prefixes, keep): (&[String], Keep<'_>),
        out: &mut Vec<u32>,
    ) -> Result<(), PartError> {
        let Some(name) = self.name(name) else {
            return Ok(());
        };
        let mut kept = Vec::new();
        let everything = [String::new()];
        let prefixes = if prefixes.is_empty() {
            &everything
        } else {
            prefixes
        };
        for prefix in prefixes {
            self.symbols_from(name, prefix, |value, found| {
                let inside = value.starts_with(prefix.as_str());
                if inside && keep(value) {
                    kept.push(found);
                }
                inside
            })?;
        }
        let from = out.len();
        for found in &kept {
            self.postings(found, out)?;
            // A series has one value, whatever the lists say.
            if (out.len() - from) as u64 > self.info().n_series {
                return Err(Malformed.into());
            }
        }
        // Lists that ascend one by one.
        out.sort();
        Ok(())
    }

    /// Calls `each` with all values of a name, in order.
    pub(crate) fn label_values(&self, name: &str, mut each: impl FnMut(&str)) -> Result<(), PartError> {
        let Some(name) = self.name(name) else {
            return Ok(());
        };
        self.symbols_from(name, "", |value, _| {
            each(value);
            true
        })
    }

    /// Calls `each` with all label names, in order.
    pub(crate) fn label_names(&self, mut each: impl FnMut(&str)) {
        self.footer.names.iter().for_each(|name| each(&name.text));
    }

    /// Finds a series by its packed labels.
    pub(crate) fn find(&self, packed: &str) -> Result<Option<u32>, PartError> {
        let mut lists = Vec::new();
        for (name, value) in PackedLabels::trusted(packed).iter() {
            match self.symbol(name, value)? {
                Some((_, found)) => lists.push(found),
                None => return Ok(None),
            }
        }
        lists.sort_by_key(Found::len);
        let mut candidates: Option<Vec<u32>> = None;
        for found in &lists {
            // Few enough to be compared with what is asked for.
            if candidates.as_ref().is_some_and(|ids| ids.len() <= 4) {
                break;
            }
            let mut ids = Vec::new();
            self.postings(found, &mut ids)?;
            if let Some(before) = candidates {
                ids.retain(|id| before.binary_search(id).is_ok());
            }
            candidates = Some(ids);
        }
        let mut hit = None;
        self.labels(&candidates.unwrap_or_default(), |id, labels| {
            if labels == packed {
                hit = Some(id);
            }
        })?;
        Ok(hit)
    }

    /// Returns a block of the table of series.
    pub(super) fn row_block<'p>(&self, window: &'p mut Window, block: usize) -> Result<&'p [u8], PartError> {
        let offsets = &self.footer.series_offsets;
        let start = *offsets.get(block).ok_or(Malformed)?;
        let end = offsets
            .get(block + 1)
            .copied()
            .unwrap_or(self.section_len(SERIES));
        let len = usize::try_from(end.saturating_sub(start)).map_err(|_| Malformed)?;
        window.bytes(self, start, len)
    }
}
