//! Label sets told apart by numbers alone.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Label sets as numbers of their labels, each once.
#[derive(Default)]
pub(super) struct Distinct {
    hasher: DefaultHashBuilder,
    numbers: Vec<u32>,
    ends: Vec<usize>,
    by_numbers: HashTable<u32>,
    /// Scratch for the text of a set.
    pub(super) packed: String,
}

impl Distinct {
    fn of(&self, at: u32) -> &[u32] {
        numbers_of((&self.numbers, &self.ends), at)
    }

    pub(super) fn find(&self, numbers: &[u32]) -> Option<u32> {
        let hash = self.hasher.hash_one(numbers);
        let same = |at: &u32| self.of(*at) == numbers;
        self.by_numbers.find(hash, same).copied()
    }

    /// Adds a set that is new.
    pub(super) fn insert(&mut self, numbers: &[u32]) {
        let at = self.ends.len() as u32;
        self.numbers.extend_from_slice(numbers);
        self.ends.push(self.numbers.len());
        let known = (&*self.numbers, &*self.ends);
        let hash_of = |at: &u32| self.hasher.hash_one(numbers_of(known, *at));
        self.by_numbers
            .insert_unique(self.hasher.hash_one(numbers), at, hash_of);
    }
}

fn numbers_of<'n>((numbers, ends): (&'n [u32], &[usize]), at: u32) -> &'n [u32] {
    let from = at.checked_sub(1).and_then(|before| ends.get(before as usize));
    let end = ends.get(at as usize).copied().unwrap_or(0);
    numbers.get(from.copied().unwrap_or(0)..end).unwrap_or_default()
}
