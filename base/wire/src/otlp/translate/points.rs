//! Points that become floats: numbers, summaries, and histograms as classic ones.

use model::{BatchSeries, LabelsBuilder, Millis, stale_marker};

use super::super::{ExplicitHistogram, Point, PointExemplar, Summary};
use super::labels::SeriesLabels;
use super::{Family, OtlpRefusalReason, Translation};
use crate::format_float;

/// What all samples of a point share.
struct Sample<'a> {
    labels: &'a SeriesLabels,
    start: Millis,
    timestamp: Millis,
    is_stale: bool,
}

impl Translation<'_> {
    pub(super) fn add_number(
        &mut self,
        family: &Family<'_>,
        point: &Point<f64>,
    ) -> Result<(), OtlpRefusalReason> {
        let labels = self.labels_of(family, point)?;
        let series = self.add_float(&sample(&labels, point), (&family.name, None), point.value)?;
        self.add_exemplars(&series, point.exemplars.iter());
        Ok(())
    }

    pub(super) fn add_summary(
        &mut self,
        family: &Family<'_>,
        point: &Point<Summary>,
    ) -> Result<(), OtlpRefusalReason> {
        let labels = self.labels_of(family, point)?;
        let (name, sample) = (&family.name, sample(&labels, point));
        self.add_float(&sample, (&format!("{name}_sum"), None), point.value.sum)?;
        self.add_float(
            &sample,
            (&format!("{name}_count"), None),
            to_float(point.value.count),
        )?;
        for &(quantile, value) in &point.value.quantiles {
            let quantile = plain(quantile);
            self.add_float(&sample, (name, Some(("quantile", &quantile))), value)?;
        }
        Ok(())
    }

    pub(super) fn add_classic(
        &mut self,
        family: &Family<'_>,
        point: &Point<ExplicitHistogram>,
    ) -> Result<(), OtlpRefusalReason> {
        let histogram = &point.value;
        let labels = self.labels_of(family, point)?;
        let (name, sample) = (&family.name, sample(&labels, point));
        if let Some(sum) = histogram.sum {
            self.add_float(&sample, (&format!("{name}_sum"), None), sum)?;
        }
        let count = to_float(histogram.count);
        self.add_float(&sample, (&format!("{name}_count"), None), count)?;
        let bucket = format!("{name}_bucket");
        let mut exemplars: Vec<&PointExemplar> = point.exemplars.iter().collect();
        exemplars.sort_by(|a, b| value_of(a).total_cmp(&value_of(b)));
        let mut exemplars = exemplars.into_iter().peekable();
        let mut cumulative = 0_u64;
        for (&bound, &observations) in histogram.bounds.iter().zip(&histogram.counts) {
            cumulative = cumulative.saturating_add(observations);
            // The last bucket comes from the count, whether or not there is a bound for it.
            if bound.is_infinite() && bound > 0.0 {
                continue;
            }
            let le = plain(bound);
            let series = self.add_float(&sample, (&bucket, Some(("le", &le))), to_float(cumulative))?;
            let mut inside = Vec::new();
            while let Some(exemplar) = exemplars.next_if(|e| value_of(e) <= bound) {
                inside.push(exemplar);
            }
            self.add_exemplars(&series, inside.into_iter());
        }
        let series = self.add_float(&sample, (&bucket, Some(("le", "+Inf"))), count)?;
        self.add_exemplars(&series, exemplars);
        Ok(())
    }

    fn add_float(
        &mut self,
        sample: &Sample<'_>,
        (name, extra): (&str, Option<(&str, &str)>),
        value: f64,
    ) -> Result<BatchSeries, OtlpRefusalReason> {
        let series = self.add_series(sample.labels, (name, extra))?;
        let value = if sample.is_stale { stale_marker() } else { value };
        self.out.push(&series, sample.timestamp, value);
        self.out.set_start(sample.start);
        self.told.samples += 1;
        Ok(series)
    }

    /// Packs the labels of a series.
    pub(super) fn add_series(
        &mut self,
        labels: &SeriesLabels,
        (name, extra): (&str, Option<(&str, &str)>),
    ) -> Result<BatchSeries, OtlpRefusalReason> {
        let mut builder = LabelsBuilder::default();
        labels.collect(&mut builder, name, extra);
        Ok(self.out.add_series(&mut builder)?)
    }

    pub(super) fn add_exemplars<'e>(
        &mut self,
        series: &BatchSeries,
        exemplars: impl Iterator<Item = &'e PointExemplar>,
    ) {
        for exemplar in exemplars {
            match exemplar {
                Ok(exemplar) => {
                    self.out.push_exemplar(series, exemplar.clone());
                    self.told.exemplars += 1;
                }
                Err(_) => self.told.refused_exemplars += 1,
            }
        }
    }
}

fn sample<'a, T>(labels: &'a SeriesLabels, point: &Point<T>) -> Sample<'a> {
    Sample {
        labels,
        start: point.start,
        timestamp: point.timestamp,
        is_stale: point.is_stale,
    }
}

fn value_of(exemplar: &PointExemplar) -> f64 {
    exemplar.as_ref().map_or(f64::NAN, |exemplar| exemplar.value)
}

/// A bound or quantile as a label value: never with an exponent.
fn plain(value: f64) -> String {
    if value.is_finite() {
        format!("{value}")
    } else {
        format_float(value)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "samples are floats; the source chose integers"
)]
pub(super) fn to_float(count: u64) -> f64 {
    count as f64
}
