//! What an agent says of itself.

use std::time::Duration;

use model::Millis;

/// How a collector stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectorState {
    /// Has not finished its first collection.
    Starting,
    /// Its latest collection was whole.
    Ok,
    /// Its latest collection failed in part, as a whole or by a panic.
    Failing,
    /// It did not return within the timeout; it runs again once it returns.
    TimedOut,
    /// This machine does not have its source, or does not let it be read; looked for again every minute.
    Unavailable,
    /// Not selected.
    Disabled,
}

impl CollectorState {
    /// Returns the state as one lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::TimedOut => "timed_out",
            Self::Unavailable => "unavailable",
            Self::Disabled => "disabled",
        }
    }
}

/// How one collector stands and what it cost.
#[derive(Clone, Debug)]
pub struct CollectorStatus {
    /// Name of its row.
    pub name: &'static str,
    /// The `job` label of its series.
    pub job: &'static str,
    /// What it reads, for people.
    pub source: &'static str,
    /// How it stands.
    pub state: CollectorState,
    /// Why it stands so; empty if there is nothing to say.
    pub message: String,
    /// What the operator can do about it.
    pub hint: Option<&'static str>,
    /// Time between its collections.
    pub interval: Duration,
    /// Timestamp of its latest collection, finished or not.
    pub last_run: Option<Millis>,
    /// Timestamp of its latest whole collection.
    pub last_success: Option<Millis>,
    /// Wall-clock time of its latest finished collection.
    pub last_duration: Duration,
    /// CPU time of all its finished collections.
    pub cpu_total: Duration,
    /// CPU time of its latest finished collection.
    pub cpu_last: Duration,
    /// Collections started.
    pub runs: u64,
    /// Collections that failed in part, as a whole or by a panic; a missing source is no failure.
    pub errors: u64,
    /// Collections that did not return within the timeout; their samples are lost.
    pub timeouts: u64,
    /// Series of its latest finished collection.
    pub series: usize,
    /// Series of its latest finished collection that were dropped: over the cap, repeated, or with labels that
    /// form no set.
    pub series_dropped: usize,
}

/// How the store takes what is handed to it.
#[derive(Clone, Debug, Default)]
pub struct IngestStatus {
    /// Samples taken.
    pub samples: u64,
    /// Samples refused one by one.
    pub rejected: u64,
    /// The latest of these refusals.
    pub last_rejection: String,
    /// Times a whole batch was refused.
    pub failures: u64,
    /// Why, as long as batches wait; empty otherwise.
    pub error: String,
    /// Batches that wait to be offered again.
    pub waiting_batches: usize,
    /// Samples lost because too many batches waited.
    pub dropped_samples: u64,
}

/// How an agent stands.
#[derive(Clone, Debug, Default)]
pub struct AgentStatus {
    /// All collectors, also the disabled ones, in the order in which they run.
    pub collectors: Vec<CollectorStatus>,
    /// Ticks so far.
    pub ticks: u64,
    /// Timestamp of the latest tick.
    pub last_tick: Option<Millis>,
    /// How the store takes the samples.
    pub ingest: IngestStatus,
}
