//! The table of series: where the chunks of each are, and its labels as numbers.
//!
//! Section `series` is blocks of 128 series, their offsets in the footer. A block, all columns bit-packed
//! (chunk/bitpack.rs) after what is common to the block is taken off:
//! ```text
//! uvarint series
//! uvarint offset of the block's first directory in `chunks`, uvarint offset of its first payload in `values`
//! column: bytes of each series in `chunks`
//! column: bytes of each series in `values`
//! uvarint n names, n times: uvarint number of the name minus that of the name before, column: number of the
//!   value plus one, 0 where a series does not have the label
//! column: uvarint minimum, u8 width, numbers minus minimum
//! ```
//! Names are numbered in order, and so are the values of each name.

use crate::bytes::{Malformed, Reader, put_uvarint};
use crate::chunk::bitpack as bits;

/// Series in a block.
pub(in crate::part) const BLOCK_ROWS: usize = 128;

/// One series of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::part) struct Row {
    pub(in crate::part) chunks_len: u64,
    pub(in crate::part) values_len: u64,
    /// `(name, value)`, ascending.
    pub(in crate::part) labels: Vec<(u32, u32)>,
}

/// Collects the table while the numbers of names and values are still provisional.
#[derive(Default)]
pub(in crate::part) struct RowsWriter {
    pending: Vec<Row>,
    chunks_at: u64,
    values_at: u64,
    blocks: Vec<u8>,
    ends: Vec<usize>,
}

impl RowsWriter {
    pub(in crate::part) fn push(&mut self, mut row: Row) {
        row.labels.sort_unstable();
        self.pending.push(row);
        if self.pending.len() == BLOCK_ROWS {
            self.close_block();
        }
    }

    fn close_block(&mut self) {
        encode_block(&self.pending, (self.chunks_at, self.values_at), &mut self.blocks);
        self.ends.push(self.blocks.len());
        for row in self.pending.drain(..) {
            self.chunks_at += row.chunks_len;
            self.values_at += row.values_len;
        }
    }

    /// Calls `each` with every block in which numbers are replaced by what `renumber` says.
    pub(in crate::part) fn finish(
        mut self,
        renumber: impl Fn((u32, u32)) -> (u32, u32),
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Malformed> {
        if !self.pending.is_empty() {
            self.close_block();
        }
        let (mut start, mut bytes) = (0, Vec::new());
        for end in self.ends {
            let block = Block::parse(self.blocks.get(start..end).ok_or(Malformed)?, |_| true)?;
            let mut rows = Vec::with_capacity(block.rows);
            for at in 0..block.rows {
                let mut row = block.row(at);
                row.labels.iter_mut().for_each(|label| *label = renumber(*label));
                row.labels.sort_unstable();
                rows.push(row);
            }
            bytes.clear();
            encode_block(&rows, (block.chunks_at, block.values_at), &mut bytes);
            each(&bytes);
            start = end;
        }
        Ok(())
    }
}

fn encode_block(rows: &[Row], (chunks_at, values_at): (u64, u64), out: &mut Vec<u8>) {
    put_uvarint(out, rows.len() as u64);
    put_uvarint(out, chunks_at);
    put_uvarint(out, values_at);
    put_column(rows.iter().map(|row| row.chunks_len), out);
    put_column(rows.iter().map(|row| row.values_len), out);
    let mut names: Vec<u32> = rows.iter().flat_map(|row| &row.labels).map(|l| l.0).collect();
    names.sort_unstable();
    names.dedup();
    put_uvarint(out, names.len() as u64);
    let mut before = 0;
    for name in names {
        put_uvarint(out, u64::from(name - before));
        before = name;
        let value_of = |row: &Row| {
            let at = row.labels.binary_search_by_key(&name, |label| label.0).ok()?;
            row.labels.get(at).map(|label| u64::from(label.1) + 1)
        };
        put_column(rows.iter().map(|row| value_of(row).unwrap_or(0)), out);
    }
}

fn put_column(numbers: impl Iterator<Item = u64> + Clone, out: &mut Vec<u8>) {
    let low = numbers.clone().min().unwrap_or(0);
    let high = numbers.clone().max().unwrap_or(0);
    let width = bits::width_of(high - low);
    put_uvarint(out, low);
    out.push(width as u8);
    bits::pack(numbers.map(|number| number - low), width, out);
}

/// Numbers of all series of a block.
#[derive(Clone, Copy)]
pub(in crate::part) struct Column<'a> {
    low: u64,
    width: u32,
    packed: &'a [u8],
}

