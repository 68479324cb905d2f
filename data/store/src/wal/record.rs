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
//! Payload of an extended samples record, which is written only where there are start timestamps or histograms:
//! the same, but behind the definitions
//! ```text
//! starts of absolute, chained, late rows: each
//!   uvarint n, n times: uvarint rows since the one listed before (first: row), ivarint start
//! uvarint n, n histograms: uvarint ref, ivarint time, ivarint start, histogram (wal/record/histogram.rs)
//! ```
//! An absolute or late row that is not listed has no start; a chained one has that of the row before in the chain.
//!
//! Payload of a metadata record: uvarint n, then n times string name, string type, string help, string unit.
//! Payload of an exemplars record: uvarint n, then n times string packed labels of the series (empty: those of
//! the one before), string packed labels of the exemplar, ivarint time, u64 value bits.

mod histogram;

use model::{Exemplar, Histogram, Metadata, MetricType, Millis, PackedLabels};

pub(crate) use histogram::{put_histogram, read_histogram};

use super::extent::Extent;
use super::segment::{KIND_EXTENDED, KIND_SAMPLES};
use crate::bytes::{Malformed, Reader, put_ivarint, put_str, put_uvarint};
use crate::chunk::{put_token, read_token};

/// An encoded record and what the log must know of it.
pub(crate) struct Payload {
    pub(crate) kind: u8,
    pub(crate) bytes: Vec<u8>,
    pub(crate) extent: Extent,
}

impl Payload {
    /// A record without samples.
    pub(crate) fn plain(kind: u8, bytes: Vec<u8>) -> Self {
        Self {
            kind,
            bytes,
            extent: Extent::default(),
        }
    }
}

/// Start timestamps of some rows.
#[derive(Default)]
struct Starts {
    n: u64,
    bytes: Vec<u8>,
    last_row: u64,
}

impl Starts {
    fn push(&mut self, row: u64, start: Millis) {
        put_uvarint(&mut self.bytes, row - self.last_row);
        put_ivarint(&mut self.bytes, start);
        self.last_row = row;
        self.n += 1;
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        put_uvarint(out, self.n);
        out.append(&mut self.bytes);
        (self.n, self.last_row) = (0, 0);
    }
}

#[derive(Default)]
struct Rows {
    n: u64,
    refs: Vec<u8>,
    times: Vec<u8>,
    values: Vec<u8>,
    last_ref: i64,
    last_t: Millis,
    starts: Starts,
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
        self.refs.len() + self.times.len() + self.values.len() + self.starts.bytes.len()
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
    late_starts: Starts,
    n_histograms: u64,
    histograms: Vec<u8>,
    extent: Extent,
}

impl RecordBuilder {
    /// Says what a ref means.
    pub(crate) fn define(&mut self, id: u32, packed: &str) {
        self.n_definitions += 1;
        put_uvarint(&mut self.definitions, u64::from(id));
        put_str(&mut self.definitions, packed);
    }

    /// Adds a row whose value starts a chain; 0 is no start.
    pub(crate) fn absolute(&mut self, id: u32, t: Millis, (bits, start): (u64, Millis)) {
        if start != 0 {
            self.absolute.starts.push(self.absolute.n, start);
        }
        self.absolute.push(id, t, (0, bits));
        self.extent.note(t);
    }

    /// Adds a row whose value follows one in the same chain.
    #[inline]
    pub(crate) fn chained(&mut self, id: u32, t: Millis, values: (u64, u64)) {
        self.chained.push(id, t, values);
        self.extent.note(t);
    }

    /// Says that the chained row added last has another start than the one before it.
    pub(crate) fn change_start(&mut self, start: Millis) {
        self.chained.starts.push(self.chained.n.saturating_sub(1), start);
    }

    /// Adds a row out of order; 0 is no start.
    pub(crate) fn late(&mut self, id: u32, t: Millis, (bits, start): (u64, Millis)) {
        if start != 0 {
            self.late_starts.push(self.n_late, start);
        }
        self.n_late += 1;
        put_uvarint(&mut self.late, u64::from(id));
        put_ivarint(&mut self.late, t);
        self.late.extend_from_slice(&bits.to_le_bytes());
        self.extent.note(t);
    }

