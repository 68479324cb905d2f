//! Reading an `ExportMetricsServiceRequest` in JSON: the JSON mapping of protobuf with names in lower camel case,
//! identifiers in hexadecimal and enumerations as numbers. Unknown fields are ignored.
//! Specification: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

use serde_json::{Map, Value};

use super::value::{MAX_DEPTH, RawExemplar, float, to_text};
use super::{
    Attributes, Budget, Data, ExplicitHistogram, ExponentialBuckets, ExponentialHistogram, Metric, Monotonic,
    NO_RECORDED_VALUE, OtlpLimits, OtlpRequest, Point, PointExemplar, ResourceMetrics, ScopeMetrics, Summary,
    Temporality, millis, within,
};
use crate::DecodeError;

/// Values of a request, by what separates them. A value takes some 32 bytes in memory and may take two in text.
const MAX_VALUES: usize = 4_000_000;

type Object = Map<String, Value>;

/// Reads a request in JSON, decompressed.
///
/// # Errors
/// The text is no such request, or it is larger than the limits.
pub fn decode_otlp_json(body: &[u8], limits: &OtlpLimits) -> Result<OtlpRequest, DecodeError> {
    if body.len() > limits.max_bytes {
        return Err(DecodeError::TooLarge {
            bytes: body.len(),
            limit: limits.max_bytes,
        });
    }
    let values = body
        .iter()
        .filter(|byte| matches!(byte, b',' | b'{' | b'['))
        .count();
    within("JSON values", values, MAX_VALUES)?;
    let value: Value = serde_json::from_slice(body).map_err(|error| DecodeError::Json {
        line: error.line(),
        column: error.column(),
        reason: error.to_string(),
    })?;
    let mut budget = Budget::new(limits);
    let request = as_object("request", &value)?;
    let mut resources = Vec::new();
    for resource in list(request, "resourceMetrics")? {
        budget.take_point()?;
        resources.push(read_resource(
            as_object("resourceMetrics", resource)?,
            &mut budget,
        )?);
    }
    Ok(OtlpRequest { resources })
}

fn read_resource(object: &Object, budget: &mut Budget<'_>) -> Result<ResourceMetrics, DecodeError> {
    let mut resource = ResourceMetrics::default();
    if let Some(inner) = find_object(object, "resource")? {
        resource.attributes = read_attributes(inner, "attributes", budget)?;
    }
    for scope in list(object, "scopeMetrics")? {
        budget.take_point()?;
        resource
            .scopes
            .push(read_scope(as_object("scopeMetrics", scope)?, budget)?);
    }
    Ok(resource)
}

fn read_scope(object: &Object, budget: &mut Budget<'_>) -> Result<ScopeMetrics, DecodeError> {
    let mut scope = ScopeMetrics {
        schema_url: text(object, "schemaUrl")?,
        ..ScopeMetrics::default()
    };
    if let Some(inner) = find_object(object, "scope")? {
        scope.name = text(inner, "name")?;
        scope.version = text(inner, "version")?;
        scope.attributes = read_attributes(inner, "attributes", budget)?;
    }
    for metric in list(object, "metrics")? {
        budget.take_point()?;
        scope
            .metrics
            .push(read_metric(as_object("metrics", metric)?, budget)?);
    }
    Ok(scope)
}

fn read_metric(object: &Object, budget: &mut Budget<'_>) -> Result<Metric, DecodeError> {
    let mut metric = Metric {
        name: text(object, "name")?,
        description: text(object, "description")?,
        unit: text(object, "unit")?,
        data: Data::None,
    };
    if let Some(gauge) = find_object(object, "gauge")? {
        metric.data = Data::Gauge(read_points(gauge, budget, read_number)?);
    } else if let Some(sum) = find_object(object, "sum")? {
        let monotonic = match sum.get("isMonotonic") {
            Some(Value::Bool(true)) => Monotonic::Yes,
            _ => Monotonic::No,
        };
        let points = read_points(sum, budget, read_number)?;
        metric.data = Data::Sum(points, temporality(sum)?, monotonic);
    } else if let Some(histogram) = find_object(object, "histogram")? {
        let points = read_points(histogram, budget, read_explicit)?;
        metric.data = Data::Histogram(points, temporality(histogram)?);
    } else if let Some(histogram) = find_object(object, "exponentialHistogram")? {
        let points = read_points(histogram, budget, read_exponential)?;
        metric.data = Data::Exponential(points, temporality(histogram)?);
    } else if let Some(summary) = find_object(object, "summary")? {
        metric.data = Data::Summary(read_points(summary, budget, read_summary)?);
    }
    Ok(metric)
}

