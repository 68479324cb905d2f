//! The symbols of a part: which values each label name has, and which series have them.
//!
//! Section `symbols`, per label name the values in order, 64 to a block:
//! ```text
//! uvarint bytes shared with the value before (0 at the start of a block), string rest,
//! uvarint number of series, then
//!   for one series its uvarint id; for all series of the part nothing;
//!   else uvarint offset and uvarint bytes in `postings`
//! ```
//! Section `postings`, ascending ids in runs of 128:
//! ```text
//! uvarint first id minus the last one of the run before (first run: first id), then for the other ids of the run
//! u8 width, their differences minus one, bit-packed
//! ```
//! In format 1 postings are uvarint differences, and lists of all series are no exception.

use model::LabelsBuilder;

use crate::bytes::{Malformed, Reader, put_str, put_uvarint};
use crate::chunk::bitpack as bits;
use crate::head::decode_postings;
use crate::part::footer::{Name, POSTINGS, SYMBOLS};
use crate::part::reader::{Part, PartError};

/// Values between restarts of shared prefixes.
pub(in crate::part) const SYMBOL_BLOCK: usize = 64;

/// Ids in a run of postings.
const RUN: usize = 128;

/// Series ids of a symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    One(u32),
    All,
    Many { n: usize, offset: u64, bytes: usize },
}

impl Found {
    /// Returns the number of ids; all of them count as most.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many { n, .. } => *n,
            Self::All => usize::MAX,
        }
    }
}

/// Appends the entry of a value, which comes after `previous` in its block and which `n` series have.
pub(in crate::part) fn put_symbol(
    (previous, value): (&str, &str),
    (found, n): (&Found, u32),
    out: &mut Vec<u8>,
) {
    let shared = value
        .bytes()
        .zip(previous.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    // The rest of a string must be text by itself.
    let shared = (0..=shared)
        .rev()
        .find(|at| value.is_char_boundary(*at))
        .unwrap_or(0);
    put_uvarint(out, shared as u64);
    put_str(out, value.get(shared..).unwrap_or(""));
    put_uvarint(out, u64::from(n));
    match found {
        Found::One(id) => put_uvarint(out, u64::from(*id)),
        Found::All => {}
        Found::Many { offset, bytes, .. } => {
            put_uvarint(out, *offset);
            put_uvarint(out, *bytes as u64);
        }
    }
}

/// Appends ascending ids.
pub(in crate::part) fn put_postings(ids: &[u32], out: &mut Vec<u8>) {
    let mut last = 0;
    for run in ids.chunks(RUN) {
        let Some((first, rest)) = run.split_first() else {
            continue;
        };
        put_uvarint(out, u64::from(first - last));
        last = run.last().copied().unwrap_or(0);
        if rest.is_empty() {
            continue;
        }
        let gaps = run.windows(2).map(|pair| u64::from(pair[1] - pair[0] - 1));
        let width = bits::width_of(gaps.clone().max().unwrap_or(0));
        out.push(width as u8);
        bits::pack(gaps, width, out);
    }
}

/// Appends `n` ids to `out`.
pub(in crate::part) fn read_postings(bytes: &[u8], n: usize, out: &mut Vec<u32>) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    let (mut left, mut id) = (n, 0u32);
    while left > 0 {
        let run = left.min(RUN);
        id = id.checked_add(reader.number()?).ok_or(Malformed)?;
        out.push(id);
        if run > 1 {
            let width = u32::from(reader.u8()?);
            if width > u32::BITS {
                return Err(Malformed);
            }
            let packed = reader.bytes(bits::packed_len(run - 1, width))?;
            bits::unpack(packed, width, run - 1, |gap| {
                // Ids that would wrap are caught by their reader: no such series.
                id = id.wrapping_add(gap as u32).wrapping_add(1);
                out.push(id);
            })?;
        }
        left -= run;
    }
    Ok(())
}

impl Part {
    /// Finds a label name.
    pub(in crate::part) fn name(&self, name: &str) -> Option<(u32, &Name)> {
        let names = &self.footer.names;
        let at = names.binary_search_by(|n| (*n.text).cmp(name)).ok()?;
        Some((at as u32, names.get(at)?))
    }

    /// Returns the number of a label name and how many values it has.
    pub(crate) fn name_number(&self, name: &str) -> Option<(u32, u64)> {
        self.name(name).map(|(number, name)| (number, name.n_values))
    }

    /// Calls `each` with the values of one block and their series until it returns false; returns whether it
    /// never did.
    pub(in crate::part) fn scan_block(
        &self,
        name: u32,
        block: usize,
        each: impl FnMut(&str, Found) -> bool,
    ) -> Result<bool, PartError> {
        let names = &self.footer.names;
        let found = names.get(name as usize).ok_or(Malformed)?;
        let (_, start) = *found.blocks.get(block).ok_or(Malformed)?;
        // Blocks lie one after another, those of the next name behind.
        let next = found.blocks.get(block + 1).map(|(_, at)| *at);
        let after = || (names.iter().skip(name as usize + 1)).find_map(|name| Some(name.blocks.first()?.1));
        let end = next.or_else(after).unwrap_or(self.section_len(SYMBOLS));
        let len = usize::try_from(end.saturating_sub(start)).map_err(|_| Malformed)?;
        let n = found
            .n_values
            .saturating_sub((block * SYMBOL_BLOCK) as u64)
            .min(SYMBOL_BLOCK as u64);
        let mut pages = self.pages(SYMBOLS);
        Ok(self.each_symbol(pages.bytes(start, len)?, n, each)?)
    }

