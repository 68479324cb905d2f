//! Targets in a real Kubernetes: what is found, beside a real Prometheus, and what monitors of the Prometheus operator
//! come to.

mod discovered;
mod edge;
mod monitors;
