//! Limits on what was decoded: labels, series, samples.

use model::{Batch, Millis, PackedLabels};

use super::{Limit, Tenant};

/// What a batch lost to limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusals {
    /// Samples refused, histograms included.
    pub(crate) samples: usize,
    /// The first series refused and why.
    pub(crate) first: Option<String>,
}

impl Tenant {
    /// Counts the samples of a batch and takes out of it what is over a limit.
    pub(crate) fn check_batch(&self, batch: &mut Batch, now: Millis) -> Refusals {
        if self.limits.samples_per_second.is_some() {
            self.samples.lock().take(batch.rows().len() as u64, now);
        }
        let mut refusals = Refusals::default();
        if !self.looks_at_labels() && !self.looks_at_series() {
            return refusals;
        }
        let kept = self.decide(batch, now, &mut refusals);
        if refusals.samples > 0 {
            *batch = without_refused(batch, &kept);
        }
        refusals
    }

    fn looks_at_labels(&self) -> bool {
        let limits = &self.limits;
        limits.max_labels.is_some()
            || limits.max_label_name_bytes.is_some()
            || limits.max_label_value_bytes.is_some()
    }

    fn looks_at_series(&self) -> bool {
        self.limits.max_series.is_some() || self.limits.new_series_per_minute.is_some()
    }

    /// Returns for each row whether it stays.
    fn decide(&self, batch: &Batch, now: Millis, refusals: &mut Refusals) -> Vec<bool> {
        let mut kept = Vec::with_capacity(batch.rows().len());
        let mut before = None;
        for row in batch.rows() {
            let verdict = match before {
                // Rows of one series come together.
                Some((last, verdict)) if Batch::same_series(last, row) => verdict,
                _ => self.find_fault(batch.labels(row), now),
            };
            before = Some((row, verdict));
            kept.push(verdict.is_none());
            if let Some((limit, value)) = verdict {
                refusals.samples += 1;
                let exceeded = self.exceeded((limit, value), (1, 0));
                let labels = batch.labels(row);
                refusals
                    .first
                    .get_or_insert_with(|| format!("{}: {exceeded}", labels.to_labels()));
            }
        }
        kept
    }

    fn find_fault(&self, labels: PackedLabels<'_>, now: Millis) -> Option<(Limit, u64)> {
        if self.looks_at_labels()
            && let Some(fault) = self.find_label_fault(labels)
        {
            return Some(fault);
        }
        if !self.looks_at_series() {
            return None;
        }
        let mut series = self.series.lock();
        series.turn(now);
        let hash = series.hash(labels.packed());
        if series.touch(hash) {
            return None;
        }
        if let Some(limit) = self.limits.max_series
            && series.len() >= limit
        {
            return Some((Limit::Series, limit));
        }
        if let Some(limit) = self.limits.new_series_per_minute
            && !self.births.lock().try_take(now)
        {
            return Some((Limit::NewSeries, limit));
        }
        series.add(hash);
        None
    }

    fn find_label_fault(&self, labels: PackedLabels<'_>) -> Option<(Limit, u64)> {
        let over = |bytes: usize, limit: Option<usize>| limit.filter(|limit| bytes > *limit);
        let fault = |kind: Limit, limit: usize| Some((kind, limit as u64));
        let mut n = 0;
        for (name, value) in labels.iter() {
            n += 1;
            if let Some(limit) = over(name.len(), self.limits.max_label_name_bytes) {
                return fault(Limit::LabelNameBytes, limit);
            }
            if let Some(limit) = over(value.len(), self.limits.max_label_value_bytes) {
                return fault(Limit::LabelValueBytes, limit);
            }
        }
        over(n, self.limits.max_labels).and_then(|limit| fault(Limit::Labels, limit))
    }
}

/// Copies what stays. Only a batch that is over a limit pays for it.
fn without_refused(batch: &Batch, kept: &[bool]) -> Batch {
    let mut out = Batch::default();
    let mut histograms = batch.histograms().iter().peekable();
    let mut starts = batch.starts().iter().peekable();
    for (at, (row, keep)) in batch.rows().iter().zip(kept).enumerate() {
        let is_row = |number: u32| number as usize == at;
        let histogram = histograms.next_if(|(number, _)| is_row(*number));
        let start = starts.next_if(|(number, _)| is_row(*number));
        // The labels fit, as they did together with all others.
        let Some(series) = keep.then(|| out.add_packed(batch.labels(row)).ok()).flatten() else {
            continue;
        };
        match histogram {
            Some((_, histogram)) => out.push_histogram(&series, row.timestamp, histogram.clone()),
            None => out.push(&series, row.timestamp, row.value),
        }
        if let Some((_, start)) = start {
            out.set_start(*start);
        }
    }
    for exemplar in batch.exemplars() {
        if let Ok(series) = out.add_packed(batch.exemplar_labels(exemplar)) {
            out.push_exemplar(&series, exemplar.exemplar.clone());
        }
    }
    for (name, metadata) in batch.metadata() {
        out.describe(name, metadata.clone());
    }
    out
}
