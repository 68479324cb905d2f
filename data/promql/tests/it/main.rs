//! The engine against scripts: its own cases, and Prometheus's.

mod corpus;
mod golden;
mod limits;
mod literal;
mod memory;
mod narrowing;
mod parser;
mod prometheus;
mod properties;
mod run;
mod script;
mod workers;
