//! Range vectors of series that have histograms.
//!
//! The floats of such a series go through the kernel of floats as if there were nothing else; this module then
//! looks at each window again and takes out, adds or remarks what the histograms in it call for. What a function
//! does with histograms, alone or beside floats, is its [`Manners`].

use std::sync::Arc;

use model::{Histogram, Millis};

use crate::ast::Boundary;
use crate::eval::window::boundary::Manner;
use crate::eval::window::counter::{self, Growth};
use crate::eval::window::notes::{Note, Notes};
use crate::eval::window::start::{self, Point};
use crate::eval::window::{Output, Place, Samples, SeriesKernel, Windows, extended, growth};
use crate::functions::FunctionId;
use crate::histogram;
use crate::plan::WindowPlan;

/// The samples of one series of a range vector.
#[derive(Clone, Copy)]
pub(crate) struct RangeSeries<'a> {
    /// All samples; the value of a histogram means nothing.
    pub(crate) all: Samples<'a>,
    /// `(row, histogram)` in ascending order of rows.
    pub(crate) histograms: &'a [(u32, Arc<Histogram>)],
}

impl<'a> RangeSeries<'a> {
    /// Returns the histogram of a row, `None` if it is a float.
    pub(crate) fn histogram(&self, row: usize) -> Option<&'a Arc<Histogram>> {
        let at = self
            .histograms
            .binary_search_by_key(&row, |(r, _)| *r as usize)
            .ok()?;
        self.histograms.get(at).map(|(_, histogram)| histogram)
    }
}

/// The histograms of a window, in ascending time.
#[derive(Clone, Copy)]
pub(super) struct HistogramWindow<'a> {
    pub(super) timestamps: &'a [Millis],
    pub(super) histograms: &'a [Arc<Histogram>],
    /// As in [`Samples`].
    pub(super) starts: &'a [Millis],
    /// Whether there was a reset between each histogram and the one before it, by what they hold; empty unless the
    /// growth of a counter is wanted.
    pub(super) resets: &'a [bool],
    pub(super) start: Millis,
    pub(super) end: Millis,
}

impl HistogramWindow<'_> {
    pub(super) fn point(&self, idx: usize) -> Point {
        Point {
            start: self.starts.get(idx).copied().unwrap_or(0),
            time: self.timestamps[idx],
        }
    }
}

/// What a function does with histograms.
#[derive(Clone, Copy)]
enum Manners {
    /// It looks at samples, not at what they are.
    Indifferent,
    /// It returns the sample at an end.
    Take { first: bool },
    /// It leaves histograms out.
    LeaveOut,
    /// It computes a histogram from histograms, and nothing from both kinds.
    Combine(Combine),
    /// It computes a histogram from the last two samples.
    LastTwo { per_second: bool },
    /// It counts neighbours that differ.
    Events { resets: bool, anchored: bool },
}

/// What a window of histograms becomes.
#[derive(Clone, Copy)]
enum Combine {
    Growth(Growth),
    Extended(Growth, Manner),
    Sum,
    Average,
    /// Its value in the middle.
    Smoothed,
}

/// Evaluates a function over series that have histograms.
pub(super) struct Mixed {
    manners: Manners,
}

impl Mixed {
    pub(super) fn new(plan: &WindowPlan, lookback: Millis) -> Self {
        use FunctionId as F;
        let boundary = plan.range.boundary();
        let grown = |growth: Growth| match boundary {
            None => Manners::Combine(Combine::Growth(growth)),
            Some(boundary) => {
                let manner = Manner {
                    smoothed: boundary == Boundary::Smoothed,
                    counter: growth.is_of_counter(),
                    lookback,
                };
                Manners::Combine(Combine::Extended(growth, manner))
            }
        };
        let seconds = plan.range.range as f64 / 1000.0;
        let anchored = boundary.is_some();
        let manners = match plan.function {
            F::Rate => grown(Growth::Rate { seconds }),
            F::Increase => grown(Growth::Increase),
            F::Delta => grown(Growth::Delta),
            F::Irate => Manners::LastTwo { per_second: true },
            F::Idelta => Manners::LastTwo { per_second: false },
            F::SumOverTime => Manners::Combine(Combine::Sum),
            F::AvgOverTime => Manners::Combine(Combine::Average),
            F::FirstOverTime => Manners::Take { first: true },
            F::LastOverTime => Manners::Take { first: false },
            F::Resets => Manners::Events {
                resets: true,
                anchored,
            },
            F::Changes => Manners::Events {
                resets: false,
                anchored,
            },
            F::CountOverTime | F::PresentOverTime | F::TsOfFirstOverTime | F::TsOfLastOverTime => {
                Manners::Indifferent
            }
            _ => Manners::LeaveOut,
        };
        Self { manners }
    }

