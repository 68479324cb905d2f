//! The footer of a part: all that is kept in memory of it.
//!
//! Layout of the raw footer:
//! ```text
//! u64 part number, u32 level, i64 first time, i64 last time, i64 floor,
//! from format 2 on: i64 base, i64 time of writing, uvarint n, n u64 sources
//! uvarint series, uvarint chunks, uvarint samples
//! six sections (see part/section.rs): values, times, chunks, series, symbols, postings
//! uvarint n, n series offsets as ivarint differences
//! uvarint n, n names: string name, uvarint number of values, uvarint n blocks,
//!   blocks: string first value, uvarint offset in symbols
//! ```
//! The floor is the time up to which the store was in parts when this one was written. The base is the time that
//! directories count from; in format 1 it is the first time. Sources are the flushed parts whose samples these
//! are, a flushed part itself among them.

use model::Millis;

use super::index::first::FIRST_BLOCK_ROWS;
use super::index::rows::BLOCK_ROWS;
use super::index::symbols::SYMBOL_BLOCK;
use super::section::Section;
use crate::bytes::{Malformed, Reader, put_str, put_uvarint};

/// What a part is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartInfo {
    /// Number of the part; later parts have larger ones.
    pub(crate) id: u64,
    /// 0 flushed, 1 compacted.
    pub(crate) level: u32,
    pub(crate) min_t: Millis,
    pub(crate) max_t: Millis,
    pub(crate) floor: Millis,
    pub(crate) n_series: u64,
    pub(crate) n_chunks: u64,
    pub(crate) n_samples: u64,
    /// Size of the file.
    pub(crate) bytes: u64,
    /// When it was written; 0 in format 1.
    pub(crate) created: Millis,
    /// Numbers of the flushed parts whose samples these are, ascending.
    pub(crate) sources: Vec<u64>,
}

impl PartInfo {
    /// Returns what is known of a part that is yet to be written.
    pub(crate) fn new(id: u64, level: u32) -> Self {
        Self {
            id,
            level,
            min_t: Millis::MAX,
            max_t: Millis::MIN,
            floor: Millis::MIN,
            n_series: 0,
            n_chunks: 0,
            n_samples: 0,
            bytes: 0,
            created: 0,
            sources: vec![id],
        }
    }

    /// Returns the number by which parts are older or newer than others: of two samples at one time that of the
    /// part with the smaller one counts.
    pub(crate) fn age(&self) -> u64 {
        self.sources.first().copied().unwrap_or(self.id)
    }
}

pub(super) const VALUES: usize = 0;
pub(super) const TIMES: usize = 1;
pub(super) const CHUNKS: usize = 2;
pub(super) const SERIES: usize = 3;
pub(super) const SYMBOLS: usize = 4;
pub(super) const POSTINGS: usize = 5;
pub(super) const N_SECTIONS: usize = 6;

pub(super) struct Name {
    pub(super) text: Box<str>,
    pub(super) n_values: u64,
    /// First value and offset of each block of values.
    pub(super) blocks: Vec<(Box<str>, u64)>,
}

pub(super) struct Footer {
    pub(super) info: PartInfo,
    /// Format of the file.
    pub(super) version: u32,
    /// Time that directories count from.
    pub(super) base: Millis,
    pub(super) sections: [Section; N_SECTIONS],
    /// Offset of every block of series.
    pub(super) series_offsets: Vec<u64>,
    /// In order.
    pub(super) names: Vec<Name>,
}

impl Footer {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let info = &self.info;
        out.extend_from_slice(&info.id.to_le_bytes());
        out.extend_from_slice(&info.level.to_le_bytes());
        for t in [info.min_t, info.max_t, info.floor] {
            out.extend_from_slice(&t.to_le_bytes());
        }
        out.extend_from_slice(&self.base.to_le_bytes());
        out.extend_from_slice(&info.created.to_le_bytes());
        put_uvarint(&mut out, info.sources.len() as u64);
        for source in &info.sources {
            out.extend_from_slice(&source.to_le_bytes());
        }
        for count in [info.n_series, info.n_chunks, info.n_samples] {
            put_uvarint(&mut out, count);
        }
        self.sections.iter().for_each(|section| section.encode(&mut out));
        put_uvarint(&mut out, self.series_offsets.len() as u64);
        let mut last = 0;
        for offset in &self.series_offsets {
            put_uvarint(&mut out, offset - last);
            last = *offset;
        }
        put_uvarint(&mut out, self.names.len() as u64);
        for name in &self.names {
            put_str(&mut out, &name.text);
            put_uvarint(&mut out, name.n_values);
            put_uvarint(&mut out, name.blocks.len() as u64);
            for (first, offset) in &name.blocks {
                put_str(&mut out, first);
                put_uvarint(&mut out, *offset);
            }
        }
        out
    }

    pub(super) fn decode(raw: &[u8], (version, bytes): (u32, u64)) -> Result<Self, Malformed> {
        let mut reader = Reader::new(raw);
        let (id, level) = (reader.u64()?, reader.u32()?);
        let (min_t, max_t, floor) = (reader.i64()?, reader.i64()?, reader.i64()?);
        let (mut base, mut created, mut sources) = (min_t, 0, vec![id]);
        if version > 1 {
            (base, created) = (reader.i64()?, reader.i64()?);
            sources.clear();
            for _ in 0..reader.uvarint()? {
                sources.push(reader.u64()?);
            }
        }
        let (n_series, n_chunks, n_samples) = (reader.uvarint()?, reader.uvarint()?, reader.uvarint()?);
        let info = PartInfo {
            id,
            level,
            min_t,
            max_t,
            floor,
            n_series,
            n_chunks,
            n_samples,
            bytes,
            created,
            sources,
        };
        let mut sections: [Section; N_SECTIONS] = Default::default();
        for section in &mut sections {
            *section = Section::decode(&mut reader, version)?;
        }
        let mut series_offsets = Vec::new();
        let mut offset = 0u64;
        for _ in 0..reader.uvarint()? {
            offset = offset.checked_add(reader.uvarint()?).ok_or(Malformed)?;
            series_offsets.push(offset);
        }
        let rows = if version == 1 {
            FIRST_BLOCK_ROWS
        } else {
            BLOCK_ROWS
        };
        // What is made for all series must be no more than the file has.
        if n_series.div_ceil(rows as u64) != series_offsets.len() as u64 {
            return Err(Malformed);
        }
        let mut names = Vec::new();
        for _ in 0..reader.uvarint()? {
            let (text, n_values) = (reader.str()?.into(), reader.uvarint()?);
            let mut blocks = Vec::new();
            for _ in 0..reader.uvarint()? {
                blocks.push((reader.str()?.into(), reader.uvarint()?));
            }
            if n_values.div_ceil(SYMBOL_BLOCK as u64) != blocks.len() as u64 {
                return Err(Malformed);
            }
            names.push(Name {
                text,
                n_values,
                blocks,
            });
        }
        Ok(Self {
            info,
            version,
            base,
            sections,
            series_offsets,
            names,
        })
    }
}

#[cfg(test)]
mod tests;
