//! Forwarding from a real store to a real HTTP server: what senders of remote write must do, and what is never lost.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod delivery;
mod fixture;
mod prometheus;
mod protocol;
mod secured;
