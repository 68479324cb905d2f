//! Rules of relabelling, as a scrape configuration writes them.

use serde_json::{Value, json};

/// Sets a label.
pub(crate) fn constant(label: &str, value: &str) -> Value {
    json!({"target_label": label, "replacement": value.replace('$', "$$")})
}

/// Copies a label that is not empty.
pub(crate) fn copy(from: &str, to: &str) -> Value {
    rule(&[from], "(.+)", (to, "$1"))
}

/// Sets a label to what a pattern finds in others.
pub(crate) fn rule(from: &[&str], regex: &str, (to, value): (&str, &str)) -> Value {
    json!({"source_labels": from, "regex": regex, "target_label": to, "replacement": value})
}

/// Keeps only targets whose label is such.
pub(crate) fn keep(label: &str, regex: &str) -> Value {
    json!({"source_labels": [label], "regex": regex, "action": "keep"})
}

/// Drops targets whose label is such.
pub(crate) fn drop_if(label: &str, regex: &str) -> Value {
    json!({"source_labels": [label], "regex": regex, "action": "drop"})
}
