//! Places on a page, and the characters names are made of.

use std::borrow::Cow;

use super::ParseError;

/// Bytes of a line that an error shows.
const EXCERPT: usize = 120;

/// Names the line around `offset`.
pub(super) fn error(page: &[u8], offset: usize, reason: Cow<'static, str>) -> ParseError {
    let offset = offset.min(page.len());
    let (before, after) = page.split_at(offset);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let end = memchr::memchr(b'\n', after).map_or(page.len(), |at| offset + at);
    let shown = page.get(start..end.min(start + EXCERPT)).unwrap_or_default();
    ParseError::Line {
        line,
        reason,
        excerpt: String::from_utf8_lossy(shown).into_owned(),
    }
}

/// Returns the byte at `at`, or a line end behind the last one.
pub(super) fn byte(page: &[u8], at: usize) -> u8 {
    page.get(at).copied().unwrap_or(b'\n')
}

/// Returns where the metric name that begins at `at` ends; `at` itself if none begins there.
pub(super) fn metric_name_end(page: &[u8], at: usize) -> usize {
    if byte(page, at).is_ascii_digit() {
        return at;
    }
    name_end(page, at, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

/// Returns where the label name that begins at `at` ends; `at` itself if none begins there.
pub(super) fn label_name_end(page: &[u8], at: usize) -> usize {
    if byte(page, at).is_ascii_digit() {
        return at;
    }
    name_end(page, at, |b| b.is_ascii_alphanumeric() || b == b'_')
}

fn name_end(page: &[u8], at: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = page.get(at..).unwrap_or_default();
    at + rest.iter().position(|&b| !belongs(b)).unwrap_or(rest.len())
}

/// Returns where the quoted text ends whose first byte (behind the quote) is at `at`: the place of its closing
/// quote. A backslash takes the next byte with it.
pub(super) fn quoted_end(page: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let found = memchr::memchr2(b'"', b'\\', page.get(at..)?)? + at;
        if page.get(found) == Some(&b'"') {
            return Some(found);
        }
        at = found + 2;
    }
}

/// Returns where blanks (spaces and tabs) that begin at `at` end.
pub(super) fn skip_blanks(page: &[u8], mut at: usize) -> usize {
    while matches!(page.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// Returns where the line around `at` ends: the place of its line end, or the end of the page.
pub(super) fn line_end(page: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', page.get(at..).unwrap_or_default()).map_or(page.len(), |found| at + found)
}

/// Returns where the braces end that open at `at`: the place behind the closing one. Braces within quotes do not
/// count.
pub(super) fn braces_end(page: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        let found = memchr::memchr3(b'"', b'}', b'\n', page.get(at..)?)? + at;
        match page.get(found)? {
            b'"' => at = quoted_end(page, found + 1)? + 1,
            b'}' => return Some(found + 1),
            _ => return None,
        }
    }
}
