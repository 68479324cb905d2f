//! Numbers as pages write them.

use model::MetricType;

/// The NaN of Prometheus for values that are not a number; never that of the stale marker.
/// Source: Prometheus `model/value`, `NormalNaN`.
const NORMAL_NAN: u64 = 0x7ff8_0000_0000_0001;
/// So many digits always have an exact `f64` of their own.
const EXACT_DIGITS: usize = 15;

/// Reads a sample value: decimal, with or without exponent, or `NaN`, `Inf`, `Infinity` in any case. `None` if it is
/// no number or too large for one.
pub fn parse_float(text: &str) -> Option<f64> {
    if let Some(integer) = parse_digits(text.as_bytes()) {
        return Some(integer);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let first = unsigned.as_bytes().first()?.to_ascii_lowercase();
    if first == b'n' && unsigned.len() != text.len() {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    if value.is_nan() {
        return Some(normal_nan());
    }
    // Digits that lead to infinity are out of range.
    (value.is_finite() || first == b'i').then_some(value)
}

/// Returns the NaN for values that are not a number.
pub(super) fn normal_nan() -> f64 {
    f64::from_bits(NORMAL_NAN)
}

/// Reads a short run of digits, which most values are.
fn parse_digits(text: &[u8]) -> Option<f64> {
    if text.is_empty() || text.len() > EXACT_DIGITS {
        return None;
    }
    let mut value = 0_u64;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    #[expect(clippy::cast_precision_loss, reason = "fifteen digits are below 2^53")]
    Some(value as f64)
}

/// Tells whether the values of a label are numbers that are compared as text.
pub(super) fn is_bound(metric_type: MetricType, label: &str) -> bool {
    match metric_type {
        MetricType::Histogram => label == "le",
        MetricType::Summary => label == "quantile",
        _ => false,
    }
}

/// Returns a bound as [`format_bound`] writes it, or as it is if it is no number.
pub(super) fn normal_bound(text: &str) -> String {
    parse_float(text).map_or_else(|| text.to_owned(), format_bound)
}

/// Returns an upper bound or quantile as OpenMetrics writes it: `1.0`, `0.25`, `1e-05`, `1e+06`, `+Inf`.
///
/// The shortest digits that read back to the same value, with an exponent of at least two digits below 1e-4 and
/// from 1e6 on, which is format `g` of <https://pkg.go.dev/strconv#FormatFloat>.
pub fn format_bound(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value == 0.0 {
        return "0.0".to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}
