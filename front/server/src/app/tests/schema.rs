//! As much of JSON Schema as Prometheus' description of its API uses.

use serde_json::Value;

/// Words of a schema that say nothing about whether a value fits.
const SILENT: [&str; 6] = ["description", "example", "examples", "default", "format", "title"];

/// A description with the schemas it refers to.
pub(super) struct Schemas<'a>(pub(super) &'a Value);

impl Schemas<'_> {
    /// Returns everything that does not fit, each with its place.
    pub(super) fn check(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let Some(words) = schema.as_object() else {
            return faults;
        };
        for (word, rule) in words {
            let fault =
                match word.as_str() {
                    "$ref" => {
                        let target = rule.as_str().unwrap().trim_start_matches('#');
                        let target = self.0.pointer(target).unwrap_or_else(|| panic!("no {target}"));
                        faults.extend(self.check(target, value, place));
                        None
                    }
                    "type" => (!has_type(rule, value)).then(|| format!("is no {rule}: {value}")),
                    "enum" => (!rule.as_array().unwrap().contains(value))
                        .then(|| format!("{value} is none of {rule}")),
                    "required" => {
                        let missing = rule.as_array().unwrap().iter();
                        let mut missing = missing
                            .filter(|key| value.is_object() && value.get(key.as_str().unwrap()).is_none());
                        missing.next().map(|key| format!("has no {key}"))
                    }
                    "properties" => {
                        for (key, schema) in rule.as_object().unwrap() {
                            if let Some(inner) = value.get(key) {
                                faults.extend(self.check(schema, inner, &format!("{place}.{key}")));
                            }
                        }
                        None
                    }
                    "additionalProperties" => {
                        let known = schema.get("properties").and_then(Value::as_object);
                        let more = value.as_object().into_iter().flatten();
                        let mut more =
                            more.filter(|(key, _)| known.is_none_or(|known| !known.contains_key(*key)));
                        match rule {
                            Value::Bool(false) => {
                                more.next().map(|(key, _)| format!("has {key}, which is unknown"))
                            }
                            Value::Bool(true) => None,
                            schema => {
                                for (key, inner) in more {
                                    faults.extend(self.check(schema, inner, &format!("{place}.{key}")));
                                }
                                None
                            }
                        }
                    }
                    "items" => {
                        for (n, inner) in value.as_array().into_iter().flatten().enumerate() {
                            faults.extend(self.check(rule, inner, &format!("{place}[{n}]")));
                        }
                        None
                    }
                    "minItems" => (value.as_array().map_or(0, Vec::len) < usize_of(rule))
                        .then(|| "is too short".to_owned()),
                    "maxItems" => (value.as_array().map_or(0, Vec::len) > usize_of(rule))
                        .then(|| "is too long".to_owned()),
                    "minimum" => (value.as_f64() < rule.as_f64()).then(|| "is too small".to_owned()),
                    "anyOf" | "oneOf" => {
                        let branches = rule.as_array().unwrap().iter();
                        let all: Vec<Vec<String>> =
                            branches.map(|one| self.check(one, value, place)).collect();
                        let fitting = all.iter().filter(|faults| faults.is_empty()).count();
                        let fits = if word == "anyOf" {
                            fitting > 0
                        } else {
                            fitting == 1
                        };
                        (!fits).then(|| format!("fits {fitting} of {}: {all:?}", all.len()))
                    }
                    word if SILENT.contains(&word) => None,
                    word => panic!("{place}: the checker does not know {word:?}"),
                };
            faults.extend(fault.map(|fault| format!("{place} {fault}")));
        }
        faults
    }
}

fn usize_of(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn has_type(rule: &Value, value: &Value) -> bool {
    if let Some(any) = rule.as_array() {
        return any.iter().any(|one| has_type(one, value));
    }
    match rule.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the checker does not know the type {other:?}"),
    }
}

#[test]
fn finds_what_does_not_fit() {
    let document = serde_json::json!({"s": {"point": {
        "type": "array", "minItems": 2, "maxItems": 2, "items": {"oneOf": [{"type": "number"}, {"type": "string"}]},
    }}});
    let schema = serde_json::json!({
        "type": "object",
        "properties": {"value": {"$ref": "#/s/point"}, "word": {"type": "string", "enum": ["a"]}},
        "required": ["value"],
        "additionalProperties": false,
    });
    let check = |value: Value| Schemas(&document).check(&schema, &value, "it").len();
    assert_eq!(check(serde_json::json!({"value": [1, "2"], "word": "a"})), 0);
    assert_eq!(check(serde_json::json!({"value": [1]})), 1);
    assert_eq!(check(serde_json::json!({"value": [1, null]})), 1);
    assert_eq!(check(serde_json::json!({"value": [1, 2], "word": "b"})), 1);
    assert_eq!(check(serde_json::json!({"other": 1})), 2);
    assert_eq!(check(serde_json::json!([])), 1);
}
