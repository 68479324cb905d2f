//! What a server answers, as the Prometheus HTTP API shapes it.
//! Source: Prometheus documentation, "HTTP API", "Expression queries".

use std::collections::BTreeMap;

use model::Millis;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// The time.
    pub(crate) time: Millis,
    /// The value.
    pub(crate) value: f64,
}

/// One series of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    /// Its labels, sorted by name, the metric name (`__name__`) among them.
    pub(crate) labels: Vec<(String, String)>,
    /// One point for an instant, ascending times for a range.
    pub(crate) points: Vec<Point>,
}

impl Series {
    /// Returns the value of a label, empty if the series does not have it.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value)
    }

    /// Returns the last value, NaN if there is none.
    pub(crate) fn last(&self) -> f64 {
        self.points.last().map_or(f64::NAN, |point| point.value)
    }
}

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    /// Series with one point each.
    Vector(Vec<Series>),
    /// Series with points at every step.
    Matrix(Vec<Series>),
    /// One number.
    Scalar(Point),
    /// One text.
    Text(Millis, String),
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The value.
    pub(crate) data: Data,
    /// What the server wants to be known of it: its warnings and remarks.
    pub(crate) notes: Vec<String>,
    /// The part `data` of the answer as it came, in JSON.
    pub(crate) json: String,
}

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Prometheus's word for the kind of error (`bad_data`, `timeout` …).
    pub(super) kind: String,
    /// What is wrong.
    pub(super) message: String,
    /// What to do about it, if the server says so.
    pub(super) hint: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    status: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(default, rename = "errorType")]
    error_type: String,
    #[serde(default)]
    error: String,
    hint: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    infos: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum WireData {
    Vector(Vec<WireSeries>),
    Matrix(Vec<WireSeries>),
    Scalar((f64, String)),
    String((f64, String)),
}

#[derive(Deserialize)]
struct WireSeries {
    metric: BTreeMap<String, String>,
    value: Option<(f64, String)>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// The part `data` of an answer in JSON, and what the server wants to be known of it.
pub(super) type Opened<'a> = (&'a str, Vec<String>);

/// Opens the envelope of an answer; `None` if it is not one of this API.
pub(super) fn open(bytes: &[u8]) -> Option<Result<Opened<'_>, Refusal>> {
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).ok()?;
    if envelope.status != "success" {
        return Some(Err(Refusal {
            kind: envelope.error_type,
            message: envelope.error,
            hint: envelope.hint,
        }));
    }
    let notes = envelope.warnings.into_iter().chain(envelope.infos).collect();
    Some(Ok((envelope.data?.get(), notes)))
}

/// Reads an answer; `None` if it is not one of this API.
pub(super) fn read(bytes: &[u8]) -> Option<Result<Answer, Refusal>> {
    let (json, notes) = match open(bytes)? {
        Ok(opened) => opened,
        Err(refusal) => return Some(Err(refusal)),
    };
    let data = match serde_json::from_str(json).ok()? {
        WireData::Vector(series) => Data::Vector(read_series(series)?),
        WireData::Matrix(series) => Data::Matrix(read_series(series)?),
        WireData::Scalar(pair) => Data::Scalar(read_point(&pair)?),
        WireData::String((time, text)) => Data::Text(millis(time), text),
    };
    Some(Ok(Answer {
        data,
        notes,
        json: json.to_owned(),
    }))
}

fn read_series(wire: Vec<WireSeries>) -> Option<Vec<Series>> {
    let mut out = Vec::with_capacity(wire.len());
    for series in wire {
        let pairs = series.value.iter().chain(&series.values);
        out.push(Series {
            labels: series.metric.into_iter().collect(),
            points: pairs.map(read_point).collect::<Option<_>>()?,
        });
    }
    Some(out)
}

fn read_point((time, value): &(f64, String)) -> Option<Point> {
    // Rust reads `NaN`, `+Inf` and `-Inf` as the API writes them.
    Some(Point {
        time: millis(*time),
        value: value.parse().ok()?,
    })
}

fn millis(seconds: f64) -> Millis {
    (seconds * 1000.0).round() as Millis
}
