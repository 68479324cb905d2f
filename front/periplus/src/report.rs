//! How a command fails: the error, its causes, and the next step.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::screen::Paint;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
    /// Lines shown under the error, such as a query with a caret under the mistake.
    detail: Vec<String>,
    hint: Option<String>,
    usage: bool,
}

impl Failure {
    /// Makes a failure of an error.
    pub(crate) fn new(error: impl Into<anyhow::Error>) -> Self {
        Self {
            error: error.into(),
            detail: Vec::new(),
            hint: None,
            usage: false,
        }
    }

    /// Makes a failure of a sentence.
    pub(crate) fn message(message: impl Into<String>) -> Self {
        Self::new(anyhow::Error::msg(message.into()))
    }

    /// Says what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Shows lines under the error.
    pub(crate) fn detail(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.detail.extend(lines);
        self
    }

    /// Marks the command line itself as wrong: exit code 2.
    pub(crate) fn usage(mut self) -> Self {
        self.usage = true;
        self
    }

    /// Returns 2 for a wrong command line, 1 for everything else.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.usage { 2 } else { 1 })
    }

    /// Writes the failure for people.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let mut out = format!("{} {}\n", paint.red("error:"), self.error);
        for cause in self.error.chain().skip(1) {
            // Writing to a String cannot fail.
            _ = writeln!(out, "  {} {cause}", paint.dim("cause:"));
        }
        for line in &self.detail {
            _ = writeln!(out, "  {line}");
        }
        if let Some(hint) = &self.hint {
            _ = writeln!(out, "{} {hint}", paint.bold("hint:"));
        }
        out
    }
}

/// Adds the next step to an error.
pub(crate) trait OrHint<T> {
    /// Makes a failure of an error and says what to do about it.
    fn or_hint(self, hint: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrHint<T> for Result<T, E> {
    fn or_hint(self, hint: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(error).hint(hint))
    }
}

#[cfg(test)]
mod tests;
