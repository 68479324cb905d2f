//! Days of the civil calendar, counted from 1 January 1970, and times written with them.
//!
//! The proleptic Gregorian calendar repeats after 400 years of 146,097 days; years are counted from March, so that
//! the leap day is the last of its year. Source: Howard Hinnant, "chrono-compatible low-level date algorithms".

use crate::Millis;

/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;
/// Days of 400 years.
const ERA: i64 = 146_097;
/// Days from 1 March of year 0 to 1 January 1970.
const EPOCH: i64 = 719_468;

/// Returns the day number of a date; `month` is 1 to 12, `day` counts from 1 and may exceed the month.
pub fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * ERA + day_of_era - EPOCH
}

/// Returns year, month (1 to 12) and day (1 to 31) of a day number, the inverse of [`day_number`].
pub fn date_of(day_number: i64) -> (i64, i64, i64) {
    let shifted = day_number + EPOCH;
    let era = shifted.div_euclid(ERA);
    let day_of_era = shifted.rem_euclid(ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Tells whether a year has 366 days.
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the number of days of a month, which is 1 to 12.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Writes a time as RFC 3339 in UTC with milliseconds: `2026-01-02T15:04:05.678Z`.
pub fn format_rfc3339(time: Millis) -> String {
    let second = format_rfc3339_seconds(time);
    let second = second.strip_suffix('Z').unwrap_or(&second);
    format!("{second}.{:03}Z", time.rem_euclid(1000))
}

/// Writes a time as RFC 3339 in UTC, cut to the second that it lies in: `2026-01-02T15:04:05Z`.
pub fn format_rfc3339_seconds(time: Millis) -> String {
    let seconds = time.div_euclid(1000);
    let (year, month, day) = date_of(seconds.div_euclid(DAY_SECONDS));
    let second = seconds.rem_euclid(DAY_SECONDS);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests;
