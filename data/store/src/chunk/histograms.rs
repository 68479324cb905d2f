//! Native histograms of one chunk: what does not change once, what changes as one column a bucket.
//!
//! Layout for the histograms among `n` rows; their sums are in the chunk's column of values:
//! ```text
//! uvarint histograms
//! u8 0: every row is one; 1: their rows as integers (chunk/ints.rs)
//! reset hints as integers: 0 unknown, 1 reset, 2 no reset, 3 gauge
//! u8 form of counts   0 integers (chunk/ints.rs), 1 floats (chunk/floats.rs)
//! uvarint segments, each a run of histograms with one layout of buckets:
//!   uvarint histograms, u8 schema, u8 flags (1 source counts in integers, 2 zero threshold follows,
//!   4 bounds follow), u64 bits of the zero threshold, uvarint n and n bounds (chunk/floats.rs, preceded by
//!   their bytes as uvarint), spans above zero, spans below zero
//!     spans: uvarint n, n times ivarint offset, uvarint length
//! columns: zero counts, counts, one for each bucket that a segment has, above zero then below, by bucket index
//! ```
//! A column of a bucket has a number for each histogram that has the bucket, so a layout that grows does not cut
//! columns. In form 0 the counts are minus the zero count and minus all buckets, which leaves nothing as a rule.
//! In form 1 each column is preceded by its bytes as uvarint.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Buckets, Histogram, ResetHint, Span};

use super::{decode_floats, decode_ints, encode_floats, encode_ints};
use crate::bytes::{Malformed, Reader, put_ivarint, put_uvarint};

/// Buckets, spans and bounds that the histograms of one chunk have together, at most, as they are written; but a
/// chunk of a single histogram may have as many as that has.
pub(crate) const MAX_NUMBERS: usize = 1 << 20;

/// The same as they are read.
const MAX_READ: usize = 4 * MAX_NUMBERS;

const INTEGER: u8 = 1;
const ZERO_THRESHOLD: u8 = 2;
const BOUNDS: u8 = 4;

const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;

/// A run of histograms with one layout, and in which column the number of each bucket is.
struct Segment {
    n: usize,
    layout: Histogram,
    columns: Vec<usize>,
}

/// Returns how many numbers a histogram has that vary in number.
pub(crate) fn numbers_of(histogram: &Histogram) -> usize {
    let of = |buckets: &Buckets| buckets.counts.len() + buckets.spans.len();
    of(&histogram.positive) + of(&histogram.negative) + histogram.custom_values.len()
}

/// Returns how many buckets spans name.
pub(crate) fn spanned(spans: &[Span]) -> u64 {
    spans.iter().map(|span| u64::from(span.length)).sum()
}

/// Cuts what contradicts itself, so that what is written can be read: counts without a span, spans without
/// counts.
fn sound(buckets: &Buckets) -> Buckets {
    let mut left = u32::try_from(buckets.counts.len()).unwrap_or(u32::MAX);
    let spans: Vec<Span> = buckets
        .spans
        .iter()
        .map(|span| {
            let length = span.length.min(left);
            left -= length;
            Span { length, ..*span }
        })
        .collect();
    let n = usize::try_from(spanned(&spans)).unwrap_or(usize::MAX);
    Buckets {
        spans,
        counts: buckets.counts.iter().copied().take(n).collect(),
    }
}

fn is_sound(histogram: &Histogram) -> bool {
    [&histogram.positive, &histogram.negative]
        .iter()
        .all(|buckets| spanned(&buckets.spans) == buckets.counts.len() as u64)
}

fn same_layout(a: &Histogram, b: &Histogram) -> bool {
    let same_bounds = Arc::ptr_eq(&a.custom_values, &b.custom_values)
        || (a.custom_values.len() == b.custom_values.len()
            && (a.custom_values.iter().zip(b.custom_values.iter())).all(|(a, b)| a.to_bits() == b.to_bits()));
    a.schema == b.schema
        && a.integer == b.integer
        && a.zero_threshold.to_bits() == b.zero_threshold.to_bits()
        && a.positive.spans == b.positive.spans
        && a.negative.spans == b.negative.spans
        && same_bounds
}

