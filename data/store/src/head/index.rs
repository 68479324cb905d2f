//! Which labels there are, and which series have them.

mod census;
mod postings;
mod symbols;

use hashbrown::HashMap;
use model::{METRIC_NAME, Matcher, PackedLabels};

use super::Shard;
use crate::select::Index;

pub(crate) use census::{Census, PairCount};
pub(crate) use postings::{Postings, decode_postings};
pub(super) use symbols::Symbols;

impl Shard {
    /// Calls `each` with all names that a living series has.
    pub(crate) fn label_names(&self, mut each: impl FnMut(&str)) {
        for (name, mut postings) in self.symbols.names() {
            if postings.any(|p| p.iter().any(|id| self.is_alive(id))) {
                each(name);
            }
        }
    }

    /// Calls `each` with all values of a name that a living series has.
    pub(crate) fn label_values(&self, name: &str, mut each: impl FnMut(&str)) {
        self.symbols.scan(name, |value, postings| {
            if postings.iter().any(|id| self.is_alive(id)) {
                each(value);
            }
        });
    }

    /// Calls `each` with `(metric name, hash, id)` of every series.
    pub(crate) fn for_each_series(&self, mut each: impl FnMut(&str, u64, u32)) {
        for (id, series) in self.series.iter().enumerate().filter(|(_, s)| !s.dead) {
            let name = self.pairs_of(series).iter().find_map(|pair| {
                let (name, value) = PackedLabels::trusted(self.symbols.text(*pair)).iter().next()?;
                (name == METRIC_NAME).then_some(value)
            });
            each(name.unwrap_or(""), series.hash, id as u32);
        }
    }
}

impl Index for &Shard {
    fn all(&mut self, out: &mut Vec<u32>) -> Result<(), model::QueryError> {
        out.extend((0..self.series.len() as u32).filter(|id| self.is_alive(*id)));
        Ok(())
    }

    fn equal(&mut self, name: &str, value: &str, out: &mut Vec<u32>) -> Result<(), model::QueryError> {
        if let Some(postings) = self.symbols.postings(name, value) {
            out.extend(postings.iter());
        }
        Ok(())
    }

    fn count(&mut self, name: &str, value: &str) -> Result<usize, model::QueryError> {
        let postings = self.symbols.postings(name, value);
        Ok(postings.map_or(0, |postings| postings.len() as usize))
    }

    fn n_values(&mut self, name: &str) -> usize {
        self.symbols.n_values(name)
    }

    fn filter(&mut self, matcher: &Matcher, ids: &[u32]) -> Result<Option<Vec<u32>>, model::QueryError> {
        let without = matcher.matches_empty();
        // By pair: many series have the same.
        let mut known: HashMap<u32, bool> = HashMap::new();
        let mut holds = |id: &u32| {
            let pairs = self.pairs_of(self.series.get(*id as usize)?).iter();
            let (pair, value) = pairs.copied().find_map(|pair| {
                let (name, value) = PackedLabels::trusted(self.symbols.text(pair)).iter().next()?;
                (name == matcher.name()).then_some((pair, value))
            })?;
            Some(*known.entry(pair).or_insert_with(|| matcher.matches(value)))
        };
        let kept = ids.iter().copied().filter(|id| holds(id).unwrap_or(without));
        Ok(Some(kept.collect()))
    }

    fn scan(
        &mut self,
        name: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        out: &mut Vec<u32>,
    ) -> Result<(), model::QueryError> {
        self.symbols.scan(name, |value, postings| {
            if keep(value) {
                out.extend(postings.iter());
            }
        });
        Ok(())
    }
}
