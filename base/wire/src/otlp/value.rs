//! Attribute values as text, by the rules of the collector: text as it is, numbers and truth values as in JSON, bytes
//! in base64, lists and maps as JSON.

use model::{Exemplar, LabelsBuilder, Millis};
use serde_json::Value;

use super::PointExemplar;
use crate::format_float;

/// How deep lists and maps may nest; what lies deeper is null.
pub(super) const MAX_DEPTH: usize = 16;
/// Characters that all labels of an exemplar have together at most, by OpenMetrics.
const MAX_EXEMPLAR_CHARS: usize = 128;

/// Returns a value as text.
pub(super) fn to_text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Number(number) if number.is_f64() => {
            let text = format_float(number.as_f64().unwrap_or_default());
            // Exponents have no leading zero there.
            text.replace("e-0", "e-").replace("e+0", "e+")
        }
        other => other.to_string(),
    }
}

/// Returns a float as a value; JSON has no word for what is not finite, so that becomes text.
pub(super) fn float(value: f64) -> Value {
    if value.is_nan() {
        Value::from("NaN")
    } else if value.is_infinite() {
        Value::from(if value > 0.0 { "+Inf" } else { "-Inf" })
    } else if value.trunc() == value && value.abs() < 1e15 {
        // Whole numbers have no fraction there.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be integral and below 10^15"
        )]
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

/// Returns bytes in base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// Returns bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// An exemplar as read, before its labels are built.
#[derive(Debug, Default)]
pub(super) struct RawExemplar {
    pub(super) timestamp: Millis,
    pub(super) value: f64,
    /// In hexadecimal, empty for none.
    pub(super) trace_id: String,
    /// In hexadecimal, empty for none.
    pub(super) span_id: String,
    pub(super) attributes: Vec<(String, String)>,
}

impl RawExemplar {
    /// Builds the labels. Attributes are left out if all together would be too long.
    pub(super) fn build(self) -> PointExemplar {
        let mut builder = LabelsBuilder::default();
        let mut chars = 0;
        let ids = [("trace_id", &self.trace_id), ("span_id", &self.span_id)];
        // An identifier of zeros is none.
        let is_set = |id: &str| id.bytes().any(|digit| digit != b'0');
        for (name, id) in ids.into_iter().filter(|(_, id)| is_set(id)) {
            builder.add(name, id);
            chars += name.len() + id.len();
        }
        let taken = |name: &str| ids.iter().any(|(n, id)| *n == name && is_set(id));
        let others = || self.attributes.iter().filter(|(name, _)| !taken(name));
        chars += others()
            .map(|(name, value)| name.chars().count() + value.chars().count())
            .sum::<usize>();
        if chars <= MAX_EXEMPLAR_CHARS {
            for (name, value) in others() {
                builder.add(name, value);
            }
        }
        Ok(Exemplar {
            labels: builder.build()?,
            timestamp: self.timestamp,
            value: self.value,
        })
    }
}
