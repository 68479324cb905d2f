//! Rows computed from stored series, by several workers if the caller has any.
//!
//! Series are cut into pieces. A wave of pieces, one a worker, is read and computed side by side; then
//! the caller's thread hands the rows on in the order of the series. What takes the rows therefore sees the same
//! rows in the same order whatever the number of workers is, and results are the same to the last bit.

use std::ops::{Range, RangeInclusive};

use model::{Histogram, Labels, ResetHint, SampleBuffer, SeriesSet};

use crate::error::{EvalError, Interrupt};
use crate::eval::Evaluator;
use crate::eval::frame::{Budget, Lease};
use crate::eval::window::Output;
use crate::histogram::{detect_reset, size_in_samples};
use crate::plan::Detail;

/// Series a job: enough to be worth a thread. Of many series more go into one, so that workers wait for each other
/// less often.
const PIECE: RangeInclusive<usize> = 32..=512;

/// Waves at least, as long as pieces are not too small for it: what is read is handed on piece by piece.
const MIN_WAVES: usize = 16;

/// Most values a job, unless one series has more: what workers hold beyond a serial evaluation stays small beside
/// the bound on samples.
const MAX_PIECE_VALUES: usize = 1 << 16;

/// How often the caller is asked whether to go on, in series.
const INTERRUPT_EVERY: usize = 64;

/// Computes the row of a series from its samples.
pub(super) type RowMaker<'a> =
    Box<dyn FnMut(&Labels, &mut SampleBuffer, &mut Output) -> Result<(), EvalError> + 'a>;

/// Rows to be computed.
pub(super) struct Rows<'a> {
    pub(super) set: &'a dyn SeriesSet,
    pub(super) detail: Detail,
    pub(super) n_steps: usize,
    /// Makes what computes rows, for each worker its own.
    pub(super) make: &'a (dyn Fn() -> Result<RowMaker<'a>, EvalError> + Sync),
}

/// What reading series needs of an evaluation, to be shared by workers.
#[derive(Clone, Copy)]
struct Reader<'a> {
    set: &'a dyn SeriesSet,
    detail: Detail,
    budget: &'a Budget,
    interrupt: &'a (dyn Fn() -> Option<Interrupt> + Sync),
}

/// The rows of a piece, which hold room in the budget as long as they are there.
struct Piece {
    rows: Vec<(Labels, Output)>,
    _lease: Lease,
}

impl Evaluator<'_> {
    /// Reads series after series into one buffer.
    pub(super) fn for_each_series(
        &self,
        set: &dyn SeriesSet,
        detail: Detail,
        series: impl FnMut(Labels, &mut SampleBuffer) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        self.reader(set, detail).each(0..set.len(), series)
    }

    fn reader<'a>(&'a self, set: &'a dyn SeriesSet, detail: Detail) -> Reader<'a> {
        Reader {
            set,
            detail,
            budget: &self.budget,
            interrupt: self.interrupt,
        }
    }

    /// Computes a row for each series and hands it on.
    pub(super) fn spread(
        &self,
        rows: &Rows<'_>,
        row: &mut dyn FnMut(&Labels, &Output) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let Rows { set, n_steps, .. } = *rows;
        let reader = self.reader(set, rows.detail);
        let width = self.workers.width();
        let even = set.len() / (width * MIN_WAVES).max(1);
        let piece = (MAX_PIECE_VALUES / n_steps.max(1)).clamp(1, even.clamp(*PIECE.start(), *PIECE.end()));
        if width < 2 || set.len() < 2 * piece {
            let mut maker = (rows.make)()?;
            let mut out = Output::new(n_steps);
            return reader.each(0..set.len(), |labels, buffer| {
                out.clear();
                maker(&labels, buffer, &mut out)?;
                row(&labels, &out)
            });
        }
        let mut next = 0;
        while next < set.len() {
            let ranges: Vec<_> = (0..width)
                .map(|n| (next + n * piece).min(set.len()))
                .map(|from| from..(from + piece).min(set.len()))
                .filter(|range| !range.is_empty())
                .collect();
            next += width * piece;
            for piece in self.wave(reader, &ranges, rows)? {
                piece.rows.iter().try_for_each(|(labels, out)| row(labels, out))?;
            }
        }
        Ok(())
    }

    /// Computes pieces side by side; returns them in order.
    fn wave(
        &self,
        reader: Reader<'_>,
        ranges: &[Range<usize>],
        rows: &Rows<'_>,
    ) -> Result<Vec<Piece>, EvalError> {
        let mut pieces: Vec<Option<Result<Piece, EvalError>>> = ranges.iter().map(|_| None).collect();
        let jobs = ranges.iter().zip(&mut pieces).map(|(range, slot)| {
            let job = move || *slot = Some(reader.piece(range.clone(), rows));
            Box::new(job) as Box<dyn FnOnce() + Send + '_>
        });
        self.workers.run(jobs.collect());
        // A worker that did not run its job is one that was told to stop.
        let pieces = pieces
            .into_iter()
            .map(|piece| piece.unwrap_or(Err(EvalError::Cancelled)));
        pieces.collect()
    }
}