    /// Returns what interpolates samples at each step.
    pub(super) fn smoothed() -> Self {
        Self {
            manners: Manners::Combine(Combine::Smoothed),
        }
    }

    /// Runs the kernel of floats over a series, and puts histograms to rights.
    pub(super) fn run(
        &self,
        kernel: &mut dyn SeriesKernel,
        (series, windows): (RangeSeries<'_>, &Windows),
        out: &mut Output,
    ) {
        match self.manners {
            Manners::Indifferent => return kernel.run(series.all, windows, out),
            Manners::Take { first } => return take(series, first, windows, out),
            Manners::Events { resets, anchored } => {
                let counts = count_events(series, resets);
                return events(&counts, series.all.timestamps, (windows, anchored), out);
            }
            Manners::LeaveOut | Manners::Combine(_) | Manners::LastTwo { .. } => {}
        }
        let mut split = Split::new(series);
        if matches!(self.manners, Manners::Combine(Combine::Growth(growth)) if growth.is_of_counter()) {
            split.find_resets();
        }
        kernel.run(split.floats(), windows, out);
        windows.each(series.all.timestamps, |place| match self.manners {
            Manners::Combine(combine) => match split.kinds(&place) {
                (_, 0) => {}
                (0, _) => {
                    let window = split.window(&place);
                    if let Some(histogram) = combine.apply(&window, &mut out.notes) {
                        out.put_histogram(place.step, Arc::new(histogram));
                    }
                }
                _ => {
                    out.remove(place.step);
                    out.notes.add(Note::Mixed);
                }
            },
            Manners::LastTwo { per_second } => last_two(series, per_second, &place, out),
            _ => {
                if let (1.., 1..) = split.kinds(&place) {
                    out.notes.add(Note::Ignored);
                }
            }
        });
    }
}

impl Combine {
    fn apply(self, window: &HistogramWindow<'_>, notes: &mut Notes) -> Option<Histogram> {
        match self {
            Self::Growth(kind) => growth::extrapolated(window, kind, notes),
            Self::Extended(kind, manner) => extended::growth(window, (kind, manner), notes),
            Self::Sum => growth::sum(window, notes),
            Self::Average => growth::average(window, notes),
            Self::Smoothed => extended::smoothed(window, notes),
        }
    }
}

/// The samples of a series, floats and histograms apart.
struct Split<'a> {
    series: RangeSeries<'a>,
    timestamps: Vec<Millis>,
    values: Vec<f64>,
    starts: Vec<Millis>,
    histograms: Vec<Arc<Histogram>>,
    histogram_timestamps: Vec<Millis>,
    histogram_starts: Vec<Millis>,
    resets: Vec<bool>,
    /// How many histograms there are before each row, and before the end.
    before: Vec<usize>,
}

impl<'a> Split<'a> {
    fn new(series: RangeSeries<'a>) -> Self {
        let mut split = Self {
            series,
            timestamps: Vec::new(),
            values: Vec::new(),
            starts: Vec::new(),
            histograms: Vec::new(),
            histogram_timestamps: Vec::new(),
            histogram_starts: Vec::new(),
            resets: Vec::new(),
            before: vec![0],
        };
        let all = series.all;
        let mut histograms = series.histograms.iter().peekable();
        for row in 0..all.timestamps.len() {
            let (time, start) = (all.timestamps[row], all.starts.get(row));
            if let Some((_, histogram)) = histograms.next_if(|(r, _)| *r as usize == row) {
                split.histograms.push(Arc::clone(histogram));
                split.histogram_timestamps.push(time);
                split.histogram_starts.extend(start);
            } else {
                split.timestamps.push(time);
                split.values.push(all.values[row]);
                split.starts.extend(start);
            }
            split.before.push(split.histograms.len());
        }
        split
    }

