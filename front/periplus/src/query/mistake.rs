//! Where in an expression the mistake is.
//!
//! Prometheus says `invalid parameter "query": 1:5: parse error: …`: line and column from 1, columns in bytes.

/// A mistake with its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    line: usize,
    column: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What to write instead, where the server says so behind a semicolon.
    pub(crate) hint: Option<String>,
}

/// Finds line and column in a server's message.
pub(crate) fn find(message: &str) -> Option<Mistake> {
    let (before, text) = message.split_once(": parse error: ")?;
    let (rest, column) = before.rsplit_once(':')?;
    let line = rest.rsplit_once(' ').map_or(rest, |(_, line)| line);
    let (text, hint) = match text.split_once("; ") {
        Some((text, hint)) => (text, Some(hint.to_owned())),
        None => (text, None),
    };
    Some(Mistake {
        line: line.parse().ok()?,
        column: column.parse().ok()?,
        message: text.to_owned(),
        hint,
    })
}

/// Parses the expression here for a hint that the server, not knowing us, did not give.
pub(crate) fn local_hint(expr: &str) -> Option<String> {
    promql::parse(expr, &promql::Options::EXPERIMENTAL).err()?.hint
}

impl Mistake {
    /// Shows the expression with a caret under the place; long lines are cut around it.
    pub(crate) fn point_out(&self, expr: &str) -> Vec<String> {
        const BEFORE: usize = 60;
        const AFTER: usize = 16;
        let mut lines = Vec::new();
        for (idx, line) in expr.lines().enumerate() {
            if idx + 1 != self.line {
                lines.push(line.to_owned());
                continue;
            }
            // The column counts bytes, the caret stands under a character.
            let at = line
                .bytes()
                .take(self.column.saturating_sub(1))
                .filter(|byte| *byte & 0xC0 != 0x80)
                .count();
            let skipped = at.saturating_sub(BEFORE);
            let mut shown: String = line.chars().skip(skipped).take(at - skipped + AFTER).collect();
            let cut_before = if skipped > 0 { "…" } else { "" };
            if line.chars().count() > at + AFTER {
                shown.push('…');
            }
            let indent = " ".repeat(at - skipped + cut_before.chars().count());
            lines.push(format!("{cut_before}{shown}"));
            lines.push(format!("{indent}^"));
        }
        lines
    }
}

#[cfg(test)]
mod tests;