fn temporality(object: &Object) -> Result<Temporality, DecodeError> {
    match object.get("aggregationTemporality") {
        Some(Value::String(name)) if name == "AGGREGATION_TEMPORALITY_DELTA" => Ok(Temporality::Delta),
        Some(Value::String(name)) if name == "AGGREGATION_TEMPORALITY_CUMULATIVE" => {
            Ok(Temporality::Cumulative)
        }
        _ => Ok(Temporality::from_number(unsigned(
            object,
            "aggregationTemporality",
        )?)),
    }
}

/// Reads the value of a point of its kind.
type ReadValue<T> = fn(&Object, &Budget<'_>) -> Result<T, DecodeError>;

fn read_points<T>(
    object: &Object,
    budget: &mut Budget<'_>,
    read: ReadValue<T>,
) -> Result<Vec<Point<T>>, DecodeError> {
    let mut points = Vec::new();
    for point in list(object, "dataPoints")? {
        budget.take_point()?;
        let object = as_object("dataPoints", point)?;
        let mut exemplars = Vec::new();
        for exemplar in list(object, "exemplars")? {
            exemplars.push(read_exemplar(as_object("exemplars", exemplar)?, budget)?);
        }
        points.push(Point {
            attributes: read_attributes(object, "attributes", budget)?,
            start: millis(unsigned(object, "startTimeUnixNano")?),
            timestamp: millis(unsigned(object, "timeUnixNano")?),
            is_stale: unsigned(object, "flags")? & NO_RECORDED_VALUE != 0,
            exemplars,
            value: read(object, budget)?,
        });
    }
    Ok(points)
}

fn read_number(object: &Object, _budget: &Budget<'_>) -> Result<f64, DecodeError> {
    match find_double(object, "asDouble")? {
        Some(value) => Ok(value),
        None => Ok(to_float(signed(object, "asInt")?)),
    }
}

fn read_explicit(object: &Object, budget: &Budget<'_>) -> Result<ExplicitHistogram, DecodeError> {
    Ok(ExplicitHistogram {
        count: unsigned(object, "count")?,
        sum: find_double(object, "sum")?,
        counts: read_counts(object, budget)?,
        bounds: read_bounds(object, budget)?,
    })
}

fn read_exponential(object: &Object, budget: &Budget<'_>) -> Result<ExponentialHistogram, DecodeError> {
    let side = |key: &'static str| match find_object(object, key)? {
        Some(side) => Ok(ExponentialBuckets {
            offset: small(side, "offset")?,
            counts: read_counts(side, budget)?,
        }),
        None => Ok(ExponentialBuckets::default()),
    };
    Ok(ExponentialHistogram {
        count: unsigned(object, "count")?,
        sum: find_double(object, "sum")?,
        scale: small(object, "scale")?,
        zero_count: unsigned(object, "zeroCount")?,
        zero_threshold: find_double(object, "zeroThreshold")?.unwrap_or(0.0),
        positive: side("positive")?,
        negative: side("negative")?,
    })
}

fn read_summary(object: &Object, budget: &Budget<'_>) -> Result<Summary, DecodeError> {
    let values = list(object, "quantileValues")?;
    budget.check_buckets(values.len())?;
    let mut quantiles = Vec::with_capacity(values.len());
    for value in values {
        let object = as_object("quantileValues", value)?;
        let double = |key| Ok::<_, DecodeError>(find_double(object, key)?.unwrap_or(0.0));
        quantiles.push((double("quantile")?, double("value")?));
    }
    Ok(Summary {
        count: unsigned(object, "count")?,
        sum: find_double(object, "sum")?.unwrap_or(0.0),
        quantiles,
    })
}

fn read_counts(object: &Object, budget: &Budget<'_>) -> Result<Vec<u64>, DecodeError> {
    let values = list(object, "bucketCounts")?;
    budget.check_buckets(values.len())?;
    values
        .iter()
        .map(|value| to_unsigned("bucketCounts", value))
        .collect()
}

fn read_bounds(object: &Object, budget: &Budget<'_>) -> Result<Vec<f64>, DecodeError> {
    let values = list(object, "explicitBounds")?;
    budget.check_buckets(values.len())?;
    values
        .iter()
        .map(|value| to_double("explicitBounds", value))
        .collect()
}

