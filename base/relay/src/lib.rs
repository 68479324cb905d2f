//! Moves batches with at-least-once, and never looks inside one.
//!
//! A [`Relay`] takes parcels: an opaque payload, how much it weighs, the position in a log that it comes from. Parcels
//! of one lane stay in order. Each lane gathers parcels up to a weight or a deadline, hands them to a [`Deliver`] as
//! one request, and asks again until the receiver has taken or refused it. A position counts as acknowledged once
//! everything up to it was taken or refused, so that whoever starts again behind the acknowledged position (see
//! [`Checkpoint`]) repeats some parcels and loses none.
//!
//! Everything has a bound: a full lane makes the feeder wait, which is the backpressure; the number of lanes follows
//! the load between two bounds; waiting between tries grows up to a bound. What is dropped is counted by reason.

mod backoff;
mod checkpoint;
mod config;
mod deliver;
mod lane;
mod ledger;
mod load;
mod metrics;
mod relay;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use config::RelayConfig;
pub use deliver::{Deliver, Outcome, Parcel};
pub use metrics::RelayStatus;
pub use relay::{Relay, RelayError};
