//! Two answers of the query API, compared by what they mean.

use serde_json::Value;

/// Relative difference up to which values are the same: sums over series have no order.
const TOLERANCE: f64 = 1e-9;

/// An answer as far as it has to agree.
#[derive(Debug)]
pub(super) struct Answer {
    /// Kind of error, empty if there was none.
    error: String,
    message: String,
    data: Value,
    warnings: Vec<String>,
    infos: Vec<String>,
}

impl Answer {
    pub(super) fn parse(body: &str) -> anyhow::Result<Self> {
        let mut body: Value = serde_json::from_str(body)?;
        let texts = |value: &Value| -> Vec<String> {
            let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            error: text(&body["errorType"]),
            message: text(&body["error"]),
            warnings: texts(&body["warnings"]),
            infos: texts(&body["infos"]),
            data: body["data"].take(),
        })
    }

    /// Tells whether there is something to compare: no error, and a result that is not empty.
    pub(super) fn says_something(&self) -> bool {
        self.error.is_empty()
            && self.data["result"]
                .as_array()
                .is_some_and(|result| !result.is_empty())
    }
}

/// Returns what differs, `None` if nothing does.
pub(super) fn difference(ours: &Answer, theirs: &Answer, sorted: bool) -> Option<String> {
    if ours.error != theirs.error {
        let say = |answer: &Answer| format!("{:?} {}", answer.error, answer.message);
        return Some(format!("errors: {}\n    for {}", say(ours), say(theirs)));
    }
    if !ours.error.is_empty() {
        return None;
    }
    for (what, a, b) in [
        ("warnings", &ours.warnings, &theirs.warnings),
        ("infos", &ours.infos, &theirs.infos),
    ] {
        if a.is_empty() != b.is_empty() {
            return Some(format!("{what}: {a:?}\n    for {b:?}"));
        }
    }
    let kind = |answer: &Answer| answer.data["resultType"].as_str().map(str::to_owned);
    if kind(ours) != kind(theirs) {
        return Some(format!("types: {:?} for {:?}", kind(ours), kind(theirs)));
    }
    let (a, b) = (&ours.data["result"], &theirs.data["result"]);
    match kind(ours).as_deref() {
        Some("vector") if !sorted => series_difference(&by_labels(a), &by_labels(b)),
        Some("vector") => order_difference(a, b).or_else(|| series_difference(&by_labels(a), &by_labels(b))),
        Some("matrix") => series_difference(&as_listed(a), &as_listed(b)),
        _ => (!point_equal(a, b)).then(|| format!("{a} for {b}")),
    }
}

type Listed<'a> = Vec<(String, &'a Value)>;

fn as_listed(result: &Value) -> Listed<'_> {
    let list = result.as_array().map(Vec::as_slice).unwrap_or_default();
    // A map of JSON keeps its keys in order, so equal label sets have equal texts.
    list.iter()
        .map(|series| (series["metric"].to_string(), series))
        .collect()
}

fn by_labels(result: &Value) -> Listed<'_> {
    let mut list = as_listed(result);
    list.sort_by(|a, b| a.0.cmp(&b.0));
    list
}

/// Compares the values of a sorted vector in their order; series with equal values may be in any.
fn order_difference(a: &Value, b: &Value) -> Option<String> {
    let values = |result: &Value| -> Vec<Value> {
        let list = result.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().map(|series| series["value"].clone()).collect()
    };
    let (a, b) = (values(a), values(b));
    let same = a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| point_equal(a, b));
    (!same).then(|| format!("order: {a:?}\n    for {b:?}"))
}

fn series_difference(a: &Listed<'_>, b: &Listed<'_>) -> Option<String> {
    let labels =
        |list: &Listed<'_>| -> Vec<String> { list.iter().map(|(labels, _)| labels.clone()).collect() };
    if labels(a) != labels(b) {
        let only = |a: &Listed<'_>, b: &Listed<'_>| {
            let mut lone = labels(a);
            let others = labels(b);
            lone.retain(|labels| !others.contains(labels));
            lone
        };
        let (lone_a, lone_b) = (only(a, b), only(b, a));
        return Some(format!(
            "{} series for {}; only ours {lone_a:?}\n    only theirs {lone_b:?}",
            a.len(),
            b.len()
        ));
    }
    for ((labels, a), (_, b)) in a.iter().zip(b) {
        for key in ["value", "values", "histogram", "histograms"] {
            if let Some(found) = points_difference(&a[key], &b[key]) {
                return Some(format!("{labels} {key}: {found}"));
            }
        }
    }
    None
}

fn points_difference(a: &Value, b: &Value) -> Option<String> {
    let points = |value: &Value| match value {
        Value::Array(list) if list.first().is_some_and(Value::is_array) => list.clone(),
        other => vec![other.clone()],
    };
    let (a, b) = (points(a), points(b));
    for (ours, theirs) in a.iter().zip(&b) {
        if !point_equal(ours, theirs) {
            return Some(format!("{ours} for {theirs}"));
        }
    }
    (a.len() != b.len()).then(|| format!("{} points for {}", a.len(), b.len()))
}

/// Compares times exactly, numbers in texts by the tolerance, all else literally.
fn point_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| point_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| point_equal(a, b)))
        }
        (Value::String(a), Value::String(b)) => a == b || number_equal(a, b),
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

fn number_equal(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) else {
        return false;
    };
    a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}
