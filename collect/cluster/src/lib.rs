//! Reads a Kubernetes cluster completely, and writes nothing to it.
//!
//! [`objects`] are what the API server holds, decoded once into little memory; [`store::Store`] holds those of one
//! cluster and is kept in step by lists and watches. Promises:
//!
//! - Whatever happens to a connection (dropped watches, a resource version that is too old, a restarted API server),
//!   the store converges to what the API server holds.
//! - An object that cannot be decoded is counted and named once; it never stops a watch.
//! - Nothing is ever created, changed or deleted in the cluster, and the data of secrets is never asked for.

mod client;
pub mod objects;
mod receiver;
mod reflector;
pub mod state;
pub mod status;
pub mod store;
