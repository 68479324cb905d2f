//! Points of OpenTelemetry as samples.
//!
//! Labels of a sample: its attributes, translated; resource attributes that are promoted; `job` and `instance` from
//! the resource's service; the scope if asked for. One `target_info` a resource says the rest about it.

use model::{Batch, LabelError, Metadata, MetricType, Millis};

use super::names::{NameKind, NoName, metric_name, unit_name};
use super::settings::{DeltaHandling, OtlpSettings};
use super::{Data, Metric, Monotonic, OtlpRequest, Point, ResourceMetrics, ScopeMetrics, Temporality};

mod histograms;
mod labels;
mod points;
mod target_info;

use labels::{LabelSource, SeriesLabels};
use target_info::TargetInfo;

/// How many refusals are named; the rest is only counted.
const MAX_NAMED_REFUSALS: usize = 10;

/// Why points were refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OtlpRefusalReason {
    /// The name leaves nothing after translation.
    #[error("name {0:?} leaves no valid name after translation")]
    Name(String),
    /// Deltas, and the settings do not say to store them.
    #[error("values are deltas; send cumulative values, or configure the receiver to store deltas")]
    Delta,
    /// A delta that may be in the total already.
    #[error("delta is not later than the newest of its series")]
    DeltaOutOfOrder,
    /// A delta from before its series began.
    #[error("delta begins before the start of its series; is another process sending the same series?")]
    DeltaBeforeStart,
    /// No more series of deltas can be remembered.
    #[error("deltas of {0} series are added up already; send cumulative values")]
    DeltaLimit(usize),
    /// Neither deltas nor cumulative.
    #[error("aggregation temporality is not specified")]
    NoTemporality,
    /// A kind of data that is not known, or none.
    #[error("metric has no data of a known kind")]
    NoData,
    /// The labels form no set.
    #[error("{0}")]
    Labels(#[from] LabelError),
    /// An exponential histogram coarser than any native one.
    #[error("histogram has scale {0}, below the lowest, -4")]
    Scale(i32),
    /// A histogram that contradicts itself.
    #[error("{0}")]
    Histogram(#[from] model::HistogramError),
    /// Counts and bounds do not fit each other.
    #[error("histogram has {counts} bucket counts for {bounds} bounds")]
    Bounds {
        /// Counts given.
        counts: usize,
        /// Bounds given.
        bounds: usize,
    },
}

impl From<NoName> for OtlpRefusalReason {
    fn from(error: NoName) -> Self {
        Self::Name(error.name)
    }
}

/// A metric that was refused, or points of it.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpRefusal {
    /// Its name as sent, shortened.
    pub metric: String,
    /// What is wrong.
    pub reason: OtlpRefusalReason,
}

/// What became of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OtlpTranslated {
    /// Points put into the batch.
    pub points: usize,
    /// Float samples put into the batch; a histogram point makes several when it becomes a classic one.
    pub samples: usize,
    /// Native histograms put into the batch.
    pub histograms: usize,
    /// Exemplars put into the batch.
    pub exemplars: usize,
    /// Points refused.
    pub refused_points: usize,
    /// Exemplars refused: their labels form no set.
    pub refused_exemplars: usize,
    /// Attributes whose names became the same label; their values were joined by `;`.
    pub label_collisions: usize,
    /// The first refusals, at most ten.
    pub refusals: Vec<OtlpRefusal>,
}

impl OtlpTranslated {
    /// Adds what was refused before the translation.
    pub fn refused_before(&mut self, mut earlier: Self) {
        self.refused_points += earlier.refused_points;
        earlier.refusals.append(&mut self.refusals);
        earlier.refusals.truncate(MAX_NAMED_REFUSALS);
        self.refusals = earlier.refusals;
    }
}

impl OtlpRequest {
    /// Puts the points of the request into a batch. What cannot be stored is refused point by point.
    pub fn translate(&self, settings: &OtlpSettings, out: &mut Batch) -> OtlpTranslated {
        let mut translation = Translation {
            settings,
            labels: LabelSource::new(settings),
            target_info: TargetInfo::default(),
            described: std::collections::HashSet::new(),
            out,
            told: OtlpTranslated::default(),
        };
        for resource in &self.resources {
            translation.take_resource(resource);
        }
        translation.told.label_collisions = translation.labels.collisions();
        translation.told
    }
}

struct Translation<'a> {
    settings: &'a OtlpSettings,
    labels: LabelSource<'a>,
    target_info: TargetInfo,
    described: std::collections::HashSet<String>,
    out: &'a mut Batch,
    told: OtlpTranslated,
}

/// What all points of a metric share.
struct Family<'a> {
    /// As sent.
    metric: &'a Metric,
    /// Translated.
    name: String,
    metric_type: MetricType,
    unit: String,
    temporality: Temporality,
}