    /// Adds a histogram, in order or not; 0 is no start.
    pub(crate) fn histogram(&mut self, id: u32, t: Millis, (histogram, start): (&Histogram, Millis)) {
        self.n_histograms += 1;
        put_uvarint(&mut self.histograms, u64::from(id));
        put_ivarint(&mut self.histograms, t);
        put_ivarint(&mut self.histograms, start);
        put_histogram(histogram, &mut self.histograms);
        self.extent.note(t);
    }

    /// Says that a row is older than the head's floor.
    pub(crate) fn note_backfill(&mut self) {
        self.extent.backfill = true;
    }

    /// Tells whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.extent.is_empty()
    }

    /// Returns the number of rows in order.
    pub(crate) fn n_rows(&self) -> u64 {
        self.absolute.n + self.chained.n
    }

    /// Returns about how many bytes the record will have.
    pub(crate) fn len(&self) -> usize {
        self.definitions.len()
            + self.absolute.len()
            + self.chained.len()
            + self.late.len()
            + self.histograms.len()
    }

    fn is_extended(&self) -> bool {
        self.n_histograms + self.absolute.starts.n + self.chained.starts.n + self.late_starts.n > 0
    }

    /// Returns the record and starts another one. `header` is shard, incarnation and chain.
    pub(crate) fn finish(&mut self, header: [u32; 3]) -> Payload {
        let mut out = Vec::with_capacity(self.len() + 64);
        header
            .iter()
            .for_each(|number| put_uvarint(&mut out, u64::from(*number)));
        put_uvarint(&mut out, self.n_definitions);
        out.append(&mut self.definitions);
        let kind = if self.is_extended() {
            self.absolute.starts.finish(&mut out);
            self.chained.starts.finish(&mut out);
            self.late_starts.finish(&mut out);
            put_uvarint(&mut out, self.n_histograms);
            out.append(&mut self.histograms);
            KIND_EXTENDED
        } else {
            KIND_SAMPLES
        };
        self.absolute.finish(&mut out);
        self.chained.finish(&mut out);
        put_uvarint(&mut out, self.n_late);
        out.append(&mut self.late);
        self.n_definitions = 0;
        self.n_late = 0;
        self.n_histograms = 0;
        Payload {
            kind,
            bytes: out,
            extent: std::mem::take(&mut self.extent),
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

/// A row of a samples record, without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) base: Base,
    pub(crate) id: u32,
    pub(crate) t: Millis,
    /// Its start if that is listed.
    pub(crate) start: Option<Millis>,
}

/// A samples record taken apart.
pub(crate) struct SamplesReader<'a> {
    pub(crate) incarnation: u32,
    pub(crate) chain: u32,
    pub(crate) definitions: Vec<(u32, &'a str)>,
    /// Starts of absolute, chained and late rows, by number of row.
    starts: [Vec<(u64, Millis)>; 3],
    /// `(ref, time, start, histogram)`.
    pub(crate) histograms: Vec<(u32, Millis, Millis, Histogram)>,
    rest: Reader<'a>,
}

impl<'a> SamplesReader<'a> {
    pub(crate) fn new(kind: u8, bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Reader::new(bytes);
        // The shard, by which whoever reads this has chosen the table.
        rest.number::<u32>()?;
        let (incarnation, chain) = (rest.number()?, rest.number()?);
        let n = rest.uvarint()?;
        let mut definitions = Vec::new();
        for _ in 0..n {
            definitions.push((rest.number()?, rest.str()?));
        }
        let mut starts = [const { Vec::new() }; 3];
        let mut histograms = Vec::new();
        if kind == KIND_EXTENDED {
            for starts in &mut starts {
                let mut row = 0u64;
                for _ in 0..rest.uvarint()? {
                    row = row.checked_add(rest.uvarint()?).ok_or(Malformed)?;
                    starts.push((row, rest.ivarint()?));
                }
            }
            for _ in 0..rest.uvarint()? {
                let (id, t, start) = (rest.number()?, rest.ivarint()?, rest.ivarint()?);
                histograms.push((id, t, start, read_histogram(&mut rest)?));
            }
        }
        Ok(Self {
            incarnation,
            chain,
            definitions,
            starts,
            histograms,
            rest,
        })
    }

    /// Returns the shard of a samples record.
    pub(crate) fn shard_of(bytes: &[u8]) -> Result<u32, Malformed> {
        Reader::new(bytes).number()
    }

    /// Calls `each` with every row; it gets a reader for the value's token, or, for late rows, for its bits, and
    /// must read exactly that.
    #[inline]
    pub(crate) fn for_each_row(
        mut self,
        mut each: impl FnMut(Row, &mut Reader<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let [absolute, chained, late] = &self.starts;
        for (base, starts) in [(Base::Absolute, absolute), (Base::Chained, chained)] {
            let n = self.rest.uvarint()?;
            let (n_refs, n_times) = (self.rest.number()?, self.rest.number()?);
            let mut refs = Reader::new(self.rest.bytes(n_refs)?);
            let mut times = Reader::new(self.rest.bytes(n_times)?);
            let mut starts = starts.iter().peekable();
            let (mut id, mut t) = (-1i64, 0i64);
            for row in 0..n {
                id = id
                    .checked_add(1)
                    .and_then(|i| i.checked_add(refs.ivarint().ok()?))
                    .ok_or(Malformed)?;
                t = t.wrapping_add(times.ivarint()?);
                let row = Row {
                    base,
                    id: u32::try_from(id).map_err(|_| Malformed)?,
                    t,
                    start: starts.next_if(|listed| listed.0 == row).map(|listed| listed.1),
                };
                each(row, &mut self.rest)?;
            }
        }
        let mut starts = late.iter().peekable();
        for row in 0..self.rest.uvarint()? {
            let row = Row {
                base: Base::Late,
                id: self.rest.number()?,
                t: self.rest.ivarint()?,
                start: starts.next_if(|listed| listed.0 == row).map(|listed| listed.1),
            };
            each(row, &mut self.rest)?;
        }
        Ok(())
    }
}

/// Reads the value of a row; `before` is the value of the chain, if it is known. Returns `None` for a chained
/// row without one, having skipped its token.
#[inline]
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

/// Encodes exemplars, each with the packed labels of its series.
pub(crate) fn encode_exemplars<'a>(
    exemplars: impl ExactSizeIterator<Item = (&'a str, &'a Exemplar)>,
) -> Vec<u8> {
    let mut out = Vec::new();
    put_uvarint(&mut out, exemplars.len() as u64);
    let mut before = "";
    for (series, exemplar) in exemplars {
        put_str(&mut out, if series == before { "" } else { series });
        put_str(&mut out, exemplar.labels.packed());
        put_ivarint(&mut out, exemplar.timestamp);
        out.extend_from_slice(&exemplar.value.to_bits().to_le_bytes());
        before = series;
    }
    out
}

/// Calls `each` with every exemplar that [`encode_exemplars`] wrote.
pub(crate) fn decode_exemplars(
    bytes: &[u8],
    mut each: impl FnMut(PackedLabels<'_>, Exemplar),
) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    let mut series = PackedLabels::parse("").map_err(|_| Malformed)?;
    for _ in 0..reader.uvarint()? {
        match reader.str()? {
            "" => {}
            packed => series = PackedLabels::parse(packed).map_err(|_| Malformed)?,
        }
        let labels = PackedLabels::parse(reader.str()?).map_err(|_| Malformed)?;
        let (timestamp, bits) = (reader.ivarint()?, reader.u64()?);
        each(
            series,
            Exemplar {
                labels: labels.to_labels(),
                timestamp,
                value: f64::from_bits(bits),
            },
        );
    }
    Ok(())
}
