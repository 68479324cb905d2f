//! Strings, and other values that many objects share, held once.
//!
//! Pods of one ReplicaSet differ in name, address and state, and in nothing else: their labels, owners and all that
//! their template says is equal. What is equal is one allocation, found by its hash in a pool. A value leaves its
//! pool when no object has it any more: a pool looks for such values whenever it has doubled since it looked last,
//! so it never holds more than twice what is alive (and a few).

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::ops::Deref;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use parking_lot::Mutex;

use super::body::{ContainerImage, PodSituation, PodTemplate, WaitingState};
use super::meta::Owner;
use super::value::ConditionState;

/// Length below which a pool is not worth looking through.
const SMALL: usize = 1024;

/// A string that is held once for all objects that have it. Cloning copies a pointer.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(Arc<str>);

/// Gives out one [`Text`] for all equal strings, and one allocation for other equal values. Shared by the tasks that
/// decode; cloning copies a pointer.
#[derive(Clone, Debug, Default)]
pub struct Interner(Arc<Pools>);

#[derive(Debug, Default)]
struct Pools {
    texts: Pool<str>,
    maps: Pool<[(Text, Text)]>,
    owners: Pool<[Owner]>,
    templates: Pool<PodTemplate>,
    situations: Pool<PodSituation>,
    images: Pool<ContainerImage>,
    conditions: Pool<ConditionState>,
    waiting: Pool<WaitingState>,
}

thread_local! {
    /// What the decoding that goes on in this thread interns into. Serde's derived code has no place to hand such a
    /// thing through; decoding never waits, so the thread stays with it from begin to end.
    static CURRENT: RefCell<Option<Interner>> = const { RefCell::new(None) };
}

impl Interner {
    /// Returns the text for a string.
    pub fn intern(&self, text: &str) -> Text {
        if text.is_empty() {
            return Text::default();
        }
        Text(
            self.0
                .texts
                .find_or_make(text, |known| known == text, || Arc::from(text)),
        )
    }

    /// Forgets what no object has any more, now.
    pub fn sweep(&self) {
        let pools = &*self.0;
        // Texts last: what goes before has let go of them.
        pools.templates.sweep();
        pools.situations.sweep();
        pools.images.sweep();
        pools.conditions.sweep();
        pools.waiting.sweep();
        pools.owners.sweep();
        pools.maps.sweep();
        pools.texts.sweep();
    }

    /// Returns how many strings there are, and how many bytes they take with the table.
    pub fn size(&self) -> (usize, usize) {
        let table = self.0.texts.0.lock();
        let header = 2 * size_of::<usize>();
        let texts: usize = table.values.iter().map(|one| one.len() + header).sum();
        let slots = table.values.capacity() * (size_of::<Text>() + 1);
        (table.values.len(), texts + slots)
    }

    /// Runs a decoding whose strings are interned here.
    pub(super) fn during<R>(&self, decode: impl FnOnce() -> R) -> R {
        /// Puts back what was there before, also when the decoding panics.
        struct Before(Option<Interner>);
        impl Drop for Before {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _before = Before(CURRENT.replace(Some(self.clone())));
        decode()
    }

    /// Calls `use_it` with the interner of the decoding that goes on; outside of one with an empty interner, which
    /// shares nothing.
    fn current<R>(use_it: impl FnOnce(&Pools) -> R) -> R {
        CURRENT.with_borrow(|current| match current {
            Some(interner) => use_it(&interner.0),
            None => use_it(&Pools::default()),
        })
    }
}

/// Values that are held once; which pool holds them.
pub(super) trait Shared: Hash + Eq {
    /// Returns the one allocation of a value that is equal to this one.
    fn shared(value: Arc<Self>) -> Arc<Self>;
}

/// Says which pool holds values of a type.
macro_rules! shared {
    ($type:ty, $pool:ident) => {
        impl Shared for $type {
            fn shared(value: Arc<Self>) -> Arc<Self> {
                Interner::current(|pools| {
                    let make = || Arc::clone(&value);
                    pools
                        .$pool
                        .find_or_make(&*value, |known| *known == *value, make)
                })
            }
        }
    };
}

shared!([(Text, Text)], maps);
shared!([Owner], owners);
shared!(PodTemplate, templates);
shared!(PodSituation, situations);
shared!(ContainerImage, images);
shared!(ConditionState, conditions);
shared!(WaitingState, waiting);

/// Values of one type, each held once.
#[derive(Debug)]
struct Pool<T: ?Sized>(Mutex<Table<T>>);

#[derive(Debug)]
struct Table<T: ?Sized> {
    values: HashTable<Arc<T>>,
    hasher: DefaultHashBuilder,
    /// Length at which values that nobody has any more are looked for.
    sweep_at: usize,
}

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::new(Table {
            values: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            sweep_at: SMALL,
        }))
    }
}

impl<T: ?Sized + Hash> Pool<T> {
    /// Returns the value for which `is_it` is true, which is made if it is not there; it hashes as `value` does.
    fn find_or_make(&self, value: &T, is_it: impl Fn(&T) -> bool, make: impl FnOnce() -> Arc<T>) -> Arc<T> {
        let mut table = self.0.lock();
        let hash = table.hasher.hash_one(value);
        if let Some(found) = table.values.find(hash, |known| is_it(known)) {
            return Arc::clone(found);
        }
        if table.values.len() >= table.sweep_at {
            table.sweep();
        }
        let new = make();
        let Table { values, hasher, .. } = &mut *table;
        values.insert_unique(hash, Arc::clone(&new), |known| hasher.hash_one(&**known));
        new
    }

    fn sweep(&self) {
        self.0.lock().sweep();
    }
}

impl<T: ?Sized + Hash> Table<T> {
    /// Forgets the values that only this table has. Nobody can get hold of one meanwhile: that needs the lock.
    fn sweep(&mut self) {
        let Self { values, hasher, .. } = self;
        values.retain(|known| Arc::strong_count(known) > 1);
        if values.capacity() > 4 * values.len().max(SMALL) {
            values.shrink_to(2 * values.len(), |known| hasher.hash_one(&**known));
        }
        self.sweep_at = SMALL.max(2 * self.values.len());
    }
}

impl Text {
    /// Returns the text for a string in the interner of the decoding that goes on.
    pub(super) fn new(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        Self(Interner::current(|pools| {
            pools
                .texts
                .find_or_make(text, |known| known == text, || Arc::from(text))
        }))
    }

    /// Returns the string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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

#[cfg(test)]
mod tests;
