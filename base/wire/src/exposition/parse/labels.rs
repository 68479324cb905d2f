//! The text of a series, taken apart: `name{label="value",…}` and `{"name","label"="value",…}`.

use model::METRIC_NAME;

use super::line;

/// What the two text formats disagree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Blanks between all words, commas optional, line ends within values.
    Text,
    /// No blanks, commas between labels.
    OpenMetrics,
}

const NO_NAME: &str = "the metric has no name: write it before the braces, or quoted within them";
const NAME_TWICE: &str = "the metric has two names";
const NO_LABEL_NAME: &str = "expected a label name: a letter or _ first, else quote it";
const NO_EQUAL: &str = "expected = behind the label name";
const NO_VALUE: &str = "expected a label value in double quotes";
const NO_COMMA: &str = "expected a comma or } behind the label value";
const NO_BRACE: &str = "expected } at the end of the labels";

/// Calls `visit` with name and value of each label of a series, the metric name first.
pub(super) fn each(
    series: &str,
    dialect: Dialect,
    visit: &mut dyn FnMut(&str, &str),
) -> Result<(), &'static str> {
    let end = line::metric_name_end(series.as_bytes(), 0);
    let name = series.get(..end).unwrap_or_default();
    let mut named = !name.is_empty();
    if named {
        visit(METRIC_NAME, name);
    }
    let at = line::skip_blanks(series.as_bytes(), end);
    if at < series.len() {
        let mut reader = Reader { series, dialect, at };
        reader.braces(&mut |label| match label {
            Label::Pair(name, value) => {
                visit(name, value);
                Ok(())
            }
            Label::Name(_) if named => Err(NAME_TWICE),
            Label::Name(name) => {
                named = true;
                visit(METRIC_NAME, name);
                Ok(())
            }
        })?;
    }
    if named { Ok(()) } else { Err(NO_NAME) }
}

/// Calls `visit` with name and value of each label of an exemplar, given with its braces.
pub(super) fn each_of_exemplar(braces: &str, visit: &mut dyn FnMut(&str, &str)) -> Result<(), &'static str> {
    let mut reader = Reader {
        series: braces,
        dialect: Dialect::OpenMetrics,
        at: 0,
    };
    reader.braces(&mut |label| match label {
        Label::Pair(name, value) => {
            visit(name, value);
            Ok(())
        }
        Label::Name(_) => Err(NO_LABEL_NAME),
    })
}

enum Label<'a> {
    Name(&'a str),
    Pair(&'a str, &'a str),
}

struct Reader<'a> {
    series: &'a str,
    dialect: Dialect,
    at: usize,
}

impl<'a> Reader<'a> {
    fn braces(
        &mut self,
        visit: &mut dyn FnMut(Label<'_>) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        let mut name_scratch = String::new();
        let mut value_scratch = String::new();
        self.take(b'{', NO_LABEL_NAME)?;
        loop {
            if self.peek() == Some(b'}') {
                return Ok(());
            }
            let quoted = self.peek() == Some(b'"');
            let name = if quoted {
                unescape(self.quoted(NO_LABEL_NAME)?, &mut name_scratch)
            } else {
                self.bare_name()?
            };
            if quoted && matches!(self.peek(), Some(b',' | b'}')) {
                visit(Label::Name(name))?;
                if self.peek() == Some(b',') {
                    self.at += 1;
                }
                continue;
            }
            self.take(b'=', NO_EQUAL)?;
            if self.peek() != Some(b'"') {
                return Err(NO_VALUE);
            }
            let value = self.quoted(NO_VALUE)?;
            if self.dialect == Dialect::OpenMetrics && value.contains('\n') {
                return Err(NO_VALUE);
            }
            visit(Label::Pair(name, unescape(value, &mut value_scratch)))?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {}
                None => return Err(NO_BRACE),
                Some(_) if self.dialect == Dialect::Text => {}
                Some(_) => return Err(NO_COMMA),
            }
        }
    }

    /// Returns the next byte that counts.
    fn peek(&mut self) -> Option<u8> {
        if self.dialect == Dialect::Text {
            self.at = line::skip_blanks(self.series.as_bytes(), self.at);
        }
        self.series.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, wanted: u8, otherwise: &'static str) -> Result<(), &'static str> {
        if self.peek() != Some(wanted) {
            return Err(otherwise);
        }
        self.at += 1;
        Ok(())
    }

    fn bare_name(&mut self) -> Result<&'a str, &'static str> {
        let end = line::label_name_end(self.series.as_bytes(), self.at);
        let name = self.series.get(self.at..end).unwrap_or_default();
        if name.is_empty() {
            return Err(NO_LABEL_NAME);
        }
        self.at = end;
        Ok(name)
    }

    /// Returns what stands between the quotes that open here.
    fn quoted(&mut self, otherwise: &'static str) -> Result<&'a str, &'static str> {
        let start = self.at + 1;
        let end = line::quoted_end(self.series.as_bytes(), start).ok_or(otherwise)?;
        self.at = end + 1;
        self.series.get(start..end).ok_or(otherwise)
    }
}

/// Returns a label name or value without its escapes: `\"`, `\\` and `\n`; any other backslash stands for itself.
pub(super) fn unescape<'a>(text: &'a str, scratch: &'a mut String) -> &'a str {
    if !text.contains('\\') {
        return text;
    }
    scratch.clear();
    push_unescaped(scratch, text, &['"', '\\', 'n']);
    scratch
}

/// Appends `text`, with those characters taken for escapes that are listed in `escapes`.
pub(super) fn push_unescaped(out: &mut String, text: &str, escapes: &[char]) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(&escaped) if c == '\\' && escapes.contains(&escaped) => {
                out.push(if escaped == 'n' { '\n' } else { escaped });
                chars.next();
            }
            _ => out.push(c),
        }
    }
}
