//! What a record says.
//!
//! Payload of a samples record (words as in `bytes.rs`):
//! ```text
//! uvarint shard, uvarint incarnation, uvarint chain
//! uvarint n, n definitions: uvarint ref, string packed labels
//! absolute rows, chained rows: each
//!   uvarint n, uvarint bytes of refs, uvarint bytes of times,
//!   refs:   ivarint (ref - previous ref - 1), starting from -1
//!   times:  ivarint (time - previous time), starting from 0
//!   values: a token each (see chunk/stream.rs)
//! uvarint n, n late rows: uvarint ref, ivarint time, u64 value bits
//! ```
//! A ref names a series from its definition until the shard's incarnation or the epoch changes. Values of
//! absolute rows are relative to zero and start a chain; those of chained rows are relative to the value the
//! series had in the same chain before. A late row is older than its series' latest and outside any chain.
//!
//! Payload of a metadata record: uvarint n, then n times string name, string type, string help, string unit.

use model::{Metadata, MetricType, Millis};

use crate::bytes::{Malformed, Reader, put_ivarint, put_str, put_uvarint};
use crate::chunk::{put_token, read_token};

/// An encoded record and the newest sample in it.
pub(crate) struct Payload {
    pub(crate) bytes: Vec<u8>,
    pub(crate) newest: Millis,
}

#[derive(Default)]
struct Rows {
    n: u64,
    refs: Vec<u8>,
    times: Vec<u8>,
    values: Vec<u8>,
    last_ref: i64,
    last_t: Millis,
}

impl Rows {
    #[inline]
    fn push(&mut self, id: u32, t: Millis, (before, bits): (u64, u64)) {
        let first = self.n == 0;
        let (last_ref, last_t) = if first {
            (-1, 0)
        } else {
            (self.last_ref, self.last_t)
        };
        put_ivarint(&mut self.refs, i64::from(id) - last_ref - 1);
        put_ivarint(&mut self.times, t.wrapping_sub(last_t));
        put_token(before, bits, &mut self.values);
        self.last_ref = i64::from(id);
        self.last_t = t;
        self.n += 1;
    }

    fn len(&self) -> usize {
        self.refs.len() + self.times.len() + self.values.len()
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        put_uvarint(out, self.n);
        put_uvarint(out, self.refs.len() as u64);
        put_uvarint(out, self.times.len() as u64);
        for column in [&mut self.refs, &mut self.times, &mut self.values] {
            out.extend_from_slice(column);
            column.clear();
        }
        self.n = 0;
    }
}

/// Collects rows into a samples record; keeps its memory between records.
#[derive(Default)]
pub(crate) struct RecordBuilder {
    n_definitions: u64,
    definitions: Vec<u8>,
    absolute: Rows,
    chained: Rows,
    n_late: u64,
    late: Vec<u8>,
    newest: Option<Millis>,
}

impl RecordBuilder {
    /// Says what a ref means.
    pub(crate) fn define(&mut self, id: u32, packed: &str) {
        self.n_definitions += 1;
        put_uvarint(&mut self.definitions, u64::from(id));
        put_str(&mut self.definitions, packed);
    }

    /// Adds a row whose value starts a chain.
    pub(crate) fn absolute(&mut self, id: u32, t: Millis, bits: u64) {
        self.absolute.push(id, t, (0, bits));
        self.newest = self.newest.max(Some(t));
    }

    /// Adds a row whose value follows one in the same chain.
    #[inline]
    pub(crate) fn chained(&mut self, id: u32, t: Millis, (before, bits): (u64, u64)) {
        self.chained.push(id, t, (before, bits));
        self.newest = self.newest.max(Some(t));
    }

    /// Adds a row out of order.
    pub(crate) fn late(&mut self, id: u32, t: Millis, bits: u64) {
        self.n_late += 1;
        put_uvarint(&mut self.late, u64::from(id));
        put_ivarint(&mut self.late, t);
        self.late.extend_from_slice(&bits.to_le_bytes());
        self.newest = self.newest.max(Some(t));
    }

    /// Tells whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// Returns the number of rows in order.
    pub(crate) fn n_rows(&self) -> u64 {
        self.absolute.n + self.chained.n
    }

    /// Returns about how many bytes the record will have.
    pub(crate) fn len(&self) -> usize {
        self.definitions.len() + self.absolute.len() + self.chained.len() + self.late.len()
    }

