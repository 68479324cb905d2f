//! Keys of secrets and config maps that monitors name: who is named, and what is there.
//!
//! Making jobs is pure: what it looks up and is not known yet is noted as wanted, read, and looked up again. What nobody
//! looks up any more is forgotten.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use tls::Secret;

use crate::client::{Client, object_path};
use crate::objects::Kind;

/// Keys that are read; further ones are refused.
const MAX_KEYS: usize = 1_000;
/// The API server takes no larger objects of these kinds than a megabyte, and base64 makes a third more of it.
const MAX_OBJECT: usize = 4 << 20;

/// What holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    Secret,
    ConfigMap,
}

/// One key of a secret or config map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) holder: Holder,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) key: String,
}

/// Why a key is not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It was not asked for yet.
    Unread,
    /// There is no such object, or it has no such key.
    Absent(String),
    /// It may not be read, or the server cannot be reached.
    Failed(String),
}

/// What is known of keys.
#[derive(Default)]
pub(crate) struct Keys {
    known: BTreeMap<Reference, Result<Secret, Missing>>,
    wanted: BTreeSet<Reference>,
}

#[derive(Deserialize)]
struct RawHolder<'a> {
    /// The keys that nobody named are passed over unread.
    #[serde(borrow, default)]
    data: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

impl Holder {
    fn kind(self) -> Kind {
        match self {
            Self::Secret => Kind::Secret,
            Self::ConfigMap => Kind::ConfigMap,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holder = match self.holder {
            Holder::Secret => "secret",
            Holder::ConfigMap => "config map",
        };
        let Self {
            namespace, name, key, ..
        } = self;
        write!(f, "key {key:?} of {holder} {namespace}/{name}")
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread => f.write_str("is not read yet"),
            Self::Absent(why) | Self::Failed(why) => f.write_str(why),
        }
    }
}

impl Keys {
    /// Looks a key up.
    ///
    /// # Errors
    /// It is not known yet, or not to be had.
    pub(crate) fn find(&mut self, reference: &Reference) -> Result<Secret, Missing> {
        if self.wanted.len() >= MAX_KEYS && !self.wanted.contains(reference) {
            return Err(Missing::Failed(format!(
                "is one of more than {MAX_KEYS} keys, which are not read"
            )));
        }
        self.wanted.insert(reference.clone());
        self.known.get(reference).cloned().unwrap_or(Err(Missing::Unread))
    }

    /// Begins to look up anew: what was read stays known, as long as it is looked up again.
    pub(crate) fn begin(&mut self) {
        self.wanted.clear();
    }

    /// Forgets what was not looked up since it was begun, and returns what was and is not known.
    pub(crate) fn unread(&mut self) -> BTreeSet<Reference> {
        self.known.retain(|reference, _| self.wanted.contains(reference));
        let unread = self.wanted.iter();
        let unread = unread.filter(|reference| !self.known.contains_key(*reference));
        unread.cloned().collect()
    }

    /// Returns everything that was looked up.
    pub(crate) fn wanted(&self) -> BTreeSet<Reference> {
        self.wanted.clone()
    }

    /// Takes what was read. What was known stays while the server cannot be reached or refuses: a permission that is
    /// taken away for a while must not end scraping.
    pub(crate) fn learn(&mut self, read: Vec<(Reference, Result<Secret, Missing>)>) {
        for (reference, result) in read {
            let fails = matches!(result, Err(Missing::Failed(_)));
            let is_known = self.known.get(&reference).is_some_and(Result::is_ok);
            if !(fails && is_known) {
                self.known.insert(reference, result);
            }
        }
    }
}

/// Reads keys, each object once.
pub(crate) async fn read(
    client: &Client,
    references: BTreeSet<Reference>,
) -> Vec<(Reference, Result<Secret, Missing>)> {
    let mut holders: BTreeMap<_, Vec<Reference>> = BTreeMap::new();
    for reference in references {
        let holder = (
            reference.holder,
            reference.namespace.clone(),
            reference.name.clone(),
        );
        holders.entry(holder).or_default().push(reference);
    }
    let mut found = Vec::new();
    for ((holder, namespace, name), references) in holders {
        let path = object_path(&holder.kind(), &namespace, &name);
        let answer = client.get(&path, MAX_OBJECT).await;
        let answer = answer.map_err(|error| match error.code() {
            Some(404) => Missing::Absent("is not there: there is no such object".to_owned()),
            Some(403) => Missing::Failed(format!(
                "may not be read: `get` on {} in namespace {namespace} is not granted",
                holder.kind().plural()
            )),
            _ => Missing::Failed(format!("cannot be read: {}", model::with_causes(&error))),
        });
        for reference in references {
            let value = answer.clone().and_then(|json| pick(&json, &reference));
            found.push((reference, value));
        }
    }
    found
}

/// Picks one key out of an object.
pub(super) fn pick(json: &[u8], reference: &Reference) -> Result<Secret, Missing> {
    // The error of the library could quote the secret.
    let broken =
        || Missing::Failed("cannot be read: the answer of the API server is no such object".to_owned());
    let raw: RawHolder<'_> = serde_json::from_slice(json).map_err(|_| broken())?;
    let value = raw.data.get(reference.key.as_str());
    let value =
        value.ok_or_else(|| Missing::Absent("is not there: the object has no such key".to_owned()))?;
    let text: String = serde_json::from_str(value.get()).map_err(|_| broken())?;
    if reference.holder == Holder::ConfigMap {
        return Ok(Secret::new(text));
    }
    let bytes = STANDARD.decode(text).map_err(|_| broken())?;
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| Missing::Failed("cannot be used: it is no text".to_owned()))?;
    Ok(Secret::new(text))
}
