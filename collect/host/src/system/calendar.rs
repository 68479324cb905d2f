//! Days of the civil calendar, counted from 1 January 1970.
//!
//! Formulas: the Gregorian calendar repeats after 400 years of 146,097 days; years are counted from March, so
//! that the leap day is the last of its year.

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;
/// Days of 400 years.
const ERA: i64 = 146_097;
/// Days from 1 March of year 0 to 1 January 1970.
const EPOCH: i64 = 719_468;

/// Returns the day number of a date; `month` is 1 to 12, `day` counts from 1 and may exceed the month.
pub(super) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * ERA + day_of_era - EPOCH
}

/// Returns the year that a day number lies in.
pub(super) fn year_of(day: i64) -> i64 {
    let mut year = 1970 + day.div_euclid(366);
    while day_number(year + 1, 1, 1) <= day {
        year += 1;
    }
    while day_number(year, 1, 1) > day {
        year -= 1;
    }
    year
}

/// Tells whether a year has 366 days.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the number of days of a month, which is 1 to 12.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests;
