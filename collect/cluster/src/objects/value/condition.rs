//! Conditions, as most objects report them.

use std::ops::Deref;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::Deserializer;

use super::{NO_TIME, time};
use crate::objects::Text;
use crate::objects::text::Shared;

/// A condition of an object: one of its aspects, and whether it is so.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    state: Arc<ConditionState>,
    /// When it became so, in seconds since 1970; [`NO_TIME`] if that is not said.
    pub since: i64,
}

/// What a condition says, without its time; equal ones are held once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConditionState {
    /// Its name, as in `Ready`.
    pub kind: Text,
    /// Whether it is so.
    pub status: Status,
    /// Why, in one word.
    pub reason: Text,
    /// Why, for people.
    pub message: Text,
}

/// Whether a condition is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is.
    True,
    /// It is not.
    False,
    /// Nobody knows.
    Unknown,
    /// Something else is written there, or nothing.
    Other,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wire {
    r#type: Text,
    status: Text,
    reason: Text,
    message: Text,
    #[serde(deserialize_with = "time")]
    last_transition_time: i64,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            r#type: Text::default(),
            status: Text::default(),
            reason: Text::default(),
            message: Text::default(),
            last_transition_time: NO_TIME,
        }
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let status = match wire.status.as_str() {
            "True" => Status::True,
            "False" => Status::False,
            "Unknown" => Status::Unknown,
            _ => Status::Other,
        };
        let state = ConditionState {
            kind: wire.r#type,
            status,
            reason: wire.reason,
            message: wire.message,
        };
        Ok(Self {
            state: Shared::shared(Arc::new(state)),
            since: wire.last_transition_time,
        })
    }
}

impl Deref for Condition {
    type Target = ConditionState;

    fn deref(&self) -> &ConditionState {
        &self.state
    }
}
