//! Strings that many objects share, held once.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use hashbrown::HashTable;
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_64;

/// A string that is held once for all objects that have it. Cloning copies a pointer.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(Arc<str>);

/// Gives out one [`Text`] for all equal strings. Shared by the tasks that decode.
#[derive(Debug, Default)]
pub struct Interner {
    known: Mutex<HashTable<Text>>,
}

impl Interner {
    /// Returns the text for a string.
    pub fn intern(&self, text: &str) -> Text {
        if text.is_empty() {
            return Text::default();
        }
        let hash = hash(text);
        let mut known = self.known.lock();
        if let Some(found) = known.find(hash, |one| *one.0 == *text) {
            return found.clone();
        }
        let new = Text(Arc::from(text));
        known.insert_unique(hash, new.clone(), |one| self::hash(&one.0));
        new
    }

    /// Forgets the strings that no object has any more.
    pub fn sweep(&self) {
        let mut known = self.known.lock();
        known.retain(|one| Arc::strong_count(&one.0) > 1);
        known.shrink_to_fit(|one| hash(&one.0));
    }

    /// Returns how many strings there are, and how many bytes they take with the table.
    pub fn size(&self) -> (usize, usize) {
        let known = self.known.lock();
        let texts: usize = known.iter().map(|one| one.0.len() + 2 * size_of::<usize>()).sum();
        (known.len(), texts + known.capacity() * (size_of::<Text>() + 1))
    }
}

fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
