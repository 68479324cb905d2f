//! The objects of one kind, found by namespace and name.

use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use hashbrown::HashTable;
use xxhash_rust::xxh3::Xxh3Default;

use crate::objects::Object;

/// An object with what is noted about it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) object: Arc<Object>,
    /// The delivery that was to come when this version was taken.
    pub(super) epoch: u64,
    /// The complete list that had it last.
    stamp: u32,
}

/// The objects of one kind.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: HashTable<Entry>,
    stamp: u32,
}

impl Table {
    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<&Entry> {
        self.entries
            .find(hash(namespace, name), |entry| is(entry, namespace, name))
    }

    pub(super) fn find_mut(&mut self, namespace: &str, name: &str) -> Option<&mut Entry> {
        self.entries
            .find_mut(hash(namespace, name), |entry| is(entry, namespace, name))
    }

    /// Puts an object in and returns the one of that name that was there.
    pub(super) fn insert(&mut self, object: Arc<Object>, epoch: u64) -> Option<Entry> {
        let stamp = self.stamp;
        let new = Entry { epoch, stamp, object };
        if let Some(known) = self.find_mut(&new.object.meta.namespace, &new.object.meta.name) {
            return Some(std::mem::replace(known, new));
        }
        let hash = hash_of(&new);
        self.entries.insert_unique(hash, new, hash_of);
        None
    }

    pub(super) fn remove(&mut self, namespace: &str, name: &str) -> Option<Entry> {
        let found = self
            .entries
            .find_entry(hash(namespace, name), |entry| is(entry, namespace, name));
        let removed = found.ok().map(|entry| entry.remove().0);
        self.shrink();
        removed
    }

    /// Begins a complete list.
    pub(super) fn begin(&mut self) {
        self.stamp = self.stamp.wrapping_add(1);
    }

    /// Notes that the complete list has an object as it is known.
    pub(super) fn stamp(&mut self, namespace: &str, name: &str) {
        let stamp = self.stamp;
        if let Some(entry) = self.find_mut(namespace, name) {
            entry.stamp = stamp;
        }
    }

    /// Takes out what the complete list did not have.
    pub(super) fn take_unstamped(&mut self) -> Vec<Entry> {
        let stamp = self.stamp;
        let gone = self.entries.extract_if(|entry| entry.stamp != stamp).collect();
        self.shrink();
        gone
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Entry> {
        self.entries.drain()
    }

    pub(super) fn objects(&self) -> Vec<Arc<Object>> {
        self.entries
            .iter()
            .map(|entry| Arc::clone(&entry.object))
            .collect()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the bytes of the table itself, without the objects.
    pub(super) fn bytes(&self) -> usize {
        self.entries.allocation_size()
    }

    /// Gives memory back once most of it is unused.
    fn shrink(&mut self) {
        if self.entries.capacity() > 64 && self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to(self.entries.len() * 2, hash_of);
        }
    }
}

fn is(entry: &Entry, namespace: &str, name: &str) -> bool {
    *entry.object.meta.name == *name && *entry.object.meta.namespace == *namespace
}

fn hash_of(entry: &Entry) -> u64 {
    hash(&entry.object.meta.namespace, &entry.object.meta.name)
}

fn hash(namespace: &str, name: &str) -> u64 {
    let mut hasher = Xxh3Default::default();
    namespace.hash(&mut hasher);
    name.hash(&mut hasher);
    hasher.finish()
}
