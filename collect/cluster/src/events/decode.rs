//! An event's JSON → [`model::Event`].
//!
//! Components that write the older API fill the fields that begin with `deprecated`; those that write the newer one
//! fill `eventTime` and `series`. Source: `k8s.io/api/events/v1`.

use std::borrow::Cow;

use model::{Event, EventObject, EventType, Millis};
use serde::Deserialize;

use crate::objects::Uid;
use crate::reflector::Unreadable;

/// Bytes of a message that are kept.
const MAX_MESSAGE: usize = 4096;

/// An event as it was seen now; `delta`, `cluster` and `observed_time` are still to be filled in.
pub(super) struct Observation {
    pub(super) event: Event,
    pub(super) uid: Uid,
    /// What it is about.
    pub(super) object: Uid,
    pub(super) version: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEvent<'a> {
    #[serde(borrow)]
    metadata: RawMeta<'a>,
    #[serde(borrow, default)]
    event_time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    series: Option<RawSeries<'a>>,
    #[serde(borrow, default)]
    reporting_controller: Cow<'a, str>,
    #[serde(borrow, default)]
    reporting_instance: Cow<'a, str>,
    #[serde(borrow, default)]
    action: Cow<'a, str>,
    #[serde(borrow, default)]
    reason: Cow<'a, str>,
    #[serde(borrow, default)]
    regarding: Option<RawReference<'a>>,
    #[serde(borrow, default)]
    related: Option<RawReference<'a>>,
    #[serde(borrow, default)]
    note: Cow<'a, str>,
    #[serde(borrow, default, rename = "type")]
    event_type: Cow<'a, str>,
    #[serde(borrow, default)]
    deprecated_source: Option<RawSource<'a>>,
    #[serde(borrow, default)]
    deprecated_first_timestamp: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    deprecated_last_timestamp: Option<Cow<'a, str>>,
    #[serde(default)]
    deprecated_count: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawMeta<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    namespace: Cow<'a, str>,
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    resource_version: Cow<'a, str>,
    #[serde(borrow)]
    creation_timestamp: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawSeries<'a> {
    count: i64,
    #[serde(borrow)]
    last_observed_time: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSource<'a> {
    #[serde(borrow)]
    component: Cow<'a, str>,
    #[serde(borrow)]
    host: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawReference<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    namespace: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    field_path: Cow<'a, str>,
}

/// Reads an event.
///
/// # Errors
/// The JSON is no event.
pub(super) fn decode(json: &str) -> Result<Observation, Unreadable> {
    let raw: RawEvent<'_> = serde_json::from_str(json).map_err(|error| Unreadable {
        name: named(json),
        reason: error.to_string(),
    })?;
    let created = millis(&raw.metadata.creation_timestamp).unwrap_or(0);
    let at = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(millis);
    let event_time = at(&raw.event_time);
    let first_time = at(&raw.deprecated_first_timestamp)
        .or(event_time)
        .unwrap_or(created);
    let in_series = raw.series.as_ref();
    let last_time = in_series
        .and_then(|series| millis(&series.last_observed_time))
        .or_else(|| at(&raw.deprecated_last_timestamp))
        .or(event_time)
        .unwrap_or(first_time)
        .max(first_time);
    let count = in_series
        .map(|series| series.count)
        .or(raw.deprecated_count)
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or(1)
        .max(1);
    let source = raw.deprecated_source.unwrap_or_default();
    let regarding = raw.regarding.unwrap_or_default();
    let object = Uid::parse(&regarding.uid);
    let node = match &*regarding.kind {
        "Node" => regarding.name.to_string(),
        _ => source.host.to_string(),
    };
    let event = Event {
        cluster: String::new(),
        namespace: raw.metadata.namespace.into_owned(),
        name: raw.metadata.name.into_owned(),
        uid: raw.metadata.uid.to_string(),
        resource_version: raw.metadata.resource_version.to_string(),
        object: reference(regarding),
        related: raw.related.map(reference),
        owner: None,
        node,
        reason: raw.reason.into_owned(),
        event_type: EventType::parse(&raw.event_type).unwrap_or_default(),
        message: cut(&raw.note),
        action: raw.action.into_owned(),
        reporting_component: first_of(raw.reporting_controller, source.component),
        reporting_instance: first_of(raw.reporting_instance, source.host),
        first_time,
        last_time,
        observed_time: 0,
        count,
        delta: 0,
    };
    Ok(Observation {
        uid: Uid::parse(&raw.metadata.uid),
        version: raw.metadata.resource_version.parse().unwrap_or(0),
        object,
        event,
    })
}

/// Reads which event is gone, and at which version.
///
/// # Errors
/// The JSON is no event.
pub(super) fn gone(json: &str) -> Result<(Uid, u64), Unreadable> {
    #[derive(Deserialize)]
    struct RawGone<'a> {
        #[serde(borrow)]
        metadata: RawMeta<'a>,
    }
    let raw: RawGone<'_> = serde_json::from_str(json).map_err(|error| Unreadable {
        name: "unknown".to_owned(),
        reason: error.to_string(),
    })?;
    let version = raw.metadata.resource_version.parse().unwrap_or(0);
    Ok((Uid::parse(&raw.metadata.uid), version))
}

fn reference(raw: RawReference<'_>) -> EventObject {
    EventObject {
        api_version: raw.api_version.into_owned(),
        kind: raw.kind.into_owned(),
        namespace: raw.namespace.into_owned(),
        name: raw.name.into_owned(),
        uid: raw.uid.into_owned(),
        field_path: raw.field_path.into_owned(),
    }
}

fn first_of(one: Cow<'_, str>, other: Cow<'_, str>) -> String {
    if one.is_empty() { other } else { one }.into_owned()
}

/// Cuts a message at a bound that no component that keeps to the API reaches.
fn cut(text: &str) -> String {
    if text.len() <= MAX_MESSAGE {
        return text.to_owned();
    }
    let mut out: String = text
        .char_indices()
        .take_while(|(i, _)| *i < MAX_MESSAGE)
        .map(|(_, c)| c)
        .collect();
    out.push('…');
    out
}

fn named(json: &str) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct RawNamed<'a> {
        #[serde(borrow)]
        metadata: RawMeta<'a>,
    }
    let named: RawNamed<'_> = serde_json::from_str(json).unwrap_or_default();
    format!("{}/{}", named.metadata.namespace, named.metadata.name)
}

/// Reads a time of the API, with or without a fraction of a second, in milliseconds since 1970.
fn millis(text: &str) -> Option<Millis> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(time.as_millisecond())
}
