//! Numbers and words out of the kernel's text, without allocation and without panics.

/// Parses an unsigned decimal number that fills `bytes`; `None` for anything else, also on overflow.
pub fn unsigned(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// Parses a decimal number that fills `bytes`, whole or with sign, fraction or exponent.
pub fn number(bytes: &[u8]) -> Option<f64> {
    if let Some(value) = unsigned(bytes) {
        return Some(value as f64);
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// Iterates over the words of a line.
pub fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// Iterates over the lines of a file, without the empty ones.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// Returns bytes as text, or the replacement character alone where they are not UTF-8.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("\u{FFFD}")
}

/// Returns the first 120 bytes of a line as [`text`], for messages: a line of garbage can be as long as its file.
pub fn excerpt(line: &[u8]) -> &str {
    text(line.get(..120).unwrap_or(line).trim_ascii())
}

#[cfg(test)]
mod tests;
