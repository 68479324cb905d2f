//! What counts as a number in an object of any shape.

use serde_json::Value;

use crate::objects::{Quantity, parse_time};

/// Returns the number that a value stands for: numbers, flags, and texts that are read so.
pub(super) fn of_value(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => of_text(text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the number that a text stands for: the status of a condition, a time, an amount, a share, a number.
pub(super) fn of_text(text: &str) -> Option<f64> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "yes"]) {
        return Some(1.0);
    }
    if is(&["false", "no", "unknown"]) {
        return Some(0.0);
    }
    if let Some(seconds) = parse_time(text) {
        return Some(seconds as f64);
    }
    if let Some(amount) = Quantity::parse_exact(text) {
        return Some(amount);
    }
    if let Some(percent) = text
        .strip_suffix('%')
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
    {
        return percent.parse::<f64>().ok().map(|percent| percent / 100.0);
    }
    text.parse().ok()
}
