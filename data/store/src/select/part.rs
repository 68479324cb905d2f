//! The index of a part as the resolver sees it: answers are kept, patterns are taken apart.

use model::{MatchOp, Matcher, QueryError};
use regex_syntax::hir::literal::Extractor;

use super::{Index, Values, resolve};
use crate::part::{Part, PartError};

/// Literals that a pattern may be taken apart into.
const MAX_LITERALS: usize = 128;

/// Candidates that are looked at one by one rather than all values of a label, as a share of the values.
const FEW: u64 = 4;

struct PartIndex<'a>(&'a Part, Option<PartError>);

impl PartIndex<'_> {
    /// Keeps the part's own error aside; the resolver only needs to stop.
    fn stop<T>(&mut self, result: Result<T, PartError>) -> Result<T, QueryError> {
        result.map_err(|error| {
            let reason = error.to_string();
            self.1 = Some(error);
            QueryError::Storage {
                what: self.0.path.display().to_string(),
                reason,
            }
        })
    }
}

impl Index for PartIndex<'_> {
    fn all(&mut self, out: &mut Vec<u32>) -> Result<(), QueryError> {
        out.extend(0..u32::try_from(self.0.info().n_series).unwrap_or(u32::MAX));
        Ok(())
    }

    fn equal(&mut self, name: &str, value: &str, out: &mut Vec<u32>) -> Result<(), QueryError> {
        let result = self.0.equal(name, value, out);
        self.stop(result)
    }

    fn count(&mut self, name: &str, value: &str) -> Result<usize, QueryError> {
        let result = self.0.count(name, value);
        self.stop(result)
    }

    fn scan(
        &mut self,
        name: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        let result = self.0.scan(name, (&[], keep), out);
        self.stop(result)
    }

    fn scan_for(&mut self, matcher: &Matcher, values: Values, out: &mut Vec<u32>) -> Result<(), QueryError> {
        let part = self.0;
        let result = part.answer(&key(matcher, values), |ids| {
            let name = matcher.name();
            let prefixes = match (matcher.op(), values) {
                (MatchOp::Regex, Values::Matching) | (MatchOp::NotRegex, Values::Other) => {
                    beginnings(matcher.value())
                }
                _ => Vec::new(),
            };
            let wanted = values == Values::Matching;
            part.scan(
                name,
                (&prefixes, &mut |value| matcher.matches(value) == wanted),
                ids,
            )
        });
        out.extend_from_slice(&self.stop(result)?);
        Ok(())
    }

    fn filter(&mut self, matcher: &Matcher, ids: &[u32]) -> Result<Option<Vec<u32>>, QueryError> {
        let Some(n_values) = self.0.n_values(matcher.name()) else {
            return Ok(None);
        };
        let known = [Values::Matching, Values::Other]
            .iter()
            .any(|values| self.0.has_answer(&key(matcher, *values)));
        if known || ids.len() as u64 > n_values / FEW {
            return Ok(None);
        }
        let result = self
            .0
            .filter(matcher.name(), ids, &mut |value| matcher.matches(value));
        self.stop(result).map(Some)
    }
}

fn key(matcher: &Matcher, values: Values) -> String {
    let (name, op, pattern) = (matcher.name(), matcher.op().as_str(), matcher.value());
    format!("{values:?}\0{name}\0{op}\0{pattern}")
}

/// Returns texts of which every value that a pattern matches begins with one, in order and none of them the
/// beginning of another; empty if the pattern does not say.
pub(super) fn beginnings(pattern: &str) -> Vec<String> {
    let parsed = regex_syntax::ParserBuilder::new()
        .dot_matches_new_line(true)
        .build()
        .parse(pattern);
    let Ok(hir) = parsed else { return Vec::new() };
    let mut extractor = Extractor::new();
    extractor.limit_total(MAX_LITERALS);
    let sequence = extractor.extract(&hir);
    let Some(literals) = sequence.literals() else {
        return Vec::new();
    };
    let mut texts = Vec::with_capacity(literals.len());
    for literal in literals {
        // A literal that was cut within a character is no text.
        match std::str::from_utf8(literal.as_bytes()) {
            Ok("") | Err(_) => return Vec::new(),
            Ok(text) => texts.push(text.to_owned()),
        }
    }
    texts.sort_unstable();
    texts.dedup_by(|text, before| text.starts_with(before.as_str()));
    texts
}

/// Finds the series of a part for which all matchers hold.
pub(crate) fn part_ids(part: &Part, matchers: &[Matcher]) -> Result<Vec<u32>, PartError> {
    let mut index = PartIndex(part, None);
    match (resolve(&mut index, matchers), index.1) {
        (Ok(ids), _) => Ok(ids),
        (Err(_), Some(error)) => Err(error),
        (Err(error), None) => Err(PartError::Io(std::io::Error::other(error.to_string()))),
    }
}

#[cfg(test)]
mod tests;
