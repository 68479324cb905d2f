//! The series about each scrape: `up`, `scrape_duration_seconds` and the rest.

use model::{Batch, BatchSeries, Labels, LabelsBuilder, METRIC_NAME, Millis};

/// What is written about a scrape, in this order.
const NAMES: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];
/// What is written if the job asks for more.
const EXTRA_NAMES: [&str; 3] = [
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
];

/// Values in the order of the names.
pub(super) struct Report {
    pub(super) values: [f64; 5],
    pub(super) extra: Option<[f64; 3]>,
}

impl Report {
    /// A report that ends its series.
    pub(super) fn stale(extra: bool) -> Self {
        Self {
            values: [model::stale_marker(); 5],
            extra: extra.then_some([model::stale_marker(); 3]),
        }
    }

    /// Adds the report to a batch.
    pub(super) fn push(&self, target: &Labels, at: Millis, batch: &mut Batch) {
        let extra = self.extra.as_ref().map_or(&[][..], |extra| extra);
        let names = NAMES.iter().chain(&EXTRA_NAMES);
        for (name, value) in names.zip(self.values.iter().chain(extra)) {
            if let Some(series) = series(target, name, batch) {
                batch.push(&series, at, *value);
            }
        }
    }
}

fn series(target: &Labels, name: &str, batch: &mut Batch) -> Option<BatchSeries> {
    let mut builder = LabelsBuilder::default();
    builder.add(METRIC_NAME, name);
    for (name, value) in target.iter() {
        builder.add(name, value);
    }
    batch.add_series(&mut builder).ok()
}
