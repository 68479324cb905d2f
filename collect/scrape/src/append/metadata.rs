//! What a target says about its families.

use std::collections::BTreeMap;

use model::{Batch, Metadata, MetricType};
use parking_lot::{Mutex, MutexGuard};

/// Families that have been gone for so many pages are forgotten.
const KEPT_PAGES: u64 = 10;
/// Families of one target.
const MAX_FAMILIES: usize = 100_000;

/// The families of one target; scraping writes, the API reads.
#[derive(Debug, Default)]
pub(crate) struct MetadataCache(Mutex<Families>);

#[derive(Debug, Default)]
struct Families {
    page: u64,
    families: BTreeMap<String, Family>,
}

#[derive(Debug, Default)]
struct Family {
    metadata: Metadata,
    changed: bool,
    last_seen: u64,
}

/// The families while a page is read.
pub(super) struct Described<'a>(MutexGuard<'a, Families>);

impl MetadataCache {
    /// Begins a page.
    pub(super) fn begin(&self) -> Described<'_> {
        let mut families = self.0.lock();
        families.page += 1;
        Described(families)
    }

    /// Hands on what is new since the last page.
    pub(super) fn describe_changes(&self, batch: &mut Batch) {
        let mut families = self.0.lock();
        let page = families.page;
        families.families.retain(|name, family| {
            if std::mem::take(&mut family.changed) {
                batch.describe(name, family.metadata.clone());
            }
            page - family.last_seen <= KEPT_PAGES
        });
    }

    /// Returns the families in order of names.
    pub(crate) fn list(&self) -> Vec<(String, Metadata)> {
        let families = self.0.lock();
        let all = families.families.iter();
        all.map(|(name, family)| (name.clone(), family.metadata.clone()))
            .collect()
    }
}

impl Described<'_> {
    pub(super) fn set_type(&mut self, family: &str, metric_type: MetricType) {
        self.update(family, |metadata| {
            let changed = metadata.metric_type != metric_type;
            metadata.metric_type = metric_type;
            changed
        });
    }

    pub(super) fn set_help(&mut self, family: &str, help: &str) {
        self.update(family, |metadata| {
            let changed = metadata.help != help;
            if changed {
                help.clone_into(&mut metadata.help);
            }
            changed
        });
    }

    pub(super) fn set_unit(&mut self, family: &str, unit: &str) {
        self.update(family, |metadata| {
            let changed = metadata.unit != unit;
            if changed {
                unit.clone_into(&mut metadata.unit);
            }
            changed
        });
    }

    fn update(&mut self, name: &str, set: impl FnOnce(&mut Metadata) -> bool) {
        let Families { page, families } = &mut *self.0;
        if !families.contains_key(name) {
            if families.len() >= MAX_FAMILIES {
                return;
            }
            let new = Family {
                changed: true,
                ..Family::default()
            };
            families.insert(name.to_owned(), new);
        }
        if let Some(family) = families.get_mut(name) {
            family.last_seen = *page;
            family.changed |= set(&mut family.metadata);
        }
    }
}
