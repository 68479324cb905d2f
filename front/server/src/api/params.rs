//! Parameters of a request: address and form, times, durations, counts.
//!
//! As in Go's `Request.FormValue`, which Prometheus reads with, the form comes before the address and the first
//! value of a name counts; an empty value is no value.

pub(crate) mod civil;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use model::{Millis, TimeRange};

use self::civil::parse_rfc3339;
use super::answer::{ApiError, ErrorKind};
use crate::limits::Tenant;

/// Longest time a form may take to arrive.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(10);
const TIME_HINT: &str = "use Unix seconds or RFC 3339, as in 2026-01-02T15:04:05Z";
const FORM: &str = "application/x-www-form-urlencoded";

/// The earliest and latest times as Go writes them, which Grafana sends for "all of time".
const GO_MIN_TIME: &str = "-292273086-05-16T16:47:06Z";
const GO_MAX_TIME: &str = "292277025-08-18T07:12:54.999999999Z";

/// The parameters of a request, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    tenant: Option<Arc<Tenant>>,
}

impl Params {
    /// Reads the parameters of a request with a form of at most `max_form_bytes`.
    pub(crate) async fn read(request: Request, max_form_bytes: usize) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let mut params = Self {
            pairs: Vec::new(),
            tenant: parts.extensions.get().cloned(),
        };
        let is_form = parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(FORM.as_bytes()));
        if is_form {
            let form = read_body(body, max_form_bytes).await?;
            params.add_encoded(&form)?;
        }
        params.add_encoded(parts.uri.query().unwrap_or("").as_bytes())?;
        Ok(params)
    }

    /// Takes parameters that came in another form.
    pub(crate) fn from_pairs(
        pairs: impl IntoIterator<Item = (String, String)>,
        tenant: Option<Arc<Tenant>>,
    ) -> Self {
        Self {
            pairs: pairs.into_iter().collect(),
            tenant,
        }
    }

    /// Returns who asks.
    pub(crate) fn tenant(&self) -> Option<&Arc<Tenant>> {
        self.tenant.as_ref()
    }

    fn add_encoded(&mut self, text: &[u8]) -> Result<(), ApiError> {
        for pair in text.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |&b| b == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            self.pairs.push((name, value));
        }
        Ok(())
    }

    /// Returns the first value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self
            .pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// Returns all values of a name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Returns a time, `None` if it is not given.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Millis>, ApiError> {
        self.get(name)
            .map(|text| {
                parse_time(text).ok_or_else(|| {
                    let problem = format!(
                        "invalid time value for '{name}': cannot parse {text:?} to a valid timestamp"
                    );
                    ApiError::parameter(name, problem).hint(TIME_HINT)
                })
            })
            .transpose()
    }

    /// Returns a time that must be given.
    pub(crate) fn required_time(&self, name: &str) -> Result<Millis, ApiError> {
        let text = self.get(name).unwrap_or("");
        parse_time(text).ok_or_else(|| {
            ApiError::parameter(name, format_args!("cannot parse {text:?} to a valid timestamp"))
                .hint(TIME_HINT)
        })
    }

    /// Returns a length of time in milliseconds, `None` if it is not given.
    pub(crate) fn duration(&self, name: &str) -> Result<Option<Millis>, ApiError> {
        self.get(name)
            .map(|text| {
                parse_duration(text).ok_or_else(|| {
                    ApiError::parameter(name, format_args!("cannot parse {text:?} to a valid duration"))
                        .hint("use seconds or a duration, as in 15 or 1m30s")
                })
            })
            .transpose()
    }

    /// Returns true or false as Go's `strconv.ParseBool` reads it, `None` if it is not given.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Some(false)),
            Some(other) => Err(ApiError::new(
                ErrorKind::BadData,
                format!("invalid {name} {other:?}: must be boolean"),
            )),
        }
    }

    /// Returns the bound on the number of results, `None` for none.
    pub(crate) fn limit(&self, name: &str) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let limit: i64 = text
            .parse()
            .map_err(|_| ApiError::parameter(name, format_args!("cannot parse {text:?} to a number")))?;
        let limit = usize::try_from(limit)
            .map_err(|_| ApiError::parameter(name, format_args!("{name} must be non-negative")))?;
        Ok((limit > 0).then_some(limit))
    }

    /// Returns a whole number, `None` if it is not given.
    pub(crate) fn signed(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let number = |text: &str| {
            text.parse()
                .map_err(|_| ApiError::new(ErrorKind::BadData, format!("{name} must be a number")))
        };
        self.get(name).map(number).transpose()
    }

    /// Returns the span of time from `start` to `end`, all of time where they are not given.
    pub(crate) fn range(&self) -> Result<TimeRange, ApiError> {
        let range = TimeRange {
            start: self.time("start")?.unwrap_or(TimeRange::ALL.start),
            end: self.time("end")?.unwrap_or(TimeRange::ALL.end),
        };
        if range.end < range.start {
            return Err(ApiError::parameter(
                "end",
                "end timestamp must not be before start time",
            ));
        }
        Ok(range)
    }
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read_body(body: Body, limit: usize) -> Result<bytes::Bytes, ApiError> {
    let too_large = || {
        ApiError::new(
            ErrorKind::TooLarge,
            format!("request body is larger than {limit} bytes"),
        )
    };
    if hyper::body::Body::size_hint(&body).lower() > limit as u64 {
        return Err(too_large());
    }
    match tokio::time::timeout(RECEIVE_TIMEOUT, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => Err(too_large()),
        Ok(Err(error)) => {
            let problem = format!("failed to read request body: {error}");
            Err(ApiError::new(ErrorKind::BadData, problem))
        }
        Err(_) => Err(ApiError::new(
            ErrorKind::BadData,
            "request body did not arrive in time",
        )),
    }
}

