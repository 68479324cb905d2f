//! Roles, HTTP API, identity, embedded page.
//!
//! A [`Server`] answers the Prometheus HTTP API over what [`Sources`] hold, takes remote write, and serves the
//! page. Promises:
//!
//! - On loopback it speaks plain HTTP to this machine only and refuses pages of other sites; on any other address
//!   it speaks TLS and asks for a token.
//! - Remote write is acknowledged when the samples are on disk, not before.
//! - A slow or large query costs its own slot and nothing else; everything a client can send is bounded, and what
//!   is refused is said in words.
//!
//! It owns no domain rule: what a query means is `promql`'s to say, what is stored is `store`'s.

mod api;
mod app;
mod config;
#[cfg(test)]
mod fixture;
mod identity;
mod limits;
mod listener;
mod metrics;
mod page;
mod pool;
mod server;
mod sources;

pub use config::{
    ConnectionLimits, Language, QueryLimits, RemoteWriteLimits, ServerConfig, Surface, Tenancy, TenantLimits,
    TlsFiles, TokenFiles,
};
pub use identity::{CertificateError, IdentityError, rotate_token};
pub use server::{Adjuster, Announcement, Reporter, Server, ServerError};
pub use sources::{Collection, Degradation, Lifecycle, Report, Scraping, Sources};
