//! Prometheus remote read: matchers and a time range come, samples or compressed chunks go.
//! Protocol: <https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/>; fields: `prompb/remote.proto`.
//!
//! Two forms of answer exist. `SAMPLES` is one snappy block that holds everything, so the caller bounds how many
//! samples it puts in. `STREAMED_XOR_CHUNKS` is a stream of frames of one series each, which never holds more than
//! the series being written; native histograms travel in histogram chunks.

use model::{Labels, MatchOp, Matcher, Millis, Selection, TimeRange};

use crate::DecodeError;
use crate::protobuf::{Reader, WireError};
use crate::snappy::decompress;

mod chunk;
mod response;

pub use response::{SamplesResponse, push_chunked_series};

/// Content type of an answer of samples; its `Content-Encoding` is `snappy`.
pub const CONTENT_TYPE_SAMPLES: &str = "application/x-protobuf";
/// Content type of an answer of chunks; it has no `Content-Encoding`.
pub const CONTENT_TYPE_CHUNKS: &str = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

/// How large a read request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes after decompression.
    pub max_decoded_bytes: usize,
    /// Queries in one request.
    pub max_queries: usize,
    /// Matchers of one query.
    pub max_matchers: usize,
}

impl Default for ReadLimits {
    /// 32 MiB decoded, 1,000 queries, 1,000 matchers each.
    fn default() -> Self {
        Self {
            max_decoded_bytes: 32 << 20,
            max_queries: 1_000,
            max_matchers: 1_000,
        }
    }
}

/// A read request.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// What is asked for; answers refer to queries by their position.
    pub queries: Vec<ReadQuery>,
    /// The form in which the answer must come: the first that the client accepts and that exists here.
    pub form: ReadForm,
}

/// One query of a read request.
#[derive(Clone, Debug)]
pub struct ReadQuery {
    /// Which series, and when.
    pub selection: Selection,
    /// What the client will do with them, if it says so.
    pub hints: Option<ReadHints>,
}

/// What a client does with the samples. Nothing must depend on it; it only helps to read less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadHints {
    /// Step of the query in milliseconds.
    pub step: Millis,
    /// Name of the function or aggregation around the selector.
    pub function: String,
    /// First time of interest.
    pub start: Millis,
    /// Last time of interest.
    pub end: Millis,
    /// Range of the selector in milliseconds, 0 for none.
    pub range: Millis,
    /// Labels the aggregation groups by, or without.
    pub grouping: Vec<String>,
    /// Whether `grouping` names the labels to keep.
    pub by: bool,
}

/// A form of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadForm {
    /// One message of raw samples.
    Samples,
    /// Frames of compressed chunks.
    StreamedXorChunks,
}

/// Reads a snappy-compressed `prometheus.ReadRequest`.
///
/// # Errors
/// The body is no read request, is larger than the limits, has a matcher that cannot be compiled, or accepts only
/// forms of answer that do not exist here.
pub fn decode_read_request(compressed: &[u8], limits: &ReadLimits) -> Result<ReadRequest, DecodeError> {
    let within = |e: WireError| e.within("ReadRequest");
    let mut memory = Vec::new();
    let mut message = Reader::new(decompress(compressed, limits.max_decoded_bytes, &mut memory)?);
    let mut queries = Vec::new();
    let mut form = None;
    let mut unknown = None;
    while let Some(field) = message.next_field().map_err(within)? {
        match field.number {
            1 if queries.len() == limits.max_queries => {
                return Err(DecodeError::TooMany {
                    what: "queries",
                    limit: limits.max_queries,
                });
            }
            1 => queries.push(read_query(field.bytes().map_err(within)?, limits)?),
            2 => field
                .each_varint(|number| match number {
                    0 => form = form.or(Some(ReadForm::Samples)),
                    1 => form = form.or(Some(ReadForm::StreamedXorChunks)),
                    other => unknown = Some(other),
                })
                .map_err(within)?,
            _ => {}
        }
    }
    let form = match (form, unknown) {
        (Some(form), _) => form,
        (None, None) => ReadForm::Samples,
        (None, Some(number)) => {
            return Err(DecodeError::Invalid {
                message: "ReadRequest",
                reason: format!("response type {number} is unknown; accept SAMPLES or STREAMED_XOR_CHUNKS"),
            });
        }
    };
    Ok(ReadRequest { queries, form })
}

fn read_query(mut message: Reader<'_>, limits: &ReadLimits) -> Result<ReadQuery, DecodeError> {
    let within = |e: WireError| e.within("Query");
    let mut range = TimeRange { start: 0, end: 0 };
    let mut matchers = Vec::new();
    let mut hints = None;
    while let Some(field) = message.next_field().map_err(within)? {
        match field.number {
            1 => range.start = field.int64().map_err(within)?,
            2 => range.end = field.int64().map_err(within)?,
            3 if matchers.len() == limits.max_matchers => {
                return Err(DecodeError::TooMany {
                    what: "matchers in one query",
                    limit: limits.max_matchers,
                });
            }
            3 => matchers.push(read_matcher(field.bytes().map_err(within)?)?),
            4 => {
                let read = field.bytes().and_then(read_hints);
                hints = Some(read.map_err(|e| e.within("ReadHints"))?);
            }
            _ => {}
        }
    }
    Ok(ReadQuery {
        selection: Selection { matchers, range },
        hints,
    })
}

fn read_matcher(mut message: Reader<'_>) -> Result<Matcher, DecodeError> {
    let within = |e: WireError| e.within("LabelMatcher");
    let (mut op, mut name, mut value) = (MatchOp::Equal, "", "");
    while let Some(field) = message.next_field().map_err(within)? {
        match field.number {
            1 => {
                op = match field.varint().map_err(within)? {
                    0 => MatchOp::Equal,
                    1 => MatchOp::NotEqual,
                    2 => MatchOp::Regex,
                    3 => MatchOp::NotRegex,
                    _ => return Err(within(field.fault("unknown matcher type"))),
                }
            }
            2 => name = field.text().map_err(within)?,
            3 => value = field.text().map_err(within)?,
            _ => {}
        }
    }
    Matcher::new(name, op, value).map_err(|error| DecodeError::Invalid {
        message: "LabelMatcher",
        reason: model::with_causes(&error),
    })
}

fn read_hints(mut message: Reader<'_>) -> Result<ReadHints, WireError> {
    let mut hints = ReadHints::default();
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => hints.step = field.int64()?,
            2 => field.text()?.clone_into(&mut hints.function),
            3 => hints.start = field.int64()?,
            4 => hints.end = field.int64()?,
            5 => hints.grouping.push(field.text()?.to_owned()),
            6 => hints.by = field.varint()? != 0,
            7 => hints.range = field.int64()?,
            _ => {}
        }
    }
    Ok(hints)
}

fn push_labels(out: &mut Vec<u8>, labels: &Labels) {
    for (name, value) in labels.iter() {
        crate::protobuf::push_message(out, 1, |out| {
            crate::protobuf::push_text(out, 1, name);
            crate::protobuf::push_text(out, 2, value);
        });
    }
}
#[cfg(test)]
mod tests;
