//! YAML to tables: places of mistakes, and the key that was probably meant.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_saphyr::Error;

/// Reads a table of a file. Mistakes are named with their place in the file, and unknown keys with the key that was
/// probably meant.
///
/// # Errors
/// The text is no YAML, or the table has a key or a value that it must not have.
pub fn read<T: DeserializeOwned + Default>(text: &str, path: &Path) -> Result<T, String> {
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(T::default());
    }
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| describe(&error, path))
}

fn describe(error: &Error, path: &Path) -> String {
    let inner = error.without_snippet();
    let place = error
        .location()
        .map(|at| format!(":{}:{}", at.line(), at.column()))
        .unwrap_or_default();
    let reason = match inner {
        Error::SerdeUnknownField { field, expected, .. } => unknown_key(field, expected),
        Error::Message { msg, .. } => msg.clone(),
        other => without_place(&other.to_string()),
    };
    format!("{}{place}: {reason}", path.display())
}

/// The library writes the place behind its text; it stands before it here.
fn without_place(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    first.split(" at line ").next().unwrap_or_default().to_owned()
}

fn unknown_key(key: &str, known: &[&'static str]) -> String {
    let near = known
        .iter()
        .map(|name| (edits(key, name), *name))
        .min()
        .filter(|(edits, _)| *edits <= 2.max(key.chars().count() / 3));
    match near {
        Some((_, near)) => format!("there is no key {key:?} here; perhaps {near:?} is meant"),
        None => format!("there is no key {key:?} here"),
    }
}

/// Levenshtein's distance of two words.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, pair) in b.chars().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
