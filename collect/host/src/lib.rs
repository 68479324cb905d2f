//! Reads the machine: one module per source.
//!
//! Everything that is collected stands as a row in [`table::ROWS`]. A collector gets the file tree to read as an
//! argument ([`Root`]), so a recorded tree is a test, and speaks through [`model::Sink`]. It never talks to the
//! network, never keeps history beyond what it needs for its own caches, and never panics on what a file says.

mod collector;
pub mod container;
pub mod cpu;
pub mod disk;
pub mod memory;
pub mod network;
pub mod parse;
pub mod process;
mod root;
pub mod system;
pub mod table;

pub use collector::{CollectError, Collector, Problems};
pub use root::Root;
#[cfg(test)]
use root::testing;
use root::{attribute, folder};
