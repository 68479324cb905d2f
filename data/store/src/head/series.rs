//! One record a series, one record a sealed chunk.

use model::Millis;

use super::slab::Slot;

/// Stands for "no series", "no chunk", "no timeline".
pub(super) const NONE: u32 = u32::MAX;

/// What a shard knows of a series. Its samples are, in order: sealed chunks (a linked list), then the open
/// chunk, whose values are a `chunk::Stream` in the slab and whose times are `n` successive ones of a timeline.
pub(super) struct Series {
    pub(super) hash: u64,
    /// Bits of the latest sample in order, of a histogram its sum.
    pub(super) last: u64,
    /// Time of the latest sample in order, the smallest number before the first one.
    pub(super) last_t: Millis,
    pub(super) labels_at: u32,
    pub(super) n_labels: u16,
    /// Samples of the open chunk.
    pub(super) n: u16,
    pub(super) timeline: u32,
    /// Index of the open chunk's first time.
    pub(super) start: u32,
    pub(super) slot: Slot,
    /// Bytes of the open chunk's values.
    pub(super) len: u16,
    /// Pending repetitions of the open chunk's last value.
    pub(super) run: u16,
    pub(super) first_sealed: u32,
    pub(super) last_sealed: u32,
    /// The series that followed this one in a batch, last time.
    pub(super) next: u32,
    /// Epoch of the log in which the series was last defined.
    pub(super) log_epoch: u32,
    /// Chain of the log that holds the latest sample; zero if none does.
    pub(super) log_chain: u32,
    /// The series has left; its number is not used again in this incarnation.
    pub(super) dead: bool,
    /// The latest sample in order is a histogram.
    pub(super) is_histogram: bool,
    /// The shard has a `late::Side` for the series.
    pub(super) has_side: bool,
}

impl Series {
    pub(super) fn new(hash: u64, labels_at: u32, n_labels: u16) -> Self {
        Self {
            hash,
            last: 0,
            last_t: Millis::MIN,
            labels_at,
            n_labels,
            n: 0,
            timeline: NONE,
            start: 0,
            slot: Slot::EMPTY,
            len: 0,
            run: 0,
            first_sealed: NONE,
            last_sealed: NONE,
            next: NONE,
            log_epoch: 0,
            log_chain: 0,
            dead: false,
            is_histogram: false,
            has_side: false,
        }
    }
}

/// A full chunk: values encoded by `chunk::encode_floats`, times in a timeline.
pub(super) struct Sealed {
    pub(super) min_t: Millis,
    pub(super) max_t: Millis,
    pub(super) values: Box<[u8]>,
    pub(super) timeline: u32,
    pub(super) start: u32,
    pub(super) next: u32,
    pub(super) n: u16,
}
