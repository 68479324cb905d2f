//! The value of a query as JSON text, written piece by piece.
//!
//! A matrix may be hundreds of megabytes as text. It is written in pieces of bounded size, each when the
//! connection has taken the one before, so memory holds the value and one piece.

use std::convert::Infallible;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use promql::{Series, Value};

use super::json::{Object, push_histogram_point, push_labels, push_point, push_string, push_timestamp};
use super::{OPEN_SUCCESS, Remarks, close_success, json_response};
use crate::api::query::stats::Stats;

/// Size at which a piece is handed over. Writing one takes a fraction of a millisecond.
pub(crate) const PIECE_BYTES: usize = 64 << 10;

/// The text of an answer, as an iterator over its pieces.
pub(crate) struct ResultText {
    value: Value,
    remarks: Remarks,
    /// Elements written.
    element: usize,
    /// Points written of the element that is being written.
    point: usize,
    stage: Stage,
    stats: Option<Stats>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Opening,
    Elements,
    Closed,
}

impl ResultText {
    /// Begins the text of a value.
    pub(crate) fn new(value: Value, remarks: Remarks) -> Self {
        Self {
            value,
            remarks,
            element: 0,
            point: 0,
            stage: Stage::Opening,
            stats: None,
        }
    }

    /// Says also what the query cost.
    pub(crate) fn with_stats(mut self, stats: Option<Stats>) -> Self {
        self.stats = stats;
        self
    }

    /// Answers with `first`, the first piece, and all that follow.
    pub(crate) fn into_response(self, first: Bytes) -> Response {
        if self.stage == Stage::Closed {
            return json_response(Body::from(first));
        }
        let pieces = std::iter::once(first).chain(self).map(Ok::<_, Infallible>);
        json_response(Body::from_stream(stream::iter(pieces)))
    }

    fn open(&mut self, out: &mut String) {
        self.stage = Stage::Elements;
        out.push_str(OPEN_SUCCESS);
        let word = match self.value {
            Value::Scalar { .. } => "scalar",
            Value::String { .. } => "string",
            Value::InstantVector { .. } => "vector",
            Value::RangeVector(_) | Value::Matrix(_) => "matrix",
        };
        out.push_str("{\"resultType\":\"");
        out.push_str(word);
        out.push_str("\",\"result\":[");
    }

    /// Writes what fits into a piece; true if nothing is left.
    fn write_elements(&mut self, out: &mut String) -> bool {
        match &self.value {
            Value::Scalar { timestamp, value } => {
                push_timestamp(out, *timestamp);
                out.push_str(",\"");
                wire::push_float(out, *value);
                out.push('"');
                true
            }
            Value::String { timestamp, value } => {
                push_timestamp(out, *timestamp);
                out.push(',');
                push_string(out, value);
                true
            }
            Value::InstantVector { timestamp, samples } => {
                for sample in samples.iter().skip(self.element) {
                    if out.len() >= PIECE_BYTES {
                        return false;
                    }
                    out.push_str(if self.element > 0 {
                        ",{\"metric\":"
                    } else {
                        "{\"metric\":"
                    });
                    push_labels(out, &sample.labels);
                    match &sample.histogram {
                        None => {
                            out.push_str(",\"value\":");
                            push_point(out, *timestamp, sample.value);
                        }
                        Some(histogram) => {
                            out.push_str(",\"histogram\":");
                            push_histogram_point(out, *timestamp, histogram);
                        }
                    }
                    out.push('}');
                    self.element += 1;
                }
                true
            }
            Value::RangeVector(series) | Value::Matrix(series) => {
                write_series(series, (&mut self.element, &mut self.point), out)
            }
        }
    }
}

/// Writes series from `(element, point)` on; true if nothing is left. Points count floats, then histograms.
fn write_series(series: &[Series], (element, point): (&mut usize, &mut usize), out: &mut String) -> bool {
    for each in series.iter().skip(*element) {
        if *point == 0 {
            if out.len() >= PIECE_BYTES {
                return false;
            }
            out.push_str(if *element > 0 {
                ",{\"metric\":"
            } else {
                "{\"metric\":"
            });
            push_labels(out, &each.labels);
        }
        if !write_points(each, point, out) {
            return false;
        }
        out.push('}');
        *element += 1;
        *point = 0;
    }
    true
}

/// Writes the points of a series from `point` on; true if nothing is left.
fn write_points(series: &Series, point: &mut usize, out: &mut String) -> bool {
    let n_floats = series.floats.len();
    for &(timestamp, value) in series.floats.iter().skip(*point) {
        // Where a piece ends, `point` tells whether the series is open: so never before its first point.
        if *point > 0 && out.len() >= PIECE_BYTES {
            return false;
        }
        out.push_str(if *point == 0 { ",\"values\":[" } else { "," });
        push_point(out, timestamp, value);
        *point += 1;
        if *point == n_floats {
            out.push(']');
        }
    }
    for (timestamp, histogram) in series.histograms.iter().skip(point.saturating_sub(n_floats)) {
        if *point > 0 && out.len() >= PIECE_BYTES {
            return false;
        }
        out.push_str(if *point == n_floats {
            ",\"histograms\":["
        } else {
            ","
        });
        push_histogram_point(out, *timestamp, histogram);
        *point += 1;
        if *point == n_floats + series.histograms.len() {
            out.push(']');
        }
    }
    true
}

impl Iterator for ResultText {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.stage == Stage::Closed {
            return None;
        }
        let mut out = String::with_capacity(1024);
        if self.stage == Stage::Opening {
            self.open(&mut out);
        }
        if self.write_elements(&mut out) {
            out.push(']');
            if let Some(stats) = &self.stats {
                out.push_str(",\"stats\":");
                stats.write(Object::new(&mut out));
            }
            out.push('}');
            close_success(&mut out, &self.remarks);
            self.stage = Stage::Closed;
        }
        Some(Bytes::from(out))
    }
}

#[cfg(test)]
mod tests;