impl Translation<'_> {
    fn take_resource(&mut self, resource: &ResourceMetrics) {
        self.labels.set_resource(&resource.attributes);
        let mut span: Option<(Millis, Millis)> = None;
        for scope in &resource.scopes {
            self.labels.set_scope(scope);
            self.take_scope(scope, &mut span);
        }
        if let Some(span) = span {
            self.add_target_info(&resource.attributes, span);
        }
    }

    fn take_scope(&mut self, scope: &ScopeMetrics, span: &mut Option<(Millis, Millis)>) {
        for metric in &scope.metrics {
            metric.data.each_time(&mut |t| {
                let (first, last) = span.get_or_insert((t, t));
                *first = (*first).min(t);
                *last = (*last).max(t);
            });
            if let Err(reason) = self.take_metric(metric) {
                self.told.refused_points += metric.data.n_points();
                self.refuse(metric, reason);
            }
        }
    }

    /// Translates a metric; an error refuses all of its points.
    fn take_metric(&mut self, metric: &Metric) -> Result<(), OtlpRefusalReason> {
        let (kind, temporality) = match &metric.data {
            Data::None => return Err(OtlpRefusalReason::NoData),
            Data::Gauge(_) => (NameKind::Gauge, None),
            Data::Sum(_, temporality, Monotonic::Yes) => (NameKind::Counter, Some(*temporality)),
            Data::Sum(_, temporality, Monotonic::No)
            | Data::Histogram(_, temporality)
            | Data::Exponential(_, temporality) => (NameKind::Other, Some(*temporality)),
            Data::Summary(_) => (NameKind::Other, None),
        };
        match temporality {
            Some(Temporality::Unspecified) => return Err(OtlpRefusalReason::NoTemporality),
            Some(Temporality::Delta) if self.settings.delta != DeltaHandling::Store => {
                return Err(OtlpRefusalReason::Delta);
            }
            _ => {}
        }
        let name = metric_name(&metric.name, &metric.unit, (kind, self.settings.translation))?;
        let family = Family {
            metric,
            name,
            metric_type: metric_type(&metric.data, temporality),
            unit: unit_name(&metric.unit),
            temporality: temporality.unwrap_or(Temporality::Cumulative),
        };
        self.describe(&family);
        match &metric.data {
            Data::None => {}
            Data::Gauge(points) | Data::Sum(points, ..) => self.each(&family, points, Self::add_number),
            Data::Histogram(points, _) if self.settings.explicit_histograms_as_native => {
                self.each(&family, points, Self::add_custom);
            }
            Data::Histogram(points, _) => self.each(&family, points, Self::add_classic),
            Data::Exponential(points, _) => self.each(&family, points, Self::add_exponential),
            Data::Summary(points) => self.each(&family, points, Self::add_summary),
        }
        Ok(())
    }

    /// Adds points one by one; one that is refused does not take the others with it.
    fn each<T>(
        &mut self,
        family: &Family<'_>,
        points: &[Point<T>],
        add: fn(&mut Self, &Family<'_>, &Point<T>) -> Result<(), OtlpRefusalReason>,
    ) {
        for point in points {
            match add(self, family, point) {
                Ok(()) => self.told.points += 1,
                Err(reason) => {
                    self.told.refused_points += 1;
                    self.refuse(family.metric, reason);
                }
            }
        }
    }

    fn describe(&mut self, family: &Family<'_>) {
        if family.metric.data.n_points() > 0 && self.described.insert(family.name.clone()) {
            let metadata = Metadata {
                metric_type: family.metric_type,
                help: family.metric.description.clone(),
                unit: family.unit.clone(),
            };
            self.out.describe(&family.name, metadata);
        }
    }

    /// Collects the labels that all series of a point share, without the metric name.
    fn labels_of<T>(
        &mut self,
        family: &Family<'_>,
        point: &Point<T>,
    ) -> Result<SeriesLabels, OtlpRefusalReason> {
        let mut labels = self.labels.of_point(&point.attributes)?;
        if self.settings.type_and_unit_labels {
            if family.metric_type != MetricType::Unknown {
                labels.set("__type__", family.metric_type.as_str());
            }
            labels.set("__unit__", &family.unit);
        }
        Ok(labels)
    }

    fn refuse(&mut self, metric: &Metric, reason: OtlpRefusalReason) {
        if self.told.refusals.len() < MAX_NAMED_REFUSALS {
            self.told.refusals.push(OtlpRefusal {
                metric: metric.name.chars().take(64).collect(),
                reason,
            });
        }
    }
}

fn metric_type(data: &Data, temporality: Option<Temporality>) -> MetricType {
    if temporality == Some(Temporality::Delta) {
        return MetricType::Unknown;
    }
    match data {
        Data::Sum(_, _, Monotonic::Yes) => MetricType::Counter,
        Data::Gauge(_) | Data::Sum(..) => MetricType::Gauge,
        Data::Histogram(..) | Data::Exponential(..) => MetricType::Histogram,
        Data::Summary(_) => MetricType::Summary,
        Data::None => MetricType::Unknown,
    }
}

impl Data {
    fn n_points(&self) -> usize {
        let mut n = 0;
        self.each_time(&mut |_| n += 1);
        n
    }

    fn each_time(&self, take: &mut dyn FnMut(Millis)) {
        fn each<T>(points: &[Point<T>], take: &mut dyn FnMut(Millis)) {
            for point in points {
                take(point.timestamp);
            }
        }
        match self {
            Self::None => {}
            Self::Gauge(points) | Self::Sum(points, ..) => each(points, take),
            Self::Histogram(points, _) => each(points, take),
            Self::Exponential(points, _) => each(points, take),
            Self::Summary(points) => each(points, take),
        }
    }
}
