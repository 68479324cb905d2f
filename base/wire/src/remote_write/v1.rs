//! Reading `prometheus.WriteRequest`. Fields: `prompb/remote.proto`, `prompb/types.proto`.

use model::{Batch, Exemplar, LabelsBuilder, Metadata};

use super::describe::describe_labels;
use super::label_packer::{Item, LabelPacker, Packing};
use super::series::{ReadSample, SeriesScratch, collect_labels, too_many};
use super::{Counted, DecodeLimits, DecodeScratch, Decoded, RefusalReason, metric_type};
use crate::DecodeError;
use crate::histogram::read_histogram;
use crate::protobuf::{Field, Reader, WireError};
use crate::snappy::decompress;

/// Key of `TimeSeries.labels`, of `Label.name` and of `Label.value`.
const LABEL: u8 = 0x0a;
const NAME: u8 = 0x0a;
const VALUE: u8 = 0x12;

/// Key of `TimeSeries.samples`, of `Sample.value` and of `Sample.timestamp`.
const SAMPLE: u8 = 0x12;
const SAMPLE_VALUE: u8 = 0x09;
const SAMPLE_TIME: u8 = 0x10;

/// Reads a 1.0 request and appends its samples, histograms, exemplars and metadata to `out`.
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
    let DecodeScratch {
        decompressed, series, ..
    } = scratch;
    let body = decompress(compressed, limits.max_decoded_bytes, decompressed)?;
    let mut counted = Counted {
        limits,
        decoded: Decoded::default(),
        out,
    };
    let mut request = Reader::new(body);
    while let Some(field) = request.next_field().map_err(|e| e.within("WriteRequest"))? {
        match field.number {
            1 => {
                let message = field.bytes().map_err(|e| e.within("WriteRequest"))?;
                read_series(message, &counted, series)?;
                counted.check(series)?;
                counted.take(
                    series,
                    |builder| collect_labels(labels(message), limits, builder),
                    || describe_labels(labels(message)),
                );
            }
            3 => {
                let message = field.bytes().map_err(|e| e.within("WriteRequest"))?;
                let (name, metadata) = read_metadata(message).map_err(|e| e.within("MetricMetadata"))?;
                if !name.is_empty() && counted.decoded.metadata < limits.max_metadata {
                    counted.out.describe(&name, metadata);
                    counted.decoded.metadata += 1;
                }
            }
            _ => {}
        }
    }
    Ok(counted.decoded)
}

/// Collects the parts of a `TimeSeries`.
#[inline]
fn read_series(
    message: Reader<'_>,
    counted: &Counted<'_>,
    series: &mut SeriesScratch,
) -> Result<(), DecodeError> {
    let within = |e: WireError| e.within("TimeSeries");
    series.clear();
    series.packer.begin(message.rest().len());
    let mut n_labels = 0;
    let mut fields = message;
    loop {
        // Labels come first and are most of the bytes; the rest is rare by comparison.
        n_labels += pack_labels(&mut fields, &mut series.packer);
        read_samples(&mut fields, &mut series.samples, counted.limits.max_samples);
        let Some(field) = fields.next_field().map_err(within)? else {
            break;
        };
        match field.number {
            1 => {
                // Not in the usual form, which the packer does not know.
                read_label(field.bytes().map_err(within)?).map_err(|e| e.within("Label"))?;
                series.packer.set_irregular();
                n_labels += 1;
            }
            2 => {
                let sample = field.bytes().map_err(within)?;
                series
                    .samples
                    .push(read_sample(sample).map_err(|e| e.within("Sample"))?);
                // More than allowed is no reason to collect all of them.
                if series.samples.len() > counted.limits.max_samples {
                    return Err(too_many("samples", counted.limits.max_samples));
                }
            }
            3 => read_exemplar(&field, series)?,
            4 => {
                let histogram = field.bytes().map_err(within)?;
                let read = read_histogram(histogram, counted.limits.max_buckets);
                series.take_histogram(read.map_err(|e| e.within("Histogram"))?);
                counted.check(series)?;
            }
            _ => {}
        }
    }
    if n_labels > counted.limits.max_labels {
        series.packer.set_irregular();
    }
    Ok(())
}

/// Packs the labels that come next in the usual form, and returns how many there were.
#[inline]
fn pack_labels(fields: &mut Reader<'_>, packer: &mut LabelPacker) -> usize {
    let mut n_labels = 0;
    let mut packing = packer.resume();
    let mut rest = fields.rest();
    while let Some(n) = pack_label(rest, &mut packing) {
        rest = rest.get(n..).unwrap_or_default();
        n_labels += 1;
    }
    let paused = packing.pause();
    packer.keep(paused);
    fields.skip(fields.rest().len() - rest.len());
    n_labels
}

