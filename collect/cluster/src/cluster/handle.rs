//! What others may ask of a cluster.

use std::fmt;
use std::sync::Arc;

use model::Millis;
use serde_json::Value;

use super::{DeliveryStatus, ServerStatus, Shared};
use crate::client::{Client, RequestError, object_path};
use crate::config::ClusterConfig;
use crate::discovery::monitors::{MonitorBook, MonitorStatus};
use crate::events::{CounterKey, EventStatus, Warning};
use crate::objects::{Kind, Uid};
use crate::status::{KindName, KindStatus};
use crate::store::Store;

/// Bytes of one object as the API server writes it.
const MAX_OBJECT: usize = 32 << 20;

/// Reads what is known of a cluster. Cloning copies a pointer.
#[derive(Clone)]
pub struct ClusterHandle {
    shared: Arc<Shared>,
}

impl fmt::Debug for ClusterHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClusterHandle").field(&self.name()).finish()
    }
}

impl ClusterHandle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Returns what the cluster is called.
    pub fn name(&self) -> &str {
        &self.shared.config.name
    }

    /// Returns what was asked for.
    pub fn config(&self) -> &ClusterConfig {
        &self.shared.config
    }

    /// Returns the objects.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Returns the newest warnings about an object, the newest first.
    pub fn warnings(&self, object: Uid) -> Vec<Warning> {
        self.shared.book.warnings(object)
    }

    /// Returns how events fare.
    pub fn events(&self) -> EventStatus {
        self.shared.book.status()
    }

    /// Returns how well each kind is known, in order of their names.
    pub fn kinds(&self) -> Vec<KindStatus> {
        let kinds = self.shared.kinds.read();
        kinds.values().map(|cell| cell.read()).collect()
    }

    /// Returns what is known of the API server.
    pub fn server(&self) -> ServerStatus {
        self.shared.server.lock().clone()
    }

    /// Tells whether every kind that can be read is known.
    pub fn is_synced(&self) -> bool {
        self.shared.is_synced()
    }

    /// Returns what became of the monitors of the Prometheus operator.
    pub fn monitors(&self) -> Vec<MonitorStatus> {
        self.shared.monitors.status()
    }

    /// Returns the way to the API server.
    pub(crate) fn client(&self) -> &Client {
        &self.shared.client
    }

    pub(crate) fn monitor_book(&self) -> &MonitorBook {
        &self.shared.monitors
    }

    /// Returns how deliveries of the state of objects go.
    pub fn delivery(&self) -> DeliveryStatus {
        *self.shared.delivery.lock()
    }

    pub(crate) fn event_counters(&self) -> Vec<(CounterKey, u64)> {
        self.shared.book.counters()
    }

    /// Returns how many custom resources are not read as there are too many definitions.
    pub fn left_out(&self) -> usize {
        *self.shared.left_out.lock()
    }

    /// Returns the present.
    pub fn now(&self) -> Millis {
        self.shared.clock.now()
    }

    /// Asks the API server for an object as it is now, without the book-keeping of who set which field. Of a secret
    /// nothing but metadata and type is asked for, and the copy of it that kubectl may have left is taken out.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn raw(&self, kind: &Kind, namespace: &str, name: &str) -> Result<Value, RequestError> {
        let path = object_path(kind, namespace, name);
        let json = self.shared.client.object(kind, &path, MAX_OBJECT).await?;
        let mut value: Value = serde_json::from_slice(&json).map_err(RequestError::Malformed)?;
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
            if *kind == Kind::Secret
                && let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
            {
                annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
            }
        }
        if let Some(object) = value.as_object_mut() {
            object.insert("apiVersion".to_owned(), kind.api_version().into());
            object.insert("kind".to_owned(), kind.name().into());
            if *kind == Kind::Secret {
                object.retain(|key, _| matches!(key.as_str(), "apiVersion" | "kind" | "metadata" | "type"));
            }
        }
        Ok(value)
    }

    /// Finds a kind by any of its names: `Pod`, `pods`, `Deployment`, `deployments.apps`.
    pub fn find_kind(&self, name: &str) -> Option<Kind> {
        let is_it = |kind: &Kind| kind.name() == name || kind.plural() == name || kind.to_string() == name;
        let known = self.kinds().into_iter().filter_map(|status| match status.kind {
            KindName::Objects(kind) => Some(kind),
            KindName::Events => None,
        });
        Kind::built_in()
            .find(is_it)
            .or_else(|| known.into_iter().find(is_it))
    }
}
