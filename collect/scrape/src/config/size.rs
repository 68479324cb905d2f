//! Sizes as Prometheus writes them: `10MB`, `512KiB`; both kinds of units count in 1024.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Units with their power of 1024.
const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];

/// Reads a size in bytes; `0` needs no unit. `None` for anything else.
pub fn parse_size(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let stem = text.strip_suffix("iB").or_else(|| text.strip_suffix('B'))?;
    let digits_end = stem
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(stem.len());
    let (digits, unit) = stem.split_at(digits_end);
    let power = UNITS.iter().position(|known| *known == unit)?;
    let factor = 1_u64 << (10 * power);
    if let Ok(whole) = digits.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let value: f64 = digits.parse().ok()?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size with a fraction is no exact number of bytes; it saturates"
    )]
    let bytes = (value * factor as f64) as u64;
    Some(bytes)
}

/// Writes a size in the largest unit that holds it exactly.
fn format_size(bytes: u64) -> String {
    let mut value = bytes;
    let mut power = 0;
    while value != 0 && value.is_multiple_of(1024) && power + 1 < UNITS.len() {
        value /= 1024;
        power += 1;
    }
    let unit = UNITS.get(power).copied().unwrap_or_default();
    let binary = if unit.is_empty() { "" } else { "i" };
    format!("{value}{unit}{binary}B")
}

/// A size in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawSize(pub(super) u64);

impl<'de> Deserialize<'de> for RawSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_size(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is not a size such as 10MB or 512KB")))
    }
}

impl Serialize for RawSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_size(self.0))
    }
}
