//! Reads the fields of an object one by one; those that nobody has asked for are named in the end.
//!
//! Objects come in versions that know more fields than this program, and what is not acted on must not go unsaid.

use serde_json::{Map, Value};

/// Problems of one object that are kept.
const MAX_PROBLEMS: usize = 20;

/// What is wrong with an object.
#[derive(Debug, Default)]
pub(super) struct Problems {
    kept: Vec<String>,
    n_more: usize,
}

impl Problems {
    /// Adds a problem, once.
    pub(super) fn add(&mut self, problem: String) {
        if self.kept.contains(&problem) {
            return;
        }
        if self.kept.len() < MAX_PROBLEMS {
            self.kept.push(problem);
        } else {
            self.n_more += 1;
        }
    }

    /// Returns them all.
    pub(super) fn into_list(mut self) -> Vec<String> {
        if self.n_more > 0 {
            self.kept.push(format!("and {} more", self.n_more));
        }
        self.kept
    }
}

/// The fields of an object, or of a part of it, that are still to be read.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    rest: Map<String, Value>,
    /// Where in the object it is, as in `spec.endpoints[0]`.
    pub(super) place: String,
}

impl Fields {
    /// Begins to read; what is no object has no fields.
    pub(super) fn new(value: Value, place: &str) -> Self {
        let rest = match value {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self {
            rest,
            place: place.to_owned(),
        }
    }

    /// Takes a field out; `null` is as good as none.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a text that is not empty.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// Takes a truth.
    pub(super) fn truth(&mut self, name: &str) -> Option<bool> {
        self.take(name)?.as_bool()
    }

    /// Takes a list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let values = self.list(name).into_iter();
        let texts = values.filter_map(|value| value.as_str().map(str::to_owned));
        texts.collect()
    }

    /// Takes a list.
    pub(super) fn list(&mut self, name: &str) -> Vec<Value> {
        match self.take(name) {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        }
    }

    /// Takes a list of objects.
    pub(super) fn each(&mut self, name: &str) -> Vec<Self> {
        let place = format!("{}.{name}", self.place);
        let values = self.list(name).into_iter().enumerate();
        let each = values.map(|(i, value)| Self::new(value, &format!("{place}[{i}]")));
        each.collect()
    }

    /// Takes an object.
    pub(super) fn object(&mut self, name: &str) -> Option<Self> {
        let place = format!("{}.{name}", self.place);
        self.take(name).map(|value| Self::new(value, &place))
    }

    /// Takes all that is left, name by name.
    pub(super) fn remaining(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.rest)
    }

    /// Moves fields, each under another name, where they are given.
    pub(super) fn hand_over(&mut self, names: &[(&str, &str)], to: &mut Map<String, Value>) {
        for (from, name) in names {
            if let Some(value) = self.take(from)
                && value != Value::String(String::new())
            {
                to.insert((*name).to_owned(), value);
            }
        }
    }

    /// Takes a field that is not acted on, and says why.
    pub(super) fn refuse(&mut self, name: &str, why: &str, problems: &mut Problems) {
        if self.take(name).is_some() {
            problems.add(format!("{}.{name}: {why}", self.place));
        }
    }

    /// Names what nobody has asked for.
    pub(super) fn end(self, problems: &mut Problems) {
        for name in self.rest.keys() {
            problems.add(format!("{}.{name} is not known and not acted on", self.place));
        }
    }
}