impl<'a> Column<'a> {
    fn parse(reader: &mut Reader<'a>, rows: usize) -> Result<Self, Malformed> {
        let low = reader.uvarint()?;
        let width = u32::from(reader.u8()?);
        if width > u64::BITS {
            return Err(Malformed);
        }
        let packed = reader.bytes(bits::packed_len(rows, width))?;
        Ok(Self { low, width, packed })
    }

    /// Tells whether all series have the same number.
    pub(in crate::part) fn is_constant(&self) -> bool {
        self.width == 0
    }

    #[inline]
    pub(in crate::part) fn get(&self, at: usize) -> u64 {
        self.low.wrapping_add(bits::get(self.packed, self.width, at))
    }
}

/// A block as it is in the section.
pub(in crate::part) struct Block<'a> {
    pub(in crate::part) rows: usize,
    chunks_at: u64,
    values_at: u64,
    chunks_len: Column<'a>,
    values_len: Column<'a>,
    /// In order.
    pub(in crate::part) names: Vec<(u32, Column<'a>)>,
}

impl<'a> Block<'a> {
    /// Reads a block, of the labels those that are wanted.
    pub(in crate::part) fn parse(bytes: &'a [u8], wanted: impl Fn(u32) -> bool) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let rows = reader.number::<usize>()?;
        if rows > BLOCK_ROWS {
            return Err(Malformed);
        }
        let (chunks_at, values_at) = (reader.uvarint()?, reader.uvarint()?);
        let chunks_len = Column::parse(&mut reader, rows)?;
        let values_len = Column::parse(&mut reader, rows)?;
        let mut names = Vec::new();
        let mut number = 0u32;
        for _ in 0..reader.number::<usize>()? {
            number = number.checked_add(reader.number()?).ok_or(Malformed)?;
            let column = Column::parse(&mut reader, rows)?;
            if wanted(number) {
                names.push((number, column));
            }
        }
        Ok(Self {
            rows,
            chunks_at,
            values_at,
            chunks_len,
            values_len,
            names,
        })
    }

    /// Replaces `ends` by where each series starts, and where what comes behind does.
    pub(in crate::part) fn places(&self, ends: &mut Vec<Place>) {
        let mut place = Place {
            chunks: self.chunks_at,
            values: self.values_at,
        };
        ends.clear();
        ends.push(place);
        for at in 0..self.rows {
            place.chunks = place.chunks.wrapping_add(self.chunks_len.get(at));
            place.values = place.values.wrapping_add(self.values_len.get(at));
            ends.push(place);
        }
    }

    /// Returns the column of a label: numbers of values plus one.
    pub(in crate::part) fn column(&self, name: u32) -> Option<Column<'a>> {
        let at = self.names.binary_search_by_key(&name, |column| column.0).ok()?;
        self.names.get(at).map(|(_, column)| *column)
    }

    /// Calls `each` with `(name, value)` of a series in order of names.
    fn labels(&self, at: usize, mut each: impl FnMut(u32, u32)) {
        for (name, column) in &self.names {
            let number = u32::try_from(column.get(at)).unwrap_or(0);
            if let Some(value) = number.checked_sub(1) {
                each(*name, value);
            }
        }
    }

    fn row(&self, at: usize) -> Row {
        let mut labels = Vec::new();
        self.labels(at, |name, value| labels.push((name, value)));
        Row {
            chunks_len: self.chunks_len.get(at),
            values_len: self.values_len.get(at),
            labels,
        }
    }
}

/// Offsets of a series' directory in `chunks` and of its payloads in `values`.
#[derive(Clone, Copy, Debug)]
pub(in crate::part) struct Place {
    pub(in crate::part) chunks: u64,
    pub(in crate::part) values: u64,
}
