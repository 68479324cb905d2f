//! Watches: one line an event.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::RawStatus;
use super::list::RawRow;
use super::resource::{ListOrWatch, escape};
use super::{Answer, Client, Encoding, Form, RequestError, Resource};

/// The annotation of the bookmark behind the last object that there was when the watch began.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";
/// Longest silence while the server sends what there is.
const INITIAL_SILENCE: Duration = Duration::from_secs(60);
/// The server ends a watch after its own time, so a longer silence is a dead connection.
const SLACK: Duration = Duration::from_secs(30);

/// Where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchFrom<'a> {
    /// With all objects that there are.
    Nothing,
    /// After a resource version.
    Version(&'a str),
}

/// What an event says.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// The object is there, and as this JSON says.
    Applied(Cow<'a, str>),
    /// The object is gone; the JSON is its last version.
    Deleted(Cow<'a, str>),
    /// Nothing changed up to a version.
    Bookmark(Bookmark),
    /// The watch is over.
    Failed(RequestError),
}

/// How far a watch is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bookmark {
    /// The version.
    pub(crate) version: String,
    /// Whether it stands behind the objects that there were when the watch began.
    pub(crate) ends_initial: bool,
}

#[derive(Deserialize)]
struct RawEvent<'a> {
    #[serde(borrow, rename = "type")]
    event: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMark<'a> {
    metadata: RawMarkMeta,
    #[serde(borrow)]
    rows: Vec<RawMarkRow<'a>>,
}

#[derive(Deserialize)]
struct RawMarkRow<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawMarkMeta {
    resource_version: String,
    annotations: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
struct RawTable<'a> {
    #[serde(borrow)]
    rows: Vec<RawRow<'a>>,
}

impl Client {
    /// Begins a watch that the server ends after about `length`.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses (410 if the version is too old).
    pub(crate) async fn watch(
        &self,
        resource: &Resource,
        from: WatchFrom<'_>,
        length: Duration,
    ) -> Result<Answer, RequestError> {
        let mut path = format!(
            "{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={}",
            resource.path,
            length.as_secs()
        );
        match from {
            WatchFrom::Nothing => {
                path.push_str("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
            }
            WatchFrom::Version(version) => {
                path.push_str("&resourceVersion=");
                path.push_str(&escape(version));
            }
        }
        let accept = resource.accept(ListOrWatch::Watch);
        let mut answer = self.ask(&path, accept, Encoding::Identity).await?;
        answer.patience = match from {
            WatchFrom::Nothing => INITIAL_SILENCE,
            WatchFrom::Version(_) => length + SLACK,
        };
        Ok(answer)
    }
}

impl Answer {
    /// From now on the server may be silent as long as the watch lasts.
    pub(crate) fn initial_events_ended(&mut self, length: Duration) {
        self.patience = length + SLACK;
    }
}

/// Hands over the events of whole lines, whose objects are of a form. Returns how many lines were none.
pub(crate) fn each_event(lines: &[u8], form: Form, mut take: impl FnMut(Change<'_>)) -> usize {
    let mut malformed = 0;
    for line in lines.split(|&byte| byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        let Ok(event) = serde_json::from_slice::<RawEvent<'_>>(line) else {
            malformed += 1;
            continue;
        };
        let json = event.object.get();
        match &*event.event {
            "ADDED" | "MODIFIED" => take(Change::Applied(object(json, form))),
            "DELETED" => take(Change::Deleted(object(json, form))),
            "BOOKMARK" => take(Change::Bookmark(bookmark(json))),
            "ERROR" => {
                let status: RawStatus = serde_json::from_str(json).unwrap_or_default();
                take(Change::Failed(status.into_error()));
            }
            _ => malformed += 1,
        }
    }
    malformed
}

/// Returns the JSON of the object; a table is taken for the one row that it has.
fn object(json: &str, form: Form) -> Cow<'_, str> {
    if form == Form::Table
        && let Ok(table) = serde_json::from_str::<RawTable<'_>>(json)
        && let Some(row) = table.rows.first()
    {
        return row.to_object();
    }
    Cow::Borrowed(json)
}

/// Reads a bookmark, which has the form that objects are asked for in.
fn bookmark(json: &str) -> Bookmark {
    let mark: RawMark<'_> = serde_json::from_str(json).unwrap_or_default();
    let mut meta = mark.metadata;
    if let Some(row) = mark.rows.first() {
        let inner: RawMark<'_> = serde_json::from_str(row.object.get()).unwrap_or_default();
        meta = inner.metadata;
    }
    let annotations = meta.annotations.unwrap_or_default();
    Bookmark {
        version: meta.resource_version,
        ends_initial: annotations
            .get(INITIAL_EVENTS_END)
            .is_some_and(|value| value == "true"),
    }
}

/// Returns the resource version of an object's JSON.
pub(crate) fn version_of(json: &str) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Versioned {
        metadata: RawMarkMeta,
    }
    let versioned: Versioned = serde_json::from_str(json).unwrap_or_default();
    versioned.metadata.resource_version
}
