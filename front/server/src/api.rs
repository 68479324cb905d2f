//! The HTTP API: one module a group of endpoints, beside what they share.

pub(crate) mod admin;
pub(crate) mod answer;
pub(crate) mod export;
pub(crate) mod kubernetes;
pub(crate) mod lake;
pub(crate) mod names;
mod params;
pub(crate) mod query;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod targets;
pub(crate) mod write;
