//! Histograms as the test language writes them: `{{schema:0 sum:1 count:2 buckets:[1 2]}}`.

use model::{Buckets, CUSTOM_BUCKETS, Histogram, ResetHint, Span};
use promql::histogram::{Combined, Incompatible, add, subtract};

use crate::script::{Item, number_of};

/// A histogram, and whether its text says what is known of a counter reset.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) histogram: Histogram,
    pub(crate) hint_set: bool,
}

/// Reads `{{…}}`, `{{…}}+{{…}}` or `{{…}}-{{…}}`, `n` times.
pub(crate) fn read_histograms(text: &str, n: usize, out: &mut Vec<Item>) -> Result<(), String> {
    let end = text.find("}}").ok_or_else(|| format!("no end of {text}"))?;
    let (first, rest) = text.split_at(end + 2);
    let base = read(first)?;
    let Some(sign) = rest.chars().next() else {
        out.extend(std::iter::repeat_n(Item::Histogram(Box::new(base)), n));
        return Ok(());
    };
    let step = read(rest.get(1..).unwrap_or(""))?;
    if base.histogram.schema > step.histogram.schema {
        return Err(format!(
            "{text}: the step has a lower schema than what it is added to"
        ));
    }
    let combine: fn(&mut Histogram, &Histogram) -> Result<Combined, Incompatible> =
        if sign == '+' { add } else { subtract };
    let mut current = Literal {
        hint_set: step.hint_set,
        ..base
    };
    for i in 0..n {
        if i > 0 {
            combine(&mut current.histogram, &step.histogram)
                .map_err(|Incompatible| format!("{text}: histograms do not fit together"))?;
        }
        out.push(Item::Histogram(Box::new(current.clone())));
    }
    Ok(())
}

fn read(text: &str) -> Result<Literal, String> {
    let bad = |what: &str| format!("bad {what} in {text}");
    let body = text
        .strip_prefix("{{")
        .and_then(|body| body.strip_suffix("}}"))
        .ok_or_else(|| bad("braces"))?;
    let mut literal = Literal {
        histogram: Histogram::default(),
        hint_set: false,
    };
    let mut offsets = [0, 0];
    let mut counts = [Vec::new(), Vec::new()];
    let mut rest = body.trim_end();
    if rest.starts_with(char::is_whitespace) {
        return Err(bad("space"));
    }
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once(':').ok_or_else(|| bad("key"))?;
        let end = if after.starts_with('[') {
            after.find(']').map(|at| at + 1)
        } else {
            Some(after.find(char::is_whitespace).unwrap_or(after.len()))
        };
        let (value, after) = after.split_at(end.ok_or_else(|| bad("list"))?);
        rest = after.trim_start();
        if keys.contains(&key) || value.starts_with("[ ") {
            return Err(bad(key));
        }
        keys.push(key);
        let number = || number_of(value).ok_or_else(|| bad(key));
        let list = || {
            let numbers = value.trim_matches(['[', ']']).split_whitespace();
            numbers.map(number_of).collect::<Option<Vec<f64>>>()
        };
        let histogram = &mut literal.histogram;
        match key {
            "schema" => histogram.schema = value.parse().map_err(|_| bad(key))?,
            "sum" => histogram.sum = number()?,
            "count" => histogram.count = number()?,
            "z_bucket" => histogram.zero_count = number()?,
            "z_bucket_w" => histogram.zero_threshold = number()?,
            "custom_values" => histogram.custom_values = list().ok_or_else(|| bad(key))?.into(),
            "buckets" => counts[0] = list().ok_or_else(|| bad(key))?,
            "n_buckets" => counts[1] = list().ok_or_else(|| bad(key))?,
            "offset" => offsets[0] = value.parse().map_err(|_| bad(key))?,
            "n_offset" => offsets[1] = value.parse().map_err(|_| bad(key))?,
            "counter_reset_hint" => {
                literal.hint_set = true;
                histogram.reset_hint = match value {
                    "unknown" => ResetHint::Unknown,
                    "reset" => ResetHint::Reset,
                    "not_reset" => ResetHint::NoReset,
                    "gauge" => ResetHint::Gauge,
                    _ => return Err(bad(key)),
                };
            }
            _ => return Err(bad("key")),
        }
    }
    let [positive, negative] = counts;
    literal.histogram.positive = buckets(positive, offsets[0]);
    literal.histogram.negative = buckets(negative, offsets[1]);
    debug_assert!(literal.histogram.schema >= CUSTOM_BUCKETS);
    Ok(literal)
}

fn buckets(counts: Vec<f64>, offset: i32) -> Buckets {
    let length = u32::try_from(counts.len()).unwrap_or(u32::MAX);
    Buckets {
        spans: if counts.is_empty() {
            Vec::new()
        } else {
            vec![Span { offset, length }]
        },
        counts,
    }
}