fn read_exemplar(object: &Object, budget: &mut Budget<'_>) -> Result<PointExemplar, DecodeError> {
    budget.take_exemplar()?;
    let exemplar = RawExemplar {
        timestamp: millis(unsigned(object, "timeUnixNano")?),
        value: read_number(object, budget)?,
        trace_id: text(object, "traceId")?.to_ascii_lowercase(),
        span_id: text(object, "spanId")?.to_ascii_lowercase(),
        attributes: read_attributes(object, "filteredAttributes", budget)?,
    };
    Ok(exemplar.build())
}

fn read_attributes(
    object: &Object,
    key: &'static str,
    budget: &mut Budget<'_>,
) -> Result<Attributes, DecodeError> {
    let mut attributes = Vec::new();
    for attribute in list(object, key)? {
        budget.take_attribute()?;
        let (name, value) = read_key_value(as_object(key, attribute)?, (budget, MAX_DEPTH))?;
        attributes.push((name, to_text(value)));
    }
    Ok(attributes)
}

fn read_key_value(
    object: &Object,
    (budget, depth): (&mut Budget<'_>, usize),
) -> Result<(String, Value), DecodeError> {
    let value = match find_object(object, "value")? {
        Some(value) => read_value(value, (budget, depth))?,
        None => Value::Null,
    };
    Ok((text(object, "key")?, value))
}

fn read_value(object: &Object, (budget, depth): (&mut Budget<'_>, usize)) -> Result<Value, DecodeError> {
    let (Some(deeper), Some((kind, value))) = (depth.checked_sub(1), object.iter().next()) else {
        return Ok(Value::Null);
    };
    Ok(match kind.as_str() {
        // Bytes are in base64 already, which is their form as text.
        "stringValue" | "boolValue" | "bytesValue" => value.clone(),
        "intValue" => Value::from(signed(object, "intValue")?),
        "doubleValue" => float(to_double("doubleValue", value)?),
        "arrayValue" => {
            let mut items = Vec::new();
            for item in list(as_object("arrayValue", value)?, "values")? {
                budget.take_attribute()?;
                items.push(read_value(as_object("values", item)?, (budget, deeper))?);
            }
            Value::Array(items)
        }
        "kvlistValue" => {
            let mut items = Map::new();
            for item in list(as_object("kvlistValue", value)?, "values")? {
                budget.take_attribute()?;
                let (name, value) = read_key_value(as_object("values", item)?, (budget, deeper))?;
                items.insert(name, value);
            }
            Value::Object(items)
        }
        _ => Value::Null,
    })
}

fn invalid(key: &'static str, expected: &str, found: &Value) -> DecodeError {
    let kind = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    DecodeError::Invalid {
        message: key,
        reason: format!("expected {expected}, found {kind}"),
    }
}

fn as_object<'a>(key: &'static str, value: &'a Value) -> Result<&'a Object, DecodeError> {
    value.as_object().ok_or_else(|| invalid(key, "an object", value))
}

fn find_object<'a>(object: &'a Object, key: &'static str) -> Result<Option<&'a Object>, DecodeError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => as_object(key, value).map(Some),
    }
}

fn list<'a>(object: &'a Object, key: &'static str) -> Result<&'a [Value], DecodeError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(invalid(key, "an array", other)),
    }
}

fn text(object: &Object, key: &'static str) -> Result<String, DecodeError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(invalid(key, "a string", other)),
    }
}

fn unsigned(object: &Object, key: &'static str) -> Result<u64, DecodeError> {
    object.get(key).map_or(Ok(0), |value| to_unsigned(key, value))
}

/// 64-bit numbers are text in this mapping; numbers are taken too.
fn to_unsigned(key: &'static str, value: &Value) -> Result<u64, DecodeError> {
    let number = match value {
        Value::Null => Some(0),
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| invalid(key, "an unsigned integer", value))
}

fn signed(object: &Object, key: &'static str) -> Result<i64, DecodeError> {
    let number = match object.get(key) {
        None | Some(Value::Null) => Some(0),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    number.ok_or_else(|| invalid(key, "an integer", object.get(key).unwrap_or(&Value::Null)))
}

fn small(object: &Object, key: &'static str) -> Result<i32, DecodeError> {
    i32::try_from(signed(object, key)?).map_err(|_| DecodeError::Invalid {
        message: key,
        reason: "number does not fit 32 bits".to_owned(),
    })
}

fn find_double(object: &Object, key: &'static str) -> Result<Option<f64>, DecodeError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => to_double(key, value).map(Some),
    }
}

/// What is not finite is text in this mapping: `NaN`, `Infinity`, `-Infinity`.
fn to_double(key: &'static str, value: &Value) -> Result<f64, DecodeError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| invalid(key, "a number", value))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "samples are floats; the source chose integers"
)]
fn to_float(value: i64) -> f64 {
    value as f64
}
