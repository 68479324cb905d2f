//! Reading `io.prometheus.write.v2.Request`. Fields: `prompb/io/prometheus/write/v2/types.proto`.
//!
//! Label sets need not be sorted: the specification asks senders to sort them, but its receiver tests do not, and
//! Prometheus sorts them too. A series may have both samples and histograms, or exemplars or metadata only.

use std::collections::HashSet;

use model::{Batch, Exemplar, LabelsBuilder, METRIC_NAME, Metadata, MetricType, Millis};

use super::describe::describe_labels;
use super::label_packer::Item;
use super::series::{ReadSample, SeriesScratch, collect_labels, too_many};
use super::{Counted, DecodeLimits, DecodeScratch, Decoded, RefusalReason, metric_type};
use crate::DecodeError;
use crate::histogram::read_histogram;
use crate::protobuf::{Field, Reader, WireError};
use crate::snappy::decompress;

const REQUEST: &str = "io.prometheus.write.v2.Request";

/// The symbols of one request, and references of the series being read; keeps its memory between requests.
#[derive(Debug, Default)]
pub(super) struct SymbolScratch {
    /// `(start, end)` of each symbol's text in the decompressed request.
    places: Vec<(u32, u32)>,
    /// References of the labels of the current series.
    references: Vec<u32>,
}

impl SymbolScratch {
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        self.places.clear();
        self.places.shrink_to(bytes / size_of::<(u32, u32)>());
        self.references.clear();
        self.references.shrink_to(bytes / size_of::<u32>());
    }
}

/// The symbols of the request being read.
#[derive(Clone, Copy)]
struct Symbols<'a> {
    body: &'a [u8],
    places: &'a [(u32, u32)],
}

/// What a series says about its metric family.
#[derive(Clone, Copy, Debug, Default)]
struct ReadMetadata {
    metric_type: MetricType,
    help: u32,
    unit: u32,
}

/// Reads a 2.0 request and appends its samples, histograms, exemplars and metadata to `out`.
///
/// Labels that are not sorted are sorted; labels with empty values are left out. Metadata is described once a metric
/// name, under the name of the family.
///
/// # Errors
/// The body is no remote write 2.0 request, or larger than the limits; `out` then holds what was read before.
pub fn decode_remote_write_v2(
    compressed: &[u8],
    limits: &DecodeLimits,
    scratch: &mut DecodeScratch,
    out: &mut Batch,
) -> Result<Decoded, DecodeError> {
    let DecodeScratch {
        decompressed,
        series,
        symbols: SymbolScratch { places, references },
    } = scratch;
    let body = decompress(compressed, limits.max_decoded_bytes, decompressed)?;
    read_symbols(body, limits, places)?;
    let symbols = Symbols { body, places };
    let mut counted = Counted {
        limits,
        decoded: Decoded::default(),
        out,
    };
    let mut described = HashSet::new();
    let mut request = Reader::new(body);
    while let Some(field) = request.next_field().map_err(|e| e.within(REQUEST))? {
        if field.number != 5 {
            continue;
        }
        let message = field.bytes().map_err(|e| e.within(REQUEST))?;
        let metadata = read_series(message, (symbols, &counted), (&mut *series, &mut *references))?;
        counted.check(series)?;
        take_series(&mut counted, symbols, (series, references));
        if let Some(metadata) = metadata {
            describe_family(&mut counted, (symbols, metadata), (references, &mut described));
        }
    }
    Ok(counted.decoded)
}

/// Finds the symbols, which may come anywhere in the request, before they are used.
fn read_symbols(body: &[u8], limits: &DecodeLimits, places: &mut Vec<(u32, u32)>) -> Result<(), DecodeError> {
    places.clear();
    let mut request = Reader::new(body);
    let mut of_version_1 = false;
    while let Some(field) = request.next_field().map_err(|e| e.within(REQUEST))? {
        if field.number != 4 {
            // 2.0 reserves the numbers of the fields of 1.0, so that the messages can be told apart.
            of_version_1 |= [1, 3].contains(&field.number);
            continue;
        }
        let text = field.bytes().map_err(|e| e.within(REQUEST))?;
        if places.len() == limits.max_symbols {
            return Err(too_many("symbols", limits.max_symbols));
        }
        let end = body.len() - request.rest().len();
        let place = u32::try_from(end).and_then(|end| Ok((u32::try_from(text.rest().len())?, end)));
        let (len, end) = place.map_err(|_| too_many("bytes of symbols", u32::MAX as usize))?;
        places.push((end - len, end));
    }
    match places.first() {
        Some((start, end)) if start == end => Ok(()),
        None if of_version_1 => Err(DecodeError::Invalid {
            message: REQUEST,
            reason: "the body is one of remote write 1.0, prometheus.WriteRequest; send it with that in Content-Type"
                .to_owned(),
        }),
        _ => Err(DecodeError::Invalid {
            message: REQUEST,
            reason: "the first symbol must be the empty string".to_owned(),
        }),
    }
}

