//! How a store is set up.

use std::path::PathBuf;
use std::time::Duration;

use model::Millis;

/// Settings of a [`crate::Store`]. Every combination of values is valid; extremes are clamped where used.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Folder that holds everything; created if absent. One store at a time may have it open.
    pub dir: PathBuf,
    /// Parts whose newest sample is older than this are dropped.
    pub retention: Duration,
    /// Parts are dropped, oldest first, while log and parts together are larger than this.
    pub retention_bytes: Option<u64>,
    /// How far behind the newest sample of its series a sample may come, days if so wanted: what is older than
    /// the head becomes parts that overlap others.
    pub out_of_order_window: Duration,
    /// How far ahead of the clock a sample may be.
    pub max_future: Duration,
    /// Longest time a batch waits for its fsync when nobody asks for durability.
    pub fsync_interval: Duration,
    /// Span of one flushed part; the head holds about one and a quarter of it.
    pub head_range: Duration,
    /// Span of one compacted part, a multiple of `head_range`.
    pub compacted_range: Duration,
    /// Series the head holds at most; samples of further series are refused.
    pub max_series: usize,
    /// Series that may be created a minute; samples of further new series are refused. `None` is no limit.
    pub max_new_series_per_minute: Option<usize>,
    /// Samples that may come a second; further batches are refused. `None` is no limit.
    pub max_samples_per_second: Option<u64>,
    /// Labels of one series at most, the metric name included.
    pub max_labels: usize,
    /// Bytes of one label name at most.
    pub max_label_name_bytes: usize,
    /// Bytes of one label value at most.
    pub max_label_value_bytes: usize,
    /// Exemplars that are kept; 0 keeps none.
    pub max_exemplars: usize,
    /// Series one query may touch.
    pub max_query_series: usize,
    /// Independently locked slices of the head; at least 1, at most 256.
    pub n_shards: usize,
    /// Bytes of encoded samples that may wait for the log writer before batches are refused.
    pub log_queue_bytes: usize,
    /// Bytes at which a log segment is closed.
    pub log_segment_bytes: u64,
    /// Bytes of log behind the last snapshot of the head after which another one may be written, at the earliest
    /// when they are a quarter of its size. `None` writes none, and a start reads the whole log.
    pub snapshot_after_bytes: Option<u64>,
    /// Bytes of decompressed part pages kept for readers.
    pub page_cache_bytes: usize,
    /// How long one pass of verifying the checksums of all parts takes; `None` verifies only what is read.
    pub scrub_interval: Option<Duration>,
    /// How often the background thread looks for work; `None` leaves all upkeep to [`crate::Store::maintain`].
    pub upkeep_interval: Option<Duration>,
}

impl StoreConfig {
    /// Returns the defaults for a folder.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            dir: dir.into(),
            retention: Duration::from_secs(15 * 24 * 3600),
            retention_bytes: None,
            out_of_order_window: Duration::from_secs(600),
            max_future: Duration::from_secs(600),
            fsync_interval: Duration::from_millis(100),
            head_range: Duration::from_secs(2 * 3600),
            compacted_range: Duration::from_secs(24 * 3600),
            max_series: 10_000_000,
            max_new_series_per_minute: None,
            max_samples_per_second: None,
            max_labels: 128,
            max_label_name_bytes: 1024,
            max_label_value_bytes: 64 << 10,
            max_exemplars: 100_000,
            max_query_series: 1_000_000,
            n_shards: cores.clamp(1, 16),
            log_queue_bytes: 64 << 20,
            log_segment_bytes: 128 << 20,
            snapshot_after_bytes: Some(1 << 20),
            page_cache_bytes: 4 << 20,
            scrub_interval: Some(Duration::from_secs(7 * 24 * 3600)),
            upkeep_interval: Some(Duration::from_secs(10)),
        }
    }
}

/// Converts a setting to the store's time unit; spans beyond 292 million years become that.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
