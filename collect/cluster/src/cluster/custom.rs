//! Custom resources: read as long as their definition is there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::objects::{Body, CustomKind, CustomResourceDefinition, Kind, Object, Status};
use crate::reflector::Timing;
use crate::state::CustomResources;
use crate::status::KindName;

/// Custom resources that are read; those that come later by name are left out and counted.
const MAX_CUSTOM: usize = 1_000;
/// Definitions often come many at a time.
const SETTLE: Duration = Duration::from_millis(100);

/// Starts and stops the following of custom resources as their definitions come and go.
pub(super) async fn follow(
    shared: Arc<Shared>,
    changed: Arc<Notify>,
    timing: Timing,
    stop: CancellationToken,
) {
    let mut running: BTreeMap<Kind, CancellationToken> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = changed.notified() => {}
            Some(ended) = tasks.join_next() => {
                note(&shared, ended);
                continue;
            }
        }
        tokio::time::sleep(SETTLE).await;
        let wanted = wanted(&shared);
        running.retain(|kind, token| {
            let stays = wanted.contains(kind);
            if !stays {
                token.cancel();
            }
            stays
        });
        for kind in wanted {
            if running.contains_key(&kind) {
                continue;
            }
            let token = stop.child_token();
            running.insert(kind.clone(), token.clone());
            tasks.spawn(one(Arc::clone(&shared), kind, timing, token));
        }
    }
    while let Some(ended) = tasks.join_next().await {
        note(&shared, ended);
    }
}

/// Follows one kind, and forgets its objects when its definition is gone.
async fn one(shared: Arc<Shared>, kind: Kind, timing: Timing, stop: CancellationToken) {
    let reflector = shared.reflector(kind.clone(), None, timing);
    let status = Arc::clone(&reflector.status);
    reflector.run(stop).await;
    let key = KindName::Objects(kind.clone()).to_string();
    let mut kinds = shared.kinds.write();
    // Another version of the same resource may be followed by now, under the same name.
    if kinds.get(&key).is_some_and(|one| Arc::ptr_eq(one, &status)) {
        kinds.remove(&key);
        shared.monitors.keep(&kind, &|_, _| false);
    }
    drop(kinds);
    shared.store.clear(&kind);
}

fn note(shared: &Shared, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(cluster = shared.config.name, %error, "following a custom resource panicked");
    }
}

/// Returns the kinds that the cluster's definitions define and that are to be read.
fn wanted(shared: &Shared) -> Vec<Kind> {
    let definitions = shared.store.list(&Kind::CustomResourceDefinition);
    let kinds = definitions
        .iter()
        .filter_map(|object| defined(object, &shared.custom));
    let mut kinds: Vec<_> = kinds.filter(|kind| shared.config.kinds.takes(kind)).collect();
    kinds.sort();
    *shared.left_out.lock() = kinds.len().saturating_sub(MAX_CUSTOM);
    kinds.truncate(MAX_CUSTOM);
    kinds
}

/// Returns what a definition defines, once the API server serves it, in the version that metrics are asked of, else
/// the one that is stored.
fn defined(object: &Object, asked: &CustomResources) -> Option<Kind> {
    let Body::CustomResourceDefinition(definition) = &object.body else {
        return None;
    };
    let CustomResourceDefinition { spec, status } = &**definition;
    let is_established = status
        .conditions
        .iter()
        .any(|condition| &*condition.kind == "Established" && condition.status == Status::True);
    if !is_established || object.meta.deleted.is_some() {
        return None;
    }
    let mut served = spec.versions.iter().filter(|version| version.served);
    let wanted = asked.version(&spec.group, &spec.names.kind);
    let version = served
        .clone()
        .find(|version| Some(&*version.name) == wanted)
        .or_else(|| served.clone().find(|version| version.storage))
        .or_else(|| served.next())?;
    Some(Kind::Custom(Arc::new(CustomKind {
        group: spec.group.to_string(),
        version: version.name.to_string(),
        kind: spec.names.kind.to_string(),
        plural: spec.names.plural.to_string(),
        namespaced: &*spec.scope == "Namespaced",
    })))
}
