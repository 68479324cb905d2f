//! What is known of the refs of a shard.
//!
//! A shard numbers its series one after another, so a table by number is right for almost all logs. But the log may
//! begin long after the numbering did, most series may have left since, what came before may be lost, and a damaged
//! record may say any number. So memory goes by how many refs were defined, never by how large they are: what lies
//! far beyond the table waits beside it until the table has grown that far.

use hashbrown::HashMap;

use super::Known;

/// Places of the table for each ref that is known: some are free where series have left.
const SPREAD: usize = 4;

/// Places that the table may have in any case.
const FREE: usize = 1 << 16;

/// See the module.
#[derive(Default)]
pub(crate) struct Refs {
    /// By ref.
    table: Vec<Known>,
    /// Refs behind the end of the table.
    beyond: HashMap<u32, Known>,
    /// Refs that were defined.
    n_known: usize,
}

impl From<Vec<Known>> for Refs {
    /// Takes what is known of all refs from 0 on.
    fn from(table: Vec<Known>) -> Self {
        Self {
            n_known: table.len(),
            table,
            beyond: HashMap::new(),
        }
    }
}

impl Refs {
    /// Returns what is known of a ref.
    pub(super) fn get(&self, id: u32) -> Option<&Known> {
        match self.table.get(id as usize) {
            None if self.beyond.is_empty() => None,
            None => self.beyond.get(&id),
            found => found,
        }
    }

    /// Returns what is known of a ref, to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Known> {
        match self.table.get_mut(id as usize) {
            None if self.beyond.is_empty() => None,
            None => self.beyond.get_mut(&id),
            found => found,
        }
    }

    /// Says what a ref means from now on.
    pub(super) fn define(&mut self, id: u32, known: Known) {
        if self.get(id).is_none_or(Known::is_unknown) {
            self.n_known += 1;
        }
        self.make_room(id as usize);
        match self.table.get_mut(id as usize) {
            Some(place) => *place = known,
            None => {
                self.beyond.insert(id, known);
            }
        }
    }

    /// Lets the table grow to a ref if that is in proportion.
    fn make_room(&mut self, at: usize) {
        let most = FREE + SPREAD * self.n_known;
        if at < self.table.len() || at >= most {
            return;
        }
        if self.beyond.is_empty() {
            self.table.resize(at + 1, Known::UNKNOWN);
        } else if most >= 2 * self.table.len() {
            // What waits is looked through each time, so that must not be often.
            self.table.resize(most, Known::UNKNOWN);
            let table = &mut self.table;
            for (id, known) in self.beyond.extract_if(|id, _| (*id as usize) < most) {
                if let Some(place) = table.get_mut(id as usize) {
                    *place = known;
                }
            }
        }
    }

    /// Forgets all refs.
    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.beyond.clear();
        self.n_known = 0;
    }

    /// Iterates over all refs.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Known)> {
        let beyond = self.beyond.iter_mut().map(|(id, known)| (*id, known));
        (0..).zip(&mut self.table).chain(beyond)
    }

    /// Returns how many places the table has, and how many refs wait beside it.
    #[cfg(test)]
    pub(super) fn places(&self) -> (usize, usize) {
        (self.table.len(), self.beyond.len())
    }
}

#[cfg(test)]
mod tests;
