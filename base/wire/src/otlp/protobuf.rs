//! Reading `opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest`.

use serde_json::{Map, Value};

use super::value::{MAX_DEPTH, RawExemplar, base64, float, hex, to_text};
use super::{
    Attributes, Budget, Data, ExplicitHistogram, ExponentialBuckets, ExponentialHistogram, Metric, Monotonic,
    NO_RECORDED_VALUE, OtlpLimits, OtlpRequest, Point, PointExemplar, ResourceMetrics, ScopeMetrics, Summary,
    Temporality, millis,
};
use crate::DecodeError;
use crate::protobuf::{Field, Reader, WireError};

/// Reads a request in protobuf, decompressed.
///
/// # Errors
/// The bytes are no such request, or it is larger than the limits.
pub fn decode_otlp_protobuf(body: &[u8], limits: &OtlpLimits) -> Result<OtlpRequest, DecodeError> {
    if body.len() > limits.max_bytes {
        return Err(DecodeError::TooLarge {
            bytes: body.len(),
            limit: limits.max_bytes,
        });
    }
    let mut budget = Budget::new(limits);
    let mut request = OtlpRequest::default();
    each_field("ExportMetricsServiceRequest", Reader::new(body), |field| {
        if field.number == 1 {
            budget.take_point()?;
            request.resources.push(read_resource(
                inner("ExportMetricsServiceRequest", field)?,
                &mut budget,
            )?);
        }
        Ok(())
    })?;
    Ok(request)
}

/// Hands over the fields of a message.
fn each_field<'a>(
    message: &'static str,
    mut reader: Reader<'a>,
    mut take: impl FnMut(&Field<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    while let Some(field) = reader.next_field().map_err(|e| e.within(message))? {
        take(&field)?;
    }
    Ok(())
}

/// Returns the message in a field of `outer`.
fn inner<'a>(outer: &'static str, field: &Field<'a>) -> Result<Reader<'a>, DecodeError> {
    field.bytes().map_err(|e| e.within(outer))
}

fn text(outer: &'static str, field: &Field<'_>) -> Result<String, DecodeError> {
    field.text().map(str::to_owned).map_err(|e| e.within(outer))
}

