//! The POSIX `TZ` string: a zone, or two with the dates at which they change.
//!
//! `CET-1CEST,M3.5.0,M10.5.0/3`: names, offsets west of UTC, and the local times of change, 02:00 unless given.
//! Format: POSIX.1-2017, 8.3, with the hours up to 167 that RFC 9636 allows.

use super::Zone;
use model::calendar::{DAY_SECONDS, date_of, day_number, days_in_month, is_leap};

/// Time of change unless the string gives one, in seconds.
const TWO_O_CLOCK: i64 = 2 * 3600;
/// What summer time adds unless the string says, in seconds.
const HOUR: i64 = 3600;

/// Returns the zone at a time in seconds since 1970; `None` if the text is empty or not of the format.
pub(super) fn at(text: &str, time: i64) -> Option<Zone<'_>> {
    let mut rest = Text(text);
    let standard_name = rest.name()?;
    let standard = -rest.offset()?;
    if rest.0.is_empty() {
        return zone(standard_name, standard);
    }
    let summer_name = rest.name()?;
    let summer = if rest.0.starts_with(',') {
        standard + HOUR
    } else {
        -rest.offset()?
    };
    let (start, end) = (rest.change()?, rest.change()?);
    if !rest.0.is_empty() {
        return None;
    }
    let year = date_of((time + standard).div_euclid(DAY_SECONDS)).0;
    // Changes are written in the local time that ends with them.
    let start = start.seconds(year)? - standard;
    let end = end.seconds(year)? - summer;
    let is_summer = if start < end {
        (start..end).contains(&time)
    } else {
        // South of the equator summer includes the turn of the year.
        !(end..start).contains(&time)
    };
    if is_summer {
        zone(summer_name, summer)
    } else {
        zone(standard_name, standard)
    }
}

fn zone(name: &str, offset: i64) -> Option<Zone<'_>> {
    let offset = i32::try_from(offset).ok()?;
    Some(Zone { offset, name })
}

/// A day of every year with a time of day, which may be negative or exceed the day.
struct Change {
    day: ChangeDay,
    time: i64,
}

enum ChangeDay {
    /// Day 1 to 365; 29 February is never counted.
    Julian(i64),
    /// Day 0 to 365; 29 February is counted.
    Zero(i64),
    /// Weekday (0 is Sunday) of a week of a month; week 5 is the last.
    Month { month: i64, week: i64, weekday: i64 },
}

impl Change {
    /// Returns the local time of the change in a year, in seconds since 1970.
    fn seconds(&self, year: i64) -> Option<i64> {
        let new_year = day_number(year, 1, 1);
        let day = match self.day {
            ChangeDay::Julian(day) if is_leap(year) && day >= 60 => new_year + day,
            ChangeDay::Julian(day) => new_year + day - 1,
            ChangeDay::Zero(day) => new_year + day,
            ChangeDay::Month { month, week, weekday } => {
                let first = day_number(year, month, 1);
                // 1 January 1970 was a Thursday.
                let first_weekday = (first + 4).rem_euclid(7);
                let mut day = (weekday - first_weekday).rem_euclid(7) + (week - 1) * 7;
                if day >= days_in_month(year, month) {
                    day -= 7;
                }
                first + day
            }
        };
        day.checked_mul(DAY_SECONDS)?.checked_add(self.time)
    }
}

/// What is left of the string.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// Takes `CET` or `<+03>`.
    fn name(&mut self) -> Option<&'a str> {
        if let Some(quoted) = self.0.strip_prefix('<') {
            let (name, rest) = quoted.split_once('>')?;
            self.0 = rest;
            return Some(name);
        }
        let is_end = |next: char| !next.is_ascii_alphabetic();
        let (name, rest) = self
            .0
            .split_at_checked(self.0.find(is_end).unwrap_or(self.0.len()))?;
        self.0 = rest;
        (!name.is_empty()).then_some(name)
    }

    /// Takes `[+-]hh[:mm[:ss]]` as seconds.
    fn offset(&mut self) -> Option<i64> {
        let sign = if self.skip('-') { -1 } else { 1 };
        if sign > 0 {
            self.skip('+');
        }
        let mut seconds = self.number(167)? * 3600;
        if self.skip(':') {
            seconds += self.number(59)? * 60;
            if self.skip(':') {
                seconds += self.number(59)?;
            }
        }
        Some(sign * seconds)
    }

    /// Takes `,date[/time]`.
    fn change(&mut self) -> Option<Change> {
        if !self.skip(',') {
            return None;
        }
        let day = if self.skip('J') {
            ChangeDay::Julian(self.number(365).filter(|day| *day > 0)?)
        } else if self.skip('M') {
            let month = self.number(12).filter(|month| *month > 0)?;
            let week = self.after_point(5).filter(|week| *week > 0)?;
            let weekday = self.after_point(6)?;
            ChangeDay::Month { month, week, weekday }
        } else {
            ChangeDay::Zero(self.number(365)?)
        };
        let time = if self.skip('/') {
            self.offset()?
        } else {
            TWO_O_CLOCK
        };
        Some(Change { day, time })
    }

    fn after_point(&mut self, most: i64) -> Option<i64> {
        if self.skip('.') { self.number(most) } else { None }
    }

    fn number(&mut self, most: i64) -> Option<i64> {
        let is_end = |next: char| !next.is_ascii_digit();
        let (digits, rest) = self
            .0
            .split_at_checked(self.0.find(is_end).unwrap_or(self.0.len()))?;
        self.0 = rest;
        digits.parse().ok().filter(|number| *number <= most)
    }

    fn skip(&mut self, expected: char) -> bool {
        match self.0.strip_prefix(expected) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
