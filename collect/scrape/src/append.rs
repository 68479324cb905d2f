//! A page to a batch: the series with the target's labels, behind relabelling, within the limits.
//!
//! What a series on the page comes to is remembered under its text ([`SeriesCache`]), so that a steady page needs
//! neither its labels nor the rules. A page counts as a whole: if one line is wrong or a limit is exceeded, nothing
//! of it is taken, and the series of the page before end.

use std::sync::Arc;

use model::{
    Batch, EditableLabels, Exemplar, Histogram, Labels, LabelsBuilder, METRIC_NAME, Millis, PackedLabels,
};
use wire::{Entry, ExpositionFormat, ExpositionParser, ParseError, Sample, SampleValue};

mod cache;
mod classic;
mod metadata;
mod mutate;
mod resolution;

pub(crate) use cache::SeriesCache;
pub(crate) use metadata::MetadataCache;

use self::cache::{Known, SeriesId};
use self::classic::{Classic, Given};
use crate::config::Job;

/// Samples further ahead of the clock are refused, as Prometheus does.
const MAX_AHEAD_MS: Millis = 600_000;
/// Longest labels of an exemplar together, in characters, by OpenMetrics.
const MAX_EXEMPLAR_CHARS: usize = 128;

/// Why a page is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// It breaks its format.
    #[error("the page cannot be read")]
    Parse(#[from] ParseError),
    /// A series has no name behind relabelling.
    #[error("a series has no metric name behind metric_relabel_configs: {0}")]
    Nameless(String),
    /// A name is not allowed by the job.
    #[error("{name:?} is not allowed as a name by metric_name_validation_scheme legacy")]
    Name {
        /// The name.
        name: String,
    },
    /// A label set is none.
    #[error("the labels of a series form no set")]
    Labels(#[from] model::LabelError),
    /// A limit of the job.
    #[error("{limit} of {allowed} exceeded: {found}")]
    Limit {
        /// The key of the configuration.
        limit: &'static str,
        /// What it allows.
        allowed: u64,
        /// What was found.
        found: String,
    },
}

/// What became of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Samples on the page.
    pub(crate) scraped: usize,
    /// Samples behind relabelling.
    pub(crate) kept: usize,
    /// Series that were not on the page before.
    pub(crate) added: usize,
    /// Samples left out as their series came twice.
    pub(crate) duplicates: usize,
    /// Samples left out as they are too far in the future.
    pub(crate) ahead: usize,
    /// Exemplars left out as their labels are too long.
    pub(crate) long_exemplars: usize,
}

/// What a target remembers from scrape to scrape.
#[derive(Debug, Default)]
pub(crate) struct TargetMemory {
    series: SeriesCache,
}

impl TargetMemory {
    /// Forgets what series come to, as the rules have changed, but not which are alive.
    pub(crate) fn forget_texts(&mut self) {
        self.series.forget_texts();
    }

    /// Ends all series that were alive at the last scrape; there is no page.
    pub(crate) fn end_all(&mut self, at: Millis, batch: &mut Batch) {
        self.series.begin();
        self.finish(at, batch, Pruning::Kept);
    }

    fn finish(&mut self, at: Millis, batch: &mut Batch, pruning: Pruning) {
        self.series.each_ended(|labels| {
            // A batch holds 4 GiB of labels; what was taken from pages is far below.
            if let Ok(series) = batch.add_packed(PackedLabels::trusted(labels)) {
                batch.push(&series, at, model::stale_marker());
            }
        });
        self.series.end(pruning == Pruning::Done);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Pruning {
    Kept,
    Done,
}

/// A page and what it is seen with.
pub(crate) struct Page<'a> {
    /// The job of the target.
    pub(crate) job: &'a Job,
    /// Labels that its series get.
    pub(crate) labels: &'a Labels,
    /// The bytes.
    pub(crate) body: &'a [u8],
    /// What they are.
    pub(crate) format: ExpositionFormat,
    /// Time of samples without one of their own.
    pub(crate) at: Millis,
    /// The clock, for what lies too far ahead.
    pub(crate) now: Millis,
}

/// Takes a page into the batch, and ends the series that are not on it any more.
///
/// # Errors
/// The page is not taken: the batch is empty, save for the ends of the series of the page before, and what was read
/// up to the error is counted.
pub(crate) fn append(
    page: &Page<'_>,
    memory: &mut TargetMemory,
    metadata: &MetadataCache,
    batch: &mut Batch,
) -> (Counts, Result<(), PageError>) {
    memory.series.begin();
    let mut reader = PageReader {
        page,
        series: &mut memory.series,
        batch,
        counts: Counts::default(),
        n_appended: 0,
        builder: LabelsBuilder::default(),
        classic: Classic::default(),
        over_limit: None,
    };
    let read = reader.read(metadata);
    let counts = reader.counts;
    match read {
        Ok(()) => {
            metadata.describe_changes(batch);
            memory.finish(page.at, batch, Pruning::Done);
            (counts, Ok(()))
        }
        Err(error) => {
            batch.clear();
            memory.series.undo();
            memory.finish(page.at, batch, Pruning::Kept);
            (counts, Err(error))
        }
    }
}

struct PageReader<'a> {
    page: &'a Page<'a>,
    series: &'a mut SeriesCache,
    batch: &'a mut Batch,
    counts: Counts,
    n_appended: u64,
    builder: LabelsBuilder,
    classic: Classic,
    over_limit: Option<PageError>,
}

