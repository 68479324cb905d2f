//! Immutable files of samples: what the head becomes after its range of time is over.
//!
//! A part is one file, written under a temporary name and renamed when durable:
//! ```text
//! "PERIPART", u32 format version, u32 zero
//! pages of the six sections, each section's pages one after another
//! footer (zstd)
//! trailer, 32 bytes: u64 footer offset, u32 stored bytes, u32 raw bytes, u64 xxh3 of the stored bytes, "PERIPEND"
//! ```
//! A section is a stream of bytes cut into pages of 64 KiB (16 KiB where reads are small), each compressed and
//! checksummed by itself (`part/section.rs`). The sections:
//! ```text
//! values    chunk payloads (chunk/floats.rs) in order of series, then time
//! times     distinct vectors of timestamps (chunk/ints.rs)
//! chunks    per series: uvarint n, then n times: u8 kind (0 floats), uvarint samples, ivarint first time minus
//!             the previous chunk's last (first chunk: minus the part's first), uvarint last minus first time,
//!             uvarint offset in times, uvarint bytes in values
//! series    per series: uvarint offset in chunks, uvarint offset of its first payload in values,
//!             uvarint length and bytes of the packed labels
//! symbols   per label name, values in order: uvarint bytes shared with the value before (0 at the start of a
//!             block of 64), string rest, uvarint number of series, then for one series its uvarint id, for more
//!             uvarint offset and uvarint bytes in postings
//! postings  ascending series ids: uvarint differences
//! ```
//! Series are numbered within the part, in the order of metric name, XXH3 of the packed labels, packed labels:
//! series of one metric lie together and parts merge without knowing each other's symbols. The footer
//! (`part/footer.rs`) holds the page tables, the label names, the first value of each symbol block and the
//! offset in `series` of every 16th series. Nothing else is kept in memory for an open part.

mod cache;
mod footer;
mod index;
mod reader;
mod section;
mod writer;

pub(crate) use cache::PageCache;
pub(crate) use footer::PartInfo;
pub(crate) use index::order;
pub(crate) use reader::{Part, PartError};
pub(crate) use writer::PartWriter;

/// Format version of parts.
pub(crate) const VERSION: u32 = 2;

const MAGIC: &[u8; 8] = b"PERIPART";
const END_MAGIC: &[u8; 8] = b"PERIPEND";
const HEADER_LEN: usize = 16;
const TRAILER_LEN: usize = 32;

/// Samples of one chunk at most.
const MAX_CHUNK: usize = 512;

/// Samples of one chunk at most if there are histograms among them.
const MAX_HISTOGRAM_CHUNK: usize = 128;

/// Values between restarts of shared prefixes.
const SYMBOL_BLOCK: usize = 64;

/// Series between known offsets.
const SERIES_BLOCK: usize = 16;

#[cfg(test)]
mod tests;
