//! Finding series of a part.

use std::cmp::Ordering;

use model::{METRIC_NAME, PackedLabels};

use super::footer::{Name, POSTINGS, SYMBOLS};
use super::reader::{Part, PartError};
use super::{SYMBOL_BLOCK, reader};
use crate::bytes::{Malformed, Reader};
use crate::head::{decode_postings, hash_labels};

/// Series ids of a symbol.
enum Found {
    One(u32),
    Many { n: usize, offset: u64, bytes: usize },
}

/// The order of series in parts.
pub(crate) fn order(a: &str, b: &str) -> Ordering {
    let name = |packed| PackedLabels::trusted(packed).get(METRIC_NAME).unwrap_or("");
    let by_name = name(a).cmp(name(b));
    by_name
        .then_with(|| hash_labels(a).cmp(&hash_labels(b)))
        .then_with(|| a.cmp(b))
}

impl Part {
    fn name(&self, name: &str) -> Option<&Name> {
        let names = &self.footer.names;
        names
            .binary_search_by(|n| (*n.text).cmp(name))
            .ok()
            .and_then(|i| names.get(i))
    }

    /// Calls `each` with all values of one block and their series until it returns false.
    fn scan_block(
        &self,
        name: &Name,
        block: usize,
        mut each: impl FnMut(&str, Found) -> bool,
    ) -> Result<bool, PartError> {
        let (_, start) = name.blocks.get(block).ok_or(Malformed)?;
        let n = name
            .n_values
            .saturating_sub((block * SYMBOL_BLOCK) as u64)
            .min(SYMBOL_BLOCK as u64);
        let mut len = 4096;
        let mut bytes = Vec::new();
        loop {
            self.read(SYMBOLS, (*start, len), &mut bytes)?;
            match decode_block(&bytes, n) {
                Ok(entries) => {
                    return Ok(entries.into_iter().all(|(value, found)| each(&value, found)));
                }
                // The block is longer than what was read.
                Err(Malformed) if bytes.len() == len => len *= 8,
                Err(Malformed) => return Err(Malformed.into()),
            }
        }
    }

    fn postings(&self, found: &Found, out: &mut Vec<u32>) -> Result<(), PartError> {
        match found {
            Found::One(id) => out.push(*id),
            Found::Many { n, offset, bytes } => {
                let mut encoded = Vec::new();
                self.read(POSTINGS, (*offset, *bytes), &mut encoded)?;
                decode_postings(&encoded, *n, out)?;
            }
        }
        Ok(())
    }

    /// Appends the ids of series that have `name="value"`, ascending.
    pub(crate) fn equal(&self, name: &str, value: &str, out: &mut Vec<u32>) -> Result<(), PartError> {
        let Some(name) = self.name(name) else {
            return Ok(());
        };
        let after = name.blocks.partition_point(|(first, _)| **first <= *value);
        let Some(block) = after.checked_sub(1) else {
            return Ok(());
        };
        let mut hit = None;
        self.scan_block(name, block, |candidate, found| {
            if candidate == value {
                hit = Some(found);
            }
            candidate < value
        })?;
        hit.map_or(Ok(()), |found| self.postings(&found, out))
    }

    /// Appends the ids of series whose value of `name` is to be kept.
    pub(crate) fn scan(
        &self,
        name: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        out: &mut Vec<u32>,
    ) -> Result<(), PartError> {
        let Some(name) = self.name(name) else {
            return Ok(());
        };
        let mut kept = Vec::new();
        for block in 0..name.blocks.len() {
            self.scan_block(name, block, |value, found| {
                if keep(value) {
                    kept.push(found);
                }
                true
            })?;
        }
        kept.iter().try_for_each(|found| self.postings(found, out))
    }

    /// Calls `each` with all values of a name, in order.
    pub(crate) fn label_values(&self, name: &str, mut each: impl FnMut(&str)) -> Result<(), PartError> {
        let Some(name) = self.name(name) else {
            return Ok(());
        };
        for block in 0..name.blocks.len() {
            self.scan_block(name, block, |value, _| {
                each(value);
                true
            })?;
        }
        Ok(())
    }

    /// Calls `each` with all label names, in order.
    pub(crate) fn label_names(&self, mut each: impl FnMut(&str)) {
        self.footer.names.iter().for_each(|name| each(&name.text));
    }

    /// Finds a series by its packed labels.
    pub(crate) fn find(&self, packed: &str) -> Result<Option<u32>, PartError> {
        let n = u32::try_from(self.info().n_series).map_err(|_| Malformed)?;
        let (mut low, mut high) = (0, n);
        while low < high {
            let middle = low + (high - low) / 2;
            let mut ordering = None;
            self.series_rows(&[middle], |_, row: reader::SeriesRow| {
                ordering = Some(order(&row.labels, packed));
                false
            })?;
            match ordering.ok_or(Malformed)? {
                Ordering::Equal => return Ok(Some(middle)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }
}

fn decode_block(bytes: &[u8], n: u64) -> Result<Vec<(String, Found)>, Malformed> {
    let mut reader = Reader::new(bytes);
    let mut entries: Vec<(String, Found)> = Vec::new();
    for _ in 0..n {
        let shared = reader.number::<usize>()?;
        let rest = reader.str()?;
        let previous = entries.last().map_or("", |(value, _)| value.as_str());
        let mut value = previous.get(..shared).ok_or(Malformed)?.to_owned();
        value.push_str(rest);
        let count = reader.number::<usize>()?;
        let found = if count == 1 {
            Found::One(reader.number()?)
        } else {
            Found::Many {
                n: count,
                offset: reader.uvarint()?,
                bytes: reader.number()?,
            }
        };
        entries.push((value, found));
    }
    Ok(entries)
}