/// Takes labels, value and time of an exemplar.
type TakeExemplar<'t> = dyn FnMut(&mut LabelsBuilder, f64, Option<Millis>) + 't;

/// A sample on its way into the batch.
struct Point<'s> {
    value: SampleValue,
    timestamp: Option<Millis>,
    start: Millis,
    exemplars: &'s mut dyn FnMut(&mut TakeExemplar<'_>),
}

impl PageReader<'_> {
    fn read(&mut self, metadata: &MetadataCache) -> Result<(), PageError> {
        let histograms = self.page.job.histograms;
        let mut parser = ExpositionParser::new(self.page.body, self.page.format, histograms.of_parser())?;
        let mut described = metadata.begin();
        while let Some(entry) = parser.next_entry()? {
            match entry {
                Entry::Sample(sample) => self.sample(&sample)?,
                Entry::Type { family, metric_type } => {
                    self.flush_classic()?;
                    self.classic.enter_family(&family, metric_type);
                    described.set_type(&family, metric_type);
                }
                Entry::Help { family, help } => described.set_help(&family, &help),
                Entry::Unit { family, unit } => described.set_unit(&family, &unit),
            }
        }
        self.flush_classic()?;
        self.over_limit.take().map_or(Ok(()), Err)
    }

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), PageError> {
        let timestamp = sample.timestamp.filter(|_| self.page.job.honor_timestamps);
        if self.page.job.histograms.convert_classic && self.convert(sample, timestamp)? {
            return Ok(());
        }
        self.counts.scraped += 1;
        let id = match self.series.get(sample.series) {
            Some(Known::Dropped) => return Ok(()),
            Some(Known::Series(id)) => id,
            None => {
                sample.labels(&mut self.builder)?;
                match self.learn(sample.series)? {
                    Some(id) => id,
                    None => return Ok(()),
                }
            }
        };
        self.push(
            id,
            Point {
                value: sample.value.clone(),
                timestamp,
                start: sample.start,
                exemplars: &mut |take| sample.each_exemplar(take),
            },
        );
        Ok(())
    }

    /// Works out what a series that was not seen before comes to, `None` if it is dropped. Its labels are in the
    /// builder.
    fn learn(&mut self, text: &str) -> Result<Option<SeriesId>, PageError> {
        let exposed = self.builder.build()?;
        let mut labels = EditableLabels::from_packed(exposed.as_packed());
        let denied: Vec<&str> = self.builder.empty_names().collect();
        let page = (self.page.labels, self.page.job);
        if !mutate::with_target(&mut labels, &denied, page) || labels.is_empty() {
            self.series.insert_dropped(text);
            return Ok(None);
        }
        mutate::check(&labels, self.page.job, &exposed)?;
        self.builder.clear();
        labels.add_to(&mut self.builder);
        let labels = self.builder.build()?;
        Ok(Some(self.series.insert(text, labels.packed())))
    }

    fn push(&mut self, id: SeriesId, point: Point<'_>) {
        self.counts.kept += 1;
        let at = point.timestamp.unwrap_or(self.page.at);
        let is_repeated = !self.series.see(id) && point.timestamp.is_none();
        if is_repeated {
            self.counts.duplicates += 1;
            return;
        }
        if at > self.page.now.saturating_add(MAX_AHEAD_MS) {
            self.counts.ahead += 1;
            return;
        }
        self.n_appended += 1;
        let limit = self.page.job.limits.samples;
        if limit > 0 && self.n_appended > limit {
            self.exceed(
                "sample_limit",
                limit,
                "the page has more samples behind relabelling".to_owned(),
            );
            return;
        }
        let Some(value) = self.within_resolution(point.value) else {
            return;
        };
        let Ok(series) = self
            .batch
            .add_packed(PackedLabels::trusted(self.series.labels(id)))
        else {
            self.exceed("size of a batch", 1 << 32, "bytes of labels".to_owned());
            return;
        };
        match value {
            SampleValue::Float(value) => self.batch.push(&series, at, value),
            SampleValue::Histogram(histogram) => self.batch.push_histogram(&series, at, *histogram),
        }
        self.batch.set_start(point.start);
        if self.series.is_new(id) && self.over_limit.is_none() {
            self.counts.added += 1;
        }
        if point.timestamp.is_none() || self.page.job.track_timestamps_staleness {
            self.series.track(id);
        }
        let (batch, long) = (&mut *self.batch, &mut self.counts.long_exemplars);
        (point.exemplars)(&mut |labels, value, time| {
            let Ok(labels) = labels.build() else { return };
            let chars: usize = labels
                .iter()
                .map(|(n, v)| n.chars().count() + v.chars().count())
                .sum();
            if chars > MAX_EXEMPLAR_CHARS {
                *long += 1;
                return;
            }
            batch.push_exemplar(
                &series,
                Exemplar {
                    labels,
                    timestamp: time.unwrap_or(at),
                    value,
                },
            );
        });
    }

    /// Reduces the resolution of a histogram to what the job allows; `None` if that is not enough.
    fn within_resolution(&mut self, value: SampleValue) -> Option<SampleValue> {
        let SampleValue::Histogram(mut histogram) = value else {
            return Some(value);
        };
        let limits = &self.page.job.limits;
        if resolution::reduce(&mut histogram, limits) {
            return Some(SampleValue::Histogram(histogram));
        }
        let found = "a histogram has more buckets, and its resolution can not be reduced further".to_owned();
        self.exceed("native_histogram_bucket_limit", limits.histogram_buckets, found);
        None
    }

    /// Notes that a limit is exceeded. The page is read to its end, so that it is counted as a whole.
    fn exceed(&mut self, limit: &'static str, allowed: u64, found: String) {
        self.over_limit.get_or_insert(PageError::Limit {
            limit,
            allowed,
            found,
        });
    }

    /// Takes a sample into the classic histogram that is being put together; `true` if that is all it is for.
    fn convert(&mut self, sample: &Sample<'_>, timestamp: Option<Millis>) -> Result<bool, PageError> {
        let SampleValue::Float(value) = sample.value else {
            self.flush_classic()?;
            sample.labels(&mut self.builder)?;
            let labels = self.builder.build()?;
            self.classic.inhibit(labels.packed());
            return Ok(false);
        };
        if !self.classic.may_be_part(sample.series) {
            self.flush_classic()?;
            return Ok(false);
        }
        let part = match self.series.part(sample.series) {
            Some(part) => part,
            None => {
                sample.labels(&mut self.builder)?;
                let labels = self.builder.build()?;
                let part = self.classic.part_of(&labels)?;
                self.series.insert_part(sample.series, part)
            }
        };
        let Some(part) = part else {
            self.flush_classic()?;
            return Ok(false);
        };
        if self.classic.is_inhibited(&part) {
            return Ok(false);
        }
        if self.classic.is_other(&part) {
            self.flush_classic()?;
        }
        let start = sample.start;
        self.classic.add(
            &part,
            Given {
                value,
                timestamp,
                start,
            },
        );
        sample.each_exemplar(&mut |labels, value, time| {
            if let Ok(labels) = labels.build() {
                self.classic.add_exemplar(labels, value, time);
            }
        });
        Ok(!self.page.job.histograms.always_classic)
    }

    /// Takes the classic histogram that was put together, if there is one, as a native one.
    fn flush_classic(&mut self) -> Result<(), PageError> {
        let Some(done) = self.classic.take() else {
            return Ok(());
        };
        // Series that make no histogram are left out, as Prometheus does.
        let Ok(histogram) = done.histogram else {
            return Ok(());
        };
        self.counts.scraped += 1;
        let id = match self.series.get(&done.text) {
            Some(Known::Dropped) => return Ok(()),
            Some(Known::Series(id)) => id,
            None => {
                self.builder.clear();
                for (name, value) in PackedLabels::trusted(&done.labels).iter() {
                    self.builder.add(name, value);
                }
                match self.learn(&done.text)? {
                    Some(id) => id,
                    None => return Ok(()),
                }
            }
        };
        let exemplars = done.exemplars;
        self.push(
            id,
            Point {
                value: SampleValue::Histogram(Box::new(histogram)),
                timestamp: done.timestamp,
                start: done.start,
                exemplars: &mut |take| {
                    for (labels, value, time) in &exemplars {
                        let mut builder = LabelsBuilder::default();
                        for (name, text) in labels.iter() {
                            builder.add(name, text);
                        }
                        take(&mut builder, *value, *time);
                    }
                },
            },
        );
        Ok(())
    }
}

/// A classic histogram that was put together.
struct Converted {
    /// Under what it is remembered.
    text: String,
    labels: Arc<str>,
    histogram: Result<Histogram, model::ClassicError>,
    timestamp: Option<Millis>,
    start: Millis,
    exemplars: Vec<(Labels, f64, Option<Millis>)>,
}

/// Returns the metric name of packed labels.
fn metric_name(labels: &Labels) -> &str {
    labels.get(METRIC_NAME).unwrap_or_default()
}

#[cfg(test)]
mod tests;
