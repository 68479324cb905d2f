//! Whether two answers about the same thing, observed at different moments, agree.
//!
//! Both sides scrape on their own schedule, so the same counter is seen at different moments and values of one instant
//! need not agree. What must agree is the last minute: a series that is there at every step on one side is there on
//! the other, and the ranges of values that both saw overlap, up to a share of the larger value.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;
use testkit::Client;

use crate::questions::Question;

/// Seconds that are compared, and between two steps.
const LENGTH: f64 = 60.0;
const STEP: f64 = 10.0;
/// Seconds before the present: what was scraped by then is stored on both sides.
const BEHIND: f64 = 20.0;
/// How far ranges of values may be apart, as a share of the larger value: what is counted or set.
const CLOSE: f64 = 0.02;
/// The same for what moves all the time: memory, and levels of queues.
const MOVING: f64 = 0.1;
/// The same for rates, and what is computed of them: a window holds other samples on each side.
const RATE: f64 = 0.3;

/// Series by their labels, with values at every step.
pub(crate) type Answer = BTreeMap<String, Vec<f64>>;

/// The minute that is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    end: f64,
}

/// What a comparison found.
#[derive(Debug)]
pub(crate) enum Found {
    /// Neither side has data.
    Nothing,
    /// Both say the same.
    Same,
    /// They do not.
    Different(String),
}

impl Span {
    /// Returns the last minute by a server's clock.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) fn until_now(client: &Client) -> anyhow::Result<Self> {
        Ok(Self {
            end: ((now(client)? - BEHIND) / STEP).floor() * STEP,
        })
    }

    /// Asks a server a question over the minute.
    ///
    /// # Errors
    /// It does not answer, or not with series.
    pub(crate) fn ask(self, client: &Client, question: &Question) -> anyhow::Result<Answer> {
        let (start, end, step) = (
            (self.end - LENGTH).to_string(),
            self.end.to_string(),
            STEP.to_string(),
        );
        let parameters = [
            ("query", question.query.as_str()),
            ("start", &start),
            ("end", &end),
            ("step", &step),
        ];
        let answer = client.post_form("/api/v1/query_range", &parameters)?;
        let data: Value = serde_json::from_str(&answer.body)?;
        let series = data["data"]["result"]
            .as_array()
            .with_context(|| format!("{}: {}: {:.300}", client.base(), question.query, answer.body))?;
        let value = |point: &Value| point[1].as_str().and_then(|text| text.parse().ok());
        let one = |series: &Value| {
            let values = series["values"].as_array().into_iter().flatten();
            (series["metric"].to_string(), values.filter_map(value).collect())
        };
        Ok(series.iter().map(one).collect())
    }
}

/// Returns the time by a server's clock, in seconds.
///
/// # Errors
/// It does not answer.
pub(crate) fn now(client: &Client) -> anyhow::Result<f64> {
    let answer = client.query("vector(time())")?;
    let now = answer.first().map(|(_, _, value)| *value);
    now.context("the time is a value")
}

/// Compares ours with theirs.
pub(crate) fn compare(question: &Question, ours: &Answer, theirs: &Answer) -> Found {
    if ours.is_empty() && theirs.is_empty() {
        return Found::Nothing;
    }
    let steps = (LENGTH / STEP) as usize + 1;
    let lone = |of: &Answer, others: &Answer| -> Vec<String> {
        let whole = of
            .iter()
            .filter(|(labels, values)| values.len() == steps && !others.contains_key(*labels));
        whole.map(|(labels, _)| labels.clone()).collect()
    };
    let (missing, surplus) = (lone(theirs, ours), lone(ours, theirs));
    if !missing.is_empty() || !surplus.is_empty() {
        let some = |list: &[String]| list.iter().take(3).cloned().collect::<Vec<_>>().join("\n    ");
        return Found::Different(format!(
            "{} series here, {} there; missing here: {}\n    {}\n  only here: {}\n    {}",
            ours.len(),
            theirs.len(),
            missing.len(),
            some(&missing),
            surplus.len(),
            some(&surplus)
        ));
    }
    let tolerance = tolerance(&question.query);
    let apart: Vec<String> = ours
        .iter()
        .filter_map(|(labels, here)| {
            let there = theirs.get(labels)?;
            (!is_consistent(here, there, tolerance))
                .then(|| format!("{labels}\n    here {here:?}\n    there {there:?}"))
        })
        .collect();
    match apart.first() {
        None => Found::Same,
        Some(first) => Found::Different(format!("{} of {} series: {first}", apart.len(), ours.len())),
    }
}

/// How far apart values of a query may be.
fn tolerance(query: &str) -> f64 {
    let has = |words: &[&str]| words.iter().any(|word| query.contains(word));
    if has(&[
        "rate(",
        "increase(",
        "deriv(",
        "delta(",
        "rate5m",
        ":rate",
        "burnrate",
        "increase30d",
        "increase1h",
        "_quantile",
    ]) {
        return RATE;
    }
    if has(&[
        "memory",
        "Mem",
        "bytes",
        "load",
        "depth",
        "goroutines",
        "_seconds",
        "usage",
        "utilisation",
    ]) {
        return MOVING;
    }
    CLOSE
}

/// Tells whether the ranges of two sides overlap, or nearly do. Where one side has no number at all, the other must
/// not have one at every step: a quotient of two rates is none while nothing happens.
fn is_consistent(here: &[f64], there: &[f64], tolerance: f64) -> bool {
    let range = |values: &[f64]| {
        let numbers = values.iter().copied().filter(|value| !value.is_nan());
        numbers.fold(None, |range: Option<(f64, f64)>, value| match range {
            None => Some((value, value)),
            Some((low, high)) => Some((low.min(value), high.max(value))),
        })
    };
    let (Some((low, high)), Some((other_low, other_high))) = (range(here), range(there)) else {
        return here.iter().chain(there).any(|value| value.is_nan());
    };
    let gap = (low - other_high).max(other_low - high).max(0.0);
    let largest = [low, high, other_low, other_high]
        .into_iter()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    gap == 0.0 || gap <= tolerance * largest
}
