//! The parts of one series, collected before it is known whether it can be stored.

use model::{Batch, BatchSeries, Exemplar, Histogram, LabelsBuilder, METRIC_NAME, Millis, stale_marker};

use super::describe::shorten;
use super::label_packer::LabelPacker;
use super::{Counted, DecodeLimits, RefusalReason};
use crate::DecodeError;
use crate::histogram::{HistogramValue, ReadHistogram};

/// A float sample as read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadSample {
    pub(super) timestamp: Millis,
    pub(super) value: f64,
    pub(super) start: Millis,
}

/// The parts of one `TimeSeries`, which may come in any order; keeps its memory between series.
#[derive(Debug, Default)]
pub(super) struct SeriesScratch {
    pub(super) packer: LabelPacker,
    pub(super) builder: LabelsBuilder,
    pub(super) samples: Vec<ReadSample>,
    pub(super) histograms: Vec<(Millis, Millis, Histogram)>,
    pub(super) exemplars: Vec<Exemplar>,
    /// The first thing wrong with a histogram or exemplar.
    pub(super) fault: Option<RefusalReason>,
    pub(super) refused_histograms: usize,
    pub(super) refused_exemplars: usize,
}

impl SeriesScratch {
    pub(super) fn clear(&mut self) {
        self.samples.clear();
        self.histograms.clear();
        self.exemplars.clear();
        self.fault = None;
        self.refused_histograms = 0;
        self.refused_exemplars = 0;
    }

    pub(super) fn shrink_to(&mut self, bytes: usize) {
        self.clear();
        self.packer.shrink_to(bytes);
        self.samples.shrink_to(bytes / size_of::<ReadSample>());
        self.histograms = Vec::new();
        self.exemplars = Vec::new();
        // The builder does not tell how large it has become.
        self.builder = LabelsBuilder::default();
    }

    /// Adds what a histogram message stands for.
    pub(super) fn take_histogram(&mut self, read: ReadHistogram) {
        let ReadHistogram {
            timestamp,
            start,
            value,
        } = read;
        match value {
            HistogramValue::Histogram(histogram) => self.histograms.push((timestamp, start, *histogram)),
            HistogramValue::Stale => self.samples.push(ReadSample {
                timestamp,
                value: stale_marker(),
                start: 0,
            }),
            HistogramValue::Invalid(error) => {
                self.refused_histograms += 1;
                self.fault.get_or_insert_with(|| error.into());
            }
        }
    }

    /// Adds an exemplar, or what is wrong with it.
    pub(super) fn take_exemplar(&mut self, exemplar: Result<Exemplar, RefusalReason>) {
        match exemplar {
            Ok(exemplar) => self.exemplars.push(exemplar),
            Err(reason) => {
                self.refused_exemplars += 1;
                self.fault
                    .get_or_insert_with(|| RefusalReason::Exemplar(Box::new(reason)));
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.histograms.is_empty() && self.exemplars.is_empty()
    }
}

impl Counted<'_> {
    /// Fails if the series now collected leads beyond the limits of the request.
    #[inline]
    pub(super) fn check(&self, series: &SeriesScratch) -> Result<(), DecodeError> {
        let (decoded, limits) = (&self.decoded, self.limits);
        let samples = decoded.samples
            + decoded.histograms
            + decoded.refused_samples
            + decoded.refused_histograms
            + series.samples.len()
            + series.histograms.len()
            + series.refused_histograms;
        if samples > limits.max_samples {
            return Err(too_many("samples", limits.max_samples));
        }
        let exemplars =
            decoded.exemplars + decoded.refused_exemplars + series.exemplars.len() + series.refused_exemplars;
        if exemplars > limits.max_exemplars {
            return Err(too_many("exemplars", limits.max_exemplars));
        }
        Ok(())
    }

    /// Puts the collected series into the batch, or among the refused. `labels` collects and judges the labels when
    /// the packer could not.
    #[inline]
    pub(super) fn take(
        &mut self,
        series: &mut SeriesScratch,
        labels: impl FnOnce(&mut LabelsBuilder) -> Result<(), RefusalReason>,
        describe: impl Fn() -> String,
    ) {
        if series.is_empty() && series.fault.is_none() {
            return;
        }
        let key = match series.packer.finish() {
            Some(packed) => self.out.add_packed(packed).map_err(RefusalReason::Labels),
            None => pack_slowly(&mut series.builder, self.out, labels),
        };
        match key {
            Ok(key) => self.keep(series, &key, describe),
            Err(reason) => self.refuse(series, reason, describe),
        }
    }

    fn keep(&mut self, series: &mut SeriesScratch, key: &BatchSeries, describe: impl Fn() -> String) {
        let decoded = &mut self.decoded;
        decoded.series += usize::from(!series.is_empty());
        decoded.samples += series.samples.len();
        for sample in &series.samples {
            self.out.push(key, sample.timestamp, sample.value);
            self.out.set_start(sample.start);
        }
        decoded.histograms += series.histograms.len();
        for (timestamp, start, histogram) in series.histograms.drain(..) {
            self.out.push_histogram(key, timestamp, histogram);
            self.out.set_start(start);
        }
        decoded.exemplars += series.exemplars.len();
        for exemplar in series.exemplars.drain(..) {
            self.out.push_exemplar(key, exemplar);
        }
        if let Some(reason) = series.fault.take() {
            decoded.refused_histograms += series.refused_histograms;
            decoded.refused_exemplars += series.refused_exemplars;
            decoded.name(reason, describe);
        }
    }

    /// Counts all that was collected of a series as refused.
    #[cold]
    pub(super) fn refuse(
        &mut self,
        series: &SeriesScratch,
        reason: RefusalReason,
        describe: impl Fn() -> String,
    ) {
        let decoded = &mut self.decoded;
        decoded.refused_series += 1;
        decoded.refused_samples += series.samples.len();
        decoded.refused_histograms += series.histograms.len() + series.refused_histograms;
        decoded.refused_exemplars += series.exemplars.len() + series.refused_exemplars;
        decoded.name(reason, describe);
    }
}

pub(super) fn too_many(what: &'static str, limit: usize) -> DecodeError {
    DecodeError::TooMany { what, limit }
}

#[cold]
fn pack_slowly(
    builder: &mut LabelsBuilder,
    out: &mut Batch,
    labels: impl FnOnce(&mut LabelsBuilder) -> Result<(), RefusalReason>,
) -> Result<BatchSeries, RefusalReason> {
    builder.clear();
    labels(builder)?;
    out.add_series(builder).map_err(RefusalReason::Labels)
}

/// Collects the labels of a series, of any order and form, and finds what the label set itself cannot tell.
pub(super) fn collect_labels<'a>(
    labels: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    limits: &DecodeLimits,
    builder: &mut LabelsBuilder,
) -> Result<(), RefusalReason> {
    let mut has_name = false;
    for (i, (name, value)) in labels.enumerate() {
        if i == limits.max_labels {
            return Err(RefusalReason::TooManyLabels {
                limit: limits.max_labels,
            });
        }
        let (Ok(name), Ok(value)) = (std::str::from_utf8(name), std::str::from_utf8(value)) else {
            return Err(RefusalReason::NotUtf8(shorten(name)));
        };
        has_name |= name == METRIC_NAME && !value.is_empty();
        builder.add(name, value);
    }
    if has_name {
        Ok(())
    } else {
        Err(RefusalReason::NoMetricName)
    }
}
