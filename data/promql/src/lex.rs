//! Text to tokens.
//!
//! The whole text is cut at once; a token is a kind and a span, never a copy. Brackets and braces change what a
//! word is (`a:b` is one metric name outside, two tokens inside `[…]`), so the lexer counts them. What is
//! malformed here is reported here, with the place and a hint.

mod string;

pub(crate) use string::unquote;

use model::parse_duration;

use crate::ast::Span;
use crate::error::{ParseError, shorten};
use crate::number::parse_number;
use crate::parse::Options;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    End,
    Comma,
    Colon,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    At,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    /// `=`
    Assign,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `</`
    TrimUpper,
    /// `>/`
    TrimLower,
    Number,
    Duration,
    /// With its quotes.
    String,
    /// Keyword, function or metric name, label name.
    Word,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// Cuts a text into tokens; the last one is [`TokenKind::End`].
pub(crate) fn tokenize(text: &str, options: &Options) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer {
        text,
        at: 0,
        unquoted_utf8_names: options.unquoted_utf8_names,
        in_braces: false,
        in_brackets: false,
        open: Vec::new(),
    };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        tokens.push(token);
        if token.kind == TokenKind::End {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    unquoted_utf8_names: bool,
    in_braces: bool,
    in_brackets: bool,
    /// What is open, with its place, for messages at the end of the text.
    open: Vec<(char, usize)>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn skip_blank(&mut self) {
        while let Some(c) = self.peek() {
            if c == '#' {
                let line = self.rest().find('\n').unwrap_or(self.rest().len());
                self.at += line;
            } else if matches!(c, ' ' | '\t' | '\n' | '\r') {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn take(&mut self, kind: TokenKind, len: usize) -> Token {
        let start = self.at;
        self.at += len;
        Token {
            kind,
            span: Span { start, end: self.at },
        }
    }

    fn next(&mut self) -> Result<Token, ParseError> {
        self.skip_blank();
        let Some(c) = self.peek() else { return self.end() };
        if c.is_ascii_digit() || (c == '.' && self.peek_second().is_some_and(|d| d.is_ascii_digit())) {
            return self.number();
        }
        if self.is_name_start(c) {
            return Ok(self.word());
        }
        match c {
            '"' | '\'' | '`' => self.string(c),
            '(' | '[' | '{' => self.opening(c),
            ')' | ']' | '}' => self.closing(c),
            _ => self.operator(c),
        }
    }

    fn end(&mut self) -> Result<Token, ParseError> {
        let Some((open, place)) = self.open.pop() else {
            return Ok(self.take(TokenKind::End, 0));
        };
        let (name, close) = match open {
            '(' => ("unclosed left parenthesis", ')'),
            '[' => ("unclosed left bracket", ']'),
            _ => ("unexpected end of input inside braces", '}'),
        };
        Err(ParseError::new(
            Span {
                start: place,
                end: place + 1,
            },
            name,
        )
        .with_hint(format!("missing `{close}`")))
    }

    fn opening(&mut self, c: char) -> Result<Token, ParseError> {
        let here = Span {
            start: self.at,
            end: self.at + 1,
        };
        let (kind, refused) = match c {
            '(' => (TokenKind::LeftParen, self.in_braces),
            '[' => (TokenKind::LeftBracket, self.in_braces || self.in_brackets),
            _ => (TokenKind::LeftBrace, self.in_braces || self.in_brackets),
        };
        if refused {
            return Err(ParseError::new(here, format!("unexpected `{c}`")));
        }
        self.in_braces |= c == '{';
        self.in_brackets |= c == '[';
        self.open.push((c, self.at));
        Ok(self.take(kind, 1))
    }

    fn closing(&mut self, c: char) -> Result<Token, ParseError> {
        let here = Span {
            start: self.at,
            end: self.at + 1,
        };
        let (kind, open) = match c {
            ')' => (TokenKind::RightParen, '('),
            ']' => (TokenKind::RightBracket, '['),
            _ => (TokenKind::RightBrace, '{'),
        };
        match self.open.pop() {
            Some((found, _)) if found == open => {}
            Some((found, _)) => {
                let wanted = match found {
                    '(' => ')',
                    '[' => ']',
                    _ => '}',
                };
                return Err(ParseError::new(here, format!("unexpected `{c}`"))
                    .with_hint(format!("`{found}` is closed by `{wanted}`")));
            }
            None => {
                return Err(ParseError::new(here, format!("unexpected `{c}`"))
                    .with_hint(format!("there is no `{open}` before it")));
            }
        }
        self.in_braces &= c != '}';
        self.in_brackets &= c != ']';
        Ok(self.take(kind, 1))
    }

    fn operator(&mut self, c: char) -> Result<Token, ParseError> {
        use TokenKind as T;
        let second = self.peek_second();
        let (kind, len) = match (c, second) {
            ('=', Some('=')) if !self.in_braces => (T::Equal, 2),
            ('=', Some('~')) => (T::Regex, 2),
            ('=', _) => (T::Assign, 1),
            ('!', Some('=')) => (T::NotEqual, 2),
            ('!', Some('~')) => (T::NotRegex, 2),
            ('<', Some('=')) => (T::LessOrEqual, 2),
            ('<', Some('/')) => (T::TrimUpper, 2),
            ('<', _) => (T::Less, 1),
            ('>', Some('=')) => (T::GreaterOrEqual, 2),
            ('>', Some('/')) => (T::TrimLower, 2),
            ('>', _) => (T::Greater, 1),
            (',', _) => (T::Comma, 1),
            (':', _) => (T::Colon, 1),
            ('@', _) => (T::At, 1),
            ('+', _) => (T::Add, 1),
            ('-', _) => (T::Sub, 1),
            ('*', _) => (T::Mul, 1),
            ('/', _) => (T::Div, 1),
            ('%', _) => (T::Mod, 1),
            ('^', _) => (T::Pow, 1),
            _ => {
                let span = Span {
                    start: self.at,
                    end: self.at + c.len_utf8(),
                };
                let error = ParseError::new(span, format!("unexpected character {c:?}"));
                return Err(match c {
                    '!' => error.with_hint("write `!=` or `!~`"),
                    '“' | '”' | '‘' | '’' => error.with_hint("write plain quotes: `\"`"),
                    _ => error,
                });
            }
        };
        Ok(self.take(kind, len))
    }

    fn is_name_start(&self, c: char) -> bool {
        c.is_ascii_alphabetic()
            || c == '_'
            || (c == ':' && !self.in_braces && !self.in_brackets)
            || (self.unquoted_utf8_names && !c.is_ascii() && c.is_alphabetic())
    }

    fn word(&mut self) -> Token {
        let colons = !self.in_braces && !self.in_brackets;
        let wide = self.unquoted_utf8_names;
        let is_name = |c: char| {
            c.is_ascii_alphanumeric()
                || c == '_'
                || (c == ':' && colons)
                || (wide && (c == '.' || (!c.is_ascii() && c.is_alphabetic())))
        };
        let len = self
            .rest()
            .chars()
            .take_while(|c| is_name(*c))
            .map(char::len_utf8)
            .sum();
        self.take(TokenKind::Word, len)
    }

    fn number(&mut self) -> Result<Token, ParseError> {
        let bytes = self.rest().as_bytes();
        let hex = bytes.starts_with(b"0x") || bytes.starts_with(b"0X");
        let mut len = 0;
        while let Some(&b) = bytes.get(len) {
            let after_exponent = !hex
                && matches!(b, b'+' | b'-')
                && len > 0
                && matches!(bytes.get(len - 1), Some(b'e' | b'E'))
                && bytes.get(len + 1).is_some_and(u8::is_ascii_digit);
            if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.') || after_exponent {
                len += 1;
            } else {
                break;
            }
        }
        let text = self.rest().get(..len).unwrap_or("");
        let is_number = parse_number(text).is_some();
        let is_duration = text.len() > 1 && parse_duration(text).is_some();
        let looks_like_duration = text.bytes().last().is_some_and(|b| b.is_ascii_lowercase());
        let shown = shorten(text);
        let token = self.take(
            if is_number {
                TokenKind::Number
            } else {
                TokenKind::Duration
            },
            len,
        );
        if is_number || is_duration {
            return Ok(token);
        }
        let error = ParseError::new(token.span, format!("bad number or duration syntax: `{shown}`"));
        Err(if looks_like_duration {
            error.with_hint("durations have the units ms, s, m, h, d, w, y, largest first, as in `1h30m`")
        } else {
            error
        })
    }

    fn string(&mut self, quote: char) -> Result<Token, ParseError> {
        let mut len = 1;
        let mut escaped = false;
        for c in self.rest().chars().skip(1) {
            len += c.len_utf8();
            if escaped {
                escaped = false;
            } else if c == '\\' && quote != '`' {
                escaped = true;
            } else if c == quote {
                return Ok(self.take(TokenKind::String, len));
            } else if c == '\n' && quote != '`' {
                len -= 1;
                break;
            }
        }
        let token = self.take(TokenKind::String, len);
        Err(ParseError::new(token.span, "unterminated quoted string")
            .with_hint(format!("missing closing {quote}")))
    }
}
