//! One value a file: how sysfs and `/proc/sys` speak.

use std::io;
use std::path::Path;

use crate::{CollectError, Root, parse};

/// Reads a file that holds one decimal number.
///
/// # Errors
/// As [`Root::read`]; [`CollectError::Read`] also for what is not a number.
pub(crate) fn number(root: &Root, path: impl AsRef<Path>, buffer: &mut Vec<u8>) -> Result<f64, CollectError> {
    let path = path.as_ref();
    let bytes = root.read(path, buffer)?.trim_ascii();
    parse::number(bytes).ok_or_else(|| not_a_number(path))
}

/// Reads a file that holds one number of 64 bits, decimal or, after `0x`, hexadecimal.
///
/// # Errors
/// As [`number`].
pub(crate) fn integer(
    root: &Root,
    path: impl AsRef<Path>,
    buffer: &mut Vec<u8>,
) -> Result<i64, CollectError> {
    let path = path.as_ref();
    let bytes = root.read(path, buffer)?.trim_ascii();
    parse_integer(bytes).ok_or_else(|| not_a_number(path))
}

/// Reads a file that holds one short text; white space around it is dropped, bytes that are not UTF-8 are replaced.
///
/// # Errors
/// As [`Root::read`].
pub(crate) fn text(
    root: &Root,
    path: impl AsRef<Path>,
    buffer: &mut Vec<u8>,
) -> Result<String, CollectError> {
    let bytes = root.read(path, buffer)?;
    Ok(valid_text(bytes.trim_ascii()))
}

/// Turns bytes into text, each run of bytes that are not UTF-8 into one replacement character.
fn valid_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut in_run = false;
    for chunk in bytes.utf8_chunks() {
        in_run &= chunk.valid().is_empty();
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() && !in_run {
            text.push(char::REPLACEMENT_CHARACTER);
            in_run = true;
        }
    }
    text
}

/// Parses a signed number, decimal or, after `0x`, hexadecimal.
pub(crate) fn parse_integer(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn not_a_number(path: &Path) -> CollectError {
    CollectError::Read {
        what: format!("/{}", path.strip_prefix("/").unwrap_or(path).display()),
        source: io::Error::new(io::ErrorKind::InvalidData, "not a number"),
    }
}

#[cfg(test)]
mod tests;
