//! The newest warnings about each object, as evidence.

use std::cmp::Reverse;

use hashbrown::HashMap;
use model::{Event, EventType, Millis};

use crate::objects::{Interner, Text, Uid};

/// Objects about which warnings are kept; beyond, objects about which nothing is known yet are left out.
const MAX_OBJECTS: usize = 20_000;
/// Warnings about one object; beyond, the oldest goes.
const MAX_WARNINGS: usize = 8;

/// A warning about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Why, in one word (`FailedMount`).
    pub reason: Text,
    /// What happened.
    pub message: Text,
    /// Which part of the object it is about (`spec.containers{app}`); empty for the whole.
    pub field_path: Text,
    /// How often.
    pub count: u64,
    /// When last.
    pub last_time: Millis,
    event: Uid,
}

/// Warnings by object.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    objects: HashMap<Uid, Vec<Warning>>,
}

impl Warnings {
    /// Notes what an event says of an object, if it is a warning.
    pub(super) fn note(&mut self, (object, event): (Uid, Uid), seen: &Event, interner: &Interner) {
        if seen.event_type != EventType::Warning || object == Uid::default() {
            return;
        }
        if self.objects.len() >= MAX_OBJECTS && !self.objects.contains_key(&object) {
            return;
        }
        let warnings = self.objects.entry(object).or_default();
        warnings.retain(|one| one.event != event);
        warnings.push(Warning {
            reason: interner.intern(&seen.reason),
            message: interner.intern(&seen.message),
            field_path: interner.intern(&seen.object.field_path),
            count: seen.count,
            last_time: seen.last_time,
            event,
        });
        warnings.sort_by_key(|one| Reverse(one.last_time));
        warnings.truncate(MAX_WARNINGS);
    }

    pub(super) fn forget(&mut self, object: Uid, event: Uid) {
        let Some(warnings) = self.objects.get_mut(&object) else {
            return;
        };
        warnings.retain(|one| one.event != event);
        if warnings.is_empty() {
            self.objects.remove(&object);
        }
    }

    pub(super) fn about(&self, object: Uid) -> Vec<Warning> {
        self.objects.get(&object).cloned().unwrap_or_default()
    }
}