impl<'a> Symbols<'a> {
    fn find(&self, reference: u32) -> Option<&'a [u8]> {
        let (start, end) = *self.places.get(reference as usize)?;
        self.body.get(start as usize..end as usize)
    }

    /// Finds a symbol together with the byte that precedes it, which is its length if that is below 128.
    #[inline]
    fn find_item(&self, reference: u32) -> Option<Item> {
        let (start, end) = *self.places.get(reference as usize)?;
        Some(Item {
            start: (start as usize).checked_sub(1)?,
            len: (end - start) as usize,
        })
    }

    fn unknown(&self, what: &'static str, reference: u32) -> RefusalReason {
        RefusalReason::UnknownSymbol {
            what,
            reference,
            n_symbols: self.places.len(),
        }
    }

    /// Checks that references pair up and exist.
    fn check(&self, what: &'static str, references: &[u32]) -> Result<(), RefusalReason> {
        if !references.len().is_multiple_of(2) {
            return Err(RefusalReason::OddReferences {
                n_refs: references.len(),
            });
        }
        match references.iter().find(|&&r| r as usize >= self.places.len()) {
            Some(&reference) => Err(self.unknown(what, reference)),
            None => Ok(()),
        }
    }

    fn pairs(self, references: &'a [u32]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        references.chunks_exact(2).map(move |pair| {
            let text = |reference: u32| self.find(reference).unwrap_or(b"?");
            (text(pair[0]), text(pair[1]))
        })
    }

    fn text(&self, what: &'static str, reference: u32) -> Result<String, RefusalReason> {
        let bytes = self
            .find(reference)
            .ok_or_else(|| self.unknown(what, reference))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Collects the parts of a `TimeSeries`.
#[inline]
fn read_series(
    message: Reader<'_>,
    (symbols, counted): (Symbols<'_>, &Counted<'_>),
    (series, references): (&mut SeriesScratch, &mut Vec<u32>),
) -> Result<Option<ReadMetadata>, DecodeError> {
    let within = |e: WireError| e.within("TimeSeries");
    series.clear();
    references.clear();
    let mut metadata = None;
    let mut fields = message;
    while let Some(field) = fields.next_field().map_err(within)? {
        match field.number {
            1 => read_references(&field, references).map_err(within)?,
            2 => {
                let sample = field.bytes().map_err(within)?;
                series
                    .samples
                    .push(read_sample(sample).map_err(|e| e.within("Sample"))?);
                if series.samples.len() > counted.limits.max_samples {
                    return Err(too_many("samples", counted.limits.max_samples));
                }
            }
            3 => {
                let histogram = field.bytes().map_err(within)?;
                let read = read_histogram(histogram, counted.limits.max_buckets);
                series.take_histogram(read.map_err(|e| e.within("Histogram"))?);
                counted.check(series)?;
            }
            4 => {
                let exemplar = field.bytes().map_err(within)?;
                read_exemplar(exemplar, symbols, series).map_err(|e| e.within("Exemplar"))?;
                counted.check(series)?;
            }
            5 => {
                let read = read_metadata(field.bytes().map_err(within)?);
                metadata = Some(read.map_err(|e| e.within("Metadata"))?);
            }
            _ => {}
        }
    }
    Ok(metadata)
}

#[inline]
fn read_references(field: &Field<'_>, references: &mut Vec<u32>) -> Result<(), WireError> {
    // A reference beyond 32 bits is none that exists.
    field.each_varint(|value| references.push(u32::try_from(value).unwrap_or(u32::MAX)))
}

/// Packs the labels of the collected series, and stores or refuses it.
#[inline]
fn take_series(
    counted: &mut Counted<'_>,
    symbols: Symbols<'_>,
    (series, references): (&mut SeriesScratch, &[u32]),
) {
    let describe = || describe_labels(symbols.pairs(references));
    if let Err(reason) = symbols.check("label", references) {
        return counted.refuse(series, reason, describe);
    }
    let limits = counted.limits;
    let packed = pack(symbols, references, series);
    if packed.is_none() || references.len() / 2 > limits.max_labels {
        series.packer.set_irregular();
    }
    counted.take(
        series,
        |builder| collect_labels(symbols.pairs(references), limits, builder),
        describe,
    );
}

#[inline]
fn pack(symbols: Symbols<'_>, references: &[u32], series: &mut SeriesScratch) -> Option<()> {
    // Items that the packer takes are at most 128 bytes with their length.
    series.packer.begin(128 * references.len());
    let mut packing = series.packer.resume();
    for pair in references.chunks_exact(2) {
        let label = (symbols.find_item(pair[0])?, symbols.find_item(pair[1])?);
        packing.add(symbols.body, label);
    }
    let paused = packing.pause();
    series.packer.keep(paused);
    Some(())
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
            3 => sample.start = field.int64()?,
            _ => {}
        }
    }
    Ok(sample)
}

