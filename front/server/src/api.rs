//! The HTTP API: one module a group of endpoints, beside what they share.

pub(crate) mod answer;
pub(crate) mod catalog;
mod civil;
mod json;
pub(crate) mod live;
pub(crate) mod names;
mod params;
pub(crate) mod query;
mod result;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod system;
pub(crate) mod write;
