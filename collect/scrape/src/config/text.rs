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
    match model::nearest(key, known.iter().copied()) {
        Some(near) => format!("there is no key {key:?} here; perhaps {near:?} is meant"),
        None => format!("there is no key {key:?} here"),
    }
}
