//! What is sent: series with seeded values, as remote write requests in files.

pub(crate) mod body;
pub(crate) mod cluster;
pub(crate) mod mix;
pub(crate) mod request;
pub(crate) mod send;
pub(crate) mod series;
mod shape;
pub(crate) mod shop;
