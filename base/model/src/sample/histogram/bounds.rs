//! Where the buckets of exponential schemas end, to the bit as Prometheus has it.
//!
//! Bounds are compared, printed and used as merge points, so a bound that differs in its last bit is another
//! bound. A power of two is exact; what lies between two of them is built up from one factor a schema, in the
//! order in which the table of the Prometheus client libraries was made, not from `exp2`, which rounds otherwise.

use std::f64::consts::SQRT_2;

/// `2^(2^-schema)` for the schemas 1 to 8, rounded as the table was made with: for schema 1 one step below the
/// nearest float.
const FACTORS: [f64; 8] = [
    SQRT_2.next_down(),
    1.189_207_115_002_721,
    1.090_507_732_665_257_7,
    1.044_273_782_427_413_8,
    1.021_897_148_654_116_6,
    1.010_889_286_051_700_5,
    1.005_429_901_112_802_7,
    1.002_711_275_050_202_5,
];

/// The bounds in `[0.5, 1)` of schema 8; those of schema `s` are every `2^(8-s)`-th of them.
static FRACTIONS: [f64; 256] = fractions();

const fn fractions() -> [f64; 256] {
    let mut table = [0.5; 256];
    let mut schema = 1;
    while schema <= 8 {
        let stride = 256 >> schema;
        let mut at = stride;
        while at < 256 {
            table[at] = table[at - stride] * FACTORS[schema - 1];
            at += 2 * stride;
        }
        schema += 1;
    }
    table
}

/// Returns the upper bound of the bucket `index` above zero of an exponential schema: `2^(index * 2^-schema)`.
///
/// The bucket before the one of infinite observations ends at the largest finite float, since no float lies
/// between that and the power of two that would be its bound. Schemas above 8 have no table and are not exact.
pub fn exponential_bound(index: i32, schema: i8) -> f64 {
    let index = i64::from(index);
    if schema > 8 {
        return (index as f64 * f64::from(-i32::from(schema)).exp2()).exp2();
    }
    let (fraction, exponent) = if schema <= 0 {
        // As a fraction in [0.5, 1) like those of the table.
        (0.5, (index << i32::from(schema).unsigned_abs().min(31)) + 1)
    } else {
        let within = (index & ((1 << schema) - 1)) << (8 - schema);
        (FRACTIONS[within as usize], (index >> schema) + 1)
    };
    if fraction == 0.5 && exponent == 1025 {
        return f64::MAX;
    }
    scale(fraction, exponent)
}

/// Returns `fraction * 2^exponent`, rounded once where the result is subnormal.
fn scale(fraction: f64, exponent: i64) -> f64 {
    match exponent {
        1025.. => f64::INFINITY,
        -1021..=1024 => fraction * 2.0 * power_of_two(exponent - 1),
        -1075..=-1022 => fraction * power_of_two(exponent + 100) * power_of_two(-100),
        _ => 0.0,
    }
}

/// Returns `2^exponent` for exponents of normal floats, -1022 to 1023.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests;
