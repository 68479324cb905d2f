//! The test bed: that its clusters do what clusters do, and that nothing of them is left.
//!
//! A binary of its own, so that nothing else of the tests changes the machine while it is compared before and after.
#![expect(clippy::print_stdout, reason = "a test says what it did and what it took")]

mod lifecycle;
mod link;
mod trouble;
mod workloads;
