//! Selectors and rules of monitors, as rules of relabelling.

use serde_json::{Map, Value, json};

use super::fields::{Fields, Problems};
use crate::discovery::rules::{copy, drop_if};

/// Which objects a monitor means, by their labels.
#[derive(Debug, Default)]
pub(super) struct Selection {
    equal: Vec<(String, String)>,
    expressions: Vec<Expression>,
}

#[derive(Debug)]
struct Expression {
    label: String,
    operator: String,
    values: Vec<String>,
}

const RULE: [(&str, &str); 4] = [
    ("sourceLabels", "source_labels"),
    ("targetLabel", "target_label"),
    ("regex", "regex"),
    ("modulus", "modulus"),
];

impl Selection {
    /// Reads a selector; one that is not there means everything.
    pub(super) fn new(selector: Option<Fields>, problems: &mut Problems) -> Self {
        let Some(mut selector) = selector else {
            return Self::default();
        };
        let mut made = Self::default();
        if let Some(mut labels) = selector.object("matchLabels") {
            let pairs = labels.remaining().into_iter();
            let pairs = pairs.filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            made.equal.extend(pairs);
        }
        for mut one in selector.each("matchExpressions") {
            let expression = Expression {
                label: one.text("key").unwrap_or_default(),
                operator: one.text("operator").unwrap_or_default(),
                values: one.texts("values"),
            };
            if !["In", "NotIn", "Exists", "DoesNotExist"].contains(&&*expression.operator) {
                problems.add(format!(
                    "{}.operator {:?} is not known and not acted on",
                    one.place, expression.operator
                ));
            }
            one.end(problems);
            made.expressions.push(expression);
        }
        selector.end(problems);
        made
    }

    /// Has a search pass over most of what is not meant: the rules would look at all targets of the cluster.
    pub(super) fn narrow(&self, search: &mut Value) {
        let labels = self.equal.iter();
        let labels: Map<_, _> = labels.map(|(name, value)| (name.clone(), json!(value))).collect();
        if !labels.is_empty() {
            search["labels"] = Value::Object(labels);
        }
    }

    /// Returns rules that keep what is meant; `of` is the word for the objects in meta labels.
    pub(super) fn rules(&self, of: &str) -> Vec<Value> {
        let value = |label: &str| format!("__meta_kubernetes_{of}_label_{}", sanitize(label));
        let present = |label: &str| format!("__meta_kubernetes_{of}_labelpresent_{}", sanitize(label));
        let is_among = |label: &str, values: &[String], action: &str| {
            let values: Vec<_> = values.iter().map(|value| escape(value)).collect();
            json!({
                "source_labels": [value(label), present(label)],
                "regex": format!("({});true", values.join("|")),
                "action": action,
            })
        };
        let is_there = |label: &str, action: &str| json!({"source_labels": [present(label)], "regex": "true", "action": action});
        let equal = self.equal.iter();
        let mut rules: Vec<_> = equal
            .map(|(label, value)| is_among(label, std::slice::from_ref(value), "keep"))
            .collect();
        for expression in &self.expressions {
            let label = &expression.label;
            match expression.operator.as_str() {
                "In" => rules.push(is_among(label, &expression.values, "keep")),
                "NotIn" => rules.push(is_among(label, &expression.values, "drop")),
                "Exists" => rules.push(is_there(label, "keep")),
                "DoesNotExist" => rules.push(is_there(label, "drop")),
                _ => {}
            }
        }
        rules
    }

    /// Returns the selector as the API server is asked with it.
    pub(super) fn text(&self) -> String {
        let equal = self.equal.iter().map(|(label, value)| format!("{label}={value}"));
        let expressions = self.expressions.iter().filter_map(|expression| {
            let Expression {
                label,
                operator,
                values,
            } = expression;
            match operator.as_str() {
                "In" => Some(format!("{label} in ({})", values.join(","))),
                "NotIn" => Some(format!("{label} notin ({})", values.join(","))),
                "Exists" => Some(label.clone()),
                "DoesNotExist" => Some(format!("!{label}")),
                _ => None,
            }
        });
        let parts: Vec<_> = equal.chain(expressions).collect();
        parts.join(",")
    }
}

/// Returns the namespaces that are searched: none for all.
pub(super) fn namespaces(selector: Option<Fields>, own: &str, problems: &mut Problems) -> Vec<String> {
    let Some(mut selector) = selector else {
        return vec![own.to_owned()];
    };
    let any = selector.truth("any").unwrap_or(false);
    let names = selector.texts("matchNames");
    selector.end(problems);
    match (any, names.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => vec![own.to_owned()],
        (false, false) => names,
    }
}

/// Returns the rules that the object's author wrote.
pub(super) fn written(rules: Vec<Fields>, problems: &mut Problems) -> Vec<Value> {
    let rules = rules.into_iter().map(|mut rule| {
        let mut made = Map::new();
        rule.hand_over(&RULE, &mut made);
        // These may be empty on purpose: so a label is taken away.
        for name in ["separator", "replacement"] {
            if let Some(text) = rule.take(name) {
                made.insert(name.to_owned(), text);
            }
        }
        if let Some(action) = rule.text("action") {
            made.insert("action".to_owned(), json!(action.to_ascii_lowercase()));
        }
        rule.end(problems);
        Value::Object(made)
    });
    rules.collect()
}

/// Copies labels of objects, as targets may have them.
pub(super) fn labels_of(of: &str, labels: &[String]) -> Vec<Value> {
    let rules = labels.iter().map(|label| {
        let name = sanitize(label);
        copy(&format!("__meta_kubernetes_{of}_label_{name}"), &name)
    });
    rules.collect()
}

/// Drops pods that have ended.
pub(super) fn running() -> Value {
    drop_if("__meta_kubernetes_pod_phase", "(Failed|Succeeded)")
}

/// Replaces each character that the name of a label must not have.
pub(super) fn sanitize(name: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().map(|c| if fine(c) { c } else { '_' }).collect()
}

/// Makes a pattern that means a text.
pub(super) fn escape(text: &str) -> String {
    regex::escape(text)
}
