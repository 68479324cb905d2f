//! The machine's time zone: which offset and name `/etc/localtime` gives to a time.
//!
//! Formats: RFC 9636 (TZif), and for times after its last transition the POSIX `TZ` string in its footer.

mod rule;

use std::path::Path;

use crate::{CollectError, Root};

/// Offset to UTC with the name it goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Zone<'a> {
    /// Local time less UTC, in seconds.
    pub(super) offset: i32,
    pub(super) name: &'a str,
}

/// The zone of a machine that has none.
pub(super) const UTC: Zone<'static> = Zone {
    offset: 0,
    name: "UTC",
};

const LOCALTIME: &str = "etc/localtime";

/// Reads the file of the machine's zone. It usually is a link; an absolute target is looked up in the tree.
///
/// # Errors
/// As [`Root::read`].
pub(super) fn read<'b>(root: &Root, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], CollectError> {
    match std::fs::read_link(root.path(LOCALTIME)) {
        Ok(target) if target.is_absolute() => root.read(target, buffer),
        _ => root.read(Path::new(LOCALTIME), buffer),
    }
}

/// Returns the zone at a time in seconds since 1970; `None` if the file is not a TZif file.
pub(super) fn at(file: &[u8], time: i64) -> Option<Zone<'_>> {
    let first = Block::parse(file, Width::Four)?;
    if first.version == 0 {
        return first.at(time);
    }
    let second = Block::parse(first.rest, Width::Eight)?;
    let last = second.time(second.type_indices.len(), 1);
    if last.is_none_or(|last| time >= last)
        && let Some(zone) = second.footer().and_then(|text| rule::at(text, time))
    {
        return Some(zone);
    }
    second.at(time)
}

/// Bytes of a transition time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Four = 4,
    Eight = 8,
}

/// One of the two data blocks of a file.
struct Block<'a> {
    version: u8,
    width: Width,
    times: &'a [u8],
    type_indices: &'a [u8],
    types: &'a [u8],
    names: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    fn parse(bytes: &'a [u8], width: Width) -> Option<Self> {
        let (header, mut rest) = bytes.split_at_checked(44)?;
        if !header.starts_with(b"TZif") {
            return None;
        }
        let count = |idx: usize| {
            let at = 20 + idx * 4;
            let bytes = header.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_be_bytes(bytes)).ok()
        };
        let (n_ut, n_std, n_leap) = (count(0)?, count(1)?, count(2)?);
        let (n_times, n_types, n_chars) = (count(3)?, count(4)?, count(5)?);
        let mut take = |n: usize, size: usize| {
            let (taken, left) = rest.split_at_checked(n.checked_mul(size)?)?;
            rest = left;
            Some(taken)
        };
        let times = take(n_times, width as usize)?;
        let type_indices = take(n_times, 1)?;
        let types = take(n_types, 6)?;
        let names = take(n_chars, 1)?;
        take(n_leap, width as usize + 4)?;
        take(n_std, 1)?;
        take(n_ut, 1)?;
        Some(Self {
            version: *header.get(4)?,
            width,
            times,
            type_indices,
            types,
            names,
            rest,
        })
    }

    /// Returns the transition `back` places before place `end`.
    fn time(&self, end: usize, back: usize) -> Option<i64> {
        let width = self.width as usize;
        let start = end.checked_sub(back)?.checked_mul(width)?;
        let bytes = self.times.get(start..start + width)?;
        match self.width {
            Width::Four => Some(i64::from(i32::from_be_bytes(bytes.try_into().ok()?))),
            Width::Eight => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
        }
    }

    fn at(&self, time: i64) -> Option<Zone<'a>> {
        let n_times = self.type_indices.len();
        let mut passed = n_times;
        while passed > 0 && self.time(passed, 1)? > time {
            passed -= 1;
        }
        // Times before the first transition have the first type.
        let type_idx = match passed.checked_sub(1) {
            Some(idx) => usize::from(*self.type_indices.get(idx)?),
            None => 0,
        };
        let record = self.types.get(type_idx * 6..type_idx * 6 + 6)?;
        let (offset, rest) = record.split_at_checked(4)?;
        let name = self.names.get(usize::from(*rest.get(1)?)..)?;
        let name = name.split(|byte| *byte == 0).next()?;
        Some(Zone {
            offset: i32::from_be_bytes(offset.try_into().ok()?),
            name: std::str::from_utf8(name).ok()?,
        })
    }

    fn footer(&self) -> Option<&'a str> {
        let text = self.rest.strip_prefix(b"\n")?;
        let text = text.split(|byte| *byte == b'\n').next()?;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests;
