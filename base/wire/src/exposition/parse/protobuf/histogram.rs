//! Native histograms of the protobuf format: sparse buckets as spans and counts.

use model::{Buckets, Histogram, MetricType, ResetHint, Span};

use super::metric::as_float;
use crate::protobuf::{Field, Reader, zigzag};

/// The native part of an `io.prometheus.client.Histogram`.
#[derive(Debug, Default)]
pub(super) struct NativeParts {
    pub(super) count: f64,
    pub(super) float_count: f64,
    schema: i64,
    zero_threshold: f64,
    zero_count: f64,
    float_zero_count: f64,
    positive: Side,
    negative: Side,
}

/// The buckets above or below zero.
#[derive(Debug, Default)]
struct Side {
    spans: Vec<Span>,
    /// Each the difference to the one before.
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl NativeParts {
    pub(super) fn clear(&mut self) {
        (self.count, self.float_count) = (0.0, 0.0);
        (self.zero_threshold, self.zero_count, self.float_zero_count) = (0.0, 0.0, 0.0);
        self.schema = 0;
        for side in [&mut self.positive, &mut self.negative] {
            side.spans.clear();
            side.deltas.clear();
            side.counts.clear();
        }
    }

    pub(super) fn read(&mut self, field: &Field<'_>) -> Result<(), &'static str> {
        match field.number {
            5 => self.schema = zigzag(field.varint()?),
            6 => self.zero_threshold = field.double()?,
            7 => self.zero_count = as_float(field.varint()?),
            8 => self.float_zero_count = field.double()?,
            9 => self.negative.spans.push(span(field.bytes()?)?),
            10 => field.each_varint(|delta| self.negative.deltas.push(zigzag(delta)))?,
            11 => field.each_fixed64(|bits| self.negative.counts.push(f64::from_bits(bits)))?,
            12 => self.positive.spans.push(span(field.bytes()?)?),
            13 => field.each_varint(|delta| self.positive.deltas.push(zigzag(delta)))?,
            14 => field.each_fixed64(|bits| self.positive.counts.push(f64::from_bits(bits)))?,
            _ => {}
        }
        Ok(())
    }

    /// Tells whether there is a native histogram at all. One that has observed nothing says so by an empty span.
    pub(super) fn is_native(&self) -> bool {
        !self.positive.spans.is_empty()
            || !self.negative.spans.is_empty()
            || self.zero_threshold > 0.0
            || self.zero_count > 0.0
            || self.float_zero_count > 0.0
    }

    fn is_float(&self) -> bool {
        self.float_count > 0.0
            || self.float_zero_count > 0.0
            || !self.positive.counts.is_empty()
            || !self.negative.counts.is_empty()
    }

    /// Returns the histogram, its sum left out.
    pub(super) fn build(&self, metric_type: MetricType) -> Result<Histogram, &'static str> {
        let schema = i8::try_from(self.schema)
            .ok()
            .filter(|schema| (-4..=8).contains(schema))
            .ok_or("the schema of its histogram is not one of -4 to 8")?;
        let float = self.is_float();
        let gauge = metric_type == MetricType::GaugeHistogram;
        Ok(Histogram {
            schema,
            integer: !float,
            reset_hint: if gauge {
                ResetHint::Gauge
            } else {
                ResetHint::Unknown
            },
            zero_threshold: self.zero_threshold,
            zero_count: if float {
                self.float_zero_count
            } else {
                self.zero_count
            },
            count: if float { self.float_count } else { self.count },
            sum: 0.0,
            positive: self.positive.build(float)?,
            negative: self.negative.build(float)?,
            ..Histogram::default()
        })
    }
}

impl Side {
    fn build(&self, float: bool) -> Result<Buckets, &'static str> {
        let n_counts = if float {
            self.counts.len()
        } else {
            self.deltas.len()
        };
        let wanted: u64 = self.spans.iter().map(|span| u64::from(span.length)).sum();
        if usize::try_from(wanted) != Ok(n_counts) {
            return Err("the spans of its histogram do not match the number of buckets");
        }
        let counts = if float {
            self.counts.clone()
        } else {
            let mut count = 0_i64;
            let absolute = self.deltas.iter().map(|delta| {
                count = count.saturating_add(*delta);
                u64::try_from(count).map(as_float)
            });
            absolute
                .collect::<Result<_, _>>()
                .map_err(|_| "a bucket of its histogram is below zero")?
        };
        if counts.iter().any(|count| count.is_nan() || *count < 0.0) {
            return Err("a bucket of its histogram is below zero or not a number");
        }
        let mut buckets = Buckets {
            spans: self.spans.clone(),
            counts,
        };
        buckets.compact(0);
        Ok(buckets)
    }
}

fn span(mut message: Reader<'_>) -> Result<Span, &'static str> {
    let mut span = Span::default();
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => {
                span.offset = i32::try_from(zigzag(field.varint()?))
                    .map_err(|_| "a span of its histogram is too far away")?;
            }
            2 => {
                span.length =
                    u32::try_from(field.varint()?).map_err(|_| "a span of its histogram is too long")?;
            }
            _ => {}
        }
    }
    Ok(span)
}
