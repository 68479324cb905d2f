//! The write-ahead log: what makes a batch durable before it is in a part.
//!
//! Batches become records; one thread writes waiting records as one checksummed frame and makes them durable
//! with one fsync (group commit). Segments are files of an *epoch*; a series is defined once an epoch, so an
//! epoch is dropped as a whole, when parts hold all its samples.
//!
//! - `wal/record.rs`: layout of a record's payload;
//! - `wal/segment.rs`: layout of segment files and frames;
//! - `wal/queue.rs`: the log as the store sees it, durability and its bounds;
//! - `wal/writer.rs`: the thread, and what happens when the disk fails;
//! - `wal/replay.rs`: reading it all back, torn tails and damage.

mod queue;
mod record;
mod replay;
mod segment;
mod tail;
mod writer;

pub(crate) use queue::{Wal, WalOptions};
pub(crate) use record::{Payload, RecordBuilder, decode_metadata, encode_metadata};
pub(crate) use replay::{ReplayTarget, move_to, replay};
pub(crate) use segment::{KIND_METADATA, KIND_SAMPLES};
pub use tail::{LogTail, TailBacklog, TailError, TailStep};

#[cfg(test)]
mod tests;
