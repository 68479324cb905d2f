//! Logging: structured events on stderr, for a person or for a machine.
//!
//! Fields, not prose: `warn!(%file, attempt, "failed to open segment")`. Secrets never become fields; types
//! that hold one print a placeholder instead.

use std::io::IsTerminal;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, fmt};

/// How events look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One line an event, for people; coloured on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = LogError;

    fn from_str(word: &str) -> Result<Self, LogError> {
        match word {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogError::Format(word.to_owned())),
        }
    }
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Not a format.
    #[error("unknown log format {0:?}, expected text or json")]
    Format(String),
    /// The filter is not a list of `level` and `target=level`.
    #[error("invalid log filter {filter:?}")]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: ParseError,
    },
    /// Logging was set up before.
    #[error("failed to install the logger")]
    Install(#[source] TryInitError),
}

/// Sends events to stderr from now on. `filter` is a comma-separated list of a level for everything (`debug`)
/// and levels for modules (`store=trace`); an empty filter means `info`.
///
/// # Errors
/// The filter is malformed, or logging was set up before.
pub fn init(format: LogFormat, filter: &str) -> Result<(), LogError> {
    let targets = parse_filter(filter)?;
    let stderr = std::io::stderr();
    let colour = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => Box::new(
            fmt::layer()
                .with_writer(std::io::stderr)
                .with_ansi(colour)
                .with_filter(targets),
        ),
        LogFormat::Json => Box::new(
            fmt::layer()
                .json()
                .flatten_event(true)
                .with_writer(std::io::stderr)
                .with_filter(targets),
        ),
    };
    tracing_subscriber::registry()
        .with(layer)
        .try_init()
        .map_err(LogError::Install)
}

fn parse_filter(filter: &str) -> Result<Targets, LogError> {
    if filter.trim().is_empty() {
        return Ok(Targets::new().with_default(LevelFilter::INFO));
    }
    filter.parse().map_err(|source| LogError::Filter {
        filter: filter.to_owned(),
        source,
    })
}

/// Makes panics events of the log, with thread and place, before the default hook prints them or unwinding
/// goes on. The text of a panic is logged as it is: code does not put secrets there.
pub fn log_panics() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !tracing::enabled!(tracing::Level::ERROR) {
            previous(info);
            return;
        }
        let message = info.payload_as_str().unwrap_or("panic without a text");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed");
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(thread = name, %place, %backtrace, "panicked: {message}");
    }));
}

#[cfg(test)]
mod tests;