fn read_exemplar(
    mut message: Reader<'_>,
    symbols: Symbols<'_>,
    series: &mut SeriesScratch,
) -> Result<(), WireError> {
    let mut references = Vec::new();
    let (mut value, mut timestamp): (f64, Millis) = (0.0, 0);
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => read_references(&field, &mut references)?,
            2 => value = field.double()?,
            3 => timestamp = field.int64()?,
            _ => {}
        }
    }
    let labels = symbols.check("exemplar label", &references).and_then(|()| {
        let mut builder = LabelsBuilder::default();
        for (name, text) in symbols.pairs(&references) {
            match (std::str::from_utf8(name), std::str::from_utf8(text)) {
                (Ok(name), Ok(text)) => builder.add(name, text),
                _ => return Err(RefusalReason::NotUtf8(super::describe::shorten(name))),
            };
        }
        builder.build().map_err(RefusalReason::Labels)
    });
    series.take_exemplar(labels.map(|labels| Exemplar {
        labels,
        timestamp,
        value,
    }));
    Ok(())
}

fn read_metadata(mut message: Reader<'_>) -> Result<ReadMetadata, WireError> {
    let mut metadata = ReadMetadata::default();
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => metadata.metric_type = metric_type(field.varint()?),
            3 => metadata.help = field.uint32()?,
            4 => metadata.unit = field.uint32()?,
            _ => {}
        }
    }
    Ok(metadata)
}

/// Describes the family of a series unless its name was described before. Senders repeat metadata on every series.
fn describe_family(
    counted: &mut Counted<'_>,
    (symbols, read): (Symbols<'_>, ReadMetadata),
    (references, described): (&[u32], &mut HashSet<u32>),
) {
    let says_nothing = read.metric_type == MetricType::Unknown && read.help == 0 && read.unit == 0;
    if says_nothing || counted.decoded.metadata >= counted.limits.max_metadata {
        return;
    }
    let is_name = |pair: &&[u32]| symbols.find(pair[0]) == Some(METRIC_NAME.as_bytes());
    let Some(reference) = references.chunks_exact(2).find(is_name).map(|pair| pair[1]) else {
        return;
    };
    let Some(name) = symbols
        .find(reference)
        .and_then(|name| std::str::from_utf8(name).ok())
    else {
        return;
    };
    if name.is_empty() || !described.insert(reference) {
        return;
    }
    let texts = symbols
        .text("help", read.help)
        .and_then(|help| Ok((help, symbols.text("unit", read.unit)?)));
    match texts {
        Ok((help, unit)) => {
            let metadata = Metadata {
                metric_type: read.metric_type,
                help,
                unit,
            };
            counted
                .out
                .describe(family_name(name, read.metric_type), metadata);
            counted.decoded.metadata += 1;
        }
        Err(reason) => {
            let describe = || describe_labels(symbols.pairs(references));
            counted.decoded.name(reason, describe);
        }
    }
}

/// The name a family is described under: that of its series without what tells them apart.
fn family_name(name: &str, metric_type: MetricType) -> &str {
    let suffixes: &[&str] = match metric_type {
        MetricType::Histogram | MetricType::GaugeHistogram => &["_bucket", "_sum", "_count"],
        MetricType::Summary => &["_sum", "_count"],
        _ => &[],
    };
    suffixes
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .filter(|family| !family.is_empty())
        .unwrap_or(name)
}
