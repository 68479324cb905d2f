//! Samples on their way to a reader.

use crate::{ExemplarRequest, Histogram, Labels, Matcher, Metadata, Millis, SeriesExemplars};

/// A closed span of time, `start <= t <= end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// First time included.
    pub start: Millis,
    /// Last time included.
    pub end: Millis,
}

impl TimeRange {
    /// All of time.
    pub const ALL: Self = Self {
        start: Millis::MIN,
        end: Millis::MAX,
    };

    /// Tells whether a time lies in the span.
    pub fn contains(self, t: Millis) -> bool {
        self.start <= t && t <= self.end
    }

    /// Tells whether two spans share a time.
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

/// What a reader wants: the series for which all matchers hold, with their samples in a span of time.
#[derive(Clone, Debug)]
pub struct Selection {
    /// All must hold.
    pub matchers: Vec<Matcher>,
    /// Samples outside are not read; series without a sample inside may or may not be in the set.
    pub range: TimeRange,
}

/// What a reader of names wants: names found on series for which all matchers of at least one set hold.
#[derive(Clone, Debug)]
pub struct NamesRequest {
    /// Alternatives; empty means every series.
    pub matcher_sets: Vec<Vec<Matcher>>,
    /// Only series that may have samples in this span count.
    pub range: TimeRange,
    /// At most so many names.
    pub limit: usize,
}

/// Why a read failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueryError {
    /// Stored data cannot be read.
    #[error("failed to read {what}: {reason}")]
    Storage {
        /// The file or part concerned.
        what: String,
        /// What happened to it.
        reason: String,
    },
    /// A bound was hit.
    #[error("query would touch more than {limit} {what}; narrow the selector or the time range")]
    TooLarge {
        /// What there would be too much of (`series`, `samples`).
        what: &'static str,
        /// The bound.
        limit: usize,
    },
}

/// Samples of one series, column by column, in ascending time without repetitions.
///
/// A sample is a float or a native histogram. Floats are the rule, so histograms and start timestamps are side
/// columns that stay empty where a series has none. Stale markers are included and are always floats, those that
/// end a series of histograms too: what they mean is the engine's to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleBuffer {
    /// Times, strictly ascending.
    pub timestamps: Vec<Millis>,
    /// One value a time; for a histogram its sum, so that the column can be walked blindly.
    pub values: Vec<f64>,
    /// `(row, histogram)` in ascending order of rows, for those rows that are histograms.
    pub histograms: Vec<(u32, Histogram)>,
    /// When the counting began that a row's value is the result of, 0 if that is not known. Empty if it is known
    /// for no row, else one a time.
    pub starts: Vec<Millis>,
}

impl SampleBuffer {
    /// Forgets all samples, keeps the memory.
    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.values.clear();
        self.histograms.clear();
        self.starts.clear();
    }

    /// Appends a sample; the caller keeps times ascending.
    pub fn push(&mut self, timestamp: Millis, value: f64) {
        self.timestamps.push(timestamp);
        self.values.push(value);
        if !self.starts.is_empty() {
            self.starts.push(0);
        }
    }

    /// Appends a histogram; the caller keeps times ascending.
    pub fn push_histogram(&mut self, timestamp: Millis, histogram: Histogram) {
        let row = u32::try_from(self.len()).unwrap_or(u32::MAX);
        self.push(timestamp, histogram.sum);
        self.histograms.push((row, histogram));
    }

    /// Says when the counting began that led to the sample appended last; 0 if that is not known.
    pub fn set_start(&mut self, start: Millis) {
        if self.starts.is_empty() && start != 0 {
            self.starts.resize(self.timestamps.len(), 0);
        }
        if let Some(last) = self.starts.last_mut() {
            *last = start;
        }
    }

    /// Returns the start timestamp of a row, 0 if it is not known.
    pub fn start(&self, row: usize) -> Millis {
        self.starts.get(row).copied().unwrap_or(0)
    }

    /// Returns the histogram of a row, `None` if the row is a float.
    pub fn histogram(&self, row: usize) -> Option<&Histogram> {
        if self.histograms.is_empty() {
            return None;
        }
        let at = self
            .histograms
            .binary_search_by(|(r, _)| (*r as usize).cmp(&row))
            .ok()?;
        self.histograms.get(at).map(|(_, histogram)| histogram)
    }

    /// Returns the number of samples.
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// Tells whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }
}

/// Series that a selection found. It is a snapshot of *which* series there are; samples are read one series at
/// a time, so an engine never holds more raw samples than it works on, and may read from several threads.
pub trait SeriesSet: Send + Sync {
    /// Returns the number of series.
    fn len(&self) -> usize;

    /// Tells whether there are no series.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the labels of series `idx < len()`. Order is not defined; each label set occurs once.
    fn labels(&self, idx: usize) -> Labels;

    /// Replaces what is in `out` by the samples of series `idx < len()` in the selection's range.
    ///
    /// # Errors
    /// Stored data cannot be read.
    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError>;
}

/// Reads samples and names.
pub trait Query: Send + Sync {
    /// Finds series.
    ///
    /// # Errors
    /// A bound was hit or stored data cannot be read.
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError>;

    /// Tells whether a series of a metric may have native histograms in a span of time; true if that is not known.
    ///
    /// # Errors
    /// Stored data cannot be read.
    fn may_have_histograms(&self, _metric: &str, _range: TimeRange) -> Result<bool, QueryError> {
        Ok(true)
    }

    /// Returns label names in order.
    ///
    /// # Errors
    /// As [`Query::select`].
    fn label_names(&self, request: &NamesRequest) -> Result<Vec<String>, QueryError>;

    /// Returns the values of a label in order.
    ///
    /// # Errors
    /// As [`Query::select`].
    fn label_values(&self, name: &str, request: &NamesRequest) -> Result<Vec<String>, QueryError>;

    /// Returns `(metric name, metadata)` in order of names; `metric` asks for one name only.
    fn metadata(&self, metric: Option<&str>) -> Vec<(String, Metadata)>;

    /// Returns the exemplars of series in order of labels. A reader that keeps none returns none.
    ///
    /// # Errors
    /// As [`Query::select`].
    fn exemplars(&self, _request: &ExemplarRequest) -> Result<Vec<SeriesExemplars>, QueryError> {
        Ok(Vec::new())
    }
}
