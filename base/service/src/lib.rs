//! How a process starts, logs, looks after its tasks and stops.
//!
//! Every role of every binary takes the same path: [`log::init`] first, [`signals::Signals`] before the first
//! task, children in [`Tasks`], and [`Stages`] to end in order under one deadline. Nothing here knows a word of
//! the domain, except the trait [`model::Clock`], which [`SystemClock`] implements for the whole program.

mod clock;
pub mod limits;
pub mod log;
pub mod signals;
mod stages;
mod tasks;
mod usage;

pub use clock::SystemClock;
pub use stages::{Stage, Stages, Stopped, Unfinished};
pub use tasks::{TaskError, Tasks};
pub use usage::{Usage, own_usage};
