//! Prometheus remote write 1.0: a snappy block around a protobuf `prometheus.WriteRequest`.
//! Specification: <https://prometheus.io/docs/specs/prw/remote_write_spec/>; fields: `prompb/types.proto`.
//!
//! The reader walks the decompressed bytes once and copies only label text into the batch. Series that cannot
//! be stored are refused one by one; the request fails as a whole only if its bytes are no request at all or
//! are larger than the limits.

use model::{Batch, LabelError, LabelsBuilder, METRIC_NAME, Metadata, MetricType};

mod encode;
mod protobuf;

pub use encode::encode_remote_write_v1;
use protobuf::{Field, Reader, WireError};

/// How many refused series are named; the rest is only counted.
const MAX_NAMED_REFUSALS: usize = 10;
/// Labels shown of a refused series, and bytes shown of each name and value.
const MAX_SHOWN_LABELS: usize = 8;
const MAX_SHOWN_BYTES: usize = 64;

/// How large a request may be. Each limit bounds memory that the sender chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes after decompression, checked against the length the block declares before memory is taken.
    pub max_decoded_bytes: usize,
    /// Samples in one request.
    pub max_samples: usize,
    /// Labels of one series; a series with more is refused.
    pub max_labels: usize,
    /// Metric families described in one request; further ones are ignored.
    pub max_metadata: usize,
}

impl Default for DecodeLimits {
    /// 32 MiB decoded as in Prometheus, a million samples, 512 labels a series, 100,000 families.
    fn default() -> Self {
        Self {
            max_decoded_bytes: 32 << 20,
            max_samples: 1_000_000,
            max_labels: 512,
            max_metadata: 100_000,
        }
    }
}

/// Why a request cannot be used at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// The body is empty.
    #[error("request body is empty")]
    Empty,
    /// The request is larger than allowed once decompressed.
    #[error("request is {bytes} bytes decompressed, more than {limit}")]
    TooLarge {
        /// Size the block declares.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More samples than allowed.
    #[error("request has more than {limit} samples")]
    TooManySamples {
        /// The limit.
        limit: usize,
    },
    /// The body is not a snappy block.
    #[error("request body is not a snappy block")]
    Snappy(#[source] snap::Error),
    /// The decompressed bytes are not a `prometheus.WriteRequest`.
    #[error("malformed protobuf in {message} at byte {offset}: {reason}")]
    Protobuf {
        /// The message that was being read.
        message: &'static str,
        /// Where in the decompressed request.
        offset: usize,
        /// What is wrong there.
        reason: &'static str,
    },
}

impl DecodeError {
    /// Tells whether the request was well-formed as far as it was read, but too large.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::TooManySamples { .. })
    }
}

/// Why a series of a request was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RefusalReason {
    /// The labels form no set.
    #[error("{0}")]
    Labels(LabelError),
    /// A label name or value is not UTF-8.
    #[error("label {0:?} is not valid UTF-8")]
    NotUtf8(String),
    /// There is no `__name__`.
    #[error("metric name is missing")]
    NoMetricName,
    /// More labels than allowed.
    #[error("series has more than {limit} labels")]
    TooManyLabels {
        /// The limit.
        limit: usize,
    },
}

/// A series that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedSeries {
    /// The labels as sent, shortened for people.
    pub series: String,
    /// What is wrong with them.
    pub reason: RefusalReason,
}

/// What was in a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// Series put into the batch.
    pub series: usize,
    /// Float samples put into the batch.
    pub samples: usize,
    /// Metric families described.
    pub metadata: usize,
    /// Exemplars, which are not kept.
    pub exemplars: usize,
    /// Native histogram samples, which are not supported and not kept.
    pub histograms: usize,
    /// Labels of the first series with native histograms.
    pub histogram_series: Option<String>,
    /// Series refused.
    pub refused_series: usize,
    /// Float samples of refused series.
    pub refused_samples: usize,
    /// The first refused series, at most ten.
    pub refusals: Vec<RefusedSeries>,
}

/// Memory that decoding reuses from request to request.
#[derive(Debug, Default)]
pub struct DecodeScratch {
    decompressed: Vec<u8>,
    series: SeriesScratch,
}

impl DecodeScratch {
    /// Gives back memory beyond about `bytes`, so that one large request does not cost memory forever.
    pub fn shrink_to(&mut self, bytes: usize) {
        self.decompressed.truncate(bytes);
        self.decompressed.shrink_to(bytes);
        self.series.samples.clear();
        self.series.samples.shrink_to(bytes / size_of::<(i64, f64)>());
        // The builder does not tell how large it has become.
        self.series.labels = LabelsBuilder::default();
    }
}

