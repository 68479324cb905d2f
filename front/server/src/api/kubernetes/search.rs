//! Objects by what somebody remembers of them.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::response::Response;
use cluster::ClusterHandle;
use cluster::graph::Ref;
use cluster::health::{View, containers};
use cluster::objects::{Body, Object as KubernetesObject};

use super::write;
use crate::api::answer::json::Object;
use crate::api::answer::{ApiError, success};
use crate::api::params::Params;

/// Objects unless something else is asked for.
const DEFAULT: usize = 50;
/// Objects at most.
const MAX: usize = 1_000;

/// How an object was found, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Exactly,
    Begins,
    Name,
    Label,
    Address,
    Image,
}

/// Answers with the objects that are found.
pub(super) fn answer(cluster: &ClusterHandle, params: &Params) -> Result<Response, ApiError> {
    let text = params.get("q").unwrap_or("").trim().to_lowercase();
    if text.is_empty() {
        return Err(ApiError::parameter("q", "nothing to search for is given"));
    }
    let limit = params.limit("limit")?.unwrap_or(DEFAULT).min(MAX);
    let view = View::new(cluster);
    let mut found: Vec<(Match, Arc<KubernetesObject>)> = Vec::new();
    for kind in view.store.kinds() {
        for object in view.store.list(&kind) {
            if let Some(how) = find(&object, &text) {
                found.push((how, object));
            }
        }
    }
    found.sort_by_cached_key(|(how, object)| {
        // What belongs to something else comes behind it.
        let is_owned = object.meta.controller().is_some();
        let meta = &object.meta;
        (
            *how,
            is_owned,
            meta.name.len(),
            meta.namespace.clone(),
            meta.name.clone(),
        )
    });
    let total = found.len();
    found.truncate(limit);
    let mut rows: Vec<_> = found
        .into_iter()
        .map(|(how, object)| (view.assess(&object).state, how, object))
        .collect();
    // Among equally good matches what is not well comes first.
    rows.sort_by_key(|(state, how, _)| (*how, Reverse(state.severity.is_bad())));
    Ok(success(|out| {
        let mut data = Object::new(out);
        data.count("total", total);
        let mut list = data.array("objects");
        for (state, how, object) in &rows {
            let mut entry = list.object();
            write::reference(entry.object("ref"), &Ref::to(object));
            write::state(entry.object("state"), state);
            entry.string("match", how.word());
        }
    }))
}

impl Match {
    fn word(self) -> &'static str {
        match self {
            Self::Exactly | Self::Begins | Self::Name => "name",
            Self::Label => "label",
            Self::Address => "address",
            Self::Image => "image",
        }
    }
}

fn find(object: &KubernetesObject, text: &str) -> Option<Match> {
    let name = &*object.meta.name;
    // Names of most objects are lower case; only few of another kind are written anew.
    let lower;
    let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        lower = name.to_lowercase();
        &lower
    } else {
        name
    };
    if name == text {
        return Some(Match::Exactly);
    }
    if name.starts_with(text) {
        return Some(Match::Begins);
    }
    if name.contains(text) {
        return Some(Match::Name);
    }
    if let Some((key, value)) = text.split_once('=')
        && object
            .meta
            .label(key)
            .is_some_and(|has| has.to_lowercase() == value)
    {
        return Some(Match::Label);
    }
    match &object.body {
        Body::Pod(pod) => {
            if *pod.status.pod_ip == *text {
                return Some(Match::Address);
            }
            containers(pod)
                .any(|one| one.spec.image.to_lowercase().contains(text))
                .then_some(Match::Image)
        }
        Body::Service(service) => (*service.spec.cluster_ip == *text).then_some(Match::Address),
        Body::Node(node) => {
            let mut addresses = node.status.addresses.iter();
            addresses
                .any(|one| *one.address == *text)
                .then_some(Match::Address)
        }
        _ => None,
    }
}
