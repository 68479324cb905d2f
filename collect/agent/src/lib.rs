//! Runs collectors on a node under a budget.
//!
//! An [`Agent`] runs the rows of [`host::table::ROWS`] and its owner's [`Extra`] collectors on one schedule and
//! hands what they say to a [`model::Ingest`], one batch a tick. Promises:
//!
//! - All samples of a tick carry one timestamp, and ticks stand on multiples of the interval.
//! - A collector that hangs, fails or panics costs the tick its own samples and nothing else: others are neither
//!   delayed by more than the configured patience nor lost.
//! - A series that a collector no longer hands over is ended by a stale marker on the same tick.
//! - Memory is bounded: series a collector, batches that wait for a store that refuses them, threads (one for the
//!   schedule, one that collects, one for each collector that is late).
//!
//! It keeps no history and reads nothing back from the store.

mod agent;
mod config;
mod delivery;
mod gather;
mod report;
mod scheduler;
mod series;
mod shared;
mod slot;
mod status;
mod worker;

pub use agent::Agent;
pub use config::{AgentConfig, AgentError, Extra, Selection};
pub use status::{AgentStatus, CollectorState, CollectorStatus, IngestStatus};