/// The parts of one `TimeSeries`, which may come in any order.
#[derive(Debug, Default)]
struct SeriesScratch {
    labels: LabelsBuilder,
    n_labels: usize,
    has_name: bool,
    not_utf8: Option<String>,
    samples: Vec<(i64, f64)>,
    histograms: usize,
    exemplars: usize,
}

/// Reads a request and appends its samples and metadata to `out`.
///
/// Labels that are not sorted are sorted; labels with empty values are left out.
///
/// # Errors
/// The body is no remote write 1.0 request, or larger than the limits; `out` then holds what was read before.
pub fn decode_remote_write_v1(
    compressed: &[u8],
    limits: &DecodeLimits,
    scratch: &mut DecodeScratch,
    out: &mut Batch,
) -> Result<Decoded, DecodeError> {
    let DecodeScratch { decompressed, series } = scratch;
    let body = decompress(compressed, limits.max_decoded_bytes, decompressed)?;
    let mut decoded = Decoded::default();
    let mut request = Reader::new(body);
    while let Some(field) = request.next_field().map_err(|e| e.within("WriteRequest"))? {
        match field {
            Field { number: 1, .. } => {
                let message = field.bytes().map_err(|e| e.within("WriteRequest"))?;
                read_series(&message, limits, series).map_err(|e| e.within("TimeSeries"))?;
                if decoded.samples + decoded.refused_samples + series.samples.len() > limits.max_samples {
                    return Err(DecodeError::TooManySamples {
                        limit: limits.max_samples,
                    });
                }
                take_series(series, &message, limits, (&mut decoded, out));
            }
            Field { number: 3, .. } if decoded.metadata < limits.max_metadata => {
                let message = field.bytes().map_err(|e| e.within("WriteRequest"))?;
                let (name, metadata) = read_metadata(message).map_err(|e| e.within("MetricMetadata"))?;
                if !name.is_empty() {
                    out.describe(&name, metadata);
                    decoded.metadata += 1;
                }
            }
            _ => {}
        }
    }
    Ok(decoded)
}

fn decompress<'a>(compressed: &[u8], limit: usize, out: &'a mut Vec<u8>) -> Result<&'a [u8], DecodeError> {
    if compressed.is_empty() {
        return Err(DecodeError::Empty);
    }
    let bytes = snap::raw::decompress_len(compressed).map_err(DecodeError::Snappy)?;
    if bytes > limit {
        return Err(DecodeError::TooLarge { bytes, limit });
    }
    if out.len() < bytes {
        out.resize(bytes, 0);
    }
    let len = snap::raw::Decoder::new()
        .decompress(compressed, out)
        .map_err(DecodeError::Snappy)?;
    Ok(out.get(..len).unwrap_or_default())
}

/// Collects the parts of a `TimeSeries`.
fn read_series(
    message: &Reader<'_>,
    limits: &DecodeLimits,
    series: &mut SeriesScratch,
) -> Result<(), WireError> {
    series.clear();
    let mut fields = message.clone();
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 => {
                let (name, value) = read_label(field.bytes()?)?;
                series.n_labels += 1;
                if series.n_labels <= limits.max_labels {
                    series.add_label(name, value);
                }
            }
            2 => {
                let sample = read_sample(field.bytes()?)?;
                // One more than allowed is enough to know; the caller refuses the request.
                if series.samples.len() <= limits.max_samples {
                    series.samples.push(sample);
                }
            }
            3 => series.exemplars += 1,
            4 => series.histograms += 1,
            _ => {}
        }
    }
    Ok(())
}

/// Puts the collected series into the batch or among the refused.
fn take_series(
    series: &mut SeriesScratch,
    message: &Reader<'_>,
    limits: &DecodeLimits,
    (decoded, out): (&mut Decoded, &mut Batch),
) {
    decoded.exemplars += series.exemplars;
    decoded.histograms += series.histograms;
    if series.histograms > 0 && decoded.histogram_series.is_none() {
        decoded.histogram_series = Some(describe_series(message));
    }
    if let Some(reason) = series.find_fault(limits) {
        return decoded.refuse(series.samples.len(), message, reason);
    }
    if series.samples.is_empty() {
        return;
    }
    match out.add_series(&mut series.labels) {
        Ok(key) => {
            for &(timestamp, value) in &series.samples {
                out.push(&key, timestamp, value);
            }
            decoded.series += 1;
            decoded.samples += series.samples.len();
        }
        Err(error) => decoded.refuse(series.samples.len(), message, RefusalReason::Labels(error)),
    }
}

