//! Every signal but metrics, as tables that any engine can read.
//!
//! A table is a row of [`tables`]: a [`TableDef`] with documented columns, a time column, an order and a retention.
//! Nothing below that knows what a table holds.
//!
//! ```text
//! append ─► log (Arrow IPC, local, synced) ─► memory ─► Parquet files, one folder a day ─► fewer, larger files
//!                                               │              │ named by the transaction log (Delta Lake)
//! SQL ◄──────────── DataFusion ◄────────────────┴──────────────┘
//! ```
//!
//! What it promises:
//! - What [`Lake::append`] acknowledged is on disk and is seen by the next query, exactly once, whatever is killed
//!   when: a file and the place in the log up to which it holds everything are committed by one atomic step.
//! - Tables are Parquet files under a Delta Lake transaction log, a format with a public specification; nothing of
//!   ours is needed to read them.
//! - Memory, files, waiting batches, queries and their answers have bounds, and what happens there is counted.
//! - A damaged file is set aside and named; the rest serves.

mod config;
mod definition;
mod delta;
mod error;
pub mod events;
mod lake;
mod log;
mod metrics;
mod objects;
pub mod sql;
mod table;
mod upkeep;

pub use config::{LakeConfig, LakeConfigError, QueryBounds};
pub use definition::{Column, Kind, Retention, TableDef};
pub use error::{AppendError, LakeError};
pub use lake::{Lake, TableStatus};

/// Returns the definitions of all tables.
pub fn tables() -> Vec<TableDef> {
    vec![events::definition()]
}
