//! What kernels have to remark on a series.

use crate::annotations::{Annotations, HistogramOperation};
use crate::ast::Span;

/// A remark, without place and name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// Floats and histograms where only one of them can be.
    Mixed,
    /// Exponential and custom buckets together.
    MixedSchemas,
    /// Histograms left out beside floats.
    Ignored,
    /// A gauge histogram where a counter is wanted.
    NotCounter,
    /// A counter histogram where a gauge is wanted.
    NotGauge,
    /// Custom bounds that differ were reconciled.
    Reconciled(HistogramOperation),
    /// Histograms that say there was a reset, and others that say there was none.
    ResetCollision,
}

/// The remarks on a series.
#[derive(Default)]
pub(super) struct Notes {
    notes: Vec<Note>,
    /// At how many steps start timestamps overlapped.
    pub(super) overlaps: usize,
}

impl Notes {
    pub(super) fn add(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.overlaps == 0
    }

    /// Makes the remarks in the words of the language; `ignored` is the place of that on histograms left out.
    pub(super) fn write(&self, (span, ignored): (Span, Span), metric: &str, out: &mut Annotations) {
        for note in &self.notes {
            match note {
                Note::Mixed => out.mixed_floats_histograms(span, metric),
                Note::MixedSchemas => out.mixed_schemas(span, metric),
                Note::Ignored => out.histograms_ignored_in_range(ignored, metric),
                Note::NotCounter => out.histogram_not_counter(span, metric),
                Note::NotGauge => out.histogram_not_gauge(span, metric),
                Note::Reconciled(operation) => out.reconciled_bounds(span, *operation),
                Note::ResetCollision => out.reset_collision(span, HistogramOperation::Aggregation),
            }
        }
        if self.overlaps > 0 {
            out.start_overlap(span, metric, self.overlaps);
        }
    }
}
