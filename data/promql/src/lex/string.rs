//! String literals: Go's escapes in `"…"` and `'…'`, none in backquotes.

use crate::ast::Span;
use crate::error::ParseError;

/// Returns the bytes a quoted literal stands for. They need not be UTF-8: `\xff` is one byte.
pub(crate) fn unquote(literal: &str, span: Span) -> Result<Vec<u8>, ParseError> {
    let Some(quote) = literal.chars().next() else {
        return Ok(Vec::new());
    };
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or("");
    if quote == '`' {
        return Ok(inner.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut chars = inner.char_indices();
    while let Some((offset, c)) = chars.next() {
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let start = span.start + 1 + offset;
        let fail = |len: usize, message: String| {
            ParseError::new(
                Span {
                    start,
                    end: start + len,
                },
                message,
            )
        };
        let Some((_, escape)) = chars.next() else {
            return Err(fail(1, "escape sequence not terminated".to_owned()));
        };
        let (n_digits, radix) = match escape {
            '0'..='7' => (3, 8),
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            _ => {
                let byte = simple_escape(escape, quote).ok_or_else(|| {
                    fail(
                        1 + escape.len_utf8(),
                        format!("unknown escape sequence `\\{escape}`"),
                    )
                    .with_hint("write `\\\\` for a backslash")
                })?;
                out.push(byte);
                continue;
            }
        };
        let mut code: u32 = if radix == 8 {
            escape.to_digit(8).unwrap_or(0)
        } else {
            0
        };
        let left = if radix == 8 { n_digits - 1 } else { n_digits };
        for _ in 0..left {
            let digit = chars.next().and_then(|(_, c)| c.to_digit(radix));
            let Some(digit) = digit else {
                return Err(fail(
                    2,
                    format!("illegal character in escape sequence `\\{escape}`"),
                ));
            };
            code = code.saturating_mul(radix).saturating_add(digit);
        }
        let written = match escape {
            'u' | 'U' => push_char(&mut out, code),
            _ => u8::try_from(code).ok().map(|byte| out.push(byte)),
        };
        written.ok_or_else(|| fail(2, "escape sequence is an invalid Unicode code point".to_owned()))?;
    }
    Ok(out)
}

fn simple_escape(escape: char, quote: char) -> Option<u8> {
    Some(match escape {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        c if c == quote => u8::try_from(quote).ok()?,
        _ => return None,
    })
}

/// Writes the character of a code point; `None` if there is none.
fn push_char(out: &mut Vec<u8>, code: u32) -> Option<()> {
    let c = char::from_u32(code)?;
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    Some(())
}