/// Appends `(row, histogram)`, rows ascending from `first_row` on, of a chunk of `n_rows` rows.
pub(crate) fn encode_histograms(
    histograms: &[(u32, Histogram)],
    (first_row, n_rows): (u32, usize),
    out: &mut Vec<u8>,
) {
    let repaired: Vec<(u32, Histogram)>;
    let histograms = if histograms.iter().all(|(_, histogram)| is_sound(histogram)) {
        histograms
    } else {
        repaired = histograms
            .iter()
            .map(|(row, histogram)| {
                let (positive, negative) = (sound(&histogram.positive), sound(&histogram.negative));
                let histogram = Histogram {
                    positive,
                    negative,
                    ..histogram.clone()
                };
                (*row, histogram)
            })
            .collect();
        &repaired
    };
    put_uvarint(out, histograms.len() as u64);
    if histograms.len() == n_rows {
        out.push(0);
    } else {
        out.push(1);
        let rows: Vec<i64> = histograms
            .iter()
            .map(|(row, _)| i64::from(row.wrapping_sub(first_row)))
            .collect();
        encode_ints(&rows, out);
    }
    let hints: Vec<i64> = histograms
        .iter()
        .map(|(_, h)| hint_number(h.reset_hint))
        .collect();
    encode_ints(&hints, out);
    let (segments, n_columns) = segments_of(histograms);
    let all_integers = histograms.iter().all(|(_, h)| counts(h).all(is_integer));
    out.push(u8::from(!all_integers));
    put_uvarint(out, segments.len() as u64);
    segments.iter().for_each(|segment| put_segment(segment, out));
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); n_columns];
    let mut rest = histograms.iter();
    for segment in &segments {
        for (_, histogram) in rest.by_ref().take(segment.n) {
            let buckets = histogram.positive.counts.iter().chain(&histogram.negative.counts);
            for (column, count) in segment.columns.iter().zip(buckets) {
                columns[*column].push(*count);
            }
        }
    }
    let zeros = histograms.iter().map(|(_, h)| h.zero_count);
    if all_integers {
        put_integers(zeros, out);
        let uncounted: Vec<i64> = histograms
            .iter()
            .map(|(_, h)| (h.count as i64).wrapping_sub(counted(h)))
            .collect();
        encode_ints(&uncounted, out);
        columns
            .iter()
            .for_each(|column| put_integers(column.iter().copied(), out));
    } else {
        put_floats(zeros, out);
        put_floats(histograms.iter().map(|(_, h)| h.count), out);
        columns
            .iter()
            .for_each(|column| put_floats(column.iter().copied(), out));
    }
}

/// Appends the histograms of a chunk whose column of values is `values` to `out`, rows counted from `first_row`.
pub(crate) fn decode_histograms(
    reader: &mut Reader<'_>,
    (values, first_row): (&[f64], u32),
    out: &mut Vec<(u32, Histogram)>,
) -> Result<(), Malformed> {
    let n = reader.number::<usize>()?;
    if n > values.len() {
        return Err(Malformed);
    }
    let mut rows: Vec<i64> = Vec::with_capacity(n);
    match reader.u8()? {
        0 => rows.extend((0..n).map(|row| row as i64)),
        1 => decode_ints(reader, n, &mut rows)?,
        _ => return Err(Malformed),
    }
    if rows.windows(2).any(|w| w[0] >= w[1]) {
        return Err(Malformed);
    }
    let mut hints = Vec::with_capacity(n);
    decode_ints(reader, n, &mut hints)?;
    let integers = match reader.u8()? {
        0 => true,
        1 => false,
        _ => return Err(Malformed),
    };
    let (segments, n_columns) = read_segments(reader, n)?;
    let mut lengths = vec![0usize; n_columns];
    for segment in &segments {
        segment
            .columns
            .iter()
            .for_each(|column| lengths[*column] += segment.n);
    }
    let zeros = read_column(reader, n, integers)?;
    let (mut totals, mut uncounted) = (Vec::new(), Vec::new());
    if integers {
        decode_ints(reader, n, &mut uncounted)?;
    } else {
        totals = read_column(reader, n, integers)?;
    }
    let mut columns = Vec::with_capacity(n_columns);
    for length in lengths {
        columns.push(read_column(reader, length, integers)?);
    }
    let mut positions = vec![0usize; n_columns];
    let mut at = 0;
    for segment in &segments {
        for _ in 0..segment.n {
            let row = usize::try_from(rows[at]).map_err(|_| Malformed)?;
            let mut histogram = Histogram {
                reset_hint: hint_of(hints[at])?,
                zero_count: zeros[at],
                count: totals.get(at).copied().unwrap_or(0.0),
                sum: *values.get(row).ok_or(Malformed)?,
                ..segment.layout.clone()
            };
            let n_positive = spanned(&histogram.positive.spans) as usize;
            for (i, column) in segment.columns.iter().enumerate() {
                let count = columns[*column][positions[*column]];
                positions[*column] += 1;
                let side = if i < n_positive {
                    &mut histogram.positive
                } else {
                    &mut histogram.negative
                };
                side.counts.push(count);
            }
            if integers {
                histogram.count = counted(&histogram).wrapping_add(uncounted[at]) as f64;
            }
            out.push((first_row.wrapping_add(row as u32), histogram));
            at += 1;
        }
    }
    Ok(())
}

