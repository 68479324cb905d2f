//! From the JSON of one kind's objects to the store.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::Notify;

use crate::discovery::monitors::MonitorBook;
use crate::objects::{Kind, decode};
use crate::reflector::{Receiver, Unreadable};
use crate::state::CustomResources;
use crate::store::Store;

/// Takes the objects of one kind.
pub(crate) struct ObjectReceiver {
    pub(crate) kind: Kind,
    pub(crate) store: Arc<Store>,
    /// Metrics of custom resources are worked out while the whole object is at hand.
    pub(crate) custom: CustomResources,
    /// Monitors are kept with all that they say.
    pub(crate) monitors: Arc<MonitorBook>,
    /// Woken at each change.
    pub(crate) changed: Option<Arc<Notify>>,
}

/// What is read of an object that goes, or that cannot be read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawNamed<'a> {
    #[serde(borrow)]
    pub(crate) metadata: RawNames<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RawNames<'a> {
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) resource_version: Cow<'a, str>,
}

impl ObjectReceiver {
    /// Forgets the monitors that are gone.
    fn forget_monitors(&self) {
        let there_is = |namespace: &str, name: &str| self.store.find(&self.kind, namespace, name).is_some();
        self.monitors.keep(&self.kind, &there_is);
    }

    fn wake(&self) {
        if let Some(changed) = &self.changed {
            changed.notify_one();
        }
    }
}

impl Receiver for ObjectReceiver {
    fn begin(&self) {
        self.store.begin(&self.kind);
    }

    fn apply(&self, json: &str) -> Result<u64, Unreadable> {
        match decode(&self.kind, json.as_bytes(), self.store.interner()) {
            Ok(mut object) => {
                self.custom
                    .read(&mut object, json.as_bytes(), self.store.interner());
                let version = object.meta.resource_version;
                self.monitors.put(&self.kind, json);
                self.store.apply(object);
                self.wake();
                Ok(version)
            }
            Err(error) => {
                let reason = model::with_causes(&error);
                let named = RawNamed::of_unreadable(json);
                // What was known of it is no longer true.
                let names = &named.metadata;
                self.store.delete(&self.kind, &names.namespace, &names.name);
                self.forget_monitors();
                Err(Unreadable {
                    name: named.shown(),
                    reason,
                })
            }
        }
    }

    fn delete(&self, json: &str) -> Result<u64, Unreadable> {
        let named = RawNamed::of_gone(json)?;
        let names = &named.metadata;
        self.store.delete(&self.kind, &names.namespace, &names.name);
        self.forget_monitors();
        self.wake();
        Ok(named.version())
    }

    fn complete(&self) {
        self.store.complete(&self.kind);
        self.forget_monitors();
        self.wake();
    }

    /// Monitors stay: a permission that is taken away for a while must not end all scraping. Once a list succeeds, what
    /// it does not hold is gone.
    fn clear(&self) {
        self.store.clear(&self.kind);
        self.wake();
    }

    fn count(&self) -> usize {
        self.store.count(&self.kind)
    }
}

impl<'a> RawNamed<'a> {
    /// Reads an object that goes.
    ///
    /// # Errors
    /// The JSON is no object.
    pub(crate) fn of_gone(json: &'a str) -> Result<Self, Unreadable> {
        serde_json::from_str(json).map_err(|error| Unreadable {
            name: "unknown".to_owned(),
            reason: error.to_string(),
        })
    }

    /// Reads, as far as it can be, an object that could not be decoded.
    pub(crate) fn of_unreadable(json: &'a str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// Returns the version that the object has, 0 if it has none.
    pub(crate) fn version(&self) -> u64 {
        self.metadata.resource_version.parse().unwrap_or(0)
    }

    /// Returns `namespace/name`, as far as it is known.
    pub(crate) fn shown(&self) -> String {
        match (&*self.metadata.namespace, &*self.metadata.name) {
            (_, "") => "unknown".to_owned(),
            ("", name) => name.to_owned(),
            (namespace, name) => format!("{namespace}/{name}"),
        }
    }
}
