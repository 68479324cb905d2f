//! Durations as Prometheus writes them: `1h30m`, `15s`, `500ms`.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Units from large to small in milliseconds; those of days and more are printed only for whole multiples.
const UNITS: [(&str, u64, bool); 7] = [
    ("y", 365 * 86_400_000, true),
    ("w", 7 * 86_400_000, true),
    ("d", 86_400_000, true),
    ("h", 3_600_000, false),
    ("m", 60_000, false),
    ("s", 1000, false),
    ("ms", 1, false),
];

/// Reads a duration: numbers with units `y`, `w`, `d`, `h`, `m`, `s`, `ms`, each at most once and from large to
/// small; `0` needs no unit. `None` for anything else or more than 2^63 milliseconds.
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut millis = 0_u64;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let digits_end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (digits, behind) = rest.split_at(digits_end);
        let unit_end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        let place = UNITS.iter().position(|(name, ..)| *name == unit)?;
        if place < next_unit {
            return None;
        }
        next_unit = place + 1;
        let value: u64 = digits.parse().ok()?;
        millis = UNITS
            .get(place)
            .and_then(|(_, factor, _)| value.checked_mul(*factor))
            .and_then(|more| millis.checked_add(more))?;
        rest = behind;
    }
    (!text.is_empty() && i64::try_from(millis).is_ok()).then(|| Duration::from_millis(millis))
}

/// Writes a duration so that [`parse_duration`] reads it; parts of a millisecond are left out.
pub fn format_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (unit, factor, whole) in UNITS {
        if rest < factor || whole && rest % factor != 0 {
            continue;
        }
        let written = write!(out, "{}{unit}", rest / factor);
        debug_assert!(written.is_ok(), "strings take every write");
        rest %= factor;
    }
    out
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
