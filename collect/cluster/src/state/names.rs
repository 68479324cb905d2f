//! Names of Kubernetes' labels as names of Prometheus' labels.
//!
//! `app.kubernetes.io/partOf` becomes `label_app_kubernetes_io_part_of`: what a label's name may not have becomes an
//! underscore, and a capital after a small letter or digit begins a new word. Names that become the same are told
//! apart by `_conflict1`, `_conflict2` and so on, in order of the names they were.

use std::borrow::Cow;

use crate::objects::Text;

/// Replaces what a label's name may not have by underscores.
pub(super) fn sanitized(name: &str) -> Cow<'_, str> {
    if name.bytes().all(is_fine) {
        return Cow::Borrowed(name);
    }
    let fine = |c: char| if c.is_ascii() && is_fine(c as u8) { c } else { '_' };
    Cow::Owned(name.chars().map(fine).collect())
}

fn is_fine(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the name of Prometheus' label for one of Kubernetes.
pub(super) fn label_name(prefix: &str, name: &str) -> String {
    let mut out = String::with_capacity(prefix.len() + name.len() + 4);
    out.push_str(prefix);
    out.push('_');
    let mut before = ' ';
    for c in name.chars() {
        let c = if c.is_ascii() && is_fine(c as u8) { c } else { '_' };
        if c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        before = c;
    }
    out
}

/// Calls `use_it` with pairs of Kubernetes, which come sorted by name, as labels of Prometheus.
pub(super) fn with_labels<'a>(
    prefix: &str,
    pairs: impl Iterator<Item = &'a (Text, Text)>,
    use_it: impl FnOnce(&[(&str, &str)]),
) {
    let mut named: Vec<(String, &str)> = Vec::new();
    for (name, value) in pairs {
        named.push((label_name(prefix, name), value));
    }
    tell_apart(&mut named);
    let labels: Vec<(&str, &str)> = named
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    use_it(&labels);
}

/// Gives names that come more than once a number each.
fn tell_apart(named: &mut [(String, &str)]) {
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by(|&a, &b| named.get(a).map(|n| &n.0).cmp(&named.get(b).map(|n| &n.0)));
    let same = order.chunk_by(|&a, &b| named.get(a).map(|n| &n.0) == named.get(b).map(|n| &n.0));
    let groups: Vec<Vec<usize>> = same
        .filter(|group| group.len() > 1)
        .map(<[usize]>::to_vec)
        .collect();
    for group in groups {
        for (i, place) in group.into_iter().enumerate() {
            if let Some((name, _)) = named.get_mut(place) {
                name.push_str(&format!("_conflict{}", i + 1));
            }
        }
    }
}

#[cfg(test)]
mod tests;