fn hint_number(hint: ResetHint) -> i64 {
    match hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NoReset => 2,
        ResetHint::Gauge => 3,
    }
}

fn hint_of(number: i64) -> Result<ResetHint, Malformed> {
    Ok(match number {
        0 => ResetHint::Unknown,
        1 => ResetHint::Reset,
        2 => ResetHint::NoReset,
        3 => ResetHint::Gauge,
        _ => return Err(Malformed),
    })
}

/// Iterates over all counts: the total, the zero bucket, the buckets.
fn counts(histogram: &Histogram) -> impl Iterator<Item = f64> {
    [histogram.count, histogram.zero_count].into_iter().chain(
        (histogram.positive.counts.iter())
            .chain(&histogram.negative.counts)
            .copied(),
    )
}

fn is_integer(count: f64) -> bool {
    count.abs() <= MAX_INTEGER && ((count as i64) as f64).to_bits() == count.to_bits()
}

/// Returns all that is in a bucket, of a histogram whose counts are integers. Sums beyond all bounds wrap, which
/// the difference to the total undoes.
fn counted(histogram: &Histogram) -> i64 {
    let buckets = counts(histogram).skip(1);
    buckets.fold(0, |sum, count| sum.wrapping_add(count as i64))
}

fn read_column(reader: &mut Reader<'_>, n: usize, integers: bool) -> Result<Vec<f64>, Malformed> {
    let mut column = Vec::with_capacity(n);
    if integers {
        let mut counts = Vec::with_capacity(n);
        decode_ints(reader, n, &mut counts)?;
        column.extend(counts.iter().map(|count| *count as f64));
    } else {
        let len = reader.number::<usize>()?;
        decode_floats(reader.bytes(len)?, n, &mut column)?;
    }
    Ok(column)
}

fn put_integers(column: impl Iterator<Item = f64>, out: &mut Vec<u8>) {
    let integers: Vec<i64> = column.map(|count| count as i64).collect();
    encode_ints(&integers, out);
}

fn put_floats(column: impl Iterator<Item = f64>, out: &mut Vec<u8>) {
    let bits: Vec<u64> = column.map(f64::to_bits).collect();
    let mut bytes = Vec::new();
    encode_floats(&bits, &mut bytes);
    put_uvarint(out, bytes.len() as u64);
    out.extend_from_slice(&bytes);
}

fn segments_of(histograms: &[(u32, Histogram)]) -> (Vec<Segment>, usize) {
    let mut segments: Vec<Segment> = Vec::new();
    for (_, histogram) in histograms {
        match segments.last_mut() {
            Some(segment) if same_layout(&segment.layout, histogram) => segment.n += 1,
            _ => segments.push(Segment {
                n: 1,
                layout: layout_of(histogram),
                columns: Vec::new(),
            }),
        }
    }
    // As many as there are.
    let n_columns = place_columns(&mut segments, usize::MAX).unwrap_or(0);
    (segments, n_columns)
}

fn layout_of(histogram: &Histogram) -> Histogram {
    let spans = |buckets: &Buckets| Buckets {
        spans: buckets.spans.clone(),
        counts: Vec::new(),
    };
    Histogram {
        schema: histogram.schema,
        integer: histogram.integer,
        zero_threshold: histogram.zero_threshold,
        positive: spans(&histogram.positive),
        negative: spans(&histogram.negative),
        custom_values: Arc::clone(&histogram.custom_values),
        ..Histogram::default()
    }
}

/// Gives each bucket of each segment a column; returns how many columns there are, `None` if that is too many.
fn place_columns(segments: &mut [Segment], most: usize) -> Option<usize> {
    let mut columns: BTreeMap<(bool, i64), usize> = BTreeMap::new();
    for segment in segments.iter() {
        if width_of(&segment.layout) > most as u64 {
            return None;
        }
        columns.extend(bucket_keys(&segment.layout).map(|key| (key, 0)));
        if columns.len() > most {
            return None;
        }
    }
    for (at, column) in columns.values_mut().enumerate() {
        *column = at;
    }
    for segment in segments {
        segment.columns = bucket_keys(&segment.layout)
            .filter_map(|key| columns.get(&key).copied())
            .collect();
    }
    Some(columns.len())
}

