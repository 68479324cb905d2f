//! `target_info`: what a resource says about itself beyond its service, as labels of a constant 1.

use std::collections::HashSet;

use model::{LabelsBuilder, Metadata, MetricType, Millis};

use super::super::Attributes;
use super::Translation;
use super::labels::{SERVICE_INSTANCE, SERVICE_NAME, SERVICE_NAMESPACE};

const TARGET_INFO: &str = "target_info";
/// Samples of one `target_info` a request: points that lie further apart leave gaps.
const MAX_SAMPLES: usize = 1_000;

/// The samples written so far, so that resources that say the same are written once.
#[derive(Debug, Default)]
pub(super) struct TargetInfo {
    seen: HashSet<(String, Millis)>,
}

impl Translation<'_> {
    /// Adds `target_info` for a span of time, repeated so that a query at any time within finds it.
    pub(super) fn add_target_info(&mut self, attributes: &Attributes, (first, last): (Millis, Millis)) {
        let is_identifying = |name: &str| matches!(name, SERVICE_NAME | SERVICE_NAMESPACE | SERVICE_INSTANCE);
        if attributes.iter().all(|(name, _)| is_identifying(name)) {
            return;
        }
        let keep = self.settings.keep_identifying_attributes;
        let others = attributes
            .iter()
            .filter(|(name, _)| keep || !is_identifying(name));
        let Ok(mut labels) = self.labels.of_attributes(others) else {
            return;
        };
        self.labels.add_service(&mut labels);
        if labels.get("job").is_empty() && labels.get("instance").is_empty() {
            return;
        }
        let mut builder = LabelsBuilder::default();
        labels.collect(&mut builder, TARGET_INFO, None);
        let Ok(labels) = builder.build() else {
            return;
        };
        let Ok(series) = self.out.add_packed(labels.as_packed()) else {
            return;
        };
        let step = (self.settings.lookback / 2).max(1);
        let mut t = first;
        for _ in 0..MAX_SAMPLES {
            if t >= last {
                break;
            }
            self.add_info_sample(&series, (&labels, t));
            t = t.saturating_add(step);
        }
        self.add_info_sample(&series, (&labels, last));
        if self.described.insert(TARGET_INFO.to_owned()) {
            let metadata = Metadata {
                metric_type: MetricType::Gauge,
                help: "Target metadata".to_owned(),
                unit: String::new(),
            };
            self.out.describe(TARGET_INFO, metadata);
        }
    }

    fn add_info_sample(&mut self, series: &model::BatchSeries, (labels, t): (&model::Labels, Millis)) {
        if self.target_info.seen.insert((labels.packed().to_owned(), t)) {
            self.out.push(series, t, 1.0);
            self.told.samples += 1;
        }
    }
}
