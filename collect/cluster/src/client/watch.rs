//! Watches: one line an event.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::RawStatus;
use super::list::RawRow;
use super::resource::{ListOrWatch, escape};
use super::{Answer, Client, Encoding, Form, RequestError, Resource};

/// The server ends a watch after its own time, so a longer silence is a dead connection.
const SLACK: Duration = Duration::from_secs(30);

/// What an event says.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// The object is there, and as this JSON says.
    Applied(Cow<'a, str>),
    /// The object is gone; the JSON is its last version.
    Deleted(Cow<'a, str>),
    /// Nothing changed up to a version.
    Bookmark(String),
    /// The watch is over.
    Failed(RequestError),
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
}

#[derive(Deserialize)]
struct RawTable<'a> {
    #[serde(borrow)]
    rows: Vec<RawRow<'a>>,
}

impl Client {
    /// Begins a watch of what changes after a version, which the server ends after about `length`.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses (410 if the version is too old).
    pub(crate) async fn watch(
        &self,
        resource: &Resource,
        from: &str,
        length: Duration,
    ) -> Result<Answer, RequestError> {
        let path = format!(
            "{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}{}",
            resource.path,
            length.as_secs(),
            escape(from),
            resource.selector
        );
        let accept = resource.accept(ListOrWatch::Watch);
        let mut answer = self.ask(&path, accept, Encoding::Identity).await?;
        answer.patience = length + SLACK;
        Ok(answer)
    }
}

/// Hands over the events of whole lines, whose objects are of a form. Returns how many lines were none.
pub(crate) fn each_event(lines: &[u8], form: Form, mut take: impl FnMut(Change<'_>)) -> usize {
    let mut malformed = 0;
    for line in lines.split(|&byte| byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        let (event, json) = match cut(line) {
            Some((event, json)) => (Cow::Borrowed(event), json),
            None => match serde_json::from_slice::<RawEvent<'_>>(line) {
                Ok(raw) => (raw.event, raw.object.get()),
                Err(_) => {
                    malformed += 1;
                    continue;
                }
            },
        };
        match &*event {
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

/// Cuts an event that is written as Kubernetes' own servers write it, without a look at what is within the object: who
/// reads that finds out whether it is one.
fn cut(line: &[u8]) -> Option<(&str, &str)> {
    let line = std::str::from_utf8(line).ok()?;
    let rest = line.strip_prefix("{\"type\":\"")?;
    let (event, rest) = rest.split_once('"')?;
    let rest = rest.strip_prefix(",\"object\":")?;
    let object = rest.strip_suffix('}')?;
    (object.starts_with('{') && object.ends_with('}')).then_some((event, object))
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

/// Returns the version of a bookmark, which has the form that objects are asked for in.
fn bookmark(json: &str) -> String {
    let mark: RawMark<'_> = serde_json::from_str(json).unwrap_or_default();
    match mark.rows.first() {
        Some(row) => version_of(row.object.get()),
        None => mark.metadata.resource_version,
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
