//! The table `events`: what happened to objects, one row an observation.
//!
//! This module is the only one that knows events. Its column table says what each column means, how it is taken from
//! a [`model::Event`] and how it is put back.

mod batch;
mod columns;
mod filter;
mod log;

pub use batch::{from_batch, to_batch};
pub use filter::{Cursor, EventFilter, EventsError, EventsPage, Order};
pub use log::Events;

use std::time::Duration;

use crate::definition::{Column, Kind, Retention, TableDef};

/// Name of the table.
pub const TABLE: &str = "events";

/// Returns the definition of the table.
pub fn definition() -> TableDef {
    let times = columns::TIMES.iter().map(|column| Column {
        name: column.name,
        kind: Kind::Time,
        unit: "",
        about: column.about,
    });
    let texts = columns::TEXTS.iter().map(|column| Column {
        name: column.name,
        kind: Kind::Text,
        unit: "",
        about: column.about,
    });
    let counts = columns::COUNTS.iter().map(|column| Column {
        name: column.name,
        kind: Kind::Integer,
        unit: "occurrences",
        about: column.about,
    });
    TableDef {
        name: TABLE,
        about: "Events of clusters and machines, one row an observation.",
        columns: times.chain(counts).chain(texts).collect(),
        time: "time",
        sort: &["time", "uid", "count"],
        bloom: &["uid", "object_uid", "object_name", "owner_name", "node"],
        retention: Retention {
            age: Duration::from_secs(90 * 86_400),
            bytes: None,
        },
    }
}
