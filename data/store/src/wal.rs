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
//! - `wal/retire.rs`: which epochs may go;
//! - `wal/decode.rs`: from records back to samples;
//! - `wal/replay.rs`: reading it all back, torn tails and damage;
//! - `wal/tail.rs`: following it.

mod decode;
mod extent;
mod queue;
mod record;
mod replay;
mod retire;
mod segment;
mod tail;
mod writer;

pub(crate) use decode::{CAPTURE_BITS, Captured, Decoded, Known, NO_HANDLE, RecordSink, RefTable};
pub(crate) use extent::Extent;
pub(crate) use queue::{Epoch, LogEnd, Wal, WalOptions};
pub(crate) use record::{
    Payload, RecordBuilder, decode_exemplars, decode_metadata, encode_exemplars, encode_metadata,
    put_histogram, read_histogram,
};
pub(crate) use replay::{ReplaySide, ReplayTarget, Resume, SegmentFile, logged_shards, move_to, replay};
pub(crate) use retire::{Elsewhere, Spread};
pub(crate) use segment::{
    FRAME_HEADER_LEN, Frame, KIND_EXEMPLARS, KIND_METADATA, SegmentInfo, decode_frame, decompress,
    encode_frame,
};
pub use tail::{LogTail, TailBacklog, TailError, TailStep};

#[cfg(test)]
mod tests;