/// Tells whether a body was longer than `to_bytes` was told to read.
pub(crate) fn is_length_limit(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|source| source.to_string().contains("length limit exceeded"))
}

/// Decodes a name or value of a form.
fn decode(text: &[u8]) -> Result<String, ApiError> {
    let bad = |what: &str| ApiError::new(ErrorKind::BadData, format!("error parsing form values: {what}"));
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |b: Option<&u8>| b.and_then(|&b| char::from(b).to_digit(16));
                let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
                    return Err(bad("invalid URL escape"));
                };
                // Two hexadecimal digits fit a byte.
                out.push(u8::try_from(high << 4 | low).unwrap_or(0));
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).map_err(|_| bad("text is not UTF-8"))
}

/// Reads Unix seconds or RFC 3339.
pub(crate) fn parse_time(text: &str) -> Option<Millis> {
    if let Ok(seconds) = text.parse::<f64>() {
        return millis_from_seconds(seconds);
    }
    match text {
        GO_MIN_TIME => Some(TimeRange::ALL.start),
        GO_MAX_TIME => Some(TimeRange::ALL.end),
        _ => parse_rfc3339(text),
    }
}

/// Reads seconds or a duration as Prometheus writes it, in milliseconds. Seconds are cut to whole nanoseconds and
/// those to whole milliseconds, so `1.001` is 1,000 ms as it is there.
pub(crate) fn parse_duration(text: &str) -> Option<Millis> {
    match text.parse::<f64>() {
        Ok(seconds) => millis_from_seconds(((seconds * 1e9).trunc() / 1e6).trunc() / 1e3),
        Err(_) => model::parse_duration(text),
    }
}

fn millis_from_seconds(seconds: f64) -> Option<Millis> {
    let millis = (seconds * 1000.0).round();
    // Times are computed with; a factor of a thousand is left so that sums do not overflow.
    let fits = millis.abs() < 9.2e15;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be integral and far below 2^63"
    )]
    fits.then_some(millis as Millis)
}

#[cfg(test)]
mod tests;
