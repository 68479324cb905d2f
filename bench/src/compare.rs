//! Whether two engines say the same.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;
use testkit::Client;

use crate::engine::Kind;

/// Series of an answer: label sets as JSON with sorted names, and their points.
pub(crate) type Answer = BTreeMap<String, Vec<(i64, f64)>>;

/// How far two values may be apart, as a share of the larger one.
///
/// Ours compensates its sums as Prometheus does, so only the last digits differ. VictoriaMetrics keeps values as
/// decimals and sums plainly.
pub(crate) fn tolerance(kind: Kind) -> f64 {
    match kind {
        Kind::Periplus => 1e-9,
        Kind::VictoriaMetrics | Kind::Prometheus => 1e-6,
    }
}

/// Asks a question of the query API and takes the answer apart.
///
/// # Errors
/// There is no answer, or it is an error of the API; the error holds it.
pub(crate) fn ask(client: &Client, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let answer = client.post_form(path, parameters)?;
    parse(&answer.body)
}

/// Takes an answer of the query API apart.
///
/// # Errors
/// It is an error of the API, or no such answer.
pub(crate) fn parse(text: &str) -> anyhow::Result<Answer> {
    let short = || text.chars().take(300).collect::<String>();
    let mut answer: Value = serde_json::from_str(text).with_context(short)?;
    anyhow::ensure!(answer["status"] == "success", "{}", short());
    let result = answer["data"]["result"].take();
    if answer["data"]["resultType"] == "scalar" {
        let point = point(&result).with_context(short)?;
        return Ok(Answer::from([(String::new(), vec![point])]));
    }
    let Value::Array(series) = result else {
        anyhow::bail!("{}", short());
    };
    let mut out = Answer::new();
    for one in series {
        let points = match (&one["values"], &one["value"]) {
            (Value::Array(values), _) => values.iter().map(point).collect::<Option<Vec<_>>>(),
            (_, value) => point(value).map(|point| vec![point]),
        };
        let mut points = points.with_context(short)?;
        // VictoriaMetrics answers no NaN at all; nobody sees one on a dashboard.
        points.retain(|(_, value)| !value.is_nan());
        if !points.is_empty() {
            out.insert(one["metric"].to_string(), points);
        }
    }
    Ok(out)
}

fn point(value: &Value) -> Option<(i64, f64)> {
    let time = (value[0].as_f64()? * 1000.0).round() as i64;
    let number = match value[1].as_str()? {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        text => text.parse().ok()?,
    };
    Some((time, number))
}

/// Returns the first difference between what is expected and what was found, `None` if there is none.
pub(crate) fn difference(expected: &Answer, found: &Answer, tolerance: f64) -> Option<String> {
    if let Some(difference) = label_difference(expected, found) {
        return Some(difference);
    }
    for (labels, points) in expected {
        let others = found.get(labels)?;
        if points.len() != others.len() {
            let text = format!("{labels} has {} points instead of {}", others.len(), points.len());
            return Some(text);
        }
        for ((time, value), (other_time, other)) in points.iter().zip(others) {
            if time != other_time {
                return Some(format!("{labels} has a point at {other_time} instead of {time}"));
            }
            if !is_close(*value, *other, tolerance) {
                return Some(format!("{labels} is {other} instead of {value} at {time}"));
            }
        }
    }
    None
}

/// Returns the first difference between the label sets of two answers.
pub(crate) fn label_difference(expected: &Answer, found: &Answer) -> Option<String> {
    let (n, m) = (expected.len(), found.len());
    let missing = expected.keys().find(|labels| !found.contains_key(*labels));
    let surplus = found.keys().find(|labels| !expected.contains_key(*labels));
    match (missing, surplus) {
        (Some(labels), _) => Some(format!("{m} series instead of {n}, {labels} is missing")),
        (None, Some(labels)) => Some(format!("{m} series instead of {n}, {labels} is too much")),
        (None, None) => None,
    }
}

fn is_close(a: f64, b: f64, tolerance: f64) -> bool {
    // Equal infinities are close; what nearly cancels out is compared with nothing but itself.
    a == b || (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests;
