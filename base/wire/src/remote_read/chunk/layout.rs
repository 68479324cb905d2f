//! What all histograms of a chunk share, written once at its head.

use model::{Histogram, Span};

use super::bits::BitWriter;

/// Custom bounds up to here that are multiples of a thousandth are written as integers.
const MAX_SHORT_BOUND: f64 = 33_554_430.0;

/// Writes zero threshold, schema, spans and custom bounds.
pub(super) fn push_layout(out: &mut BitWriter, histogram: &Histogram) {
    push_zero_threshold(out, histogram.zero_threshold);
    out.push_varbit(i64::from(histogram.schema));
    push_spans(out, &histogram.positive.spans);
    push_spans(out, &histogram.negative.spans);
    if histogram.has_custom_buckets() {
        out.push_varbit_unsigned(histogram.custom_values.len() as u64);
        for &bound in histogram.custom_values.iter() {
            push_bound(out, bound);
        }
    }
}

fn push_spans(out: &mut BitWriter, spans: &[Span]) {
    out.push_varbit_unsigned(spans.len() as u64);
    for span in spans {
        out.push_varbit_unsigned(u64::from(span.length));
        out.push_varbit(i64::from(span.offset));
    }
}

/// Powers of two from 2^-243 to 2^10 take one byte, which is their exponent; 0 is 0, and 255 announces any other.
fn push_zero_threshold(out: &mut BitWriter, threshold: f64) {
    let bits = threshold.to_bits();
    let exponent = i64::try_from(bits >> 52).unwrap_or(i64::MAX) - 1023;
    if threshold == 0.0 {
        out.push(0, 8);
    } else if bits << 12 == 0 && (-243..=10).contains(&exponent) {
        out.push((exponent + 244).cast_unsigned(), 8);
    } else {
        out.push(255, 8);
        out.push(bits, 64);
    }
}

fn push_bound(out: &mut BitWriter, bound: f64) {
    let thousandths = bound * 1000.0;
    let rounded = thousandths.round();
    #[expect(
        clippy::float_cmp,
        reason = "the short form is for bounds that are read back to the same bits"
    )]
    let is_short = (0.0..=MAX_SHORT_BOUND).contains(&thousandths) && rounded / 1000.0 == bound;
    if is_short {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be an integer from 0 to 33,554,430"
        )]
        out.push_varbit_unsigned(rounded as u64 + 1);
    } else {
        out.push(0, 1);
        out.push(bound.to_bits(), 64);
    }
}
