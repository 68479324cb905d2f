//! JSON as the API server sends it → [`Object`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Body, Interner, Kind, Meta, Object, Owner, Text, Uid};

/// The annotation in which kubectl keeps a copy of the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Why an object was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The JSON is not what the kind's schema says.
    #[error("cannot decode an object of {kind}")]
    Json {
        /// Kind, as in `deployments.apps`.
        kind: String,
        /// Where and what.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct RawObject<'a> {
    #[serde(borrow)]
    metadata: RawMeta<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMeta<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    namespace: Cow<'a, str>,
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(borrow, default)]
    resource_version: Cow<'a, str>,
    #[serde(default)]
    generation: i64,
    #[serde(borrow, default)]
    labels: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
    #[serde(borrow, default)]
    annotations: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
    #[serde(borrow, default)]
    owner_references: Option<Vec<RawOwner<'a>>>,
    #[serde(borrow, default)]
    finalizers: Option<Vec<Cow<'a, str>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOwner<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(default)]
    controller: Option<bool>,
}

/// Decodes one object.
///
/// # Errors
/// The JSON is not what the kind's schema says.
pub fn decode(kind: &Kind, json: &[u8], interner: &Interner) -> Result<Object, DecodeError> {
    let raw: RawObject<'_> = serde_json::from_slice(json).map_err(|source| DecodeError::Json {
        kind: kind.to_string(),
        source,
    })?;
    Ok(Object {
        meta: meta(raw.metadata, interner),
        body: Body::Plain(kind.clone()),
    })
}

fn meta(raw: RawMeta<'_>, interner: &Interner) -> Meta {
    let pairs = |map: Option<BTreeMap<Cow<'_, str>, Cow<'_, str>>>| -> Box<[(Text, Text)]> {
        let pairs = map.into_iter().flatten();
        pairs
            .filter(|(name, _)| name != LAST_APPLIED)
            .map(|(name, value)| (interner.intern(&name), interner.intern(&value)))
            .collect()
    };
    Meta {
        uid: Uid::parse(&raw.uid),
        namespace: interner.intern(&raw.namespace),
        name: interner.intern(&raw.name),
        resource_version: raw.resource_version.parse().unwrap_or(0),
        generation: raw.generation,
        created: 0,
        deleted: None,
        labels: pairs(raw.labels),
        annotations: pairs(raw.annotations),
        owners: raw
            .owner_references
            .into_iter()
            .flatten()
            .map(|owner| Owner {
                uid: Uid::parse(&owner.uid),
                api_version: interner.intern(&owner.api_version),
                kind: interner.intern(&owner.kind),
                name: interner.intern(&owner.name),
                controller: owner.controller.unwrap_or(false),
            })
            .collect(),
        finalizers: raw
            .finalizers
            .into_iter()
            .flatten()
            .map(|name| interner.intern(&name))
            .collect(),
    }
}