    /// Returns the record and starts another one. `header` is shard, incarnation and chain.
    pub(crate) fn finish(&mut self, header: [u32; 3]) -> Payload {
        let mut out = Vec::with_capacity(self.len() + 64);
        header
            .iter()
            .for_each(|number| put_uvarint(&mut out, u64::from(*number)));
        put_uvarint(&mut out, self.n_definitions);
        out.append(&mut self.definitions);
        self.absolute.finish(&mut out);
        self.chained.finish(&mut out);
        put_uvarint(&mut out, self.n_late);
        out.append(&mut self.late);
        self.n_definitions = 0;
        self.n_late = 0;
        Payload {
            bytes: out,
            newest: self.newest.take().unwrap_or(Millis::MIN),
        }
    }
}

/// How the value of a row is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// Relative to zero; starts a chain.
    Absolute,
    /// Relative to the value before in the chain.
    Chained,
    /// As it is; outside any chain.
    Late,
}

/// A samples record taken apart.
pub(crate) struct SamplesReader<'a> {
    pub(crate) shard: u32,
    pub(crate) incarnation: u32,
    pub(crate) chain: u32,
    pub(crate) definitions: Vec<(u32, &'a str)>,
    rest: Reader<'a>,
}

impl<'a> SamplesReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Reader::new(bytes);
        let (shard, incarnation, chain) = (rest.number()?, rest.number()?, rest.number()?);
        let n = rest.uvarint()?;
        let mut definitions = Vec::new();
        for _ in 0..n {
            definitions.push((rest.number()?, rest.str()?));
        }
        Ok(Self {
            shard,
            incarnation,
            chain,
            definitions,
            rest,
        })
    }

    /// Calls `each` with base, ref and time of every row; it gets a reader for the value's token, or, for late
    /// rows, for its bits, and must read exactly that.
    pub(crate) fn for_each_row(
        mut self,
        mut each: impl FnMut(Base, u32, Millis, &mut Reader<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        for base in [Base::Absolute, Base::Chained] {
            let n = self.rest.uvarint()?;
            let (n_refs, n_times) = (self.rest.number()?, self.rest.number()?);
            let mut refs = Reader::new(self.rest.bytes(n_refs)?);
            let mut times = Reader::new(self.rest.bytes(n_times)?);
            let (mut id, mut t) = (-1i64, 0i64);
            for _ in 0..n {
                id = id
                    .checked_add(1)
                    .and_then(|i| i.checked_add(refs.ivarint().ok()?))
                    .ok_or(Malformed)?;
                t = t.wrapping_add(times.ivarint()?);
                each(base, u32::try_from(id).map_err(|_| Malformed)?, t, &mut self.rest)?;
            }
        }
        for _ in 0..self.rest.uvarint()? {
            let (id, t) = (self.rest.number()?, self.rest.ivarint()?);
            each(Base::Late, id, t, &mut self.rest)?;
        }
        Ok(())
    }
}

/// Reads the value of a row; `before` is the value of the chain, if it is known. Returns `None` for a chained
/// row without one, having skipped its token.
pub(super) fn read_value(
    base: Base,
    before: Option<u64>,
    reader: &mut Reader<'_>,
) -> Result<Option<u64>, Malformed> {
    match (base, before) {
        (Base::Late, _) => reader.u64().map(Some),
        (Base::Absolute, _) => read_token(reader, 0).map(Some),
        (Base::Chained, Some(before)) => read_token(reader, before).map(Some),
        (Base::Chained, None) => read_token(reader, 0).map(|_| None),
    }
}

/// Encodes a metadata record, or the metadata file's content.
pub(crate) fn encode_metadata<'a>(
    entries: impl ExactSizeIterator<Item = (&'a str, &'a Metadata)>,
) -> Vec<u8> {
    let mut out = Vec::new();
    put_uvarint(&mut out, entries.len() as u64);
    for (name, metadata) in entries {
        for text in [
            name,
            metadata.metric_type.as_str(),
            &metadata.help,
            &metadata.unit,
        ] {
            put_str(&mut out, text);
        }
    }
    out
}

/// Calls `each` with every entry that [`encode_metadata`] wrote.
pub(crate) fn decode_metadata(bytes: &[u8], mut each: impl FnMut(&str, Metadata)) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    for _ in 0..reader.uvarint()? {
        let name = reader.str()?;
        let metric_type = MetricType::from_word(reader.str()?);
        let (help, unit) = (reader.str()?.to_owned(), reader.str()?.to_owned());
        each(
            name,
            Metadata {
                metric_type,
                help,
                unit,
            },
        );
    }
    Ok(())
}
