//! Objects of a kind, and all that is known about one of them.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::response::Response;
use cluster::ClusterHandle;
use cluster::graph::{self, Ref, Related};
use cluster::health::{View, conditions, facts, seconds};
use cluster::objects::{Object as KubernetesObject, TextMap};

use super::part::Part;
use super::{kind_of, write};
use crate::api::answer::json::{Array, Object};
use crate::api::answer::{ApiError, ErrorKind, success};
use crate::api::params::Params;

/// Objects that are shown of one relation.
const MAX_RELATED: usize = 100;

/// Answers with the objects of a kind, or with one of them.
pub(super) fn answer(cluster: &ClusterHandle, params: &Params) -> Result<Response, ApiError> {
    let kind = kind_of(cluster, params)?;
    let view = View::new(cluster);
    let Some(name) = params.get("name") else {
        let part = Part::read(params)?;
        let mut objects = view.store.list(&kind);
        objects.retain(|one| part.has_names(&one.meta.namespace, &one.meta.name));
        objects.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
        return Ok(success(|out| {
            let mut data = Object::new(out);
            data.count("total", objects.len());
            let mut list = data.array("objects");
            for object in part.cut(&objects) {
                let mut entry = list.object();
                write::reference(entry.object("ref"), &Ref::to(object));
                write::state(entry.object("state"), &view.assess(object).state);
                version(&mut entry, object);
                write::created(&mut entry, object);
                entry.optional_integer("deletedAt", object.meta.deleted.and_then(seconds));
            }
        }));
    };
    let namespace = params.get("namespace").unwrap_or("");
    let object = view.store.find(&kind, namespace, name).ok_or_else(|| {
        let what = match namespace {
            "" => format!("no {} {name:?}", kind.name()),
            namespace => format!("no {} {name:?} in namespace {namespace:?}", kind.name()),
        };
        ApiError::new(ErrorKind::NotFound, what)
    })?;
    Ok(success(|out| one(Object::new(out), &view, &object)))
}

fn one(mut out: Object<'_>, view: &View<'_>, object: &Arc<KubernetesObject>) {
    identity(out.object("object"), object);
    let assessment = view.assess(object);
    write::state(out.object("state"), &assessment.state);
    write::findings(out.array("findings"), &assessment.findings);
    let mut owners = out.array("owners");
    for owner in graph::owners(view.store, object) {
        write::reference(owners.object(), &owner);
    }
    drop(owners);
    write::conditions(out.array("conditions"), conditions(object));
    let mut list = out.array("facts");
    for fact in facts(object) {
        let mut entry = list.object();
        entry.string("name", fact.name).string("value", &fact.value);
        match &fact.names {
            Some(names) => write::reference(entry.object("ref"), names),
            None => entry.key("ref").push_str("null"),
        }
    }
    drop(list);
    let mut list = out.array("relations");
    for related in graph::relations(view.store, object) {
        relation(&mut list, view, related);
    }
}

fn relation(list: &mut Array<'_>, view: &View<'_>, related: Related) {
    let mut entry = list.object();
    entry
        .string("relation", related.relation.word())
        .count("total", related.objects.len());
    let mut assessed: Vec<_> = related
        .objects
        .iter()
        .map(|one| (view.assess(one).state, Ref::to(one)))
        .collect();
    assessed.sort_by(|a, b| (Reverse(a.0.severity), &a.1).cmp(&(Reverse(b.0.severity), &b.1)));
    let mut objects = entry.array("objects");
    for (state, names) in assessed.iter().take(MAX_RELATED) {
        let mut object = objects.object();
        write::reference(object.object("ref"), names);
        write::state(object.object("state"), state);
    }
}

fn identity(mut out: Object<'_>, object: &KubernetesObject) {
    let meta = &object.meta;
    write::members(&mut out, &Ref::to(object));
    version(&mut out, object);
    out.integer("generation", meta.generation);
    write::created(&mut out, object);
    out.optional_integer("deletedAt", meta.deleted.and_then(seconds));
    map(out.object("labels"), &meta.labels);
    map(out.object("annotations"), &meta.annotations);
    out.strings("finalizers", meta.finalizers.iter().map(|one| one.as_str()));
}

/// Which object under its name it is, and in which version.
fn version(out: &mut Object<'_>, object: &KubernetesObject) {
    let meta = &object.meta;
    out.string("uid", &meta.uid.to_string())
        .string("resourceVersion", &meta.resource_version.to_string());
}

fn map(mut out: Object<'_>, pairs: &TextMap) {
    for (name, value) in pairs.iter() {
        out.string(name, value);
    }
}
