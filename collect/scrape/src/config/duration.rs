//! Durations as Prometheus writes them: `1h30m`, `15s`, `500ms`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Reads a duration: numbers with units `y`, `w`, `d`, `h`, `m`, `s`, `ms`, each at most once and from large to
/// small; `0` needs no unit. `None` for anything else or more than 2^63 nanoseconds.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let millis = model::parse_duration(text)?;
    u64::try_from(millis).ok().map(Duration::from_millis)
}

/// Writes a duration so that [`parse_duration`] reads it; parts of a millisecond are left out.
pub fn format_duration(duration: Duration) -> String {
    model::format_duration(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

/// A duration in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawDuration(pub(super) Duration);

impl<'de> Deserialize<'de> for RawDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!("{text:?} is not a duration such as 15s, 1m30s or 500ms"))
        })
    }
}

impl Serialize for RawDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_duration(self.0))
    }
}
