//! What belongs to what, worked out once a look: a list of everything for each object would be the square of it.

use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;

use super::View;
use crate::objects::{Kind, Object, SERVICE, Text, Uid};
use crate::store::Store;

type Objects = Vec<Arc<Object>>;

/// Each is made when it is asked for.
#[derive(Default)]
pub(super) struct Indices {
    sets: OnceLock<HashMap<Uid, Objects>>,
    jobs: OnceLock<HashMap<Uid, Objects>>,
    slices: OnceLock<HashMap<(Text, String), Objects>>,
    pods: OnceLock<HashMap<Text, Objects>>,
}

impl View<'_> {
    /// Returns the ReplicaSets of a Deployment.
    pub(super) fn sets_of(&self, deployment: &Object) -> &[Arc<Object>] {
        let sets = &self.indices.sets;
        let sets = sets.get_or_init(|| by_owner(self.store, &Kind::ReplicaSet));
        sets.get(&deployment.meta.uid).map_or(&[], Vec::as_slice)
    }

    /// Returns the Jobs of a CronJob.
    pub(super) fn jobs_of(&self, cron: &Object) -> &[Arc<Object>] {
        let jobs = &self.indices.jobs;
        let jobs = jobs.get_or_init(|| by_owner(self.store, &Kind::Job));
        jobs.get(&cron.meta.uid).map_or(&[], Vec::as_slice)
    }

    /// Returns the EndpointSlices of a Service.
    pub(super) fn slices_of(&self, service: &Object) -> &[Arc<Object>] {
        let slices = self.indices.slices.get_or_init(|| {
            by(self.store, &Kind::EndpointSlice, |slice| {
                let service = slice.meta.label(SERVICE)?;
                Some((slice.meta.namespace.clone(), service.to_owned()))
            })
        });
        let key = (service.meta.namespace.clone(), service.meta.name.to_string());
        slices.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Returns the pods of a namespace.
    pub(super) fn pods_in(&self, namespace: &Text) -> &[Arc<Object>] {
        let pods = &self.indices.pods;
        let pods = pods.get_or_init(|| by(self.store, &Kind::Pod, |pod| Some(pod.meta.namespace.clone())));
        pods.get(namespace).map_or(&[], Vec::as_slice)
    }
}

fn by_owner(store: &Store, kind: &Kind) -> HashMap<Uid, Objects> {
    let mut found: HashMap<Uid, Objects> = HashMap::new();
    for object in store.list(kind) {
        for owner in &*object.meta.owners {
            found.entry(owner.uid).or_default().push(Arc::clone(&object));
        }
    }
    found
}

fn by<K: Eq + std::hash::Hash>(
    store: &Store,
    kind: &Kind,
    key: impl Fn(&Object) -> Option<K>,
) -> HashMap<K, Objects> {
    let mut found: HashMap<K, Objects> = HashMap::new();
    for object in store.list(kind) {
        if let Some(key) = key(&object) {
            found.entry(key).or_default().push(object);
        }
    }
    found
}
