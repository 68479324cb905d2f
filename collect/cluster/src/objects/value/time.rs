//! Times as the API server writes them, RFC 3339, in seconds since 1970.

use std::fmt;

use model::calendar::{DAY_SECONDS, day_number, days_in_month};
use serde::de::{Deserializer, Error, Visitor};

use super::NO_TIME;

/// Reads a time that may be missing; the zero of Go's times counts as missing.
pub(in crate::objects) fn option_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(Visit)
}

/// Reads a time; what is missing is [`NO_TIME`].
pub(in crate::objects) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(option_time(deserializer)?.unwrap_or(NO_TIME))
}

struct Visit;

impl Visitor<'_> for Visit {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time as in 2026-01-02T15:04:05Z")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<i64>, E> {
        let seconds = rfc3339(text).ok_or_else(|| E::custom(format_args!("invalid time {text:?}")))?;
        Ok(Some(seconds).filter(|&seconds| seconds != NO_TIME))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<i64>, E> {
        Ok(None)
    }
}

/// Reads a time of RFC 3339 and returns its seconds since 1970; parts of a second are cut off.
pub(in crate::objects) fn rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    let (clock, rest) = time.split_at_checked(8)?;
    let mut parts = clock.splitn(3, ':');
    let (hour, minute, second) = (
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let offset = offset_seconds(skip_fraction(rest)?)?;
    Some(day_number(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset)
}

fn digits(text: &str, len: usize) -> Option<i64> {
    let is_number = text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn skip_fraction(rest: &str) -> Option<&str> {
    let Some(fraction) = rest.strip_prefix('.') else {
        return Some(rest);
    };
    let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (zone.len() < fraction.len()).then_some(zone)
}

fn offset_seconds(zone: &str) -> Option<i64> {
    let sign = match zone.bytes().next()? {
        b'Z' | b'z' => return (zone.len() == 1).then_some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests;
