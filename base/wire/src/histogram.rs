//! Native histograms as protobuf: the message that remote write 1.0, 2.0 and remote read share.
//!
//! Fields: `prompb/types.proto`, message `Histogram`; the two versions differ in `start_timestamp` (17) only. What is
//! read is checked by [`check_histogram`], so that nothing behind it meets a histogram that contradicts itself.

use std::sync::Arc;

use model::{
    Buckets, Histogram, HistogramError, MAX_SCHEMA, MAX_SENT_SCHEMA, Millis, ResetHint, Span, is_stale,
};

use crate::protobuf::{
    Field, Reader, WireError, push_double, push_fixed64, push_int, push_message, push_packed_doubles,
    push_packed_varints, push_sint, push_varint, to_zigzag, zigzag,
};

/// A histogram message as read.
#[derive(Debug, PartialEq)]
pub(crate) struct ReadHistogram {
    pub(crate) timestamp: Millis,
    pub(crate) start: Millis,
    pub(crate) value: HistogramValue,
}

/// What a histogram message stands for.
#[derive(Debug, PartialEq)]
pub(crate) enum HistogramValue {
    Histogram(Box<Histogram>),
    /// The marker that ends the series.
    Stale,
    Invalid(HistogramFault),
}

/// Why a histogram is not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HistogramFault {
    /// It contradicts itself.
    #[error(transparent)]
    Invalid(#[from] HistogramError),
    /// More buckets than allowed.
    #[error("histogram has more than {limit} buckets, spans and bounds")]
    TooManyBuckets {
        /// The limit.
        limit: usize,
    },
}

/// The fields of the message, in the order they came.
#[derive(Debug, Default)]
struct Fields {
    timestamp: Millis,
    start: Millis,
    schema: i32,
    histogram: Histogram,
    custom_values: Vec<f64>,
    n_buckets: usize,
}

/// Reads one message. Buckets and spans beyond `max_buckets` are not kept.
pub(crate) fn read_histogram(
    mut message: Reader<'_>,
    max_buckets: usize,
) -> Result<ReadHistogram, WireError> {
    let mut fields = Fields::default();
    // The source counts in integers unless it says otherwise.
    fields.histogram.integer = true;
    while let Some(field) = message.next_field()? {
        fields.take(&field, max_buckets)?;
    }
    Ok(fields.finish(max_buckets))
}

impl Fields {
    fn take(&mut self, field: &Field<'_>, max_buckets: usize) -> Result<(), WireError> {
        let h = &mut self.histogram;
        match field.number {
            1 => {
                h.count = to_float(field.varint()?);
                h.integer = true;
            }
            2 => {
                h.count = field.double()?;
                h.integer = false;
            }
            3 => h.sum = field.double()?,
            4 => self.schema = field.sint32()?,
            5 => h.zero_threshold = field.double()?,
            6 => h.zero_count = to_float(field.varint()?),
            7 => h.zero_count = field.double()?,
            8 | 11 => {
                let span = read_span(field.bytes()?)?;
                self.n_buckets += 1;
                if self.n_buckets <= max_buckets {
                    side(h, field.number == 11).spans.push(span);
                }
            }
            9 | 12 => self.take_deltas(field, max_buckets)?,
            10 | 13 => self.take_counts(field, max_buckets)?,
            14 => h.reset_hint = reset_hint(field.varint()?),
            15 => self.timestamp = field.int64()?,
            16 => field.each_fixed64(|bits| {
                self.n_buckets += 1;
                if self.n_buckets <= max_buckets {
                    self.custom_values.push(f64::from_bits(bits));
                }
            })?,
            17 => self.start = field.int64()?,
            _ => {}
        }
        Ok(())
    }

    /// Differences between neighbouring buckets; a field that comes in pieces goes on where the last one ended.
    fn take_deltas(&mut self, field: &Field<'_>, max_buckets: usize) -> Result<(), WireError> {
        let Self {
            histogram, n_buckets, ..
        } = self;
        let counts = &mut side(histogram, field.number == 12).counts;
        let mut current = counts.last().map_or(0, |&last| to_integer(last));
        field.each_varint(|bits| {
            *n_buckets += 1;
            // What overflows is refused for its negative count.
            current = current.checked_add(zigzag(bits)).unwrap_or(i64::MIN);
            if *n_buckets <= max_buckets {
                counts.push(to_float_signed(current));
            }
        })
    }

    fn take_counts(&mut self, field: &Field<'_>, max_buckets: usize) -> Result<(), WireError> {
        let Self {
            histogram, n_buckets, ..
        } = self;
        let counts = &mut side(histogram, field.number == 13).counts;
        field.each_fixed64(|bits| {
            *n_buckets += 1;
            if *n_buckets <= max_buckets {
                counts.push(f64::from_bits(bits));
            }
        })
    }

