//! RFC 3339 times, read.

use model::Millis;
use model::calendar::{day_number, days_in_month};

/// Reads `2026-01-02T15:04:05.678Z` or with an offset; digits beyond milliseconds are dropped.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Millis> {
    let (date, time) = text.split_once(['T', 't'])?;
    let [year, month, day] = split_numbers(date, '-', [4, 2, 2])?;
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = split_numbers(whole, ':', [2, 2, 2])?;
    let in_calendar = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if !in_calendar || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = ((day_number(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(seconds * 1000 + parse_millis(fraction)? - parse_zone(zone)?)
}

fn split_numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width)?;
        *number = parse_digits(part)?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Reads decimal digits; unlike `parse`, no sign.
fn parse_digits(text: &str) -> Option<i64> {
    let all_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten()
}

fn parse_millis(fraction: &str) -> Option<i64> {
    parse_digits(fraction.get(..fraction.len().min(18))?)?;
    let digit = |idx: usize| fraction.as_bytes().get(idx).map_or(0, |b| i64::from(b - b'0'));
    Some(digit(0) * 100 + digit(1) * 10 + digit(2))
}

/// Reads `Z` or `+01:30`, in milliseconds east of UTC.
fn parse_zone(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+')?),
    };
    let (hours, minutes) = rest
        .split_once(':')
        .filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
    let (hours, minutes) = (parse_digits(hours)?, parse_digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}
