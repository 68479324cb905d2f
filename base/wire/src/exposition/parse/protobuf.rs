//! Delimited protobuf: `io.prometheus.client.MetricFamily`, each behind its length.
//!
//! A family is read in two walks: first what it says of itself, then metric by metric. Strings are borrowed from
//! the page; the lists of one metric are kept and filled again for the next.

use std::borrow::Cow;

use model::{Histogram, LabelsBuilder, METRIC_NAME, MetricType, Millis};

mod histogram;
mod metric;

pub(super) use metric::ProtoExemplar;

use self::metric::{Metric, Point};
use super::{Entry, Exemplars, NativeHistograms, ParseError, Sample, SampleValue, SeriesLabels, number};
use crate::protobuf::Reader;

/// Reads a page of protobuf.
#[derive(Debug)]
pub(super) struct ProtobufParser<'a> {
    rest: &'a [u8],
    native: NativeHistograms,
    /// How many families have begun.
    number: usize,
    family: Family<'a>,
    stage: Stage,
    metric: Metric<'a>,
    /// The name of the series that is handed out; the labels stand first and are the same for a whole metric.
    key: String,
    key_base: usize,
}

#[derive(Debug, Default)]
struct Family<'a> {
    name: &'a str,
    help: &'a str,
    unit: &'a str,
    metric_type: MetricType,
    /// What is left of the family's message; its metrics are in there.
    metrics: Reader<'a>,
}

/// What is handed out next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    NextFamily,
    Help,
    Type,
    Unit,
    NextMetric,
    /// The native histogram of a metric.
    Native,
    /// The number of the next series of a metric: for histograms and summaries 0 is the count, 1 the sum.
    Series(usize),
}

/// Where the labels of a sample come from.
#[derive(Debug)]
pub(super) struct SampleSource<'a> {
    family: &'a str,
    suffix: &'static str,
    labels: &'a [(&'a str, &'a str)],
    bound: Option<(&'static str, f64)>,
}

impl SampleSource<'_> {
    pub(super) fn labels(&self, out: &mut LabelsBuilder) {
        let mut name = self.family.to_owned();
        name.push_str(self.suffix);
        out.add(METRIC_NAME, &name);
        for (name, value) in self.labels {
            out.add(name, value);
        }
        if let Some((name, bound)) = self.bound {
            out.add(name, &number::format_bound(bound));
        }
    }
}

/// A series of a metric, before its labels are looked at.
struct Series {
    suffix: &'static str,
    bound: Option<(&'static str, f64)>,
    value: f64,
    /// Which bucket has its exemplar; the counter's own for `None`.
    bucket: Option<usize>,
}

impl<'a> ProtobufParser<'a> {
    pub(super) fn new(page: &'a [u8], native: NativeHistograms) -> Self {
        Self {
            rest: page,
            native,
            number: 0,
            family: Family::default(),
            stage: Stage::NextFamily,
            metric: Metric::default(),
            key: String::new(),
            key_base: 0,
        }
    }

    pub(super) fn next_entry(&mut self) -> Result<Option<Entry<'_>>, ParseError> {
        loop {
            match self.stage {
                Stage::NextFamily => {
                    if self.rest.is_empty() {
                        return Ok(None);
                    }
                    self.number += 1;
                    self.next_family().map_err(|reason| self.fault(reason))?;
                }
                Stage::Help => {
                    self.stage = Stage::Type;
                    return Ok(Some(Entry::Help {
                        family: Cow::Borrowed(self.family.name),
                        help: Cow::Borrowed(self.family.help),
                    }));
                }
                Stage::Type => {
                    self.stage = Stage::Unit;
                    return Ok(Some(Entry::Type {
                        family: Cow::Borrowed(self.family.name),
                        metric_type: self.family.metric_type,
                    }));
                }
                Stage::Unit => {
                    self.stage = Stage::NextMetric;
                    if !self.family.unit.is_empty() {
                        return Ok(Some(Entry::Unit {
                            family: Cow::Borrowed(self.family.name),
                            unit: Cow::Borrowed(self.family.unit),
                        }));
                    }
                }
                Stage::NextMetric => self.next_metric().map_err(|reason| self.fault(reason))?,
                Stage::Native => {
                    let again = self.native == NativeHistograms::WithClassic && self.metric.has_buckets();
                    self.stage = if again {
                        Stage::Series(0)
                    } else {
                        Stage::NextMetric
                    };
                    let built = self.metric.native(self.family.metric_type);
                    let histogram = built.map_err(|reason| self.fault(reason))?;
                    return Ok(Some(self.native_sample(histogram)));
                }
                Stage::Series(number) => {
                    let Some(series) = self.series(number) else {
                        self.stage = Stage::NextMetric;
                        continue;
                    };
                    self.stage = Stage::Series(number + 1);
                    return Ok(Some(self.sample(&series)));
                }
            }
        }
    }

