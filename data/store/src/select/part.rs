//! Finding series in a part by matchers.
//!
//! The rarest value that a matcher names says which series may fit; what else is asked of them is checked on their
//! labels, all of it on one walk over their rows in the table of series and by numbers alone. Patterns are matched
//! against the values of the candidates if those are few, else once against all values of the label, and what came
//! out is kept with the part. So is the answer itself.
//!
//! Parts of format 1 do not have such a table; postings are intersected there.

use std::borrow::Cow;

use model::{MatchOp, Matcher, QueryError};
use regex_syntax::hir::literal::Extractor;

use super::{Index, literals, resolve};
use crate::part::{Check, Found, Part, PartError, Verdict};

/// Literals that a pattern may be taken apart into.
const MAX_LITERALS: usize = 128;

/// Candidates whose values are looked at one by one rather than all values of a label, as a share of the values.
const FEW: u64 = 4;

/// Finds the series of a part for which all matchers hold, ascending.
pub(crate) fn part_ids(part: &Part, matchers: &[Matcher]) -> Result<Vec<u32>, PartError> {
    if part.version() == 1 {
        return first_ids(part, matchers);
    }
    let mut question = String::new();
    for matcher in matchers {
        push_key(matcher, &mut question);
    }
    let ids = part.answer(&question, |ids| {
        *ids = find(part, matchers)?;
        Ok(())
    })?;
    Ok(ids.to_vec())
}

/// What matchers ask for, in terms of one part.
#[derive(Default)]
struct Wanted<'m> {
    /// Values one of which a series must have.
    lists: Vec<List>,
    checks: Vec<Check>,
    /// Patterns, the number of the label and how many values it has.
    patterns: Vec<(&'m Matcher, u32, u64)>,
}

/// Series that have one of some values.
struct List {
    n: usize,
    found: Vec<Found>,
    check: Check,
}

fn find(part: &Part, matchers: &[Matcher]) -> Result<Vec<u32>, PartError> {
    let mut wanted = Wanted::default();
    for matcher in matchers {
        if !wanted.add(part, matcher)? {
            return Ok(Vec::new());
        }
    }
    let Wanted {
        mut lists,
        mut checks,
        mut patterns,
    } = wanted;
    lists.sort_by_key(|list| list.n);
    // A pattern that the empty value does not match and whose label has the fewest values, unless a list does.
    patterns.sort_by_key(|(matcher, _, n_values)| (matcher.matches_empty(), *n_values));
    let mut lists = lists.into_iter();
    let mut ids = Vec::new();
    match lists.next() {
        Some(rarest) => {
            for found in &rarest.found {
                part.postings(found, &mut ids)?;
            }
            // Lists that ascend one by one.
            ids.sort();
        }
        None if patterns
            .first()
            .is_some_and(|(matcher, ..)| !matcher.matches_empty()) =>
        {
            let (matcher, ..) = patterns.remove(0);
            let prefixes = prefixes_of(matcher);
            part.scan(
                matcher.name(),
                (&prefixes, &mut |value| matcher.matches(value)),
                &mut ids,
            )?;
        }
        None => ids.extend(0..u32::try_from(part.info().n_series).unwrap_or(u32::MAX)),
    }
    checks.extend(lists.map(|list| list.check));
    part.retain(&mut ids, &checks)?;
    for (matcher, name, n_values) in patterns {
        if ids.is_empty() {
            break;
        }
        let verdict = verdict(part, (matcher, name, n_values), &ids)?;
        let without = matcher.matches_empty();
        part.retain(
            &mut ids,
            &[Check {
                name,
                without,
                verdict,
            }],
        )?;
    }
    Ok(ids)
}

/// Finds out which values of a label a pattern matches, as far as the candidates have them.
fn verdict(
    part: &Part,
    (matcher, name, n_values): (&Matcher, u32, u64),
    ids: &[u32],
) -> Result<Verdict, PartError> {
    // No label's name begins like this.
    let mut question = "\0".to_owned();
    push_key(matcher, &mut question);
    if (ids.len() as u64) < n_values / FEW && !part.has_answer(&question) {
        let values = part.values_of(name, ids)?;
        let kept = part.keep_values(name, values, |value| matcher.matches(value))?;
        return Ok(Verdict::These(kept));
    }
    let bits = part.answer(&question, |bits| {
        let prefixes = prefixes_of(matcher);
        if matcher.op() == MatchOp::NotRegex {
            // Values that begin otherwise are not looked at, and the pattern does not match them.
            part.value_bits(name, (&prefixes, |value| !matcher.matches(value)), bits)?;
            bits.iter_mut().for_each(|word| *word = !*word);
            return Ok(());
        }
        part.value_bits(name, (&prefixes, |value| matcher.matches(value)), bits)
    })?;
    Ok(Verdict::Bits(bits))
}

