//! Durations as Prometheus writes them: `1h30m`, largest unit first, each unit once.
//! Source of the format: Prometheus documentation, "Float literals and time durations".

use super::Millis;

/// Units with their length in milliseconds, from large to small.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads a duration, in milliseconds; `None` if the text is not one or does not fit.
pub fn parse_duration(text: &str) -> Option<Millis> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total: i64 = 0;
    let mut next_unit = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at_checked(n_digits)?;
        let amount: i64 = digits.parse().ok()?;
        let n_letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, after) = after.split_at_checked(n_letters)?;
        let idx = UNITS.iter().position(|(name, _)| *name == unit)?;
        if idx < next_unit {
            return None;
        }
        next_unit = idx + 1;
        total = total.checked_add(amount.checked_mul(UNITS.get(idx)?.1)?)?;
        rest = after;
    }
    // Prometheus holds durations in nanoseconds.
    (total <= i64::MAX / 1_000_000).then_some(total)
}

/// Writes a duration given in milliseconds, in the shortest exact form.
pub fn format_duration(ms: Millis) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    if ms < 0 {
        out.push('-');
    }
    let mut rest = ms.unsigned_abs();
    for (name, size) in UNITS {
        let size = size.unsigned_abs();
        // Years and weeks only where they are exact, so that 30d stays 30d.
        let exact_only = matches!(name, "y" | "w");
        if (exact_only && !rest.is_multiple_of(size)) || rest < size {
            continue;
        }
        out.push_str(&format!("{}{name}", rest / size));
        rest %= size;
    }
    out
}

#[cfg(test)]
mod tests;