fn read_resource(message: Reader<'_>, budget: &mut Budget<'_>) -> Result<ResourceMetrics, DecodeError> {
    const NAME: &str = "ResourceMetrics";
    let mut resource = ResourceMetrics::default();
    each_field(NAME, message, |field| {
        match field.number {
            1 => each_field("Resource", inner(NAME, field)?, |field| {
                if field.number == 1 {
                    read_attribute("Resource", field, (&mut resource.attributes, budget))?;
                }
                Ok(())
            })?,
            2 => {
                budget.take_point()?;
                resource.scopes.push(read_scope(inner(NAME, field)?, budget)?);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(resource)
}

fn read_scope(message: Reader<'_>, budget: &mut Budget<'_>) -> Result<ScopeMetrics, DecodeError> {
    const NAME: &str = "ScopeMetrics";
    const SCOPE: &str = "InstrumentationScope";
    let mut scope = ScopeMetrics::default();
    each_field(NAME, message, |field| {
        match field.number {
            1 => each_field(SCOPE, inner(NAME, field)?, |field| {
                match field.number {
                    1 => scope.name = text(SCOPE, field)?,
                    2 => scope.version = text(SCOPE, field)?,
                    3 => read_attribute(SCOPE, field, (&mut scope.attributes, budget))?,
                    _ => {}
                }
                Ok(())
            })?,
            2 => {
                budget.take_point()?;
                scope.metrics.push(read_metric(inner(NAME, field)?, budget)?);
            }
            3 => scope.schema_url = text(NAME, field)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(scope)
}

fn read_metric(message: Reader<'_>, budget: &mut Budget<'_>) -> Result<Metric, DecodeError> {
    const NAME: &str = "Metric";
    let mut metric = Metric::default();
    each_field(NAME, message, |field| {
        match field.number {
            1 => metric.name = text(NAME, field)?,
            2 => metric.description = text(NAME, field)?,
            3 => metric.unit = text(NAME, field)?,
            5 => {
                metric.data =
                    Data::Gauge(read_points("Gauge", inner(NAME, field)?, (budget, number_field))?.0)
            }
            7 => {
                let (points, temporality, monotonic) =
                    read_points("Sum", inner(NAME, field)?, (budget, number_field))?;
                metric.data = Data::Sum(points, temporality, monotonic);
            }
            9 => {
                let (points, temporality, _) =
                    read_points("Histogram", inner(NAME, field)?, (budget, explicit_field))?;
                metric.data = Data::Histogram(points, temporality);
            }
            10 => {
                let (points, temporality, _) = read_points(
                    "ExponentialHistogram",
                    inner(NAME, field)?,
                    (budget, exponential_field),
                )?;
                metric.data = Data::Exponential(points, temporality);
            }
            11 => {
                let points = read_points("Summary", inner(NAME, field)?, (budget, summary_field))?.0;
                metric.data = Data::Summary(points);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(metric)
}

/// Reads one field of a point of its kind.
type ReadField<T> = fn(&mut Point<T>, &Field<'_>, &mut Budget<'_>) -> Result<(), DecodeError>;

/// Reads the points of a metric, and what is said about all of them: the fields have one number in every kind.
fn read_points<T: Default>(
    name: &'static str,
    message: Reader<'_>,
    (budget, read): (&mut Budget<'_>, ReadField<T>),
) -> Result<(Vec<Point<T>>, Temporality, Monotonic), DecodeError> {
    let (mut points, mut temporality, mut monotonic) = (Vec::new(), Temporality::default(), Monotonic::No);
    each_field(name, message, |field| {
        match field.number {
            1 => {
                budget.take_point()?;
                let mut point = Point::default();
                each_field(name, inner(name, field)?, |field| read(&mut point, field, budget))?;
                points.push(point);
            }
            2 => temporality = Temporality::from_number(field.varint().map_err(|e| e.within(name))?),
            3 if field.varint().map_err(|e| e.within(name))? != 0 => monotonic = Monotonic::Yes,
            _ => {}
        }
        Ok(())
    })?;
    Ok((points, temporality, monotonic))
}

fn number_field(
    point: &mut Point<f64>,
    field: &Field<'_>,
    budget: &mut Budget<'_>,
) -> Result<(), DecodeError> {
    const NAME: &str = "NumberDataPoint";
    let within = |e: WireError| e.within(NAME);
    match field.number {
        2 => point.start = millis(field.fixed64().map_err(within)?),
        3 => point.timestamp = millis(field.fixed64().map_err(within)?),
        4 => point.value = field.double().map_err(within)?,
        5 => point.exemplars.push(read_exemplar(inner(NAME, field)?, budget)?),
        6 => point.value = integer(field).map_err(within)?,
        7 => read_attribute(NAME, field, (&mut point.attributes, budget))?,
        8 => point.is_stale = is_stale(field).map_err(within)?,
        _ => {}
    }
    Ok(())
}

fn explicit_field(
    point: &mut Point<ExplicitHistogram>,
    field: &Field<'_>,
    budget: &mut Budget<'_>,
) -> Result<(), DecodeError> {
    const NAME: &str = "HistogramDataPoint";
    let within = |e: WireError| e.within(NAME);
    let value = &mut point.value;
    match field.number {
        2 => point.start = millis(field.fixed64().map_err(within)?),
        3 => point.timestamp = millis(field.fixed64().map_err(within)?),
        4 => value.count = field.fixed64().map_err(within)?,
        5 => value.sum = Some(field.double().map_err(within)?),
        6 => {
            field
                .each_fixed64(|count| value.counts.push(count))
                .map_err(within)?;
            budget.check_buckets(value.counts.len())?;
        }
        7 => {
            field
                .each_fixed64(|bits| value.bounds.push(f64::from_bits(bits)))
                .map_err(within)?;
            budget.check_buckets(value.bounds.len())?;
        }
        8 => point.exemplars.push(read_exemplar(inner(NAME, field)?, budget)?),
        9 => read_attribute(NAME, field, (&mut point.attributes, budget))?,
        10 => point.is_stale = is_stale(field).map_err(within)?,
        _ => {}
    }
    Ok(())
}

fn exponential_field(
    point: &mut Point<ExponentialHistogram>,
    field: &Field<'_>,
    budget: &mut Budget<'_>,
) -> Result<(), DecodeError> {
    const NAME: &str = "ExponentialHistogramDataPoint";
    let within = |e: WireError| e.within(NAME);
    let value = &mut point.value;
    match field.number {
        1 => read_attribute(NAME, field, (&mut point.attributes, budget))?,
        2 => point.start = millis(field.fixed64().map_err(within)?),
        3 => point.timestamp = millis(field.fixed64().map_err(within)?),
        4 => value.count = field.fixed64().map_err(within)?,
        5 => value.sum = Some(field.double().map_err(within)?),
        6 => value.scale = field.sint32().map_err(within)?,
        7 => value.zero_count = field.fixed64().map_err(within)?,
        8 => value.positive = read_buckets(inner(NAME, field)?, budget)?,
        9 => value.negative = read_buckets(inner(NAME, field)?, budget)?,
        10 => point.is_stale = is_stale(field).map_err(within)?,
        11 => point.exemplars.push(read_exemplar(inner(NAME, field)?, budget)?),
        14 => value.zero_threshold = field.double().map_err(within)?,
        _ => {}
    }
    Ok(())
}

fn read_buckets(message: Reader<'_>, budget: &Budget<'_>) -> Result<ExponentialBuckets, DecodeError> {
    const NAME: &str = "Buckets";
    let mut buckets = ExponentialBuckets::default();
    each_field(NAME, message, |field| {
        match field.number {
            1 => buckets.offset = field.sint32().map_err(|e| e.within(NAME))?,
            2 => {
                let max = budget.limits.max_buckets;
                let counts = &mut buckets.counts;
                let mut n = counts.len();
                let read = field.each_varint(|count| {
                    n += 1;
                    // A byte of the request becomes eight here, so what is too much is only counted.
                    if n <= max {
                        counts.push(count);
                    }
                });
                read.map_err(|e| e.within(NAME))?;
                budget.check_buckets(n)?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(buckets)
}

fn summary_field(
    point: &mut Point<Summary>,
    field: &Field<'_>,
    budget: &mut Budget<'_>,
) -> Result<(), DecodeError> {
    const NAME: &str = "SummaryDataPoint";
    const QUANTILE: &str = "ValueAtQuantile";
    let within = |e: WireError| e.within(NAME);
    let value = &mut point.value;
    match field.number {
        2 => point.start = millis(field.fixed64().map_err(within)?),
        3 => point.timestamp = millis(field.fixed64().map_err(within)?),
        4 => value.count = field.fixed64().map_err(within)?,
        5 => value.sum = field.double().map_err(within)?,
        6 => {
            let (mut quantile, mut found) = (0.0, 0.0);
            each_field(QUANTILE, inner(NAME, field)?, |field| {
                match field.number {
                    1 => quantile = field.double().map_err(|e| e.within(QUANTILE))?,
                    2 => found = field.double().map_err(|e| e.within(QUANTILE))?,
                    _ => {}
                }
                Ok(())
            })?;
            value.quantiles.push((quantile, found));
            budget.check_buckets(value.quantiles.len())?;
        }
        7 => read_attribute(NAME, field, (&mut point.attributes, budget))?,
        8 => point.is_stale = is_stale(field).map_err(within)?,
        _ => {}
    }
    Ok(())
}

fn read_exemplar(message: Reader<'_>, budget: &mut Budget<'_>) -> Result<PointExemplar, DecodeError> {
    const NAME: &str = "Exemplar";
    let within = |e: WireError| e.within(NAME);
    budget.take_exemplar()?;
    let mut exemplar = RawExemplar::default();
    each_field(NAME, message, |field| {
        match field.number {
            2 => exemplar.timestamp = millis(field.fixed64().map_err(within)?),
            3 => exemplar.value = field.double().map_err(within)?,
            4 => exemplar.span_id = hex(inner(NAME, field)?.rest()),
            5 => exemplar.trace_id = hex(inner(NAME, field)?.rest()),
            6 => exemplar.value = integer(field).map_err(within)?,
            7 => read_attribute(NAME, field, (&mut exemplar.attributes, budget))?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(exemplar.build())
}

fn is_stale(field: &Field<'_>) -> Result<bool, WireError> {
    Ok(field.varint()? & NO_RECORDED_VALUE != 0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "samples are floats; the source chose integers"
)]
fn integer(field: &Field<'_>) -> Result<f64, WireError> {
    Ok(field.fixed64()?.cast_signed() as f64)
}

/// Reads a `KeyValue`. A name that came before keeps its first value.
fn read_attribute(
    outer: &'static str,
    field: &Field<'_>,
    (into, budget): (&mut Attributes, &mut Budget<'_>),
) -> Result<(), DecodeError> {
    budget.take_attribute()?;
    let (name, value) = read_key_value(inner(outer, field)?, (budget, MAX_DEPTH))?;
    into.push((name, to_text(value)));
    Ok(())
}

fn read_key_value(
    message: Reader<'_>,
    (budget, depth): (&mut Budget<'_>, usize),
) -> Result<(String, Value), DecodeError> {
    const NAME: &str = "KeyValue";
    let (mut key, mut value) = (String::new(), Value::Null);
    each_field(NAME, message, |field| {
        match field.number {
            1 => key = text(NAME, field)?,
            2 => value = read_value(inner(NAME, field)?, (budget, depth))?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((key, value))
}

fn read_value(message: Reader<'_>, (budget, depth): (&mut Budget<'_>, usize)) -> Result<Value, DecodeError> {
    const NAME: &str = "AnyValue";
    let within = |e: WireError| e.within(NAME);
    let Some(deeper) = depth.checked_sub(1) else {
        return Ok(Value::Null);
    };
    let mut value = Value::Null;
    each_field(NAME, message, |field| {
        value = match field.number {
            1 => Value::String(text(NAME, field)?),
            2 => Value::Bool(field.varint().map_err(within)? != 0),
            3 => Value::from(field.int64().map_err(within)?),
            4 => float(field.double().map_err(within)?),
            5 => {
                let mut items = Vec::new();
                each_field("ArrayValue", inner(NAME, field)?, |field| {
                    if field.number == 1 {
                        budget.take_attribute()?;
                        items.push(read_value(inner("ArrayValue", field)?, (budget, deeper))?);
                    }
                    Ok(())
                })?;
                Value::Array(items)
            }
            6 => {
                let mut items = Map::new();
                each_field("KeyValueList", inner(NAME, field)?, |field| {
                    if field.number == 1 {
                        budget.take_attribute()?;
                        let (key, value) = read_key_value(inner("KeyValueList", field)?, (budget, deeper))?;
                        items.insert(key, value);
                    }
                    Ok(())
                })?;
                Value::Object(items)
            }
            7 => Value::String(base64(inner(NAME, field)?.rest())),
            _ => return Ok(()),
        };
        Ok(())
    })?;
    Ok(value)
}
