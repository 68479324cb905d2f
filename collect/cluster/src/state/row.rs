//! A row of the table: one metric family, and how its samples are made from an object.

use model::{Family, MetricType};

use crate::objects::{Meta, Owner, Status, TextMap};

use super::names::sanitized;

/// Since when something is, for the help of families.
pub(super) const CREATED: &str = "When the object was created, in seconds since 1970.";
pub(super) const DELETED: &str = "When the end of the object was asked for, in seconds since 1970.";
pub(super) const LABELS: &str = "Labels of the object that are allowed to be shown.";
pub(super) const ANNOTATIONS: &str = "Annotations of the object that are allowed to be shown.";
pub(super) const GENERATION: &str = "Version of what is wanted of the object.";
pub(super) const OBSERVED: &str = "Version of what is wanted that the controller saw last.";
pub(super) const VERSION: &str = "Resource version of the object, as the API server counts.";
pub(super) const OWNER: &str = "Who owns the object; one series without an owner if nobody does.";
pub(super) const CONDITION: &str = "Conditions of the object: 1 for the status that it has.";

/// How much a family may be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stability {
    /// Name and labels stay as they are.
    Stable,
    /// May change.
    Experimental,
    /// May change, and is only there where it is asked for.
    OptIn,
}

/// An object with its body of a known type.
#[derive(Debug)]
pub(super) struct Of<'a, T> {
    pub(super) meta: &'a Meta,
    pub(super) body: &'a T,
}

/// What makes the samples of a family.
#[derive(Debug)]
pub(super) enum Emit<T> {
    /// A function.
    Samples(fn(&Of<'_, T>, &mut Out<'_>)),
    /// The labels that are allowed.
    Labels,
    /// The annotations that are allowed.
    Annotations,
}

/// A metric family of objects whose bodies are `T`.
#[derive(Debug)]
pub(super) struct Row<T> {
    pub(super) family: Family<'static>,
    pub(super) stability: Stability,
    pub(super) emit: Emit<T>,
}

impl<T> Row<T> {
    /// A gauge that stays as it is.
    pub(super) const fn stable(
        name: &'static str,
        help: &'static str,
        emit: fn(&Of<'_, T>, &mut Out<'_>),
    ) -> Self {
        Self {
            family: Family::gauge(name, help),
            stability: Stability::Stable,
            emit: Emit::Samples(emit),
        }
    }

    /// A gauge that may change.
    pub(super) const fn experimental(
        name: &'static str,
        help: &'static str,
        emit: fn(&Of<'_, T>, &mut Out<'_>),
    ) -> Self {
        let mut row = Self::stable(name, help, emit);
        row.stability = Stability::Experimental;
        row
    }

    /// A gauge that is only there where it is asked for.
    pub(super) const fn opt_in(
        name: &'static str,
        help: &'static str,
        emit: fn(&Of<'_, T>, &mut Out<'_>),
    ) -> Self {
        let mut row = Self::stable(name, help, emit);
        row.stability = Stability::OptIn;
        row
    }

    /// A counter that stays as it is.
    pub(super) const fn counter(
        name: &'static str,
        help: &'static str,
        emit: fn(&Of<'_, T>, &mut Out<'_>),
    ) -> Self {
        let mut row = Self::stable(name, help, emit);
        row.family.metric_type = MetricType::Counter;
        row
    }

    /// The labels that are allowed.
    pub(super) const fn labels(name: &'static str, stability: Stability) -> Self {
        Self {
            family: Family::gauge(name, LABELS),
            stability,
            emit: Emit::Labels,
        }
    }

    /// The annotations that are allowed.
    pub(super) const fn annotations(name: &'static str) -> Self {
        Self {
            family: Family::gauge(name, ANNOTATIONS),
            stability: Stability::Experimental,
            emit: Emit::Annotations,
        }
    }
}

/// Takes the samples of one object and family. Labels that say which object it is are added by who gave it.
pub(super) type Take<'a> = &'a mut dyn FnMut(&[(&str, &str)], f64);

/// Where a family's function puts its samples.
pub(super) struct Out<'a>(pub(super) Take<'a>);