    /// Compares neighbours once for all windows they are in.
    fn find_resets(&mut self) {
        let mut previous: Option<&Histogram> = None;
        for histogram in &self.histograms {
            let reset = previous.is_some_and(|previous| histogram::detect_reset(histogram, previous));
            self.resets.push(reset);
            previous = Some(histogram);
        }
    }

    fn floats(&self) -> Samples<'_> {
        Samples {
            timestamps: &self.timestamps,
            values: &self.values,
            starts: &self.starts,
        }
    }

    /// Returns how many floats and how many histograms a window has.
    fn kinds(&self, place: &Place) -> (usize, usize) {
        let histograms = self.before[place.to] - self.before[place.from];
        (place.to - place.from - histograms, histograms)
    }

    fn window(&self, place: &Place) -> HistogramWindow<'_> {
        let (from, to) = (self.before[place.from], self.before[place.to]);
        debug_assert!(to <= self.series.histograms.len(), "no histogram beyond the last");
        HistogramWindow {
            timestamps: &self.histogram_timestamps[from..to],
            histograms: &self.histograms[from..to],
            starts: self.histogram_starts.get(from..to).unwrap_or(&[]),
            resets: self.resets.get(from..to).unwrap_or(&[]),
            start: place.start,
            end: place.end,
        }
    }
}

/// Takes the first or last sample of each window as it is.
fn take(series: RangeSeries<'_>, first: bool, windows: &Windows, out: &mut Output) {
    windows.each(series.all.timestamps, |place| {
        let row = if first { place.from } else { place.to - 1 };
        match series.histogram(row) {
            Some(histogram) => out.put_histogram(place.step, Arc::clone(histogram)),
            None => out.put(place.step, series.all.values[row]),
        }
    });
}

/// Computes the growth between the last two samples if they are histograms; the kernel has done so for floats.
fn last_two(series: RangeSeries<'_>, per_second: bool, place: &Place, out: &mut Output) {
    if place.to - place.from < 2 {
        return;
    }
    let (before, after) = (place.to - 2, place.to - 1);
    match (series.histogram(before), series.histogram(after)) {
        (None, None) => {}
        (Some(first), Some(second)) => {
            out.remove(place.step);
            let points = (Point::of(series.all, before), Point::of(series.all, after));
            let found = growth::between((first, second), points, per_second, &mut out.notes);
            if let Some(histogram) = found {
                out.put_histogram(place.step, Arc::new(histogram));
            }
        }
        _ => {
            out.remove(place.step);
            out.notes.add(Note::Mixed);
        }
    }
}

/// Counts for each row the resets or changes up to it.
fn count_events(series: RangeSeries<'_>, resets: bool) -> Vec<u32> {
    let all = series.all;
    let mut counts = Vec::with_capacity(all.timestamps.len());
    let mut count = 0;
    for row in 0..all.timestamps.len() {
        if let Some(previous) = row.checked_sub(1) {
            let happened = match (series.histogram(previous), series.histogram(row)) {
                (None, None) if resets => counter::resets_at(all, row),
                (None, None) => counter::changes_at(all, row),
                (Some(before), Some(after)) if resets => {
                    start::is_reset(Point::of(all, previous), Point::of(all, row))
                        || histogram::detect_reset(after, before)
                }
                (Some(before), Some(after)) => !histogram::equal(after, before),
                _ => true,
            };
            count += u32::from(happened);
        }
        counts.push(count);
    }
    counts
}

/// Counts the events of each window; of an anchored one from the last sample at or before its start.
fn events(counts: &[u32], timestamps: &[Millis], (windows, anchored): (&Windows, bool), out: &mut Output) {
    windows.each(timestamps, |place| {
        let mut first = place.from;
        if anchored {
            let before = timestamps[place.from..place.to].partition_point(|t| *t <= place.start);
            if place.from + before == place.to {
                return;
            }
            first += before.saturating_sub(1);
        }
        out.put(place.step, f64::from(counts[place.to - 1] - counts[first]));
    });
}