/// Packs the label that `rest` begins with if it has the usual form, name before value and short, and returns its
/// size.
#[inline]
fn pack_label(rest: &[u8], packing: &mut Packing<'_>) -> Option<usize> {
    let [LABEL, len, NAME, name_len, ..] = *rest else {
        return None;
    };
    let (len, name_len) = (usize::from(len), usize::from(name_len));
    let value_key = 4 + name_len;
    let [VALUE, value_len] = *rest.get(value_key..value_key + 2)? else {
        return None;
    };
    let value_len = usize::from(value_len);
    let end = value_key + 2 + value_len;
    // The lengths agree, and are lengths: a byte from 0x80 on is the first of several.
    if len >= 0x80 || end != len + 2 || end > rest.len() {
        return None;
    }
    let name = Item {
        start: 3,
        len: name_len,
    };
    let value = Item {
        start: value_key + 1,
        len: value_len,
    };
    packing.add(rest, (name, value));
    Some(end)
}

/// Reads the samples that come next in the usual form, as many as are allowed.
#[inline]
fn read_samples(fields: &mut Reader<'_>, samples: &mut Vec<ReadSample>, max: usize) {
    let mut rest = fields.rest();
    while samples.len() < max
        && let Some((sample, behind)) = usual_sample(rest)
    {
        samples.push(sample);
        rest = behind;
    }
    fields.skip(fields.rest().len() - rest.len());
}

/// Reads the sample that `rest` begins with if it has the usual form, a value, if it is not zero, before the time, and
/// returns what is behind it.
#[inline]
fn usual_sample(rest: &[u8]) -> Option<(ReadSample, &[u8])> {
    let [SAMPLE, len, rest @ ..] = rest else {
        return None;
    };
    // A length of more than a byte reaches behind what can be a sample.
    let (message, behind) = rest.split_at_checked(usize::from(*len))?;
    let (value, times) = match message {
        [SAMPLE_VALUE, message @ ..] => {
            let (value, times) = message.split_first_chunk::<8>()?;
            (f64::from_le_bytes(*value), times)
        }
        _ => (0.0, message),
    };
    let [SAMPLE_TIME, time @ .., last] = times else {
        return None;
    };
    // Times of the field's day have six bytes; those with bits beyond nine are read one by one.
    if *last >= 0x80 || time.len() > 8 {
        return None;
    }
    let mut timestamp = u64::from(*last);
    for byte in time.iter().rev() {
        if *byte < 0x80 {
            return None;
        }
        timestamp = timestamp << 7 | u64::from(byte & 0x7f);
    }
    let sample = ReadSample {
        timestamp: timestamp.cast_signed(),
        value,
        start: 0,
    };
    Some((sample, behind))
}

fn labels(message: Reader<'_>) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut fields = message;
    std::iter::from_fn(move || {
        while let Ok(Some(field)) = fields.next_field() {
            if field.number == 1 {
                return field.bytes().and_then(read_label).ok();
            }
        }
        None
    })
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

#[inline]
fn read_sample(mut message: Reader<'_>) -> Result<ReadSample, WireError> {
    let mut sample = ReadSample {
        timestamp: 0,
        value: 0.0,
        start: 0,
    };
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => sample.value = field.double()?,
            2 => sample.timestamp = field.int64()?,
            _ => {}
        }
    }
    Ok(sample)
}

fn read_exemplar(field: &Field<'_>, series: &mut SeriesScratch) -> Result<(), DecodeError> {
    let within = |e: WireError| e.within("Exemplar");
    let mut message = field.bytes().map_err(|e| e.within("TimeSeries"))?;
    let mut builder = LabelsBuilder::default();
    let (mut value, mut timestamp) = (0.0, 0);
    let mut fault = None;
    while let Some(field) = message.next_field().map_err(within)? {
        match field.number {
            1 => {
                let (name, text) = field.bytes().and_then(read_label).map_err(within)?;
                match (std::str::from_utf8(name), std::str::from_utf8(text)) {
                    (Ok(name), Ok(text)) => {
                        builder.add(name, text);
                    }
                    _ => fault = Some(RefusalReason::NotUtf8(super::describe::shorten(name))),
                }
            }
            2 => value = field.double().map_err(within)?,
            3 => timestamp = field.int64().map_err(within)?,
            _ => {}
        }
    }
    let labels = fault.map_or_else(|| builder.build().map_err(RefusalReason::Labels), Err);
    series.take_exemplar(labels.map(|labels| Exemplar {
        labels,
        timestamp,
        value,
    }));
    Ok(())
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
