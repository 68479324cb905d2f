//! What an agent is told: where to read, how often, which collectors.

use std::io;
use std::time::Duration;

use host::table::{Default as RowDefault, ROWS, Row};
use host::{Collector, Root};
use model::{LabelError, Labels};

/// Shortest interval; below it ticks would share timestamps' neighbourhood with their own duration.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// How an agent runs.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// The machine's file tree.
    pub root: Root,
    /// The `instance` label of every series.
    pub instance: String,
    /// Time between ticks; at least 10 ms.
    pub interval: Duration,
    /// How long a tick waits for one collector before it goes on without it.
    pub patience: Duration,
    /// How long after its start a collection may still hand over its samples; longer than `patience`.
    pub timeout: Duration,
    /// Which collectors run.
    pub selection: Selection,
    /// Labels added to every series that does not have them.
    pub extra_labels: Vec<(String, String)>,
}

/// Which rows of the collector table run: those that are on by default, plus `opt_in`, minus `disabled`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of rows that run although they are off by default.
    pub opt_in: Vec<String>,
    /// Names of rows that do not run.
    pub disabled: Vec<String>,
}

/// A collector of the agent's owner, run beside those of the table.
pub struct Extra {
    /// Name, different from those of the table.
    pub name: &'static str,
    /// The `job` label of its series.
    pub job: &'static str,
    /// What it reads, for people.
    pub source: &'static str,
    /// Most series of one collection.
    pub series_cap: usize,
    /// The collector; it is kept after a panic, since nothing can make it anew.
    pub collector: Box<dyn Collector>,
}

/// Why an agent does not start.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// A selection names a collector that is not in the table.
    #[error("unknown collector {name:?}; known are {known}")]
    UnknownCollector {
        /// The name.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
    /// Two collectors have one name.
    #[error("two collectors are named {name:?}")]
    DuplicateCollector {
        /// The name.
        name: &'static str,
    },
    /// The interval is too short.
    #[error("interval {interval:?} is shorter than {MIN_INTERVAL:?}")]
    Interval {
        /// The interval.
        interval: Duration,
    },
    /// The timeout does not exceed the patience.
    #[error("timeout {timeout:?} is not longer than patience {patience:?}")]
    Timeout {
        /// The timeout.
        timeout: Duration,
        /// The patience.
        patience: Duration,
    },
    /// `instance` and the extra labels form no label set.
    #[error("invalid labels for every series")]
    Labels {
        /// What is wrong.
        #[source]
        source: LabelError,
    },
    /// The system gives no thread.
    #[error("failed to start thread {name}")]
    Thread {
        /// The thread's name.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A collector with what the agent has to know of it, from the table or from the owner.
pub(crate) struct Source {
    pub(crate) name: &'static str,
    pub(crate) job: &'static str,
    pub(crate) source: &'static str,
    pub(crate) every: u32,
    pub(crate) series_cap: usize,
    pub(crate) make: Option<fn() -> Box<dyn Collector>>,
    /// `None`: disabled.
    pub(crate) collector: Option<Box<dyn Collector>>,
}

/// Checks a configuration and returns all collectors in the order in which they run.
pub(crate) fn sources(config: &AgentConfig, extras: Vec<Extra>) -> Result<Vec<Source>, AgentError> {
    check(config)?;
    let mut sources: Vec<Source> = ROWS.iter().map(|row| of_row(row, &config.selection)).collect();
    sources.extend(extras.into_iter().map(of_extra));
    for (i, source) in sources.iter().enumerate() {
        if sources.iter().take(i).any(|other| other.name == source.name) {
            return Err(AgentError::DuplicateCollector { name: source.name });
        }
    }
    Ok(sources)
}

fn check(config: &AgentConfig) -> Result<(), AgentError> {
    let AgentConfig {
        interval,
        patience,
        timeout,
        selection,
        ..
    } = config;
    if *interval < MIN_INTERVAL {
        return Err(AgentError::Interval { interval: *interval });
    }
    if timeout <= patience {
        return Err(AgentError::Timeout {
            timeout: *timeout,
            patience: *patience,
        });
    }
    for name in selection.opt_in.iter().chain(&selection.disabled) {
        if !ROWS.iter().any(|row| row.name == name) {
            let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
            return Err(AgentError::UnknownCollector {
                name: name.clone(),
                known: known.join(", "),
            });
        }
    }
    let extra = config.extra_labels.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    Labels::from_pairs(extra.chain([("job", "job"), ("instance", config.instance.as_str())]))
        .map_err(|source| AgentError::Labels { source })?;
    Ok(())
}

fn of_row(row: &Row, selection: &Selection) -> Source {
    let named = |names: &[String]| names.iter().any(|name| name == row.name);
    let on = row.default == RowDefault::On || named(&selection.opt_in);
    Source {
        name: row.name,
        job: row.job,
        source: row.source,
        every: row.every,
        series_cap: row.series_cap,
        make: Some(row.new),
        collector: (on && !named(&selection.disabled)).then(row.new),
    }
}

fn of_extra(extra: Extra) -> Source {
    Source {
        name: extra.name,
        job: extra.job,
        source: extra.source,
        every: 1,
        series_cap: extra.series_cap,
        make: None,
        collector: Some(extra.collector),
    }
}

#[cfg(test)]
mod tests;
