//! Reads a Kubernetes cluster completely, and writes nothing to it.
//!
//! [`objects`] are what the API server holds, decoded once into little memory; [`store::Store`] holds those of one
//! cluster and is kept in step by lists and watches; [`graph`] tells who belongs to whom. [`Cluster`] runs all that,
//! and [`ClusterHandle`] is what others hold. Promises:
//!
//! - Whatever happens to a connection (dropped watches, a resource version that is too old, a restarted API server),
//!   the store converges to what the API server holds.
//! - An object that cannot be decoded is counted and named once; it never stops a watch.
//! - Nothing is ever created, changed or deleted in the cluster.
//! - The data of secrets is never asked for, save for the keys that monitors of the Prometheus operator name; those are
//!   read when they are named, and held by the jobs that need them.

mod client;
mod cluster;
mod config;
mod discovery;
mod events;
pub mod graph;
pub mod health;
pub mod objects;
mod reflector;
pub mod state;
mod status;
pub mod store;

pub use client::{Access, ConnectError, RequestError};
pub use cluster::{Check, Cluster, ClusterHandle, DeliveryStatus, Outside, ServerStatus};
pub use config::{ClusterConfig, KindFilter, KindPattern, KindPatternError};
pub use discovery::{
    ClusterTargets, KubernetesSources, KubernetesTasks, MonitorKind, MonitorStatus, TargetOptions,
};
pub use events::{EventStatus, Warning};
pub use status::{KindName, KindStatus, SyncState};
