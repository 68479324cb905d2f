//! A chunk as parts hold it: values, and beside them what few series have.
//!
//! The kind of a chunk says what its payload is made of:
//! ```text
//! 0                    values (chunk/floats.rs)
//! 0x20 and/or 0x40:    uvarint bytes of the values, values,
//!   with 0x20:         starts: u8 form, then 0: uvarint n, n lengths of runs, n starts (as integers)
//!                                        1: starts as integers, 2: times minus starts as integers
//!   with 0x40:         histograms (chunk/histograms.rs)
//! ```

use std::ops::Range;

use model::{Millis, SampleBuffer};

use super::histograms::{decode_histograms, encode_histograms};
use super::{decode_floats, decode_ints, encode_floats, encode_ints};
use crate::bytes::{Malformed, Reader, put_uvarint};

/// Chunks of plain floats.
pub(crate) const FLOATS: u8 = 0;
const STARTS: u8 = 0x20;
const HISTOGRAMS: u8 = 0x40;

const RUNS: u8 = 0;
const PLAIN: u8 = 1;
const AGES: u8 = 2;

/// Tells whether this version knows chunks of a kind.
pub(crate) fn is_known(kind: u8) -> bool {
    kind & !(STARTS | HISTOGRAMS) == 0
}

/// Tells whether chunks of a kind may have histograms.
pub(crate) fn has_histograms(kind: u8) -> bool {
    kind & !STARTS != 0
}

/// Appends the payload of a chunk of the samples at `rows`, at least one, and returns its kind.
pub(crate) fn encode_samples(samples: &SampleBuffer, rows: Range<usize>, out: &mut Vec<u8>) -> u8 {
    let values = samples.values.get(rows.clone()).unwrap_or_default();
    let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
    let starts = samples.starts.get(rows.clone()).unwrap_or_default();
    let histograms = rows_of(samples, &rows);
    let has_starts = starts.iter().any(|start| *start != 0);
    if !has_starts && histograms.is_empty() {
        encode_floats(&bits, out);
        return FLOATS;
    }
    let mut kind = 0;
    let mut bytes = Vec::new();
    encode_floats(&bits, &mut bytes);
    put_uvarint(out, bytes.len() as u64);
    out.extend_from_slice(&bytes);
    if has_starts {
        kind |= STARTS;
        let times = samples.timestamps.get(rows.clone()).unwrap_or_default();
        encode_starts(starts, times, out);
    }
    if !histograms.is_empty() {
        kind |= HISTOGRAMS;
        let first = u32::try_from(rows.start).unwrap_or(u32::MAX);
        encode_histograms(histograms, (first, rows.len()), out);
    }
    kind
}

/// Returns the histograms in a range of rows.
pub(crate) fn rows_of<'a>(samples: &'a SampleBuffer, rows: &Range<usize>) -> &'a [(u32, model::Histogram)] {
    let from = samples
        .histograms
        .partition_point(|(row, _)| (*row as usize) < rows.start);
    let to = samples
        .histograms
        .partition_point(|(row, _)| (*row as usize) < rows.end);
    samples.histograms.get(from..to).unwrap_or_default()
}

/// Appends values, starts and histograms of a chunk to `out`, whose last `n` timestamps are those of the chunk
/// and whose other columns end before them.
pub(crate) fn decode_samples(
    kind: u8,
    bytes: &[u8],
    (n, out): (usize, &mut SampleBuffer),
) -> Result<(), Malformed> {
    let first = out.timestamps.len().checked_sub(n).ok_or(Malformed)?;
    if kind == FLOATS {
        decode_floats(bytes, n, &mut out.values)?;
        if !out.starts.is_empty() {
            out.starts.resize(first + n, 0);
        }
        return Ok(());
    }
    if !is_known(kind) {
        return Err(Malformed);
    }
    let mut reader = Reader::new(bytes);
    let len = reader.number::<usize>()?;
    decode_floats(reader.bytes(len)?, n, &mut out.values)?;
    if kind & STARTS != 0 {
        out.starts.resize(first, 0);
        let times = out.timestamps.get(first..).unwrap_or_default();
        decode_starts(&mut reader, times, &mut out.starts)?;
    } else if !out.starts.is_empty() {
        out.starts.resize(first + n, 0);
    }
    if kind & HISTOGRAMS != 0 {
        let values = out.values.get(first..).ok_or(Malformed)?;
        let first = u32::try_from(first).map_err(|_| Malformed)?;
        decode_histograms(&mut reader, (values, first), &mut out.histograms)?;
    }
    Ok(())
}

fn encode_starts(starts: &[Millis], times: &[Millis], out: &mut Vec<u8>) {
    let mut lengths: Vec<i64> = Vec::new();
    let mut runs: Vec<Millis> = Vec::new();
    for start in starts {
        match lengths.last_mut() {
            Some(length) if runs.last() == Some(start) => *length += 1,
            _ => {
                lengths.push(1);
                runs.push(*start);
            }
        }
    }
    let mut best = vec![RUNS];
    put_uvarint(&mut best, runs.len() as u64);
    encode_ints(&lengths, &mut best);
    encode_ints(&runs, &mut best);
    let ages: Vec<i64> = times
        .iter()
        .zip(starts)
        .map(|(t, start)| t.wrapping_sub(*start))
        .collect();
    for (form, numbers) in [(PLAIN, starts), (AGES, &ages)] {
        let mut bytes = vec![form];
        encode_ints(numbers, &mut bytes);
        if bytes.len() < best.len() {
            best = bytes;
        }
    }
    out.extend_from_slice(&best);
}

fn decode_starts(reader: &mut Reader<'_>, times: &[Millis], out: &mut Vec<Millis>) -> Result<(), Malformed> {
    let (first, n) = (out.len(), times.len());
    match reader.u8()? {
        RUNS => {
            let n_runs = reader.number::<usize>()?;
            if n_runs > n {
                return Err(Malformed);
            }
            let (mut lengths, mut runs) = (Vec::new(), Vec::new());
            decode_ints(reader, n_runs, &mut lengths)?;
            decode_ints(reader, n_runs, &mut runs)?;
            for (length, start) in lengths.iter().zip(&runs) {
                let length = usize::try_from(*length).map_err(|_| Malformed)?;
                if length > n {
                    return Err(Malformed);
                }
                out.resize(out.len() + length, *start);
            }
        }
        PLAIN => decode_ints(reader, n, out)?,
        AGES => {
            decode_ints(reader, n, out)?;
            for (age, t) in out.iter_mut().skip(first).zip(times) {
                *age = t.wrapping_sub(*age);
            }
        }
        _ => return Err(Malformed),
    }
    if out.len() == first + n {
        Ok(())
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
pub(crate) mod tests;