/// Returns texts of which every value that the pattern of a matcher matches begins with one; none if that is not
/// known.
fn prefixes_of(matcher: &Matcher) -> Vec<String> {
    match matcher.op() {
        MatchOp::Regex | MatchOp::NotRegex => beginnings(matcher.value()),
        _ => Vec::new(),
    }
}

impl<'m> Wanted<'m> {
    /// Adds a matcher. Returns false if it holds for no series.
    fn add(&mut self, part: &Part, matcher: &'m Matcher) -> Result<bool, PartError> {
        let without = matcher.matches_empty();
        let Some((name, n_values)) = part.name_number(matcher.name()) else {
            return Ok(without);
        };
        let any = |present| match present {
            true => Verdict::Others(Vec::new()),
            false => Verdict::These(Vec::new()),
        };
        let (op, pattern) = (matcher.op(), matcher.value());
        let negated = matches!(op, MatchOp::NotEqual | MatchOp::NotRegex);
        let texts: Cow<'_, [&str]> = match op {
            MatchOp::Regex if pattern == ".*" => return Ok(true),
            MatchOp::NotRegex if pattern == ".*" => return Ok(false),
            MatchOp::Regex | MatchOp::NotRegex if pattern == ".+" => {
                let verdict = any(!negated);
                self.checks.push(Check {
                    name,
                    without,
                    verdict,
                });
                return Ok(true);
            }
            MatchOp::Equal | MatchOp::NotEqual if pattern.is_empty() => Cow::Borrowed(&[]),
            MatchOp::Equal | MatchOp::NotEqual => Cow::Owned(vec![pattern]),
            MatchOp::Regex | MatchOp::NotRegex => match literals(matcher) {
                Some(texts) => Cow::Owned(texts),
                None => {
                    self.patterns.push((matcher, name, n_values));
                    return Ok(true);
                }
            },
        };
        let mut symbols = Vec::with_capacity(texts.len());
        for text in &*texts {
            symbols.extend(part.symbol(matcher.name(), text)?);
        }
        symbols.sort_unstable_by_key(|(value, _)| *value);
        symbols.dedup_by_key(|(value, _)| *value);
        let everywhere = symbols.iter().any(|(_, found)| matches!(found, Found::All));
        if everywhere {
            return Ok(!negated);
        }
        let values = symbols.iter().map(|(value, _)| *value).collect();
        let verdict = if negated {
            Verdict::Others(values)
        } else {
            Verdict::These(values)
        };
        let check = Check {
            name,
            without,
            verdict,
        };
        if negated || without {
            self.checks.push(check);
            return Ok(true);
        }
        self.lists.push(List {
            n: symbols.iter().map(|(_, found)| found.len()).sum(),
            found: symbols.into_iter().map(|(_, found)| found).collect(),
            check,
        });
        Ok(self.lists.last().is_some_and(|list| list.n > 0))
    }
}

fn push_key(matcher: &Matcher, key: &mut String) {
    for text in [matcher.name(), matcher.op().as_str(), matcher.value()] {
        key.push_str(text);
        key.push('\0');
    }
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

/// The index of a part as the resolver sees it.
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
        let result = self.0.symbol(name, value);
        Ok(self.stop(result)?.map_or(0, |(_, found)| found.len()))
    }

    fn n_values(&mut self, name: &str) -> usize {
        let found = self.0.name_number(name);
        found.map_or(0, |(_, n_values)| usize::try_from(n_values).unwrap_or(usize::MAX))
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
}

fn first_ids(part: &Part, matchers: &[Matcher]) -> Result<Vec<u32>, PartError> {
    let mut index = PartIndex(part, None);
    match (resolve(&mut index, matchers), index.1) {
        (Ok(ids), _) => Ok(ids),
        (Err(_), Some(error)) => Err(error),
        (Err(error), None) => Err(PartError::Io(std::io::Error::other(error.to_string()))),
    }
}

#[cfg(test)]
mod tests;
