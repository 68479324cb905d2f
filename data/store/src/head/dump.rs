//! A shard as bytes and back, slice by slice, for snapshots.
//!
//! A slice holds the series of a run of ids, whole and by itself but for symbols, which come with the first slice
//! that is written after they were made. Bytes of a slice:
//! ```text
//! uvarint first id, uvarint n
//! uvarint n symbols, n times string packed pair
//! uvarint n timelines, n times uvarint number of times, times (chunk/ints.rs)
//! per series: u8 flags: 1 dead (nothing follows), 2 the latest is a histogram, 4 side, 8 backfill, 16 history
//!   u64 hash, ivarint latest time minus that of the series before, token of the latest value
//!   ivarint log epoch, ivarint log chain, each minus that of the series before, ivarint id of the next series - id
//!   uvarint n, n times ivarint pair minus the pair at that place of the series before
//!   uvarint n sealed chunks: uvarint samples, uvarint timeline, uvarint start, uvarint n, n bytes of values
//!   uvarint samples of the open chunk; if not 0: uvarint timeline, uvarint start, uvarint run, uvarint n, n bytes
//!   side: late samples; uvarint n, n times ivarint time, ivarint start;
//!         uvarint n runs, n times uvarint samples, ivarint first, ivarint last time,
//!                 a histogram with their layout, uvarint n, n bytes
//!   backfill: late samples
//!   history: uvarint n blocks, n times uvarint samples, ivarint first time, uvarint steady, uvarint run,
//!            uvarint n, n bytes of times, uvarint n, n bytes of values (head/late/past.rs)
//! late samples: uvarint n, n times ivarint time, ivarint start, u8 1 for a histogram, u64 bits or histogram
//! ```
//! Timelines are numbered within the slice, their times within the timeline.

mod restore;
mod write;

use model::Millis;

pub(crate) use restore::Restored;
pub(crate) use write::Dump;

const DEAD: u8 = 1;
const HISTOGRAM: u8 = 2;
const SIDE: u8 = 4;
const BACKFILL: u8 = 8;
const HISTORY: u8 = 16;

/// What the series before had, to which numbers are relative.
#[derive(Default)]
struct Before {
    last_t: Millis,
    epoch: u32,
    chain: u32,
    pairs: Vec<u32>,
}
