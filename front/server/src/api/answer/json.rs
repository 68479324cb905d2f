//! JSON text, written straight into a string.
//!
//! Answers are written once, in order, without a tree of values in between. [`Object`] and [`Array`] place the
//! commas; closing is what dropping them does, so the text is well-formed however a writer returns.

use std::fmt::Write as _;

use model::{Histogram, Labels, Millis};

/// Writes the members of an object.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Opens an object.
    pub(crate) fn new(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Writes a key and returns where its value goes; the caller writes exactly one value.
    pub(crate) fn key(&mut self, key: &str) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        push_string(self.out, key);
        self.out.push(':');
        self.out
    }

    /// Writes a string.
    pub(crate) fn string(&mut self, key: &str, value: &str) -> &mut Self {
        push_string(self.key(key), value);
        self
    }

    /// Writes a string or null.
    pub(crate) fn optional_string(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        let out = self.key(key);
        match value {
            Some(value) => push_string(out, value),
            None => out.push_str("null"),
        }
        self
    }

    /// Writes true or false.
    pub(crate) fn boolean(&mut self, key: &str, value: bool) -> &mut Self {
        self.key(key).push_str(if value { "true" } else { "false" });
        self
    }

    /// Writes an integer.
    pub(crate) fn integer(&mut self, key: &str, value: impl Into<i128>) -> &mut Self {
        push_display(self.key(key), value.into());
        self
    }

    /// Writes an integer or null.
    pub(crate) fn optional_integer(&mut self, key: &str, value: Option<impl Into<i128>>) -> &mut Self {
        match value {
            Some(value) => self.integer(key, value),
            None => {
                self.key(key).push_str("null");
                self
            }
        }
    }

    /// Writes a count.
    pub(crate) fn count(&mut self, key: &str, value: usize) -> &mut Self {
        push_display(self.key(key), value);
        self
    }

    /// Writes a number; null if it is not finite, which JSON cannot say.
    pub(crate) fn number(&mut self, key: &str, value: f64) -> &mut Self {
        let out = self.key(key);
        if value.is_finite() {
            wire::push_float(out, value);
        } else {
            out.push_str("null");
        }
        self
    }

    /// Writes a list of strings.
    pub(crate) fn strings(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> &mut Self {
        push_strings(self.key(key), values);
        self
    }

    /// Opens an inner object.
    pub(crate) fn object(&mut self, key: &str) -> Object<'_> {
        Object::new(self.key(key))
    }

    /// Opens an inner list.
    pub(crate) fn array(&mut self, key: &str) -> Array<'_> {
        Array::new(self.key(key))
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push('}');
    }
}

/// Writes the elements of a list.
pub(crate) struct Array<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Array<'a> {
    /// Opens a list.
    pub(crate) fn new(out: &'a mut String) -> Self {
        out.push('[');
        Self { out, empty: true }
    }

    /// Returns where the next element goes; the caller writes exactly one value.
    pub(crate) fn element(&mut self) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.out
    }

    /// Opens an object as the next element.
    pub(crate) fn object(&mut self) -> Object<'_> {
        Object::new(self.element())
    }
}

impl Drop for Array<'_> {
    fn drop(&mut self) {
        self.out.push(']');
    }
}

/// Writes a string with its quotes.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\';
    if text.bytes().all(plain) {
        out.push_str(text);
    } else {
        for c in text.chars() {
            push_escaped(out, c);
        }
    }
    out.push('"');
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c < '\u{20}' => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let code = c as usize;
            out.push_str("\\u00");
            out.push(char::from(HEX[code >> 4]));
            out.push(char::from(HEX[code & 15]));
        }
        c => out.push(c),
    }
}

/// Writes a list of strings.
pub(crate) fn push_strings(out: &mut String, values: impl IntoIterator<Item = impl AsRef<str>>) {
    let mut array = Array::new(out);
    for value in values {
        push_string(array.element(), value.as_ref());
    }
}

/// Writes a label set as an object, names in order.
pub(crate) fn push_labels(out: &mut String, labels: &Labels) {
    let mut object = Object::new(out);
    for (name, value) in labels.iter() {
        object.string(name, value);
    }
}

/// Writes a time in seconds with milliseconds where there are some, as Prometheus does.
pub(crate) fn push_timestamp(out: &mut String, time: Millis) {
    if time < 0 {
        out.push('-');
    }
    let millis = time.unsigned_abs();
    wire::push_integer(out, (millis / 1000).cast_signed());
    let fraction = millis % 1000;
    if fraction > 0 {
        out.push('.');
        // Three digits by hand: this runs once a point.
        for digit in [fraction / 100, fraction / 10 % 10, fraction % 10] {
            out.push(char::from(b'0' + u8::try_from(digit).unwrap_or(0)));
        }
    }
}

/// Writes a native histogram: count, sum, and the buckets that have observations, each with which of its bounds
/// belong to it.
pub(crate) fn push_histogram(out: &mut String, histogram: &Histogram) {
    let quoted = |out: &mut String, value: f64| {
        out.push('"');
        wire::push_float(out, value);
        out.push('"');
    };
    out.push_str("{\"count\":");
    quoted(out, histogram.count);
    out.push_str(",\"sum\":");
    quoted(out, histogram.sum);
    let mut is_open = false;
    for bucket in histogram.buckets().filter(|bucket| bucket.count != 0.0) {
        out.push_str(if is_open { ",[" } else { ",\"buckets\":[[" });
        is_open = true;
        wire::push_integer(out, i64::from(bucket.boundaries()));
        for value in [bucket.lower, bucket.upper, bucket.count] {
            out.push(',');
            quoted(out, value);
        }
        out.push(']');
    }
    out.push_str(if is_open { "]}" } else { "}" });
}

/// Writes `[time,{histogram}]`.
pub(crate) fn push_histogram_point(out: &mut String, time: Millis, histogram: &Histogram) {
    out.push('[');
    push_timestamp(out, time);
    out.push(',');
    push_histogram(out, histogram);
    out.push(']');
}

/// Writes `[time,"value"]`.
pub(crate) fn push_point(out: &mut String, time: Millis, value: f64) {
    out.push('[');
    push_timestamp(out, time);
    out.push_str(",\"");
    wire::push_float(out, value);
    out.push_str("\"]");
}

fn push_display(out: &mut String, value: impl std::fmt::Display) {
    let written = write!(out, "{value}");
    debug_assert!(written.is_ok(), "strings take every write");
}

#[cfg(test)]
mod tests;
