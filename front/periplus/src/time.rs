//! Times as people read and write them. Without a zone they are UTC, and output says so.

use model::Millis;
use model::calendar::{date_of, day_number};

const MINUTE_MS: Millis = 60_000;
const DAY_MS: Millis = 86_400_000;

/// Reads a time: RFC 3339 (`2026-11-22T14:02:00Z`, `2026-11-22 14:02`), seconds since 1970, `now`, or a span before
/// now (`-5m`, `5m ago`).
pub(crate) fn parse_time(text: &str, now: Millis) -> Result<Millis, String> {
    let text = text.trim();
    let ago = text.strip_suffix("ago").or_else(|| text.strip_prefix('-'));
    let parsed = if text == "now" {
        Some(now)
    } else if let Some(span) = ago {
        model::parse_duration(span.trim()).and_then(|millis| now.checked_sub(millis))
    } else if let Some(seconds) = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e12) {
        // Milliseconds are what there is; what is finer is cut.
        Some((seconds * 1000.0) as Millis)
    } else {
        parse_date_time(text)
    };
    parsed.ok_or_else(|| {
        "expected a time such as 2026-11-22T14:02:00Z, \"2026-11-22 14:02\" (UTC), 1763781423, now or -5m"
            .to_owned()
    })
}

/// Writes a time to the second: `2026-11-22 14:02:00 UTC`.
pub(crate) fn format_time(time: Millis) -> String {
    let (year, month, day) = date_of(time.div_euclid(DAY_MS));
    format!("{year:04}-{month:02}-{day:02} {} UTC", format_clock(time))
}

/// Writes the time of day: `14:02:00`.
pub(crate) fn format_clock(time: Millis) -> String {
    let second = time.rem_euclid(DAY_MS) / 1000;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Writes month, day and minute: `11-22 14:02`.
pub(crate) fn format_minute(time: Millis) -> String {
    let (_, month, day) = date_of(time.div_euclid(DAY_MS));
    let minute = time.rem_euclid(DAY_MS) / MINUTE_MS;
    format!("{month:02}-{day:02} {:02}:{:02}", minute / 60, minute % 60)
}

fn parse_date_time(text: &str) -> Option<Millis> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let (year, month, day) = (
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    let days = days_of(year, month, day)?;
    if rest.is_empty() {
        return Some(days * DAY_MS);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    Some(days * DAY_MS + parse_clock(clock)? - parse_zone(zone)?)
}

/// Reads `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff…` as milliseconds of the day.
fn parse_clock(text: &str) -> Option<Millis> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = whole.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    Some((hour * 3600 + minute * 60 + second) * 1000 + (fraction * 1000.0) as Millis)
}

/// Reads nothing, `Z` or `±HH:MM` as milliseconds ahead of UTC.
fn parse_zone(text: &str) -> Option<Millis> {
    let sign = match text.as_bytes().first() {
        None | Some(b'Z' | b'z') if text.len() <= 1 => return Some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    Some(sign * (digits(hours, 2)? * 60 + digits(minutes, 2)?) * MINUTE_MS)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let all_digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` if there is no such date.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let days = day_number(year, month, day);
    ((1..=12).contains(&month) && date_of(days) == (year, month, day)).then_some(days)
}

#[cfg(test)]
mod tests;
