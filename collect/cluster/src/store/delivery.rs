//! What a delivery of metrics is made of, and what has changed since the one before.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{Inner, Store, Table};
use crate::objects::{Kind, Object};

/// What a delivery is made of.
#[derive(Debug)]
pub struct Delivery {
    /// All objects, by kind.
    pub objects: Vec<(Kind, Vec<Arc<Object>>)>,
    /// Versions that the delivery before had and this one has not.
    pub superseded: Vec<Superseded>,
}

/// A version that was delivered and is no more.
#[derive(Debug)]
pub struct Superseded {
    /// As it was delivered last.
    pub delivered: Arc<Object>,
    /// What has its place now, under the same names; `None` if it is gone.
    pub present: Option<Arc<Object>>,
}

impl Store {
    /// Begins a delivery. The first call makes the store keep track of what is superseded.
    pub fn begin_delivery(&self) -> Delivery {
        let mut inner = self.inner.write();
        inner.epoch += 1;
        let superseded = inner.superseded.replace(HashMap::new()).unwrap_or_default();
        let Inner { tables, .. } = &*inner;
        let mut objects: Vec<_> = tables
            .iter()
            .map(|(kind, table)| (kind.clone(), table.objects()))
            .collect();
        let superseded = superseded.into_values().map(|delivered| {
            let meta = &delivered.meta;
            let table = tables.get(delivered.kind());
            let present = table.and_then(|table| table.find(&meta.namespace, &meta.name));
            Superseded {
                present: present.map(|entry| Arc::clone(&entry.object)),
                delivered,
            }
        });
        let superseded = superseded.collect();
        drop(inner);
        objects.sort_by(|a, b| a.0.cmp(&b.0));
        Delivery { objects, superseded }
    }

    /// Returns how many bytes the tables and indices take, without the objects.
    pub fn index_bytes(&self) -> usize {
        let inner = self.inner.read();
        let tables: usize = inner.tables.values().map(Table::bytes).sum();
        tables + inner.by_uid.allocation_size()
    }
}