    fn each_symbol(
        &self,
        bytes: &[u8],
        n: u64,
        mut each: impl FnMut(&str, Found) -> bool,
    ) -> Result<bool, Malformed> {
        let all = self.info().n_series;
        let mut reader = Reader::new(bytes);
        let mut value = String::new();
        for _ in 0..n {
            let shared = reader.number::<usize>()?;
            if !value.is_char_boundary(shared) {
                return Err(Malformed);
            }
            value.truncate(shared);
            value.push_str(reader.str()?);
            let count = reader.uvarint()?;
            let found = if count == 1 {
                Found::One(reader.number()?)
            } else if count == all && self.version() > 1 {
                Found::All
            } else {
                Found::Many {
                    n: usize::try_from(count).map_err(|_| Malformed)?,
                    offset: reader.uvarint()?,
                    bytes: reader.number()?,
                }
            };
            if !each(&value, found) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Appends the ids of a symbol, ascending.
    pub(crate) fn postings(&self, found: &Found, out: &mut Vec<u32>) -> Result<(), PartError> {
        match *found {
            Found::One(id) => out.push(id),
            Found::All => out.extend(0..u32::try_from(self.info().n_series).map_err(|_| Malformed)?),
            Found::Many { n, offset, bytes } => {
                let mut pages = self.pages(POSTINGS);
                let encoded = pages.bytes(offset, bytes)?;
                let from = out.len();
                // No list is longer than there are series, whatever the bytes say.
                if n as u64 > self.info().n_series {
                    return Err(Malformed.into());
                }
                match self.version() {
                    1 => decode_postings(encoded, n, out)?,
                    _ => read_postings(encoded, n, out)?,
                }
                let beyond = |id: &u32| u64::from(*id) >= self.info().n_series;
                if out.get(from..).is_some_and(|ids| ids.iter().any(beyond)) {
                    return Err(Malformed.into());
                }
            }
        }
        Ok(())
    }

    /// Finds the number of a value and the series that have it.
    pub(crate) fn symbol(&self, name: &str, value: &str) -> Result<Option<(u32, Found)>, PartError> {
        let Some((number, name)) = self.name(name) else {
            return Ok(None);
        };
        let after = name.blocks.partition_point(|(first, _)| **first <= *value);
        let Some(block) = after.checked_sub(1) else {
            return Ok(None);
        };
        let mut at = (block * SYMBOL_BLOCK) as u32;
        let mut hit = None;
        self.scan_block(number, block, |candidate, found| {
            if candidate == value {
                hit = Some((at, found));
            }
            at += 1;
            candidate < value
        })?;
        Ok(hit)
    }

    /// Calls `each` with the values from `from` on, in order, until it returns false.
    pub(in crate::part) fn symbols_from(
        &self,
        name: (u32, &Name),
        from: &str,
        mut each: impl FnMut(&str, Found) -> bool,
    ) -> Result<(), PartError> {
        self.numbered_from(name, from, |_, value, found| each(value, found))
    }

    /// Calls `each` with the values from `from` on and their numbers, in order, until it returns false.
    pub(in crate::part) fn numbered_from(
        &self,
        name: (u32, &Name),
        from: &str,
        mut each: impl FnMut(u32, &str, Found) -> bool,
    ) -> Result<(), PartError> {
        let blocks = &name.1.blocks;
        let after = blocks.partition_point(|(first, _)| **first <= *from);
        for block in after.saturating_sub(1)..blocks.len() {
            let mut number = (block * SYMBOL_BLOCK) as u32;
            let on = self.scan_block(name.0, block, |value, found| {
                let on = value < from || each(number, value, found);
                number += 1;
                on
            })?;
            if !on {
                break;
            }
        }
        Ok(())
    }

    /// Appends the pairs `name="value"` of values given by number, ascending, to `out` in packed form, and where
    /// each ends to `ends`.
    pub(in crate::part) fn packed_pairs(
        &self,
        name: u32,
        values: &[u32],
        (out, ends): (&mut String, &mut Vec<u32>),
    ) -> Result<(), PartError> {
        let text = &self.footer.names.get(name as usize).ok_or(Malformed)?.text;
        let mut builder = LabelsBuilder::default();
        let mut rest = values.iter().copied().peekable();
        while let Some(next) = rest.peek().copied() {
            let block = next as usize / SYMBOL_BLOCK;
            let mut number = (block * SYMBOL_BLOCK) as u32;
            let mut failed = false;
            self.scan_block(name, block, |value, _| {
                if rest.next_if_eq(&number).is_some() {
                    builder.clear();
                    builder.add(text, value);
                    failed |= builder.pack_into(out).is_err();
                    ends.push(u32::try_from(out.len()).unwrap_or(u32::MAX));
                }
                number += 1;
                rest.peek().is_some() && !failed
            })?;
            // A number beyond the last value would be asked for again and again.
            if failed
                || rest
                    .peek()
                    .is_some_and(|left| *left as usize / SYMBOL_BLOCK == block)
            {
                return Err(Malformed.into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
