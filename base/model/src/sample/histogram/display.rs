//! The text by which people, templates and the log of a test know a histogram.

use std::fmt;

use super::{Bucket, Histogram};

/// Writes `{count:5, sum:18.4, [-0.001,0.001]:1, (1,2]:4}`: all buckets that are not empty in ascending order, with
/// `[` and `]` for bounds that belong to the bucket.
impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{count:{}, sum:{}", Number(self.count), Number(self.sum))?;
        // Uncut buckets: the text names those of the schema.
        let below = self.negative_buckets().rev();
        let zero = (self.zero_count != 0.0).then(|| self.zero_bucket());
        for bucket in below.chain(zero).chain(self.positive_buckets()) {
            if bucket.count != 0.0 {
                write!(f, ", {bucket}")?;
            }
        }
        f.write_str("}")
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.lower_inclusive { '[' } else { '(' };
        let close = if self.upper_inclusive { ']' } else { ')' };
        let (lower, upper, count) = (Number(self.lower), Number(self.upper), Number(self.count));
        write!(f, "{open}{lower},{upper}{close}:{count}")
    }
}

/// A number as Go's `%g` writes it.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        if value.is_nan() {
            return f.write_str("NaN");
        }
        if value.is_infinite() {
            return f.write_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        }
        let scientific = format!("{value:e}");
        let Some((mantissa, exponent)) = scientific.split_once('e') else {
            return f.write_str(&scientific);
        };
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if value == 0.0 || (-4..6).contains(&exponent) {
            return write!(f, "{value}");
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(f, "{mantissa}e{sign}{:02}", exponent.abs())
    }
}

#[cfg(test)]
mod tests;
