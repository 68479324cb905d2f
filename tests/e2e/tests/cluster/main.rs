//! Whole clusters, known: the real binary watches clusters of the test bed, and what it says is compared with what
//! `kubectl` and kube-state-metrics say.
//!
//! A binary of its own, as each of these tests makes a cluster and does things to it that no other may see.
#![expect(
    clippy::print_stdout,
    reason = "a test says what it compared and what it took"
)]

mod awkward;
mod events;
mod page;
mod same;
mod state;
mod trouble;
mod watched;
