//! Takes what one collector says, adds the labels that say where it comes from, and packs it.

use hashbrown::HashTable;
use host::Collector;
use model::{Batch, Family, LabelsBuilder, METRIC_NAME, Metadata, Sink};
use xxhash_rust::xxh3::xxh3_64;

/// Units that metric names end in. Source: Prometheus, "Metric and label naming", base units.
const UNITS: &[&str] = &[
    "amperes", "bytes", "celsius", "grams", "hertz", "joules", "meters", "ratio", "seconds", "volts", "watts",
];

/// A collector with the sink that it speaks to; the two travel together between threads.
pub(crate) struct Runner {
    pub(crate) collector: Box<dyn Collector>,
    pub(crate) make: Option<fn() -> Box<dyn Collector>>,
    pub(crate) gather: Gather,
}

/// Labels added to all samples of a collector.
#[derive(Clone, Debug, Default)]
pub(crate) struct FixedLabels {
    /// Say where the samples come from; a label of the same name that a collector hands over becomes
    /// `exported_…`, as Prometheus does it.
    pub(crate) target: Vec<(&'static str, String)>,
    /// Give way to labels of the same name.
    pub(crate) extra: Vec<(String, String)>,
}

/// The sink of one collector. Rows carry the timestamp 0; the tick's is put in its place when they are merged.
pub(crate) struct Gather {
    batch: Batch,
    fixed: FixedLabels,
    labels: LabelsBuilder,
    /// Memory for the name of a label that is renamed.
    renamed: String,
    cap: usize,
    over_cap: usize,
    invalid: usize,
    first_invalid: String,
    last_family: String,
    described: HashTable<Box<str>>,
    epoch: u64,
}

impl Gather {
    /// Makes a sink that takes at most `cap` series a collection.
    pub(crate) fn new(fixed: FixedLabels, cap: usize) -> Self {
        Self {
            batch: Batch::default(),
            fixed,
            labels: LabelsBuilder::default(),
            renamed: String::new(),
            cap,
            over_cap: 0,
            invalid: 0,
            first_invalid: String::new(),
            last_family: String::new(),
            described: HashTable::new(),
            epoch: 0,
        }
    }

    /// Begins a collection. Families are described again when the epoch differs from the one before.
    pub(crate) fn begin(&mut self, epoch: u64) {
        self.batch.clear();
        self.over_cap = 0;
        self.invalid = 0;
        self.first_invalid.clear();
        self.last_family.clear();
        if self.epoch != epoch {
            self.epoch = epoch;
            self.described.clear();
        }
    }

    /// Returns what was said.
    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Returns the number of series dropped in this collection, and what to say about them.
    pub(crate) fn dropped(&self) -> (usize, Option<String>) {
        let message = match (self.over_cap, self.invalid) {
            (0, 0) => None,
            (0, _) => Some(self.first_invalid.clone()),
            (n, _) => Some(format!("dropped {n} series over the cap of {}", self.cap)),
        };
        (self.over_cap + self.invalid, message)
    }

    fn describe(&mut self, family: &Family<'_>) {
        self.last_family.clear();
        self.last_family.push_str(family.name);
        let hash = xxh3_64(family.name.as_bytes());
        if self.described.find(hash, |name| **name == *family.name).is_some() {
            return;
        }
        self.described
            .insert_unique(hash, Box::from(family.name), |name| xxh3_64(name.as_bytes()));
        self.batch.describe(
            family.name,
            Metadata {
                metric_type: family.metric_type,
                help: family.help.to_owned(),
                unit: unit(family.name).to_owned(),
            },
        );
    }
}

impl Sink for Gather {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        if self.batch.rows().len() >= self.cap {
            self.over_cap += 1;
            return;
        }
        let Self {
            labels: builder,
            fixed,
            renamed,
            ..
        } = self;
        builder.clear();
        builder.add(METRIC_NAME, family.name);
        for (name, value) in &fixed.target {
            builder.add(name, value);
        }
        for (name, value) in &fixed.extra {
            if !labels
                .iter()
                .any(|(other, value)| other == name && !value.is_empty())
            {
                builder.add(name, value);
            }
        }
        for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
            if fixed.target.iter().any(|(other, _)| other == name) {
                renamed.clear();
                renamed.push_str("exported_");
                renamed.push_str(name);
                builder.add(renamed, value);
            } else {
                builder.add(name, value);
            }
        }
        match self.batch.add_series(&mut self.labels) {
            Ok(series) => {
                self.batch.push(&series, 0, value);
                if self.last_family != family.name {
                    self.describe(family);
                }
            }
            Err(error) => {
                if self.invalid == 0 {
                    self.first_invalid = format!("{}: {error}", family.name);
                }
                self.invalid += 1;
            }
        }
    }
}

/// Returns the unit that a metric name declares by its suffix, empty if none.
fn unit(name: &str) -> &'static str {
    let name = name.strip_suffix("_total").unwrap_or(name);
    let last = name.rsplit('_').next().unwrap_or("");
    UNITS.iter().find(|unit| **unit == last).copied().unwrap_or("")
}

#[cfg(test)]
mod tests;
