//! Finds targets and scrapes them as Prometheus does.
//!
//! [`Config`] is what the file says; [`Scraper`] does it; [`ScrapeHandle`] is what others hold: it reads the state of
//! jobs and targets for the API and reloads the file. What a scrape finds goes to [`model::Ingest`] as one batch:
//! the samples of the page with the target's labels behind relabelling, the ends of series that are gone, and the
//! series about the scrape itself.
//!
//! One target never waits for another: each has its own task and time limit. What all share is bounded: bytes of
//! answers in memory, pages read at the same time, targets, redirects, and what a target remembers.

mod append;
mod client;
pub mod config;
mod discovery;
mod metrics;
mod pool;
mod scraper;
mod status;
mod target;
mod worker;

pub use client::{Connection, ConnectionError};
pub use config::{Config, ConfigError, OfferedJob};
pub use discovery::{Discovery, Found, GroupSink, Groups, Search, Sources, TargetGroup};
pub use scraper::{OfferProblem, ReloadError, ScrapeHandle, Scraper, ScraperOptions};
pub use status::{
    ActiveTarget, DroppedTarget, MetadataRequest, PoolStatus, RelabelStep, ReloadStatus, ScrapeStatus,
    TargetHealth, TargetMetadata,
};
