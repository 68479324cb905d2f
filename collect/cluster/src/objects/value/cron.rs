//! Schedules of CronJobs: when the next run is due.
//!
//! The fields are those of cron: minute, hour, day of month, month, day of week, each a list of numbers, names,
//! ranges and steps. A time fits if all fields do; but if both days are restricted, one of the two is enough
//! (crontab(5)). `@daily` and the like are short for such fields, `@every 1h30m` counts from the last run. Kubernetes
//! takes schedules as github.com/robfig/cron/v3 reads them, which this follows: `?` is `*`, `N/step` means from N on,
//! a step above one takes a star's freedom away, and hours that a change of clocks leaves out are left out.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::NO_TIME;

/// Marks a field that was a star.
const STAR: u64 = 1 << 63;
/// Years that are searched; the longest wait for a day is eight years, for 29 February over a year such as 2100,
/// but Kubernetes gives up after five.
const YEARS: i16 = 5;

/// When something is due.
#[derive(Clone, Debug)]
pub(in crate::objects) enum Schedule {
    /// At times of the clock.
    Clock(Box<Clock>),
    /// After so many seconds.
    Every(i64),
}

/// Times of the clock: one bit a number, and [`STAR`].
#[derive(Clone, Debug)]
pub(in crate::objects) struct Clock {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    zone: TimeZone,
}

/// What a field may hold.
struct Field {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MINUTES: Field = Field::new(0, 59, &[]);
const HOURS: Field = Field::new(0, 23, &[]);
const DAYS: Field = Field::new(1, 31, &[]);
const MONTHS: Field = Field::new(
    1,
    12,
    &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
);
const WEEKDAYS: Field = Field::new(0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]);

impl Schedule {
    /// Reads a schedule; `zone` is an IANA name, UTC if there is none.
    pub(in crate::objects) fn parse(text: &str, zone: Option<&str>) -> Option<Self> {
        let prefix = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ="));
        let (own_zone, fields) = match prefix {
            Some(rest) => rest
                .split_once(' ')
                .map(|(zone, fields)| (Some(zone), fields.trim()))?,
            None => (None, text),
        };
        let zone = match zone.or(own_zone) {
            Some(name) => TimeZone::get(name).ok()?,
            None => TimeZone::UTC,
        };
        if let Some(duration) = fields.strip_prefix("@every ") {
            return Some(Self::Every(go_duration_seconds(duration)?.max(1)));
        }
        let fields = match fields {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            fields => fields,
        };
        let mut fields = fields.split_whitespace();
        let clock = Clock {
            minutes: MINUTES.parse(fields.next()?)?,
            hours: HOURS.parse(fields.next()?)?,
            days: DAYS.parse(fields.next()?)?,
            months: MONTHS.parse(fields.next()?)?,
            weekdays: WEEKDAYS.parse(fields.next()?)?,
            zone,
        };
        fields.next().is_none().then(|| Self::Clock(Box::new(clock)))
    }

    /// Returns the first time after `after` that fits, both in seconds since 1970; [`NO_TIME`] if there is none
    /// within five years.
    pub(in crate::objects) fn next(&self, after: i64) -> i64 {
        match self {
            Self::Every(seconds) => after.saturating_add(*seconds),
            Self::Clock(clock) => clock.next(after).unwrap_or(NO_TIME),
        }
    }
}

impl Clock {
    fn next(&self, after: i64) -> Option<i64> {
        let mut at = Timestamp::from_second(after.checked_add(1)?).ok()?;
        let last_year = at.to_zoned(self.zone.clone()).year().saturating_add(YEARS);
        // Each round goes on by at least a second and mostly by much more: at most 5 × 12 months, 31 days each, 25
        // hours and 60 minutes are looked at in all.
        loop {
            let local = at.to_zoned(self.zone.clone());
            if local.year() > last_year {
                return None;
            }
            let ahead = if !has(self.months, local.month()) {
                at = self.start_of(local.date().last_of_month().tomorrow().ok()?)?;
                continue;
            } else if !self.has_day(local.date()) {
                at = self.start_of(local.date().tomorrow().ok()?)?;
                continue;
            } else if !has(self.hours, local.hour()) {
                3600 - i64::from(local.minute()) * 60 - i64::from(local.second())
            } else if !has(self.minutes, local.minute()) || local.second() != 0 {
                60 - i64::from(local.second())
            } else {
                return Some(at.as_second());
            };
            at = Timestamp::from_second(at.as_second() + ahead).ok()?;
        }
    }

    fn start_of(&self, date: Date) -> Option<Timestamp> {
        Some(date.to_zoned(self.zone.clone()).ok()?.timestamp())
    }

    fn has_day(&self, date: Date) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        if (self.days | self.weekdays) & STAR != 0 {
            day && weekday
        } else {
            day || weekday
        }
    }
}

fn has(bits: u64, number: i8) -> bool {
    bits >> number & 1 == 1
}

impl Field {
    const fn new(min: u32, max: u32, names: &'static [&'static str]) -> Self {
        Self { min, max, names }
    }

    fn parse(&self, text: &str) -> Option<u64> {
        let parts = text.split(',').filter(|part| !part.is_empty());
        parts
            .map(|part| self.parse_part(part))
            .try_fold(0, |all, bits| Some(all | bits?))
    }

    fn parse_part(&self, part: &str) -> Option<u64> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step).filter(|&step| step > 0)?)),
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (first, Some(last)),
            None => (range, None),
        };
        let mut star = 0;
        let (first, last) = if first == "*" || first == "?" {
            star = STAR;
            (self.min, self.max)
        } else {
            let from = self.number(first)?;
            match (last, step) {
                (Some(last), _) => (from, self.number(last)?),
                (None, Some(_)) => (from, self.max),
                (None, None) => (from, from),
            }
        };
        if first < self.min || last > self.max || first > last {
            return None;
        }
        let step = step.unwrap_or(1);
        if step > 1 {
            star = 0;
        }
        let numbers = (first..=last).step_by(usize::try_from(step).ok()?);
        Some(numbers.fold(star, |bits, number| bits | 1 << number))
    }

    fn number(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        match named {
            Some(i) => u32::try_from(i).ok().map(|i| i + self.min),
            None => number(text),
        }
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

/// Reads a duration as Go writes it, `1h30m`, and cuts it to whole seconds.
fn go_duration_seconds(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(end)?;
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let scale = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    (!text.is_empty() && seconds < 1e12).then_some(seconds as i64)
}

#[cfg(test)]
mod tests;
