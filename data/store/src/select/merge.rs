//! Samples of one series from several places, as one.

use std::ops::Range;

use model::SampleBuffer;

use crate::chunk::rows_of;

/// Appends rows of one buffer to another, in which all times are earlier.
pub(crate) fn append(out: &mut SampleBuffer, more: &SampleBuffer, rows: Range<usize>) {
    let first = out.len();
    out.timestamps
        .extend_from_slice(more.timestamps.get(rows.clone()).unwrap_or_default());
    out.values
        .extend_from_slice(more.values.get(rows.clone()).unwrap_or_default());
    let starts = more.starts.get(rows.clone()).unwrap_or_default();
    if !out.starts.is_empty() || starts.iter().any(|start| *start != 0) {
        out.starts.resize(first, 0);
        out.starts.extend_from_slice(starts);
        out.starts.resize(out.timestamps.len(), 0);
    }
    for (row, histogram) in rows_of(more, &rows) {
        let row = first + (*row as usize - rows.start);
        out.histograms
            .push((u32::try_from(row).unwrap_or(u32::MAX), histogram.clone()));
    }
}

/// Adds samples to those in `out`, keeping times ascending; of two at one time, that in `out` stays.
pub(crate) fn merge(out: &mut SampleBuffer, more: &SampleBuffer) {
    let Some(first) = more.timestamps.first() else {
        return;
    };
    if out.timestamps.last().is_none_or(|last| last < first) {
        append(out, more, 0..more.len());
        return;
    }
    let kept = out.timestamps.partition_point(|t| t < first);
    let mut old = SampleBuffer::default();
    append(&mut old, out, kept..out.len());
    truncate(out, kept);
    // Runs of rows that come from one side are copied at once.
    let (mut i, mut j) = (0, 0);
    while let (Some(t), Some(u)) = (old.timestamps.get(i), more.timestamps.get(j)) {
        if t <= u {
            let end = i + old.timestamps.iter().skip(i).take_while(|t| *t <= u).count();
            let repeated = old.timestamps.get(end - 1) == Some(u);
            append(out, &old, i..end);
            i = end;
            j += usize::from(repeated);
        } else {
            let end = j + more.timestamps.iter().skip(j).take_while(|u| *u < t).count();
            append(out, more, j..end);
            j = end;
        }
    }
    append(out, &old, i..old.len());
    append(out, more, j..more.len());
}

/// Cuts a buffer to its first `len` rows.
pub(crate) fn truncate(samples: &mut SampleBuffer, len: usize) {
    samples.timestamps.truncate(len);
    samples.values.truncate(len);
    samples.starts.truncate(len);
    let n = samples
        .histograms
        .partition_point(|(row, _)| (*row as usize) < len);
    samples.histograms.truncate(n);
}

#[cfg(test)]
mod tests;
