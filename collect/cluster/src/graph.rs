//! Who belongs to whom.
//!
//! Owners are what objects themselves say (`ownerReferences`); other relations are found by names and labels. Nothing
//! is stored: each answer is read from the objects that there are.

mod relations;
mod selector;

use std::sync::Arc;

use crate::objects::{Body, Kind, Object, Owner, Text};
use crate::store::Store;

pub(crate) use self::relations::backends;
pub use self::relations::{Related, Relation, relations};
pub use self::selector::{matches, matches_map};

/// Owners above owners, at most: a chain in a circle ends here.
const MAX_DEPTH: usize = 10;

/// Names an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ref {
    /// Kind, as in `Deployment`.
    pub kind: String,
    /// Group and version, as in `apps/v1`.
    pub api_version: String,
    /// Namespace, empty for objects of the whole cluster.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

impl Ref {
    /// Names an object.
    pub fn to(object: &Object) -> Self {
        let kind = object.kind();
        Self {
            kind: kind.name().to_owned(),
            api_version: kind.api_version(),
            namespace: object.meta.namespace.clone(),
            name: object.meta.name.clone(),
        }
    }

    /// Names the owner of an object.
    fn to_owner(owner: &Owner, owned: &Object) -> Self {
        let (group, _) = owner.api_version.split_once('/').unwrap_or(("", ""));
        let namespaced = Kind::find(group, &owner.kind).is_none_or(|kind| kind.is_namespaced());
        Self {
            kind: owner.kind.to_string(),
            api_version: owner.api_version.to_string(),
            namespace: if namespaced {
                owned.meta.namespace.clone()
            } else {
                Text::default()
            },
            name: owner.name.clone(),
        }
    }
}

/// Returns what manages an object, what manages that, and so on.
pub fn owners(store: &Store, object: &Object) -> Vec<Ref> {
    let mut chain = Vec::new();
    let Some(owner) = object.meta.controller().or(object.meta.owners.first()) else {
        return chain;
    };
    chain.push(Ref::to_owner(owner, object));
    let mut next = store.find_uid(owner.uid);
    while let Some(object) = next.take()
        && chain.len() < MAX_DEPTH
    {
        let Some(owner) = object.meta.controller().or(object.meta.owners.first()) else {
            break;
        };
        chain.push(Ref::to_owner(owner, &object));
        next = store.find_uid(owner.uid);
    }
    chain
}

/// The workload that an object belongs to.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its names.
    pub reference: Ref,
    /// The object, if it is known.
    pub object: Option<Arc<Object>>,
}

/// Returns the workload of a pod, or of what lies between: the Deployment above a ReplicaSet, the CronJob above a Job,
/// what a custom controller knows. What has no owner, or the node for one, is its own workload.
pub fn workload(store: &Store, object: &Arc<Object>) -> Workload {
    let mut top = Arc::clone(object);
    for _ in 0..MAX_DEPTH {
        let between = matches!(
            top.body,
            Body::Pod(_) | Body::ReplicaSet(_) | Body::ReplicationController(_) | Body::Job(_)
        );
        let Some(owner) = top
            .meta
            .controller()
            .filter(|owner| between && &*owner.kind != "Node")
        else {
            break;
        };
        match store.find_uid(owner.uid) {
            Some(above) => top = above,
            None => {
                return Workload {
                    reference: Ref::to_owner(owner, &top),
                    object: None,
                };
            }
        }
    }
    Workload {
        reference: Ref::to(&top),
        object: Some(top),
    }
}
