//! Timestamps shared by the series of one target.
//!
//! A timeline is an ascending list of times that only grows at its end. A series that got a sample at each of
//! `n` successive times needs only the index of the first one. Indices count from the timeline's creation and
//! stay valid while a series or chunk uses them.

use std::collections::VecDeque;

use model::Millis;

use crate::bytes::Reader;
use crate::chunk::{decode_ints, encode_ints};

/// Times per compressed block.
const BLOCK: usize = 128;

/// Times that a timeline holds at most, which is hours of a thousand a second; a series goes on with another one then.
pub(super) const MAX_TIMES: usize = 1 << 22;

pub(super) struct Timeline {
    /// Index of the first time of the first block.
    base: u32,
    blocks: VecDeque<Block>,
    /// The latest times; at least one block of them stays uncompressed.
    tail: Vec<Millis>,
    /// How many open and sealed chunks refer to this timeline.
    pub(super) users: u32,
}

/// Compressed times.
struct Block {
    first: Millis,
    bytes: Box<[u8]>,
}

impl Timeline {
    pub(super) fn new(t: Millis) -> Self {
        Self {
            base: 0,
            blocks: VecDeque::new(),
            tail: vec![t],
            users: 0,
        }
    }

    fn tail_base(&self) -> u32 {
        self.base + (self.blocks.len() * BLOCK) as u32
    }

    /// Returns the index behind the last time.
    pub(super) fn end(&self) -> u32 {
        self.tail_base() + self.tail.len() as u32
    }

    fn n_times(&self) -> usize {
        self.blocks.len() * BLOCK + self.tail.len()
    }

    /// Returns the last time; a timeline is never empty.
    pub(super) fn last(&self) -> Millis {
        self.tail.last().copied().unwrap_or(Millis::MIN)
    }

    /// Returns the index of a time that is among the latest ones.
    pub(super) fn find(&self, t: Millis) -> Option<u32> {
        let at = if t == self.last() {
            self.tail.len() - 1
        } else {
            self.tail.binary_search(&t).ok()?
        };
        Some(self.tail_base() + at as u32)
    }

    /// Returns the time before the one at an index, if both are among the latest ones.
    pub(super) fn before(&self, index: u32) -> Option<Millis> {
        let at = index.checked_sub(self.tail_base())?.checked_sub(1)?;
        self.tail.get(at as usize).copied()
    }

    /// Tells whether the time at `index` is `t`, appending `t` if `index` is the end and `t` the latest time.
    #[inline]
    pub(super) fn matches(&mut self, index: u32, t: Millis) -> bool {
        let Some(at) = index.checked_sub(self.tail_base()) else {
            return false;
        };
        match self.tail.get(at as usize) {
            Some(time) => *time == t,
            None => at as usize == self.tail.len() && self.push(t),
        }
    }

    /// Appends a time if it is later than all before.
    pub(super) fn push(&mut self, t: Millis) -> bool {
        if t <= self.last() || self.end() == u32::MAX || self.n_times() >= MAX_TIMES {
            return false;
        }
        if self.tail.len() == 2 * BLOCK {
            let mut bytes = Vec::new();
            encode_ints(self.tail.get(..BLOCK).unwrap_or_default(), &mut bytes);
            self.blocks.push_back(Block {
                first: self.tail.first().copied().unwrap_or(Millis::MIN),
                bytes: bytes.into_boxed_slice(),
            });
            self.tail.drain(..BLOCK);
        }
        self.tail.push(t);
        true
    }

    /// Returns a time that the one at an index is not before: itself, or the first one of its block.
    pub(super) fn lower_bound(&self, index: u32) -> Option<Millis> {
        let at = index.checked_sub(self.base)? as usize;
        match self.blocks.get(at / BLOCK) {
            Some(block) => Some(block.first),
            None => self.tail.get(at - self.blocks.len() * BLOCK).copied(),
        }
    }

    /// Appends the times at `start..start + n` to `out`.
    pub(super) fn copy(&self, start: u32, n: usize, out: &mut Vec<Millis>) {
        let from = start.saturating_sub(self.base) as usize;
        let to = from + n;
        let mut block_start = 0;
        let mut decoded = Vec::new();
        for block in &self.blocks {
            let block_end = block_start + BLOCK;
            if block_end > from && block_start < to {
                decoded.clear();
                // Written by `push`, so it decodes.
                if decode_ints(&mut Reader::new(&block.bytes), BLOCK, &mut decoded).is_ok() {
                    let first = from.max(block_start) - block_start;
                    let last = to.min(block_end) - block_start;
                    out.extend_from_slice(decoded.get(first..last).unwrap_or_default());
                }
            }
            block_start = block_end;
        }
        let first = from.max(block_start) - block_start;
        let last = to.max(block_start) - block_start;
        out.extend_from_slice(self.tail.get(first..last).unwrap_or_default());
    }

    /// Forgets compressed times before `index`.
    pub(super) fn trim(&mut self, index: u32) {
        while !self.blocks.is_empty() && self.base + BLOCK as u32 <= index {
            self.blocks.pop_front();
            self.base += BLOCK as u32;
        }
    }
}

#[cfg(test)]
mod tests;
