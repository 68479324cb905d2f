//! Sends what the store took to remote-write receivers.
//!
//! A [`Forwarder`] follows the store's log, so the log is its queue: what a receiver has not taken is read again after
//! a restart, from the position in a small checkpoint file. Records are relabelled and cut into parcels, which a
//! [`relay::Relay`] moves in lanes; a series stays in its lane. Requests are remote write 2.0 or 1.0, with fallback to
//! 1.0 for receivers that do not know 2.0, and the headers in which a receiver counts what it wrote are held against
//! what was sent. Configuration is that of `remote_write` in Prometheus: [`parse_remote_write`].

mod answer;
mod client;
mod config;
mod feed;
mod forwarder;
mod metrics;
mod send;

pub use client::ClientError;
pub use config::{
    Authorization, ConfigError, MetadataSettings, Proxy, RemoteWriteConfig, RemoteWriteSection,
    parse_remote_write,
};
pub use forwarder::{Families, ForwardError, Forwarder, ForwarderOptions, check_client};
pub use metrics::ForwardStatus;
