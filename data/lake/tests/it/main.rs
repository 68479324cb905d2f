//! The lake from outside: real folders, real processes, real damage.
#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]
#![expect(
    clippy::print_stdout,
    reason = "a process that is killed says how far it came"
)]

mod crash;
mod damage;
mod events;
mod support;
mod tables;
mod versions;