impl Out<'_> {
    /// Adds a sample.
    pub(super) fn add(&mut self, labels: &[(&str, &str)], value: f64) {
        (self.0)(labels, value);
    }

    /// Adds a sample without labels of its own.
    pub(super) fn value(&mut self, value: impl Into<f64>) {
        (self.0)(&[], value.into());
    }

    /// Adds a number that may be missing.
    pub(super) fn maybe(&mut self, value: Option<impl Into<f64>>) {
        if let Some(value) = value {
            self.value(value);
        }
    }

    /// Adds a whole number.
    pub(super) fn whole(&mut self, value: i64) {
        (self.0)(&[], value as f64);
    }

    /// Adds a time that may be missing.
    pub(super) fn time(&mut self, seconds: Option<i64>) {
        if let Some(seconds) = seconds {
            self.whole(seconds);
        }
    }

    /// Adds a sample whose labels are the information.
    pub(super) fn info(&mut self, labels: &[(&str, &str)]) {
        (self.0)(labels, 1.0);
    }

    /// Adds one sample a state, 1 for the present one.
    pub(super) fn states(&mut self, label: &str, states: &[&str], present: &str) {
        for state in states {
            (self.0)(&[(label, state)], flag(*state == present));
        }
    }

    /// Adds one sample a status of a condition, 1 for the one that it has.
    pub(super) fn condition(&mut self, status: Status) {
        for (word, one) in STATUSES {
            (self.0)(&[("condition", word)], flag(one == status));
        }
    }

    /// Adds one sample a condition and status, 1 for the status that it has.
    pub(super) fn conditions<'c>(
        &mut self,
        conditions: impl IntoIterator<Item = &'c crate::objects::Condition>,
    ) {
        for condition in conditions {
            for (word, one) in STATUSES {
                (self.0)(
                    &[("condition", &*condition.kind), ("status", word)],
                    flag(one == condition.status),
                );
            }
        }
    }

    /// Adds one sample whose labels are all pairs of a map.
    pub(super) fn pairs(&mut self, prefix: &str, pairs: &TextMap) {
        super::names::with_labels(prefix, pairs.iter(), |labels| (self.0)(labels, 1.0));
    }
}

const STATUSES: [(&str, Status); 3] = [
    ("true", Status::True),
    ("false", Status::False),
    ("unknown", Status::Unknown),
];

pub(super) fn flag(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

pub(super) fn word(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

pub(super) fn created<T>(object: &Of<'_, T>, out: &mut Out<'_>) {
    if object.meta.created != 0 {
        out.whole(object.meta.created);
    }
}

pub(super) fn deleted<T>(object: &Of<'_, T>, out: &mut Out<'_>) {
    out.time(object.meta.deleted);
}

pub(super) fn generation<T>(object: &Of<'_, T>, out: &mut Out<'_>) {
    out.whole(object.meta.generation);
}

pub(super) fn resource_version<T>(object: &Of<'_, T>, out: &mut Out<'_>) {
    if object.meta.resource_version != 0 {
        out.value(object.meta.resource_version as f64);
    }
}

pub(super) fn exists<T>(_: &Of<'_, T>, out: &mut Out<'_>) {
    out.value(1);
}

/// One sample an owner, or one without.
pub(super) fn owners<T>(object: &Of<'_, T>, out: &mut Out<'_>) {
    if object.meta.owners.is_empty() {
        out.info(&[
            ("owner_kind", ""),
            ("owner_name", ""),
            ("owner_is_controller", ""),
        ]);
    }
    for Owner {
        kind,
        name,
        controller,
        ..
    } in &*object.meta.owners
    {
        out.info(&[
            ("owner_kind", kind),
            ("owner_name", name),
            ("owner_is_controller", word(*controller)),
        ]);
    }
}

/// What an amount of a resource is counted in, or `None` for a resource that is not shown.
pub(super) fn unit(resource: &str) -> Option<&'static str> {
    match resource {
        "cpu" => Some("core"),
        "memory" | "storage" | "ephemeral-storage" => Some("byte"),
        name if name.starts_with("hugepages-") || name.starts_with("attachable-volumes-") => Some("byte"),
        // Resources of extensions are named after a domain that is not Kubernetes' own.
        name if name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.") => {
            Some("integer")
        }
        _ => None,
    }
}

/// Calls `use_it` with the name of a resource as a label's value is written.
pub(super) fn with_resource_name<R>(resource: &str, use_it: impl FnOnce(&str) -> R) -> R {
    use_it(&sanitized(resource))
}
