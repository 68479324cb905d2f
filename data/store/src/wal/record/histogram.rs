//! A native histogram as bytes, by itself.
//!
//! ```text
//! u8 schema (two's complement), u8 flags: 1 integer, 2·hint (0 unknown, 1 reset, 2 no reset, 3 gauge)
//! u64 bits of the zero threshold, tokens of zero count, count and sum
//! positive, negative: uvarint n, n spans: ivarint offset, uvarint length; then a token each bucket
//! uvarint n, n custom values: u64 bits
//! ```
//! Tokens are those of chunk/stream.rs: the first three relative to zero, a bucket relative to the one before.

use model::{Buckets, Histogram, ResetHint, Span};

use crate::bytes::{Malformed, Reader, put_ivarint, put_uvarint};
use crate::chunk::{put_token, read_token};

/// Buckets and bounds of one histogram at most; far above what a source can send in a message.
const MAX_BUCKETS: u64 = 1 << 20;

/// Appends a histogram.
pub(crate) fn put_histogram(histogram: &Histogram, out: &mut Vec<u8>) {
    out.push(histogram.schema.cast_unsigned());
    out.push(u8::from(histogram.integer) | hint_code(histogram.reset_hint) << 1);
    out.extend_from_slice(&histogram.zero_threshold.to_bits().to_le_bytes());
    for value in [histogram.zero_count, histogram.count, histogram.sum] {
        put_token(0, value.to_bits(), out);
    }
    for side in [&histogram.positive, &histogram.negative] {
        put_spans(&side.spans, out);
        let mut before = 0;
        for count in &side.counts {
            put_token(before, count.to_bits(), out);
            before = count.to_bits();
        }
    }
    put_uvarint(out, histogram.custom_values.len() as u64);
    for bound in histogram.custom_values.iter() {
        out.extend_from_slice(&bound.to_bits().to_le_bytes());
    }
}

/// Reads what [`put_histogram`] wrote.
pub(crate) fn read_histogram(reader: &mut Reader<'_>) -> Result<Histogram, Malformed> {
    let schema = reader.u8()?.cast_signed();
    let flags = reader.u8()?;
    let zero_threshold = f64::from_bits(reader.u64()?);
    let mut plain = [0.0; 3];
    for value in &mut plain {
        *value = f64::from_bits(read_token(reader, 0)?);
    }
    let [zero_count, count, sum] = plain;
    let (positive, negative) = (read_buckets(reader)?, read_buckets(reader)?);
    let n = reader.uvarint()?;
    if n > MAX_BUCKETS {
        return Err(Malformed);
    }
    let mut custom_values = Vec::new();
    for _ in 0..n {
        custom_values.push(f64::from_bits(reader.u64()?));
    }
    Ok(Histogram {
        schema,
        integer: flags & 1 == 1,
        reset_hint: hint_of(flags >> 1),
        zero_threshold,
        zero_count,
        count,
        sum,
        positive,
        negative,
        custom_values: custom_values.into(),
    })
}

/// Appends spans.
pub(crate) fn put_spans(spans: &[Span], out: &mut Vec<u8>) {
    put_uvarint(out, spans.len() as u64);
    for span in spans {
        put_ivarint(out, i64::from(span.offset));
        put_uvarint(out, u64::from(span.length));
    }
}

/// Reads spans and how many buckets they have together.
pub(crate) fn read_spans(reader: &mut Reader<'_>) -> Result<(Vec<Span>, usize), Malformed> {
    let n = reader.uvarint()?;
    if n > MAX_BUCKETS {
        return Err(Malformed);
    }
    let mut spans = Vec::new();
    let mut n_buckets = 0u64;
    for _ in 0..n {
        let offset = i32::try_from(reader.ivarint()?).map_err(|_| Malformed)?;
        let length = reader.number::<u32>()?;
        n_buckets += u64::from(length);
        spans.push(Span { offset, length });
    }
    if n_buckets > MAX_BUCKETS {
        return Err(Malformed);
    }
    Ok((spans, n_buckets as usize))
}

fn read_buckets(reader: &mut Reader<'_>) -> Result<Buckets, Malformed> {
    let (spans, n) = read_spans(reader)?;
    let mut counts = Vec::new();
    let mut before = 0;
    for _ in 0..n {
        before = read_token(reader, before)?;
        counts.push(f64::from_bits(before));
    }
    Ok(Buckets { spans, counts })
}

/// Returns the number that stands for a hint.
pub(crate) fn hint_code(hint: ResetHint) -> u8 {
    match hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NoReset => 2,
        ResetHint::Gauge => 3,
    }
}

/// Returns the hint that a number stands for.
pub(crate) fn hint_of(code: u8) -> ResetHint {
    match code & 3 {
        1 => ResetHint::Reset,
        2 => ResetHint::NoReset,
        3 => ResetHint::Gauge,
        _ => ResetHint::Unknown,
    }
}
