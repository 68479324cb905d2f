//! The columns of the table, each with its meaning and its place in an event.

use model::{Event, EventObject, EventOwner, EventType, Millis};

/// A column of points in time.
pub(super) struct TimeColumn {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) get: fn(&Event) -> Millis,
    pub(super) set: fn(&mut Event, Millis),
}

/// A column of counts.
pub(super) struct CountColumn {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) get: fn(&Event) -> u64,
    pub(super) set: fn(&mut Event, u64),
}

/// A column of text; the empty string is what is not known.
pub(super) struct TextColumn {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) get: fn(&Event) -> &str,
    pub(super) set: fn(&mut Event, String),
}

/// All columns of points in time.
pub(super) const TIMES: &[TimeColumn] = &[
    TimeColumn {
        name: "time",
        about: "When it happened last, as of this observation.",
        get: |event| event.last_time,
        set: |event, time| event.last_time = time,
    },
    TimeColumn {
        name: "first_time",
        about: "When it happened first.",
        get: |event| event.first_time,
        set: |event, time| event.first_time = time,
    },
    TimeColumn {
        name: "observed_time",
        about: "When it was observed.",
        get: |event| event.observed_time,
        set: |event, time| event.observed_time = time,
    },
];

/// All columns of counts.
pub(super) const COUNTS: &[CountColumn] = &[
    CountColumn {
        name: "count",
        about: "How often it happened up to this observation.",
        get: |event| event.count,
        set: |event, count| event.count = count,
    },
    CountColumn {
        name: "delta",
        about: "How often it happened since the observation before; sums of it are true.",
        get: |event| event.delta,
        set: |event, count| event.delta = count,
    },
];

/// Declares a column of text by its place in an event.
macro_rules! text {
    ($name:literal, $about:literal, $($field:ident).+) => {
        TextColumn {
            name: $name,
            about: $about,
            get: |event| &event.$($field).+,
            set: |event, text| event.$($field).+ = text,
        }
    };
}

/// Declares a column of text by its place in the second object of an event.
macro_rules! related {
    ($name:literal, $about:literal, $field:ident) => {
        TextColumn {
            name: $name,
            about: $about,
            get: |event| event.related.as_ref().map_or("", |object| &object.$field),
            set: |event, text| {
                if !text.is_empty() {
                    event.related.get_or_insert_with(EventObject::default).$field = text;
                }
            },
        }
    };
}

/// Declares a column of text by its place in the owner of an event's object.
macro_rules! owner {
    ($name:literal, $about:literal, $field:ident) => {
        TextColumn {
            name: $name,
            about: $about,
            get: |event| event.owner.as_ref().map_or("", |owner| &owner.$field),
            set: |event, text| {
                if !text.is_empty() {
                    event.owner.get_or_insert_with(EventOwner::default).$field = text;
                }
            },
        }
    };
}

/// All columns of text.
pub(super) const TEXTS: &[TextColumn] = &[
    text!(
        "cluster",
        "Name of the cluster, or of the machine where there is none.",
        cluster
    ),
    text!("namespace", "Namespace of the event.", namespace),
    TextColumn {
        name: "type",
        about: "Normal or Warning.",
        get: |event| event.event_type.as_str(),
        set: |event, text| event.event_type = EventType::parse(&text).unwrap_or_default(),
    },
    text!("reason", "Why, in one word, such as BackOff.", reason),
    text!("message", "What happened, for people.", message),
    text!(
        "object_kind",
        "Kind of the object concerned, such as Pod.",
        object.kind
    ),
    text!(
        "object_namespace",
        "Namespace of the object concerned.",
        object.namespace
    ),
    text!("object_name", "Name of the object concerned.", object.name),
    text!("object_uid", "UID of the object concerned.", object.uid),
    text!(
        "object_api_version",
        "Group and version of the object concerned.",
        object.api_version
    ),
    text!(
        "object_field_path",
        "Part of the object concerned, such as spec.containers{app}.",
        object.field_path
    ),
    owner!(
        "owner_kind",
        "Kind of the workload that owns the object, such as Deployment.",
        kind
    ),
    owner!("owner_name", "Name of the workload that owns the object.", name),
    text!("node", "Name of the node concerned.", node),
    text!("action", "What was done or failed, in one word.", action),
    related!("related_kind", "Kind of a second object that took part.", kind),
    related!("related_namespace", "Namespace of the second object.", namespace),
    related!("related_name", "Name of the second object.", name),
    related!("related_uid", "UID of the second object.", uid),
    related!(
        "related_api_version",
        "Group and version of the second object.",
        api_version
    ),
    related!("related_field_path", "Part of the second object.", field_path),
    text!(
        "reporting_component",
        "Who tells, such as kubelet.",
        reporting_component
    ),
    text!(
        "reporting_instance",
        "Which instance of it tells.",
        reporting_instance
    ),
    text!("name", "Name of the event object.", name),
    text!(
        "uid",
        "UID of the event object, the same over all observations of it.",
        uid
    ),
    text!(
        "resource_version",
        "Version of the event object at this observation.",
        resource_version
    ),
];
