//! Paths into objects of any shape.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::LabelValues;
use super::number::{of_text, of_value};
use crate::state::names::sanitized;

/// Why a path was not understood.
#[derive(Debug, thiserror::Error)]
#[error("invalid part {part:?} of a path: write it as in [type=Ready]")]
pub(super) struct PathError {
    part: String,
}

/// A path to a value; an empty one leads to where it begins.
#[derive(Clone, Debug, Default)]
pub(super) struct ValuePath(Vec<Part>);

/// A step of a path.
#[derive(Clone, Debug)]
enum Part {
    /// The element of a list that has a field of a value.
    Lookup { key: String, value: String },
    /// A field of an object, or the place in a list, from the end if it is negative.
    Field(String),
}

/// Labels whose values stand in the object.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelPaths {
    /// Whole objects whose fields become labels: what the names begin with, and where the object is. In order, so
    /// that what comes later wins.
    objects: Vec<(String, ValuePath)>,
    fields: Vec<(String, ValuePath)>,
}

impl ValuePath {
    pub(super) fn new(parts: &[String]) -> Result<Self, PathError> {
        let parts = parts.iter().map(|part| Part::new(part));
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Returns the value that the path leads to; nothing and `null` are the same.
    pub(super) fn get<'a>(&self, from: &'a Value) -> &'a Value {
        self.0.iter().fold(from, |at, part| part.get(at))
    }

    /// Returns the only part, if there is just one.
    pub(super) fn only(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Field(field)] if !field.contains(',') && !field.is_empty() => Some(field),
            _ => None,
        }
    }
}

impl Part {
    fn new(part: &str) -> Result<Self, PathError> {
        let Some(lookup) = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')) else {
            return Ok(Self::Field(part.to_owned()));
        };
        let (key, value) = lookup.split_once('=').ok_or_else(|| PathError {
            part: part.to_owned(),
        })?;
        Ok(Self::Lookup {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }

    fn get<'a>(&self, at: &'a Value) -> &'a Value {
        const NOTHING: &Value = &Value::Null;
        match (self, at) {
            (Self::Lookup { key, value }, Value::Array(items)) => {
                let mut items = items.iter();
                let found = items.find(|item| item.get(key).is_some_and(|field| is(field, value)));
                found.unwrap_or(NOTHING)
            }
            (Self::Field(field), Value::Object(object)) => {
                // `key=value` is the value if the key has it.
                if let Some((key, value)) = field.split_once('=').filter(|(_, value)| !value.contains('='))
                    && let Some(found) = object.get(key)
                    && found.as_str() == Some(value)
                {
                    return found;
                }
                object.get(field).unwrap_or(NOTHING)
            }
            (Self::Field(place), Value::Array(items)) => {
                let place: Option<isize> = place.parse().ok();
                let place = place.and_then(|place| match usize::try_from(place) {
                    Ok(place) => Some(place),
                    Err(_) => items.len().checked_sub(place.unsigned_abs()),
                });
                place.and_then(|place| items.get(place)).unwrap_or(NOTHING)
            }
            _ => NOTHING,
        }
    }
}

/// Tells whether a field is what a text says: the same text, number or flag.
fn is(field: &Value, text: &str) -> bool {
    if field.as_str() == Some(text) {
        return true;
    }
    let same_number = of_text(text).is_some_and(|number| of_value(field) == Some(number));
    let flag = match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    };
    same_number || flag.is_some() && field.as_bool() == flag
}

impl LabelPaths {
    pub(super) fn new(paths: &BTreeMap<String, Vec<String>>) -> Result<Self, PathError> {
        let mut labels = Self::default();
        for (label, path) in paths {
            let path = ValuePath::new(path)?;
            if let Some(prefix) = label.strip_suffix('*') {
                labels.objects.push((prefix.to_owned(), path));
            } else if label.starts_with('*') {
                labels.objects.push((String::new(), path));
            } else {
                labels.fields.push((sanitized(label).into_owned(), path));
            }
        }
        Ok(labels)
    }

    /// Adds the labels that `from` has a value for.
    pub(super) fn add(&self, from: &Value, labels: &mut LabelValues) {
        for (prefix, path) in &self.objects {
            if let Value::Object(object) = path.get(from) {
                for (name, value) in object {
                    let name = sanitized(&format!("{prefix}{name}")).into_owned();
                    labels.insert(name, shown(value));
                }
            }
        }
        for (label, path) in &self.fields {
            match path.get(from) {
                Value::Null => {}
                value => {
                    labels.insert(label.clone(), shown(value));
                }
            }
        }
    }
}

/// Writes a value as Go does with `%v`, which is how labels' values are known.
fn shown(value: &Value) -> String {
    let mut text = String::new();
    push_shown(value, &mut text);
    text
}

fn push_shown(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("<nil>"),
        Value::String(string) => text.push_str(string),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) if number.is_f64() => {
            wire::push_float(text, number.as_f64().unwrap_or(f64::NAN));
        }
        Value::Number(number) => {
            // Writing to a string does not fail.
            write!(text, "{number}").unwrap_or_default();
        }
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(' ');
                }
                push_shown(item, text);
            }
            text.push(']');
        }
        Value::Object(object) => {
            let mut fields: Vec<_> = object.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push_str("map[");
            for (i, (name, field)) in fields.into_iter().enumerate() {
                if i > 0 {
                    text.push(' ');
                }
                text.push_str(name);
                text.push(':');
                push_shown(field, text);
            }
            text.push(']');
        }
    }
}