/// Returns how many buckets a layout has.
fn width_of(layout: &Histogram) -> u64 {
    spanned(&layout.positive.spans) + spanned(&layout.negative.spans)
}

/// Iterates over `(is below zero, bucket index)` in the order of the counts.
fn bucket_keys(layout: &Histogram) -> impl Iterator<Item = (bool, i64)> {
    let side = |negative: bool, spans: &'_ [Span]| {
        let mut next = 0i64;
        let keys: Vec<(bool, i64)> = spans
            .iter()
            .flat_map(|span| {
                let start = next + i64::from(span.offset);
                next = start + i64::from(span.length);
                (start..next).map(move |idx| (negative, idx))
            })
            .collect();
        keys
    };
    side(false, &layout.positive.spans)
        .into_iter()
        .chain(side(true, &layout.negative.spans))
}

fn put_segment(segment: &Segment, out: &mut Vec<u8>) {
    let layout = &segment.layout;
    put_uvarint(out, segment.n as u64);
    out.push(layout.schema.cast_unsigned());
    let threshold = layout.zero_threshold.to_bits();
    let mut flags = 0;
    flags |= if layout.integer { INTEGER } else { 0 };
    flags |= if threshold == 0 { 0 } else { ZERO_THRESHOLD };
    flags |= if layout.custom_values.is_empty() {
        0
    } else {
        BOUNDS
    };
    out.push(flags);
    if threshold != 0 {
        out.extend_from_slice(&threshold.to_le_bytes());
    }
    if !layout.custom_values.is_empty() {
        put_uvarint(out, layout.custom_values.len() as u64);
        put_floats(layout.custom_values.iter().copied(), out);
    }
    for spans in [&layout.positive.spans, &layout.negative.spans] {
        put_uvarint(out, spans.len() as u64);
        for span in spans {
            put_ivarint(out, i64::from(span.offset));
            put_uvarint(out, u64::from(span.length));
        }
    }
}

fn read_segments(reader: &mut Reader<'_>, n: usize) -> Result<(Vec<Segment>, usize), Malformed> {
    let n_segments = reader.number::<usize>()?;
    let mut segments: Vec<Segment> = Vec::new();
    let (mut total, mut numbers) = (0usize, 0u64);
    for _ in 0..n_segments {
        let segment = read_segment(reader, numbers)?;
        total = total.checked_add(segment.n).ok_or(Malformed)?;
        let layout = &segment.layout;
        let n_spans = layout.positive.spans.len() + layout.negative.spans.len();
        let each = width_of(layout).saturating_add(n_spans as u64);
        numbers = numbers
            .saturating_add(layout.custom_values.len() as u64)
            .saturating_add(each.saturating_mul(segment.n as u64));
        if segment.n == 0 || total > n || numbers > MAX_READ as u64 {
            return Err(Malformed);
        }
        segments.push(segment);
    }
    if total != n {
        return Err(Malformed);
    }
    // A column takes a byte at least.
    let n_columns = place_columns(&mut segments, reader.rest().len()).ok_or(Malformed)?;
    Ok((segments, n_columns))
}

/// Reads a segment behind others that have `numbers` together.
fn read_segment(reader: &mut Reader<'_>, numbers: u64) -> Result<Segment, Malformed> {
    let n = reader.number::<usize>()?;
    let schema = reader.u8()?.cast_signed();
    let flags = reader.u8()?;
    let threshold = if flags & ZERO_THRESHOLD == 0 {
        0
    } else {
        reader.u64()?
    };
    let mut bounds = Vec::new();
    if flags & BOUNDS != 0 {
        let n_bounds = reader.number::<usize>()?;
        let len = reader.number::<usize>()?;
        // All the same, they may take no more than a few bytes.
        if (n_bounds as u64).saturating_add(numbers) > MAX_READ as u64 {
            return Err(Malformed);
        }
        decode_floats(reader.bytes(len)?, n_bounds, &mut bounds)?;
    }
    let mut sides = [Vec::new(), Vec::new()];
    for spans in &mut sides {
        for _ in 0..reader.number::<usize>()? {
            let offset = i32::try_from(reader.ivarint()?).map_err(|_| Malformed)?;
            let length = reader.number::<u32>()?;
            spans.push(Span { offset, length });
        }
    }
    let [positive, negative] = sides.map(|spans| Buckets {
        spans,
        counts: Vec::new(),
    });
    let layout = Histogram {
        schema,
        integer: flags & INTEGER != 0,
        zero_threshold: f64::from_bits(threshold),
        positive,
        negative,
        custom_values: bounds.into(),
        ..Histogram::default()
    };
    Ok(Segment {
        n,
        layout,
        columns: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
