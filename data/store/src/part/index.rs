//! Finding series of a part, and their labels.

pub(super) mod first;
pub(super) mod rows;
pub(super) mod symbols;
pub(super) mod vocabulary;

use std::cmp::Ordering;
use std::sync::Arc;

use model::{METRIC_NAME, PackedLabels};

use super::footer::SERIES;
use super::pages::Pages;
use super::reader::{Part, PartError};
use crate::bytes::Malformed;
use crate::head::hash_labels;
use rows::{BLOCK_ROWS, Block};
use symbols::Found;

/// Series whose labels are put together at once.
const SLICE: usize = 4096;

/// Answers that are kept, and ids in all of them.
const KEPT_ANSWERS: usize = 16;
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

/// What was found for matchers that look at many values, by their text.
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
        self.n_ids += ids.len();
        self.answers.push((key.to_owned(), Arc::clone(ids)));
        while self.answers.len() > KEPT_ANSWERS || self.n_ids > KEPT_IDS {
            let (_, oldest) = self.answers.remove(0);
            self.n_ids -= oldest.len();
        }
    }
}

impl Part {
    /// Returns the answer to a question asked before, or else finds it; `key` is the question.
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
        ids.sort_unstable();
        ids.dedup();
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
            Some(found) => self.postings(&found, out),
            None => Ok(()),
        }
    }

    /// Returns how many series have `name="value"`.
    pub(crate) fn count(&self, name: &str, value: &str) -> Result<usize, PartError> {
        Ok(match self.symbol(name, value)? {
            None => 0,
            Some(Found::One(_)) => 1,
            Some(Found::Many { n, .. }) => n,
            Some(Found::All) => usize::try_from(self.info().n_series).unwrap_or(usize::MAX),
        })
    }

    /// Returns how many values a name has; `None` if series cannot be asked for theirs one by one, as in format 1.
    pub(crate) fn n_values(&self, name: &str) -> Option<u64> {
        (self.version() > 1).then(|| self.name(name).map_or(0, |(_, name)| name.n_values))
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
        kept.iter().try_for_each(|found| self.postings(found, out))
    }

    /// Returns those of the ids, ascending, whose value of `name` is to be kept; a series without it has the
    /// empty value.
    pub(crate) fn filter(&self, name: &str, ids: &[u32], keep: Keep<'_>) -> Result<Vec<u32>, PartError> {
        let without = keep("");
        let Some((number, _)) = self.name(name) else {
            return Ok(if without { ids.to_vec() } else { Vec::new() });
        };
        // Value plus one, zero for none.
        let mut values = vec![0u32; ids.len()];
        self.label_numbers(ids, Some(number), |at, _, value| values[at] = value + 1)?;
        let mut distinct: Vec<u32> = values.iter().filter_map(|value| value.checked_sub(1)).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let (mut text, mut ends) = (String::new(), Vec::new());
        self.packed_pairs(number, &distinct, (&mut text, &mut ends))?;
        let mut kept = Vec::with_capacity(distinct.len());
        let mut start = 0;
        for end in ends {
            let pair = text.get(start..end as usize).unwrap_or("");
            let value = PackedLabels::trusted(pair).iter().next().map_or("", |(_, v)| v);
            kept.push(keep(value));
            start = end as usize;
        }
        let wanted = |value: u32| match value.checked_sub(1) {
            None => without,
            Some(value) => {
                let at = distinct.binary_search(&value).ok();
                at.and_then(|at| kept.get(at)).copied().unwrap_or(false)
            }
        };
        let pairs = ids.iter().zip(values);
        Ok(pairs
            .filter(|(_, value)| wanted(*value))
            .map(|(id, _)| *id)
            .collect())
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
                Some(found) => lists.push(found),
                None => return Ok(None),
            }
        }
        lists.sort_by_key(|found| match found {
            Found::One(_) => 1,
            Found::Many { n, .. } => *n,
            Found::All => usize::MAX,
        });
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

    /// Calls `each` with the packed labels of the series asked for, which come in ascending order.
    pub(crate) fn labels(&self, ids: &[u32], mut each: impl FnMut(u32, &str)) -> Result<(), PartError> {
        if self.version() == 1 {
            return self.first_rows(ids, |id, _, labels| each(id, labels));
        }
        ids.chunks(SLICE)
            .try_for_each(|slice| self.labels_of_slice(slice, &mut each))
    }

    fn labels_of_slice(&self, ids: &[u32], each: &mut dyn FnMut(u32, &str)) -> Result<(), PartError> {
        // What the labels are, by number; then the text of each distinct pair, once; then all put together.
        let mut labels: Vec<(u32, u32, u32)> = Vec::new();
        self.label_numbers(ids, None, |at, name, value| labels.push((at as u32, name, value)))?;
        let mut distinct: Vec<(u32, u32)> = labels.iter().map(|label| (label.1, label.2)).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let (mut text, mut ends) = (String::new(), Vec::new());
        let mut values = Vec::new();
        for of_name in distinct.chunk_by(|a, b| a.0 == b.0) {
            values.clear();
            values.extend(of_name.iter().map(|pair| pair.1));
            let name = of_name.first().map_or(0, |pair| pair.0);
            self.packed_pairs(name, &values, (&mut text, &mut ends))?;
        }
        if ends.len() != distinct.len() {
            return Err(Malformed.into());
        }
        let pair = |name: u32, value: u32| -> Option<&str> {
            let at = distinct.binary_search(&(name, value)).ok()?;
            let start = at.checked_sub(1).and_then(|before| ends.get(before));
            text.get(start.map_or(0, |end| *end as usize)..*ends.get(at)? as usize)
        };
        let mut packed = String::new();
        let mut rest = labels.iter().peekable();
        for (at, id) in ids.iter().enumerate() {
            packed.clear();
            while let Some((_, name, value)) = rest.next_if(|label| label.0 as usize == at) {
                packed.push_str(pair(*name, *value).ok_or(Malformed)?);
            }
            each(*id, &packed);
        }
        Ok(())
    }

    /// Calls `each` with `(place in ids, name, value)`, in order of ids and names; with `name`, only of that one.
    fn label_numbers(
        &self,
        ids: &[u32],
        name: Option<u32>,
        mut each: impl FnMut(usize, u32, u32),
    ) -> Result<(), PartError> {
        let mut pages = self.pages(SERIES);
        let mut at = 0;
        for slice in ids.chunk_by(|a, b| *a as usize / BLOCK_ROWS == *b as usize / BLOCK_ROWS) {
            let number = slice.first().map_or(0, |id| *id as usize / BLOCK_ROWS);
            let block = Block::parse(self.row_block(&mut pages, number)?, name)?;
            for id in slice {
                let row = *id as usize % BLOCK_ROWS;
                if row >= block.rows {
                    return Err(Malformed.into());
                }
                block.labels(row, |name, value| each(at, name, value));
                at += 1;
            }
        }
        Ok(())
    }

    /// Returns a block of the table of series.
    pub(super) fn row_block<'p>(
        &self,
        pages: &'p mut Pages<'_>,
        block: usize,
    ) -> Result<&'p [u8], PartError> {
        let offsets = &self.footer.series_offsets;
        let start = *offsets.get(block).ok_or(Malformed)?;
        let end = offsets
            .get(block + 1)
            .copied()
            .unwrap_or(self.section_len(SERIES));
        let len = usize::try_from(end.saturating_sub(start)).map_err(|_| Malformed)?;
        pages.bytes(start, len)
    }
}
