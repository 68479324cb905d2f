//! Decompressed pages that readers used lately.
//!
//! Two generations: a page that is used moves to the young one; when the young one is half of the bound, the
//! old one is dropped and the young one becomes old. That keeps what is used at least twice in a row of that
//! many bytes, at the cost of one table look-up.
//!
//! Beside them are kept what pages are read with: a context of zstd costs more to make than a page to decompress.

use std::io;
use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

/// Decompressed bytes of a page.
pub(super) type Page = Arc<Vec<u8>>;

/// Readers at rest that are kept; more are made when more threads read at a time.
const MAX_SPARE: usize = 8;

/// What a page is read with.
pub(super) struct Unpacker {
    pub(super) context: zstd::bulk::Decompressor<'static>,
    /// The page as stored.
    pub(super) stored: Vec<u8>,
}

/// Part, section and page.
type Key = (u64, u8, u32);

#[derive(Default)]
struct Generations {
    young: HashMap<Key, Page>,
    young_bytes: usize,
    old: HashMap<Key, Page>,
}

/// A bounded cache of pages, shared by all parts of a store.
pub(crate) struct PageCache {
    max_bytes: usize,
    generations: Mutex<Generations>,
    spare: Mutex<Vec<Unpacker>>,
}

impl PageCache {
    /// Creates a cache that holds at most about `max_bytes`.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            generations: Mutex::default(),
            spare: Mutex::default(),
        }
    }

    /// Calls `read` with what pages are read with, which nobody else uses meanwhile.
    pub(super) fn unpack<T, E: From<io::Error>>(
        &self,
        read: impl FnOnce(&mut Unpacker) -> Result<T, E>,
    ) -> Result<T, E> {
        let spare = self.spare.lock().pop();
        let mut unpacker = match spare {
            Some(unpacker) => unpacker,
            None => Unpacker {
                context: zstd::bulk::Decompressor::new()?,
                stored: Vec::new(),
            },
        };
        let result = read(&mut unpacker);
        let mut spare = self.spare.lock();
        if spare.len() < MAX_SPARE {
            spare.push(unpacker);
        }
        result
    }

    pub(super) fn get(&self, key: Key) -> Option<Page> {
        let mut generations = self.generations.lock();
        if let Some(page) = generations.young.get(&key) {
            return Some(Arc::clone(page));
        }
        let page = generations.old.remove(&key)?;
        self.insert_locked(&mut generations, key, &page);
        Some(page)
    }

    /// Returns how many pages are kept.
    #[cfg(test)]
    pub(crate) fn n_pages(&self) -> usize {
        let generations = self.generations.lock();
        generations.young.len() + generations.old.len()
    }

    pub(super) fn insert(&self, key: Key, page: &Page) {
        self.insert_locked(&mut self.generations.lock(), key, page);
    }

    fn insert_locked(&self, generations: &mut Generations, key: Key, page: &Page) {
        if generations.young_bytes >= self.max_bytes / 2 {
            generations.old = std::mem::take(&mut generations.young);
            generations.young_bytes = 0;
        }
        if generations.young.insert(key, Arc::clone(page)).is_none() {
            generations.young_bytes += page.len();
        }
    }
}