impl SeriesScratch {
    fn clear(&mut self) {
        self.labels.clear();
        self.n_labels = 0;
        self.has_name = false;
        self.not_utf8 = None;
        self.samples.clear();
        self.histograms = 0;
        self.exemplars = 0;
    }

    fn add_label(&mut self, name: &[u8], value: &[u8]) {
        let (Ok(name), Ok(value)) = (std::str::from_utf8(name), std::str::from_utf8(value)) else {
            self.not_utf8.get_or_insert_with(|| shorten(name));
            return;
        };
        self.has_name |= name == METRIC_NAME && !value.is_empty();
        self.labels.add(name, value);
    }

    /// Finds what the label set itself cannot tell.
    fn find_fault(&mut self, limits: &DecodeLimits) -> Option<RefusalReason> {
        if self.n_labels > limits.max_labels {
            return Some(RefusalReason::TooManyLabels {
                limit: limits.max_labels,
            });
        }
        if let Some(name) = self.not_utf8.take() {
            return Some(RefusalReason::NotUtf8(name));
        }
        (!self.has_name).then_some(RefusalReason::NoMetricName)
    }
}

impl Decoded {
    fn refuse(&mut self, samples: usize, message: &Reader<'_>, reason: RefusalReason) {
        self.refused_series += 1;
        self.refused_samples += samples;
        if self.refusals.len() < MAX_NAMED_REFUSALS {
            self.refusals.push(RefusedSeries {
                series: describe_series(message),
                reason,
            });
        }
    }
}

fn read_label<'a>(mut message: Reader<'a>) -> Result<(&'a [u8], &'a [u8]), WireError> {
    let (mut name, mut value): (&[u8], &[u8]) = (&[], &[]);
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => name = field.bytes()?.rest(),
            2 => value = field.bytes()?.rest(),
            _ => {}
        }
    }
    Ok((name, value))
}

fn read_sample(mut message: Reader<'_>) -> Result<(i64, f64), WireError> {
    let (mut timestamp, mut value) = (0, 0.0);
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => value = f64::from_bits(field.fixed64()?),
            2 => timestamp = field.varint()?.cast_signed(),
            _ => {}
        }
    }
    Ok((timestamp, value))
}

fn read_metadata(mut message: Reader<'_>) -> Result<(String, Metadata), WireError> {
    let mut name = String::new();
    let mut metadata = Metadata::default();
    let text = |field: &Field<'_>| Ok(String::from_utf8_lossy(field.bytes()?.rest()).into_owned());
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => metadata.metric_type = metric_type(field.varint()?),
            2 => name = text(&field)?,
            4 => metadata.help = text(&field)?,
            5 => metadata.unit = text(&field)?,
            _ => {}
        }
    }
    Ok((name, metadata))
}

/// Numbers of `MetricMetadata.MetricType`, by position.
const METRIC_TYPES: [MetricType; 8] = [
    MetricType::Unknown,
    MetricType::Counter,
    MetricType::Gauge,
    MetricType::Histogram,
    MetricType::GaugeHistogram,
    MetricType::Summary,
    MetricType::Info,
    MetricType::StateSet,
];

fn metric_type(number: u64) -> MetricType {
    usize::try_from(number)
        .ok()
        .and_then(|n| METRIC_TYPES.get(n).copied())
        .unwrap_or_default()
}

/// Writes the labels of a `TimeSeries` for people, whatever they are.
fn describe_series(message: &Reader<'_>) -> String {
    let mut fields = message.clone();
    let mut shown = Vec::new();
    while let Ok(Some(field)) = fields.next_field() {
        if field.number != 1 {
            continue;
        }
        if shown.len() == MAX_SHOWN_LABELS {
            shown.push("…".to_owned());
            break;
        }
        if let Ok((name, value)) = field.bytes().and_then(read_label) {
            shown.push(format!("{}={:?}", shorten(name), shorten(value)));
        }
    }
    format!("{{{}}}", shown.join(", "))
}

fn shorten(text: &[u8]) -> String {
    let head = text.get(..MAX_SHOWN_BYTES).unwrap_or(text);
    let mut shown = String::from_utf8_lossy(head).into_owned();
    if head.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
