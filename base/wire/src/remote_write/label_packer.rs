//! Packs labels as fast as bytes can be copied.
//!
//! The packed form of `model::Labels` precedes each name and value by its length as one `char`. For lengths below 128
//! that is the byte that precedes the same text in protobuf, so an item is copied together with its length. Only
//! regular sets go this way: names sorted, unique and short, no empty values. Everything else is packed by
//! `model::LabelsBuilder`, which sorts, and knows what to say.

use model::{METRIC_NAME, PackedLabels};

/// Short items are copied in one move of this size, which is cheaper than one of their exact size; longer ones of up
/// to twice the size likewise.
const MOVE: usize = 32;
/// Lengths below are one byte in protobuf and in the packed form.
const SHORT: usize = 0x80;
/// Bytes by which names are told apart before they are compared whole.
const PREFIX: usize = 8;

/// One label set in the making; keeps its memory between sets.
#[derive(Debug, Default)]
pub(super) struct LabelPacker {
    /// The packed bytes and room behind them.
    packed: Vec<u8>,
    state: State,
}

/// How far the set has come.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    len: usize,
    regular: bool,
    has_name: bool,
    /// Where the last name stands in the packed bytes.
    last: (usize, usize),
}

/// The packer at work on a run of labels. What changes from label to label is held by value, so that it stays in
/// registers; [`Packing::pause`] hands it back.
pub(super) struct Packing<'a> {
    packed: &'a mut [u8],
    state: State,
}

/// Where an item stands: its length byte, and the length that byte says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) start: usize,
    pub(super) len: usize,
}

impl LabelPacker {
    /// Begins a set whose items take at most `bytes`, lengths included.
    pub(super) fn begin(&mut self, bytes: usize) {
        let room = bytes + 4 * MOVE;
        if self.packed.len() < room {
            self.packed.resize(room, 0);
        }
        self.state = State {
            regular: true,
            ..State::default()
        };
    }

    /// Goes on with the set.
    #[inline]
    pub(super) fn resume(&mut self) -> Packing<'_> {
        Packing {
            packed: &mut self.packed,
            state: self.state,
        }
    }

    /// Takes back what [`Packing::pause`] returned.
    #[inline]
    pub(super) fn keep(&mut self, paused: Paused) {
        self.state = paused.0;
    }

    /// Notes that this set cannot go the short way.
    pub(super) fn set_irregular(&mut self) {
        self.state.regular = false;
    }

    /// Gives back memory beyond about `bytes`.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        self.packed.truncate(bytes);
        self.packed.shrink_to(bytes);
    }

    /// Returns the set if it is regular, valid UTF-8 and has a metric name.
    ///
    /// Checking the whole is checking each item: every length byte is ASCII, so no character can reach from one item
    /// into the next.
    #[inline]
    pub(super) fn finish(&self) -> Option<PackedLabels<'_>> {
        if !self.state.regular || !self.state.has_name {
            return None;
        }
        let packed = std::str::from_utf8(self.packed.get(..self.state.len)?).ok()?;
        Some(PackedLabels::trusted(packed))
    }
}

/// The state of a packer between two runs.
pub(super) struct Paused(State);

impl Packing<'_> {
    /// Ends the run.
    #[inline]
    pub(super) fn pause(self) -> Paused {
        Paused(self.state)
    }

    /// Adds a label. `name` and `value` point at the length bytes of the items in `text`; what follows the items in
    /// `text` may be read but is not used.
    #[inline]
    pub(super) fn add(&mut self, text: &[u8], (name, value): (Item, Item)) {
        let state = &mut self.state;
        let short = (1..SHORT).contains(&name.len) & (1..SHORT).contains(&value.len);
        if !short | !state.regular {
            state.regular = false;
            return;
        }
        let start = state.len + 1;
        let end = start + name.len;
        let copied = copy(self.packed, state.len, (text, name)) & copy(self.packed, end, (text, value));
        state.regular = copied & ascends(self.packed, state.last, (start, end));
        if !state.has_name {
            state.has_name = self.packed.get(start..end) == Some(METRIC_NAME.as_bytes());
        }
        state.len = end + 1 + value.len;
        state.last = (start, end);
    }
}

/// Copies an item with its length byte.
#[inline]
fn copy(packed: &mut [u8], at: usize, (text, item): (&[u8], Item)) -> bool {
    let (from, n) = (item.start, item.len + 1);
    if n <= MOVE && copy_exactly::<MOVE>(packed, at, (text, from)) {
        return true;
    }
    if n <= 2 * MOVE && copy_exactly::<{ 2 * MOVE }>(packed, at, (text, from)) {
        return true;
    }
    match (packed.get_mut(at..at + n), text.get(from..from + n)) {
        (Some(to), Some(bytes)) => {
            to.copy_from_slice(bytes);
            true
        }
        _ => false,
    }
}

#[inline]
fn copy_exactly<const N: usize>(packed: &mut [u8], at: usize, (text, from): (&[u8], usize)) -> bool {
    let to = packed.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<N>());
    let bytes = text.get(from..).and_then(|rest| rest.first_chunk::<N>());
    match (to, bytes) {
        (Some(to), Some(bytes)) => {
            *to = *bytes;
            true
        }
        _ => false,
    }
}

/// Tells whether one name comes before the next. Most names differ within their first bytes.
#[inline]
fn ascends(packed: &[u8], last: (usize, usize), next: (usize, usize)) -> bool {
    let shorter = (last.1 - last.0).min(next.1 - next.0);
    if let (Some(a), Some(b)) = (prefix(packed, last.0), prefix(packed, next.0)) {
        let same = ((a ^ b).leading_zeros() / 8) as usize;
        if same < shorter.min(PREFIX) {
            return a < b;
        }
    }
    packed.get(last.0..last.1).unwrap_or_default() < packed.get(next.0..next.1).unwrap_or_default()
}

#[inline]
fn prefix(packed: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*packed.get(at..)?.first_chunk::<PREFIX>()?))
}