    fn next_family(&mut self) -> Result<(), &'static str> {
        self.family = Family::default();
        let mut page = Reader::new(self.rest);
        let mut message = page.delimited()?;
        self.rest = page.rest();
        let metrics = message;
        let mut family = Family::default();
        let mut kind = 0;
        let mut n_metrics = 0_usize;
        while let Some(field) = message.next_field()? {
            match field.number {
                1 => family.name = field.text()?,
                2 => family.help = field.text()?,
                3 => kind = field.varint()?,
                4 => n_metrics += 1,
                5 => family.unit = field.text()?,
                _ => {}
            }
        }
        family.metric_type = match kind {
            0 => MetricType::Counter,
            1 => MetricType::Gauge,
            2 => MetricType::Summary,
            3 => MetricType::Unknown,
            4 => MetricType::Histogram,
            5 => MetricType::GaugeHistogram,
            _ => return Err("its type is none that is known"),
        };
        family.metrics = metrics;
        let named = !family.name.is_empty();
        self.family = family;
        if n_metrics == 0 {
            return Ok(());
        }
        if !named {
            return Err("it has no name");
        }
        self.stage = Stage::Help;
        Ok(())
    }

    fn next_metric(&mut self) -> Result<(), &'static str> {
        while let Some(field) = self.family.metrics.next_field()? {
            if field.number != 4 {
                continue;
            }
            self.metric.read(field.bytes()?)?;
            self.key.clear();
            for (name, value) in &self.metric.labels {
                push_part(&mut self.key, name);
                push_part(&mut self.key, value);
            }
            self.key_base = self.key.len();
            let native = self.native != NativeHistograms::Ignored && self.metric.is_native();
            self.stage = if native { Stage::Native } else { Stage::Series(0) };
            return Ok(());
        }
        self.stage = Stage::NextFamily;
        Ok(())
    }

    /// Returns series `number` of the metric, `None` behind the last one.
    fn series(&self, number: usize) -> Option<Series> {
        let plain = |value| Series {
            suffix: "",
            bound: None,
            value,
            bucket: None,
        };
        let metric = &self.metric;
        match self.family.metric_type {
            MetricType::Summary => match number {
                0 => Some(Series {
                    suffix: "_count",
                    ..plain(metric.count)
                }),
                1 => Some(Series {
                    suffix: "_sum",
                    ..plain(metric.sum)
                }),
                _ => metric.quantiles.get(number - 2).map(|&(quantile, value)| Series {
                    bound: Some(("quantile", quantile)),
                    ..plain(value)
                }),
            },
            MetricType::Histogram | MetricType::GaugeHistogram => match number {
                0 => Some(Series {
                    suffix: "_count",
                    ..plain(metric.count)
                }),
                1 => Some(Series {
                    suffix: "_sum",
                    ..plain(metric.sum)
                }),
                _ => self.bucket(number - 2).map(|(bound, value)| Series {
                    suffix: "_bucket",
                    bound: Some(("le", bound)),
                    value,
                    bucket: Some(number - 2),
                }),
            },
            _ if number > 0 => None,
            MetricType::Counter => Some(plain(metric.point(Point::Counter))),
            MetricType::Gauge => Some(plain(metric.point(Point::Gauge))),
            _ => Some(plain(metric.point(Point::Untyped))),
        }
    }

    /// Returns bound and count of a bucket; a last bucket without bound is added where there is none.
    fn bucket(&self, number: usize) -> Option<(f64, f64)> {
        let buckets = &self.metric.buckets;
        if let Some(bucket) = buckets.get(number) {
            return Some((bucket.bound, bucket.count));
        }
        let complete = buckets.last().is_some_and(|last| last.bound == f64::INFINITY);
        (number == buckets.len() && !complete).then_some((f64::INFINITY, self.metric.count))
    }

    fn sample(&mut self, series: &Series) -> Entry<'_> {
        self.key.truncate(self.key_base);
        push_part(&mut self.key, self.family.name);
        self.key.push_str(series.suffix);
        if let Some((_, bound)) = series.bound {
            self.key.push('\0');
            self.key.push_str(&number::format_bound(bound));
        }
        let exemplars = match series.bucket {
            Some(bucket) => self.metric.exemplars_of_bucket(bucket),
            None if self.family.metric_type == MetricType::Counter => &self.metric.exemplars,
            None => &[],
        };
        Entry::Sample(Sample {
            series: &self.key,
            value: SampleValue::Float(normal(series.value)),
            timestamp: self.metric.timestamp,
            start: self.metric.start,
            labels: SeriesLabels::Protobuf(SampleSource {
                family: self.family.name,
                suffix: series.suffix,
                labels: &self.metric.labels,
                bound: series.bound,
            }),
            exemplars: Exemplars::Protobuf(exemplars),
        })
    }

    fn native_sample(&mut self, histogram: Histogram) -> Entry<'_> {
        self.key.truncate(self.key_base);
        push_part(&mut self.key, self.family.name);
        self.metric.choose_exemplars();
        Entry::Sample(Sample {
            series: &self.key,
            value: SampleValue::Histogram(Box::new(histogram)),
            timestamp: self.metric.timestamp,
            start: self.metric.start,
            labels: SeriesLabels::Protobuf(SampleSource {
                family: self.family.name,
                suffix: "",
                labels: &self.metric.labels,
                bound: None,
            }),
            exemplars: Exemplars::Protobuf(&self.metric.shown),
        })
    }

    fn fault(&self, reason: &'static str) -> ParseError {
        ParseError::Message {
            number: self.number,
            family: self.family.name.chars().take(128).collect(),
            reason: Cow::Borrowed(reason),
        }
    }
}

/// Appends a text behind its length, so that no two lists of texts look alike.
fn push_part(key: &mut String, text: &str) {
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    // What is no character is as good as any: the text itself still parts it from others.
    key.push(char::from_u32(len).unwrap_or(char::MAX));
    key.push_str(text);
}

/// Returns the value with the NaN that every format yields.
fn normal(value: f64) -> f64 {
    if value.is_nan() {
        number::normal_nan()
    } else {
        value
    }
}

/// Reads the time of a message `google.protobuf.Timestamp` in milliseconds.
fn timestamp(mut message: Reader<'_>) -> Result<Millis, &'static str> {
    let mut millis: Millis = 0;
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => millis = millis.saturating_add(field.varint()?.cast_signed().saturating_mul(1000)),
            2 => millis = millis.saturating_add(field.varint()?.cast_signed() / 1_000_000),
            _ => {}
        }
    }
    Ok(millis)
}
