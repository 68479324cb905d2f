//! Classic histograms of a page, put together series by series.

use std::sync::Arc;

use model::{ClassicHistogram, ClassicPart, Labels, LabelsBuilder, METRIC_NAME, MetricType, Millis};
use wire::parse_float;

use super::{Converted, PageError, metric_name};

/// What parts the texts of converted histograms from those of the page: no text of a page begins so.
const PREFIX: &str = "\u{1}";

/// What a series is in which histogram.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    /// Packed labels of the histogram, without `le` and the suffix of the name.
    histogram: Arc<str>,
    part: ClassicPart,
    /// Upper bound of a bucket, otherwise 0.
    bound: f64,
}

/// The histogram that is being put together.
#[derive(Default)]
pub(super) struct Classic {
    /// The family that is being read, if it is one of histograms.
    family: Option<String>,
    open: Option<Open>,
    /// Packed labels of a native histogram: the classic series beside it are not converted.
    inhibited: Option<Arc<str>>,
}

/// What a series of a classic histogram says.
pub(super) struct Given {
    pub(super) value: f64,
    pub(super) timestamp: Option<Millis>,
    pub(super) start: Millis,
}

#[derive(Default)]
struct Open {
    labels: Arc<str>,
    histogram: ClassicHistogram,
    timestamp: Option<Millis>,
    start: Millis,
    exemplars: Vec<(Labels, f64, Option<Millis>)>,
}

impl Classic {
    pub(super) fn enter_family(&mut self, family: &str, metric_type: MetricType) {
        let histogram = matches!(metric_type, MetricType::Histogram | MetricType::GaugeHistogram);
        self.family = histogram.then(|| family.to_owned());
        self.inhibited = None;
    }

    /// Tells by little work whether a series may belong to a histogram.
    pub(super) fn may_be_part(&self, _series: &str) -> bool {
        self.family.is_some()
    }

    /// Notes a native histogram.
    pub(super) fn inhibit(&mut self, labels: &str) {
        self.inhibited = Some(Arc::from(labels));
    }

    pub(super) fn is_inhibited(&self, part: &Part) -> bool {
        self.inhibited.as_deref() == Some(&*part.histogram)
    }

    /// Finds out what a series is; `None` if it belongs to no histogram of the family that is being read.
    pub(super) fn part_of(&self, labels: &Labels) -> Result<Option<Part>, PageError> {
        let Some((family, part)) = ClassicPart::split(metric_name(labels)) else {
            return Ok(None);
        };
        if self.family.as_deref() != Some(family) {
            return Ok(None);
        }
        let mut bound = 0.0;
        if part == ClassicPart::Bucket {
            let written = labels.get("le").and_then(parse_float);
            let Some(written) = written.filter(|bound| !bound.is_nan()) else {
                return Ok(None);
            };
            bound = written;
        }
        let mut builder = LabelsBuilder::default();
        builder.add(METRIC_NAME, family);
        for (name, value) in labels
            .iter()
            .filter(|(name, _)| !matches!(*name, METRIC_NAME | "le"))
        {
            builder.add(name, value);
        }
        let histogram = Arc::from(builder.build()?.packed());
        Ok(Some(Part {
            histogram,
            part,
            bound,
        }))
    }

    /// Tells whether a series belongs to another histogram than the open one.
    pub(super) fn is_other(&self, part: &Part) -> bool {
        self.open
            .as_ref()
            .is_some_and(|open| open.labels != part.histogram)
    }

    pub(super) fn add(&mut self, part: &Part, given: Given) {
        let open = self.open.get_or_insert_with(|| Open {
            labels: Arc::clone(&part.histogram),
            start: given.start,
            ..Open::default()
        });
        open.timestamp = given.timestamp;
        // What is wrong is remembered, and told when the histogram is taken.
        let histogram = &mut open.histogram;
        let told = match part.part {
            ClassicPart::Bucket => histogram.set_bucket(part.bound, given.value),
            ClassicPart::Count => histogram.set_count(given.value),
            ClassicPart::Sum => histogram.set_sum(given.value),
        };
        drop(told);
    }

    pub(super) fn add_exemplar(&mut self, labels: Labels, value: f64, time: Option<Millis>) {
        if let Some(open) = &mut self.open {
            open.exemplars.push((labels, value, time));
        }
    }

    /// Returns the open histogram and opens none.
    pub(super) fn take(&mut self) -> Option<Converted> {
        let open = self.open.take()?;
        Some(Converted {
            text: format!("{PREFIX}{}", open.labels),
            labels: open.labels,
            histogram: open.histogram.to_histogram(),
            timestamp: open.timestamp,
            start: open.start,
            exemplars: open.exemplars,
        })
    }
}
