//! One `io.prometheus.client.Metric`.

use model::{Histogram, MetricType, Millis};

use super::histogram::NativeParts;
use crate::protobuf::Reader;

/// An exemplar of a metric.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct ProtoExemplar<'a> {
    pub(in super::super) labels: Vec<(&'a str, &'a str)>,
    pub(in super::super) value: f64,
    pub(in super::super) timestamp: Option<Millis>,
}

/// Which of the plain values of a metric is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Point {
    Gauge,
    Counter,
    Untyped,
}

/// A bucket of a classic histogram.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    pub(super) bound: f64,
    pub(super) count: f64,
    /// Its exemplar's place among those of the buckets.
    exemplar: Option<usize>,
}

/// A metric; its lists keep their memory from one to the next.
#[derive(Debug, Default)]
pub(super) struct Metric<'a> {
    pub(super) labels: Vec<(&'a str, &'a str)>,
    pub(super) timestamp: Option<Millis>,
    pub(super) start: Millis,
    gauge: f64,
    counter: f64,
    untyped: f64,
    pub(super) count: f64,
    pub(super) sum: f64,
    /// `(quantile, value)` of a summary.
    pub(super) quantiles: Vec<(f64, f64)>,
    pub(super) buckets: Vec<Bucket>,
    native: NativeParts,
    /// Those of the counter or of the native histogram.
    pub(super) exemplars: Vec<ProtoExemplar<'a>>,
    of_buckets: Vec<ProtoExemplar<'a>>,
    /// What a native histogram shows: its own, or those of the buckets, with a time.
    pub(super) shown: Vec<ProtoExemplar<'a>>,
}

impl<'a> Metric<'a> {
    /// Replaces everything by what the message says.
    pub(super) fn read(&mut self, mut message: Reader<'a>) -> Result<(), &'static str> {
        self.clear();
        while let Some(field) = message.next_field()? {
            match field.number {
                1 => self.labels.push(label(field.bytes()?)?),
                2 => self.gauge = value(field.bytes()?)?,
                3 => self.read_counter(field.bytes()?)?,
                4 => self.read_summary(field.bytes()?)?,
                5 => self.untyped = value(field.bytes()?)?,
                6 => self.timestamp = Some(field.varint()?.cast_signed()).filter(|time| *time != 0),
                7 => self.read_histogram(field.bytes()?)?,
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn point(&self, point: Point) -> f64 {
        match point {
            Point::Gauge => self.gauge,
            Point::Counter => self.counter,
            Point::Untyped => self.untyped,
        }
    }

    pub(super) fn has_buckets(&self) -> bool {
        !self.buckets.is_empty()
    }

    pub(super) fn is_native(&self) -> bool {
        self.native.is_native()
    }

    /// Puts the native histogram together.
    pub(super) fn native(&self, metric_type: MetricType) -> Result<Histogram, &'static str> {
        let mut histogram = self.native.build(metric_type)?;
        histogram.sum = super::normal(self.sum);
        Ok(histogram)
    }

    pub(super) fn exemplars_of_bucket(&self, number: usize) -> &[ProtoExemplar<'a>] {
        let place = self.buckets.get(number).and_then(|bucket| bucket.exemplar);
        place
            .and_then(|at| self.of_buckets.get(at..=at))
            .unwrap_or_default()
    }

    /// Chooses what a native histogram shows; exemplars without a time cannot be told from repetitions there.
    pub(super) fn choose_exemplars(&mut self) {
        let from = if self.exemplars.is_empty() {
            &self.of_buckets
        } else {
            &self.exemplars
        };
        self.shown.clear();
        self.shown.extend(
            from.iter()
                .filter(|exemplar| exemplar.timestamp.is_some())
                .cloned(),
        );
    }

    fn clear(&mut self) {
        self.labels.clear();
        self.timestamp = None;
        self.start = 0;
        (self.gauge, self.counter, self.untyped) = (0.0, 0.0, 0.0);
        (self.count, self.sum) = (0.0, 0.0);
        self.quantiles.clear();
        self.buckets.clear();
        self.native.clear();
        self.exemplars.clear();
        self.of_buckets.clear();
    }

    fn read_counter(&mut self, mut message: Reader<'a>) -> Result<(), &'static str> {
        while let Some(field) = message.next_field()? {
            match field.number {
                1 => self.counter = field.double()?,
                2 => self.exemplars.push(exemplar(field.bytes()?)?),
                3 => self.start = super::timestamp(field.bytes()?)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_summary(&mut self, mut message: Reader<'a>) -> Result<(), &'static str> {
        while let Some(field) = message.next_field()? {
            match field.number {
                1 => self.count = as_float(field.varint()?),
                2 => self.sum = field.double()?,
                3 => self.quantiles.push(pair(field.bytes()?)?),
                4 => self.start = super::timestamp(field.bytes()?)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_histogram(&mut self, mut message: Reader<'a>) -> Result<(), &'static str> {
        let mut float_count = 0.0;
        while let Some(field) = message.next_field()? {
            match field.number {
                1 => {
                    self.count = as_float(field.varint()?);
                    self.native.count = self.count;
                }
                2 => self.sum = field.double()?,
                3 => self.read_bucket(field.bytes()?)?,
                4 => float_count = field.double()?,
                15 => self.start = super::timestamp(field.bytes()?)?,
                16 => self.exemplars.push(exemplar(field.bytes()?)?),
                _ => self.native.read(&field)?,
            }
        }
        if float_count != 0.0 {
            self.count = float_count;
            self.native.float_count = float_count;
        }
        Ok(())
    }

    fn read_bucket(&mut self, mut message: Reader<'a>) -> Result<(), &'static str> {
        let mut bucket = Bucket::default();
        let mut float_count = 0.0;
        while let Some(field) = message.next_field()? {
            match field.number {
                1 => bucket.count = as_float(field.varint()?),
                2 => bucket.bound = field.double()?,
                3 => {
                    bucket.exemplar = Some(self.of_buckets.len());
                    self.of_buckets.push(exemplar(field.bytes()?)?);
                }
                4 => float_count = field.double()?,
                _ => {}
            }
        }
        if float_count != 0.0 {
            bucket.count = float_count;
        }
        self.buckets.push(bucket);
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "samples are floats, exact up to 2^53")]
pub(super) fn as_float(count: u64) -> f64 {
    count as f64
}

/// Reads a `LabelPair`.
fn label(mut message: Reader<'_>) -> Result<(&str, &str), &'static str> {
    let mut pair = ("", "");
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => pair.0 = field.text()?,
            2 => pair.1 = field.text()?,
            _ => {}
        }
    }
    Ok(pair)
}

/// Reads the value of a `Gauge` or an `Untyped`.
fn value(message: Reader<'_>) -> Result<f64, &'static str> {
    pair(message).map(|(value, _)| value)
}

/// Reads a message of two doubles.
fn pair(mut message: Reader<'_>) -> Result<(f64, f64), &'static str> {
    let mut pair = (0.0, 0.0);
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => pair.0 = field.double()?,
            2 => pair.1 = field.double()?,
            _ => {}
        }
    }
    Ok(pair)
}

fn exemplar(mut message: Reader<'_>) -> Result<ProtoExemplar<'_>, &'static str> {
    let mut exemplar = ProtoExemplar::default();
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => exemplar.labels.push(label(field.bytes()?)?),
            2 => exemplar.value = field.double()?,
            3 => exemplar.timestamp = Some(super::timestamp(field.bytes()?)?),
            _ => {}
        }
    }
    Ok(exemplar)
}
