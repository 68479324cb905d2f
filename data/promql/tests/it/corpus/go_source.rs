//! Prometheus' sources, from the Go module cache, as tokens.
//!
//! Tables of test cases are read from Go's text: enough of its tokens is known to find keys and string literals.

use std::path::PathBuf;
use std::process::Command;

const MODULE: &str = "github.com/prometheus/prometheus@v0.316.0";

/// Returns the folder of the module; Go fetches it if it is not there yet.
pub(crate) fn module() -> PathBuf {
    let output = Command::new("go")
        .args(["mod", "download", "-json", MODULE])
        .current_dir(std::env::temp_dir())
        .output()
        .expect("`go` must be installed to run Prometheus's PromQL tests");
    let text = String::from_utf8_lossy(&output.stdout);
    let dir = text.lines().find_map(|line| {
        line.trim()
            .strip_prefix("\"Dir\": \"")?
            .strip_suffix("\",")
            .map(PathBuf::from)
    });
    assert!(
        dir.is_some(),
        "`go mod download {MODULE}` failed: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    dir.unwrap_or_default()
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found == word)
    }
}

/// Cuts Go's text into tokens; comments are left out, numbers are words.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else if let Some(raw) = rest.strip_prefix('`') {
            let (value, after) = raw.split_once('`').expect("raw strings end");
            found.push(Token::Text(value.to_owned()));
            rest = after;
        } else if c == '"' || c == '\'' {
            let (value, after) = quoted(rest, c);
            found.push(Token::Text(value));
            rest = after;
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            found.push(Token::Word(word.to_owned()));
            rest = after;
        } else {
            if !c.is_whitespace() {
                found.push(Token::Sign(c));
            }
            rest = rest.strip_prefix(c).unwrap_or("");
        }
    }
    found
}

/// Reads an interpreted string; escapes that are no character of their own become the replacement character.
fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut value = Vec::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            let after = text.get(at + 1..).unwrap_or("");
            return (String::from_utf8_lossy(&value).into_owned(), after);
        }
        if c != '\\' {
            value.extend(c.to_string().bytes());
            continue;
        }
        let digits = |n: usize, chars: &mut dyn Iterator<Item = (usize, char)>| {
            let digits: String = chars.take(n).map(|(_, c)| c).collect();
            u32::from_str_radix(&digits, 16).expect("escapes are hexadecimal")
        };
        match chars.next().map(|(_, c)| c) {
            Some('n') => value.push(b'\n'),
            Some('t') => value.push(b'\t'),
            Some('r') => value.push(b'\r'),
            Some('a') => value.push(7),
            Some('b') => value.push(8),
            Some('f') => value.push(12),
            Some('v') => value.push(11),
            Some('x') => value.push(digits(2, &mut chars) as u8),
            Some('u') => {
                let code = char::from_u32(digits(4, &mut chars)).unwrap_or(char::REPLACEMENT_CHARACTER);
                value.extend(code.to_string().bytes());
            }
            Some(other) => value.extend(other.to_string().bytes()),
            None => break,
        }
    }
    (String::from_utf8_lossy(&value).into_owned(), "")
}

/// Returns the tokens of a declaration: from `func name` or `var name` to the next one at the same level.
pub(crate) fn declaration<'a>(tokens: &'a [Token], name: &str) -> &'a [Token] {
    let begins = |pair: &[Token]| (pair[0].is("func") || pair[0].is("var")) && pair[1].is(name);
    let from = tokens
        .windows(2)
        .position(begins)
        .unwrap_or_else(|| unreachable!("{name} is declared"));
    let mut depth = 0;
    let length = tokens[from + 1..].iter().position(|token| {
        match token {
            Token::Sign('{' | '(') => depth += 1,
            Token::Sign('}' | ')') => depth -= 1,
            _ => {}
        }
        depth == 0 && (token.is("func") || token.is("var") || token.is("const"))
    });
    let to = length.map_or(tokens.len(), |length| from + 1 + length);
    &tokens[from..to]
}

/// Returns what stands behind `key:` in a run of tokens, up to the next comma at the same level.
pub(crate) fn value_of<'a>(tokens: &'a [Token], key: &str) -> Option<&'a [Token]> {
    let at = tokens
        .windows(2)
        .position(|pair| pair[0].is(key) && pair[1] == Token::Sign(':'))?;
    let value = &tokens[at + 2..];
    let mut depth = 0;
    let length = value.iter().position(|token| {
        match token {
            Token::Sign('{' | '(' | '[') => depth += 1,
            Token::Sign('}' | ')' | ']') => depth -= 1,
            _ => {}
        }
        depth < 0 || (depth == 0 && *token == Token::Sign(','))
    });
    Some(&value[..length.unwrap_or(value.len())])
}

/// Joins the string literals of a value, as `"a" + "b"` does; `None` if it is anything else.
pub(crate) fn text_of(value: &[Token]) -> Option<String> {
    let mut text = String::new();
    for token in value {
        match token {
            Token::Text(part) => text.push_str(part),
            Token::Sign('+') => {}
            _ => return None,
        }
    }
    Some(text)
}

/// Cuts a table into its cases, each of which has `key:` once.
pub(crate) fn cases<'a>(tokens: &'a [Token], key: &str) -> Vec<&'a [Token]> {
    let starts: Vec<_> = (0..tokens.len().saturating_sub(1))
        .filter(|at| tokens[*at].is(key) && tokens[at + 1] == Token::Sign(':'))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(from, to)| &tokens[*from..to])
        .collect()
}
