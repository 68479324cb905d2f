//! What scraping says about itself: plain values for the API, taken at one moment.
//!
//! The fields follow `/api/v1/targets`, `/api/v1/targets/metadata`, `/api/v1/scrape_pools` and
//! `/api/v1/targets/relabel_steps` of Prometheus, so that printing them needs no knowledge of scraping.

use std::time::Duration;

use model::{Labels, Metadata, Millis};

/// What became of the last scrape of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetHealth {
    /// It was not scraped yet.
    #[default]
    Unknown,
    /// The last scrape succeeded.
    Up,
    /// The last scrape failed.
    Down,
}

impl TargetHealth {
    /// Returns the word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// A target that is scraped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveTarget {
    /// Labels before relabelling, `__address__` and `__meta_*` among them.
    pub discovered_labels: Labels,
    /// Labels that its series get.
    pub labels: Labels,
    /// Name of the job whose pool it is in.
    pub scrape_pool: String,
    /// What is requested.
    pub scrape_url: String,
    /// The same as seen from other machines: a loopback host is replaced by the name of this one.
    pub global_url: String,
    /// Why the last scrape failed, empty if it did not.
    pub last_error: String,
    /// When the last scrape began; `None` before the first.
    pub last_scrape: Option<Millis>,
    /// How long it took.
    pub last_scrape_duration: Duration,
    /// What became of it.
    pub health: TargetHealth,
    /// Time between scrapes.
    pub scrape_interval: Duration,
    /// A scrape that takes longer fails.
    pub scrape_timeout: Duration,
}

/// A target that relabelling dropped.
#[derive(Clone, Debug, PartialEq)]
pub struct DroppedTarget {
    /// Labels before relabelling.
    pub discovered_labels: Labels,
    /// Name of the job.
    pub scrape_pool: String,
}

/// One job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolStatus {
    /// Name of the job.
    pub name: String,
    /// Its targets in order of their address.
    pub active: Vec<ActiveTarget>,
    /// Dropped targets, as many as `keep_dropped_targets` allows.
    pub dropped: Vec<DroppedTarget>,
    /// How many targets were dropped in all.
    pub n_dropped: usize,
    /// Targets that could not be made, each with its reason, at most ten.
    pub problems: Vec<String>,
}

/// All jobs at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScrapeStatus {
    /// Jobs in order of names.
    pub pools: Vec<PoolStatus>,
}

/// What a target says about one of its families.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetMetadata {
    /// Labels of the target.
    pub target: Labels,
    /// Name of the family.
    pub metric: String,
    /// What it says.
    pub metadata: Metadata,
}

/// Which metadata of targets is wanted.
#[derive(Clone, Debug, Default)]
pub struct MetadataRequest {
    /// All must hold on the target's labels; empty means every target.
    pub matchers: Vec<model::Matcher>,
    /// Only this family.
    pub metric: Option<String>,
    /// At most so many entries.
    pub limit: Option<usize>,
}

/// One rule of a job's `relabel_configs` and what it makes of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct RelabelStep {
    /// The rule as YAML.
    pub rule: String,
    /// Labels after it.
    pub output: Labels,
    /// Whether the target is still there after it.
    pub keep: bool,
}

/// What became of the last `reload`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReloadStatus {
    /// Whether it succeeded.
    pub successful: bool,
    /// When the configuration that is in force was taken over.
    pub last_success: Option<Millis>,
    /// Why the last one failed.
    pub error: Option<String>,
}
