//! Rows computed from stored series, by several workers if the caller has any.
//!
//! Series are cut into pieces. A wave of pieces, one a worker, is read and computed side by side; meanwhile the
//! caller's thread hands on the rows of the wave before, in the order of the series. What takes the rows therefore sees
//! the same rows in the same order whatever the number of workers is, and results are the same to the last bit.

use std::ops::{Range, RangeInclusive};

use model::{Histogram, Labels, ResetHint, SampleBuffer, SeriesSet};

use crate::error::{EvalError, Interrupt};
use crate::eval::Evaluator;
use crate::eval::frame::{Budget, Lease};
use crate::eval::window::Output;
use crate::eval::workers::Job;
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
        let wave = |from: usize| -> Vec<Slot> {
            let starts = (0..width).map(|n| from.saturating_add(n * piece));
            let ranges = starts.map(|from| from.min(set.len())..(from.saturating_add(piece)).min(set.len()));
            let ranges = ranges.filter(|range| !range.is_empty());
            ranges.map(|range| Slot { range, piece: None }).collect()
        };
        let (mut ready, mut next) = (Vec::new(), 0);
        loop {
            let mut slots = wave(next);
            next += width * piece;
            let jobs = slots.iter_mut().map(|slot| slot.job(reader, rows)).collect();
            let mut taken = Ok(());
            self.workers.run(jobs, &mut || {
                let mut all = ready.iter().flat_map(|piece: &Piece| &piece.rows);
                taken = all.try_for_each(|(labels, out)| row(labels, out));
            });
            taken?;
            if slots.is_empty() {
                return Ok(());
            }
            ready = slots.into_iter().map(Slot::take).collect::<Result<_, _>>()?;
        }
    }
}

/// A piece to be computed.
struct Slot {
    range: Range<usize>,
    piece: Option<Result<Piece, EvalError>>,
}

impl Slot {
    fn job<'a>(&'a mut self, reader: Reader<'a>, rows: &'a Rows<'_>) -> Job<'a> {
        Box::new(move || self.piece = Some(reader.piece(self.range.clone(), rows)))
    }

    fn take(self) -> Result<Piece, EvalError> {
        // A worker that did not run its job is one that was told to stop.
        self.piece.unwrap_or(Err(EvalError::Cancelled))
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
