//! Where Prometheus 3.10 itself is wrong: the differences that are no failure, each with its reason.
//!
//! Most are told by what the query holds and by what the difference looks like. One changes values so that anything
//! may come of it further out: that fault is put into the query, which then has to be answered as theirs is.

/// Counts a difference as a fault of Prometheus 3.10: all that the query holds, with `|` between what does alike, what
/// the difference begins with and ends in, and the fault.
type Fault = (&'static [&'static str], &'static str, &'static str, &'static str);

const SAME_LABELS: &str = "\"execution\" vector cannot contain metrics with the same labelset";

/// Faults of Prometheus 3.10. The first ones are gone in later versions.
const FAULTS: [Fault; 16] = [
    (
        &["quantile"],
        "",
        "\"NaN\"]",
        "a quantile that falls exactly on an infinite value was NaN",
    ),
    (
        &["sort", "quantile"],
        "order",
        "String(\"NaN\")]]",
        "a quantile that falls exactly on an infinite value was NaN",
    ),
    (
        &["timestamp("],
        "infos: []",
        "",
        "buckets were read, and remarked on, where none are looked at",
    ),
    (
        &["absent("],
        "infos",
        "",
        "buckets were read, and remarked on, where none are looked at",
    ),
    (
        &["absent("],
        "warnings",
        "[]",
        "resets were not looked for where no sample is looked at",
    ),
    (
        &["histogram_", "!= "],
        "infos",
        "[]",
        "buckets were not read below a comparison",
    ),
    (
        &["histogram_", "== "],
        "infos",
        "[]",
        "buckets were not read below a comparison",
    ),
    (
        &["[", "__name__=~"],
        "errors: \"\"",
        SAME_LABELS,
        "series that lose their name were not merged where they never meet",
    ),
    (
        &["label_replace(", "mixed"],
        "errors: \"execution\"",
        "for \"\" ",
        "a float and a histogram of one time did not meet in one series",
    ),
    (
        &["label_join(", "mixed"],
        "errors: \"execution\"",
        "for \"\" ",
        "a float and a histogram of one time did not meet in one series",
    ),
    (
        &["predict_linear(", ")[", "] @"],
        "",
        "only theirs []",
        "a prediction from a subquery with @ had no result",
    ),
    (
        &["timestamp(", "@", "offset"],
        "",
        "",
        "timestamp() forgets the offset beside @",
    ),
    (
        &["absent_over_time(", "!"],
        "",
        "}\"]",
        "matchers are sorted by what they cost before the labels are taken from them",
    ),
    (
        &["NaN"],
        "{",
        "\"count\":\"NaN\",\"sum\":\"NaN\"}]",
        "a histogram is read with the empty buckets of its neighbours in the chunk, which become NaN too",
    ),
    (
        &["histogram_quantile(", "native_gauge"],
        "{",
        "\"]",
        "a gauge is read with the empty buckets of its neighbours in the chunk, which decide on which side of zero the \
         zero bucket lies",
    ),
    (
        &[
            "histogram_count(|histogram_sum(|histogram_avg(",
            "rate(native_gauge|increase(native_gauge",
        ],
        "",
        "",
        "resets of a gauge are not found in its buckets where only its count and sum are read",
    ),
];

/// Tells whether a difference between the answers to a query is a fault of Prometheus 3.10.
pub(super) fn is_known_fault(query: &str, difference: &str) -> bool {
    FAULTS.iter().any(|(parts, begin, end, _)| {
        let holds = |part: &&str| part.split('|').any(|part| query.contains(part));
        parts.iter().all(holds) && difference.starts_with(begin) && difference.ends_with(end)
    })
}

/// Puts the fault of Prometheus 3.10 into a query that `avg_over_time` of a single histogram is divided by zero, where
/// that of several, and of floats, is what it should be; `None` if there is no mean over time. (It set the number of
/// histograms when it met the second one.)
pub(super) fn with_mean_of_one(query: &str) -> Option<String> {
    let (before, rest) = query.split_once(MEAN)?;
    let (of, behind) = rest.split_at_checked(argument_len(rest)?)?;
    let of = with_mean_of_one(of).unwrap_or_else(|| of.to_owned());
    let behind = with_mean_of_one(behind).unwrap_or_else(|| behind.to_owned());
    let (mean, behind) = (format!("{MEAN}{of})"), behind.strip_prefix(')')?);
    let n = format!("count_over_time({of})");
    let is_histogram = format!("histogram_count(last_over_time({of}))");
    Some(format!(
        "{before}({mean} / ({n} != bool 1 and {is_histogram} or 0 * {n} + 1)){behind}"
    ))
}

const MEAN: &str = "avg_over_time(";

/// Returns how long the rest of a call is up to the parenthesis that ends it.
fn argument_len(rest: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
