//! All objects of one cluster, in memory.
//!
//! Writers are the reflectors, one a kind; readers take an [`Arc`] of an object, or a list of them, and look at it
//! without a lock. There is one index, by identity: what else is asked for (pods of a node, children of an owner) is
//! found by looking at all objects of a kind, which takes milliseconds for a hundred thousand and no memory.
//!
//! For those who deliver metrics the store keeps, from one delivery to the next, the versions that were delivered
//! and are no more, so that series that are gone can be ended without remembering any series.

mod delivery;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;
use parking_lot::RwLock;

pub use self::delivery::{Delivery, Superseded};
use self::table::{Entry, Table};
use crate::objects::{Interner, Kind, Object, Uid};

/// Changes whose strings are not worth a look at all of them.
const FEW: u64 = 32;
/// More than one object in so many that changed is worth it.
const SHARE: u64 = 64;

/// All objects of one cluster.
#[derive(Debug, Default)]
pub struct Store {
    interner: Interner,
    inner: RwLock<Inner>,
    revision: AtomicU64,
    /// The revision when it was tidied up last.
    looked: AtomicU64,
    /// Up to here the strings of what is gone were given back.
    swept: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    tables: HashMap<Kind, Table>,
    by_uid: HashMap<Uid, Arc<Object>>,
    /// Number of the delivery that is to come.
    epoch: u64,
    /// Versions that were delivered and are no more; `None` while nobody delivers.
    superseded: Option<HashMap<Uid, Arc<Object>>>,
}

impl Store {
    /// Returns what gives out the strings of this cluster's objects.
    pub fn interner(&self) -> &Interner {
        &self.interner
    }

    /// Takes the present version of an object.
    pub fn apply(&self, object: Object) {
        let kind = object.kind().clone();
        let mut inner = self.inner.write();
        let Inner {
            tables,
            by_uid,
            epoch,
            superseded,
        } = &mut *inner;
        let table = tables.entry(kind).or_default();
        let known = table.find_mut(&object.meta.namespace, &object.meta.name);
        if let Some(entry) = known {
            let same = &entry.object.meta;
            let is_same = same.resource_version == object.meta.resource_version
                && same.resource_version != 0
                && same.uid == object.meta.uid;
            if is_same {
                // A complete list brings again what is known already.
                table.stamp(&object.meta.namespace, &object.meta.name);
                return;
            }
        }
        let object = Arc::new(object);
        let uid = object.meta.uid;
        let before = table.insert(Arc::clone(&object), *epoch);
        if let Some(before) = before {
            if before.object.meta.uid != uid {
                by_uid.remove(&before.object.meta.uid);
            }
            supersede(superseded.as_mut(), before, *epoch);
        }
        if uid != Uid::default() {
            by_uid.insert(uid, object);
        }
        drop(inner);
        self.changed(1);
    }

    /// Forgets an object.
    pub fn delete(&self, kind: &Kind, namespace: &str, name: &str) {
        let mut inner = self.inner.write();
        let Some(entry) = inner
            .tables
            .get_mut(kind)
            .and_then(|table| table.remove(namespace, name))
        else {
            return;
        };
        inner.forget(entry);
        drop(inner);
        self.changed(1);
    }

    /// A complete list of a kind begins: what is not applied again until [`Store::complete`] will be gone.
    pub fn begin(&self, kind: &Kind) {
        self.inner.write().tables.entry(kind.clone()).or_default().begin();
    }

    /// The complete list of a kind is over. Returns how many objects are gone.
    pub fn complete(&self, kind: &Kind) -> usize {
        let mut inner = self.inner.write();
        let gone = inner.tables.get_mut(kind).map(Table::take_unstamped);
        let gone = gone.unwrap_or_default();
        let n_gone = gone.len();
        for entry in gone {
            inner.forget(entry);
        }
        drop(inner);
        if n_gone > 0 {
            self.changed(n_gone);
            self.interner.sweep();
        }
        n_gone
    }

    /// Forgets all objects of a kind.
    pub fn clear(&self, kind: &Kind) {
        let mut inner = self.inner.write();
        let Some(mut table) = inner.tables.remove(kind) else {
            return;
        };
        let n_gone = table.len();
        for entry in table.drain() {
            inner.forget(entry);
        }
        drop(inner);
        self.changed(n_gone);
        self.interner.sweep();
    }

    /// Finds an object by its names.
    pub fn find(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Arc<Object>> {
        let inner = self.inner.read();
        let entry = inner.tables.get(kind)?.find(namespace, name)?;
        Some(Arc::clone(&entry.object))
    }

    /// Finds an object by its identity.
    pub fn find_uid(&self, uid: Uid) -> Option<Arc<Object>> {
        self.inner.read().by_uid.get(&uid).cloned()
    }

    /// Returns all objects of a kind as they are now, in no order.
    pub fn list(&self, kind: &Kind) -> Vec<Arc<Object>> {
        let inner = self.inner.read();
        inner.tables.get(kind).map(Table::objects).unwrap_or_default()
    }

    /// Returns how many objects of a kind there are.
    pub fn count(&self, kind: &Kind) -> usize {
        self.inner.read().tables.get(kind).map_or(0, Table::len)
    }

    /// Returns the kinds of which there are objects, in order.
    pub fn kinds(&self) -> Vec<Kind> {
        let inner = self.inner.read();
        let kinds = inner.tables.iter().filter(|(_, table)| table.len() > 0);
        let mut kinds: Vec<_> = kinds.map(|(kind, _)| kind.clone()).collect();
        kinds.sort();
        kinds
    }

    /// Gives back the strings of what is gone, once enough has changed. To be called now and then where a few
    /// milliseconds do no harm; after a delivery, if there are deliveries.
    pub fn tidy(&self) {
        let now = self.revision();
        let before = self.looked.swap(now, Ordering::Relaxed);
        let swept = self.swept.load(Ordering::Relaxed);
        let n_objects = self.inner.read().by_uid.len() as u64;
        if now - swept > FEW + n_objects / SHARE {
            self.interner.sweep();
            // What has changed since the last look is kept for the next delivery, so it is looked at once more.
            self.swept.store(before, Ordering::Relaxed);
        }
    }

    /// Returns a number that grows with each change.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Relaxed)
    }

    fn changed(&self, n: usize) {
        self.revision.fetch_add(n as u64, Ordering::Relaxed);
    }
}

impl Inner {
    /// Forgets what an entry that was taken out of its table left elsewhere.
    fn forget(&mut self, entry: Entry) {
        let uid = entry.object.meta.uid;
        let is_indexed = self
            .by_uid
            .get(&uid)
            .is_some_and(|known| Arc::ptr_eq(known, &entry.object));
        if is_indexed {
            self.by_uid.remove(&uid);
            let (len, capacity) = (self.by_uid.len(), self.by_uid.capacity());
            if capacity > 64 && len < capacity / 4 {
                self.by_uid.shrink_to(len * 2);
            }
        }
        let epoch = self.epoch;
        supersede(self.superseded.as_mut(), entry, epoch);
    }
}

/// Keeps a version that was delivered and is no more. Of several versions between two deliveries only the first was
/// delivered.
fn supersede(superseded: Option<&mut HashMap<Uid, Arc<Object>>>, entry: Entry, epoch: u64) {
    if let Some(superseded) = superseded
        && entry.epoch < epoch
    {
        superseded.entry(entry.object.meta.uid).or_insert(entry.object);
    }
}

#[cfg(test)]
mod tests;
