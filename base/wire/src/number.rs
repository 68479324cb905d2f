//! Sample values as text.
//!
//! The form is that of the Prometheus HTTP API (`util/jsonutil`, `MarshalFloat`): the shortest digits that read
//! back to the same value, without exponent for `1e-6 <= |v| < 1e21`, else with an exponent of at least two
//! digits (`1e-07`, `1e+21`); `NaN`, `+Inf`, `-Inf`. The exposition format reads the same form.

use std::fmt::Write as _;

/// Integers up to here have an exact `f64`, and their digits are those of the integer.
const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;
const SMALLEST_PLAIN: f64 = 1e-6;
const SMALLEST_HUGE: f64 = 1e21;

/// Returns a sample value as text.
pub fn format_float(value: f64) -> String {
    let mut out = String::with_capacity(24);
    push_float(&mut out, value);
    out
}

/// Appends a sample value as text.
pub fn push_float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        push_finite(out, value);
    }
}

/// Appends an integer in decimal.
pub fn push_integer(out: &mut String, value: i64) {
    if value < 0 {
        out.push('-');
    }
    let mut rest = value.unsigned_abs();
    // Most numbers are flags.
    if rest < 10 {
        out.push(digit(rest));
        return;
    }
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = digit(rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.push_str(std::str::from_utf8(digits.get(start..).unwrap_or_default()).unwrap_or_default());
}

/// Writes a number below ten.
fn digit(number: u64) -> char {
    char::from(b'0' + (number % 10) as u8)
}

fn push_finite(out: &mut String, value: f64) {
    let size = value.abs();
    if size < MAX_EXACT_INTEGER && value.trunc() == value && (value != 0.0 || value.is_sign_positive()) {
        // Exact: the value is integral and below 2^53.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be integral and below 2^53"
        )]
        push_integer(out, value as i64);
        return;
    }
    let plain = size == 0.0 || (SMALLEST_PLAIN..SMALLEST_HUGE).contains(&size);
    let start = out.len();
    // Writing to a string does not fail.
    let written = if plain {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    };
    debug_assert!(written.is_ok(), "strings take every write");
    if !plain {
        widen_exponent(out, start);
    }
}

/// Turns the exponent behind `start` from `e-7` or `e21` into `e-07` or `e+21`.
fn widen_exponent(out: &mut String, start: usize) {
    let Some(marker) = out
        .get(start..)
        .and_then(|text| text.find('e'))
        .map(|at| start + at)
    else {
        return;
    };
    let exponent = out.split_off(marker + 1);
    let (sign, digits) = exponent
        .strip_prefix('-')
        .map_or(('+', exponent.as_str()), |d| ('-', d));
    out.push(sign);
    if digits.len() < 2 {
        out.push('0');
    }
    out.push_str(digits);
}

#[cfg(test)]
mod tests;