impl Reader<'_> {
    fn check_interrupt(&self) -> Result<(), EvalError> {
        (self.interrupt)().map_or(Ok(()), |interrupt| Err(interrupt.into()))
    }

    fn each(
        &self,
        range: Range<usize>,
        mut series: impl FnMut(Labels, &mut SampleBuffer) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let mut buffer = SampleBuffer::default();
        let mut lease = self.budget.lease();
        let mut room = 0;
        for (n, idx) in range.enumerate() {
            if n % INTERRUPT_EVERY == 0 {
                self.check_interrupt()?;
            }
            buffer.clear();
            self.set.read(idx, &mut buffer)?;
            if buffer.is_empty() {
                continue;
            }
            match self.detail {
                Detail::Buckets => {}
                Detail::CounterTotals if has_gauges(&buffer.histograms) => {}
                Detail::Totals | Detail::CounterTotals => keep_totals(&mut buffer.histograms),
            }
            let of_histograms = buffer.histograms.iter().map(|(_, h)| size_in_samples(h));
            let needed = buffer.len() + of_histograms.sum::<usize>();
            if needed > room {
                lease.grow(needed - room)?;
                room = needed;
            }
            series(self.set.labels(idx), &mut buffer)?;
        }
        Ok(())
    }

    fn piece(&self, range: Range<usize>, wanted: &Rows<'_>) -> Result<Piece, EvalError> {
        let mut maker = (wanted.make)()?;
        let mut lease = self.budget.lease();
        let mut rows = Vec::with_capacity(range.len());
        self.each(range, |labels, buffer| {
            lease.grow(wanted.n_steps)?;
            let mut out = Output::new(wanted.n_steps);
            maker(&labels, buffer, &mut out)?;
            rows.push((labels, out));
            Ok(())
        })?;
        Ok(Piece { rows, _lease: lease })
    }
}

fn has_gauges(histograms: &[(u32, Histogram)]) -> bool {
    histograms
        .iter()
        .any(|(_, histogram)| histogram.reset_hint == ResetHint::Gauge)
}

/// Leaves count and sum of histograms, and what their buckets say about resets.
fn keep_totals(histograms: &mut [(u32, Histogram)]) {
    let mut previous: Option<Histogram> = None;
    for (_, histogram) in histograms {
        let mut reset_hint = histogram.reset_hint;
        if let (ResetHint::Unknown, Some(previous)) = (reset_hint, &previous) {
            reset_hint = if detect_reset(histogram, previous) {
                ResetHint::Reset
            } else {
                ResetHint::NoReset
            };
        }
        let totals = Histogram {
            schema: histogram.schema,
            integer: histogram.integer,
            reset_hint,
            count: histogram.count,
            sum: histogram.sum,
            ..Histogram::default()
        };
        previous = Some(std::mem::replace(histogram, totals));
    }
}
