//! The building blocks of objects: how a field of Kubernetes' JSON becomes a compact value.
//!
//! The API server leaves out what is empty and writes `null` for some of it; both read as empty here. A number or a
//! list where a string belongs is an error, as it is for clients written in Go.

mod condition;
mod cron;
mod json;
mod quantity;
mod time;

pub use condition::{Condition, ConditionState, Status};
pub use json::{Count, IntOrPercent, List, Rounding, TextMap};
pub use quantity::{Quantity, Resources};

pub(super) use cron::Schedule;
pub(super) use time::{option_time, rfc3339, time};

/// The zero of Go's times, 1 January of the year 1, in seconds since 1970: what clients written in Go make of a time
/// that must be there and is not.
pub const NO_TIME: i64 = -62_135_596_800;