    fn finish(self, max_buckets: usize) -> ReadHistogram {
        let Self {
            timestamp,
            start,
            schema,
            mut histogram,
            ..
        } = self;
        histogram.custom_values = Arc::from(self.custom_values);
        let value = if is_stale(histogram.sum) {
            HistogramValue::Stale
        } else if self.n_buckets > max_buckets {
            HistogramValue::Invalid(HistogramFault::TooManyBuckets { limit: max_buckets })
        } else {
            match settle_schema(&mut histogram, schema) {
                Ok(()) => HistogramValue::Histogram(Box::new(histogram)),
                Err(error) => HistogramValue::Invalid(error.into()),
            }
        };
        ReadHistogram {
            timestamp,
            start,
            value,
        }
    }
}

/// Sets the schema, merging buckets that are finer than any schema stored, and validates.
fn settle_schema(histogram: &mut Histogram, schema: i32) -> Result<(), HistogramError> {
    histogram.schema = i8::try_from(schema).map_err(|_| HistogramError::Schema(schema))?;
    if (MAX_SCHEMA + 1..=MAX_SENT_SCHEMA).contains(&histogram.schema) {
        histogram.reduce_resolution(MAX_SCHEMA)?;
    }
    histogram.validate()
}

fn side(histogram: &mut Histogram, positive: bool) -> &mut Buckets {
    if positive {
        &mut histogram.positive
    } else {
        &mut histogram.negative
    }
}

fn read_span(mut message: Reader<'_>) -> Result<Span, WireError> {
    let mut span = Span::default();
    while let Some(field) = message.next_field()? {
        match field.number {
            1 => span.offset = field.sint32()?,
            2 => span.length = field.uint32()?,
            _ => {}
        }
    }
    Ok(span)
}

fn reset_hint(number: u64) -> ResetHint {
    match number {
        1 => ResetHint::Reset,
        2 => ResetHint::NoReset,
        3 => ResetHint::Gauge,
        _ => ResetHint::Unknown,
    }
}

fn reset_number(hint: ResetHint) -> u64 {
    match hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NoReset => 2,
        ResetHint::Gauge => 3,
    }
}

/// Writes the fields of a message. `start` 0, unknown, is left out, which makes the message one of version 1.0.
pub(crate) fn write_histogram(
    out: &mut Vec<u8>,
    histogram: &Histogram,
    (timestamp, start): (Millis, Millis),
) {
    let integer = histogram.integer;
    if integer {
        // Which of the two counts is there tells the kind, so a zero is written too.
        push_varint(out, 1 << 3);
        push_varint(out, to_integer(histogram.count).cast_unsigned());
    } else {
        push_fixed64(out, 2, histogram.count.to_bits());
    }
    push_double(out, 3, histogram.sum);
    push_sint(out, 4, i64::from(histogram.schema));
    push_double(out, 5, histogram.zero_threshold);
    if integer {
        push_varint(out, 6 << 3);
        push_varint(out, to_integer(histogram.zero_count).cast_unsigned());
    } else {
        push_fixed64(out, 7, histogram.zero_count.to_bits());
    }
    write_buckets(out, &histogram.negative, (8, integer));
    write_buckets(out, &histogram.positive, (11, integer));
    push_int(out, 14, reset_number(histogram.reset_hint));
    push_int(out, 15, timestamp.cast_unsigned());
    push_packed_doubles(out, 16, &histogram.custom_values);
    push_int(out, 17, start.cast_unsigned());
}

/// Writes spans as field `number`, and behind it either deltas as the next or counts as the one after.
fn write_buckets(out: &mut Vec<u8>, buckets: &Buckets, (number, integer): (u64, bool)) {
    for span in &buckets.spans {
        push_message(out, number, |out| {
            push_sint(out, 1, i64::from(span.offset));
            push_int(out, 2, u64::from(span.length));
        });
    }
    if integer {
        push_packed_varints(out, number + 1, deltas(&buckets.counts));
    } else {
        push_packed_doubles(out, number + 2, &buckets.counts);
    }
}

fn deltas(counts: &[f64]) -> impl Iterator<Item = u64> + Clone {
    let mut last = 0;
    counts.iter().map(move |&count| {
        let count = to_integer(count);
        let delta = count.wrapping_sub(last);
        last = count;
        to_zigzag(delta)
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts are floats in the model, exact up to 2^53"
)]
fn to_float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts are floats in the model, exact up to 2^53"
)]
fn to_float_signed(count: i64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only counts of histograms that count in integers come here; the cast saturates"
)]
fn to_integer(count: f64) -> i64 {
    count as i64
}
