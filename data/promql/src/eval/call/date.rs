//! Parts of a date in UTC.

use model::{Labels, calendar};

use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::{Frame, Row};
use crate::eval::steps::{Steps, all_steps};
use crate::functions::FunctionId;
use crate::plan::Node;

const DAY: i64 = 86_400;

/// A date of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Date {
    year: i64,
    /// 1 to 12.
    month: i64,
    /// 1 to 31.
    day: i64,
}

/// Returns the date of a number of days since 1970-01-01.
fn date_of(days: i64) -> Date {
    let (year, month, day) = calendar::date_of(days);
    Date { year, month, day }
}

fn days_in_month(date: Date) -> i64 {
    calendar::days_in_month(date.year, date.month)
}

fn day_of_year(date: Date) -> i64 {
    let before = (1..date.month)
        .map(|month| days_in_month(Date { month, ..date }))
        .sum::<i64>();
    before + date.day
}

/// Returns the seconds that a date is computed from. NaN, infinities and all else that does not fit 64 bits have the
/// date that Prometheus gives them on amd64, in the last minute that fits: there the conversion yields the lowest
/// integer, and Go's calendar wraps that around to 2^63.
fn whole_seconds(seconds: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if seconds > -LIMIT && seconds < LIMIT {
        seconds as i64
    } else {
        i64::MAX
    }
}

/// Returns the part of a date that a function is about, computed from seconds since 1970.
pub(super) fn part(function: FunctionId) -> Option<fn(i64) -> i64> {
    use FunctionId as F;
    Some(match function {
        F::Minute => |s| s.rem_euclid(3600) / 60,
        F::Hour => |s| s.rem_euclid(DAY) / 3600,
        F::DayOfWeek => |s| (s.div_euclid(DAY) + 4).rem_euclid(7),
        F::DayOfMonth => |s| date_of(s.div_euclid(DAY)).day,
        F::DayOfYear => |s| day_of_year(date_of(s.div_euclid(DAY))),
        F::DaysInMonth => |s| days_in_month(date_of(s.div_euclid(DAY))),
        F::Month => |s| date_of(s.div_euclid(DAY)).month,
        F::Year => |s| date_of(s.div_euclid(DAY)).year,
        _ => return None,
    })
}

impl Evaluator<'_> {
    /// Takes a part of the date of each sample, or of the evaluation time if there is no argument.
    pub(super) fn date_part(
        &self,
        part: fn(i64) -> i64,
        args: &[Node],
        steps: &Steps,
    ) -> Result<Frame, EvalError> {
        let of = |seconds: f64| part(whole_seconds(seconds)) as f64;
        if let [arg] = args {
            let frame = self.vector(arg, steps)?;
            return self.map_values(frame, |_, value| Some(of(value)));
        }
        let mut frame = self.frame(steps);
        let values: Vec<f64> = steps.times().map(|ms| of((ms / 1000) as f64)).collect();
        let present = all_steps(values.len());
        let labels = Labels::default();
        frame.push(Row {
            labels: &labels,
            drop_name: false,
            values: &values,
            present: &present,
            histograms: &[],
        })?;
        Ok(frame)
    }
}

#[cfg(test)]
mod tests;
