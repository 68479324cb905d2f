//! Numbers as people read and write them: three significant digits, one unit rule everywhere.
//!
//! Bytes are IEC (`12.3 GiB`), rates end in `/s`, times are `1.2 s` or `340 µs`. Exact values are for machines:
//! they are what the JSON and CSV outputs hold.

use std::time::Duration;

const IEC: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const SI: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];

/// Ends of metric names whose seconds are counted from 1970, not a span.
const UNIX_TIMES: [&str; 4] = [
    "_timestamp_seconds",
    "_boot_time_seconds",
    "_start_time_seconds",
    "node_time_seconds",
];

/// What a value counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Something without a unit.
    #[default]
    Number,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Events per second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// A share of one.
    Ratio,
    /// Seconds since 1970.
    UnixTime,
}

impl Unit {
    /// Returns the unit that a metric name declares by its suffix, as the Prometheus naming conventions ask.
    pub(crate) fn of_metric(name: &str) -> Self {
        let base = name.strip_suffix("_total").unwrap_or(name);
        if base.ends_with("_bytes") {
            Self::Bytes
        } else if UNIX_TIMES.iter().any(|suffix| base.ends_with(suffix)) {
            Self::UnixTime
        } else if base.ends_with("_seconds") {
            Self::Seconds
        } else if base.ends_with("_ratio") {
            Self::Ratio
        } else {
            Self::Number
        }
    }

    /// Returns the unit of the change of such values per second.
    pub(crate) fn per_second(self) -> Self {
        match self {
            Self::Bytes => Self::BytesPerSecond,
            // Seconds per second: of CPU time, of waiting.
            Self::Seconds => Self::Number,
            _ => Self::PerSecond,
        }
    }

    /// Writes a value for people.
    pub(crate) fn format(self, value: f64) -> String {
        if !value.is_finite() {
            return number(value);
        }
        match self {
            Self::Number => number(value),
            Self::Bytes => bytes(value),
            Self::BytesPerSecond => format!("{}/s", bytes(value)),
            Self::PerSecond => format!("{}/s", short(value)),
            Self::Seconds => seconds(value),
            Self::Ratio => percent(value),
            // Truncation is meant: the fraction of a second is not shown.
            Self::UnixTime => crate::time::format_time((value * 1000.0) as model::Millis),
        }
    }
}

/// Writes a number without a unit: integers in full, fractions with six significant digits.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else if value == value.trunc() && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        significant(value, 6)
    }
}

/// Writes a number with an SI prefix and three significant digits: `12.3k`.
pub(crate) fn short(value: f64) -> String {
    let (scaled, prefix) = scale(value, 1000.0, &SI);
    format!("{}{prefix}", significant(scaled, 3))
}

/// Writes an amount of bytes: `12.3 GiB`.
pub(crate) fn bytes(value: f64) -> String {
    let (scaled, prefix) = scale(value, 1024.0, &IEC);
    let digits = if prefix == "B" { 4 } else { 3 };
    format!("{} {prefix}", significant(scaled, digits))
}

/// Writes a share of one in percent: `12.3 %`.
pub(crate) fn percent(ratio: f64) -> String {
    format!("{} %", significant(ratio * 100.0, 3))
}

/// Writes a span of time given in seconds: `340 µs`, `1.2 s`, `4m 5s`, `3d 4h`.
pub(crate) fn seconds(value: f64) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    if size == 0.0 {
        return "0 s".to_owned();
    }
    for (least, factor, unit) in [(1.0, 1.0, "s"), (1e-3, 1e3, "ms"), (1e-6, 1e6, "µs")] {
        if size < 60.0 && size >= least {
            return format!("{sign}{} {unit}", significant(size * factor, 3));
        }
    }
    if size < 60.0 {
        return format!("{sign}{} ns", significant(size * 1e9, 3));
    }
    // Rounded to seconds; more than a century is not told apart.
    let total = size.round().min(4e9) as u64;
    let (days, hours, minutes) = (total / 86_400, total % 86_400 / 3600, total % 3600 / 60);
    match (days, hours, minutes) {
        (0, 0, minutes) => format!("{sign}{minutes}m {}s", total % 60),
        (0, hours, minutes) => format!("{sign}{hours}h {minutes}m"),
        (days, hours, _) => format!("{sign}{days}d {hours}h"),
    }
}

fn scale<'p>(value: f64, base: f64, prefixes: &[&'p str; 7]) -> (f64, &'p str) {
    let mut scaled = value;
    let mut idx = 0;
    // 999.5 and more would be written with four digits.
    while scaled.abs() >= base - 0.5 && idx + 1 < prefixes.len() {
        scaled /= base;
        idx += 1;
    }
    (scaled, prefixes.get(idx).copied().unwrap_or(""))
}

/// Writes a finite number with so many significant digits, but never fewer than its integer part has, and
/// without zeros at the end.
fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if !(-9.0..=17.0).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = (digits - 1 - magnitude as i32).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Reads an amount of bytes: a number, then nothing, `B`, `KiB` … `TiB` (powers of 1,024), `KB` … `TB` (powers of
/// 1,000); `K` … `T` are taken as powers of 1,024.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
    let expected = "expected a size such as 500MiB, 10GiB or 1073741824";
    let text = text.trim();
    let split = text
        .bytes()
        .position(|byte| byte.is_ascii_alphabetic() || byte == b' ')
        .unwrap_or(text.len());
    let (amount, suffix) = text.split_at_checked(split).ok_or(expected)?;
    let amount: f64 = amount.parse().map_err(|_| expected)?;
    let factor: f64 = match suffix.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "ki" | "kib" => 1024.0,
        "m" | "mi" | "mib" => 1_048_576.0,
        "g" | "gi" | "gib" => 1_073_741_824.0,
        "t" | "ti" | "tib" => 1_099_511_627_776.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        _ => return Err(expected.to_owned()),
    };
    let bytes = amount * factor;
    // 2^53: the largest amount that is exact.
    if !(0.0..=9_007_199_254_740_992.0).contains(&bytes) {
        return Err(expected.to_owned());
    }
    Ok(bytes as u64)
}

/// Reads a span of time as Prometheus writes it: `500ms`, `5s`, `1h30m`, `15d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    model::parse_duration(text.trim())
        .and_then(|millis| u64::try_from(millis).ok())
        .map(Duration::from_millis)
        .ok_or_else(|| "expected a duration such as 500ms, 5s, 1h30m or 15d".to_owned())
}

/// Writes a span of time as [`parse_duration`] reads it.
pub(crate) fn format_duration(duration: Duration) -> String {
    model::format_duration(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
