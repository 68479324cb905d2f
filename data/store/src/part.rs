//! Immutable files of samples: what the head becomes after its range of time is over.
//!
//! A part is one file, written under a temporary name and renamed when durable:
//! ```text
//! header as in bytes/header.rs: "PERIPART", format version
//! pages of the six sections
//! footer (zstd)
//! trailer, 32 bytes: u64 footer offset, u32 stored bytes, u32 raw bytes, u64 xxh3 of the stored bytes, "PERIPEND"
//! ```
//! A section is a stream of bytes cut into pages of 64 KiB (16 KiB where reads are small), each compressed and
//! checksummed by itself (`part/section.rs`); pages of different sections may alternate. The sections:
//! ```text
//! values    chunk payloads (chunk/samples.rs) in order of series, then time
//! times     distinct vectors of timestamps (chunk/ints.rs)
//! chunks    when each chunk begins and ends, where it is, what its values amount to (part/directory.rs)
//! series    where the chunks of each series are, and its labels as numbers (part/index/rows.rs)
//! symbols   the values of each label name (part/index/symbols.rs)
//! postings  which series have a value (part/index/symbols.rs)
//! ```
//! Series are numbered within the part, in the order of metric name, XXH3 of the packed labels, packed labels:
//! series of one metric lie together and parts merge without knowing each other's symbols. The footer
//! (`part/footer.rs`) holds the page tables, the label names, the first value of each symbol block and the
//! offset in `series` of every 128th series. Beside it an open part keeps a bit for each page that was verified, and
//! some answers to matchers.
//!
//! Format 1 is read: its table of series holds the labels as strings (`part/index/first.rs`), its directory has
//! no summaries, its postings are plain differences, its sections are not interleaved.

mod cache;
mod cursor;
mod directory;
mod footer;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod index;
mod pages;
mod reader;
mod samples;
mod section;
mod writer;

use crate::bytes::Format;

pub(crate) use cache::PageCache;
pub(crate) use cursor::Cursor;
pub(crate) use directory::ChunkEntry;
pub(crate) use footer::PartInfo;
pub(crate) use index::{Check, Found, Pairs, Verdict, order};
pub(crate) use reader::{Part, PartError};
pub(crate) use samples::ChunkReader;
pub(crate) use writer::PartWriter;

const FORMAT: Format = Format {
    magic: b"PERIPART",
    version: 2,
    unchecked: 2,
};
const END_MAGIC: &[u8; 8] = b"PERIPEND";
const TRAILER_LEN: usize = 32;

/// Samples of one chunk at most.
pub(crate) const MAX_CHUNK: usize = 512;

/// Samples of one chunk at most if there are histograms among them.
const MAX_HISTOGRAM_CHUNK: usize = 128;

#[cfg(test)]
mod tests;
