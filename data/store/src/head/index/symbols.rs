//! Label pairs, each stored once, and the series that have them.
//!
//! The symbol is the *pair* in packed form (see `model::Labels`): a label set is a list of pair ids, and its
//! packed string is the concatenation of the pairs' texts, so sets are compared without unpacking anything.

use hashbrown::{HashMap, HashTable};
use model::PackedLabels;

use super::postings::Postings;
use crate::bytes::xxh3;

struct Pair {
    start: u32,
    len: u32,
    postings: Postings,
}

struct Name {
    text: Box<str>,
    pairs: Vec<u32>,
}

/// All pairs of a shard. Pairs are never removed; the shard rebuilds the whole when many are unused.
#[derive(Default)]
pub(in crate::head) struct Symbols {
    /// Packed pairs, one after another.
    text: String,
    pairs: Vec<Pair>,
    by_text: HashTable<u32>,
    names: Vec<Name>,
    by_name: HashMap<Box<str>, u32>,
}

impl Symbols {
    /// Returns the packed text of a pair.
    #[inline]
    pub(in crate::head) fn text(&self, pair: u32) -> &str {
        self.pairs
            .get(pair as usize)
            .and_then(|p| self.text.get(p.start as usize..p.start as usize + p.len as usize))
            .unwrap_or("")
    }

    /// Returns the number of pairs.
    pub(in crate::head) fn len(&self) -> usize {
        self.pairs.len()
    }

    fn find(&self, text: &str) -> Option<u32> {
        self.by_text
            .find(xxh3(text.as_bytes()), |id| self.text(*id) == text)
            .copied()
    }

    /// Returns the ids of the pairs of a label set, storing those that are new. `None` when the text is full.
    pub(in crate::head) fn intern(&mut self, labels: PackedLabels<'_>, ids: &mut Vec<u32>) -> Option<()> {
        let mut rest = labels.packed();
        for (name, value) in labels.iter() {
            let len = prefix_len(name.len()) + name.len() + prefix_len(value.len()) + value.len();
            let (text, after) = rest.split_at_checked(len)?;
            rest = after;
            ids.push(match self.find(text) {
                Some(id) => id,
                None => self.add(name, text)?,
            });
        }
        Some(())
    }

    fn add(&mut self, name: &str, text: &str) -> Option<u32> {
        let start = u32::try_from(self.text.len()).ok()?;
        u32::try_from(self.text.len() + text.len()).ok()?;
        let id = u32::try_from(self.pairs.len()).ok()?;
        let len = text.len() as u32;
        self.text.push_str(text);
        self.pairs.push(Pair {
            start,
            len,
            postings: Postings::default(),
        });
        let (texts, pairs) = (&self.text, &self.pairs);
        let text_of = |id: u32| {
            let pair = &pairs[id as usize];
            texts
                .as_bytes()
                .get(pair.start as usize..(pair.start + pair.len) as usize)
                .unwrap_or_default()
        };
        self.by_text
            .insert_unique(xxh3(text.as_bytes()), id, |id| xxh3(text_of(*id)));
        let name_id = match self.by_name.get(name) {
            Some(id) => *id,
            None => {
                let id = self.names.len() as u32;
                self.names.push(Name {
                    text: name.into(),
                    pairs: Vec::new(),
                });
                self.by_name.insert(name.into(), id);
                id
            }
        };
        self.names[name_id as usize].pairs.push(id);
        Some(id)
    }

    /// Returns text and series of the pairs from a number on.
    pub(in crate::head) fn pairs_from(&self, first: u32) -> impl Iterator<Item = (&str, &Postings)> {
        let pairs = self.pairs.iter().skip(first as usize);
        (first..)
            .zip(pairs)
            .map(|(id, pair)| (self.text(id), &pair.postings))
    }

    /// Returns the texts of the pairs from a number on.
    pub(in crate::head) fn texts_from(&self, first: u32) -> impl ExactSizeIterator<Item = &str> {
        (first as usize..self.pairs.len().max(first as usize)).map(|pair| self.text(pair as u32))
    }

    /// Adds the pair with the next number. `None` if the text is no pair.
    pub(in crate::head) fn restore(&mut self, text: &str) -> Option<()> {
        let labels = PackedLabels::parse(text).ok()?;
        let mut pairs = labels.iter();
        let (name, _) = pairs.next()?;
        if pairs.next().is_some() {
            return None;
        }
        self.add(name, text).map(|_| ())
    }

    /// Notes that a series has a pair. Series come in ascending order.
    pub(in crate::head) fn note(&mut self, pair: u32, series: u32) {
        if let Some(pair) = self.pairs.get_mut(pair as usize) {
            pair.postings.push(series);
        }
    }

    /// Returns the series that have `name="value"`.
    pub(in crate::head) fn postings(&self, name: &str, value: &str) -> Option<&Postings> {
        let labels = model::Labels::from_pairs([(name, value)]).ok()?;
        self.find(labels.packed())
            .map(|id| &self.pairs[id as usize].postings)
    }

    /// Returns how many values a name has.
    pub(in crate::head) fn n_values(&self, name: &str) -> usize {
        let name = self.by_name.get(name).and_then(|id| self.names.get(*id as usize));
        name.map_or(0, |name| name.pairs.len())
    }

    /// Calls `each` with every value of a name and the series that have it.
    pub(in crate::head) fn scan(&self, name: &str, mut each: impl FnMut(&str, &Postings)) {
        let Some(id) = self.by_name.get(name) else { return };
        for pair in &self.names[*id as usize].pairs {
            let labels = PackedLabels::trusted(self.text(*pair));
            if let Some((_, value)) = labels.iter().next() {
                each(value, &self.pairs[*pair as usize].postings);
            }
        }
    }

    /// Returns all names with the postings of all their pairs.
    pub(in crate::head) fn names(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &Postings>)> {
        self.names.iter().map(|name| {
            (
                &*name.text,
                name.pairs.iter().map(|pair| &self.pairs[*pair as usize].postings),
            )
        })
    }
}

/// Returns how many bytes the length of an item takes in a packed label set.
fn prefix_len(len: usize) -> usize {
    match len {
        0..0x80 => 1,
        0x80..0x800 => 2,
        // The surrogate gap shifts lengths from 0xD800 on by 0x800.
        0x800..0xF800 => 3,
        _ => 4,
    }
}
