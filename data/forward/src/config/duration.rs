//! Durations of the configuration, as Prometheus writes them.

use std::time::Duration;

/// Reads a duration such as `1h30m`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let millis = model::parse_duration(text)?;
    u64::try_from(millis).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests;
