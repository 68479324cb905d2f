//! How values are found in an object: one for a place, or one for each element of a list or an object there.

use serde_json::Value;

use super::LabelValues;
use super::number::of_value;
use super::path::{LabelPaths, ValuePath};

/// Takes the reason why a value could not be worked out.
type Failed<'a> = &'a mut dyn FnMut(&str);

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) enum Each {
    /// Numbers.
    Gauge(Gauge),
    /// Labels.
    Info(Info),
    /// Which of several states something is in.
    StateSet(StateSet),
}

/// Numbers.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    pub(super) path: ValuePath,
    pub(super) labels: LabelPaths,
    /// Label that takes the key, if there is an object at the path.
    pub(super) label_from_key: String,
    pub(super) value_from: ValuePath,
    pub(super) nil_is_zero: bool,
}

/// Labels.
#[derive(Clone, Debug)]
pub(super) struct Info {
    pub(super) path: ValuePath,
    pub(super) labels: LabelPaths,
    /// Label that takes the key, if there is an object at the path.
    pub(super) label_from_key: String,
}

/// Which of several states something is in.
#[derive(Clone, Debug)]
pub(super) struct StateSet {
    pub(super) path: ValuePath,
    pub(super) labels: LabelPaths,
    pub(super) value_from: ValuePath,
    pub(super) label_name: String,
    pub(super) list: Vec<String>,
}

impl Each {
    /// Returns the values of an object.
    pub(super) fn values(&self, object: &Value, failed: Failed<'_>) -> Vec<(LabelValues, f64)> {
        match self {
            Self::Gauge(gauge) => gauge.values(gauge.path.get(object), failed),
            Self::Info(info) => info.values(info.path.get(object)),
            Self::StateSet(set) => set.values(set.path.get(object), failed),
        }
    }
}

impl Gauge {
    fn values(&self, at: &Value, failed: Failed<'_>) -> Vec<(LabelValues, f64)> {
        let mut values = Vec::new();
        match at {
            Value::Object(object) => {
                for (key, element) in object {
                    if let Some(value) = self.field(key, element, failed) {
                        let mut labels = LabelValues::new();
                        if !key.is_empty() && !self.label_from_key.is_empty() {
                            labels.insert(self.label_from_key.clone(), key.clone());
                        }
                        self.labels.add(element, &mut labels);
                        self.labels.add(at, &mut labels);
                        values.push((labels, value));
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.push(item, &mut values, failed);
                }
            }
            other => self.push(other, &mut values, failed),
        }
        values
    }

    /// Returns the number of a field of the object at the path: the field itself if it is the one that is asked for,
    /// else what is found in it.
    fn field(&self, key: &str, element: &Value, failed: Failed<'_>) -> Option<f64> {
        if self.value_from.only() == Some(key) {
            return match element {
                Value::Null if self.nil_is_zero => Some(0.0),
                element => or_failed(of_value(element), failed),
            };
        }
        self.number(element, &mut |_| {})
    }

    fn push(&self, element: &Value, values: &mut Vec<(LabelValues, f64)>, failed: Failed<'_>) {
        if let Some(value) = self.number(element, failed) {
            let mut labels = LabelValues::new();
            self.labels.add(element, &mut labels);
            values.push((labels, value));
        }
    }

    fn number(&self, element: &Value, failed: Failed<'_>) -> Option<f64> {
        match self.value_from.get(element) {
            Value::Null if self.nil_is_zero => Some(0.0),
            Value::Null => {
                if element.is_null() {
                    failed("there is nothing at the path");
                }
                None
            }
            value => or_failed(of_value(value), failed),
        }
    }
}

fn or_failed(value: Option<f64>, failed: Failed<'_>) -> Option<f64> {
    if value.is_none() {
        failed("the value is not a number");
    }
    value
}

impl Info {
    fn values(&self, at: &Value) -> Vec<(LabelValues, f64)> {
        let mut values = Vec::new();
        let mut add = |labels: LabelValues| {
            if !labels.is_empty() {
                values.push((labels, 1.0));
            }
        };
        let of = |element: &Value| {
            let mut labels = LabelValues::new();
            if !element.is_null() {
                self.labels.add(element, &mut labels);
            }
            labels
        };
        match at {
            Value::Array(items) => items.iter().for_each(|item| add(of(item))),
            Value::Object(object) => {
                for (key, element) in object {
                    let mut labels = LabelValues::new();
                    if !key.is_empty() && !self.label_from_key.is_empty() {
                        labels.insert(self.label_from_key.clone(), key.clone());
                    }
                    self.labels.add(element, &mut labels);
                    add(labels);
                }
                add(of(at));
            }
            other => add(of(other)),
        }
        values
    }
}

impl StateSet {
    fn values(&self, at: &Value, failed: Failed<'_>) -> Vec<(LabelValues, f64)> {
        let elements = match at {
            Value::Array(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        let mut values = Vec::new();
        for element in elements {
            let Some(state) = self.value_from.get(element).as_str() else {
                failed("the state is not a text");
                continue;
            };
            for entry in &self.list {
                let mut labels = LabelValues::new();
                labels.insert(self.label_name.clone(), entry.clone());
                self.labels.add(element, &mut labels);
                values.push((labels, f64::from(u8::from(entry == state))));
            }
        }
        values
    }
}
