//! Which objects a selector means.

use crate::objects::{Selector, TextMap};

/// Tells whether labels are what a selector asks for. An empty selector means everything; who has none at all must not
/// ask.
pub fn matches(selector: &Selector, labels: &TextMap) -> bool {
    if !matches_map(&selector.match_labels, labels) {
        return false;
    }
    selector.match_expressions.iter().all(|requirement| {
        let value = labels.get(&requirement.key);
        let is_among = value.is_some_and(|value| requirement.values.iter().any(|one| **one == *value));
        match &*requirement.operator {
            "In" => is_among,
            "NotIn" => !is_among,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    })
}

/// Tells whether labels have all pairs of a map.
pub fn matches_map(wanted: &TextMap, labels: &TextMap) -> bool {
    wanted
        .iter()
        .all(|(name, value)| labels.get(name).is_some_and(|has| *has == **value))
}
