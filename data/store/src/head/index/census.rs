//! Counting what the index holds.

use hashbrown::HashMap;
use model::PackedLabels;

use crate::bytes::xxh3;
use crate::head::Shard;

/// A label pair with the number of its series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PairCount {
    pub(crate) n_series: u64,
    /// Its name, by place in [`Census::names`].
    pub(crate) name: u32,
    /// Bytes of its value.
    pub(crate) value_bytes: u32,
    /// Where its text is.
    pub(crate) shard: u32,
    pub(crate) pair: u32,
}

/// Label pairs of all shards, by hash of their text.
#[derive(Default)]
pub(crate) struct Census {
    pub(crate) pairs: HashMap<u64, PairCount>,
    pub(crate) names: Vec<Box<str>>,
    by_name: HashMap<Box<str>, u32>,
    pub(crate) n_series: u64,
    pub(crate) n_chunks: u64,
}

impl Census {
    fn add(&mut self, text: &str, (shard, pair): (u32, u32), n_series: u64) {
        if n_series == 0 {
            return;
        }
        if let Some(known) = self.pairs.get_mut(&xxh3(text.as_bytes())) {
            known.n_series += n_series;
            return;
        }
        let Some((name, value)) = PackedLabels::trusted(text).iter().next() else {
            return;
        };
        let name = match self.by_name.get(name) {
            Some(known) => *known,
            None => {
                let next = self.names.len() as u32;
                self.names.push(name.into());
                self.by_name.insert(name.into(), next);
                next
            }
        };
        let counted = PairCount {
            n_series,
            name,
            value_bytes: value.len() as u32,
            shard,
            pair,
        };
        self.pairs.insert(xxh3(text.as_bytes()), counted);
    }
}

impl Shard {
    /// Counts pairs from number `from` on until about `budget` series were looked at. Returns the number of the
    /// pair to go on with, `None` at the end.
    pub(crate) fn count_pairs(&self, from: u32, budget: usize, census: &mut Census) -> Option<u32> {
        let mut left = budget;
        for (pair, (text, postings)) in (from..).zip(self.symbols.pairs_from(from)) {
            if left == 0 {
                return Some(pair);
            }
            let n = if self.n_dead == 0 {
                left = left.saturating_sub(1);
                u64::from(postings.len())
            } else {
                left = left.saturating_sub(1 + postings.len() as usize);
                postings.iter().filter(|id| self.is_alive(*id)).count() as u64
            };
            census.add(text, (self.id, pair), n);
        }
        None
    }

    /// Counts the pairs of some series.
    pub(crate) fn count_series(&self, ids: &[u32], census: &mut Census) {
        for id in ids {
            let Some(series) = self.series.get(*id as usize).filter(|series| !series.dead) else {
                continue;
            };
            for pair in self.pairs_of(series) {
                census.add(self.symbols.text(*pair), (self.id, *pair), 1);
            }
            census.n_series += 1;
            census.n_chunks += self.sealed_of(series).count() as u64 + u64::from(series.n > 0);
            let side = self.sides.get(id).filter(|_| series.has_side);
            census.n_chunks += side.map_or(0, |side| side.histograms.runs.len() as u64);
        }
    }

    /// Returns the name and value of a pair.
    pub(crate) fn pair(&self, pair: u32) -> Option<(&str, &str)> {
        PackedLabels::trusted(self.symbols.text(pair)).iter().next()
    }

    /// Returns the number of chunks.
    pub(crate) fn n_chunks(&self) -> usize {
        let runs: usize = self.sides.values().map(|side| side.histograms.runs.len()).sum();
        self.sealed.len() - self.free_sealed.len() + runs + self.n_series()
    }
}
